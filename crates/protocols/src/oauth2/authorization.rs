//! What a browser brings to the authorization endpoint (RFC 6749 §4.1.1).

use super::pairs::Pairs;
use super::{Challenge, ErrorCode, Refusal, ScopeSet};

/// A request of which it is known who is said to ask and where the answer goes. Neither is believed yet.
///
/// Errors come in two kinds. What [`parse`](Self::parse) refuses, and an app or an address that is not known, is shown
/// to the person: to redirect would send them wherever somebody likes. What [`asked`](Self::asked) refuses is told to
/// the app by redirect, once its address was found to be its own.
///
/// ```
/// use protocols::oauth2::{AuthorizationRequest, ErrorCode, Scope};
///
/// let request = AuthorizationRequest::parse("response_type=code&client_id=spa_x&state=7&scope=profile")?;
/// assert_eq!(request.client_id, "spa_x");
/// assert_eq!(request.redirect_uri, None);
/// let asked = request.asked?;
/// assert!(asked.scopes.is_some_and(|scopes| scopes.contains(Scope::Profile)));
///
/// let implicit = AuthorizationRequest::parse("response_type=token&client_id=spa_x")?;
/// assert_eq!(implicit.asked.unwrap_err().code, ErrorCode::UnsupportedResponseType);
/// # Ok::<(), protocols::oauth2::Refusal>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// Which app.
    pub client_id: String,
    /// Where the answer goes; may be left out by an app with one address only.
    pub redirect_uri: Option<String>,
    /// What the app wants to have back as it is.
    pub state: Option<String>,
    /// What is asked for, or what to tell the app.
    pub asked: Result<Asked, Refusal>,
}

/// What an app asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Which scopes; `None` is the app's default.
    pub scopes: Option<ScopeSet>,
    /// The PKCE challenge. An app without a secret must send one.
    pub challenge: Option<Challenge>,
}

impl AuthorizationRequest {
    /// Reads the query, or the form that stands for it.
    pub fn parse(query: &str) -> Result<Self, Refusal> {
        let pairs = Pairs::parse(query.as_bytes())?;
        let client_id = pairs.required("client_id")?.to_owned();
        let redirect_uri = pairs.get("redirect_uri")?.map(str::to_owned);
        // A state that came twice cannot be given back, but that can be said by redirect.
        let (state, asked) = match pairs.get("state") {
            Ok(state) => (state.map(str::to_owned), Asked::read(&pairs)),
            Err(repeated) => (None, Err(repeated)),
        };
        Ok(Self { client_id, redirect_uri, state, asked })
    }
}

impl Asked {
    fn read(pairs: &Pairs) -> Result<Self, Refusal> {
        if pairs.required("response_type")? != "code" {
            let why = "The response type must be code; there is no implicit grant.";
            return Err(Refusal::new(ErrorCode::UnsupportedResponseType, why));
        }
        if pairs.get("response_mode")?.is_some_and(|mode| mode != "query") {
            return Err(Refusal::invalid("The response mode must be query."));
        }
        let scopes = pairs.get("scope")?.map(str::parse::<ScopeSet>).transpose()?;
        Ok(Self { scopes: scopes.filter(|scopes| !scopes.is_empty()), challenge: Challenge::read(pairs)? })
    }
}
