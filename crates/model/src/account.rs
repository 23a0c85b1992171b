//! People who own things, and what they are called.

mod name;

use serde::{Deserialize, Serialize};

use crate::{AccountId, Time};

pub use name::NotANewName;

/// A person who can own things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name within the program.
    pub id: AccountId,
    /// Its number, from 1 on, for clients that count people. Never given twice.
    pub number: u64,
    /// What the person signs in with.
    pub username: Username,
    /// Where the person can be written to, if that was said.
    pub email: Option<String>,
    /// Whether the person runs this house, too.
    pub is_admin: bool,
    /// When it was made.
    pub created: Time,
}

/// A name to sign in with: 1 to 64 of lower-case letters, digits and `. _ -`, letters and digits at both ends.
///
/// Upper case is taken and made lower, so that two people cannot differ by it. This is what a name may be that somebody has; what it may
/// be that somebody takes is narrower, and said by [`Username::taken_anew`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Username(String);

/// Something that should be a user name and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "A user name has 1 to 64 letters a–z, digits, dots, hyphens and underscores, and begins and ends with a letter or digit."
)]
pub struct NotAUsername;

impl Username {
    /// The name of an account that nobody signs in with, by its number. Nobody can take such a name: it has a dot.
    pub fn of_shell(number: u64) -> Self {
        Self(format!("shell.{number}"))
    }

    /// Whether it is the name of an account that nobody signs in with: an organization's, or that of somebody who did not make it their own yet.
    pub fn is_of_shell(&self) -> bool {
        self.0.starts_with("shell.")
    }

    /// The name as it is kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Username {
    type Err = NotAUsername;

    fn from_str(text: &str) -> Result<Self, NotAUsername> {
        let name = text.to_ascii_lowercase();
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let inner = |byte: u8| plain(byte) || matches!(byte, b'.' | b'_' | b'-');
        let ends = [name.bytes().next(), name.bytes().last()];
        let fine = name.len() <= 64 && name.bytes().all(inner) && ends.iter().all(|end| end.is_some_and(plain));
        if fine { Ok(Self(name)) } else { Err(NotAUsername) }
    }
}

impl TryFrom<String> for Username {
    type Error = NotAUsername;

    fn try_from(text: String) -> Result<Self, NotAUsername> {
        text.parse()
    }
}

impl From<Username> for String {
    fn from(name: Username) -> Self {
        name.0
    }
}

impl std::fmt::Display for Username {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_do_not_differ_by_case() {
        assert_eq!("Ada.L".parse::<Username>().map(String::from), Ok("ada.l".to_owned()));
        for wrong in ["", ".ada", "ada-", "a b", "ädä", "a/b", &"a".repeat(65), "a\n"] {
            assert_eq!(wrong.parse::<Username>(), Err(NotAUsername), "{wrong}");
        }
    }
}
