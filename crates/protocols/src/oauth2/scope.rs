//! What an app may be allowed: a set of words with spaces between (RFC 6749 §3.3).

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use thiserror::Error;

use super::{ErrorCode, Refusal};

/// One thing that an app may be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// See productions and presets, and have their files.
    ProductionRead,
    /// Make, change and remove productions and presets.
    ProductionWrite,
    /// Connect the app as a service that productions are sent to.
    ServiceConnect,
    /// See who the account is.
    Profile,
    /// Publish, change and remove tracks, playlists and comments.
    TracksWrite,
}

impl Scope {
    /// Every scope there is, in the order in which sets are written.
    pub const ALL: [Self; 5] =
        [Self::ProductionRead, Self::ProductionWrite, Self::ServiceConnect, Self::Profile, Self::TracksWrite];

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::ProductionRead => "production.read",
            Self::ProductionWrite => "production.write",
            Self::ServiceConnect => "service.connect",
            Self::Profile => "profile",
            Self::TracksWrite => "tracks.write",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that is no scope.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "There is no scope {0}. There are production.read, production.write, service.connect, profile and tracks.write."
)]
pub struct UnknownScope(pub String);

impl From<UnknownScope> for Refusal {
    fn from(unknown: UnknownScope) -> Self {
        Self::new(ErrorCode::InvalidScope, unknown.to_string())
    }
}

/// A set of scopes. Order and repetition of words mean nothing.
///
/// ```
/// use protocols::oauth2::{Scope, ScopeSet};
///
/// let asked: ScopeSet = "profile production.read".parse()?;
/// assert!(asked.contains(Scope::Profile));
/// assert!(asked.is_subset(ScopeSet::ALL));
/// assert_eq!(asked.to_string(), "production.read profile");
/// # Ok::<(), protocols::oauth2::UnknownScope>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ScopeSet(u8);

impl ScopeSet {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// Everything.
    pub const ALL: Self = Self((1 << Scope::ALL.len()) - 1);

    /// Whether nothing is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a scope is in it.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether all of it is in another.
    pub fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// What is in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The set with one more in it.
    #[must_use]
    pub fn with(self, scope: Scope) -> Self {
        Self(self.0 | scope.bit())
    }

    /// What is in it, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        scopes.into_iter().fold(Self::NONE, Self::with)
    }
}

impl FromStr for ScopeSet {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let read = |word: &str| {
            let scope = Scope::ALL.into_iter().find(|scope| scope.name() == word);
            scope.ok_or_else(|| UnknownScope(word.chars().take(64).collect()))
        };
        text.split_ascii_whitespace().map(read).collect()
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Scope::name).collect();
        f.write_str(&names.join(" "))
    }
}

impl fmt::Debug for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScopeSet({self})")
    }
}

impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
