//! `POST /oauth2/token/`: a code, a refresh token and the like are traded for tokens (RFC 6749, section 3.2).

use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::response::Response;
use http::request::Parts;
use protocols::oauth2::{ErrorCode, MAX_BYTES, MAX_PARAMETERS, Refusal, TokenRequest};

use super::reply::{Refused, answer, authorization, form};
use crate::caller::peer;
use crate::http::body;
use crate::settings::Web;

pub(super) async fn post(State(web): State<Web>, request: Request) -> Result<Response, Refused> {
    let (parts, sent) = request.into_parts();
    let asked = read(&parts, sent).await?;
    let traded = web.app().oauth2().trade(asked, peer::of(&parts)).await;
    traded.map(|reply| answer(&reply)).map_err(|error| Refused::new(error, &parts.headers))
}

/// Reads the body, which old clients of this API send as multipart.
async fn read(parts: &Parts, sent: Body) -> Result<TokenRequest, Refused> {
    let header = authorization(&parts.headers);
    let by = |refusal| Refused::by(refusal, &parts.headers);
    if body::media_type(&parts.headers) == "multipart/form-data" {
        let fields = fields(parts, sent).await.map_err(by)?;
        return TokenRequest::from_fields(header, fields).map_err(by);
    }
    let form = form(&parts.headers, sent).await?;
    TokenRequest::parse(header, &form).map_err(by)
}

async fn fields(parts: &Parts, sent: Body) -> Result<Vec<(String, String)>, Refusal> {
    let wrong = |why: &str| Refusal::new(ErrorCode::InvalidRequest, why);
    let unreadable = || wrong("The multipart body cannot be read.");
    let request = Request::from_parts(parts.clone(), sent);
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| unreadable())?;
    let (mut fields, mut held) = (Vec::new(), 0);
    while let Some(mut field) = parts.next_field().await.map_err(|_| unreadable())? {
        if fields.len() >= MAX_PARAMETERS {
            return Err(wrong("The body has more fields than any request needs."));
        }
        let name = field.name().unwrap_or_default().to_owned();
        let mut value = Vec::new();
        while let Some(piece) = field.chunk().await.map_err(|_| unreadable())? {
            held += piece.len();
            if held > MAX_BYTES {
                return Err(wrong("The body is larger than any request needs to be."));
            }
            value.extend_from_slice(&piece);
        }
        fields.push((name, String::from_utf8(value).map_err(|_| unreadable())?));
    }
    Ok(fields)
}
