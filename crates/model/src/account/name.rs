//! Which names may be taken. A name is also a person's address, `/ada`, so it has room for no other page and no number.
//!
//! Names that were taken under an older rule go on: they are read as what a name may be at all.

use super::{NotAUsername, Username};

/// Characters that a new name may have.
const LENGTH: std::ops::RangeInclusive<usize> = 3..=25;

/// Words that begin an address of this server, or will.
const RESERVED: &[&str] = &[
    "account",
    "activities",
    "api",
    "app",
    "apps",
    "articles",
    "assets",
    "audyo",
    "comments",
    "connect",
    "contacts",
    "dashboard",
    "decoding",
    "deliveries",
    "developer",
    "docs",
    "download",
    "embed",
    "encoding",
    "events",
    "exchange",
    "fans",
    "favorites",
    "feeds",
    "followers",
    "followings",
    "graphql",
    "groups",
    "healthz",
    "help",
    "invitation",
    "login",
    "logout",
    "media",
    "metrics",
    "narrations",
    "new",
    "oauth",
    "oauth2",
    "oembed",
    "operator",
    "organization",
    "organizations",
    "player",
    "playlists",
    "presets",
    "productions",
    "readyz",
    "reset",
    "resolve",
    "robots",
    "sandbox",
    "sdk",
    "search",
    "services",
    "settings",
    "sign-in",
    "sign-up",
    "signin",
    "signout",
    "signup",
    "soundlinks",
    "static",
    "status",
    "stream",
    "tracks",
    "uploads",
    "users",
    "verify",
    "webhooks",
    "well-known",
];

/// Why a name cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotANewName {
    /// It has other characters, too few of them, or too many.
    #[error(
        "A user name has 3 to 25 letters a–z, digits, hyphens and underscores, and begins and ends with a letter or digit."
    )]
    Form,
    /// It would be taken for somebody's number.
    #[error("A user name of digits alone would be taken for a number. Put a letter into it.")]
    Number,
    /// It is the name of a page, or may become one.
    #[error("That word is kept for pages of this server. Choose another name.")]
    Reserved,
}

impl Username {
    /// Reads a name that somebody wants to take, and that nobody has yet as far as this can tell.
    ///
    /// ```
    /// use model::Username;
    ///
    /// assert!(Username::taken_anew("Ada").is_ok());
    /// assert!(Username::taken_anew("settings").is_err());
    /// ```
    pub fn taken_anew(text: &str) -> Result<Self, NotANewName> {
        let name: Self = text.parse().map_err(|NotAUsername| NotANewName::Form)?;
        if !LENGTH.contains(&name.0.len()) || name.0.contains('.') {
            return Err(NotANewName::Form);
        }
        if name.0.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotANewName::Number);
        }
        // Versions of APIs begin addresses, too: v1, v3.
        let version = name.0.strip_prefix('v').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
        if version || RESERVED.contains(&name.0.as_str()) {
            return Err(NotANewName::Reserved);
        }
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_name_is_an_address_too() {
        for fine in ["ada", "Ada", "ada-l_2", "0x0", &"a".repeat(25)] {
            assert!(Username::taken_anew(fine).is_ok(), "{fine}");
        }
        for (wrong, why) in [
            ("al", NotANewName::Form),
            ("", NotANewName::Form),
            ("ada.l", NotANewName::Form),
            ("-ada", NotANewName::Form),
            ("a da", NotANewName::Form),
            ("äda", NotANewName::Form),
            ("12345", NotANewName::Number),
            ("users", NotANewName::Reserved),
            ("Settings", NotANewName::Reserved),
            ("v10", NotANewName::Reserved),
        ] {
            assert_eq!(Username::taken_anew(wrong), Err(why), "{wrong}");
        }
        assert_eq!(Username::taken_anew(&"a".repeat(26)), Err(NotANewName::Form));
    }

    #[test]
    fn names_of_before_are_still_names() {
        for old in ["al", "ada.l", "users", "12345", &"a".repeat(64)] {
            assert!(old.parse::<Username>().is_ok(), "{old}");
        }
    }

    #[test]
    fn words_are_in_order_and_would_be_names_otherwise() {
        assert!(RESERVED.is_sorted());
        for word in RESERVED {
            assert_eq!(Username::taken_anew(word), Err(NotANewName::Reserved), "{word}");
        }
    }
}
