//! An S3 server to test on: the real protocol with signatures, multipart uploads and errors, on loopback, over a folder.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s::{S3Error, S3ErrorCode, S3Result};
use store::BlobOptions;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The name of its bucket.
pub const BUCKET: &str = "soundpost-test";

/// The public name of the key that opens it.
pub const ACCESS_KEY: &str = "AKIDSOUNDPOST";

/// The secret half of the key.
pub const SECRET_KEY: &str = "a secret of the tests";

/// An S3 server that stops when this is dropped.
pub struct S3 {
    folder: tempfile::TempDir,
    endpoint: String,
    serving: JoinHandle<()>,
    full: Arc<AtomicBool>,
}

/// Whether there is room.
struct Room(Arc<AtomicBool>);

// What the trait's own macro would write.
impl S3Access for Room {
    fn check<'a, 'b, 'c, 'd>(
        &'a self,
        _: &'b mut S3AccessContext<'c>,
    ) -> Pin<Box<dyn Future<Output = S3Result<()>> + Send + 'd>>
    where
        'a: 'd,
        'b: 'd,
        'c: 'd,
        Self: 'd,
    {
        let full = self.0.load(Ordering::SeqCst);
        Box::pin(async move {
            if !full {
                return Ok(());
            }
            // As MinIO says it, where S3 itself has no word for it.
            let mut error = S3Error::new(S3ErrorCode::Custom("XMinioStorageFull".into()));
            if let Ok(insufficient_storage) = 507_u16.try_into() {
                error.set_status_code(insufficient_storage);
            }
            Err(error)
        })
    }
}

impl S3 {
    /// Starts a server with an empty bucket, in the runtime of the test.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start() -> Self {
        let fine = "an S3 server needs a folder and a port";
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{fine}: {error}"));
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap_or_else(|error| panic!("{fine}: {error}"));
        let files = s3s_fs::FileSystem::new(folder.path()).unwrap_or_else(|error| panic!("{fine}: {error:?}"));
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let full = Arc::new(AtomicBool::new(false));
        service.set_access(Room(Arc::clone(&full)));
        let service = service.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap_or_else(|error| panic!("{fine}: {error}"));
        let address = listener.local_addr().unwrap_or_else(|error| panic!("{fine}: {error}"));
        let serving = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let server = auto::Builder::new(hyper_util::rt::TokioExecutor::new());
                    // A client that goes away is nothing to worry about.
                    let _ = server.serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        Self { folder, endpoint: format!("http://{address}"), serving, full }
    }

    /// How to open it.
    pub fn options(&self) -> BlobOptions {
        BlobOptions {
            access_key: Some(ACCESS_KEY.to_owned()),
            secret_key: Some(SECRET_KEY.to_owned()),
            endpoint: Some(self.endpoint.clone()),
            allow_http: true,
            ..BlobOptions::new(format!("s3://{BUCKET}/of/the/house"))
        }
    }

    /// Its address.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Stops answering. What was asked for before is still answered.
    pub fn stop(&self) {
        self.serving.abort();
    }

    /// Refuses everything from now on, since there is no room; or has room again.
    pub fn be_full(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }

    /// Files in the bucket, by their whole names.
    ///
    /// # Panics
    /// When they cannot be read.
    pub fn files(&self) -> Vec<String> {
        let bucket = self.folder.path().join(BUCKET);
        let mut names = Vec::new();
        collect(&bucket, &mut |path| {
            names.push(path.strip_prefix(&bucket).unwrap_or(path).display().to_string());
        });
        names.sort();
        names
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn collect(folder: &Path, found: &mut impl FnMut(&Path)) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())).collect::<Vec<PathBuf>>() {
        if path.is_dir() { collect(&path, found) } else { found(&path) }
    }
}
