//! Quantities: money, percentages, units, ordinals, fractions, ranges, versions, telephone numbers, and plain numbers.
//!
//! What belongs here: a number with whatever is written around it. Dates and times are in `dates`.

mod lists;

use lists::{CURRENCIES, NUMBERED_IN_PARTS, UNITS};

use super::numbers::{self, cardinal, decimal, digits, integer, is_one, plural};
use super::scan::{Here, Hit, pattern};

/// A number as it is written in English: commas between thousands, a point before decimals.
macro_rules! number {
    () => {
        r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    };
}

/// What may stand between the two ends of a range.
macro_rules! to {
    () => {
        r"\s?(?:–|—|-|‑)\s?"
    };
}

/// "$1.5bn", "£3–5m", "-€20", "$4.50", "USD 5", "20 EUR", "50¢", "99p".
pub(super) fn money(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    if let Some(found) = pattern!(concat!(
        r"(?P<sign>[-−–+])?(?P<cur>(?:US|CA|C|AU|A|NZ|HK|S|R)?\$|[£€¥₹₩₽₪₿]|(?:USD|EUR|GBP|CHF|JPY|CNY|RMB|CAD|AUD|INR|SEK|NOK)\s)\s?(?P<n>", number!(), r")",
        r"(?:", to!(), r"(?:(?:US|CA|C|AU|A|NZ|HK|S|R)?\$|[£€¥₹₩₽₪₿])?(?P<m>", number!(), r"))?",
        r"(?:(?P<gap>[\s\u{a0}-])?(?P<mag>billion|million|trillion|thousand|bn|mn|tn|m|k|b|K|M|B|T)\b)?"
    ))
    .captures(here.rest)
    {
        let whole = found.get(0)?;
        if here.rest[whole.end()..].starts_with(|next: char| next.is_alphanumeric()) {
            return None;
        }
        let names = currency(found.name("cur")?.as_str().trim())?;
        let first = found.name("n")?.as_str();
        let magnitude = found.name("mag").map_or("", |magnitude| spoken_magnitude(magnitude.as_str()));
        // "$5 m" is five dollars and something else.
        if found.name("gap").is_some() && found.name("mag").is_some_and(|magnitude| magnitude.len() == 1) {
            return None;
        }
        let sign = match found.name("sign").map(|sign| sign.as_str()) {
            Some("+") => "plus ",
            Some(_) => "minus ",
            None => "",
        };
        let amount = match found.name("m") {
            Some(second) => format!("{} to {}", decimal(first), sum(second.as_str(), magnitude, names)),
            None => sum(first, magnitude, names),
        };
        return Hit::new(whole.len(), format!("{sign}{amount}"));
    }
    let found = pattern!(concat!(
        r"(?P<n>",
        number!(),
        r")(?:\s?(?P<cur>USD|EUR|GBP|CHF|JPY|CNY|RMB|CAD|AUD|INR|SEK|NOK|BTC|€|£)\b?|(?P<part>¢|p\b))"
    ))
    .captures(here.rest)?;
    let first = found.name("n")?.as_str();
    let length = found.get(0)?.len();
    if here.rest[length..].starts_with(|next: char| next.is_alphanumeric()) {
        return None;
    }
    if let Some(part) = found.name("part") {
        let (one, several) = if part.as_str() == "p" { ("penny", "pence") } else { ("cent", "cents") };
        return Hit::new(length, format!("{} {}", decimal(first), if is_one(first) { one } else { several }));
    }
    Hit::new(length, sum(first, "", currency(found.name("cur")?.as_str())?))
}

fn currency(sign: &str) -> Option<[&'static str; 4]> {
    CURRENCIES.iter().find(|(signs, _)| signs.contains(&sign)).map(|(_, names)| *names)
}

fn spoken_magnitude(written: &str) -> &'static str {
    match written {
        "billion" | "bn" | "b" | "B" => "billion",
        "million" | "mn" | "m" | "M" => "million",
        "trillion" | "tn" | "T" => "trillion",
        _ => "thousand",
    }
}

/// An amount with its currency, and hundredths where there are two decimals and no magnitude.
fn sum(number: &str, magnitude: &str, [one, several, cent, cents]: [&str; 4]) -> String {
    if !magnitude.is_empty() {
        return format!("{} {magnitude} {several}", decimal(number));
    }
    match number.split_once('.') {
        Some((whole, part)) if part.len() == 2 => {
            let whole = if whole.is_empty() { "0" } else { whole };
            let count: u64 = part.parse().unwrap_or_default();
            let small = format!("{} {}", cardinal(count), if count == 1 { cent } else { cents });
            let large = format!("{} {}", decimal(whole), if is_one(whole) { one } else { several });
            match (whole, count) {
                (_, 0) => large,
                ("0", _) => small,
                _ => format!("{large} and {small}"),
            }
        }
        _ => format!("{} {}", decimal(number), if is_one(number) { one } else { several }),
    }
}

/// "+1 (555) 123-4567", "020 7946 0018", "555-123-4567".
pub(super) fn telephone(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let found = pattern!(concat!(
        r"\+\d{1,3}(?:[ .\u{a0}-]?\(?\d{1,5}\)?){2,6}\b|\(\d{2,5}\)[ \u{a0}-]?\d{3,4}[ .\u{a0}-]\d{3,4}\b|\d{3}[-.\u{a0}]\d{3}[-.\u{a0}]\d{4}\b|",
        r"0\d{2,4}[ \u{a0}]\d{3,4}[ \u{a0}]\d{3,4}\b|1-\d{3}-\d{3}-\d{4}\b|\d{3}-\d{4}\b"
    ))
    .find(here.rest)?;
    let groups =
        found.as_str().split(|letter: char| !letter.is_ascii_digit()).filter(|group| !group.is_empty()).map(digits);
    let plus = if found.as_str().starts_with('+') { "plus " } else { "" };
    Hit::new(found.len(), format!("{plus}{}", groups.collect::<Vec<_>>().join(", ")))
}

/// "v2.0.1", "1.2.3", "Python 3.12".
pub(super) fn version(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let found =
        pattern!(r"(?P<v>[vV]\.?)?(?P<parts>\d+(?:\.\d+)+|\d+)(?P<more>-(?:alpha|beta|rc|pre)\.?\d*|[ab]\d+|rc\d+)?\b")
            .captures(here.rest)?;
    let parts = found.name("parts")?.as_str();
    let dots = parts.matches('.').count();
    let named = here.last.chars().next().is_some_and(char::is_alphabetic)
        && NUMBERED_IN_PARTS.contains(&here.last.to_lowercase().as_str());
    let marked = found.name("v").is_some();
    if !(marked || dots >= 2 || named && dots == 1) {
        return None;
    }
    let mut words: Vec<String> = marked.then(|| "version".to_owned()).into_iter().collect();
    words.push(parts.split('.').map(integer).collect::<Vec<_>>().join(" point "));
    if let Some(more) = found.name("more") {
        words.push(super::addresses::spell(more.as_str().trim_start_matches('-')).replace(" dot ", " "));
    }
    Hit::new(found.get(0)?.len(), words.join(" "))
}

/// "1920×1080", "3 x 4 x 5", "6 × 7".
pub(super) fn dimensions(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let found = pattern!(r"\d+(?:\.\d+)?(?:(?:\s?×\s?|\s?x\s?)\d+(?:\.\d+)?){1,3}\b").find(here.rest)?;
    let numbers: Vec<String> = found.as_str().split(['×', 'x']).map(|number| decimal(number.trim())).collect();
    Hit::new(found.len(), numbers.join(" by "))
}

/// "3.5%", "5–10 %".
pub(super) fn percent(here: &Here<'_>) -> Option<Hit> {
    let found = pattern!(concat!(
        r"(?P<sign>[-−+])?(?P<n>",
        number!(),
        r")\s?(?P<p>%)?(?:",
        to!(),
        r"(?P<m>",
        number!(),
        r"))?\s?%"
    ))
    .captures(here.rest)?;
    let sign = if here.before.is_some_and(char::is_alphanumeric) && found.name("sign").is_some() {
        return None;
    } else {
        signed(found.name("sign").map(|sign| sign.as_str()))
    };
    let second = found.name("m").map(|second| format!(" to {}", decimal(second.as_str()))).unwrap_or_default();
    if found.name("p").is_some() && second.is_empty() {
        return None;
    }
    Hit::new(found.get(0)?.len(), format!("{sign}{}{second} percent", decimal(found.name("n")?.as_str())))
}

/// "5 km", "10–12 kg", "−3 °C", "20k", "5bn", "3x".
pub(super) fn unit(here: &Here<'_>) -> Option<Hit> {
    let found = pattern!(concat!(
        r"(?P<sign>[-−+])?(?P<n>",
        number!(),
        r")(?:",
        to!(),
        r"(?P<m>",
        number!(),
        r"))?(?P<gap>[\s\u{a0}\u{202f}-]?)"
    ))
    .captures(here.rest)?;
    if here.before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let first = found.name("n")?.as_str();
    let after = &here.rest[found.get(0)?.end()..];
    let gap = found.name("gap")?.as_str();
    let ended = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '/');
    let sign = signed(found.name("sign").map(|sign| sign.as_str()));
    let second = found.name("m").map(|second| second.as_str());
    let amount = format!(
        "{sign}{}{}",
        decimal(first),
        second.map(|second| format!(" to {}", decimal(second))).unwrap_or_default()
    );
    let length = found.get(0)?.len();
    for magnitude in ["bn", "tn", "mn", "k", "K", "M", "m"] {
        if !gap.is_empty() || !after.starts_with(magnitude) || !ended(&after[magnitude.len()..]) {
            continue;
        }
        // "5m people" are millions, and "the 100m sprint" is in meters.
        let next =
            after[magnitude.len()..].trim_start().split(|letter: char| !letter.is_alphabetic()).next().unwrap_or("");
        if magnitude == "m" && !(next.len() > 3 && next.ends_with('s') || next == "people") {
            continue;
        }
        return Hit::new(length + magnitude.len(), format!("{amount} {}", spoken_magnitude(magnitude)));
    }
    // The longest that fits: "km/h" before "km".
    let (written, one, several) = UNITS
        .iter()
        .filter(|(written, ..)| after.starts_with(written) && ended(&after[written.len()..]))
        .max_by_key(|(written, ..)| written.len())?;
    // Letters that are as well words or names only count where they touch the number.
    let touching = matches!(*written, "x" | "V" | "W" | "L" | "in." | "l" | "g" | "m");
    if gap == "-" && touching || *written == "x" && !gap.is_empty() || gap.chars().any(|gap| gap == '\n') {
        return None;
    }
    let singular = is_one(first) && second.is_none() || gap == "-";
    Hit::new(length + written.len(), format!("{amount} {}", if singular { one } else { several }))
}

/// "1st", "22nd", "1,000th", and "thirds" as "3rds".
pub(super) fn ordinal(here: &Here<'_>) -> Option<Hit> {
    let found = pattern!(r"(?P<n>\d{1,3}(?:,\d{3})+|\d{1,12})(?:st|nd|rd|th|ST|ND|RD|TH|ˢᵗ|ᵗʰ)(?P<s>s)?\b")
        .captures(here.rest)?;
    let words = numbers::ordinal(found.name("n")?.as_str().replace(',', "").parse().ok()?);
    Hit::new(found.get(0)?.len(), if found.name("s").is_some() { plural(&words) } else { words })
}

/// "½", "2½", "3/4", "24/7".
pub(super) fn fraction(here: &Here<'_>) -> Option<Hit> {
    const SIGNS: &[(char, u64, u64)] = &[
        ('½', 1, 2),
        ('¼', 1, 4),
        ('¾', 3, 4),
        ('⅓', 1, 3),
        ('⅔', 2, 3),
        ('⅕', 1, 5),
        ('⅖', 2, 5),
        ('⅗', 3, 5),
        ('⅘', 4, 5),
        ('⅙', 1, 6),
        ('⅛', 1, 8),
        ('⅜', 3, 8),
        ('⅝', 5, 8),
        ('⅞', 7, 8),
    ];
    if here.before.is_some_and(|before| before.is_alphanumeric() || before == '/') {
        return None;
    }
    let found = pattern!(
        r"(?P<whole>\d{1,9})?\s?(?P<sign>[½¼¾⅓⅔⅕⅖⅗⅘⅙⅛⅜⅝⅞])|(?:(?P<with>\d{1,9})\s)?(?P<n>\d{1,3})[/⁄](?P<d>\d{1,4})\b"
    )
    .captures(here.rest)?;
    let length = found.get(0)?.len();
    if here.rest[length..].starts_with('/') {
        return None;
    }
    if let Some(sign) = found.name("sign") {
        let (_, upper, lower) = SIGNS.iter().find(|(written, ..)| sign.as_str().starts_with(*written))?;
        let part = parts(*upper, *lower);
        return Hit::new(
            length,
            match found.name("whole") {
                Some(whole) => format!(
                    "{} and {}",
                    integer(whole.as_str()),
                    if *upper == 1 { part.replacen("one ", "a ", 1) } else { part }
                ),
                None => part,
            },
        );
    }
    let (upper, lower): (u64, u64) = (found.name("n")?.as_str().parse().ok()?, found.name("d")?.as_str().parse().ok()?);
    let proper = (1..lower).contains(&upper) && (lower <= 10 || matches!(lower, 12 | 16 | 20 | 32 | 64 | 100 | 1000));
    if let Some(with) = found.name("with") {
        let part = parts(upper, lower);
        return if proper { Hit::new(length, format!("{} and {part}", integer(with.as_str()))) } else { None };
    }
    if proper && (upper, lower) != (9, 11) {
        return Hit::new(length, parts(upper, lower));
    }
    Hit::new(
        length,
        match (upper, lower) {
            (24, 7) => "twenty four seven".to_owned(),
            (9, 11) => "nine eleven".to_owned(),
            _ => format!("{} over {}", cardinal(upper), cardinal(lower)),
        },
    )
}

fn parts(upper: u64, lower: u64) -> String {
    let part = match lower {
        2 => "half".to_owned(),
        4 => "quarter".to_owned(),
        lower => numbers::ordinal(lower),
    };
    let part = match (upper, lower) {
        (1, _) => part,
        (_, 2) => "halves".to_owned(),
        _ => plural(&part),
    };
    format!("{} {part}", cardinal(upper))
}

/// "3–2", "10-12", "16:9".
pub(super) fn range(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(|before| before.is_alphanumeric() || matches!(before, '-' | '.' | ',' | '–')) {
        return None;
    }
    let found =
        pattern!(concat!(r"(?P<n>", number!(), r")(?:", to!(), r"|:)(?P<m>", number!(), r")\b")).captures(here.rest)?;
    let whole = found.get(0)?;
    // More of them in a row are a code or a telephone number.
    let more = here.rest[whole.end()..].chars().next().is_some_and(|next| matches!(next, '-' | '–' | ':'))
        && here.rest[whole.end()..].chars().nth(1).is_some_and(|next| next.is_ascii_digit());
    if more {
        return None;
    }
    Hit::new(whole.len(), format!("{} to {}", decimal(found.name("n")?.as_str()), decimal(found.name("m")?.as_str())))
}

/// "−5", "-3.2".
pub(super) fn negative(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(|before| !before.is_whitespace() && !"([\"“'‘=<>/".contains(before)) {
        return None;
    }
    let found = pattern!(concat!(r"(?P<sign>[-−+±])(?P<n>", number!(), r")")).captures(here.rest)?;
    let length = found.get(0)?.len();
    if here.rest[length..].starts_with(|next: char| next.is_alphanumeric()) {
        return None;
    }
    Hit::new(
        length,
        format!("{}{}", signed(found.name("sign").map(|sign| sign.as_str())), decimal(found.name("n")?.as_str())),
    )
}

/// A number by itself: "1,234", "3.14", "007".
pub(super) fn number(here: &Here<'_>) -> Option<Hit> {
    let found = pattern!(number!()).find(here.rest)?;
    if found.as_str().starts_with('.') && here.before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let mut text = found.as_str();
    // "3.14.15" and "1.a" are no decimals, and "5." ends a sentence.
    if here.rest[text.len()..].starts_with(|next: char| next.is_alphanumeric())
        && text.contains('.')
        && !text.starts_with('.')
    {
        text = text.split('.').next()?;
    }
    if text.len() > 400 {
        return None;
    }
    Hit::new(text.len(), decimal(text))
}

fn signed(sign: Option<&str>) -> &'static str {
    match sign {
        None => "",
        Some("+") => "plus ",
        Some("±") => "plus or minus ",
        Some(_) => "minus ",
    }
}
