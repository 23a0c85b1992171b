//! The value at a rank of a series that is told again and again, not kept. Sorting would take a copy of it, and a copy grows
//! with the length of a recording.

/// The value that would stand at `index` if what `values` tells were sorted by [`f32::total_cmp`]; `None` past the end. It is
/// told four times, the same each time: every time eight more bits of the answer are known.
pub(crate) fn at<I: Iterator<Item = f32>>(values: impl Fn() -> I, index: usize) -> Option<f32> {
    let mut before = index;
    let mut found = 0;
    // Bits that are known, from the top.
    let mut known = 0;
    for shift in [24, 16, 8, 0] {
        let mut counts = [0usize; 256];
        for key in values().map(key).filter(|key| key & known == found) {
            counts[(key >> shift & 0xff) as usize] += 1;
        }
        let digit = counts.iter().position(|count| {
            let inside = before < *count;
            if !inside {
                before -= count;
            }
            inside
        })?;
        found |= (digit as u32) << shift;
        known |= 0xff << shift;
    }
    Some(value(found))
}

const SIGN: u32 = 1 << 31;

/// Numbers that are in the order of [`f32::total_cmp`].
fn key(value: f32) -> u32 {
    let bits = value.to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

/// The number that has this key.
fn value(key: u32) -> f32 {
    f32::from_bits(if key & SIGN == 0 { !key } else { key ^ SIGN })
}

#[cfg(test)]
mod tests {
    use testkit::signal::Dice;

    use super::*;

    #[test]
    fn is_what_sorting_gives() {
        let mut dice = Dice::new(11);
        for length in [1, 2, 10, 1_000] {
            let mut series: Vec<f32> = (0..length).map(|_| (dice.unit() as f32 - 0.5).powi(9)).collect();
            series.extend([
                0.0,
                -0.0,
                1.0,
                1.0,
                f32::INFINITY,
                f32::NEG_INFINITY,
                f32::NAN,
                -f32::NAN,
                f32::MIN_POSITIVE,
            ]);
            let told = series.clone();
            series.sort_unstable_by(f32::total_cmp);
            for (index, expected) in series.iter().enumerate() {
                let found = at(|| told.iter().copied(), index).map(f32::to_bits);
                assert_eq!(found, Some(expected.to_bits()), "{index} of {length}");
            }
            assert_eq!(at(|| told.iter().copied(), told.len()), None);
        }
        assert_eq!(at(std::iter::empty, 0), None);
    }
}
