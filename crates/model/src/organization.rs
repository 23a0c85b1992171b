//! Organizations: platforms that integrate server to server, with members, keys, domains, and what their own people and publications are here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{
    AccountId, DomainId, InvitationId, MappingId, MemberId, OrganizationId, OrganizationKeyId, PublicationId, Time,
    WebhookAddressId,
};

/// A platform that integrates server to server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Its name within the program.
    pub id: OrganizationId,
    /// What people call it.
    pub name: String,
    /// Its own page, where it has one.
    pub homepage: Option<String>,
    /// Whether its players offer their sound as a file.
    pub offers_download: bool,
    /// The account that what belongs to nobody in particular belongs to: deliveries, the secret they are signed with. Nobody signs in with it.
    pub account: AccountId,
    /// The publication of articles that are sent without one.
    pub publication: PublicationId,
    /// When it was made.
    pub created: Time,
    /// When it was last changed.
    pub changed: Time,
}

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything: keys, members, domains, webhooks, all narrations.
    Admin,
    /// Own narrations.
    Creator,
}

impl Role {
    /// The word that it is kept as.
    pub fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Creator => "creator",
        }
    }

    /// The role of that name.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Admin, Self::Creator].into_iter().find(|role| role.word() == word)
    }
}

/// Somebody's place in an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name within the program.
    pub id: MemberId,
    /// Where.
    pub organization: OrganizationId,
    /// Who.
    pub account: AccountId,
    /// What they may do.
    pub role: Role,
    /// Since when.
    pub created: Time,
    /// When it was last changed.
    pub changed: Time,
}

/// An invitation that nobody accepted yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its name within the program.
    pub id: InvitationId,
    /// Where.
    pub organization: OrganizationId,
    /// Whom it is meant for, in the words of whoever invited.
    pub note: String,
    /// What they will be.
    pub role: Role,
    /// When it was made.
    pub created: Time,
    /// Until when it can be accepted.
    pub expires: Time,
}

/// A pair of keys of an organization. Of the private half only a digest is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationKey {
    /// Its name within the program.
    pub id: OrganizationKeyId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// The half that browsers of listeners see. Pairs that follow one another have the same.
    pub public: String,
    /// The first characters of the private half, to tell pairs apart.
    pub hint: String,
    /// From when on it is refused, where that is decided.
    pub revokes: Option<Time>,
    /// When it was made.
    pub created: Time,
    /// When it was last changed.
    pub changed: Time,
}

impl OrganizationKey {
    /// Whether it works.
    pub fn is_live(&self, now: Time) -> bool {
        self.revokes.is_none_or(|at| at > now)
    }
}

/// A host that may use public keys, or all below one: `example.com`, `*.example.com`. In lower case, with a port where it is not the usual one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Domain(String);

/// Something that should be a domain and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "A domain is a host name such as news.example, or *.news.example for all below it, without https:// and without a path."
)]
pub struct NotADomain;

impl Domain {
    /// The domain as it is kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a host, as an `Origin` names it, is meant. `*.a.example` means neither `a.example` nor `xa.example`.
    pub fn takes(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        match self.0.strip_prefix("*.") {
            Some(above) => host
                .strip_suffix(above)
                .and_then(|below| below.strip_suffix('.'))
                .is_some_and(|below| !below.is_empty()),
            None => host == self.0,
        }
    }
}

impl FromStr for Domain {
    type Err = NotADomain;

    fn from_str(text: &str) -> Result<Self, NotADomain> {
        let text = text.trim().to_ascii_lowercase();
        let host = text.strip_prefix("*.").unwrap_or(&text);
        let (name, port) = host.split_once(':').unwrap_or((host, "80"));
        let label = |label: &str| {
            let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
            (1..=63).contains(&label.len())
                && label.bytes().all(inner)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let fine = name.len() <= 253 && name.split('.').all(label) && port.parse::<u16>().is_ok_and(|port| port > 0);
        // All below a whole top-level domain is never meant.
        let narrow = host.len() == text.len() || name.contains('.');
        if fine && narrow { Ok(Self(text)) } else { Err(NotADomain) }
    }
}

impl TryFrom<String> for Domain {
    type Error = NotADomain;

    fn try_from(text: String) -> Result<Self, NotADomain> {
        text.parse()
    }
}

impl From<Domain> for String {
    fn from(domain: Domain) -> Self {
        domain.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A domain that may use an organization's public keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedDomain {
    /// Its name within the program.
    pub id: DomainId,
    /// Whose.
    pub organization: OrganizationId,
    /// Which.
    pub domain: Domain,
    /// When it was allowed.
    pub created: Time,
}

/// An address where an organization hears of its narrations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookAddress {
    /// Its name within the program.
    pub id: WebhookAddressId,
    /// Whose.
    pub organization: OrganizationId,
    /// Where.
    pub url: String,
    /// When it was added.
    pub created: Time,
}

/// Which account of ours somebody of an organization is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserMapping {
    /// Its name within the program.
    pub id: MappingId,
    /// Whose somebody.
    pub organization: OrganizationId,
    /// What the organization calls them.
    pub theirs: String,
    /// Who they are here.
    pub account: AccountId,
    /// When they were first seen.
    pub created: Time,
    /// When it was last changed.
    pub changed: Time,
}

/// A collection of articles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Its name within the program.
    pub id: PublicationId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// What people call it; empty until somebody says.
    pub name: String,
    /// When it was first seen.
    pub created: Time,
    /// When it was last changed.
    pub changed: Time,
}

/// Which publication of ours one of an organization's is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicationMapping {
    /// Its name within the program.
    pub id: MappingId,
    /// Whose publication.
    pub organization: OrganizationId,
    /// What the organization calls it.
    pub theirs: String,
    /// Which it is here.
    pub publication: PublicationId,
    /// When it was first seen.
    pub created: Time,
    /// When it was last changed.
    pub changed: Time,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_hosts_and_nothing_else() {
        for fine in ["news.example", "*.news.example", "NEWS.example", "localhost", "127.0.0.1:8080", "a-b.example:444"]
        {
            assert!(fine.parse::<Domain>().is_ok(), "{fine}");
        }
        for wrong in [
            "",
            "*",
            "*.example",
            "https://news.example",
            "news.example/a",
            "a b.example",
            "-a.example",
            "a..b",
            "a:0",
            "a:x",
            "*.*.a",
        ] {
            assert_eq!(wrong.parse::<Domain>(), Err(NotADomain), "{wrong}");
        }
    }

    #[test]
    fn a_star_stands_for_something_below() {
        let takes = |domain: &str, host: &str| domain.parse::<Domain>().is_ok_and(|domain| domain.takes(host));
        assert!(takes("news.example", "News.Example"));
        assert!(takes("*.news.example", "www.news.example"));
        assert!(takes("*.news.example", "a.b.news.example"));
        for (domain, host) in [
            ("news.example", "www.news.example"),
            ("*.news.example", "news.example"),
            ("*.news.example", "xnews.example"),
            ("*.news.example", ".news.example"),
            ("news.example", "news.example:8080"),
            ("news.example", "news.example.evil.example"),
        ] {
            assert!(!takes(domain, host), "{domain} {host}");
        }
    }
}
