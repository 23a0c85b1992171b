//! Style sheets, fonts and the script: embedded, and served under an address that has their content's fingerprint in it.
//!
//! An address with today's fingerprint may be kept for ever. One with another, from a page that was rendered by another version of
//! the program, is answered with today's file and not kept. Nothing else is served from here.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{StatusCode, header};
use rust_embed::Embed;

/// The folder with the files.
#[derive(Embed)]
#[folder = "assets/"]
struct Folder;

struct File {
    bytes: Bytes,
    kind: &'static str,
    fingerprint: String,
}

static FILES: LazyLock<BTreeMap<String, File>> = LazyLock::new(|| {
    let mut files = BTreeMap::new();
    for name in Folder::iter() {
        if let Some(file) = Folder::get(&name) {
            files.insert(name.clone().into_owned(), File::new(&name, Bytes::from(file.data.into_owned())));
        }
    }
    // Style sheets name fonts by their place in the folder; pages know them by their fingerprint.
    let places: Vec<_> = files.iter().map(|(name, file)| (format!("url({name})"), place(name, file))).collect();
    for (name, file) in files.iter_mut().filter(|(_, file)| file.kind.starts_with("text/css")) {
        let text = String::from_utf8_lossy(&file.bytes).into_owned();
        let text = places.iter().fold(text, |text, (from, to)| text.replace(from, &format!("url({to})")));
        *file = File::new(name, Bytes::from(text));
    }
    files
});

impl File {
    fn new(name: &str, bytes: Bytes) -> Self {
        let kind = match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            "woff2" => "font/woff2",
            _ => "text/plain; charset=utf-8",
        };
        let mut hasher = DefaultHasher::new();
        hasher.write(&bytes);
        Self { bytes, kind, fingerprint: format!("{:016x}", hasher.finish()) }
    }
}

/// The address of a file; of one that is not there, an address that is not found.
pub(crate) fn href(name: &str) -> String {
    FILES.get(name).map_or_else(|| format!("/assets/none/{name}"), |file| place(name, file))
}

/// The contents of a file, for those few that have an address that stays.
pub(crate) fn bytes(name: &str) -> Bytes {
    FILES.get(name).map(|file| file.bytes.clone()).unwrap_or_default()
}

fn place(name: &str, file: &File) -> String {
    format!("/assets/{}/{name}", file.fingerprint)
}

/// `GET /assets/{fingerprint}/{*name}`
pub(crate) async fn get(Path((fingerprint, name)): Path<(String, String)>) -> Response {
    let Some(file) = FILES.get(&name) else {
        return (StatusCode::NOT_FOUND, "There is no such file.\n").into_response();
    };
    let keep = if fingerprint == file.fingerprint { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers =
        [(header::CONTENT_TYPE, file.kind), (header::CACHE_CONTROL, keep), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, file.bytes.clone()).into_response()
}

#[cfg(test)]
pub(crate) fn every() -> Vec<(String, Bytes)> {
    FILES.iter().map(|(name, file)| (place(name, file), file.bytes.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn asked(place: &str) -> Response {
        let mut parts = place.trim_start_matches("/assets/").splitn(2, '/').map(str::to_owned);
        let (fingerprint, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        get(Path((fingerprint, name))).await
    }

    #[tokio::test]
    async fn todays_files_are_kept_for_ever_and_others_are_not() {
        let today = asked(&href("page.css")).await;
        assert_eq!(today.status(), StatusCode::OK);
        assert_eq!(today.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        let yesterday = asked("/assets/0123/page.css").await;
        assert_eq!(
            (yesterday.status(), &yesterday.headers()[header::CACHE_CONTROL]),
            (StatusCode::OK, &"no-cache".parse().unwrap_or(header::HeaderValue::from_static("")))
        );
        for nothing in ["/assets/x/../page.css", "/assets/x/none.css", "/assets/x/"] {
            assert_eq!(asked(nothing).await.status(), StatusCode::NOT_FOUND, "{nothing}");
        }
    }

    #[test]
    fn fonts_have_their_fingerprint_and_their_licence() {
        let sheet = String::from_utf8_lossy(&FILES["page.css"].bytes).into_owned();
        assert!(sheet.contains(&format!("url({})", href("fonts/commit-mono-latin-400-normal.woff2"))), "{sheet}");
        assert!(!sheet.contains("url(fonts/"));
        for licence in ["fonts/LICENSE-commit-mono", "fonts/LICENSE-instrument-sans", "fonts/LICENSE-newsreader"] {
            assert!(FILES.contains_key(licence), "{licence}");
        }
    }
}
