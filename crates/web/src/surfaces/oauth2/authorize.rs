//! `GET /oauth2/authorize/` asks the person at the browser, `POST` has the answer (RFC 6749, section 3.1).
//!
//! The question stands in the address both times and is read anew, so nothing of it is believed that a form could have changed.

use app::oauth2::{Asked, Question};
use axum::Form;
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, REFERRER_POLICY};
use protocols::oauth2::{Refusal as Refused, redirect_with_code, redirect_with_refusal};

use crate::pages::consent::{Answered, Consent, Decision, Marks};
use crate::pages::problem;
use crate::pages::visit::{Refusal, Visit};

const PATH: &str = "/oauth2/authorize/";

pub(super) async fn get(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let query = query.unwrap_or_default();
    let question = match asked(&visit, &query).await? {
        Ok(question) => question,
        Err(response) => return Ok(response),
    };
    let caller = visit.needed()?;
    let consent = Consent::new(
        &visit,
        caller,
        Marks {
            app: &question.app,
            owner: &question.owner,
            scopes: question.scopes,
            action: format!("{PATH}?{query}"),
            callback: Some(&question.redirect_uri),
            warning: None,
        },
    );
    Ok(consent.send(&visit))
}

pub(super) async fn post(
    visit: Visit,
    RawQuery(query): RawQuery,
    Form(answered): Form<Answered>,
) -> Result<Response, Refusal> {
    let question = match asked(&visit, &query.unwrap_or_default()).await? {
        Ok(question) => question,
        Err(response) => return Ok(response),
    };
    let caller = visit.needed()?;
    visit.meant(&answered.csrf)?;
    let (to, state) = (&question.redirect_uri, question.state.as_deref());
    let oauth2 = visit.app().oauth2();
    let place = match answered.decision() {
        Decision::Allow => {
            let code = oauth2.allow(caller, &question, visit.from()).await.map_err(|e| problem::refuse(&visit, e))?;
            redirect_with_code(to, code.reveal(), state, &visit.issuer())
        }
        Decision::Refuse => {
            let refusal =
                oauth2.refuse(caller, &question, visit.from()).await.map_err(|e| problem::refuse(&visit, e))?;
            redirect_with_refusal(to, &refusal, state, &visit.issuer())
        }
    };
    Ok(away(&place))
}

/// The question, or what is answered where there is none.
async fn asked(visit: &Visit, query: &str) -> Result<Result<Box<Question>, Response>, Refusal> {
    let asked = visit.app().oauth2().ask(query).await.map_err(|error| problem::refuse(visit, error))?;
    Ok(match asked {
        Asked::Question(question) => Ok(question),
        Asked::TellApp { redirect_uri, refusal, state } => {
            Err(away(&redirect_with_refusal(&redirect_uri, &refusal, state.as_deref(), &visit.issuer())))
        }
        Asked::TellPerson(refusal) => Err(told(visit, &refusal)),
    })
}

/// To the person: nobody knows where the app is, so it cannot be told.
fn told(visit: &Visit, refusal: &Refused) -> Response {
    let sentence = format!("{} Nothing was given to anybody. Tell whoever made the app.", refusal.description);
    visit.page(
        StatusCode::BAD_REQUEST,
        &problem::about_app(visit, "The app that sent you here made a mistake", sentence),
    )
}

/// The way back to the app. 303, so that no browser sends the form along (RFC 9700, section 4.12).
fn away(place: &str) -> Response {
    let mut response = Redirect::to(place).into_response();
    // The address that was asked for has the app's state in it, and the new one a code.
    response.headers_mut().insert(REFERRER_POLICY, http::HeaderValue::from_static("no-referrer"));
    response.headers_mut().insert(CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    response
}
