//! What happened around an account: who came in, what was changed, what was given away. Written for the person whose account it is, and for
//! whoever runs the house.

use serde_json::Value;

use crate::{AccountId, AuditId, Time};

/// Something that happened around an account.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// Its name within the program. Later ones are greater.
    pub id: AuditId,
    /// Whose account it was about, if about one.
    pub account: Option<AccountId>,
    /// The id of the app that it was about, if about one.
    pub app: Option<String>,
    /// What happened.
    pub kind: AuditKind,
    /// What else is to be said about it: names, never secrets.
    pub detail: Value,
    /// The address it came from; empty where it was the operator at a command line, or the house itself.
    pub peer: String,
    /// When.
    pub created: Time,
}

macro_rules! kinds {
    ($($(#[$about:meta])* $kind:ident = $name:literal),* $(,)?) => {
        /// A kind of thing that happens around an account.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum AuditKind {
            $($(#[$about])* $kind,)*
        }

        impl AuditKind {
            /// Every kind there is.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The word that it is kept as.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// Somebody signed in with a browser.
    SignIn = "sign-in",
    /// Somebody did not get in: the password was wrong.
    SignInRefused = "sign-in refused",
    /// A browser signed out.
    SignOut = "sign-out",
    /// The user name or the e-mail address was changed.
    AccountChanged = "account changed",
    /// The password was changed.
    PasswordChanged = "password changed",
    /// A second factor was added: an authenticator, a passkey, recovery codes.
    FactorAdded = "factor added",
    /// A second factor was removed.
    FactorRemoved = "factor removed",
    /// A second factor let somebody in.
    FactorUsed = "factor used",
    /// A second factor was wrong.
    FactorRefused = "factor refused",
    /// A recovery code let somebody in, and is spent.
    RecoveryCodeUsed = "recovery code used",
    /// An API key was made.
    KeyMade = "key made",
    /// An API key was used, from a place where it was not used on that day.
    KeyUsed = "key used",
    /// An API key was revoked.
    KeyRevoked = "key revoked",
    /// An app was allowed something.
    ConsentGiven = "consent given",
    /// An app was refused.
    ConsentRefused = "consent refused",
    /// What an app was allowed was taken back.
    AppRevoked = "app revoked",
    /// A browser was signed out from elsewhere.
    SessionRevoked = "session revoked",
    /// An e-mail address was shown to be its owner's.
    EmailVerified = "e-mail verified",
    /// A letter with a way to another password was asked for.
    ResetAsked = "password reset asked",
    /// The password was changed by such a letter.
    ResetDone = "password reset done",
    /// A store was added.
    StoreAdded = "store added",
    /// A store was changed: where it is, or what opens it.
    StoreChanged = "store changed",
    /// A store was removed.
    StoreRemoved = "store removed",
    /// Somebody is not told anything any more: 410, or days of failure.
    ReceiverDisabled = "receiver disabled",
    /// An organization was made, or what it consists of was changed.
    OrganizationChanged = "organization changed",
    /// A key of an organization was made.
    OrganizationKeyMade = "organization key made",
    /// A key of an organization was revoked.
    OrganizationKeyRevoked = "organization key revoked",
    /// Somebody made an account their own that an organization had made for them.
    AccountClaimed = "account claimed",
    /// What an organization had made for its owner became part of the account.
    AccountLinked = "account linked",
    /// Everything of the account was handed out.
    AccountExported = "account exported",
    /// The account was removed.
    AccountRemoved = "account removed",
}

/// Something that should be a kind and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no kind of this name")]
pub struct NotAKind;

impl std::str::FromStr for AuditKind {
    type Err = NotAKind;

    fn from_str(text: &str) -> Result<Self, NotAKind> {
        Self::ALL.iter().copied().find(|kind| kind.name() == text).ok_or(NotAKind)
    }
}

impl std::fmt::Display for AuditKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        for kind in AuditKind::ALL {
            assert_eq!(kind.name().parse(), Ok(*kind));
        }
        assert_eq!("".parse::<AuditKind>(), Err(NotAKind));
    }
}
