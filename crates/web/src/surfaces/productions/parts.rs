//! Parts of a request as handlers ask for them: the name in the address, the JSON body.

use std::str::FromStr;

use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use bytes::Bytes;
use http::request::Parts;
use wire::productions::MAX_BODY_BYTES;

use super::reply::Refused;
use crate::http::body;
use crate::http::problem::Problem;

/// What kind of thing an id names, for the sentence that says it is not there.
pub(super) trait Kind: FromStr {
    /// The noun.
    const NOUN: &'static str;
}

impl Kind for model::ProductionId {
    const NOUN: &'static str = "production";
}

impl Kind for model::PresetId {
    const NOUN: &'static str = "preset";
}

impl Kind for model::ServiceId {
    const NOUN: &'static str = "service";
}

impl Kind for model::UploadId {
    const NOUN: &'static str = "upload";
}

/// The `{uuid}` of an address that goes on after it.
pub(super) struct Named<I>(pub(super) I);

impl<I: Kind, S: Send + Sync> FromRequestParts<S> for Named<I> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let text = parameter(parts, state, "uuid").await.ok_or_else(|| Problem::not_found(I::NOUN))?;
        Ok(Self(text.parse().map_err(|_| Problem::not_found(I::NOUN))?))
    }
}

/// The `{uuid}.json` at the end of an address.
pub(super) struct NamedJson<I>(pub(super) I);

impl<I: Kind, S: Send + Sync> FromRequestParts<S> for NamedJson<I> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let text = parameter(parts, state, "uuid").await;
        let uuid = text.as_deref().and_then(|text| text.strip_suffix(".json"));
        let id = uuid.and_then(|uuid| uuid.parse().ok()).ok_or_else(|| Problem::not_found(I::NOUN))?;
        Ok(Self(id))
    }
}

/// The `{upload}` of an address.
pub(super) struct NamedUpload(pub(super) model::UploadId);

impl<S: Send + Sync> FromRequestParts<S> for NamedUpload {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let text = parameter(parts, state, "upload").await;
        let id = text.and_then(|text| text.parse().ok()).ok_or_else(|| Problem::not_found("upload"))?;
        Ok(Self(id))
    }
}

/// A body that is read whole as JSON. A type is not asked for: curl says it is a form when nobody tells it otherwise.
pub(super) struct JsonBody(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Refused;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refused> {
        let (parts, body) = request.into_parts();
        if body::media_type(&parts.headers).starts_with("multipart/") {
            let message = "This address takes JSON. Files go to upload.json, forms to /api/simple/productions.json.";
            return Err(Problem::unsupported(message).into());
        }
        Ok(Self(body::whole(&parts.headers, body, MAX_BODY_BYTES).await?))
    }
}

async fn parameter<S: Send + Sync>(parts: &mut Parts, state: &S, name: &str) -> Option<String> {
    let parameters = RawPathParams::from_request_parts(parts, state).await.ok()?;
    parameters.iter().find(|(found, _)| *found == name).map(|(_, value)| value.to_owned())
}
