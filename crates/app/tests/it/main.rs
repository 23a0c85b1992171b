//! Verbs through their public door, on both databases, with a clock that the tests move.
#![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

mod accounts;
mod audit;
mod factors;
mod files;
mod leaving;
mod narrations;
mod oauth1;
mod oauth2;
mod organizations;
mod passkeys;
mod productions;
mod queue;
mod runs;
mod sessions;
mod transfers;
mod uploads;

use std::convert::Infallible;

use app::accounts::Entrance;
use app::{App, Caller, Visitor};
use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};
use model::production::StoredFile;
use testkit::house::{HERE, House, PASSWORD};

/// Ada's browser, signed in.
pub(crate) async fn browser(house: &House, name: &str) -> Caller {
    let visitor = Visitor { from: HERE, agent: "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Firefox/144.0".to_owned() };
    let Entrance::In(signed_in) = house.app.accounts().enter(name, PASSWORD, &visitor).await.unwrap() else {
        panic!("there is a second step")
    };
    house.app.callers().by_session(signed_in.key.reveal()).await.unwrap()
}

/// Bytes as they come from the network, in pieces.
pub(crate) fn pieces(bytes: &[u8]) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
    let pieces: Vec<_> = bytes.chunks(1_000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    futures_util::stream::iter(pieces)
}

/// A file that was uploaded.
pub(crate) async fn upload(app: &App, caller: &Caller, bytes: &[u8]) -> StoredFile {
    app.files().receive(caller, "talk.wav", pieces(bytes)).await.unwrap()
}

/// All bytes of a file in storage.
pub(crate) async fn content(app: &App, key: &str) -> Result<Vec<u8>, app::AppError> {
    let blob = app.files().open(key, None).await?;
    let pieces: Vec<Bytes> = blob.bytes.try_collect().await.unwrap();
    Ok(pieces.concat())
}

/// Files below a folder, however deep.
pub(crate) fn files_below(folder: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let each = |path: std::path::PathBuf| if path.is_dir() { files_below(&path) } else { 1 };
    entries.map(|entry| each(entry.unwrap().path())).sum()
}
