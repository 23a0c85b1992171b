//! Numbers in words, as American English says them: "one hundred twenty-three" without an "and".
//!
//! What belongs here: digits in, words out. What a number means is with the rules that ask.

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];

const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// Powers of a thousand.
const SCALES: [&str; 6] = ["", "thousand", "million", "billion", "trillion", "quadrillion"];

/// Digits that are said as one number; longer ones are no quantity but a code.
const MOST_DIGITS: usize = 15;

/// A whole number.
pub(super) fn cardinal(number: u64) -> String {
    let mut words = Vec::new();
    let groups: Vec<u64> = std::iter::successors(Some(number), |rest| Some(rest / 1000))
        .take_while(|&rest| rest > 0)
        .map(|rest| rest % 1000)
        .collect();
    for (group, scale) in groups.iter().zip(SCALES).rev() {
        if *group > 0 {
            below_thousand(*group, &mut words);
            if !scale.is_empty() {
                words.push(scale.to_owned());
            }
        }
    }
    if words.is_empty() { "zero".to_owned() } else { words.join(" ") }
}

fn below_thousand(number: u64, words: &mut Vec<String>) {
    let (hundreds, rest) = (number / 100, number % 100);
    if hundreds > 0 {
        words.push(small(hundreds));
        words.push("hundred".to_owned());
    }
    if rest > 0 {
        words.push(small(rest));
    }
}

/// A number below a hundred.
fn small(number: u64) -> String {
    let number = number as usize % 100;
    match (number / 10, number % 10) {
        (0 | 1, _) => ONES[number].to_owned(),
        (tens, 0) => TENS[tens].to_owned(),
        (tens, ones) => format!("{} {}", TENS[tens], ONES[ones]),
    }
}

/// A place in a row: "twenty first".
pub(super) fn ordinal(number: u64) -> String {
    let words = cardinal(number);
    let (before, last) = words.rsplit_once(' ').map_or((None, words.as_str()), |(before, last)| (Some(before), last));
    let last = match last {
        "one" => "first".to_owned(),
        "two" => "second".to_owned(),
        "three" => "third".to_owned(),
        "five" => "fifth".to_owned(),
        "eight" => "eighth".to_owned(),
        "nine" => "ninth".to_owned(),
        "twelve" => "twelfth".to_owned(),
        last => match last.strip_suffix('y') {
            Some(stem) => format!("{stem}ieth"),
            None => format!("{last}th"),
        },
    };
    before.map_or(last.clone(), |before| format!("{before} {last}"))
}

/// Several of a part or a decade: "twenties", "eighths", "hundreds".
pub(super) fn plural(words: &str) -> String {
    match words.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if words.ends_with('x') => format!("{words}es"),
        None => format!("{words}s"),
    }
}

/// A year: "nineteen eighty four", "two thousand seven", "nineteen oh five".
pub(super) fn year(number: u64) -> String {
    let (century, rest) = (number / 100, number % 100);
    match (century, rest) {
        (0..=9 | 100.., _) | (10 | 20, 0..=9) => cardinal(number),
        (_, 0) if century % 10 == 0 => cardinal(number),
        (_, 0) => format!("{} hundred", cardinal(century)),
        (_, 1..=9) => format!("{} oh {}", cardinal(century), cardinal(rest)),
        _ => format!("{} {}", cardinal(century), cardinal(rest)),
    }
}

/// One digit after the other.
pub(super) fn digits(text: &str) -> String {
    let words: Vec<&str> =
        text.chars().filter_map(|digit| digit.to_digit(10)).map(|digit| ONES[digit as usize]).collect();
    words.join(" ")
}

/// Digits with or without commas between thousands, and with or without decimals: "1,234.5".
pub(super) fn decimal(text: &str) -> String {
    let plain = text.replace([',', ' ', '\u{a0}', '\u{202f}'], "");
    let (whole, part) = plain.split_once('.').map_or((plain.as_str(), None), |(whole, part)| (whole, Some(part)));
    let mut words = if whole.is_empty() { "zero".to_owned() } else { integer(whole) };
    if let Some(part) = part.filter(|part| !part.is_empty()) {
        words = format!("{words} point {}", digits(part));
    }
    words
}

/// Digits as one number, or one by one if they are a code: with zeros in front, or too many of them.
pub(super) fn integer(digits_text: &str) -> String {
    let coded = digits_text.len() > 1 && digits_text.starts_with('0') || digits_text.len() > MOST_DIGITS;
    match digits_text.parse() {
        Ok(number) if !coded => cardinal(number),
        _ => digits(digits_text),
    }
}

/// Whether the number is exactly one, so that what is counted is singular.
pub(super) fn is_one(text: &str) -> bool {
    text == "1"
}

/// The number that Roman numerals stand for, if they are written as they should be.
pub(super) fn roman(text: &str) -> Option<u64> {
    const PARTS: [(&str, u64); 13] = [
        ("M", 1000),
        ("CM", 900),
        ("D", 500),
        ("CD", 400),
        ("C", 100),
        ("XC", 90),
        ("L", 50),
        ("XL", 40),
        ("X", 10),
        ("IX", 9),
        ("V", 5),
        ("IV", 4),
        ("I", 1),
    ];
    let mut rest = text;
    let mut number = 0;
    for (part, value) in PARTS {
        // At most three of a kind, and of those with two letters or of V, L and D at most one.
        let most = if part.len() == 1 && !matches!(part, "V" | "L" | "D") { 3 } else { 1 };
        for _ in 0..most {
            if let Some(after) = rest.strip_prefix(part) {
                number += value;
                rest = after;
            }
        }
    }
    (rest.is_empty() && number > 0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_words() {
        for (number, words) in [
            (0, "zero"),
            (13, "thirteen"),
            (40, "forty"),
            (99, "ninety nine"),
            (100, "one hundred"),
            (123, "one hundred twenty three"),
            (1_000, "one thousand"),
            (1_000_001, "one million one"),
            (2_500_000_000, "two billion five hundred million"),
        ] {
            assert_eq!(cardinal(number), words);
        }
        for (number, words) in [
            (1, "first"),
            (12, "twelfth"),
            (20, "twentieth"),
            (21, "twenty first"),
            (103, "one hundred third"),
            (1000, "one thousandth"),
        ] {
            assert_eq!(ordinal(number), words);
        }
        for (number, words) in [
            (1984, "nineteen eighty four"),
            (1905, "nineteen oh five"),
            (1900, "nineteen hundred"),
            (2000, "two thousand"),
            (2007, "two thousand seven"),
            (2024, "twenty twenty four"),
            (1066, "ten sixty six"),
        ] {
            assert_eq!(year(number), words);
        }
        assert_eq!(decimal("1,234.05"), "one thousand two hundred thirty four point zero five");
        assert_eq!(
            (integer("007"), integer("1234567890123456")),
            ("zero zero seven".to_owned(), digits("1234567890123456"))
        );
    }

    #[test]
    fn roman_numerals_are_strict() {
        for (text, number) in [
            ("VIII", Some(8)),
            ("XIV", Some(14)),
            ("MCMLXXXIV", Some(1984)),
            ("IIII", None),
            ("VV", None),
            ("IC", None),
            ("", None),
            ("XX", Some(20)),
        ] {
            assert_eq!(roman(text), number, "{text}");
        }
    }
}
