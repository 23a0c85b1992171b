//! What can be wrong with a signed request: the words of the OAuth Problem Reporting extension (2008), and a sentence
//! for people.

use std::fmt::Write;

use thiserror::Error;

use super::{MAX_BYTES, MAX_PARAMETERS, WINDOW_SECONDS};
use crate::percent;

/// Why a request is refused. Its text is a sentence for whoever writes the client; [`word`](Self::word) is what
/// programs compare.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// `oauth_version` is there and is not 1.0.
    #[error("The version of OAuth is not 1.0. Send oauth_version=1.0, or leave it out.")]
    VersionRejected,
    /// Parameters that must be there are not.
    #[error("The request lacks {}.", .0.join(", "))]
    ParameterAbsent(Vec<&'static str>),
    /// A parameter, or the way in which it was sent, makes no sense.
    #[error("{0}")]
    ParameterRejected(Rejected),
    /// A signature method that this server does not know, or `PLAINTEXT` over a connection that can be listened to.
    #[error(
        "The signature method is not accepted here. Sign with HMAC-SHA256 or HMAC-SHA1; PLAINTEXT is taken over TLS only."
    )]
    SignatureMethodRejected,
    /// The signature is not that of this request with these secrets.
    #[error(
        "The signature does not fit the request. Compare your base string with the server's, and check both secrets."
    )]
    SignatureInvalid,
    /// The timestamp is too far from the server's clock, which stands at `now`, in seconds since 1970.
    #[error(
        "The timestamp is more than {WINDOW_SECONDS} seconds from the server's clock, which stands at {now}. Set your clock."
    )]
    TimestampRefused {
        /// The server's clock.
        now: u64,
    },
    /// The same nonce was used with the same timestamp before.
    #[error("This nonce was used before. Each request needs one of its own.")]
    NonceUsed,
    /// No app has this key.
    #[error("No app has this consumer key. Copy it again from the app's page.")]
    ConsumerKeyUnknown,
    /// The app is there but may not do this.
    #[error("The app of this consumer key is switched off. Ask its owner.")]
    ConsumerKeyRejected,
    /// The app is refused for now.
    #[error("The app of this consumer key is refused at present. Try again later.")]
    ConsumerKeyRefused,
    /// A request token was traded in before.
    #[error("This request token was traded in before. Begin again with a new one.")]
    TokenUsed,
    /// The token is too old.
    #[error("This token has expired. Ask for a new one.")]
    TokenExpired,
    /// The user took the token back.
    #[error("This token was revoked by the user or the operator.")]
    TokenRevoked,
    /// The token is nobody's, is another app's, or was not allowed by its user.
    #[error("This token is not accepted.")]
    TokenRejected,
    /// The verifier is not that of the request token.
    #[error("The verifier does not fit the request token.")]
    VerifierInvalid,
    /// The user has not decided yet.
    #[error("The user has not decided about this token yet.")]
    PermissionUnknown,
    /// The user said no, or did not allow this.
    #[error("The user has not allowed this.")]
    PermissionDenied,
    /// The user is not accepted at present, by no fault of the app.
    #[error("The account of this token is switched off.")]
    UserRefused,
}

/// What is wrong with a parameter or with how it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Rejected {
    /// The value of a parameter of OAuth cannot be read, or is too long.
    #[error("The value of {0} cannot be read. Look at its characters and its length.")]
    Value(&'static str),
    /// A parameter of OAuth came twice (RFC 5849 §3.2).
    #[error("{0} came more than once. Send each parameter of OAuth once.")]
    Repeated(String),
    /// Parameters of OAuth in more than one of header, query and body (§3.5).
    #[error(
        "Parameters of OAuth came in more than one place. Send them in the Authorization header, or the query, or the body."
    )]
    SeveralPlaces,
    /// The `Authorization` header is not a list of `name="value"`.
    #[error("The Authorization header cannot be read. It is OAuth, a space, and name=\"value\" with commas between.")]
    Header,
    /// The scheme or the host makes no sense.
    #[error("The address of the request cannot be read. Look at its Host header.")]
    Address,
    /// More parameters than are looked at.
    #[error("The request has more than {MAX_PARAMETERS} parameters.")]
    TooMany,
    /// More bytes of parameters than are looked at.
    #[error(
        "The parameters of the request are longer than {MAX_BYTES} bytes. Send what is large as multipart, which is not signed."
    )]
    TooLarge,
}

impl Problem {
    /// The word that programs compare, as in `oauth_problem`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::VersionRejected => "version_rejected",
            Self::ParameterAbsent(_) => "parameter_absent",
            Self::ParameterRejected(_) => "parameter_rejected",
            Self::SignatureMethodRejected => "signature_method_rejected",
            Self::SignatureInvalid => "signature_invalid",
            Self::TimestampRefused { .. } => "timestamp_refused",
            Self::NonceUsed => "nonce_used",
            Self::ConsumerKeyUnknown => "consumer_key_unknown",
            Self::ConsumerKeyRejected => "consumer_key_rejected",
            Self::ConsumerKeyRefused => "consumer_key_refused",
            Self::TokenUsed => "token_used",
            Self::TokenExpired => "token_expired",
            Self::TokenRevoked => "token_revoked",
            Self::TokenRejected => "token_rejected",
            Self::VerifierInvalid => "verifier_invalid",
            Self::PermissionUnknown => "permission_unknown",
            Self::PermissionDenied => "permission_denied",
            Self::UserRefused => "user_refused",
        }
    }

    /// The HTTP status: 400 where the request itself is wrong, 401 where the credentials are or some are missing (RFC
    /// 5849 §3.2), 403 where the user has not allowed it, 413 where it is too large.
    pub fn status(&self) -> u16 {
        match self {
            Self::ParameterRejected(Rejected::TooMany | Rejected::TooLarge) => 413,
            Self::VersionRejected | Self::ParameterRejected(_) | Self::SignatureMethodRejected => 400,
            Self::PermissionDenied | Self::UserRefused => 403,
            _ => 401,
        }
    }

    /// The value of `WWW-Authenticate`, with what the extension lets a server add: which parameters, which versions,
    /// which times.
    ///
    /// ```
    /// use protocols::oauth1::Problem;
    ///
    /// assert_eq!(Problem::NonceUsed.challenge("Soundpost"), r#"OAuth realm="Soundpost", oauth_problem="nonce_used""#);
    /// ```
    pub fn challenge(&self, realm: &str) -> String {
        let mut header = format!("OAuth realm=\"{}\"", crate::header::quotable(realm));
        for (name, value) in self.fields() {
            // Writing to a string cannot fail.
            let _ = write!(header, ", {name}=\"{}\"", percent::encode(&value));
        }
        header
    }

    /// The body: the same fields as a form, and the sentence as `oauth_problem_advice`.
    pub fn form(&self) -> String {
        let advice = ("oauth_problem_advice", self.to_string());
        let mut form = String::new();
        for (name, value) in self.fields().into_iter().chain([advice]) {
            let _ = write!(form, "{}{name}={}", if form.is_empty() { "" } else { "&" }, percent::encode(&value));
        }
        form
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("oauth_problem", self.word().to_owned())];
        match self {
            Self::VersionRejected => fields.push(("oauth_acceptable_versions", "1.0-1.0".to_owned())),
            Self::ParameterAbsent(names) => fields.push(("oauth_parameters_absent", names.join("&"))),
            Self::ParameterRejected(Rejected::Value(name)) => {
                fields.push(("oauth_parameters_rejected", (*name).to_owned()));
            }
            Self::ParameterRejected(Rejected::Repeated(name)) => {
                fields.push(("oauth_parameters_rejected", percent::encode(name).into_owned()));
            }
            Self::TimestampRefused { now } => {
                let (from, to) = (now.saturating_sub(WINDOW_SECONDS), now.saturating_add(WINDOW_SECONDS));
                fields.push(("oauth_acceptable_timestamps", format!("{from}-{to}")));
            }
            _ => (),
        }
        fields
    }
}

impl From<Rejected> for Problem {
    fn from(rejected: Rejected) -> Self {
        Self::ParameterRejected(rejected)
    }
}
