//! Abbreviations, initialisms, Roman numerals, and names with capitals inside or digits.
//!
//! What belongs here: what is short for something, and what is read letter by letter. Pronunciation is no matter of this file.

mod lists;

use lists::{COUNTED, ENDING, LETTERED, LOUD, RESPELT, RULERS, SHORT, SHORT_WITHOUT, SPELT, WORDS};

use super::addresses::letters;
use super::numbers::{cardinal, integer, ordinal, plural, roman as roman_number};
use super::scan::{Here, Hit, pattern};

/// "No. 5", "pp. 12–14", "p. 3", "§ 4": words that need a number after them.
pub(super) fn numbered(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let found = pattern!(r"(?P<word>Nos?\.|nos?\.|No|№|pp\.|p\.|ll\.|l\.)\s?(?P<n>\d)").captures(here.rest)?;
    let word = found.name("word")?.as_str();
    let words = match word {
        "No." | "no." | "No" | "№" => "number",
        "Nos." | "nos." => "numbers",
        "pp." => "pages",
        "p." => "page",
        "ll." => "lines",
        _ => "line",
    };
    Hit::new(word.len(), words)
}

/// "G7", "MP3", "COVID-19", "F-16", "A4", "H2O", "4K", "3D", "5G".
pub(super) fn coded(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let found = pattern!(r"[A-Z]{1,6}-\d{1,4}(?:[A-Z]|s)?\b|[A-Za-z]{1,10}\d[A-Za-z0-9]{0,20}\b|\d{1,6}[A-Za-z][A-Za-z0-9]{0,20}\b|\d{1,4}-[A-Z]\b").find(here.rest)?;
    let mut words = Vec::new();
    let mut rest = found.as_str();
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_digit() {
            let length = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
            words.push(integer(&rest[..length]));
            length
        } else if first == '-' {
            1
        } else {
            let length = rest.find(|letter: char| !letter.is_alphabetic()).unwrap_or(rest.len());
            let part = &rest[..length];
            if part == "s" && rest.len() == 1 && !words.is_empty() {
                if let Some(last) = words.last_mut() {
                    *last = plural(last);
                }
                break;
            }
            words.push(match RESPELT.iter().find(|(word, _)| *word == part) {
                Some((_, said)) => (*said).to_owned(),
                None if is_spelt(part)
                    || part.len() <= 2
                    || part.chars().any(char::is_uppercase)
                        && !part.chars().skip(1).all(char::is_lowercase)
                        && !WORDS.contains(&part) =>
                {
                    letters(part)
                }
                None => part.to_lowercase(),
            });
            length
        };
        rest = &rest[length..];
    }
    Hit::new(found.len(), words.join(" "))
}

/// "Henry VIII", "Chapter IV", "World War II".
pub(super) fn roman(here: &Here<'_>) -> Option<Hit> {
    let found = pattern!(r"[IVXLCDM]{1,9}\b").find(here.rest)?;
    if here.rest[found.len()..].starts_with(['\'', '’', '-', '.'])
        && found.len() == 1
        && found.as_str() == "I"
        && here.rest[found.len()..].starts_with(['\'', '’'])
    {
        return None;
    }
    let number = roman_number(found.as_str())?;
    if RULERS.contains(&here.last) {
        let rest = &here.rest[found.len()..];
        let possessive = ["'s", "’s"].iter().find(|ending| rest.starts_with(**ending)).map_or(0, |ending| ending.len());
        return Hit::new(
            found.len() + possessive,
            format!("the {}{}", ordinal(number), if possessive > 0 { "'s" } else { "" }),
        );
    }
    if COUNTED.contains(&here.last) || here.shouted && COUNTED.iter().any(|word| word.eq_ignore_ascii_case(here.last)) {
        return Hit::new(found.len(), cardinal(number));
    }
    None
}

/// "Dr.", "St.", "e.g.", "etc.", "vs".
pub(super) fn abbreviation(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(|before| before.is_alphanumeric() || before == '.') {
        return None;
    }
    // Doctors come before a name, drives after one; saints and streets likewise.
    if let Some(found) = pattern!(r"(?P<word>Dr|St)(?P<point>\.?)(?P<next>\s+\p{Lu})?").captures(here.rest) {
        let (word, point) = (found.name("word")?.as_str(), found.name("point")?.as_str());
        let ended = !here.rest[word.len() + point.len()..].starts_with(char::is_alphanumeric);
        let before_name = found.name("next").is_some();
        let after_name = here.last.chars().next().is_some_and(char::is_uppercase)
            && here.before.is_some_and(char::is_whitespace)
            && !matches!(here.last, "The" | "And" | "But" | "When" | "In" | "As" | "While" | "After");
        if ended && (before_name || after_name) {
            let (first, second) = if word == "Dr" { ("Doctor", "Drive") } else { ("Saint", "Street") };
            let next = here.rest[word.len() + point.len()..].split_whitespace().next().unwrap_or("");
            let begins = matches!(
                next,
                "The" | "He" | "She" | "It" | "They" | "Then" | "A" | "In" | "But" | "And" | "There" | "This"
            );
            let place = after_name && (!before_name || begins);
            return Some(Hit {
                may_end: place,
                ..Hit::new(word.len() + point.len(), if place { second } else { first })?
            });
        }
        if ended && !point.is_empty() && word == "Dr" {
            return Hit::new(word.len() + 1, "Doctor");
        }
    }
    let next_is_letter = |length: usize| here.rest[length..].starts_with(char::is_alphanumeric);
    let found = SHORT
        .iter()
        .filter(|(written, ..)| here.rest.starts_with(written) && !next_is_letter(written.len()))
        .max_by_key(|(written, ..)| written.len());
    if let Some((written, words, may_end)) = found {
        let rest = here.rest[written.len()..].trim_start();
        // A versus stands between names, a circa before a number; "No." by itself is a refusal.
        let fits = match *written {
            "v." => here.last.chars().next().is_some_and(char::is_uppercase) && rest.starts_with(char::is_uppercase),
            "c." | "ca." => rest.starts_with(|next: char| next.is_ascii_digit()),
            "No." | "Nos." | "sec." | "min." | "max." | "ed." | "ft." | "hr." | "est." | "Ch." | "ch." | "lb."
            | "oz." | "ext." | "trans." | "Pt." | "Sec." => {
                rest.starts_with(|next: char| next.is_ascii_digit())
                    || matches!(*written, "sec." | "min." | "ft." | "hr." | "lb." | "oz.")
                        && here.last.ends_with(|last: char| last.is_ascii_digit())
            }
            "Sun." | "Sat." | "Wed." | "Mon." => {
                rest.starts_with(|next: char| next.is_ascii_digit()) || month_follows(rest)
            }
            "Co." | "Sq." | "Fr." | "Hon." | "Rep." | "Col." | "Pres." | "Gen." => {
                here.before.is_none_or(|before| before.is_whitespace() || before == '(')
                    && (rest.starts_with(char::is_uppercase) || *may_end)
            }
            _ => true,
        };
        if fits {
            return Some(Hit { may_end: *may_end, ..Hit::new(written.len(), *words)? });
        }
    }
    let (written, words) = SHORT_WITHOUT
        .iter()
        .filter(|(written, _)| here.rest.starts_with(written) && !next_is_letter(written.len()))
        .max_by_key(|(written, _)| written.len())?;
    // With a point they have had their turn, and "Ms" may be letters of a shouted line.
    if here.rest[written.len()..].starts_with(['\'', '’', '-']) || here.shouted {
        return None;
    }
    Hit::new(written.len(), *words)
}

fn month_follows(rest: &str) -> bool {
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        .iter()
        .any(|month| rest.starts_with(month))
}

/// "U.S.", "J.R.R.", "A.": letters with points.
pub(super) fn dotted(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(|before| before.is_alphanumeric() || before == '.') {
        return None;
    }
    let found = pattern!(r"(?:\p{Lu}\.[ \u{a0}]?){1,6}|(?:\p{Lu}\.){1,5}\p{Lu}\b|(?:[a-z]\.){2,6}").find(here.rest)?;
    let text = found.as_str().trim_end();
    // One letter with a point is an initial only before a name: "vitamin A." ends a sentence.
    let count = text.chars().filter(|letter| letter.is_alphabetic()).count();
    if count == 1
        && (here.last.is_empty() && here.rest[text.len()..].trim().is_empty()
            || !here.rest[text.len()..].trim_start().starts_with(char::is_uppercase)
            || text == "I."
            || LETTERED.contains(&here.last.to_lowercase().as_str()))
    {
        return None;
    }
    let possessive = ["'s", "’s"].iter().find(|ending| here.rest[text.len()..].starts_with(**ending));
    let mut words = letters(text);
    if possessive.is_some() {
        words.push('s');
    }
    let length = text.len() + possessive.map_or(0, |ending| ending.len());
    Some(Hit { may_end: ENDING.contains(&text) && possessive.is_none(), ..Hit::new(length, words)? })
}

/// "BBC", "NASA", "MPs", "CEO's", "NOT".
pub(super) fn capitals(here: &Here<'_>) -> Option<Hit> {
    if here.before.is_some_and(|before| before.is_alphanumeric() || matches!(before, '\'' | '’')) {
        return None;
    }
    if let Some(found) = pattern!(r"(?P<one>[A-Z]{1,3})&(?P<two>[A-Z]{1,3})\b").captures(here.rest) {
        let words = format!("{} and {}", letters(found.name("one")?.as_str()), letters(found.name("two")?.as_str()));
        return Hit::new(found.get(0)?.len(), words);
    }
    let found = pattern!(r"(?P<word>\p{Lu}{2,30})(?P<end>s\b|['’]s\b|['’]S\b)?").captures(here.rest)?;
    let word = found.name("word")?.as_str();
    let length = found.get(0)?.len();
    if here.rest[length..].starts_with(char::is_alphanumeric) {
        return None;
    }
    let end = found.name("end").map_or("", |_| "s");
    if let Some((_, words)) = RESPELT.iter().find(|(written, _)| *written == word) {
        return Hit::new(
            length,
            format!(
                "{words}{}",
                if end.is_empty() {
                    ""
                } else if words.contains('·') {
                    "s"
                } else {
                    "'s"
                }
            ),
        );
    }
    let spelt = if here.shouted {
        SPELT.contains(&word) && !LOUD.contains(&word) && !matches!(word, "US" | "IT")
            || !word.chars().any(|letter| "AEIOUY".contains(letter))
    } else {
        is_spelt(word)
    };
    if spelt {
        return Hit::new(length, format!("{}{end}", letters(word)));
    }
    let lower = word.to_lowercase();
    Hit::new(
        length,
        match found.name("end").map(|end| end.as_str().len()) {
            None => lower,
            Some(1) => format!("{lower}s"),
            Some(_) => format!("{lower}'s"),
        },
    )
}

/// Whether a word in capitals is read letter by letter.
pub(super) fn is_spelt(word: &str) -> bool {
    if word.len() < 2 || !word.chars().all(char::is_uppercase) || WORDS.contains(&word) || LOUD.contains(&word) {
        return false;
    }
    if SPELT.contains(&word) || word.chars().count() <= 3 {
        return true;
    }
    // Longer ones are words if somebody could say them: vowels, and no three consonants before one or after.
    let vowel = |letter: char| "AEIOUY".contains(letter);
    let runs = word.split(vowel).map(str::len).max().unwrap_or(0);
    !word.chars().any(vowel)
        || runs > 2
        || word.chars().count() == 4
            && word.starts_with(vowel)
            && word.ends_with(|letter| !vowel(letter))
            && word[1..].split(vowel).count() == 1
}

/// The parts of a word with capitals inside: "Git" and "Hub". Names such as "McDonald" and "DeVos" are one.
pub(super) fn parts(word: &str) -> impl Iterator<Item = &str> {
    let letters: Vec<(usize, char)> = word.char_indices().collect();
    let mut cuts = vec![0];
    for window in letters.windows(2) {
        if let [(_, one), (at, two)] = window {
            let whole = [
                "Mc", "Mac", "De", "Di", "Du", "Da", "La", "Le", "Van", "Von", "Fitz", "O'", "O’", "D'", "D’", "L'",
                "L’",
            ]
            .contains(&&word[..*at]);
            let inner = one.is_lowercase() && two.is_uppercase() && !whole;
            // In "HTMLParser" the last capital belongs to what follows it.
            let next = word[*at..].chars().nth(1);
            let run = one.is_uppercase()
                && two.is_uppercase()
                && next.is_some_and(char::is_lowercase)
                && !matches!(&word[*at..], rest if rest.len() == 2 && rest.ends_with('s'));
            if inner || run {
                cuts.push(*at);
            }
        }
    }
    cuts.push(word.len());
    let ranges: Vec<(usize, usize)> = cuts
        .windows(2)
        .filter_map(|pair| if let [from, to] = pair { Some((*from, *to)) } else { None })
        .filter(|(from, to)| from < to)
        .collect();
    ranges.into_iter().map(move |(from, to)| &word[from..to])
}

/// Whether a letter belongs to an alphabet of Latin kind, of which the sounds are known.
pub(super) fn is_latin(letter: char) -> bool {
    letter.is_alphabetic() && matches!(letter, '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | 'ﬀ'..='ﬆ')
}
