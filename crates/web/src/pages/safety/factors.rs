//! `/account/factors`: what one shows beside the password. An authenticator app with its picture to scan, passkeys, recovery codes.

use app::AppError;
use app::factors::Overview;
use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, Json};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use protocols::{passkey, totp};
use qrcodegen::{QrCode, QrCodeEcc};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;

use super::super::form::Errors;
use super::super::frame::Frame;
use super::super::passkey::{Said, is_possible, site};
use super::super::problem;
use super::super::signing::Button;
use super::super::visit::{Refusal, Visit};
use super::super::words::date;
use super::{Place, frame, fresh, places, token};

const HERE: &str = "/account/factors";
const APP: &str = "/account/factors/app";

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "account/factors.html")]
pub(crate) struct Factors {
    pub(crate) frame: Frame,
    pub(crate) places: Vec<Place>,
    pub(crate) errors: Errors,
    pub(crate) note: Option<&'static str>,
    pub(crate) token: String,
    pub(crate) has_app: bool,
    pub(crate) keys: Vec<Key>,
    pub(crate) codes_left: u64,
    /// Whether passkeys can be made at this address.
    pub(crate) possible: bool,
}

/// A passkey in the list.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) made: String,
    pub(crate) used: Option<String>,
}

/// The page that gives an authenticator app its secret.
#[derive(Clone, Template)]
#[template(path = "account/app.html")]
pub(crate) struct AppSetUp {
    pub(crate) frame: Frame,
    pub(crate) places: Vec<Place>,
    pub(crate) errors: Errors,
    pub(crate) token: String,
    /// The modules of the picture as a path, and how many there are in a row.
    pub(crate) picture: (String, i32),
    /// The secret as letters, in groups.
    pub(crate) secret: String,
}

/// The page that shows recovery codes, once.
#[derive(Clone, Template)]
#[template(path = "account/codes.html")]
pub(crate) struct Codes {
    pub(crate) frame: Frame,
    pub(crate) places: Vec<Place>,
    pub(crate) what: &'static str,
    pub(crate) all: Vec<String>,
}

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wish {
    told: String,
}

/// What the forms send.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    csrf: String,
    code: String,
    name: String,
}

/// `GET /account/factors`
pub(crate) async fn show(visit: Visit, Query(wish): Query<Wish>) -> Result<Response, Refusal> {
    let note = match wish.told.as_str() {
        "app" => Some("The authenticator app works. From now on its code is asked for after your password."),
        "app-removed" => Some("The authenticator app is removed."),
        "made" => Some("The passkey is kept. You can sign in with it alone, or show it after your password."),
        "renamed" => Some("It is kept."),
        "removed" => Some("The passkey is removed. Remove it from your device, too."),
        _ => None,
    };
    page(&visit, StatusCode::OK, Errors::default(), note).await
}

/// `GET /account/factors/app`
pub(crate) async fn set_up(visit: Visit) -> Result<Response, Refusal> {
    app_page(&visit, StatusCode::OK, Errors::default()).await
}

/// `POST /account/factors/app`
pub(crate) async fn confirm(visit: Visit, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    visit.needed()?;
    visit.meant(&typed.csrf)?;
    let who = fresh(&visit, APP).await?;
    match visit.app().factors().confirm_app(&who, &typed.code, &visit.visitor()).await {
        Ok(codes) => Ok(once(&visit, "The authenticator app works", codes, "app")),
        Err(AppError::Invalid(invalid)) => {
            app_page(&visit, StatusCode::UNPROCESSABLE_ENTITY, Errors::from(invalid)).await
        }
        Err(error) => Err(problem::refuse(&visit, error)),
    }
}

/// `POST /account/factors/app/remove`
pub(crate) async fn remove_app(visit: Visit, Form(button): Form<Button>) -> Result<Response, Refusal> {
    visit.needed()?;
    visit.meant(&button.csrf)?;
    let who = fresh(&visit, HERE).await?;
    let removed = visit.app().factors().remove_app(&who, &visit.visitor()).await;
    removed.map_err(|error| problem::refuse(&visit, error))?;
    Ok(Redirect::to("/account/factors?told=app-removed").into_response())
}

/// `POST /account/factors/codes`
pub(crate) async fn renew(visit: Visit, Form(button): Form<Button>) -> Result<Response, Refusal> {
    visit.needed()?;
    visit.meant(&button.csrf)?;
    let who = fresh(&visit, HERE).await?;
    let codes = visit.app().factors().renew_codes(&who, &visit.visitor()).await;
    let codes = codes.map_err(|error| problem::refuse(&visit, error))?;
    Ok(once(&visit, "Your new recovery codes", codes, ""))
}

/// `POST /account/factors/passkeys/ask`: what the authenticator is asked when a passkey is to be made.
pub(crate) async fn ask(visit: Visit, Form(button): Form<Button>) -> Result<Response, Refusal> {
    visit.needed()?;
    visit.meant(&button.csrf)?;
    let who = fresh(&visit, HERE).await?;
    let asked = async {
        let overview = visit.app().factors().overview(who.caller()).await?;
        Ok::<_, AppError>((visit.app().passkeys().ask_to_make(&who).await?, overview))
    };
    let (challenge, overview) = asked.await.map_err(|error| problem::refuse(&visit, error))?;
    let known: Vec<_> = overview.passkeys.iter().map(|passkey| URL_SAFE_NO_PAD.encode(&passkey.credential)).collect();
    let account = who.account();
    Ok(Json(json!({
        "challenge": challenge, "host": site(&visit).host, "house": "Soundpost",
        "user": URL_SAFE_NO_PAD.encode(account.id.as_str()), "name": account.username,
        "known": known, "algorithms": passkey::ALGORITHMS,
    }))
    .into_response())
}

/// `POST /account/factors/passkeys`
pub(crate) async fn make(visit: Visit, Form(said): Form<Said>) -> Result<Response, Refusal> {
    visit.needed()?;
    visit.meant(&said.csrf)?;
    let who = fresh(&visit, HERE).await?;
    match visit.app().passkeys().create(&who, said.made(), &site(&visit), &visit.visitor()).await {
        Ok(codes) => Ok(once(&visit, "The passkey is kept", codes, "made")),
        Err(AppError::Invalid(invalid)) => {
            page(&visit, StatusCode::UNPROCESSABLE_ENTITY, Errors::from(invalid), None).await
        }
        Err(AppError::Unauthenticated(_)) => {
            let errors = Errors::whole("The browser's answer did not fit.", "Load the page again, and try once more.");
            page(&visit, StatusCode::UNPROCESSABLE_ENTITY, errors, None).await
        }
        Err(error) => Err(problem::refuse(&visit, error)),
    }
}

/// `POST /account/factors/passkeys/{id}`
pub(crate) async fn rename(
    visit: Visit,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    visit.meant(&typed.csrf)?;
    let renamed = match id.parse() {
        Ok(id) => visit.app().passkeys().rename(caller, id, &typed.name).await,
        Err(_) => Err(AppError::NotFound("passkey")),
    };
    match renamed {
        Ok(()) => Ok(Redirect::to("/account/factors?told=renamed").into_response()),
        Err(AppError::Invalid(invalid)) => {
            let text: Vec<_> = invalid.into_iter().map(|field| field.message).collect();
            let errors = Errors::whole("The passkey keeps its name.", text.join(" "));
            page(&visit, StatusCode::UNPROCESSABLE_ENTITY, errors, None).await
        }
        Err(error) => Err(problem::refuse(&visit, error)),
    }
}

/// `POST /account/factors/passkeys/{id}/remove`
pub(crate) async fn remove(
    visit: Visit,
    Path(id): Path<String>,
    Form(button): Form<Button>,
) -> Result<Response, Refusal> {
    visit.needed()?;
    visit.meant(&button.csrf)?;
    let who = fresh(&visit, HERE).await?;
    let removed = match id.parse() {
        Ok(id) => visit.app().passkeys().remove(&who, id, &visit.visitor()).await,
        Err(_) => Err(AppError::NotFound("passkey")),
    };
    removed.map_err(|error| problem::refuse(&visit, error))?;
    Ok(Redirect::to("/account/factors?told=removed").into_response())
}

/// Shows codes that are not shown again; where there are none to show, goes on.
fn once(visit: &Visit, what: &'static str, codes: Vec<String>, told: &str) -> Response {
    if codes.is_empty() {
        return Redirect::to(&format!("{HERE}?told={told}")).into_response();
    }
    visit.page(StatusCode::OK, &Codes { frame: frame(visit, "Recovery codes"), places: places(HERE), what, all: codes })
}

async fn page(
    visit: &Visit,
    status: StatusCode,
    errors: Errors,
    note: Option<&'static str>,
) -> Result<Response, Refusal> {
    let overview = visit.app().factors().overview(visit.needed()?).await;
    let overview = overview.map_err(|error| problem::refuse(visit, error))?;
    Ok(visit.page(status, &Factors::new(frame(visit, "Second step"), &overview, is_possible(visit), errors, note)))
}

impl Factors {
    fn new(frame: Frame, overview: &Overview, possible: bool, errors: Errors, note: Option<&'static str>) -> Self {
        let keys = overview.passkeys.iter().map(|passkey| Key {
            id: passkey.id.to_string(),
            name: passkey.name.clone(),
            made: date(passkey.created),
            used: passkey.used.map(date),
        });
        Self {
            token: token(&frame),
            places: places(HERE),
            errors,
            note,
            has_app: overview.has_app,
            keys: keys.collect(),
            codes_left: overview.codes_left,
            possible,
            frame,
        }
    }
}

async fn app_page(visit: &Visit, status: StatusCode, errors: Errors) -> Result<Response, Refusal> {
    let who = fresh(visit, APP).await?;
    let secret = match visit.app().factors().offer_app(&who).await {
        Ok(secret) => secret,
        Err(AppError::Conflict(_)) => return Ok(Redirect::to(HERE).into_response()),
        Err(error) => return Err(problem::refuse(visit, error)),
    };
    let frame = frame(visit, "Authenticator app");
    let address = totp::address(secret.expose_secret(), &frame.host, who.account().username.as_str());
    let set_up = AppSetUp {
        token: token(&frame),
        places: places(HERE),
        errors,
        picture: picture(&address),
        secret: in_groups(&totp::base32(secret.expose_secret())),
        frame,
    };
    Ok(visit.page(status, &set_up))
}

/// A picture for cameras: the path of its dark modules, and its width in modules.
pub(crate) fn picture(text: &str) -> (String, i32) {
    use std::fmt::Write;
    // Addresses of ours have a few hundred characters, and the largest picture holds thousands.
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else { return (String::new(), 1) };
    let size = code.size();
    let mut path = String::new();
    for y in 0..size {
        let mut x = 0;
        while x < size {
            let from = x;
            while x < size && code.get_module(x, y) {
                x += 1;
            }
            if x > from {
                // Writing to a string cannot fail.
                let _ = write!(path, "M{from} {y}h{}v1h-{}z", x - from, x - from);
            }
            x += 1;
        }
    }
    (path, size)
}

fn in_groups(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}
