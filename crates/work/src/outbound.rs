//! The only HTTP client of the program, and where it may not go.
//!
//! Stores of users that are no web servers are connected to from here, too ([`Outbound::connect_tcp`]).
//!
//! What belongs here: checking a URL, resolving its name, connecting, and bounding what comes back. What does not: what is sent,
//! to whom, and how often it is tried again. `docs/explanation/outbound.md` tells why each check is where it is.
//!
//! A request passes three gates. The URL is checked when it is read ([`Target`]), addresses in digits among it. Names are
//! resolved by our own resolver, which hands out checked addresses only, and the connection goes to one of those. The client
//! follows no redirect, so that each hop of [`Outbound::fetch`] begins at the first gate again.

mod address;
mod allow;
mod error;
mod fetch;
mod filename;
mod resolver;
mod target;
mod tcp;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use rustls::pki_types::CertificateDer;
use tokio::time::timeout;

pub use self::address::{NotPublic, embedded, not_public};
pub use self::allow::{AllowNetworks, NotNetworks};
pub use self::error::{OutboundError, UrlFault};
pub(crate) use self::fetch::Part;
pub use self::fetch::{FetchLimits, Fetched, MOST_REDIRECTS, Received};
use self::resolver::Guarded;
pub use self::resolver::{Lookup, SystemLookup};
pub use self::target::{MOST_URL_CHARS, Target};
pub use self::tcp::{Connection, Peer, Service};

/// From the first look at a name to an encrypted connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Headers of an answer.
const MOST_HEADERS: usize = 128;

/// Bytes of an answer's headers, names and values. While they are read, hyper holds 408 KiB of them at the most.
const MOST_HEADER_BYTES: usize = 64 << 10;

/// Idle connections are kept that long, for the next request to the same place.
const IDLE: Duration = Duration::from_secs(3);

/// Idle connections kept for one place.
const MOST_IDLE: usize = 8;

/// The way out. Made once, cloned freely: clones share their connections.
#[derive(Clone)]
pub struct Outbound {
    client: reqwest::Client,
    allow: Arc<AllowNetworks>,
    lookup: Arc<dyn Lookup>,
    tls: Arc<rustls::ClientConfig>,
}

/// What the way out is made of.
pub struct Options {
    /// Networks that the operator opened.
    pub allow: AllowNetworks,
    /// Who knows the addresses of names.
    pub lookup: Arc<dyn Lookup>,
    /// Who vouches for the other side.
    pub roots: Roots,
}

/// Who vouches for servers that speak TLS.
pub enum Roots {
    /// Those whom the machine trusts: Debian's `ca-certificates`, and whom its operator added.
    Machine,
    /// These only.
    Only(Vec<CertificateDer<'static>>),
}

/// What is sent, but for where to.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Headers, beside those that HTTP itself needs.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Bytes,
}

/// How much of an answer is read, and how long it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerLimits {
    /// Bytes of the body that are kept. What is beyond is not read.
    pub body: usize,
    /// From connecting to the last byte that is read.
    pub whole: Duration,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The beginning of the body, as it was sent: nothing is decompressed.
    pub body: Vec<u8>,
    /// How the body ended.
    pub ending: Ending,
    /// Which address was connected to.
    pub address: Option<SocketAddr>,
}

/// How a body ended. A status counts however it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All of it is here.
    Whole,
    /// There was more than is kept.
    Cut,
    /// The connection ended before it did.
    BrokenOff,
    /// It did not end in time.
    TimedOut,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: Method) -> Self {
        Self { method, headers: HeaderMap::new(), body: Bytes::new() }
    }
}

impl Options {
    /// The operating system's names and trust, and networks that the operator opened.
    pub fn new(allow: AllowNetworks) -> Self {
        Self { allow, lookup: Arc::new(SystemLookup::default()), roots: Roots::Machine }
    }
}

impl Outbound {
    /// Makes the way out.
    #[expect(clippy::disallowed_methods, reason = "this is the one HTTP client of the program")]
    pub fn new(options: Options) -> Result<Self, OutboundError> {
        let setup = |error: String| OutboundError::Setup(error);
        let allow = Arc::new(options.allow);
        let tls = tls(options.roots).map_err(|error| setup(error.to_string()))?;
        let mut tls_of_http = tls.clone();
        tls_of_http.alpn_protocols = vec![b"http/1.1".to_vec()];
        let client = reqwest::Client::builder()
            .dns_resolver(Guarded::new(Arc::clone(&options.lookup), Arc::clone(&allow)))
            .tls_backend_preconfigured(tls_of_http)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            // One request at a time on a connection: nothing is gained by HTTP/2 here, and its ceilings are many.
            .http1_only()
            .http1_max_headers(MOST_HEADERS)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(MOST_IDLE)
            .user_agent(concat!("Soundpost/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| setup(error.to_string()))?;
        Ok(Self { client, allow, lookup: options.lookup, tls: Arc::new(tls) })
    }

    /// Checks a URL, as every request does before anything is sent.
    pub fn target(&self, url: &str) -> Result<Target, OutboundError> {
        Target::parse(url, &self.allow)
    }

    /// Sends a request and reads the answer. Redirects are answers like any other.
    pub async fn send(&self, url: &str, request: Request, limits: &AnswerLimits) -> Result<Answer, OutboundError> {
        let target = self.target(url)?;
        let mut heard = None;
        let done = timeout(limits.whole, self.exchange(&target, request, limits.body, &mut heard)).await;
        match (done, heard) {
            (Ok(Ok(())), Some(answer)) => Ok(answer),
            (Ok(_), Some(answer)) => Ok(Answer { ending: Ending::BrokenOff, ..answer }),
            (Err(_), Some(answer)) => Ok(Answer { ending: Ending::TimedOut, ..answer }),
            (Ok(Err(error)), None) => Err(error),
            (Ok(Ok(())) | Err(_), None) => {
                Err(OutboundError::TooSlow { host: target.host().to_owned(), seconds: limits.whole.as_secs() })
            }
        }
    }

    /// Sends a request, and puts into `heard` what is there of the answer, piece by piece.
    async fn exchange(
        &self,
        target: &Target,
        request: Request,
        most: usize,
        heard: &mut Option<Answer>,
    ) -> Result<(), OutboundError> {
        let mut response = self.open(target, request).await?;
        let answer = heard.insert(Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: Vec::new(),
            ending: Ending::Whole,
            address: response.remote_addr(),
        });
        while let Some(chunk) = response.chunk().await.map_err(|error| OutboundError::of(&error, target.host()))? {
            let room = most - answer.body.len();
            answer.body.extend(chunk.iter().take(room));
            if chunk.len() > room {
                answer.ending = Ending::Cut;
                break;
            }
        }
        Ok(())
    }

    /// Sends a request and waits for the head of its answer.
    async fn open(&self, target: &Target, request: Request) -> Result<reqwest::Response, OutboundError> {
        let Request { method, headers, body } = request;
        self.open_with(target, method, headers, (!body.is_empty()).then(|| body.into())).await
    }

    /// Sends a request whose body may stream, and waits for the head of its answer.
    pub(crate) async fn open_with(
        &self,
        target: &Target,
        method: Method,
        mut headers: HeaderMap,
        body: Option<reqwest::Body>,
    ) -> Result<reqwest::Response, OutboundError> {
        // Nothing is decompressed: a few bytes cannot become many.
        headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("identity"));
        let mut asked = self.client.request(method, target.url().clone()).headers(headers);
        if let Some(body) = body {
            asked = asked.body(body);
        }
        let response = asked.send().await.map_err(|error| OutboundError::of(&error, target.host()))?;
        let bytes: usize = response.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if bytes > MOST_HEADER_BYTES {
            return Err(OutboundError::HeadTooLarge { host: target.host().to_owned() });
        }
        tracing::debug!(http.host = target.host(), http.status = response.status().as_u16(), "outbound.answer");
        Ok(response)
    }
}

/// TLS by rustls and ring. Both are named here, so that no other crate's default decides.
fn tls(roots: Roots) -> Result<rustls::ClientConfig, rustls::Error> {
    let mut store = rustls::RootCertStore::empty();
    let (_, unreadable) = match roots {
        Roots::Machine => store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs),
        Roots::Only(roots) => store.add_parsable_certificates(roots),
    };
    if store.is_empty() {
        tracing::warn!(
            "This machine trusts no certificates, so https addresses cannot be reached. Install ca-certificates."
        );
    } else if unreadable > 0 {
        tracing::debug!(tls.unreadable = unreadable, "outbound.roots");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(store)
        .with_no_client_auth())
}
