//! Signs that are said, and marks of footnotes, which are not.
//!
//! What belongs here: single characters. Currency signs and units belong to `amounts`. Emoji are left out: their names interrupt a
//! sentence more than they add to it, and no letter or digit is lost with them.

use super::Reason;
use super::scan::{Here, Hit, Silent, pattern};

/// "[12]", "[note 3]", and raised digits after a word or a mark.
pub(super) fn footnote(here: &Here<'_>) -> Option<Hit> {
    let before = here.before?;
    if !(before.is_alphanumeric() || ".,;:!?\"”’)]".contains(before)) {
        return None;
    }
    let found =
        pattern!(r"\[(?:note |n |nb )?\d{1,3}\]|\[[a-z]\]|\[(?:citation needed|edit|update)\]|[¹²³⁴⁵⁶⁷⁸⁹⁰]{1,3}|[†‡*]")
            .find(here.rest)?;
    // "10²" is a power, not a note.
    let power = before.is_ascii_digit() && !here.rest.starts_with('[');
    if power {
        return None;
    }
    Some(Hit { silent: Some(Silent::All(Reason::FootnoteMark)), ..Hit::new(found.len(), "")? })
}

/// Whether it is a raised digit.
pub(super) fn is_raised(mark: char) -> bool {
    "¹²³⁴⁵⁶⁷⁸⁹⁰".contains(mark)
}

/// Everything that has a name of its own.
pub(super) fn symbol(here: &Here<'_>) -> Option<Hit> {
    let sign = here.rest.chars().next()?;
    let after = here.rest[sign.len_utf8()..].chars().next();
    let before = here.before;
    let tight = before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric);
    let spaced = before.is_none_or(char::is_whitespace) && after.is_none_or(char::is_whitespace);
    let words = match sign {
        '&' => "and",
        '@' => "at",
        '+' if after.is_some_and(char::is_alphanumeric) || spaced || before.is_some_and(char::is_alphanumeric) => {
            "plus"
        }
        '=' => "equals",
        '≠' => "is not equal to",
        '≈' | '~' if after.is_some_and(|next| next.is_ascii_digit() || next == ' ' || "$£€".contains(next)) => {
            "about"
        }
        '±' => "plus or minus",
        '×' | '✕' => "times",
        '÷' => "divided by",
        '<' if !tight => "less than",
        '>' if !tight && before != Some('-') && before != Some('=') => "greater than",
        '≤' => "at most",
        '≥' => "at least",
        '→' | '⇒' if spaced => "to",
        '°' => "degrees",
        '%' => "percent",
        '‰' => "per mille",
        '#' if after.is_some_and(char::is_alphanumeric) => "hashtag",
        '§' => {
            let run = here.rest.len() - here.rest.trim_start_matches('§').len();
            return Hit::new(run, if run > sign.len_utf8() { "sections" } else { "section" });
        }
        '¶' => "paragraph",
        '©' => "copyright",
        '√' => "the square root of",
        '∞' => "infinity",
        '²' if before.is_some_and(|before| before.is_ascii_digit()) => "squared",
        '³' if before.is_some_and(|before| before.is_ascii_digit()) => "cubed",
        '/' if tight && (here.last.eq_ignore_ascii_case("and") || here.rest[1..].starts_with("or ")) => {
            return Hit::new(1, "");
        }
        '/' if tight => "slash",
        '\\' if tight => "backslash",
        'α' => "alpha",
        'β' => "beta",
        'γ' => "gamma",
        'δ' | 'Δ' => "delta",
        'ε' => "epsilon",
        'θ' => "theta",
        'λ' => "lambda",
        'μ' | 'µ' => "mu",
        'π' => "pi",
        'σ' | 'Σ' => "sigma",
        'τ' => "tau",
        'φ' => "phi",
        'ω' | 'Ω' => "omega",
        _ => return None,
    };
    let alone = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_alphabetic());
    // A Greek letter by itself has a name; a Greek word is in another alphabet.
    if sign.is_alphabetic() && !(alone(before) && alone(after)) {
        return None;
    }
    Hit::new(sign.len_utf8(), words)
}
