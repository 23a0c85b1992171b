//! `GET /oembed`: how pages of others put a player in, as oembed.com asks for it, in JSON and XML.

use app::AppError;
use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use serde::Deserialize;
use wire::narration::Oembed;

use super::{Silent, parsed, text};
use crate::http::problem::Problem;
use crate::settings::Web;

/// Pixels of the compact form.
const HEIGHT: u32 = 124;
const WIDEST: u32 = 700;
const NARROWEST: u32 = 280;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    url: String,
    format: String,
    maxwidth: String,
    maxheight: String,
}

pub(super) async fn get(State(web): State<Web>, Query(asked): Query<Asked>) -> Result<Response, Silent> {
    if asked.url.is_empty() {
        let message = "Give the address of a player, as in ?url=https://….";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "url", message).into());
    }
    let id = id_in(&web, &asked.url).ok_or(AppError::NotFound("player"))?;
    let player = web.app().narrations().player(parsed(id)?).await?;
    let most = |text: &str| text.parse::<u32>().ok();
    if most(&asked.maxheight).is_some_and(|most| most < HEIGHT) {
        let message = format!("A player is {HEIGHT} pixels high, and does not fit into less.");
        return Err(Problem::new(StatusCode::NOT_FOUND, "too_small", message).into());
    }
    if most(&asked.maxwidth).is_some_and(|most| most < NARROWEST) {
        let message = format!("A player is {NARROWEST} pixels wide at least, and does not fit into less.");
        return Err(Problem::new(StatusCode::NOT_FOUND, "too_small", message).into());
    }
    let width = most(&asked.maxwidth).map_or(WIDEST, |most| most.min(WIDEST));
    let title = player.production.draft.metadata.title.clone();
    let about = player.narration.about.clone().unwrap_or_default();
    let html = format!(
        "<iframe src=\"{}\" width=\"{width}\" height=\"{HEIGHT}\" title=\"{}\" loading=\"lazy\" allow=\"autoplay\" \
         style=\"border:0;width:100%;max-width:{width}px;height:{HEIGHT}px\"></iframe>",
        web.address(&format!("/embed/{}", player.narration.id)),
        text::plain(&title)
    );
    let oembed = Oembed {
        kind: "rich",
        version: "1.0",
        title,
        author_name: about.author,
        provider_name: player.site().to_owned(),
        provider_url: url::Url::parse(&player.narration.address)
            .map_or_else(|_| web.address("/"), |article| article.origin().ascii_serialization()),
        cache_age: 3_600,
        html,
        width,
        height: HEIGHT,
    };
    let headers = [(CACHE_CONTROL, "public, max-age=300"), (ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    match asked.format.as_str() {
        "" | "json" => Ok((headers, Json(oembed)).into_response()),
        "xml" => Ok((headers, [(CONTENT_TYPE, "text/xml; charset=utf-8")], oembed.to_xml()).into_response()),
        other => {
            let shown: String = other.chars().take(20).collect();
            let message = format!("Formats are json and xml; this is “{shown}”.");
            Err(Problem::new(StatusCode::NOT_IMPLEMENTED, "format", message).into())
        }
    }
}

/// The id in the address of a player or embed of this house.
fn id_in<'u>(web: &Web, address: &'u str) -> Option<&'u str> {
    let ours = web.address("");
    let path = address.strip_prefix(ours.as_str())?;
    let id = path.strip_prefix("/p/").or_else(|| path.strip_prefix("/embed/"))?;
    id.split(['?', '#', '/']).next().filter(|id| !id.is_empty())
}
