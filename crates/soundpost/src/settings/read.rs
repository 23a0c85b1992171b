//! How the texts of settings are read. `None` is something that makes no sense there.

use std::ops::RangeInclusive;
use std::time::Duration;

use ipnet::IpNet;

/// A whole number in a range.
pub(super) fn number(text: &str, range: RangeInclusive<u32>) -> Option<u32> {
    text.parse().ok().filter(|number| range.contains(number))
}

/// One of some words.
pub(super) fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Option<T> {
    words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
}

/// A word for "not at all", or something else.
#[expect(clippy::option_option, reason = "the outer one is whether it makes sense, the inner one what was said")]
pub(super) fn or_none<T>(text: &str, none: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    if text == none { Some(None) } else { read(text).map(Some) }
}

/// Splits `30 s` into its number and its unit.
fn with_unit(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    number.parse().ok().map(|number| (number, unit.trim()))
}

/// A length of time: `2 s`, `15 min`, `12 h`, `30 days`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = with_unit(text)?;
    let seconds = match unit {
        "ms" => 0.001,
        "" | "s" | "second" | "seconds" => 1.0,
        "min" | "m" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3_600.0,
        "d" | "day" | "days" => 86_400.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number * seconds).ok().filter(|duration| !duration.is_zero())
}

/// A number of bytes: `500 MB`, `10 GB`, `64 MiB`.
pub(super) fn size(text: &str) -> Option<u64> {
    let (number, unit) = with_unit(text)?;
    let bytes = match unit {
        "" | "B" => 1.0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "TB" => 1e12,
        "KiB" => 1_024.0,
        "MiB" => 1_048_576.0,
        "GiB" => 1_073_741_824.0,
        "TiB" => 1_099_511_627_776.0,
        _ => return None,
    };
    let bytes = number * bytes;
    (1.0..9e18).contains(&bytes).then_some(bytes as u64)
}

/// An address that others are built on: http or https, a host, no path, no credentials.
pub(super) fn base_address(text: &str) -> Option<String> {
    let text = text.trim_end_matches('/');
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let plain = !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ', '\\']);
    plain.then(|| text.to_owned())
}

/// Where a database is.
pub(super) fn database_address(text: &str) -> Option<String> {
    ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)).then(|| text.to_owned())
}

/// Where files lie.
pub(super) fn storage_address(text: &str) -> Option<String> {
    ["file:///", "s3://"].iter().any(|scheme| text.starts_with(scheme)).then(|| text.to_owned())
}

/// A key of 32 bytes in hexadecimal.
pub(crate) fn key(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 {
        return None;
    }
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    bytes.try_into().ok()
}

/// Networks with commas between: `127.0.0.0/8,::1/128`.
pub(super) fn networks(text: &str) -> Option<Vec<IpNet>> {
    text.split(',').map(str::trim).filter(|network| !network.is_empty()).map(|network| network.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_have_units() {
        for (text, found) in [
            ("30 s", Some(30)),
            ("2s", Some(2)),
            ("1.5 min", Some(90)),
            ("30 days", Some(2_592_000)),
            ("0 s", None),
            ("soon", None),
            ("5 weeks", None),
        ] {
            assert_eq!(duration(text).map(|found| found.as_secs()), found, "{text}");
        }
    }

    #[test]
    fn sizes_have_units() {
        for (text, found) in [
            ("10 GB", Some(10_000_000_000)),
            ("64 MiB", Some(67_108_864)),
            ("7", Some(7)),
            ("0", None),
            ("-1", None),
            ("1 QB", None),
        ] {
            assert_eq!(size(text), found, "{text}");
        }
    }

    #[test]
    fn addresses_are_plain() {
        assert_eq!(base_address("https://audio.example.org/"), Some("https://audio.example.org".to_owned()));
        for wrong in ["audio.example.org", "ftp://x", "https://", "https://x/y", "https://a@b"] {
            assert_eq!(base_address(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn networks_are_addresses_with_bits() {
        assert_eq!(networks(""), Some(vec![]));
        assert_eq!(networks("10.0.0.0/8,fd00::/8").map(|list| list.len()), Some(2));
        for wrong in ["10.0.0.0", "10.0.0.0/33", "localhost/8", "10.0.0.0/8;x"] {
            assert_eq!(networks(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_key_is_32_bytes() {
        assert_eq!(key(&"0f".repeat(32)), Some([15; 32]));
        assert_eq!(key("0f"), None);
        assert_eq!(key(&"0g".repeat(32)), None);
    }
}
