//! Signing in, up and out. Names and passwords are checked by the app, which counts tries and takes as long for a wrong name as for a
//! wrong password; here both are told the same, and what was typed stays, but for the password.

use app::AppError;
use app::accounts::{Entrance, NewAccount, SignedIn};
use axum::Form;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{RETRY_AFTER, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use serde::Deserialize;

use super::account::{Plain, SignIn, SignUp, Way, spoken_art};
use super::form::{Errors, own_place};
use super::passkey;
use super::problem;
use super::second;
use super::visit::{Refusal, Visit};
use super::words::wait;
use crate::caller::session;
use crate::settings::Web;

/// Where one is after signing in, unless one was on the way elsewhere.
pub(crate) const HOME: &str = "/productions";
/// Characters that a password has at least; the app refuses shorter ones.
pub(crate) const SHORTEST: usize = 10;

/// What the address of the sign-in page says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wish {
    next: String,
    told: String,
}

/// What the sign-in form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    csrf: String,
    next: String,
    username: String,
    email: String,
    password: String,
}

/// What a form sends that has nothing but its button.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Button {
    /// The token of its page.
    pub(crate) csrf: String,
}

/// `GET /`: the way in.
pub(crate) async fn home(visit: Visit) -> Response {
    if visit.caller().is_some() {
        return Redirect::to(HOME).into_response();
    }
    let mut ways = vec![Way::new("Sign in", "/signin")];
    if visit.app().rules().signup_open {
        ways.push(Way::new("Make an account", "/signup"));
    }
    let plain = Plain {
        frame: visit.frame("Welcome"),
        art: spoken_art(),
        heading: "A recording goes in".to_owned(),
        sentence: "Mastered, tagged files in every format come out, with a report of what was changed and why."
            .to_owned(),
        reference: None,
        ways,
    };
    visit.page(StatusCode::OK, &plain)
}

/// `GET /signin`
pub(crate) async fn sign_in_form(visit: Visit, Query(wish): Query<Wish>) -> Response {
    if visit.caller().is_some() {
        return Redirect::to(own_place(&wish.next).unwrap_or(HOME)).into_response();
    }
    let note = match wish.told.as_str() {
        "out" => Some("You are signed out."),
        "over" => Some("That took too long, or was tried too often. Begin again."),
        "reset" => Some("Your new password is set, and all browsers are signed out. Sign in with it."),
        "removed" => Some("Your account is removed. Its files go within minutes."),
        _ => None,
    };
    let page = SignIn { note, ..sign_in_page(&visit, &wish.next, Errors::default()) };
    visit.page(StatusCode::OK, &page)
}

/// `POST /signin`
pub(crate) async fn sign_in(visit: Visit, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    visit.meant_by_stranger(&typed.csrf)?;
    let mut errors = Errors::default();
    if typed.username.trim().is_empty() {
        errors.add("username", "Say which user name you sign in with.");
    }
    if typed.password.is_empty() {
        errors.add("password", "The password is missing.");
    }
    if !errors.is_empty() {
        let page = SignIn { username: typed.username, ..sign_in_page(&visit, &typed.next, errors) };
        return Ok(visit.page(StatusCode::UNPROCESSABLE_ENTITY, &page));
    }
    let next = own_place(&typed.next);
    match visit.app().accounts().enter(typed.username.trim(), &typed.password, &visit.visitor()).await {
        Ok(Entrance::In(signed_in)) => enter(&visit, &signed_in, next.unwrap_or(HOME)).await,
        Ok(Entrance::Second(step)) => Ok(second::begin(&visit, &step, next)),
        Err(AppError::Unauthenticated(_)) => {
            let errors = Errors::whole("That name and password do not go together.", "Check both.");
            let page = SignIn { username: typed.username, ..sign_in_page(&visit, &typed.next, errors) };
            Ok(visit.page(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(AppError::Throttled { now, until, .. }) => {
            let seconds = until.since(now).as_secs() + 1;
            let page = SignIn { username: typed.username, ..sign_in_page(&visit, &typed.next, too_often(seconds)) };
            Ok(later(visit.page(StatusCode::TOO_MANY_REQUESTS, &page), seconds))
        }
        Err(error) => Err(problem::refuse(&visit, error)),
    }
}

/// `GET /signup`
pub(crate) async fn sign_up_form(visit: Visit) -> Response {
    if visit.caller().is_some() {
        return Redirect::to(HOME).into_response();
    }
    if !visit.app().rules().signup_open {
        return closed(&visit);
    }
    visit.page(StatusCode::OK, &sign_up_page(&visit, Typed::default(), Errors::default()))
}

/// `POST /signup`
pub(crate) async fn sign_up(visit: Visit, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    visit.meant_by_stranger(&typed.csrf)?;
    let new = NewAccount {
        username: typed.username.trim().to_owned(),
        email: typed.email.trim().to_owned(),
        password: typed.password.clone(),
        is_admin: false,
    };
    match visit.app().accounts().sign_up(new, &visit.visitor()).await {
        Ok(signed_in) => enter(&visit, &signed_in, HOME).await,
        Err(AppError::Invalid(invalid)) => {
            let page = sign_up_page(&visit, typed, Errors::from(invalid));
            Ok(visit.page(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(AppError::Throttled { now, until, .. }) => {
            let seconds = until.since(now).as_secs() + 1;
            let page = sign_up_page(&visit, typed, too_often(seconds));
            Ok(later(visit.page(StatusCode::TOO_MANY_REQUESTS, &page), seconds))
        }
        Err(AppError::Forbidden(_)) => Ok(closed(&visit)),
        Err(error) => Err(problem::refuse(&visit, error)),
    }
}

/// `POST /signout`
pub(crate) async fn sign_out(
    State(web): State<Web>,
    visit: Visit,
    Form(button): Form<Button>,
) -> Result<Response, Refusal> {
    let Some(key) = visit.key() else { return Ok(Redirect::to("/signin?told=out").into_response()) };
    visit.meant(&button.csrf)?;
    visit.app().accounts().sign_out(key, visit.from()).await.map_err(|error| problem::refuse(&visit, error))?;
    let mut response = Redirect::to("/signin?told=out").into_response();
    set(&mut response, session::clear(web.is_secure()));
    Ok(response)
}

/// The sign-in page, with nothing typed in yet.
pub(crate) fn sign_in_page(visit: &Visit, next: &str, errors: Errors) -> SignIn {
    SignIn {
        frame: visit.frame("Sign in"),
        art: spoken_art(),
        errors,
        note: None,
        token: visit.stranger_token(),
        next: own_place(next).map(str::to_owned),
        username: String::new(),
        passkey: passkey::is_possible(visit),
        open: visit.app().rules().signup_open,
    }
}

fn sign_up_page(visit: &Visit, typed: Typed, errors: Errors) -> SignUp {
    SignUp {
        frame: visit.frame("Make an account"),
        art: spoken_art(),
        errors,
        token: visit.stranger_token(),
        username: typed.username,
        email: typed.email,
        shortest: SHORTEST,
    }
}

fn closed(visit: &Visit) -> Response {
    let plain = Plain {
        frame: visit.frame("Accounts are made by the operator"),
        art: spoken_art(),
        heading: "Accounts are made by the operator".to_owned(),
        sentence: "This server takes no new people by itself. Ask its operator for an account.".to_owned(),
        reference: None,
        ways: vec![Way::new("Sign in", "/signin")],
    };
    visit.page(StatusCode::OK, &plain)
}

pub(crate) fn too_often(seconds: u64) -> Errors {
    Errors::whole("There were too many tries from here.", format!("Try again {}.", wait(seconds)))
}

pub(crate) fn later(mut response: Response, seconds: u64) -> Response {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// Gives the browser its key, and shows it where it goes. What it had before is worth nothing from then on.
pub(crate) async fn enter(visit: &Visit, signed_in: &SignedIn, place: &str) -> Result<Response, Refusal> {
    if let Some(before) = visit.key() {
        let signed_out = visit.app().accounts().sign_out(before, visit.from()).await;
        signed_out.map_err(|error| problem::refuse(visit, error))?;
    }
    let mut response = Redirect::to(place).into_response();
    set(&mut response, session::set(&signed_in.key, signed_in.life, visit.is_secure()));
    Ok(response)
}

/// Takes the browser its key.
pub(crate) fn leave(visit: &Visit, response: &mut Response) {
    set(response, session::clear(visit.is_secure()));
}

fn set(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}
