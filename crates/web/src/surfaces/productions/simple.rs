//! `POST /api/simple/productions.json`: upload, metadata and start in one form.

use app::productions::NewProduction;
use axum::extract::{FromRequest, Request, State};
use wire::productions::{Action, Form, MAX_BODY_BYTES, Production, SimpleRequest};

use super::admit::Asking;
use super::files::{self, Files};
use super::reply::{Refusals, Reply, reply};
use super::shown::shown;
use crate::http::body;
use crate::http::problem::Problem;
use crate::settings::Web;

/// Makes a production from a form, and starts it if that is wished.
#[utoipa::path(
    post,
    path = "/api/simple/productions.json",
    operation_id = "production_create_simple",
    tag = "productions",
    request_body(content = SimpleRequest, content_type = "multipart/form-data"),
    responses((status = 200, description = "The production.", body = wire::productions::Envelope<Production>), Refusals)
)]
pub(super) async fn post(State(web): State<Web>, Asking(caller): Asking, request: Request) -> Reply<Production> {
    let request = match body::media_type(request.headers()).as_str() {
        "multipart/form-data" => {
            let form = Files::from_request(request, &web).await?;
            files::form(web.app(), &caller, form, web.offer()).await?
        }
        "application/x-www-form-urlencoded" => {
            let (parts, body) = request.into_parts();
            let bytes = body::whole(&parts.headers, body, MAX_BODY_BYTES).await?;
            let mut form = Form::new(web.offer());
            for (name, value) in pairs(&bytes) {
                form.text(&name, &value);
            }
            form.finish()?
        }
        _ => return Err(no_form().into()),
    };
    let start = request.action == Action::Start;
    let new = NewProduction { preset: request.preset, edit: request.edit, start };
    let production = web.app().productions().create(&caller, new).await?;
    reply(shown(&web, &caller, &production, &request.warnings).await?)
}

/// Names and values of a form without files.
pub(super) fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(bytes).into_owned().collect()
}

fn no_form() -> Problem {
    Problem::unsupported("The simple API takes a form, multipart/form-data. JSON goes to /api/productions.json.")
}
