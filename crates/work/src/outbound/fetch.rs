//! Fetching files that people name by address: redirects are followed, each hop checked anew; the bytes stream into a file, and
//! how many there may be, and for how long, is the caller's to say.

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::header::{CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, Method, StatusCode};
use tokio::io::{AsyncWrite, AsyncWriteExt, BufWriter};
use tokio::time::timeout;

use super::error::OutboundError;
use super::filename::file_name;
use super::target::Target;
use super::{Outbound, Request};

/// Hops that are followed from the address that was given.
pub const MOST_REDIRECTS: usize = 5;

/// Bytes that are gathered before they are written.
const WRITE_BUFFER: usize = 256 << 10;

/// How much may be fetched, and how long it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchLimits {
    /// Bytes of the file.
    pub bytes: u64,
    /// From the first hop to the last byte.
    pub whole: Duration,
    /// Without a single byte.
    pub silence: Duration,
}

/// A file that was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Where it was in the end.
    pub target: Target,
    /// What it is called, without folders. Never empty.
    pub name: String,
    /// What the other side takes it for.
    pub content_type: Option<String>,
    /// Bytes.
    pub size: u64,
}

/// How much of a file is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Bytes so far.
    pub bytes: u64,
    /// Bytes that there will be, where the other side says so.
    pub of: Option<u64>,
}

impl Outbound {
    /// Fetches a file into a sink, in memory that does not grow with it. `heard` is told now and then how much is there. Dropping
    /// the future stops it.
    pub async fn fetch<S: AsyncWrite + Unpin + Send>(
        &self,
        url: &str,
        limits: &FetchLimits,
        sink: &mut S,
        heard: &(dyn Fn(Received) + Sync),
    ) -> Result<Fetched, OutboundError> {
        let first = self.target(url)?;
        let host = first.host().to_owned();
        match timeout(limits.whole, self.follow(first, limits, sink, heard)).await {
            Ok(done) => done,
            Err(_) => Err(OutboundError::TooSlow { host, seconds: limits.whole.as_secs() }),
        }
    }

    /// Fetches a file to a path, where it stays only when it is whole.
    pub async fn fetch_to_file(
        &self,
        url: &str,
        path: &Path,
        limits: &FetchLimits,
        heard: &(dyn Fn(Received) + Sync),
    ) -> Result<Fetched, OutboundError> {
        let part = Part::new(path);
        let mut sink = part.create().await?;
        let fetched = self.fetch(url, limits, &mut sink, heard).await?;
        part.keep();
        Ok(fetched)
    }

    /// Fetches a small file, such as a picture.
    pub async fn fetch_bytes(&self, url: &str, limits: &FetchLimits) -> Result<(Fetched, Vec<u8>), OutboundError> {
        let mut bytes = Vec::new();
        let fetched = self.fetch(url, limits, &mut bytes, &|_| ()).await?;
        Ok((fetched, bytes))
    }

    async fn follow<S: AsyncWrite + Unpin + Send>(
        &self,
        first: Target,
        limits: &FetchLimits,
        sink: &mut S,
        heard: &(dyn Fn(Received) + Sync),
    ) -> Result<Fetched, OutboundError> {
        let mut target = first;
        for _ in 0..=MOST_REDIRECTS {
            let asked = timeout(limits.silence, self.open(&target, Request::new(Method::GET)));
            let answer = asked.await.map_err(|_| silent(&target, limits))??;
            if !is_redirect(answer.status()) {
                return self.receive(target, answer, limits, sink, heard).await;
            }
            let location =
                answer.headers().get(LOCATION).and_then(|location| std::str::from_utf8(location.as_bytes()).ok());
            let location = location.ok_or_else(|| OutboundError::RedirectNowhere { host: target.host().to_owned() })?;
            target = target.join(location, &self.allow)?;
        }
        Err(OutboundError::TooManyRedirects { host: target.host().to_owned(), limit: MOST_REDIRECTS })
    }

    async fn receive<S: AsyncWrite + Unpin + Send>(
        &self,
        target: Target,
        mut answer: reqwest::Response,
        limits: &FetchLimits,
        sink: &mut S,
        heard: &(dyn Fn(Received) + Sync),
    ) -> Result<Fetched, OutboundError> {
        let host = || target.host().to_owned();
        if answer.status() != StatusCode::OK {
            return Err(OutboundError::Status { host: host(), status: answer.status() });
        }
        if is_compressed(answer.headers()) {
            return Err(OutboundError::Compressed { host: host() });
        }
        let too_large = || OutboundError::BodyTooLarge { host: host(), limit: limits.bytes };
        let of = answer.content_length();
        if of.is_some_and(|of| of > limits.bytes) {
            return Err(too_large());
        }
        let said = |name| answer.headers().get(name).map(http::HeaderValue::as_bytes);
        let name = file_name(said(CONTENT_DISPOSITION), target.last_segment());
        let content_type = said(CONTENT_TYPE).and_then(|said| std::str::from_utf8(said).ok()).map(str::to_owned);
        let mut size = 0u64;
        while let Some(chunk) = timeout(limits.silence, answer.chunk())
            .await
            .map_err(|_| silent(&target, limits))?
            .map_err(|error| OutboundError::of(&error, target.host()))?
        {
            size += chunk.len() as u64;
            if size > limits.bytes {
                return Err(too_large());
            }
            sink.write_all(&chunk).await.map_err(OutboundError::Write)?;
            heard(Received { bytes: size, of });
        }
        sink.flush().await.map_err(OutboundError::Write)?;
        Ok(Fetched { target, name, content_type, size })
    }
}

fn silent(target: &Target, limits: &FetchLimits) -> OutboundError {
    OutboundError::Silent { host: target.host().to_owned(), seconds: limits.silence.as_secs() }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    )
}

fn is_compressed(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|coding| {
        let coding = coding.as_bytes().trim_ascii();
        !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity")
    })
}

/// A file that is not whole yet, removed when it is left so.
pub(crate) struct Part {
    path: PathBuf,
    whole: bool,
}

impl Part {
    /// A file that is going to be at a path.
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), whole: false }
    }

    /// Makes the file, to be written in large pieces.
    pub(crate) async fn create(&self) -> Result<BufWriter<tokio::fs::File>, OutboundError> {
        let file = tokio::fs::File::create(&self.path).await.map_err(OutboundError::Write)?;
        Ok(BufWriter::with_capacity(WRITE_BUFFER, file))
    }

    /// It is whole, and stays.
    pub(crate) fn keep(mut self) {
        self.whole = true;
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.whole {
            // It may not have come to be at all.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
