//! Storage in a folder. A file is written to `.partial` beside the others, then put to its place by a rename.
//!
//! Several may write one key at once, in this process or another: each has an unfinished file of its own, which it holds locked, and the
//! last one stays. What nobody holds was left by a crash, and is written over by the next one, or goes with its key.
//!
//! Why not `object_store` here, too: it reads in pieces of 8 KiB, each of which goes through another thread, and a crash
//! leaves its unfinished files under names that nobody can tell from the key.

use std::fs::{OpenOptions, TryLockError};
use std::io;
use std::io::ErrorKind;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt, stream};
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufWriter};
use tokio::task::spawn_blocking;
use url::Url;

use super::{Blob, BlobError, BlobKey, PIECE, Pieces};

/// Where unfinished files are. No key begins with a dot.
const PARTIAL: &str = ".partial";

/// How many may write one key at once.
const WRITERS: usize = 8;

#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn open(url: &Url) -> Result<Self, BlobError> {
        let path =
            url.to_file_path().map_err(|()| BlobError::Address("it names no folder of this machine".to_owned()))?;
        std::fs::create_dir_all(path.join(PARTIAL)).map_err(|error| writing(&error))?;
        Ok(Self(path))
    }

    fn path(&self, key: &BlobKey) -> PathBuf {
        self.0.join(key.as_str())
    }

    /// Where a file may be while it is written. No key has a `~`.
    fn partials(&self, key: &BlobKey) -> impl Iterator<Item = PathBuf> + use<> {
        let first = self.0.join(PARTIAL).join(key.as_str().replace('/', "+"));
        (0..WRITERS).map(move |number| match number {
            0 => first.clone(),
            number => first.with_added_extension(format!("~{number}")),
        })
    }

    pub(super) async fn put(
        &self,
        key: &BlobKey,
        bytes: impl Stream<Item = Result<Bytes, BlobError>> + Send,
    ) -> Result<(), BlobError> {
        let (partials, path) = (self.partials(key), self.path(key));
        let begun = spawn_blocking(move || Partial::begin(partials)).await.map_err(|error| writing(&error.into()))?;
        let (partial, file) = begun.map_err(|error| writing(&error))?;
        fill(File::from_std(file), bytes).await?;
        // In one piece, which goes on even where nobody waits for it any more.
        let appeared = spawn_blocking(move || partial.appear(&path)).await.map_err(|error| writing(&error.into()))?;
        appeared.map_err(|error| writing(&error))
    }

    pub(super) async fn size(&self, key: &BlobKey) -> Result<u64, BlobError> {
        let about = fs::metadata(self.path(key)).await.map_err(|error| reading(&error))?;
        if about.is_file() { Ok(about.len()) } else { Err(BlobError::NotFound) }
    }

    pub(super) async fn get(
        &self,
        key: &BlobKey,
        within: impl FnOnce(u64) -> Result<Range<u64>, BlobError>,
    ) -> Result<Blob, BlobError> {
        let mut file = File::open(self.path(key)).await.map_err(|error| reading(&error))?;
        let about = file.metadata().await.map_err(|error| reading(&error))?;
        if !about.is_file() {
            return Err(BlobError::NotFound);
        }
        let size = about.len();
        let range = within(size)?;
        if range.start > 0 {
            file.seek(io::SeekFrom::Start(range.start)).await.map_err(|error| reading(&error))?;
        }
        let bytes: Pieces =
            read(file, range.end - range.start).map(|piece| piece.map_err(|error| reading(&error))).boxed();
        Ok(Blob { size, range, bytes })
    }

    pub(super) async fn fetch_to(&self, key: &BlobKey, path: &Path) -> Result<u64, BlobError> {
        let size = self.size(key).await?;
        // A second name for the same bytes, which nobody writes again, where both are on one file system.
        if fs::hard_link(self.path(key), path).await.is_ok() {
            return Ok(size);
        }
        // Else the kernel copies.
        fs::copy(self.path(key), path).await.map_err(|error| match error.kind() {
            ErrorKind::NotFound => BlobError::NotFound,
            _ => writing(&error),
        })
    }

    pub(super) async fn remove(&self, key: &BlobKey) -> Result<(), BlobError> {
        let paths = self.partials(key).chain([self.path(key)]);
        let removed = spawn_blocking(move || {
            for path in paths {
                match std::fs::remove_file(path) {
                    Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                        return Err(error);
                    }
                    _ => {}
                }
            }
            Ok(())
        });
        let removed = removed.await.map_err(|error| writing(&error.into()))?;
        removed.map_err(|error| writing(&error))?;
        // Folders go with their last file, as they came with the first.
        let path = self.path(key);
        for folder in path.ancestors().skip(1).take_while(|folder| **folder != self.0) {
            if fs::remove_dir(folder).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn list(&self, under: Option<&BlobKey>) -> BoxStream<'static, Result<(BlobKey, u64), BlobError>> {
        let first = under.map(|key| key.as_str().to_owned()).unwrap_or_default();
        let walk = Walk { root: self.0.clone(), folders: vec![first], open: None };
        stream::try_unfold(walk, |mut walk| async move {
            let next = walk.next().await.map_err(|error| reading(&error))?;
            Ok(next.map(|found| (found, walk)))
        })
        .boxed()
    }
}

/// An unfinished file, which is gone when this is.
struct Partial {
    path: PathBuf,
    is_kept: bool,
    /// What holds the lock. Closed last: once the file is removed or has its name, nobody can mistake it for one that a crash left.
    _locked: std::fs::File,
}

impl Partial {
    /// The first of these that nobody else writes, empty and locked, and a way to write it.
    fn begin(paths: impl Iterator<Item = PathBuf>) -> io::Result<(Self, std::fs::File)> {
        for path in paths {
            let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
            // Where files cannot be locked, whatever the file system says of it, nobody can be told from anybody.
            if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
                continue;
            }
            // Whoever had it until now has put it to its place meanwhile, or removed it.
            let is_there = std::fs::metadata(&path).is_ok_and(|there| {
                file.metadata().is_ok_and(|ours| (there.dev(), there.ino()) == (ours.dev(), ours.ino()))
            });
            if is_there {
                let partial = Self { path, is_kept: false, _locked: file.try_clone()? };
                if file.metadata()?.len() > 0 {
                    file.set_len(0)?;
                }
                return Ok((partial, file));
            }
        }
        Err(io::Error::new(ErrorKind::ResourceBusy, "too many write this file at once"))
    }

    /// Puts a whole file to its place and waits until the folder knows it.
    fn appear(mut self, to: &Path) -> io::Result<()> {
        let Some(folder) = to.parent() else { return Err(ErrorKind::InvalidFilename.into()) };
        for _ in 0..8 {
            std::fs::create_dir_all(folder)?;
            match std::fs::rename(&self.path, to) {
                // Somebody removed the folder's last file just then, and the folder with it.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    // What is at its own path from now on is somebody else's.
                    self.is_kept = true;
                    return std::fs::File::open(folder)?.sync_all();
                }
            }
        }
        Err(ErrorKind::NotFound.into())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_kept {
            // If it cannot be removed now, it is when its key is.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Writes a file and waits until it lies on the disk.
pub(super) async fn write(
    path: &Path,
    bytes: impl Stream<Item = Result<Bytes, BlobError>> + Send,
) -> Result<(), BlobError> {
    let file = File::create(path).await.map_err(|error| writing(&error))?;
    fill(file, bytes).await
}

async fn fill(file: File, bytes: impl Stream<Item = Result<Bytes, BlobError>> + Send) -> Result<(), BlobError> {
    let mut file = BufWriter::with_capacity(PIECE, file);
    let mut bytes = std::pin::pin!(bytes);
    while let Some(piece) = bytes.next().await {
        file.write_all(&piece?).await.map_err(|error| writing(&error))?;
    }
    file.flush().await.map_err(|error| writing(&error))?;
    file.get_ref().sync_all().await.map_err(|error| writing(&error))
}

/// Up to so many bytes of a file, from where it is.
pub(super) fn read(file: File, length: u64) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold((file, length), |(mut file, left)| async move {
        let want = left.min(PIECE as u64) as usize;
        if want == 0 {
            return Ok(None);
        }
        let mut piece = BytesMut::with_capacity(want);
        let got = (&mut file).take(want as u64).read_buf(&mut piece).await?;
        Ok((got > 0).then(|| (piece.freeze(), (file, left - got as u64))))
    })
}

/// A walk through folders, by keys.
struct Walk {
    root: PathBuf,
    folders: Vec<String>,
    open: Option<(String, fs::ReadDir)>,
}

impl Walk {
    async fn next(&mut self) -> io::Result<Option<(BlobKey, u64)>> {
        loop {
            let Some((name, folder)) = &mut self.open else {
                let Some(name) = self.folders.pop() else { return Ok(None) };
                match fs::read_dir(self.root.join(&name)).await {
                    Ok(folder) => self.open = Some((name, folder)),
                    Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                    Err(error) => return Err(error),
                }
                continue;
            };
            let Some(entry) = folder.next_entry().await? else {
                self.open = None;
                continue;
            };
            let within = entry.file_name().into_string().unwrap_or_default();
            let name = if name.is_empty() { within } else { format!("{name}/{within}") };
            // What is no key is not ours: `.partial`, and whatever people put there.
            let Ok(key) = name.parse::<BlobKey>() else { continue };
            match entry.metadata().await {
                Ok(about) if about.is_dir() => self.folders.push(name),
                Ok(about) if about.is_file() => return Ok(Some((key, about.len()))),
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
}

fn reading(error: &io::Error) -> BlobError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory => BlobError::NotFound,
        _ => writing(error),
    }
}

fn writing(error: &io::Error) -> BlobError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => BlobError::Full,
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => BlobError::Refused(error.to_string()),
        _ => BlobError::Unavailable(error.to_string()),
    }
}
