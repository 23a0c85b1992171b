//! Storage in an S3 bucket, or what speaks like one.
//!
//! What is longer than a part is put by a multipart upload, which shows nothing until it is complete. What a crash leaves of one
//! is invisible; a lifecycle rule of the bucket clears it away (`AbortIncompleteMultipartUpload`).

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::buffered::BufWriter;
use object_store::path::Path;
use object_store::{BackoffConfig, ClientOptions, Error, ObjectStore, ObjectStoreExt, RetryConfig};
use tokio::io::AsyncWriteExt;
use url::Url;

use super::{Blob, BlobError, BlobKey, BlobOptions};

/// Bytes of a part; S3 takes ten thousand of them, each of at least 5 MiB.
const PART: usize = 8 << 20;

/// How many parts are on their way at once; so many are held in memory, and one more.
const PARTS_AT_ONCE: usize = 2;

/// How many bytes are asked for at a time, so that a slow reader keeps no request open.
const WINDOW: u64 = 2 << 20;

#[derive(Debug)]
pub(super) struct Bucket {
    s3: Arc<AmazonS3>,
    prefix: String,
}

impl Bucket {
    pub(super) fn open(url: &Url, options: &BlobOptions) -> Result<Self, BlobError> {
        // Whoever opens the first connection of the process says whose cryptography it is; the program has said it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let bucket =
            url.host_str().ok_or_else(|| BlobError::Address("it names no bucket: s3://bucket/prefix".to_owned()))?;
        let retry = RetryConfig {
            max_retries: 4,
            retry_timeout: Duration::from_secs(20),
            backoff: BackoffConfig { max_backoff: Duration::from_secs(2), ..BackoffConfig::default() },
        };
        let mut s3 = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(options.region.as_deref().unwrap_or("us-east-1"))
            .with_client_options(ClientOptions::new().with_allow_http(options.allow_http))
            .with_retry(retry);
        if let Some(endpoint) = &options.endpoint {
            s3 = s3.with_endpoint(endpoint);
        }
        if let (Some(id), Some(secret)) = (&options.access_key, &options.secret_key) {
            s3 = s3.with_access_key_id(id).with_secret_access_key(secret);
        }
        let s3 = s3.build().map_err(|error| BlobError::Address(error.to_string()))?;
        Ok(Self { s3: Arc::new(s3), prefix: url.path().trim_matches('/').to_owned() })
    }

    fn path(&self, key: &BlobKey) -> Path {
        self.prefix.split('/').chain(key.as_str().split('/')).filter(|name| !name.is_empty()).collect()
    }

    pub(super) async fn put(
        &self,
        key: &BlobKey,
        bytes: impl Stream<Item = Result<Bytes, BlobError>> + Send,
    ) -> Result<(), BlobError> {
        let s3: Arc<dyn ObjectStore> = self.s3.clone();
        let mut unfinished =
            Unfinished(Some(BufWriter::with_capacity(s3, self.path(key), PART).with_max_concurrency(PARTS_AT_ONCE)));
        let Some(writer) = &mut unfinished.0 else { return Ok(()) };
        let mut bytes = std::pin::pin!(bytes);
        while let Some(piece) = bytes.next().await {
            writer.put(piece?).await.map_err(failed)?;
        }
        // From here on nothing is given up: the writer does so itself where the end is refused, and panics when it is asked to. What a cut
        // line leaves now is left as after a crash.
        let Some(mut writer) = unfinished.0.take() else { return Ok(()) };
        writer.shutdown().await.map_err(|error| match error.downcast::<Error>() {
            Ok(error) => failed(error),
            Err(error) => BlobError::Unavailable(error.to_string()),
        })
    }

    pub(super) async fn size(&self, key: &BlobKey) -> Result<u64, BlobError> {
        Ok(self.s3.head(&self.path(key)).await.map_err(failed)?.size)
    }

    pub(super) async fn get(
        &self,
        key: &BlobKey,
        within: impl FnOnce(u64) -> Result<Range<u64>, BlobError>,
    ) -> Result<Blob, BlobError> {
        let size = self.size(key).await?;
        let range = within(size)?;
        let (s3, path) = (self.s3.clone(), self.path(key));
        let bytes = stream::try_unfold(range.clone(), move |left| {
            let (s3, path) = (s3.clone(), path.clone());
            async move {
                if left.is_empty() {
                    return Ok(None);
                }
                let window = left.start..left.end.min(left.start + WINDOW);
                let piece = s3.get_range(&path, window.clone()).await.map_err(failed)?;
                Ok(Some((piece, window.end..left.end)))
            }
        });
        Ok(Blob { size, range, bytes: bytes.boxed() })
    }

    pub(super) async fn remove(&self, key: &BlobKey) -> Result<(), BlobError> {
        match self.s3.delete(&self.path(key)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    pub(super) fn list(&self, under: Option<&BlobKey>) -> BoxStream<'static, Result<(BlobKey, u64), BlobError>> {
        let prefix = match under {
            Some(key) => self.path(key),
            None => Path::from(self.prefix.as_str()),
        };
        let ours = self.prefix.clone();
        let found = self.s3.list(Some(&prefix)).map_err(failed);
        found
            .try_filter_map(move |about| {
                let name = about.location.as_ref().strip_prefix(ours.as_str()).map(|name| name.trim_start_matches('/'));
                // What is no key is not ours.
                let key = name.and_then(|name| name.parse::<BlobKey>().ok());
                std::future::ready(Ok(key.map(|key| (key, about.size))))
            })
            .boxed()
    }
}

/// An upload that is given up when this is dropped.
struct Unfinished(Option<BufWriter>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let (Some(mut writer), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                if let Err(error) = writer.abort().await {
                    tracing::info!(%error, "an upload to S3 could not be given up and is left to the bucket's lifecycle rule");
                }
            });
        }
    }
}

fn failed(error: Error) -> BlobError {
    match error {
        Error::NotFound { .. } => BlobError::NotFound,
        Error::PermissionDenied { .. } => BlobError::Refused("our key has no right to do that".to_owned()),
        Error::Unauthenticated { .. } => {
            BlobError::Refused("it does not know our key, or the secret is wrong".to_owned())
        }
        error => BlobError::Unavailable(error.to_string()),
    }
}
