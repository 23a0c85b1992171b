//! Listening in the editor, before anything is published: to a segment as it is saved, and to what was rendered last.

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, Method};

use super::super::problem;
use super::super::visit::{Refusal, Visit};
use super::editor::desk;
use super::{Silent, parsed};
use crate::http::stored::{self, Stored};
use crate::settings::Web;

/// `GET /p/{id}/edit/segments/{segment}/sound.wav`: what is saved now. The address carries the revision, so that a browser does not take one for another.
pub(super) async fn segment(
    State(web): State<Web>,
    visit: Visit,
    Path((id, segment)): Path<(String, u32)>,
    method: Method,
    headers: HeaderMap,
) -> Result<Result<Response, Silent>, Refusal> {
    let id = parsed(&id).map_err(|error| problem::refuse(&visit, error))?;
    let desk = desk(&visit, id).await?;
    let sent = async {
        let (key, size) = web.app().narrations().hear(&desk.editor, id, segment).await?;
        let key = key.to_string();
        let stored =
            Stored { key: &key, size, version: &key, kind: "audio/wav", saved_as: None, cache: "private, no-cache" };
        Ok(stored::serve(&web, &stored, &method, &headers).await?)
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
    let id = parsed(&id).map_err(|error| problem::refuse(&visit, error))?;
    let desk = desk(&visit, id).await?;
    let sent = async {
        let file = web.app().narrations().rendered_sound(&desk.editor, id, "mp3").await?;
        let (key, version) = (&file.key, &file.md5);
        let stored =
            Stored { key, size: file.size, version, kind: "audio/mpeg", saved_as: None, cache: "private, no-cache" };
        Ok(stored::serve(&web, &stored, &method, &headers).await?)
    };
    Ok(sent.await)
}

/// Whether one of the words that the publication says in its own way may be in a text.
pub(super) fn says_one_of(text: &str, words: &[(String, String)]) -> bool {
    let text = text.to_lowercase();
    words.iter().any(|(word, _)| text.contains(word.as_str()))
}
