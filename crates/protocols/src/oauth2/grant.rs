//! What an app brings to the endpoints for tokens: RFC 6749 §4.1.3, §4.3.2 and §6, RFC 7009 §2.1, RFC 7662 §2.1.

use super::pairs::Pairs;
use super::{Client, ErrorCode, Refusal, ScopeSet, Verifier};
use crate::Secret;

/// The ways to get a token, by their names on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GrantType {
    /// A code that the user allowed.
    AuthorizationCode,
    /// The refresh token that came with the last access token.
    RefreshToken,
    /// Name and password, for old desktop clients.
    Password,
    /// An access token of OAuth 1.0a, traded in.
    OAuth1Token,
}

impl GrantType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::AuthorizationCode, Self::RefreshToken, Self::Password, Self::OAuth1Token];

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::Password => "password",
            Self::OAuth1Token => "oauth1_token",
        }
    }
}

/// A request for a token.
///
/// ```
/// use protocols::oauth2::{Grant, TokenRequest};
///
/// let form = b"grant_type=refresh_token&refresh_token=spr_x&client_id=spa_x&client_secret=spx_x";
/// let request = TokenRequest::parse(None, form)?;
/// assert_eq!(request.client.id, "spa_x");
/// assert!(matches!(request.grant, Grant::RefreshToken { token, .. } if token.reveal() == "spr_x"));
/// # Ok::<(), protocols::oauth2::Refusal>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRequest {
    /// Which app asks.
    pub client: Client,
    /// For what.
    pub grant: Grant,
}

/// What is traded in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// `authorization_code`.
    AuthorizationCode {
        /// The code.
        code: Secret,
        /// The address that was asked with, if one was.
        redirect_uri: Option<String>,
        /// The PKCE verifier.
        verifier: Option<Verifier>,
    },
    /// `refresh_token`.
    RefreshToken {
        /// The refresh token.
        token: Secret,
        /// Fewer scopes than before, if that is wished.
        scopes: Option<ScopeSet>,
    },
    /// `password`.
    Password {
        /// The user's name.
        username: String,
        /// The user's password.
        password: Secret,
        /// Which scopes; `None` is the app's default.
        scopes: Option<ScopeSet>,
    },
    /// `oauth1_token`.
    OAuth1Token {
        /// The token of OAuth 1.0a, sent as `oauth_token` or, as clients of 2011 do, as `refresh_token`.
        token: Secret,
        /// Which scopes; `None` is the app's default.
        scopes: Option<ScopeSet>,
    },
}

impl TokenRequest {
    /// Reads a form and the `Authorization` header that came with it.
    pub fn parse(authorization: Option<&str>, form: &[u8]) -> Result<Self, Refusal> {
        Self::read(authorization, &Pairs::parse(form)?)
    }

    /// Takes the fields of a multipart body.
    pub fn from_fields(
        authorization: Option<&str>,
        fields: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Refusal> {
        Self::read(authorization, &Pairs::collect(fields)?)
    }

    fn read(authorization: Option<&str>, pairs: &Pairs) -> Result<Self, Refusal> {
        // What is wrong with the request comes before who asks, so that nobody looks for a wrong secret in a misspelt
        // request.
        let name = pairs.required("grant_type")?;
        let client = Client::read(authorization, pairs)?;
        let grant = match GrantType::ALL.into_iter().find(|grant| grant.name() == name) {
            Some(GrantType::AuthorizationCode) => Grant::AuthorizationCode {
                code: Secret::new(pairs.required("code")?),
                redirect_uri: pairs.get("redirect_uri")?.map(str::to_owned),
                verifier: read_verifier(pairs)?,
            },
            Some(GrantType::RefreshToken) => {
                Grant::RefreshToken { token: Secret::new(pairs.required("refresh_token")?), scopes: scopes(pairs)? }
            }
            Some(GrantType::Password) => Grant::Password {
                username: pairs.required("username")?.to_owned(),
                password: Secret::new(pairs.required("password")?),
                scopes: scopes(pairs)?,
            },
            Some(GrantType::OAuth1Token) => {
                let token = match (pairs.get("oauth_token")?, pairs.get("refresh_token")?) {
                    (Some(token), None) | (None, Some(token)) => token,
                    (None, None) => return Err(Refusal::invalid("The request lacks oauth_token.")),
                    (Some(_), Some(_)) => {
                        return Err(Refusal::invalid("Send oauth_token or refresh_token, and not both."));
                    }
                };
                Grant::OAuth1Token { token: Secret::new(token), scopes: scopes(pairs)? }
            }
            None => {
                let why = "The grant type is not one that works here: authorization_code or refresh_token.";
                return Err(Refusal::new(ErrorCode::UnsupportedGrantType, why));
            }
        };
        Ok(Self { client, grant })
    }
}

impl Grant {
    /// Which way it is.
    pub fn grant_type(&self) -> GrantType {
        match self {
            Self::AuthorizationCode { .. } => GrantType::AuthorizationCode,
            Self::RefreshToken { .. } => GrantType::RefreshToken,
            Self::Password { .. } => GrantType::Password,
            Self::OAuth1Token { .. } => GrantType::OAuth1Token,
        }
    }
}

/// Which kind of token a question says it is about. Only a hint: the other kind is looked for as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenHint {
    /// An access token.
    Access,
    /// A refresh token.
    Refresh,
}

/// A request to revoke a token, or to tell about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenQuestion {
    /// Which app asks.
    pub client: Client,
    /// The token.
    pub token: Secret,
    /// What it is said to be. Hints that nobody knows are none.
    pub hint: Option<TokenHint>,
}

impl TokenQuestion {
    /// Reads a form and the `Authorization` header that came with it.
    pub fn parse(authorization: Option<&str>, form: &[u8]) -> Result<Self, Refusal> {
        let pairs = Pairs::parse(form)?;
        let token = Secret::new(pairs.required("token")?);
        let hint = match pairs.get("token_type_hint")? {
            Some("access_token") => Some(TokenHint::Access),
            Some("refresh_token") => Some(TokenHint::Refresh),
            _ => None,
        };
        Ok(Self { client: Client::read(authorization, &pairs)?, token, hint })
    }
}

fn scopes(pairs: &Pairs) -> Result<Option<ScopeSet>, Refusal> {
    let scopes = pairs.get("scope")?.map(str::parse::<ScopeSet>).transpose()?;
    Ok(scopes.filter(|scopes| !scopes.is_empty()))
}

fn read_verifier(pairs: &Pairs) -> Result<Option<Verifier>, Refusal> {
    let Some(text) = pairs.get("code_verifier")? else { return Ok(None) };
    let why = "code_verifier is not 43 to 128 letters, digits, hyphens, full stops, underscores or tildes.";
    Verifier::parse(text).map(Some).ok_or_else(|| Refusal::invalid(why))
}
