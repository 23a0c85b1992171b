//! `/api/production/{uuid}/uploads`: uploads that go on where the line broke, by the tus protocol 1.0.
//!
//! The extensions are creation, creation-with-upload, expiration and termination. Which production and which of its files an
//! upload is for, its address and its metadata say: `filename`, and `field` with `input_file` or `image`.

use app::uploads::{Field, Upload};
use app::{AppError, Caller};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use model::{ProductionId, UploadId};
use wire::productions::FormErrors;

use super::admit::Asking;
use super::parts::{Named, NamedUpload};
use super::reply::{Refusals, Refused};
use crate::http::body;
use crate::http::problem::Problem;
use crate::settings::Web;

const VERSION: &str = "1.0.0";
const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const VERSIONS: HeaderName = HeaderName::from_static("tus-version");
const EXTENSIONS: HeaderName = HeaderName::from_static("tus-extension");
const MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const PIECE: &str = "application/offset+octet-stream";

/// What the server can do.
#[utoipa::path(
    options,
    path = "/api/production/{uuid}/uploads",
    operation_id = "upload_options",
    tag = "uploads",
    params(("uuid" = String, Path, description = "Uuid of the production.")),
    responses((status = 204, description = "Headers say what can be done."), Refusals)
)]
pub(super) async fn options(State(web): State<Web>) -> Response {
    let mut headers = resumable();
    headers.insert(VERSIONS, HeaderValue::from_static(VERSION));
    let extensions = "creation,creation-with-upload,expiration,termination";
    headers.insert(EXTENSIONS, HeaderValue::from_static(extensions));
    headers.insert(MAX_SIZE, HeaderValue::from(web.app().rules().upload_limit));
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Begins an upload. The reply's `Location` is where the bytes go; some may come along already.
#[utoipa::path(
    post,
    path = "/api/production/{uuid}/uploads",
    operation_id = "upload_create",
    tag = "uploads",
    params(
        ("uuid" = String, Path, description = "Uuid of the production."),
        ("Tus-Resumable" = String, Header, description = "`1.0.0`."),
        ("Upload-Length" = u64, Header, description = "Bytes that the file has."),
        ("Upload-Metadata" = Option<String>, Header, description = "`filename` and `field`, each with its value in base64."),
    ),
    responses(
        (status = 201, description = "It is at `Location`."),
        (status = 412, description = "Another version of the protocol."),
        Refusals
    )
)]
pub(super) async fn post(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(id): Named<ProductionId>,
    request: Request,
) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    speaks(&parts.headers)?;
    let length =
        number(&parts.headers, &LENGTH).ok_or_else(|| missing("Upload-Length", "the bytes that the file has"))?;
    let metadata = metadata(&parts.headers)?;
    let said = |name: &str| metadata.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    let field = match said("field").unwrap_or("input_file") {
        "input_file" => Field::Input,
        "image" => Field::Cover,
        _ => return Err(FormErrors::of("field", "field takes input_file or image.").into()),
    };
    let name = said("filename").or_else(|| said("name")).unwrap_or_default();
    let uploads = web.app().uploads();
    let mut upload = uploads.create(&caller, id, field, name, length).await?;
    // An empty file is complete as soon as it is there.
    if body::media_type(&parts.headers) == PIECE || length == 0 {
        upload = uploads.append(&caller, upload.id, 0, body.into_data_stream()).await?;
    }
    let mut headers = told(&upload);
    if let Ok(address) = HeaderValue::try_from(web.address(&format!("/api/production/{id}/uploads/{}", upload.id))) {
        headers.insert(LOCATION, address);
    }
    Ok((StatusCode::CREATED, headers).into_response())
}

/// How many bytes are there.
#[utoipa::path(
    head,
    path = "/api/production/{uuid}/uploads/{upload}",
    operation_id = "upload_find",
    tag = "uploads",
    params(
        ("uuid" = String, Path, description = "Uuid of the production."),
        ("upload" = String, Path, description = "Id of the upload."),
        ("Tus-Resumable" = String, Header, description = "`1.0.0`."),
    ),
    responses(
        (status = 200, description = "`Upload-Offset` says how many bytes are there."),
        (status = 412, description = "Another version of the protocol."),
        Refusals
    )
)]
pub(super) async fn head(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(production): Named<ProductionId>,
    NamedUpload(id): NamedUpload,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    if method != Method::HEAD {
        let message = "An upload is asked for with HEAD; there is nothing of it to get.";
        return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message).into());
    }
    speaks(&headers)?;
    let upload = find(&web, &caller, production, id).await?;
    let mut headers = told(&upload);
    headers.insert(LENGTH, HeaderValue::from(upload.length.unwrap_or_default()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok((StatusCode::OK, headers).into_response())
}

/// Adds bytes to what is there.
#[utoipa::path(
    patch,
    path = "/api/production/{uuid}/uploads/{upload}",
    operation_id = "upload_append",
    tag = "uploads",
    params(
        ("uuid" = String, Path, description = "Uuid of the production."),
        ("upload" = String, Path, description = "Id of the upload."),
        ("Tus-Resumable" = String, Header, description = "`1.0.0`."),
        ("Upload-Offset" = u64, Header, description = "Bytes that are there already."),
    ),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses(
        (status = 204, description = "`Upload-Offset` says how many bytes are there now."),
        (status = 412, description = "Another version of the protocol."),
        Refusals
    )
)]
pub(super) async fn patch(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(production): Named<ProductionId>,
    NamedUpload(id): NamedUpload,
    request: Request,
) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    speaks(&parts.headers)?;
    if body::media_type(&parts.headers) != PIECE {
        return Err(Problem::unsupported(format!("A piece of an upload is {PIECE}.")).into());
    }
    let offset = number(&parts.headers, &OFFSET).ok_or_else(|| missing("Upload-Offset", "the bytes that are there"))?;
    find(&web, &caller, production, id).await?;
    let upload = web.app().uploads().append(&caller, id, offset, body.into_data_stream()).await?;
    Ok((StatusCode::NO_CONTENT, told(&upload)).into_response())
}

/// Ends an upload before it is complete.
#[utoipa::path(
    delete,
    path = "/api/production/{uuid}/uploads/{upload}",
    operation_id = "upload_remove",
    tag = "uploads",
    params(
        ("uuid" = String, Path, description = "Uuid of the production."),
        ("upload" = String, Path, description = "Id of the upload."),
        ("Tus-Resumable" = String, Header, description = "`1.0.0`."),
    ),
    responses(
        (status = 204, description = "It is gone."),
        (status = 412, description = "Another version of the protocol."),
        Refusals
    )
)]
pub(super) async fn delete(
    State(web): State<Web>,
    Asking(caller): Asking,
    Named(production): Named<ProductionId>,
    NamedUpload(id): NamedUpload,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    speaks(&headers)?;
    find(&web, &caller, production, id).await?;
    web.app().uploads().remove(&caller, id).await?;
    Ok((StatusCode::NO_CONTENT, resumable()).into_response())
}

/// The upload, if it is one of that production.
async fn find(web: &Web, caller: &Caller, production: ProductionId, id: UploadId) -> Result<Upload, AppError> {
    let upload = web.app().uploads().find(caller, id).await?;
    if upload.production != production {
        return Err(AppError::NotFound("upload"));
    }
    Ok(upload)
}

/// The headers of every reply of this protocol.
fn resumable() -> HeaderMap {
    HeaderMap::from_iter([(RESUMABLE, HeaderValue::from_static(VERSION))])
}

fn told(upload: &Upload) -> HeaderMap {
    let mut headers = resumable();
    headers.insert(OFFSET, HeaderValue::from(upload.offset));
    // RFC 9110's date, as the protocol wants it.
    if let Ok(expires) = HeaderValue::try_from(wire::http_date(upload.expires)) {
        headers.insert(EXPIRES, expires);
    }
    headers
}

/// Refuses versions of the protocol that are not spoken here.
fn speaks(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.get(&RESUMABLE).is_some_and(|version| version == VERSION) {
        return Ok(());
    }
    let message = format!("This address speaks tus {VERSION}, and a request says so in the header Tus-Resumable.");
    let problem = Problem::new(StatusCode::PRECONDITION_FAILED, "tus_version", message);
    Err(problem.with(VERSIONS, HeaderValue::from_static(VERSION)))
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    let text = headers.get(name)?.to_str().ok()?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn missing(header: &str, what: &str) -> Problem {
    FormErrors::of(header, format!("The header {header} is missing or no number. It says {what}.")).into()
}

/// `name base64, name base64, …`; a name may stand alone.
fn metadata(headers: &HeaderMap) -> Result<Vec<(String, String)>, Problem> {
    let wrong = || -> Problem {
        let what = "Upload-Metadata takes names, each with its value in base64 after a space, and commas between.";
        FormErrors::of("Upload-Metadata", what).into()
    };
    let Some(text) = headers.get(&METADATA) else { return Ok(Vec::new()) };
    let text = text.to_str().map_err(|_| wrong())?;
    let pair = |pair: &str| {
        let (name, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let value = STANDARD.decode(value.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        value.map(|value| (name.to_owned(), value)).ok_or_else(wrong)
    };
    text.split(',').map(str::trim).filter(|pair| !pair.is_empty()).map(pair).collect()
}
