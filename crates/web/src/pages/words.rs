//! Numbers, sizes, times and dates as people read them. What is said about a production's state is in state.rs.

use model::Time;

/// A number with so many digits after the point; the minus is U+2212, and nothing is ever minus nothing.
pub(crate) fn number(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|byte| matches!(byte, b'0' | b'.')) => rest.to_owned(),
        Some(rest) => format!("\u{2212}{rest}"),
        None => text,
    }
}

/// The same with a plus before what is above 0: for levels that should not be.
pub(crate) fn signed(value: f64, digits: usize) -> String {
    let text = number(value, digits);
    let positive = value > 0.0 && text.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    if positive { format!("+{text}") } else { text }
}

/// A size, its unit behind a thin space.
pub(crate) fn size(bytes: u64) -> String {
    model::size_string(bytes).replace(' ', "\u{2009}")
}

/// A length or a place in a recording: `48:12`, `1:02:03`.
pub(crate) fn clock(ms: u64) -> String {
    let seconds = ms / 1_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A number of things: `1 file`, `3 files`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// When to come back, rounded up so that nobody comes too early: `in 40 seconds`, `in 3 minutes`.
pub(crate) fn wait(seconds: u64) -> String {
    if seconds < 60 {
        format!("in {}", counted(seconds.max(1), "second"))
    } else if seconds < 7_200 {
        format!("in {}", counted(seconds.div_ceil(60), "minute"))
    } else {
        format!("in {}", counted(seconds.div_ceil(3_600), "hour"))
    }
}

/// The months' names.
pub(crate) const MONTHS: [&str; 12] = [
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

/// A moment for people, in UTC: `25 November 2026, 21:02 UTC`. The script writes it in the reader's own time.
pub(crate) fn date(time: Time) -> String {
    let Moment { year, month, day, hour, minute, .. } = Moment::of(time);
    format!("{day} {} {year}, {hour:02}:{minute:02} UTC", MONTHS[month - 1])
}

/// A moment for programs, as `<time datetime>` has it.
pub(crate) fn stamp(time: Time) -> String {
    let Moment { year, month, day, hour, minute, second } = Moment::of(time);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

struct Moment {
    year: i64,
    month: usize,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

impl Moment {
    /// The proleptic Gregorian calendar, counted from 1 March of the year 0 so that the leap day comes last.
    fn of(time: Time) -> Self {
        let seconds = time.as_ms().div_euclid(1_000);
        let of_day = seconds.rem_euclid(86_400);
        let days = seconds.div_euclid(86_400) + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march = (5 * of_year + 2) / 153;
        let month = if march < 10 { march + 3 } else { march - 9 };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: month as usize,
            day: of_year - (153 * march + 2) / 5 + 1,
            hour: of_day / 3_600,
            minute: of_day / 60 % 60,
            second: of_day % 60,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_true_minus_and_no_minus_nothing() {
        assert_eq!(number(-21.68, 1), "\u{2212}21.7");
        assert_eq!(number(-0.04, 1), "0.0");
        assert_eq!(number(14.2, 1), "14.2");
        assert_eq!([0.41, -1.06, 0.01].map(|peak| signed(peak, 1)), ["+0.4", "\u{2212}1.1", "0.0"]);
    }

    #[test]
    fn sizes_go_by_thousands() {
        let sizes = [0, 999, 1_500, 999_499, 999_500, 44_100_000, 388_000_000, 2_000_000_000].map(size);
        assert_eq!(
            sizes.map(|size| size.replace('\u{2009}', " ")),
            ["0 B", "999 B", "2 kB", "999 kB", "1.0 MB", "44.1 MB", "388 MB", "2.0 GB"]
        );
    }

    #[test]
    fn lengths_are_written_as_clocks_do() {
        assert_eq!([0, 59_999, 2_892_418, 3_723_000].map(clock), ["0:00", "0:59", "48:12", "1:02:03"]);
        assert_eq!([0, 1, 2].map(|count| counted(count, "file")), ["0 files", "1 file", "2 files"]);
    }

    #[test]
    fn nobody_comes_back_too_early() {
        assert_eq!([0, 59, 61, 7_201].map(wait), ["in 1 second", "in 59 seconds", "in 2 minutes", "in 3 hours"]);
    }

    #[test]
    fn moments_follow_the_calendar() {
        let at = |ms| (date(Time::from_ms(ms)), stamp(Time::from_ms(ms)));
        assert_eq!(at(0), ("1 January 1970, 00:00 UTC".to_owned(), "1970-01-01T00:00:00Z".to_owned()));
        assert_eq!(at(1_709_210_096_000).1, "2024-02-29T12:34:56Z");
        assert_eq!(at(1_795_640_520_000).0, "25 November 2026, 21:02 UTC");
        assert_eq!(at(-1).1, "1969-12-31T23:59:59Z");
        assert_eq!(at(951_782_400_000).1, "2000-02-29T00:00:00Z");
    }
}
