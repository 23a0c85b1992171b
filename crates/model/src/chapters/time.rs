//! Moments in a recording, as they are written in chapter files: `1:02:03.456`.

/// Milliseconds of 1 000 hours, the first moment that is not read.
const END_MS: u64 = 1_000 * 3_600_000;

/// Reads `HH:MM:SS`, `MM:SS` or `SS`, each with an optional fraction of a second after a point or comma; milliseconds,
/// rounded to the nearest.
///
/// This is Normal Play Time (RFC 2326, section 3.6) and what people write: hours may have any number of digits, minutes
/// pass 59 where no hours stand before them, and every other part must be below 60. `None` for anything else, and from
/// 1 000 hours on.
pub fn parse_time(text: &str) -> Option<u64> {
    let (clock, fraction) = match text.split_once(['.', ',']) {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    let mut parts = clock.split(':');
    let first = number(parts.next()?)?;
    let (hours, minutes, seconds) = match (parts.next(), parts.next(), parts.next()) {
        (None, None, None) => (0, 0, first),
        (Some(seconds), None, None) => (0, first, sixty(seconds)?),
        (Some(minutes), Some(seconds), None) => (first, sixty(minutes)?, sixty(seconds)?),
        _ => return None,
    };
    let fraction = fraction.map_or(Some(0), milliseconds)?;
    let total = hours
        .checked_mul(3_600_000)?
        .checked_add(minutes.checked_mul(60_000)?)?
        .checked_add(seconds.checked_mul(1_000)?)?
        .checked_add(fraction)?;
    (total < END_MS).then_some(total)
}

/// Writes a moment as `HH:MM:SS.mmm`, the form of the productions API; hours get a third digit when they need it.
pub fn write_time(ms: u64) -> String {
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000)
}

/// A run of at most nine digits.
fn number(digits: &str) -> Option<u64> {
    let plain = (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

/// One or two digits below sixty.
fn sixty(digits: &str) -> Option<u64> {
    number(digits).filter(|&n| n < 60 && digits.len() <= 2)
}

/// The digits behind the point as milliseconds, rounded by the fourth.
fn milliseconds(digits: &str) -> Option<u64> {
    number(digits)?;
    let digit = |place: usize| digits.as_bytes().get(place).map_or(0, |byte| u64::from(byte - b'0'));
    Some(digit(0) * 100 + digit(1) * 10 + digit(2) + u64::from(digit(3) >= 5))
}
