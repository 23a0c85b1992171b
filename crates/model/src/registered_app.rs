//! Programs of others that were registered here.

use crate::{AccountId, AppId, Time};

/// A program of somebody else's, registered here: one id and one secret, whatever protocol it speaks.
///
/// The id is its `client_id` in OAuth 2.0, its consumer key in OAuth 1.0a and its `APP_ID` in signed requests.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the operator decides each of them by itself")]
pub struct RegisteredApp {
    /// Its public name in every protocol.
    pub id: AppId,
    /// Who registered it and answers for it.
    pub owner: AccountId,
    /// What people know it by.
    pub name: String,
    /// What it does, in a sentence for those who are asked to allow it something.
    pub about: String,
    /// Where more is said about it.
    pub homepage: Option<String>,
    /// Where people may be sent back to in OAuth 2.0, each as a whole address.
    pub redirect_uris: Vec<String>,
    /// Where people may be sent back to in OAuth 1.0 and 1.0a.
    pub oauth1_callback: Option<String>,
    /// What it asks for when it does not say, as words with spaces between.
    pub scopes: String,
    /// Whether it keeps no secret, being in everybody's hands: a program on a phone or in a browser.
    pub is_public: bool,
    /// How far it is an external service.
    pub services: Services,
    /// Whether it may have songs encoded.
    pub may_encode: bool,
    /// Whether it may use OAuth 1.0, which is open to session fixation.
    pub may_oauth10: bool,
    /// Whether it may take people's passwords itself.
    pub may_password: bool,
    /// When it was registered.
    pub created: Time,
    /// When it was last changed.
    pub changed: Time,
}

/// How far an app is an external service, which the operator decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Services {
    /// Only its owner may connect it, to try it.
    Pending,
    /// Whoever finds it may connect it.
    Hidden,
    /// It is listed for everybody.
    Public,
}

impl Services {
    /// Every state, in the order in which an app gets on.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Hidden, Self::Public];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Hidden => "hidden",
            Self::Public => "public",
        }
    }

    /// The state that has this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}
