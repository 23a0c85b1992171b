//! Which organization asks, and with which half of its key.

use app::AppError;
use app::organizations::Partner;
use http::header::{AUTHORIZATION, ORIGIN, REFERER};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use protocols::{Key, KeyKind};

use super::reply::Refused;
use crate::caller::{basic, peer};
use crate::http::ceilings;
use crate::http::problem::Problem;
use crate::http::rate::Who;
use crate::settings::Web;

const NONE: &str = "This needs an organization's key as user name, without a password: “Authorization: Basic ” and the base64 of the key and a colon.";

/// Somebody who may read: an organization's server, or a page of listeners.
pub(super) struct Reader {
    /// Which organization it is.
    pub(super) partner: Partner,
    /// Whether it is the organization's own server. What the organization calls its people is between the two of us.
    pub(super) is_server: bool,
    /// The page's origin, where it is one: only it may read the answer.
    pub(super) origin: Option<HeaderValue>,
}

impl Reader {
    fn server(partner: Partner) -> Self {
        Self { partner, is_server: true, origin: None }
    }
}

/// An organization's server, by its private key.
pub(super) async fn private(web: &Web, parts: &Parts) -> Result<Partner, Refused> {
    admit(web, parts, async {
        let key = key(parts)?;
        Ok(web.app().organizations().by_private_key(&key).await?)
    })
    .await
}

/// Whoever may read, by either half.
pub(super) async fn either(web: &Web, parts: &Parts) -> Result<Reader, Refused> {
    let key = match key(parts) {
        Ok(key) => key,
        Err(problem) => {
            return admit(web, parts, async { Err(problem) }).await.map(Reader::server);
        }
    };
    if Key::parse(&key).is_some_and(|key| key.kind() == KeyKind::OrganizationPublic) {
        // Listeners are many, and one key stands for all of them: they are counted by where they are.
        let counted = ceilings::check(parts).and_then(|()| web.limiter().count(Who::peer(peer::of(parts))));
        counted?;
        let host = host_of(&parts.headers);
        let origin = parts.headers.get(ORIGIN).cloned();
        return match web.app().organizations().by_public_key(&key, host.as_deref()).await {
            Ok(partner) => Ok(Reader { partner, is_server: false, origin }),
            Err(error) => {
                // A page that was let ask may read why it is refused.
                let is_listed = match &host {
                    Some(host) => web.app().organizations().is_listed(host).await?,
                    None => false,
                };
                Err(Refused { origin: origin.filter(|_| is_listed), ..error.into() })
            }
        };
    }
    private(web, parts).await.map(Reader::server)
}

/// Counts a request for the organization that it is from, or for the address where it is from none.
async fn admit(
    web: &Web,
    parts: &Parts,
    recognise: impl Future<Output = Result<Partner, Problem>>,
) -> Result<Partner, Refused> {
    ceilings::check(parts)?;
    let recognised = recognise.await;
    let who = match &recognised {
        Ok(partner) => Who::Account(partner.organization().account),
        Err(_) => Who::peer(peer::of(parts)),
    };
    web.limiter().count(who)?;
    Ok(recognised?)
}

/// The key that a request shows.
fn key(parts: &Parts) -> Result<String, Problem> {
    let none = || Problem::from(AppError::Unauthenticated(NONE));
    let credentials = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(none)?;
    let (scheme, rest) = credentials.trim().split_once(' ').ok_or_else(none)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(none());
    }
    match basic::read(rest) {
        Some((key, password)) if password.is_empty() => Ok(key),
        Some(_) => Err(AppError::Unauthenticated("The key is the user name, and the password stays empty.").into()),
        None => Err(none()),
    }
}

/// The host of the page that a request is from, as its browser says, with the port where it is not the usual one.
pub(super) fn host_of(headers: &HeaderMap) -> Option<String> {
    let page = headers.get(ORIGIN).or_else(|| headers.get(REFERER))?.to_str().ok()?;
    host_in(page)
}

fn host_in(page: &str) -> Option<String> {
    let url = url::Url::parse(page).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// An address that is no player's.
pub(super) fn no_player() -> Refused {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no player of that name here.").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_pages() {
        for (page, host) in [
            ("https://News.example", Some("news.example")),
            ("https://news.example:443/a?b", Some("news.example")),
            ("http://localhost:3000", Some("localhost:3000")),
            ("null", None),
            ("", None),
            ("file:///a", None),
        ] {
            assert_eq!(host_in(page).as_deref(), host, "{page}");
        }
    }
}
