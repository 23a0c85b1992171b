//! What is said when the page that was asked for cannot be: 404, 403, 409, 429, 500 with a reference, 503. Which cause has which
//! status is decided in `http/problem.rs`.

use app::AppError;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};

use super::account::{Plain, Way, fallen_art, flat_art};
use super::frame::{Frame, page};
use super::visit::{Refusal, Visit};
use crate::http::percent;
use crate::http::problem::Problem;

/// A page about a cause.
pub(crate) fn refuse(visit: &Visit, error: AppError) -> Refusal {
    if matches!(error, AppError::Stale) {
        return prove(visit.place());
    }
    let problem = Problem::from(error);
    let mut response = visit.page(problem.status, &about(visit, problem.status, &problem.message));
    add(&mut response, &problem.headers);
    response.into()
}

/// The page on which somebody proves who they are, with the way back.
pub(crate) fn prove(place: &str) -> Refusal {
    Redirect::to(&format!("/account/prove?next={}", percent::encode(place))).into_response().into()
}

/// A page about a form that was not meant, or is from another time.
pub(crate) fn not_meant(visit: &Visit) -> Refusal {
    let sentence = "It came from elsewhere, or from a page of before you signed in or out. Nothing was done. Load the page again and \
                    send it once more.";
    let plain = Plain {
        heading: "This form is not valid any more".to_owned(),
        sentence: sentence.to_owned(),
        ..about(visit, StatusCode::FORBIDDEN, "")
    };
    visit.page(StatusCode::FORBIDDEN, &plain).into()
}

/// A page about an app that did something wrong, or came to nothing.
pub(crate) fn about_app(visit: &Visit, heading: &str, sentence: String) -> Plain {
    let frame = visit.frame(heading);
    let heading = heading.to_owned();
    Plain { frame, heading, sentence, ..about(visit, StatusCode::BAD_REQUEST, "") }
}

/// A page about an app that got its answer.
pub(crate) fn about_app_done(visit: &Visit, heading: &str, sentence: String) -> Plain {
    Plain { art: flat_art(), ..about_app(visit, heading, sentence) }
}

/// What is said at an address that leads nowhere.
pub(crate) async fn nothing(visit: Visit) -> Response {
    visit.page(StatusCode::NOT_FOUND, &about(&visit, StatusCode::NOT_FOUND, ""))
}

/// What is said when a handler fell over: without a look at who asks, which may be what fell.
pub(crate) fn broken(reference: Option<&str>) -> Response {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    page(status, &plain(Frame::default(), status, "", reference.map(str::to_owned), Vec::new()))
}

fn about(visit: &Visit, status: StatusCode, message: &str) -> Plain {
    let ways = match visit.caller() {
        Some(_) => vec![Way::new("To your productions", "/productions")],
        None => vec![Way::new("Sign in", "/signin")],
    };
    let reference = status.is_server_error().then(|| visit.reference().map(str::to_owned)).flatten();
    plain(visit.frame(""), status, message, reference, ways)
}

fn plain(frame: Frame, status: StatusCode, message: &str, reference: Option<String>, ways: Vec<Way>) -> Plain {
    let (heading, sentence) = match status {
        StatusCode::NOT_FOUND => (
            "There is nothing here",
            "This address leads nowhere, or to something that is not yours. Check it for a slip.",
        ),
        StatusCode::FORBIDDEN => ("You may not do this", message),
        StatusCode::CONFLICT => ("This cannot be done as things are", message),
        StatusCode::BAD_REQUEST => ("This could not be read", message),
        StatusCode::PAYLOAD_TOO_LARGE => ("This is too large", message),
        StatusCode::TOO_MANY_REQUESTS => ("Too often in a short time", message),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::INSUFFICIENT_STORAGE => ("Not at the moment", message),
        _ => (
            "Something went wrong on this side",
            "It was written down. Try again in a moment; if it stays, give the reference to the operator.",
        ),
    };
    Plain {
        frame: Frame { title: heading.to_owned(), ..frame },
        art: fallen_art(),
        heading: heading.to_owned(),
        sentence: sentence.to_owned(),
        reference,
        ways,
    }
}

fn add(response: &mut Response, headers: &HeaderMap) {
    for (name, value) in headers {
        // A challenge would make browsers ask for a password in a window of their own.
        if name != http::header::WWW_AUTHENTICATE {
            response.headers_mut().insert(name, value.clone());
        }
    }
}
