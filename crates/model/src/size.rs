//! Sizes of files as people read them.

/// A size in powers of a thousand: `388 MB`, `44.1 MB`, `2 kB`.
pub fn size_string(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1_000.0;
    let mut unit = 0;
    // What would be written as 1000 goes to the next unit as well.
    while size >= 999.5 && unit + 1 < UNITS.len() {
        size /= 1_000.0;
        unit += 1;
    }
    let decimals = usize::from(unit > 0 && size < 99.95);
    format!("{size:.decimals$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_for_people() {
        let sizes = [0, 999, 1_000, 1_999, 92_400, 999_499, 999_500, 16_900_000, 99_949_999, 99_950_000, 388_000_000];
        assert_eq!(
            sizes.map(size_string),
            ["0 B", "999 B", "1 kB", "2 kB", "92 kB", "999 kB", "1.0 MB", "16.9 MB", "99.9 MB", "100 MB", "388 MB"]
        );
        let larger = [999_500_000, 4_300_000_000, u64::MAX];
        assert_eq!(larger.map(size_string), ["1.0 GB", "4.3 GB", "18446744 TB"]);
    }
}
