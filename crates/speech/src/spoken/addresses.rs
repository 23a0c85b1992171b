//! Addresses of pages and people, tags, and names of files.
//!
//! What belongs here: what is written for machines and said as "example dot com".

use super::Reason;
use super::numbers;
use super::scan::{Here, Hit, Silent, pattern};

/// Length of the part of an address after its host that is said; a longer one is for clicking.
const LONGEST_PATH: usize = 40;

/// Ends of hosts that are an address without anything in front.
const TOPS: &[&str] = &[
    "com", "org", "net", "edu", "gov", "io", "dev", "info", "co", "uk", "de", "fr", "eu", "ca", "au", "us", "ai",
    "app", "tv", "me", "news", "int", "mil", "nl", "ch", "se", "no", "es", "it", "jp",
];

/// "https://example.com/path", "www.example.com", "example.com".
pub(super) fn address(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(|before| before.is_alphanumeric() || before == '@') {
        return None;
    }
    let found = pattern!(concat!(
        r#"(?P<front>(?:(?i:https?|ftp)://(?:www\.)?|www\.))?(?P<host>(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.)+(?P<top>[A-Za-z]{2,24}))"#,
        r#"(?P<port>:\d{1,5})?(?P<path>[/?#][^\s<>"“”|]*)?"#
    ))
    .captures(here.rest)?;
    let whole = found.get(0)?;
    let front = found.name("front").map_or(0, |front| front.len());
    let host = found.name("host")?.as_str();
    let top = found.name("top")?.as_str();
    // Without "https" or "www" it is an address only under a well-known top, in small letters: "end.The" is not.
    if front == 0 && !(TOPS.contains(&top) && host.chars().all(|letter| !letter.is_uppercase())) {
        let named = TOPS.contains(&top)
            && top != "no"
            && top != "me"
            && top != "it"
            && top != "us"
            && top != "de"
            && host.matches('.').count() == 1;
        if !named {
            return None;
        }
    }
    let length = whole.as_str().trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'', '’', '*', '_']).len();
    let path =
        whole.as_str().get(front + host.len() + found.name("port").map_or(0, |port| port.len())..length).unwrap_or("");
    let mut words = spell_host(host);
    if let Some(port) = found.name("port") {
        words.push_str(" colon ");
        words.push_str(&numbers::digits(port.as_str()));
    }
    let plain = path.trim_end_matches('/');
    let sayable = plain.len() <= LONGEST_PATH
        && plain.chars().all(|letter| letter.is_ascii_alphanumeric() || "/-_.".contains(letter));
    let mut silent = (front > 0).then_some(Silent::Before(front, Reason::Address));
    if sayable {
        for part in plain.split('/').filter(|part| !part.is_empty()) {
            words.push_str(" slash ");
            words.push_str(&spell(part));
        }
    } else if plain.chars().any(char::is_alphanumeric) {
        // One kind of silence for each piece: the front is part of what is said then.
        silent = Some(Silent::After(
            length - front - host.len() - found.name("port").map_or(0, |port| port.len()),
            Reason::Address,
        ));
    }
    Some(Hit { silent, ..Hit::new(length, words)? })
}

/// "name@example.com".
pub(super) fn mail(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let found = pattern!(
        r"(?P<front>mailto:)?(?P<name>[A-Za-z0-9._+-]{1,64})@(?P<host>(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24})"
    )
    .captures(here.rest)?;
    let words = format!("{} at {}", spell(found.name("name")?.as_str()), spell_host(found.name("host")?.as_str()));
    let front = found.name("front").map_or(0, |front| front.len());
    Some(Hit {
        silent: (front > 0).then_some(Silent::Before(front, Reason::Address)),
        ..Hit::new(found.get(0)?.len(), words)?
    })
}

/// "@name" and "#OpenData".
pub(super) fn tag(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(|before| before.is_alphanumeric() || before == '&') {
        return None;
    }
    let found = pattern!(r"[@#][A-Za-z0-9_]{1,50}(?:\.[A-Za-z0-9_]+)*").find(here.rest)?;
    let name = &found.as_str()[1..];
    let sign = &found.as_str()[..1];
    match (sign, name.bytes().all(|letter| letter.is_ascii_digit())) {
        ("@", _) => Hit::new(found.len(), format!("at {}", spell(name))),
        (_, true) if name.len() <= 9 => Hit::new(found.len(), format!("number {}", numbers::integer(name))),
        (_, false) if name.chars().any(char::is_alphabetic) => {
            Hit::new(found.len(), format!("hashtag {}", spell(name)))
        }
        _ => None,
    }
}

/// "main.rs", "report_2024.pdf", "Node.js", "/etc/hosts", "snake_case", "function()".
pub(super) fn file(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let found = pattern!(concat!(
        r"[A-Za-z0-9][A-Za-z0-9_-]{0,80}(?:\.(?:tar|min|test|spec|d))?\.(?:rs|py|js|ts|jsx|tsx|json|toml|yaml|yml|md|txt|csv|tsv|pdf|docx?|xlsx?|pptx?|html?|css|xml|svg|png|jpe?g|gif|webp|mp3|mp4|wav|flac|ogg|zip|gz|tgz|exe|dll|so|sh|bat|rb|go|java|kt|swift|c|h|cpp|hpp|cs|php|sql|log|ini|conf|cfg|lock|onnx|NET)\b",
        r"|[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+(?:\(\))?",
        r"|[A-Za-z_][A-Za-z0-9_]{0,60}(?:(?:::|\.)[A-Za-z_][A-Za-z0-9_]{0,60})*\(\)",
        r"|[A-Za-z_][A-Za-z0-9_]{0,60}(?:::[A-Za-z_][A-Za-z0-9_]{0,60})+"
    ))
    .find(here.rest)?;
    Hit::new(found.len(), spell(found.as_str()))
}

/// A host, of which the last part is said as a word where people do so, and spelt otherwise.
fn spell_host(host: &str) -> String {
    let parts: Vec<String> = host
        .split('.')
        .map(|part| match part.to_ascii_lowercase().as_str() {
            "com" | "org" | "net" | "info" | "dev" | "app" | "news" | "gov" | "mil" | "int" | "edu" => {
                part.to_ascii_lowercase()
            }
            "www" => letters("www"),
            lower if part.len() <= 3 => letters(lower),
            _ => spell(part),
        })
        .collect();
    parts.join(" dot ")
}

/// Letters and digits in groups, and signs by their names.
pub(super) fn spell(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let group = |same: fn(char) -> bool| rest.find(|letter: char| !same(letter)).unwrap_or(rest.len());
        let length = if first.is_ascii_digit() {
            let length = group(|letter| letter.is_ascii_digit());
            words.push(if length == 4 && matches!(&rest[..2], "19" | "20") {
                numbers::year(rest[..4].parse().unwrap_or_default())
            } else {
                numbers::integer(&rest[..length])
            });
            length
        } else if first.is_alphabetic() {
            let length = group(char::is_alphabetic);
            for part in super::names::parts(&rest[..length]) {
                words.push(if super::names::is_spelt(part) { letters(part) } else { part.to_owned() });
            }
            length
        } else {
            let name = match first {
                '.' => "dot",
                '_' => "underscore",
                '-' => "dash",
                '+' => "plus",
                '/' => "slash",
                ':' if rest.starts_with("::") => "colon colon",
                ':' if text.contains("::") => "",
                _ => "",
            };
            words.push(name.to_owned());
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

/// Letters by their names.
pub(super) fn letters(text: &str) -> String {
    let letters: Vec<String> = text
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .map(|letter| match letter.to_digit(10) {
            Some(digit) => numbers::cardinal(u64::from(digit)),
            None => format!("·{}", letter.to_uppercase()),
        })
        .collect();
    letters.join(" ")
}
