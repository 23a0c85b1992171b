//! `POST /audyo`: an article is to be read aloud.

use app::narrations::Request as Wanted;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderName, StatusCode};
use model::narration::Wish;
use wire::narration::{Asked, Requested};

use super::partner;
use super::reply::{ProblemShown, Refused, answer};
use crate::http::body::{self, media_type};
use crate::http::problem::Problem;
use crate::settings::Web;

/// Bytes of a body.
const MOST: usize = 64 << 10;

pub(super) const USER: HeaderName = HeaderName::from_static("organization-user-id");
const PUBLICATION: HeaderName = HeaderName::from_static("organization-publication-id");
const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Has an article read aloud. It is answered before anything is fetched; the player's page works from then on.
///
/// The same address again for the same person gives the same player; one that did not work is tried again.
#[utoipa::path(
    post,
    path = "/audyo",
    operation_id = "narrate",
    tag = "narration",
    params(
        ("Organization-User-Id" = String, Header, description = "Which of the organization's people asks, in its own words."),
        ("Organization-Publication-Id" = Option<String>, Header, description = "What the article appears in, in the organization's own words."),
        ("Idempotency-Key" = Option<String>, Header, description = "A name for this request; the same again within a day does nothing more."),
        ("regenerate" = Option<bool>, Query, description = "Whether the audio is made anew, under the same id."),
    ),
    request_body(content((Asked = "application/json"), (Asked = "application/x-www-form-urlencoded"))),
    responses(
        (status = 202, description = "It is on its way.", body = Requested),
        (status = 200, description = "It was asked for before.", body = Requested),
        (status = 400, description = "What is asked for makes no sense.", body = ProblemShown, content_type = "application/problem+json"),
        (status = 401, description = "The key is not known.", body = ProblemShown, content_type = "application/problem+json"),
        (status = 403, description = "The key is a public one.", body = ProblemShown, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long.", body = ProblemShown, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another kind.", body = ProblemShown, content_type = "application/problem+json"),
        (status = 422, description = "The address is one that is not asked.", body = ProblemShown, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests.", body = ProblemShown, content_type = "application/problem+json"),
    ),
    security(("private_key" = []))
)]
pub(super) async fn post(State(web): State<Web>, request: Request) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let partner = partner::private(&web, &parts).await?;
    let bytes = body::whole(&parts.headers, body, MOST).await?;
    let asked = read(&parts, &bytes)?;
    if asked.soundlink.is_some() {
        let message = "soundlink: links cannot be hidden in the sound yet. Leave it out.";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "not_built", message).into());
    }
    let text = |name: &HeaderName| {
        let value = parts.headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
    };
    let wanted = Wanted {
        address: asked.url,
        user: text(&USER).unwrap_or_default(),
        publication: text(&PUBLICATION).filter(|theirs| !theirs.is_empty()),
        wish: Wish {
            voice: given(asked.voice),
            title: given(asked.title),
            language: given(asked.language),
            webhook: given(asked.webhook_url),
        },
        is_anew: is_anew(parts.uri.query().unwrap_or_default()),
        key: text(&KEY),
    };
    let done = web.app().narrations().request(&partner, wanted).await?;
    let status = if done.is_begun { StatusCode::ACCEPTED } else { StatusCode::OK };
    let player_url = web.address(&format!("/p/{}", done.id));
    Ok(answer(status, &Requested { player_url, player_id: done.id }, None))
}

fn read(parts: &Parts, bytes: &[u8]) -> Result<Asked, Problem> {
    match media_type(&parts.headers).as_str() {
        "application/x-www-form-urlencoded" => {
            Ok(Asked::from_pairs(url::form_urlencoded::parse(bytes).into_owned().collect()))
        }
        // Clients that say nothing mean JSON.
        "application/json" | "" => serde_json::from_slice(bytes).map_err(|error| {
            let message = format!("The body is no such JSON object: {error}. Send {{\"url\": \"https://…\"}}.");
            Problem::new(StatusCode::BAD_REQUEST, "invalid", message)
        }),
        other => Err(Problem::unsupported(format!(
            "The body is {other}. Send application/json or application/x-www-form-urlencoded."
        ))),
    }
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn is_anew(query: &str) -> bool {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.any(|(name, value)| name == "regenerate" && matches!(&*value, "" | "1" | "true" | "yes" | "on"))
}
