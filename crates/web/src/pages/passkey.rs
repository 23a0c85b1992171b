//! Passkeys as browsers speak of them: the question for the script, and what its form sends back. Signing in by one.
//!
//! Only `assets/passkey.js` asks here, since only scripts can talk to an authenticator. What it is told it puts into the fields of a form.

use app::passkeys::{NewPasskey, Site, UsedPasskey};
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::account::SignIn;
use super::form::{Errors, own_place};
use super::problem;
use super::signing::{self, Button, HOME, enter};
use super::visit::{Refusal, Visit};

/// What the form sends. Bytes are in base64url.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Said {
    pub(crate) csrf: String,
    pub(crate) next: String,
    pub(crate) name: String,
    id: String,
    client: String,
    authenticator: String,
    signature: String,
    public_key: String,
}

impl Said {
    /// What was said when a passkey was used.
    pub(crate) fn used(&self) -> UsedPasskey {
        UsedPasskey {
            credential: bytes(&self.id),
            client: bytes(&self.client),
            authenticator: bytes(&self.authenticator),
            signature: bytes(&self.signature),
        }
    }

    /// What was said when a passkey was made.
    pub(crate) fn made(&self) -> NewPasskey {
        NewPasskey {
            name: self.name.clone(),
            credential: bytes(&self.id),
            client: bytes(&self.client),
            authenticator: bytes(&self.authenticator),
            public_key: bytes(&self.public_key),
        }
    }
}

/// Where browsers find this house.
pub(crate) fn site(visit: &Visit) -> Site {
    let address = Url::parse(&visit.address(""));
    let host = address.as_ref().ok().and_then(Url::host_str).unwrap_or_default().to_owned();
    Site { origin: address.map(|address| address.origin().ascii_serialization()).unwrap_or_default(), host }
}

/// Whether this house has an address that passkeys can be made for: a name, reached safely or on this very machine.
pub(crate) fn is_possible(visit: &Visit) -> bool {
    let Ok(address) = Url::parse(&visit.address("")) else { return false };
    match address.host() {
        Some(url::Host::Domain("localhost")) => true,
        Some(url::Host::Domain(_)) => visit.is_secure(),
        _ => false,
    }
}

/// `POST /signin/passkey/ask`: what the authenticator is asked when a passkey is to be used.
pub(crate) async fn ask(visit: Visit, Form(button): Form<Button>) -> Result<Response, Refusal> {
    if visit.caller().is_some() {
        visit.meant(&button.csrf)?;
    } else {
        visit.meant_by_stranger(&button.csrf)?;
    }
    let asked = visit.app().passkeys().ask_to_use(visit.from()).await;
    let challenge = asked.map_err(|error| problem::refuse(&visit, error))?;
    Ok(Json(json!({ "challenge": challenge, "host": site(&visit).host })).into_response())
}

/// `POST /signin/passkey`
pub(crate) async fn sign_in(visit: Visit, Form(said): Form<Said>) -> Result<Response, Refusal> {
    visit.meant_by_stranger(&said.csrf)?;
    match visit.app().passkeys().sign_in(said.used(), &site(&visit), &visit.visitor()).await {
        Ok(signed_in) => enter(&visit, &signed_in, own_place(&said.next).unwrap_or(HOME)).await,
        Err(app::AppError::Unauthenticated(sentence)) => {
            let (what, next) = sentence.split_once(". ").unwrap_or((sentence, ""));
            let errors = Errors::whole(format!("{what}."), next);
            let page: SignIn = signing::sign_in_page(&visit, said.next.as_str(), errors);
            Ok(visit.page(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(error) => Err(problem::refuse(&visit, error)),
    }
}

/// Bytes, or none of them where it is not base64url: what that means is found out where they are checked.
fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap_or_default()
}
