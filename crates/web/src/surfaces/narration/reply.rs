//! How this surface answers: JSON, and problems as RFC 9457 has them.

use app::AppError;
use app::narrations::{Player, Status};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, VARY, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, StatusCode};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use wire::narration::{PlayerShown, StatusName, iso};

use crate::http::problem::Problem;
use crate::settings::Web;

/// A problem, `application/problem+json`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the answer that `Refused` writes")]
pub(super) struct ProblemShown {
    /// The status in words.
    title: String,
    /// The status.
    status: u16,
    /// What is wrong and what to do, in a sentence.
    detail: String,
    /// A short name, for programs.
    code: String,
    /// What is wrong with each field.
    errors: Vec<FieldShown>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the answer that `Refused` writes")]
pub(super) struct FieldShown {
    /// Which one: a name of the body, or of a header.
    field: String,
    /// What is wanted, and what was found.
    message: String,
}

/// Why an organization did not get what it asked for.
pub(super) struct Refused {
    pub(super) problem: Problem,
    /// The page that may read why.
    pub(super) origin: Option<HeaderValue>,
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self { problem, origin: None }
    }
}

impl From<AppError> for Refused {
    fn from(error: AppError) -> Self {
        Problem::from(error).into()
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Problem { status, code, message, fields, headers } = self.problem;
        let mut headers = *headers;
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"Soundpost\", charset=\"UTF-8\""));
        }
        read_by(&mut headers, self.origin);
        let all = || fields.iter().flat_map(|(field, messages)| messages.iter().map(move |message| (field, message)));
        let errors: Vec<_> = all().map(|(field, message)| json!({ "field": field, "message": message })).collect();
        let said: Vec<_> = all().map(|(_, message)| message.as_str()).collect();
        let detail = if message.is_empty() { said.join(" ") } else { message };
        let body = json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or_default(),
            "status": status.as_u16(),
            "detail": detail,
            "code": code,
            "errors": errors,
        });
        (status, headers, body.to_string()).into_response()
    }
}

/// Nothing is at that address.
pub(super) async fn no_such_path() -> Refused {
    let message = "There is nothing at this address. What there is, /docs shows.";
    Problem::new(StatusCode::NOT_FOUND, "not_found", message).into()
}

/// Something is at that address, and does not take that method.
pub(super) async fn no_such_method(method: Method) -> Refused {
    let message = format!("This address does not take {method}. What it takes, /docs shows.");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message).into()
}

/// An answer that a page may read, if one asked.
pub(super) fn answer(status: StatusCode, body: &impl Serialize, origin: Option<HeaderValue>) -> Response {
    let mut response = (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response();
    read_by(response.headers_mut(), origin);
    response
}

/// Lets the page of that origin read an answer, and no other.
fn read_by(headers: &mut http::HeaderMap, origin: Option<HeaderValue>) {
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
}

/// A player, for programs: for an organization's own server with what it calls whoever asked for it.
pub(super) async fn shown(web: &Web, player: &Player, is_server: bool) -> Result<PlayerShown, AppError> {
    let theirs = if is_server { web.app().narrations().theirs(player).await? } else { None };
    let (narration, id) = (&player.narration, player.narration.id);
    let address = |end: &str| web.address(&format!("/p/{id}{end}"));
    let made = player.published().map(|published| &published.made);
    Ok(PlayerShown {
        player_id: id,
        player_url: address(""),
        embed_url: web.address(&format!("/embed/{id}")),
        url: narration.address.clone(),
        status: status_name(player.status()),
        progress: match player.status() {
            Status::Ready if !player.production.state.is_running() => 1.0,
            Status::Ready | Status::Generating => player.underway.fraction(&player.production.state),
            Status::Error => 0.0,
        },
        title: player.production.draft.metadata.title.clone(),
        audio_url: made.map(|_| address("/audio.mp3")),
        duration: made.map(|made| made.length_ms as f64 / 1_000.0),
        transcript_url: made.map(|_| address("/words.vtt")),
        error: player.trouble().map(str::to_owned),
        organization_user_id: theirs,
        created_at: iso(narration.created),
        updated_at: iso(narration.changed),
    })
}

pub(crate) fn status_name(status: Status) -> StatusName {
    match status {
        Status::Generating => StatusName::Generating,
        Status::Ready => StatusName::Ready,
        Status::Error => StatusName::Error,
    }
}
