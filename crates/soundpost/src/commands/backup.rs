//! `soundpost backup` and `soundpost restore`: a house in one archive, and out of it again.
//!
//! The archive is a tar file: what it is, every row of the database as a line of JSON, every file, and an end that says how much there
//! was. An archive without its end is not whole and is not restored. Rows are neither SQLite's nor PostgreSQL's, so a
//! house can move from one to the other.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{BlobError, BlobKey, Blobs, Store, archive};
use tempfile::{NamedTempFile, TempDir};

use super::open;
use super::output::print;
use crate::cli::{Backup, Restore};
use crate::failure::Failure;
use crate::house::{failed, make_folder, open_blobs, open_store};
use crate::settings::Settings;
use crate::world::WallClock;

/// The form of archives that is written, and the only one that is read.
const FORMAT: u32 = 1;

const ABOUT: &str = "soundpost-backup.json";
const ROWS: &str = "database.jsonl";
const FILES: &str = "files/";
const KEY: &str = "secret.key";
const END: &str = "end.json";

/// Bytes of one row that are read at most.
const LONGEST_ROW: u64 = 64 << 20;

/// What stands first in an archive.
#[derive(Debug, Serialize, Deserialize)]
struct About {
    format: u32,
    version: String,
    created_ms: i64,
}

/// What stands last in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct End {
    rows: u64,
    files: u64,
}

/// A row as it stands in an archive.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    table: String,
    row: Value,
}

/// Writes an archive of the house.
pub(crate) fn backup(arguments: &Backup) -> Result<(), Failure> {
    let settings = open::settings(&arguments.house)?;
    crate::telemetry::start(&settings);
    let place = &arguments.file;
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = NamedTempFile::new_in(folder).map_err(|error| unwritable(place, &error))?;
    let (end, gone) = open::wait(async {
        let (store, blobs) = (open_store(&settings).await?, open_blobs(&settings)?);
        let mut archive = tar::Builder::new(BufWriter::new(file.as_file()));
        let cannot = |error: std::io::Error| unwritable(place, &error);
        append(&mut archive, ABOUT, &about()?).map_err(cannot)?;
        let mut rows = NamedTempFile::new_in(folder).map_err(cannot)?;
        let (counted, keys) = write_rows(&store, &mut rows).await?;
        archive.append_path_with_name(rows.path(), ROWS).map_err(cannot)?;
        if arguments.with_key {
            archive
                .append_path_with_name(settings.key_file(), KEY)
                .map_err(|error| unwritable(&settings.key_file(), &error))?;
        }
        let mut end = End { rows: counted, files: 0 };
        let mut gone = 0;
        let scratch = TempDir::new_in(folder).map_err(cannot)?;
        for key in &keys {
            let copy = scratch.path().join("file");
            match blobs.fetch_to(key, &copy).await {
                Ok(_) => {
                    archive.append_path_with_name(&copy, format!("{FILES}{key}")).map_err(cannot)?;
                    end.files += 1;
                }
                // Its owner removed it after the rows were read.
                Err(BlobError::NotFound) => gone += 1,
                Err(error) => return Err(failed(&format!("The file {key} cannot be read"), &error)),
            }
            let _ = std::fs::remove_file(&copy);
        }
        append(&mut archive, END, &serde_json::to_vec(&end).unwrap_or_default()).map_err(cannot)?;
        archive.into_inner().and_then(|mut out| out.flush()).map_err(cannot)?;
        Ok((end, gone))
    })?;
    file.as_file().sync_all().map_err(|error| unwritable(place, &error))?;
    file.persist(place).map_err(|error| unwritable(place, &error.error))?;
    let key = if arguments.with_key {
        "The secret key is in it: keep it safe."
    } else {
        "The secret key is not in it: keep a copy of that elsewhere."
    };
    let text = if arguments.json {
        json!({ "file": place, "rows": end.rows, "files": end.files, "gone_meanwhile": gone, "with_key": arguments.with_key }).to_string()
    } else {
        let meanwhile =
            if gone == 0 { String::new() } else { format!(" {gone} files were removed while it was made.") };
        format!("{} has {} rows and {} files.{meanwhile} {key}", place.display(), end.rows, end.files)
    };
    print(format!("{text}\n").as_bytes())
}

/// Puts an archive into an empty house.
pub(crate) fn restore(arguments: &Restore) -> Result<(), Failure> {
    let settings = open::settings(&arguments.house)?;
    crate::telemetry::start(&settings);
    make_folder(&settings.data_dir)?;
    let place = &arguments.file;
    let file = File::open(place).map_err(|error| failed(&format!("{} cannot be read", place.display()), &error))?;
    let (end, key) = open::wait(async {
        let store = open_store(&settings).await?;
        store.migrate().await.map_err(|error| failed("The database cannot be migrated", &error))?;
        if !archive::is_empty(&store).await.map_err(|error| failed("The database cannot be read", &error))? {
            return Err(Failure::Failed(
                "This house has accounts already. An archive goes into an empty one: name another --data-dir or --database-url.".to_owned(),
            ));
        }
        let blobs = open_blobs(&settings)?;
        let scratch =
            TempDir::new_in(&settings.data_dir).map_err(|error| failed("The data folder cannot be written", &error))?;
        put_back(file, place, &store, &blobs, &settings, scratch.path()).await
    })?;
    let words = if key {
        "The secret key came with it."
    } else {
        "Put the secret key of that house in its place before you start this one."
    };
    let text = if arguments.json {
        json!({ "rows": end.rows, "files": end.files, "with_key": key }).to_string()
    } else {
        format!("{} rows and {} files are back. {words}", end.rows, end.files)
    };
    print(format!("{text}\n").as_bytes())
}

/// Writes every row as a line, and says how many those are and which files belong to them.
async fn write_rows(store: &Store, rows: &mut NamedTempFile) -> Result<(u64, Vec<BlobKey>), Failure> {
    let mut out = BufWriter::new(rows.as_file_mut());
    let mut count = 0;
    let mut trouble = None;
    let keys = archive::read(store, |table, row| {
        count += 1;
        let line = Row { table: table.to_owned(), row };
        let written =
            serde_json::to_writer(&mut out, &line).map_err(std::io::Error::from).and_then(|()| out.write_all(b"\n"));
        trouble = trouble.take().or(written.err());
    })
    .await
    .map_err(|error| failed("The database cannot be read", &error))?;
    let flushed = out.flush();
    drop(out);
    match trouble.or(flushed.err()) {
        Some(error) => Err(failed("The rows cannot be written", &error)),
        None => Ok((count, keys)),
    }
}

/// Puts files first and rows last, in one transaction, so that a house is restored or empty still.
async fn put_back(
    file: File,
    place: &Path,
    store: &Store,
    blobs: &Blobs,
    settings: &Settings,
    scratch: &Path,
) -> Result<(End, bool), Failure> {
    let broken =
        |why: &str| Failure::Failed(format!("{} is not a whole archive of Soundpost: {why}.", place.display()));
    let unreadable = |error: std::io::Error| broken(&error.to_string());
    let rows = scratch.join("rows");
    let (mut found, mut about, mut end, mut key) = (End::default(), None, None, None);
    let mut archive = tar::Archive::new(BufReader::new(file));
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        match name.as_str() {
            ABOUT => about = Some(read_json::<About>(&mut entry).ok_or_else(|| broken("it does not say what it is"))?),
            END => end = Some(read_json::<End>(&mut entry).ok_or_else(|| broken("its end makes no sense"))?),
            ROWS => {
                let mut copy =
                    File::create(&rows).map_err(|error| failed("The data folder cannot be written", &error))?;
                std::io::copy(&mut entry, &mut copy).map_err(unreadable)?;
            }
            KEY => {
                let mut text = String::new();
                entry.take(1_024).read_to_string(&mut text).map_err(unreadable)?;
                key = Some(text);
            }
            _ => {
                let blob = name.strip_prefix(FILES).and_then(|key| key.parse::<BlobKey>().ok());
                let blob = blob.ok_or_else(|| broken("it has a file in it that does not belong there"))?;
                let copy = scratch.join("file");
                let mut out =
                    File::create(&copy).map_err(|error| failed("The data folder cannot be written", &error))?;
                std::io::copy(&mut entry, &mut out).map_err(unreadable)?;
                blobs
                    .put_file(&copy, &blob)
                    .await
                    .map_err(|error| failed("A file cannot be put into storage", &error))?;
                found.files += 1;
            }
        }
    }
    match about {
        Some(About { format: FORMAT, .. }) => {}
        Some(other) => return Err(broken(&format!("it was written by version {}, in another form", other.version))),
        None => return Err(broken("it does not say what it is")),
    }
    let end: End = end.ok_or_else(|| broken("its end is missing"))?;
    if let Some(key) = &key {
        put_key(settings, key)?;
    }
    let mut lines = BufReader::new(File::open(&rows).map_err(|_| broken("it has no database in it"))?);
    let tx = store.begin().await.map_err(|error| failed("The database cannot be written", &error))?;
    loop {
        let mut line = Vec::new();
        let read = lines.by_ref().take(LONGEST_ROW).read_until(b'\n', &mut line).map_err(unreadable)?;
        if read == 0 {
            break;
        }
        let row: Row = serde_json::from_slice(&line).map_err(|_| broken("a row makes no sense"))?;
        archive::write(&tx, &row.table, row.row).await.map_err(|error| failed("A row cannot be written", &error))?;
        found.rows += 1;
    }
    if found != end {
        return Err(broken(&format!(
            "it has {} rows and {} files, and should have {} and {}",
            found.rows, found.files, end.rows, end.files
        )));
    }
    tx.commit().await.map_err(|error| failed("The database cannot be written", &error))?;
    Ok((end, key.is_some()))
}

/// Puts the key in its place, unless another one is there.
fn put_key(settings: &Settings, text: &str) -> Result<(), Failure> {
    let path = settings.key_file();
    match std::fs::read_to_string(&path) {
        Ok(there) if there.trim() == text.trim() => Ok(()),
        Ok(_) => {
            Err(Failure::Failed(format!("{} holds another key than the archive. Move it away first.", path.display())))
        }
        Err(_) => {
            let cannot = |error: std::io::Error| unwritable(&path, &error);
            let mut file = NamedTempFile::new_in(&settings.data_dir).map_err(cannot)?;
            writeln!(file, "{}", text.trim()).map_err(cannot)?;
            file.persist_noclobber(&path).map_err(|error| cannot(error.error))?;
            Ok(())
        }
    }
}

fn about() -> Result<Vec<u8>, Failure> {
    use model::Clock;
    let created_ms = WallClock.now().as_ms();
    let about = About { format: FORMAT, version: env!("CARGO_PKG_VERSION").to_owned(), created_ms };
    serde_json::to_vec(&about).map_err(|error| failed("The archive cannot be described", &error))
}

fn append(archive: &mut tar::Builder<impl Write>, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o600);
    header.set_cksum();
    archive.append_data(&mut header, name, bytes)
}

fn read_json<T: for<'a> Deserialize<'a>>(entry: &mut impl Read) -> Option<T> {
    let mut bytes = Vec::new();
    entry.take(1 << 16).read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    failed(&format!("{} cannot be written", path.display()), error)
}
