//! What a request for a narration has to say, and how an address is written so that the same one is found again.

use sha2::{Digest as _, Sha256};
use url::Url;

use super::{Checks, Request};
use crate::organizations::checked_webhook;
use crate::{AppError, Invalid};

/// Characters of an article's address.
const ADDRESS_LENGTH: usize = 2_048;

/// Characters of what an organization calls its people and publications, and of a request's own key.
pub(super) const THEIRS_LENGTH: usize = 255;

/// Characters of a title that is asked for.
const TITLE_LENGTH: usize = 500;

/// An address as the WHATWG URL standard writes it, without its fragment.
pub fn canonical(address: &str) -> Result<String, AppError> {
    let wrong = |message: String| AppError::invalid("url", message);
    if address.trim().is_empty() {
        return Err(wrong("Give the address of an article.".to_owned()));
    }
    if address.chars().count() > ADDRESS_LENGTH {
        return Err(wrong(format!("An address has at most {ADDRESS_LENGTH} characters.")));
    }
    let shown: String = address.trim().chars().take(200).collect();
    let mut url = Url::parse(address.trim())
        .map_err(|_| wrong(format!("This is no address: “{shown}”. One begins with https:// and names a host.")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong(format!("An article has an address with https:// or http://; this is “{}:”.", url.scheme())));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("An address may not have a user name or a password in it.".to_owned()));
    }
    url.set_fragment(None);
    Ok(url.into())
}

/// What is wrong with a request, all of it at once. A member of the organization is known already; a server says for whom it asks.
pub(super) fn checked(request: Request, is_server: bool, checks: &dyn Checks) -> Result<Request, AppError> {
    let mut wrong = Vec::new();
    let mut find = |field: &str, message: String| wrong.push(Invalid { field: field.to_owned(), message });
    let address = match canonical(&request.address) {
        Ok(address) => address,
        Err(AppError::Invalid(fields)) => {
            for field in fields {
                find(&field.field, field.message);
            }
            String::new()
        }
        Err(other) => return Err(other),
    };
    let named = |text: &str| {
        let characters = text.chars().count();
        (1..=THEIRS_LENGTH).contains(&characters) && !text.chars().any(char::is_control)
    };
    let of_length = |what: &str| format!("{what} has 1 to {THEIRS_LENGTH} characters that can be seen.");
    if !is_server {
        // Who asks is no word of the request.
    } else if request.user.is_empty() {
        find("Organization-User-Id", "Say in the header Organization-User-Id which of your people asks.".to_owned());
    } else if !named(&request.user) {
        find("Organization-User-Id", of_length("The id of a user"));
    }
    if request.publication.as_deref().is_some_and(|theirs| !named(theirs)) {
        find("Organization-Publication-Id", of_length("The id of a publication"));
    }
    if request.key.as_deref().is_some_and(|key| !named(key)) {
        find("Idempotency-Key", of_length("A key"));
    }
    if request
        .wish
        .title
        .as_deref()
        .is_some_and(|title| title.chars().count() > TITLE_LENGTH || title.chars().any(char::is_control))
    {
        find("title", format!("A title has at most {TITLE_LENGTH} characters, all of which can be seen."));
    }
    let plain = |text: &str| {
        (1..=100).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    if let Some(voice) = request.wish.voice.as_deref() {
        if !plain(voice) {
            find("voice", "A voice is named as `soundpost voices list` names it, such as en_US-joe-medium.".to_owned());
        } else if let Err(why) = checks.voice(voice) {
            find("voice", why);
        }
    }
    if request.wish.language.as_deref().is_some_and(|language| !plain(language)) {
        find("language", "A language is named as BCP 47 does, such as en or de-CH.".to_owned());
    }
    if let Some(webhook) = &request.wish.webhook
        && let Err(AppError::Invalid(fields)) = checked_webhook("webhookUrl", webhook, checks)
    {
        for field in fields {
            find(&field.field, field.message);
        }
    }
    if wrong.is_empty() { Ok(Request { address, ..request }) } else { Err(AppError::Invalid(wrong)) }
}

/// What a request says, so that another one with the same key is noticed.
pub(super) fn digest_of(request: &Request) -> store::Digest {
    let said = (
        &request.address,
        &request.user,
        &request.publication,
        &request.wish.voice,
        &request.wish.title,
        &request.wish.language,
        &request.wish.webhook,
        request.is_anew,
    );
    Sha256::digest(format!("{said:?}")).into()
}

pub(super) fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use model::narration::Wish;

    use super::super::Unchecked;
    use super::*;

    #[test]
    fn an_address_is_written_in_one_way() {
        for (given, kept) in [
            ("https://News.Example/a/../b?x=1#part", "https://news.example/b?x=1"),
            (" http://news.example:80 ", "http://news.example/"),
            ("https://news.example/ä", "https://news.example/%C3%A4"),
        ] {
            assert_eq!(canonical(given).ok().as_deref(), Some(kept));
        }
        let long = format!("https://news.example/{}", "x".repeat(2_048));
        for wrong in [
            "",
            "news.example",
            "ftp://news.example/",
            "javascript:alert(1)",
            "https://",
            "https://a:b@news.example/",
            &long,
        ] {
            assert!(matches!(canonical(wrong), Err(AppError::Invalid(_))), "{wrong}");
        }
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let request = Request {
            address: "x".to_owned(),
            wish: Wish {
                voice: Some("a b".to_owned()),
                language: Some(String::new()),
                title: Some("x".repeat(501)),
                webhook: Some("ftp://x".to_owned()),
            },
            publication: Some(String::new()),
            key: Some("a\nb".to_owned()),
            ..Request::default()
        };
        let Err(AppError::Invalid(found)) = checked(request, true, &Unchecked) else { panic!("it was taken") };
        let fields: Vec<_> = found.iter().map(|found| found.field.as_str()).collect();
        let all = [
            "url",
            "Organization-User-Id",
            "Organization-Publication-Id",
            "Idempotency-Key",
            "title",
            "voice",
            "language",
            "webhookUrl",
        ];
        assert_eq!(fields, all);
    }
}
