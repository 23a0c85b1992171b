//! A person is asked whether an app may do something in their name.

use std::time::Duration;

use model::{AuditKind, RegisteredApp};
use protocols::oauth2::{AuthorizationRequest, Challenge, ErrorCode, Refusal, ScopeSet, is_redirect_of};
use protocols::{Key, KeyKind, Secret};
use serde_json::json;
use store::oauth2::{Code, Spent};

use super::OAuth2;
use crate::audit::Entry;
use crate::callers::{Caller, Peer, Via};
use crate::secret::digest;
use crate::{AppError, callers};

/// How long an app has to trade a code in (RFC 6749, section 4.1.2, says at most ten minutes).
const CODE_LIFE: Duration = Duration::from_mins(1);

/// What there is to ask a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who asks.
    pub app: RegisteredApp,
    /// Who answers for the app, by name.
    pub owner: String,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// Whether the app said so itself.
    pub redirect_uri_sent: bool,
    /// What the app wants to have back as it is.
    pub state: Option<String>,
    /// What is asked for.
    pub scopes: ScopeSet,
    /// The PKCE challenge.
    pub challenge: Option<Challenge>,
}

/// What came of reading an app's question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It makes sense.
    Question(Box<Question>),
    /// It does not, and the app is to be told by redirect.
    TellApp {
        /// Where to.
        redirect_uri: String,
        /// What.
        refusal: Refusal,
        /// What the app wants to have back.
        state: Option<String>,
    },
    /// It does not, and is nowhere to be sent: the person is told (RFC 6749, section 4.1.2.1).
    TellPerson(Refusal),
}

impl OAuth2<'_> {
    /// Reads the question that an app sent a browser with.
    pub async fn ask(&self, query: &str) -> Result<Asked, AppError> {
        let request = match AuthorizationRequest::parse(query) {
            Ok(request) => request,
            Err(refusal) => return Ok(Asked::TellPerson(refusal)),
        };
        let Some(app) = self.0.apps().find(&request.client_id).await? else {
            let why = "No app with this client_id is registered here.";
            return Ok(Asked::TellPerson(Refusal::new(ErrorCode::InvalidClient, why)));
        };
        let redirect_uri_sent = request.redirect_uri.is_some();
        let redirect_uri = match redirect_uri(&app, request.redirect_uri) {
            Ok(redirect_uri) => redirect_uri,
            Err(refusal) => return Ok(Asked::TellPerson(refusal)),
        };
        let state = request.state;
        let asked = request.asked.and_then(|asked| {
            if app.is_public && asked.challenge.is_none() {
                let why = "A public app has to send code_challenge and code_challenge_method=S256.";
                return Err(Refusal::new(ErrorCode::InvalidRequest, why));
            }
            Ok(asked)
        });
        let asked = match asked {
            Ok(asked) => asked,
            Err(refusal) => return Ok(Asked::TellApp { redirect_uri, refusal, state }),
        };
        let usual = callers::scope_set(&app.scopes)?;
        let owner = store::accounts::find(self.0.store(), app.owner).await?;
        Ok(Asked::Question(Box::new(Question {
            owner: owner.map(|owner| owner.username.to_string()).unwrap_or_default(),
            redirect_uri,
            redirect_uri_sent,
            state,
            scopes: asked.scopes.unwrap_or(usual),
            challenge: asked.challenge,
            app,
        })))
    }

    /// The person at the browser allows it. The code is for the app, to be sent by redirect.
    pub async fn allow(&self, caller: &Caller, question: &Question, from: Peer) -> Result<Secret, AppError> {
        in_person(caller)?;
        let now = self.0.now();
        let key = Key::new(KeyKind::AuthorizationCode, self.0.random());
        let code = Code {
            app: question.app.id,
            account: caller.account.id,
            redirect_uri: question.redirect_uri.clone(),
            redirect_uri_sent: question.redirect_uri_sent,
            scopes: question.scopes.to_string(),
            challenge: question.challenge.as_ref().map(|challenge| challenge.as_str().to_owned()),
            created: now,
            expires: now + CODE_LIFE,
            spent: Spent::No,
        };
        let tx = self.0.begin().await?;
        store::oauth2::insert_code(&tx, &code, &digest(key.reveal())).await?;
        self.0.audit().note(&tx, told(AuditKind::ConsentGiven, caller, &question.app, &code.scopes, from)).await?;
        tx.commit().await?;
        Ok(Secret::new(key.reveal()))
    }

    /// The person at the browser does not allow it. What the app is told is to be sent by redirect.
    pub async fn refuse(&self, caller: &Caller, question: &Question, from: Peer) -> Result<Refusal, AppError> {
        in_person(caller)?;
        let scopes = question.scopes.to_string();
        let tx = self.0.begin().await?;
        self.0.audit().note(&tx, told(AuditKind::ConsentRefused, caller, &question.app, &scopes, from)).await?;
        tx.commit().await?;
        Ok(Refusal::new(ErrorCode::AccessDenied, "The person at the browser said no."))
    }
}

/// Only a person at a browser answers for themselves: no key and no app does.
pub(crate) fn in_person(caller: &Caller) -> Result<(), AppError> {
    match caller.via {
        Via::Session(_) => Ok(()),
        _ => Err(AppError::Forbidden(
            "Only a person who signed in with a browser can allow an app something.".to_owned(),
        )),
    }
}

/// A line about an app's question, for the person who answered.
pub(crate) fn told(kind: AuditKind, caller: &Caller, app: &RegisteredApp, scopes: &str, from: Peer) -> Entry {
    let detail = json!({ "name": app.name, "scopes": scopes });
    Entry { app: Some(app.id.to_string()), ..Entry::new(kind, caller.account.id, Some(from)).with(detail) }
}

/// Where an answer goes. Nowhere that was not registered, letter by letter: whoever could choose would have the code.
fn redirect_uri(app: &RegisteredApp, sent: Option<String>) -> Result<String, Refusal> {
    let wrong = |why: &str| Refusal::new(ErrorCode::InvalidRequest, why);
    match sent {
        Some(sent) if app.redirect_uris.iter().any(|registered| is_redirect_of(&sent, registered)) => Ok(sent),
        Some(_) => {
            Err(wrong("The redirect_uri is not one that this app registered. It has to be the same, letter by letter."))
        }
        None => match app.redirect_uris.as_slice() {
            [only] => Ok(only.clone()),
            [] => Err(wrong("This app registered no redirect_uri, so nobody can be sent back to it.")),
            _ => Err(wrong(
                "This app registered several redirect addresses, so it has to say which one: redirect_uri is missing.",
            )),
        },
    }
}
