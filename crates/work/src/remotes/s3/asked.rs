//! Questions to a bucket: where they go, how they are signed, and what an answer means.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use model::RemoteSecret;
use model::remote::S3;
use protocols::sigv4::{Signer, Unsigned, authorization, body_hash, encode_path, encode_query};
use protocols::{Secret, bucket};
use reqwest::Response;

use super::super::files::basic_timestamp;
use super::super::{RemoteError, Way, web};
use crate::outbound::Target;

/// A bucket, and who is in it.
pub(super) struct Bucket<'a> {
    way: &'a Way<'a>,
    at: &'a S3,
    /// Scheme and host: `https://b.s3.eu-central-1.amazonaws.com`.
    server: String,
    /// What stands before all keys in the path: `/`, or `/b/` where buckets are in the path.
    before: String,
    secret_key: Secret,
}

/// What is asked.
pub(super) struct Question<'a> {
    pub(super) method: &'a str,
    pub(super) key: &'a str,
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: Bytes,
}

impl<'a> Question<'a> {
    pub(super) fn new(method: &'a str, key: &'a str) -> Self {
        Self { method, key, query: &[], headers: &[], body: Bytes::new() }
    }
}

impl<'a> Bucket<'a> {
    pub(super) fn open(way: &'a Way<'a>, at: &'a S3) -> Result<Self, RemoteError> {
        let RemoteSecret::SecretKey { secret_key } = way.secret else {
            return Err(RemoteError::SignIn {
                host: "Amazon S3".to_owned(),
                user: at.access_key.clone(),
                what: "secret key",
            });
        };
        // Amazon wants the bucket in the name of the host; certificates are for one part more, so not with full stops in it.
        let (server, before) = match &at.endpoint {
            Some(endpoint) => {
                let (scheme, rest) = endpoint.split_once("://").unwrap_or(("https", endpoint));
                let (host, folder) = rest.split_once('/').unwrap_or((rest, ""));
                let folder = folder.trim_matches('/');
                let folder = if folder.is_empty() { String::new() } else { format!("/{folder}") };
                (format!("{scheme}://{host}"), format!("{folder}/{}/", at.bucket))
            }
            None if at.bucket.contains(['.', '_']) => {
                (format!("https://s3.{}.amazonaws.com", at.region()), format!("/{}/", at.bucket))
            }
            None => (format!("https://{}.s3.{}.amazonaws.com", at.bucket, at.region()), "/".to_owned()),
        };
        Ok(Self { way, at, server, before, secret_key: Secret::new(secret_key) })
    }

    /// The whole name of a file; with an empty one what all begin with.
    pub(super) fn key(&self, name: &str) -> String {
        let folder =
            self.at.path.split('/').filter(|part| !part.is_empty() && *part != ".").collect::<Vec<_>>().join("/");
        if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
    }

    pub(super) fn target(&self, key: &str, query: &[(&str, &str)]) -> Result<Target, RemoteError> {
        let path = encode_path(&format!("{}{key}", self.before));
        let query = if query.is_empty() { String::new() } else { format!("?{}", encode_query(query)) };
        Ok(self.way.outbound.target(&format!("{}{path}{query}", self.server))?)
    }

    /// Signs and asks.
    pub(super) async fn ask(&self, question: &Question<'_>) -> Result<Response, RemoteError> {
        let target = self.target(question.key, question.query)?;
        let url = target.url();
        let host = match url.port() {
            Some(port) => format!("{}:{port}", target.host()),
            None => target.host().to_owned(),
        };
        let (body, date) = (body_hash(&question.body), basic_timestamp(self.way.clock.now()));
        let mut signed = vec![("host", host.as_str())];
        signed.extend_from_slice(question.headers);
        let path = format!("{}{}", self.before, question.key);
        let unsigned =
            Unsigned { method: question.method, path: &path, query: question.query, headers: &signed, body: &body };
        let signer = Signer {
            access_key: &self.at.access_key,
            secret_key: &self.secret_key,
            region: self.at.region(),
            date: &date,
        };
        let authorization = authorization(&unsigned, &signer);
        let mut headers = HeaderMap::new();
        let mine = [("authorization", authorization.as_str()), ("x-amz-date", &date), ("x-amz-content-sha256", &body)];
        for (name, value) in question.headers.iter().chain(&mine) {
            // An access key with characters that no header has is none.
            let value = HeaderValue::from_str(value).map_err(|_| self.sign_in())?;
            if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
                headers.insert(name, value);
            }
        }
        // All methods are written in this folder.
        let method = Method::from_bytes(question.method.as_bytes()).unwrap_or(Method::OPTIONS);
        web::ask(self.way, &target, method, headers, question.body.clone()).await
    }

    /// Asks, and reads a short answer.
    pub(super) async fn ask_and_read(
        &self,
        question: &Question<'_>,
        what: &'static str,
        name: &str,
    ) -> Result<String, RemoteError> {
        let answer = self.ask(question).await?;
        self.read(answer, super::MOST_ANSWER, what, name).await
    }

    /// Reads an answer, or what is wrong.
    pub(super) async fn read(
        &self,
        answer: Response,
        most: usize,
        what: &'static str,
        name: &str,
    ) -> Result<String, RemoteError> {
        let status = answer.status();
        let region = answer.headers().get("x-amz-bucket-region").and_then(|region| region.to_str().ok());
        let region = region.filter(|region| *region != self.at.region()).map(str::to_owned);
        let (text, _) = web::text(self.way, &self.target("", &[])?, answer, most).await?;
        if status.is_success() {
            return Ok(text);
        }
        let elsewhere = status.is_redirection() || status == StatusCode::BAD_REQUEST;
        if let Some(region) = region.filter(|region| elsewhere && region.len() < 40) {
            return Err(RemoteError::Region { region });
        }
        Err(self.meaning(status, bucket::error_code(&text).as_deref(), what, name))
    }

    /// What a refusal means (Amazon S3 API Reference, "Error responses"; other servers have words of their own).
    pub(super) fn meaning(
        &self,
        status: StatusCode,
        code: Option<&str>,
        what: &'static str,
        name: &str,
    ) -> RemoteError {
        let host = self.host();
        match code.unwrap_or_default() {
            "InvalidAccessKeyId" | "SignatureDoesNotMatch" => self.sign_in(),
            "NoSuchBucket" => RemoteError::NoFolder { host, what: "bucket", path: self.at.bucket.clone() },
            "NoSuchKey" => RemoteError::NoFile { host, name: name.to_owned() },
            "AccessDenied" | "AllAccessDisabled" | "AccountProblem" | "AccessControlListNotSupported" => {
                RemoteError::Denied { host, what }
            }
            "QuotaExceeded" | "XMinioStorageFull" | "XMinioAdminBucketQuotaExceeded" | "EntityTooLarge" => {
                RemoteError::Full { host }
            }
            "RequestTimeTooSkewed" => RemoteError::Clock { host },
            "SlowDown" | "ServiceUnavailable" | "InternalError" | "RequestTimeout" => {
                RemoteError::Busy { host, said: code.unwrap_or_default().to_owned() }
            }
            code => match status {
                StatusCode::NOT_FOUND => RemoteError::NoFile { host, name: name.to_owned() },
                StatusCode::UNAUTHORIZED => self.sign_in(),
                StatusCode::FORBIDDEN => RemoteError::Denied { host, what },
                StatusCode::INSUFFICIENT_STORAGE => RemoteError::Full { host },
                StatusCode::TOO_MANY_REQUESTS => RemoteError::Busy { host, said: status.to_string() },
                status if status.is_server_error() => RemoteError::Busy { host, said: status.to_string() },
                status if code.is_empty() => self.strange(status, "an answer of S3"),
                _ => RemoteError::Strange { host, said: code.to_owned(), wanted: "another answer of S3" },
            },
        }
    }

    pub(super) fn strange(&self, status: StatusCode, wanted: &'static str) -> RemoteError {
        RemoteError::Strange { host: self.host(), said: status.to_string(), wanted }
    }

    fn sign_in(&self) -> RemoteError {
        RemoteError::SignIn { host: self.host(), user: self.at.access_key.clone(), what: "secret key" }
    }

    fn host(&self) -> String {
        super::super::host(&model::Remote::S3(self.at.clone()))
    }
}
