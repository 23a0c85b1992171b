//! Bytes in storage: a folder or an S3 bucket. A file is there whole or not at all, and memory stays flat however long it is.
//!
//! What belongs here: putting, getting, removing, and what went wrong, in types. What does not: which files are meant to be
//! there; that is noted in `files.rs` before and after.

mod bucket;
mod folder;
mod key;

use std::error::Error;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use md5::{Digest as _, Md5};
use url::Url;

use bucket::Bucket;
use folder::Folder;

pub use key::{BlobKey, NotAKey};

/// How many bytes are read from storage at a time.
const PIECE: usize = 256 << 10;

/// Where files lie, and how to get at it.
#[derive(Clone)]
pub struct BlobOptions {
    /// `file:///a/folder` or `s3://bucket/prefix`.
    pub url: String,
    /// S3 only: who we are there.
    pub access_key: Option<String>,
    /// S3 only: the secret of that.
    pub secret_key: Option<String>,
    /// S3 only: the region, `us-east-1` where it is left open.
    pub region: Option<String>,
    /// S3 only: where the server is, if it is not Amazon's: `https://s3.example.org`.
    pub endpoint: Option<String>,
    /// S3 only: whether the endpoint may be `http`, which shows everything to everybody on the way.
    pub allow_http: bool,
}

impl BlobOptions {
    /// A folder. It need not be there yet.
    pub fn folder(path: &Path) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        // A path that is no address is refused when it is opened.
        Self::new(Url::from_directory_path(&path).map_or_else(|()| path.display().to_string(), String::from))
    }

    /// An address, with nothing said about who we are there.
    pub fn new(url: impl Into<String>) -> Self {
        let url = url.into();
        Self { url, access_key: None, secret_key: None, region: None, endpoint: None, allow_http: false }
    }
}

/// Without the secret.
impl fmt::Debug for BlobOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobOptions")
            .field("url", &self.url)
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// Why bytes could not be kept or had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// The settings name no storage that can be opened.
    #[error("The storage address cannot be used: {0}")]
    Address(String),
    /// There is no such file.
    #[error("There is no such file in storage.")]
    NotFound,
    /// There is no room left.
    #[error("Storage is full.")]
    Full,
    /// There were more bytes than are allowed.
    #[error("There are more than {limit} bytes.")]
    TooLarge {
        /// How many are allowed.
        limit: u64,
    },
    /// What is asked for begins after the end of the file.
    #[error("The file has {size} bytes, and what is asked for begins after them.")]
    OutOfRange {
        /// How many it has.
        size: u64,
    },
    /// Whoever gave us the bytes stopped in the middle.
    #[error("The bytes stopped coming: {0}")]
    Interrupted(#[source] Box<dyn Error + Send + Sync>),
    /// Storage does not let us: wrong credentials, no rights.
    #[error("Storage refuses: {0}")]
    Refused(String),
    /// Storage does not answer, or not as it should; the same again may work.
    #[error("Storage does not answer as it should: {0}")]
    Unavailable(String),
}

/// A file that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Bytes.
    pub size: u64,
    /// MD5 of the bytes, in hexadecimal.
    pub md5: String,
}

/// Pieces of a file, or why no more of them come.
pub type Pieces = BoxStream<'static, Result<Bytes, BlobError>>;

/// A file that is being read.
pub struct Blob {
    /// Bytes of the whole file.
    pub size: u64,
    /// Which of them come.
    pub range: Range<u64>,
    /// Those bytes.
    pub bytes: Pieces,
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blob").field("size", &self.size).field("range", &self.range).finish_non_exhaustive()
    }
}

/// Storage that is open. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Blobs(Arc<Place>);

#[derive(Debug)]
enum Place {
    Folder(Folder),
    Bucket(Bucket),
}

impl Blobs {
    /// Opens storage. A folder is made where there is none; S3 is not asked yet.
    pub fn open(options: &BlobOptions) -> Result<Self, BlobError> {
        let url = Url::parse(&options.url).map_err(|error| BlobError::Address(error.to_string()))?;
        let place = match url.scheme() {
            "file" => Place::Folder(Folder::open(&url)?),
            "s3" => Place::Bucket(Bucket::open(&url, options)?),
            _ => return Err(BlobError::Address("it begins with neither `file:` nor `s3:`".to_owned())),
        };
        Ok(Self(Arc::new(place)))
    }

    /// Keeps what comes, up to `limit` bytes, and says how many there were. Nobody sees the file before it is whole; whatever goes
    /// wrong, and if this is dropped in the middle, nothing is left of it.
    pub async fn put_stream<E>(
        &self,
        key: &BlobKey,
        bytes: impl Stream<Item = Result<Bytes, E>> + Send,
        limit: u64,
    ) -> Result<u64, BlobError>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let mut size = 0_u64;
        let bytes = bytes.map(|piece| {
            let piece = piece.map_err(|error| BlobError::Interrupted(error.into()))?;
            size += piece.len() as u64;
            if size > limit {
                return Err(BlobError::TooLarge { limit });
            }
            Ok(piece)
        });
        match &*self.0 {
            Place::Folder(folder) => folder.put(key, bytes).await?,
            Place::Bucket(bucket) => bucket.put(key, bytes).await?,
        }
        Ok(size)
    }

    /// Keeps a copy of a file.
    pub async fn put_file(&self, path: &Path, key: &BlobKey) -> Result<Kept, BlobError> {
        let file = tokio::fs::File::open(path).await.map_err(|error| BlobError::Interrupted(error.into()))?;
        let mut md5 = Md5::new();
        let bytes = folder::read(file, u64::MAX).inspect_ok(|piece| md5.update(piece));
        let size = self.put_stream(key, bytes, u64::MAX).await?;
        Ok(Kept { size, md5: hexadecimal(&md5.finalize()) })
    }

    /// Keeps the bytes of several files, one after the other, as one. The others stay.
    pub async fn join(&self, parts: &[BlobKey], key: &BlobKey) -> Result<u64, BlobError> {
        let pieces = stream::iter(parts)
            .then(async |part| Ok::<_, BlobError>(self.get(part, None).await?.bytes))
            .try_flatten()
            .boxed();
        match self.put_stream(key, pieces, u64::MAX).await {
            // Here storage is on both sides.
            Err(BlobError::Interrupted(error)) => Err(match error.downcast::<BlobError>() {
                Ok(error) => *error,
                Err(error) => BlobError::Interrupted(error),
            }),
            other => other,
        }
    }

    /// Bytes of a whole file.
    pub async fn size(&self, key: &BlobKey) -> Result<u64, BlobError> {
        match &*self.0 {
            Place::Folder(folder) => folder.size(key).await,
            Place::Bucket(bucket) => bucket.size(key).await,
        }
    }

    /// The file, or a piece of it; a range that ends after the file ends with it.
    pub async fn get(&self, key: &BlobKey, range: Option<Range<u64>>) -> Result<Blob, BlobError> {
        let within = |size: u64| {
            let range = range.unwrap_or(0..size);
            let range = range.start..range.end.min(size);
            // Nothing of nothing can be had; nothing else can.
            if range.start < range.end || range == (0..size) { Ok(range) } else { Err(BlobError::OutOfRange { size }) }
        };
        match &*self.0 {
            Place::Folder(folder) => folder.get(key, within).await,
            Place::Bucket(bucket) => bucket.get(key, within).await,
        }
    }

    /// Puts a file's bytes at a path where there is nothing yet, to be read and not to be written, and says how many they are.
    pub async fn fetch_to(&self, key: &BlobKey, path: &Path) -> Result<u64, BlobError> {
        match &*self.0 {
            Place::Folder(folder) => folder.fetch_to(key, path).await,
            Place::Bucket(_) => {
                let mut blob = self.get(key, None).await?;
                folder::write(path, &mut blob.bytes).await?;
                Ok(blob.size)
            }
        }
    }

    /// Removes a file and what a crash left of it. That there is none is no error.
    pub async fn remove(&self, key: &BlobKey) -> Result<(), BlobError> {
        match &*self.0 {
            Place::Folder(folder) => folder.remove(key).await,
            Place::Bucket(bucket) => bucket.remove(key).await,
        }
    }

    /// Files whose keys begin with this one and a slash, or all of them, and their bytes; in no order.
    pub fn list(&self, under: Option<&BlobKey>) -> BoxStream<'static, Result<(BlobKey, u64), BlobError>> {
        match &*self.0 {
            Place::Folder(folder) => folder.list(under),
            Place::Bucket(bucket) => bucket.list(under),
        }
    }

    /// Writes a few bytes and removes them again.
    pub async fn check(&self) -> Result<(), BlobError> {
        // Several may check at once.
        static CHECKS: AtomicU64 = AtomicU64::new(0);
        let name = format!("check/{}-{}", std::process::id(), CHECKS.fetch_add(1, Ordering::Relaxed));
        let key: BlobKey = name.parse().map_err(|error: NotAKey| BlobError::Unavailable(error.to_string()))?;
        let bytes = stream::iter([Ok::<_, BlobError>(Bytes::from_static(b"Soundpost was here.\n"))]);
        self.put_stream(&key, bytes, 64).await?;
        self.remove(&key).await
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
