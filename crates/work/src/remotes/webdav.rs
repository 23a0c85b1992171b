//! Stores by WebDAV (RFC 4918), over the one HTTP client.
//!
//! A file is put under the name of a part and moved to its own, so that nobody sees half of it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use model::RemoteSecret;
use model::remote::WebDav;
use protocols::webdav::{PROPFIND, Resource, multistatus};
use reqwest::Response;

use super::files::{Gathered, escape, http_date, media_type};
use super::moving::{Sink, Source};
use super::{Checked, PROBE, Remnant, RemoteError, Way, web};
use crate::outbound::Target;

/// Bytes of an answer to `PROPFIND` that are read: some ten thousand files.
const MOST_LIST: usize = 8 << 20;

/// A store, and who is in it.
struct Folder<'a> {
    way: &'a Way<'a>,
    at: &'a WebDav,
    /// Ends with a slash.
    base: String,
    authorization: HeaderValue,
}

pub(super) async fn check(way: &Way<'_>, at: &WebDav) -> Result<Checked, RemoteError> {
    let folder = Folder::open(way, at)?;
    let may_read = match folder.resources("0").await {
        Ok(_) => true,
        Err(RemoteError::Denied { .. }) => false,
        Err(error) => return Err(error),
    };
    way.remains.are(Remnant::File(way.part.clone()));
    let written = folder.ask(b"PUT", &way.part, &[], Bytes::from_static(PROBE)).await?;
    let may_write = match folder.judge(written.status(), &way.part, "writing a file") {
        Ok(()) => {
            folder.remove(&way.part).await?;
            true
        }
        Err(RemoteError::Denied { .. }) if may_read => false,
        Err(error) => return Err(error),
    };
    way.remains.take();
    Ok(Checked { may_read, may_write, host_key: None })
}

pub(super) async fn list(way: &Way<'_>, at: &WebDav, found: &mut Gathered) -> Result<(), RemoteError> {
    let (resources, whole) = Folder::open(way, at)?.resources("1").await?;
    for resource in resources.iter().filter(|resource| !resource.is_folder) {
        let Some(name) = resource.name() else { continue };
        if !found.take(&name, resource.size, http_date(&resource.changed)) {
            return Ok(());
        }
    }
    if !whole {
        found.cut();
    }
    Ok(())
}

pub(super) async fn fetch(way: &Way<'_>, at: &WebDav, name: &str, sink: &mut Sink<'_>) -> Result<(), RemoteError> {
    let folder = Folder::open(way, at)?;
    let target = folder.target(name)?;
    let answer = folder.ask(b"GET", name, &[], Bytes::new()).await?;
    folder.judge(answer.status(), name, "reading a file")?;
    web::receive(way, &target, answer, sink).await
}

pub(super) async fn put(way: &Way<'_>, at: &WebDav, name: &str, source: &Source<'_>) -> Result<(), RemoteError> {
    let folder = Folder::open(way, at)?;
    way.remains.are(Remnant::File(way.part.clone()));
    folder.put_file(&way.part, name, source).await?;
    let moved = folder.rename(&way.part, name).await?;
    match moved.status() {
        // The server does not move files, or takes itself for somebody else, as it may behind a proxy (RFC 4918, 9.9.4).
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED | StatusCode::BAD_GATEWAY => {
            folder.put_file(name, name, source).await?;
            folder.remove(&way.part).await?;
        }
        status => folder.judge(status, name, "renaming a file")?,
    }
    way.remains.take();
    Ok(())
}

pub(super) async fn remove(way: &Way<'_>, at: &WebDav, name: &str) -> Result<(), RemoteError> {
    Folder::open(way, at)?.remove(name).await
}

impl<'a> Folder<'a> {
    fn open(way: &'a Way<'a>, at: &'a WebDav) -> Result<Self, RemoteError> {
        let RemoteSecret::Password { password } = way.secret else {
            return Err(RemoteError::SignIn { host: at.url.clone(), user: at.user.clone(), what: "password" });
        };
        // RFC 7617, in UTF-8.
        let both = STANDARD.encode(format!("{}:{password}", at.user));
        let mut authorization = HeaderValue::try_from(format!("Basic {both}")).map_err(|_| RemoteError::SignIn {
            host: at.url.clone(),
            user: at.user.clone(),
            what: "password",
        })?;
        authorization.set_sensitive(true);
        let mut base = format!("{}/", at.url.trim_end_matches('/'));
        for part in at.path.split('/').filter(|part| !part.is_empty() && *part != ".") {
            base.push_str(&escape(part));
            base.push('/');
        }
        Ok(Self { way, at, base, authorization })
    }

    fn target(&self, name: &str) -> Result<Target, RemoteError> {
        Ok(self.way.outbound.target(&format!("{}{}", self.base, escape(name)))?)
    }

    fn headers(&self, more: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, self.authorization.clone());
        for (name, value) in more {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        headers
    }

    async fn ask(
        &self,
        method: &[u8],
        name: &str,
        more: &[(&'static str, &str)],
        body: Bytes,
    ) -> Result<Response, RemoteError> {
        let target = self.target(name)?;
        // All methods are written in this file.
        let method = Method::from_bytes(method).unwrap_or(Method::OPTIONS);
        web::ask(self.way, &target, method, self.headers(more), body).await
    }

    async fn put_file(&self, written: &str, name: &str, source: &Source<'_>) -> Result<(), RemoteError> {
        let mut headers = self.headers(&[]);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
        let answer = web::put_file(self.way, &self.target(written)?, headers, source).await?;
        match answer.status() {
            StatusCode::NOT_FOUND => Err(self.no_folder()),
            status => self.judge(status, name, "writing a file"),
        }
    }

    async fn rename(&self, from: &str, to: &str) -> Result<Response, RemoteError> {
        let target = self.target(to)?;
        self.ask(b"MOVE", from, &[("destination", target.url().as_str()), ("overwrite", "T")], Bytes::new()).await
    }

    async fn remove(&self, name: &str) -> Result<(), RemoteError> {
        let answer = self.ask(b"DELETE", name, &[], Bytes::new()).await?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(()),
            status => self.judge(status, name, "removing a file"),
        }
    }

    /// What the folder is, or what is in it, and whether that is all.
    async fn resources(&self, depth: &str) -> Result<(Vec<Resource>, bool), RemoteError> {
        let more = [("depth", depth), ("content-type", "application/xml; charset=utf-8")];
        let target = self.target("")?;
        let answer = self.ask(b"PROPFIND", "", &more, Bytes::from_static(PROPFIND.as_bytes())).await?;
        match answer.status() {
            StatusCode::MULTI_STATUS => {}
            StatusCode::NOT_FOUND => return Err(self.no_folder()),
            status => self.judge(status, "", "listing the folder")?,
        }
        let status = answer.status();
        let (text, _) = web::text(self.way, &target, answer, MOST_LIST).await?;
        let found = multistatus(&text).filter(|_| status == StatusCode::MULTI_STATUS);
        let found = found.ok_or_else(|| RemoteError::Strange {
            host: self.host(),
            said: format!("{status}"),
            wanted: "a list of files by WebDAV",
        })?;
        Ok((found.resources, found.whole))
    }

    fn no_folder(&self) -> RemoteError {
        RemoteError::NoFolder { host: self.host(), what: "folder", path: self.at.path.clone() }
    }

    fn host(&self) -> String {
        super::host(&model::Remote::WebDav(self.at.clone()))
    }

    /// What a status means (RFC 9110; RFC 4918, 11).
    fn judge(&self, status: StatusCode, name: &str, what: &'static str) -> Result<(), RemoteError> {
        let host = self.host();
        Err(match status {
            status if status.is_success() => return Ok(()),
            StatusCode::UNAUTHORIZED => RemoteError::SignIn { host, user: self.at.user.clone(), what: "password" },
            StatusCode::FORBIDDEN | StatusCode::METHOD_NOT_ALLOWED | StatusCode::LOCKED => {
                RemoteError::Denied { host, what }
            }
            // The folder of what is to be written is not there.
            StatusCode::CONFLICT => self.no_folder(),
            StatusCode::NOT_FOUND => RemoteError::NoFile { host, name: name.to_owned() },
            StatusCode::INSUFFICIENT_STORAGE | StatusCode::PAYLOAD_TOO_LARGE => RemoteError::Full { host },
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
                RemoteError::Busy { host, said: status.to_string() }
            }
            status if status.is_server_error() => RemoteError::Busy { host, said: status.to_string() },
            status => RemoteError::Strange { host, said: status.to_string(), wanted: "an answer of WebDAV" },
        })
    }
}
