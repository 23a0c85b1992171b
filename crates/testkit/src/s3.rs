//! An S3 server to test on: the real protocol with signatures, multipart uploads and errors, on loopback, over a folder.

use std::path::{Path, PathBuf};

use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use store::BlobOptions;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const BUCKET: &str = "soundpost-test";
const ACCESS_KEY: &str = "AKIDSOUNDPOST";
const SECRET_KEY: &str = "a secret of the tests";

/// An S3 server that stops when this is dropped.
pub struct S3 {
    folder: tempfile::TempDir,
    endpoint: String,
    serving: JoinHandle<()>,
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
        Self { folder, endpoint: format!("http://{address}"), serving }
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

    /// Stops answering. What was asked for before is still answered.
    pub fn stop(&self) {
        self.serving.abort();
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
