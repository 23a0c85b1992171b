//! Moments and numbers as clients of the published API parse them.

use jiff::Timestamp;
use model::Time;
use serde_json::Number;

/// `2026-04-12T01:41:00.795Z`: UTC with three digits of a second, always.
pub fn timestamp(time: Time) -> String {
    let moment = Timestamp::from_millisecond(time.as_ms()).unwrap_or_default();
    moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A number as people write it: −16 without a fraction, −0.5 with one.
pub(super) fn plain(number: f64) -> Number {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return Number::from(number as i64);
    }
    Number::from_f64(number).unwrap_or_else(|| Number::from(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_three_digits_of_a_second() {
        assert_eq!(timestamp(Time::from_ms(1_775_958_060_795)), "2026-04-12T01:41:00.795Z");
        assert_eq!(timestamp(Time::from_ms(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(timestamp(Time::from_ms(i64::MAX)), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn whole_numbers_have_no_fraction() {
        let texts = [-16.0, -0.5, 0.0, f64::NAN].map(|number| plain(number).to_string());
        assert_eq!(texts, ["-16", "-0.5", "0", "0"]);
    }
}
