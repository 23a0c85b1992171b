//! What the two endpoints for tokens answer: a form (RFC 5849 §2.1 and §2.3).

use std::fmt;

use url::form_urlencoded;

use super::Problem;
use crate::Secret;

/// Which of the two protocols a request token belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revision {
    /// OAuth 1.0 of 2007, without a callback at the request. Open to session fixation.
    Original,
    /// OAuth 1.0a of 2009, which RFC 5849 describes.
    A,
}

/// A token and its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenReply {
    /// The token.
    pub token: String,
    /// Its secret.
    pub secret: Secret,
}

impl TokenReply {
    /// The answer to a request for a request token. Revision A says that it took the callback.
    pub fn request_token(&self, revision: Revision) -> String {
        match revision {
            Revision::Original => self.form(&[]),
            Revision::A => self.form(&[("oauth_callback_confirmed", "true")]),
        }
    }

    /// The answer to a request for an access token.
    pub fn access_token(&self) -> String {
        self.form(&[])
    }

    /// Reads an answer, as a client does. `None` if it lacks one of the two.
    pub fn read(form: &str) -> Option<Self> {
        let value = |wanted: &str| {
            let mut pairs = form_urlencoded::parse(form.as_bytes());
            pairs.find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
        };
        Some(Self { token: value("oauth_token")?, secret: Secret::new(value("oauth_token_secret")?) })
    }

    fn form(&self, more: &[(&str, &str)]) -> String {
        form_urlencoded::Serializer::new(String::new())
            .append_pair("oauth_token", &self.token)
            .append_pair("oauth_token_secret", self.secret.reveal())
            .extend_pairs(more)
            .finish()
    }
}

impl fmt::Debug for TokenReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenReply(…)")
    }
}

impl Problem {
    /// The media type of [`Problem::form`] and of the replies.
    pub const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";
}
