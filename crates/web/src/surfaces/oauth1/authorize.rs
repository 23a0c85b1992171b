//! `/oauth/authorize` and `/oauth/authorize_token`: the person at the browser says yes or no (RFC 5849, section 2.2).

use app::oauth1::{Answer, Question, Unasked};
use axum::Form;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{CACHE_CONTROL, REFERRER_POLICY};
use http::{HeaderValue, StatusCode};
use protocols::oauth1::Revision;
use serde::Deserialize;

use crate::http::percent;
use crate::pages::consent::{Answered, Consent, Decision, Marks, Verifier};
use crate::pages::problem;
use crate::pages::visit::{Refusal, Visit};

const PATH: &str = "/oauth/authorize";

/// What is said of OAuth 1.0 (the session fixation of 2009).
const ORIGINAL: &str = "This app uses an old way to connect, in which somebody else may have begun what you see here. Allow it only if you \
                        came here from the app itself, just now.";

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    oauth_token: String,
    oauth_callback: Option<String>,
}

pub(super) async fn get(visit: Visit, Query(wish): Query<Wish>) -> Result<Response, Refusal> {
    let question = match asked(&visit, &wish).await? {
        Ok(question) => question,
        Err(unasked) => return Ok(told(&visit, unasked)),
    };
    let caller = visit.needed()?;
    let mut action = format!("{PATH}?oauth_token={}", percent::encode(&wish.oauth_token));
    if let Some(callback) = &wish.oauth_callback {
        action = format!("{action}&oauth_callback={}", percent::encode(callback));
    }
    let consent = Consent::new(
        &visit,
        caller,
        Marks {
            app: &question.app,
            owner: &question.owner,
            scopes: question.scopes,
            action,
            callback: question.callback.as_deref(),
            warning: (question.revision == Revision::Original).then_some(ORIGINAL),
        },
    );
    Ok(consent.send(&visit))
}

pub(super) async fn post(
    visit: Visit,
    Query(wish): Query<Wish>,
    Form(answered): Form<Answered>,
) -> Result<Response, Refusal> {
    let question = match asked(&visit, &wish).await? {
        Ok(question) => question,
        Err(unasked) => return Ok(told(&visit, unasked)),
    };
    let caller = visit.needed()?;
    visit.meant(&answered.csrf)?;
    let oauth1 = visit.app().oauth1();
    let decision = answered.decision();
    let answer = match decision {
        Decision::Allow => oauth1.allow(caller, &question, visit.from()).await,
        Decision::Refuse => oauth1.refuse(caller, &question, visit.from()).await.map(Ok),
    };
    match answer.map_err(|error| problem::refuse(&visit, error))? {
        Ok(answer) => Ok(shown(&visit, &question, decision, answer)),
        Err(unasked) => Ok(told(&visit, unasked)),
    }
}

async fn asked(visit: &Visit, wish: &Wish) -> Result<Result<Question, Unasked>, Refusal> {
    let asked = visit.app().oauth1().ask(&wish.oauth_token, wish.oauth_callback.as_deref()).await;
    asked.map_err(|error| problem::refuse(visit, error))
}

/// Where the person goes from here.
fn shown(visit: &Visit, question: &Question, decision: Decision, answer: Answer) -> Response {
    let name = &question.app.name;
    match answer {
        Answer::Redirect(place) => {
            let mut response = Redirect::to(&place).into_response();
            // The new address has a verifier in it.
            response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Answer::Verifier(verifier) => visit.page(StatusCode::OK, &Verifier::new(visit, name, verifier.reveal())),
        Answer::Nothing => {
            let (heading, sentence) = match decision {
                Decision::Allow => (format!("{name} may go on"), format!("Go back to {name}; it knows by itself.")),
                Decision::Refuse => {
                    (format!("{name} was refused"), "Nothing was given to it. You can close this page.".to_owned())
                }
            };
            visit.page(StatusCode::OK, &problem::about_app_done(visit, &heading, sentence))
        }
    }
}

fn told(visit: &Visit, unasked: Unasked) -> Response {
    let (heading, sentence) = match unasked {
        Unasked::Unknown => (
            "This request is not valid any more",
            "It is unknown here, was refused, or is older than half an hour. Begin again in the app.",
        ),
        Unasked::Answered => (
            "This was answered before",
            "Somebody said yes to this request already, and it works once. If the app still waits, begin again there.",
        ),
        Unasked::Elsewhere => (
            "The app that sent you here made a mistake",
            "It wants the answer sent to a place that is not its own. Nothing was given to anybody. Tell whoever made the app.",
        ),
    };
    visit.page(StatusCode::BAD_REQUEST, &problem::about_app(visit, heading, sentence.to_owned()))
}
