//! Dates and times: days, months, years, decades, hours.
//!
//! What belongs here: the calendar and the clock as people write them. A date in figures that could be read both ways is read as
//! Americans do, month first, since the voices are American.

use super::numbers::{cardinal, integer, ordinal, plural, year as year_words};
use super::scan::{Here, Hit, pattern};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

macro_rules! month {
    () => {
        r"(?P<month>January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b\.?"
    };
}

fn month(written: &str) -> Option<&'static str> {
    let start = written.get(..3)?;
    MONTHS.iter().find(|name| name.starts_with(start)).copied()
}

fn day(written: &str) -> Option<String> {
    written.parse().ok().filter(|day| (1..=31).contains(day)).map(ordinal)
}

/// "2024-03-05", "2024-03-05T10:30:00Z".
pub(super) fn iso(here: &Here<'_>) -> Option<Hit> {
    let found = pattern!(r"(?P<y>[12]\d{3})[-‑/.](?P<m>0[1-9]|1[0-2])[-‑/.](?P<d>0[1-9]|[12]\d|3[01])(?:[T ](?P<h>[01]\d|2[0-3]):(?P<min>[0-5]\d)(?::[0-5]\d(?:\.\d+)?)?(?P<z>Z|\s?UTC)?)?\b").captures(here.rest)?;
    if here.before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let month = MONTHS.get(found.name("m")?.as_str().parse::<usize>().ok()?.checked_sub(1)?)?;
    let mut words =
        format!("{month} {}, {}", day(found.name("d")?.as_str())?, year_words(found.name("y")?.as_str().parse().ok()?));
    if let (Some(hour), Some(minute)) = (found.name("h"), found.name("min")) {
        words = format!("{words}, {}", clock(hour.as_str().parse().ok()?, minute.as_str()));
    }
    if found.name("z").is_some() {
        words.push_str(" ·U ·T ·C");
    }
    Hit::new(found.get(0)?.len(), words)
}

/// "3/5/2024", "31/12/99", "5.3.2024".
pub(super) fn slashed(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(|before| before.is_alphanumeric() || before == '/') {
        return None;
    }
    let found = pattern!(r"(?P<a>\d{1,2})(?P<sep>[/.-])(?P<b>\d{1,2})(?P<sep2>[/.-])(?P<y>\d{4}|\d{2})\b")
        .captures(here.rest)?;
    let (separator, year) = (found.name("sep")?.as_str(), found.name("y")?.as_str());
    let (a, b): (usize, usize) = (found.name("a")?.as_str().parse().ok()?, found.name("b")?.as_str().parse().ok()?);
    // Two digits of a year only with strokes: "1.2.34" is a version.
    if separator != found.name("sep2")?.as_str() || separator != "/" && year.len() == 2 {
        return None;
    }
    // With points the day comes first, wherever they are used.
    let (month, date) = if a > 12 || separator == "." && b <= 12 { (b, a) } else { (a, b) };
    let name = MONTHS.get(month.checked_sub(1)?)?;
    let mut full: u64 = year.parse().ok()?;
    if year.len() == 2 {
        full += if full < 50 { 2000 } else { 1900 };
    }
    Hit::new(found.get(0)?.len(), format!("{name} {}, {}", day(&date.to_string())?, year_words(full)))
}

/// "March 5, 2024", "Mar. 5th", "March 5–7", "March 2024".
pub(super) fn month_first(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let found = pattern!(concat!(month!(), r"(?:\s(?P<d>\d{1,2})(?:st|nd|rd|th)?\b(?:\s?[–-]\s?(?P<e>\d{1,2})(?:st|nd|rd|th)?\b)?)?(?:(?P<comma>,)?\s(?P<y>[12]\d{3})\b)?")).captures(here.rest)?;
    let written = found.name("month")?.as_str();
    let name = month(written)?;
    let (first, second, year) = (found.name("d"), found.name("e"), found.name("y"));
    // "May" is a word, too, and "Mar" and others are only months if something follows.
    if first.is_none() && year.is_none() {
        return None;
    }
    let mut words = name.to_owned();
    if let Some(first) = first {
        words = format!("{words} {}", day(first.as_str())?);
    }
    if let Some(second) = second {
        words = format!("{words} to {}", day(second.as_str())?);
    }
    let mut length = found.get(0)?.len();
    if let Some(year) = year {
        // "March 5 1,000 people": not a year.
        if here.rest[length..].starts_with(',')
            && here.rest[length + 1..].starts_with(|next: char| next.is_ascii_digit())
        {
            length = year.start().saturating_sub(1 + usize::from(found.name("comma").is_some()));
        } else {
            words = format!(
                "{words}{} {}",
                if first.is_some() { "," } else { "" },
                year_words(year.as_str().parse().ok()?)
            );
        }
    }
    Hit::new(length, words)
}

/// "5 March 2024", "5th of March", "5–7 March".
pub(super) fn day_first(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let found = pattern!(concat!(
        r"(?P<d>\d{1,2})(?:st|nd|rd|th)?(?:\s?[–-]\s?(?P<e>\d{1,2})(?:st|nd|rd|th)?)?\s(?P<of>of\s)?",
        month!(),
        r"(?:,?\s(?P<y>[12]\d{3})\b)?"
    ))
    .captures(here.rest)?;
    let written = found.name("month")?.as_str();
    let name = month(written)?;
    let first = day(found.name("d")?.as_str())?;
    let days = match found.name("e") {
        Some(second) => format!("{first} to {}", day(second.as_str())?),
        None => first,
    };
    let mut words = if found.name("of").is_some() { format!("{days} of {name}") } else { format!("{name} {days}") };
    if let Some(year) = found.name("y") {
        words = format!("{words}, {}", year_words(year.as_str().parse().ok()?));
    }
    // A short month's point may as well end the sentence; the scan sees to that.
    Some(Hit { may_end: here.rest[..found.get(0)?.len()].ends_with('.'), ..Hit::new(found.get(0)?.len(), words)? })
}

/// "10:30", "5:05 p.m.", "17:45 GMT", "10:30–11:15".
pub(super) fn time(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(|before| before.is_alphanumeric() || before == ':') {
        return None;
    }
    let found = pattern!(r"(?P<h>[01]?\d|2[0-4])(?P<sep>[:.])(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?(?:\s?[–-]\s?(?P<h2>[01]?\d|2[0-4])[:.](?P<m2>[0-5]\d))?(?:[\s\u{a0}]?(?P<half>[ap]\.m\.|[ap]m\b|[AP]M\b|[AP]\.M\.))?(?:\s(?P<zone>GMT|UTC|BST|CET|CEST|EST|EDT|CST|CDT|MST|MDT|PST|PDT|ET|PT|JST)\b)?").captures(here.rest)?;
    let length = found.get(0)?.len();
    let half = found.name("half");
    // A point is a clock's only where morning or evening follows.
    if found.name("sep")?.as_str() == "." && half.is_none()
        || here.rest[length..].starts_with(|next: char| next.is_alphanumeric() || next == ':')
    {
        return None;
    }
    let hour: u64 = found.name("h")?.as_str().parse().ok()?;
    let mut words = clock_or_half(hour, found.name("m")?.as_str(), half.is_some());
    if let Some(second) = found.name("s") {
        words = format!(
            "{words} and {} seconds",
            integer(second.as_str().trim_start_matches('0').get(..).filter(|rest| !rest.is_empty()).unwrap_or("0"))
        );
    }
    if let (Some(hour), Some(minute)) = (found.name("h2"), found.name("m2")) {
        words = format!("{words} to {}", clock_or_half(hour.as_str().parse().ok()?, minute.as_str(), half.is_some()));
    }
    ending(here, length, words, half.map(|half| half.as_str()), found.name("zone").map(|zone| zone.as_str()))
}

/// "5pm", "5–7 p.m.", "noon" needs no rule.
pub(super) fn hours(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let found = pattern!(r"(?P<h>1[0-2]|0?[1-9])(?P<half1>\s?[ap]m)?(?:\s?[–-]\s?(?P<h2>1[0-2]|0?[1-9]))?[\s\u{a0}]?(?P<half>[ap]\.m\.|[ap]m\b|[AP]M\b|[AP]\.M\.)(?:\s(?P<zone>GMT|UTC|BST|CET|CEST|EST|EDT|CST|CDT|MST|MDT|PST|PDT|ET|PT|JST)\b)?").captures(here.rest)?;
    let mut words = integer(found.name("h")?.as_str().trim_start_matches('0'));
    if let Some(half) = found.name("half1") {
        words = format!("{words} {}", half_words(half.as_str()));
    }
    if let Some(second) = found.name("h2") {
        words = format!("{words} to {}", integer(second.as_str().trim_start_matches('0')));
    }
    ending(
        here,
        found.get(0)?.len(),
        words,
        found.name("half").map(|half| half.as_str()),
        found.name("zone").map(|zone| zone.as_str()),
    )
}

fn ending(_: &Here<'_>, length: usize, mut words: String, half: Option<&str>, zone: Option<&str>) -> Option<Hit> {
    if let Some(half) = half {
        words = format!("{words} {}", half_words(half));
    }
    if let Some(zone) = zone {
        words = format!("{words} {}", super::addresses::letters(zone));
    }
    Some(Hit { may_end: zone.is_none() && half.is_some_and(|half| half.ends_with('.')), ..Hit::new(length, words)? })
}

fn half_words(written: &str) -> &'static str {
    if written.trim_start().starts_with(['a', 'A']) { "·A ·M" } else { "·P ·M" }
}

fn clock_or_half(hour: u64, minute: &str, half: bool) -> String {
    if half && minute == "00" { cardinal(hour) } else { clock(hour, minute) }
}

/// A time of the day in words.
fn clock(hour: u64, minute: &str) -> String {
    let count: u64 = minute.parse().unwrap_or_default();
    match (hour, count) {
        (0 | 24, 0) => "midnight".to_owned(),
        (1..=12, 0) => format!("{} o'clock", cardinal(hour)),
        (_, 0) => format!("{} hundred", cardinal(hour)),
        (_, 1..=9) => format!("{} oh {}", cardinal(hour), cardinal(count)),
        _ => format!("{} {}", cardinal(hour), cardinal(count)),
    }
}

/// "1990–95", "1914-1918", "2019/20".
pub(super) fn years(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let found = pattern!(r"(?P<a>1[0-9]\d\d|20\d\d)\s?(?P<sep>[–‑/-])\s?(?P<b>1[0-9]\d\d|20\d\d|\d\d)\b")
        .captures(here.rest)?;
    let (first, second): (u64, u64) =
        (found.name("a")?.as_str().parse().ok()?, found.name("b")?.as_str().parse().ok()?);
    let short = second < 100;
    let later = if short { first / 100 * 100 + second } else { second };
    let mut after = here.rest[found.get(0)?.len()..].chars();
    let follows = after.next().is_some_and(|next| matches!(next, '-' | '–' | '/'))
        && after.next().is_some_and(|next| next.is_ascii_digit());
    if later <= first || follows || found.name("sep")?.as_str() == "/" && !short {
        return None;
    }
    let second = match (short, second) {
        (true, 1..=9) => format!("oh {}", cardinal(second)),
        (true, _) => cardinal(second),
        (false, _) => year_words(second),
    };
    Hit::new(found.get(0)?.len(), format!("{} to {second}", year_words(first)))
}

/// "1990s", "’90s", "the 1800s".
pub(super) fn decade(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let found =
        pattern!(r"(?:(?P<y>1\d\d0|20\d0)|['’‘]?(?P<d>[2-9]0))(?:['’])?s\b|['’](?P<two>\d\d)\b").captures(here.rest)?;
    let length = found.get(0)?.len();
    if let Some(year) = found.name("y") {
        return Hit::new(length, plural(&year_words(year.as_str().parse().ok()?)));
    }
    if let Some(two) = found.name("two") {
        let count: u64 = two.as_str().parse().ok()?;
        return Hit::new(length, if count < 10 { format!("oh {}", cardinal(count)) } else { cardinal(count) });
    }
    Hit::new(length, plural(&cardinal(found.name("d")?.as_str().parse().ok()?)))
}

/// "1984": four digits that are a year as often as not, and are said like one in any case.
pub(super) fn year(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(|before| before.is_alphanumeric() || matches!(before, '.' | ',' | ':')) {
        return None;
    }
    let found = pattern!(r"(?:1\d\d\d|20\d\d)\b").find(here.rest)?;
    let rest = &here.rest[found.len()..];
    if rest.starts_with(['.', ',', ':']) && rest[1..].starts_with(|next: char| next.is_ascii_digit()) {
        return None;
    }
    Hit::new(found.len(), year_words(found.as_str().parse().ok()?))
}
