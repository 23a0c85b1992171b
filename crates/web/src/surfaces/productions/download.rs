//! `GET /api/download/…`: results and covers, whole or in pieces, for their owner or for whoever has a signed address.

use app::files::Files;
use app::{AppError, Caller};
use axum::Extension;
use axum::extract::{FromRequestParts, RawPathParams, RawQuery, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use model::production::{Input, StoredFile};
use model::{PresetId, ProductionId, Time};
use sha2::{Digest, Sha256};

use super::admit::Asking;
use super::parts::Named;
use super::reply::{Refusals, Refused};
use super::simple::pairs;
use crate::caller::{self, Recognised};
use crate::http::percent;
use crate::http::problem::Problem;
use crate::http::stored::{self, Stored};
use crate::settings::Web;

/// A file of a production's result. With `signed=true` the reply is a redirection to an address that needs no credentials
/// for five minutes.
#[utoipa::path(
    get,
    path = "/api/download/audio-result/{uuid}/{filename}",
    operation_id = "production_download",
    tag = "files",
    params(
        ("uuid" = String, Path, description = "Uuid of the production."),
        ("filename" = String, Path, description = "Name of the file, as `output_files` has it."),
        ("bearer_token" = Option<String>, Query, description = "An API key, for players that cannot send headers."),
        ("signed" = Option<bool>, Query, description = "Whether to be sent to a short-lived signed address."),
        ("Range" = Option<String>, Header, description = "A piece of the file: `bytes=0-1023`."),
    ),
    responses(
        (status = 200, description = "The file.", content_type = "*/*"),
        (status = 206, description = "A piece of it.", content_type = "*/*"),
        (status = 302, description = "The signed address."),
        (status = 304, description = "The client has it already."),
        (status = 416, description = "The file has no such bytes."),
        Refusals
    )
)]
pub(super) async fn result(
    State(web): State<Web>,
    Extension(recognised): Extension<Recognised>,
    Named(id): Named<ProductionId>,
    path: RawPathParams,
    RawQuery(query): RawQuery,
    request: Asked,
) -> Result<Response, Refused> {
    let name = path.iter().find(|(name, _)| *name == "filename").map(|(_, name)| name.to_owned()).unwrap_or_default();
    let query = pairs(query.unwrap_or_default().as_bytes());
    let get = |name: &str| query.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    if let (Some(until), Some(signature)) = (get("until"), get("signature")) {
        let until = Time::from_ms(until.parse().unwrap_or_default());
        let file = web.app().files().signed_result(id, &name, until, signature).await?;
        let served = Served { key: &file.key, name: &file.name, size: file.size, md5: &file.md5 };
        return serve(&web, served, &request, "private, max-age=300").await;
    }
    let caller = caller::needed(Some(&recognised))?;
    let (file, md5) = find(&web, &caller, id, &name).await?;
    if get("signed").is_some_and(|wish| matches!(wish, "1" | "true" | "on" | "yes")) && !md5.is_empty() {
        let until = web.app().now() + Files::SIGNED_FOR;
        let signature = web.app().files().sign(id, &name, until);
        let name = percent::encode(&name);
        let address = format!("/api/download/audio-result/{id}/{name}?until={}&signature={signature}", until.as_ms());
        return Ok((StatusCode::FOUND, [(http::header::LOCATION, web.address(&address))]).into_response());
    }
    let served = Served { key: &file.key, name: &file.name, size: file.size, md5: &md5 };
    serve(&web, served, &request, "private, no-cache").await
}

/// The cover picture of a production.
#[utoipa::path(
    get,
    path = "/api/download/cover/production/{uuid}",
    operation_id = "production_cover",
    tag = "files",
    params(("uuid" = String, Path, description = "Uuid of the production.")),
    responses(
        (status = 200, description = "The picture.", content_type = "*/*"),
        Refusals
    )
)]
pub(super) async fn production_cover(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(id): Named<ProductionId>,
    request: Asked,
) -> Result<Response, Refused> {
    let draft = web.app().productions().find(&caller, id).await?.draft;
    cover(&web, draft.cover, &request).await
}

/// The cover picture of a preset.
#[utoipa::path(
    get,
    path = "/api/download/cover/preset/{uuid}",
    operation_id = "preset_cover",
    tag = "files",
    params(("uuid" = String, Path, description = "Uuid of the preset.")),
    responses(
        (status = 200, description = "The picture.", content_type = "*/*"),
        Refusals
    )
)]
pub(super) async fn preset_cover(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(id): Named<PresetId>,
    request: Asked,
) -> Result<Response, Refused> {
    let draft = web.app().presets().find(&caller, id).await?.draft;
    cover(&web, draft.cover, &request).await
}

/// How a file is asked for.
pub(super) struct Asked {
    method: Method,
    headers: HeaderMap,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self { method: parts.method.clone(), headers: parts.headers.clone() })
    }
}

/// A file on its way out. Where no checksum was kept, the name in storage stands for the contents: it is never used twice.
struct Served<'a> {
    key: &'a str,
    name: &'a str,
    size: u64,
    md5: &'a str,
}

/// A result by its name, or else a drawing, which has no checksum.
async fn find(web: &Web, caller: &Caller, id: ProductionId, name: &str) -> Result<(StoredFile, String), AppError> {
    match web.app().productions().result(caller, id, name).await {
        Ok(file) => Ok((StoredFile { key: file.key, name: file.name, size: file.size }, file.md5)),
        Err(AppError::NotFound("file")) => {
            Ok((web.app().productions().drawing(caller, id, name).await?, String::new()))
        }
        Err(error) => Err(error),
    }
}

async fn cover(web: &Web, cover: Option<Input>, request: &Asked) -> Result<Response, Refused> {
    let Some(Input::File(file)) = cover else { return Err(Problem::not_found("picture").into()) };
    let served = Served { key: &file.key, name: &file.name, size: file.size, md5: "" };
    serve(web, served, request, "private, no-cache").await
}

async fn serve(web: &Web, file: Served<'_>, request: &Asked, cache: &'static str) -> Result<Response, Refused> {
    let tag = if file.md5.is_empty() { short_hash(file.key) } else { file.md5.to_owned() };
    let stored = Stored {
        key: file.key,
        size: file.size,
        version: &tag,
        kind: media_type(file.name),
        saved_as: Some(disposition(file.name)),
        cache,
    };
    Ok(stored::serve(web, &stored, &request.method, &request.headers).await?)
}

/// Something that stands for a name in storage without telling it.
fn short_hash(key: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    STANDARD_NO_PAD.encode(&digest[..12])
}

/// What kind of file it is, by the ending that we gave it.
fn media_type(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "mp3" => "audio/mpeg",
        "m4a" | "m4b" | "mp4" => "audio/mp4",
        "opus" | "ogg" | "oga" => "audio/ogg",
        "flac" => "audio/flac",
        "wav" => "audio/wav",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "json" => "application/json",
        "psc" => "application/xml",
        "txt" => "text/plain; charset=utf-8",
        "vtt" => "text/vtt; charset=utf-8",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

/// The name under which it is saved: plain for old clients, whole for all others (RFC 6266, RFC 8187).
fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' { c } else { '_' })
        .collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", percent::encode(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_for_old_clients_and_whole_for_others() {
        assert_eq!(
            disposition("Größe \"1\".mp3"),
            "attachment; filename=\"Gr__e _1_.mp3\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%221%22.mp3"
        );
    }

    #[test]
    fn endings_say_what_it_is() {
        assert_eq!(media_type("a.b.MP3"), "audio/mpeg");
        assert_eq!(media_type("README"), "application/octet-stream");
    }
}
