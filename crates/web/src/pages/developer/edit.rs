//! `/developer/apps/new` and `/developer/apps/{id}/edit`: what there is to say of an app.

use app::apps::{AppDraft, Keeps};
use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use model::AppId;
use serde::Deserialize;

use super::show::Show;
use super::{errors, own};
use crate::pages::form::Errors;
use crate::pages::frame::Frame;
use crate::pages::visit::{Refusal, Visit};

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "developer/edit.html")]
pub(crate) struct Edit {
    pub(crate) frame: Frame,
    pub(crate) errors: Errors,
    /// The app that is changed; none is a new one.
    pub(crate) id: Option<AppId>,
    pub(crate) typed: Typed,
    pub(crate) token: String,
}

/// What the form sends.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    csrf: String,
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) homepage: String,
    /// One in a line.
    pub(crate) redirect_uris: String,
    pub(crate) oauth1_callback: String,
    pub(crate) scopes: String,
    /// `public`, or anything else.
    pub(crate) keeps: String,
}

impl Typed {
    fn draft(&self) -> AppDraft {
        AppDraft {
            name: self.name.clone(),
            about: self.about.clone(),
            homepage: self.homepage.clone(),
            redirect_uris: self.redirect_uris.lines().map(str::to_owned).collect(),
            oauth1_callback: self.oauth1_callback.clone(),
            scopes: self.scopes.clone(),
        }
    }
}

pub(super) async fn new(visit: Visit) -> Result<Response, Refusal> {
    visit.needed()?;
    Ok(visit.page(StatusCode::OK, &page(&visit, None, Typed::default(), Errors::default())))
}

pub(super) async fn create(visit: Visit, Form(typed): Form<Typed>) -> Result<Response, Refusal> {
    let caller = visit.needed()?;
    visit.meant(&typed.csrf)?;
    let keeps = if typed.keeps == "public" { Keeps::Nothing } else { Keeps::ASecret };
    let (app, secret) = match visit.app().apps().create(&caller.account, typed.draft(), keeps).await {
        Ok(made) => made,
        Err(error) => {
            let errors = errors(&visit, error)?;
            return Ok(visit.page(StatusCode::UNPROCESSABLE_ENTITY, &page(&visit, None, typed, errors)));
        }
    };
    let app = own(&visit, app.id.as_str()).await?;
    // Not a redirect: the secret is in this answer and nowhere else.
    let secret = secret.map(|secret| secret.reveal().to_owned());
    Ok(visit.page(StatusCode::CREATED, &Show::new(&visit, &app, secret)))
}

pub(super) async fn get(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let app = own(&visit, &id).await?;
    let app = app.get();
    let typed = Typed {
        name: app.name.clone(),
        about: app.about.clone(),
        homepage: app.homepage.clone().unwrap_or_default(),
        redirect_uris: app.redirect_uris.join("\n"),
        oauth1_callback: app.oauth1_callback.clone().unwrap_or_default(),
        scopes: app.scopes.clone(),
        ..Typed::default()
    };
    Ok(visit.page(StatusCode::OK, &page(&visit, Some(app.id), typed, Errors::default())))
}

pub(super) async fn update(
    visit: Visit,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    let app = own(&visit, &id).await?;
    visit.meant(&typed.csrf)?;
    let id = app.get().id;
    match visit.app().apps().update(app, typed.draft()).await {
        Ok(app) => Ok(Redirect::to(&format!("/developer/apps/{}", app.get().id)).into_response()),
        Err(error) => {
            let errors = errors(&visit, error)?;
            Ok(visit.page(StatusCode::UNPROCESSABLE_ENTITY, &page(&visit, Some(id), typed, errors)))
        }
    }
}

fn page(visit: &Visit, id: Option<AppId>, typed: Typed, errors: Errors) -> Edit {
    let frame = visit.frame(if id.is_some() { "Change an app" } else { "Register an app" });
    let token = frame.user.as_ref().map(|user| user.token.clone()).unwrap_or_default();
    Edit { frame, errors, id, typed, token }
}
