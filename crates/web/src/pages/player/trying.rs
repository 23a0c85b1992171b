//! Listening in the editor, before anything is published: to a segment as it is saved, and to what was rendered last.

use app::narrations::Editor;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, Method};
use model::ProductionId;

use super::super::problem;
use super::super::visit::{Refusal, Visit};
use super::desk::desk;
use super::{Silent, parsed};
use crate::http::stored::{self, Stored};
use crate::settings::Web;

/// What is not published yet stays with whoever asked for it.
const PRIVATE: &str = "private, no-cache";

/// `GET /p/{id}/edit/segments/{segment}/sound.wav`: what is saved now. The address carries the revision, so that a browser does not take one for another.
pub(super) async fn segment(
    State(web): State<Web>,
    visit: Visit,
    Path((id, segment)): Path<(String, u32)>,
    method: Method,
    headers: HeaderMap,
) -> Result<Result<Response, Silent>, Refusal> {
    let (id, editor) = editing(&visit, &id).await?;
    let sent = async {
        let (key, size) = web.app().narrations().hear(&editor, id, segment).await?;
        let key = key.to_string();
        let sound = Stored { key: &key, size, version: &key, kind: "audio/wav", saved_as: None, cache: PRIVATE };
        Ok(stored::serve(&web, &sound, &method, &headers).await?)
    };
    Ok(sent.await)
}

/// `GET /p/{id}/edit/rendered.mp3`
pub(super) async fn rendered(
    State(web): State<Web>,
    visit: Visit,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Result<Response, Silent>, Refusal> {
    let (id, editor) = editing(&visit, &id).await?;
    let sent = async {
        let file = web.app().narrations().rendered_sound(&editor, id, "mp3").await?;
        let (key, version) = (&file.key, &file.md5);
        let sound = Stored { key, size: file.size, version, kind: "audio/mpeg", saved_as: None, cache: PRIVATE };
        Ok(stored::serve(&web, &sound, &method, &headers).await?)
    };
    Ok(sent.await)
}

/// Which narration it is, and who may edit it.
async fn editing(visit: &Visit, id: &str) -> Result<(ProductionId, Editor), Refusal> {
    let id = parsed(id).map_err(|error| problem::refuse(visit, error))?;
    Ok((id, desk(visit, id).await?.editor))
}

/// Whether one of the words that the publication says in its own way may be in a text.
pub(super) fn says_one_of(text: &str, words: &[(String, String)]) -> bool {
    let text = text.to_lowercase();
    words.iter().any(|(word, _)| text.contains(word.as_str()))
}
