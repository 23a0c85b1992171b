//! One walk over the text: which rule knows what stands here, and what becomes of the rest.
//!
//! What belongs here: the order of rules, plain words, and punctuation as pauses and ends. What a rule knows is in its module.

use super::build::Builder;
use super::{Reading, Reason, addresses, amounts, dates, names, symbols};

/// How far a rule sees, in bytes: no number, date or address that is said at all is longer.
const SIGHT: usize = 240;

/// What a rule is asked.
pub(super) struct Here<'a> {
    /// From the present place on, as far as rules see.
    pub(super) rest: &'a str,
    /// The character before the present place, unless a line begins here.
    pub(super) before: Option<char>,
    /// The last word or number before it in the same line, as it was written.
    pub(super) last: &'a str,
    /// Whether the whole line is in capitals, so that capitals say nothing.
    pub(super) shouted: bool,
}

/// What a rule knows.
pub(super) struct Hit {
    /// How many bytes it takes.
    pub(super) length: usize,
    /// What is said for them, separated by spaces; "·" before the name of a letter, "," after a word for a pause.
    pub(super) words: String,
    /// What is not said of them, at their beginning or end, and why.
    pub(super) silent: Option<Silent>,
    /// Whether a full stop at its end may be the end of the sentence, too.
    pub(super) may_end: bool,
}

/// Bytes of a hit that are not said.
pub(super) enum Silent {
    Before(usize, Reason),
    After(usize, Reason),
    All(Reason),
}

pub(super) type Rule = fn(&Here<'_>) -> Option<Hit>;

impl Hit {
    #[expect(clippy::unnecessary_wraps, reason = "a rule ends with it, and rules may know nothing")]
    pub(super) fn new(length: usize, words: impl Into<String>) -> Option<Self> {
        Some(Self { length, words: words.into(), silent: None, may_end: false })
    }
}

/// In the order in which they are asked: what is longest and most certain first.
const RULES: &[Rule] = &[
    addresses::address,
    addresses::mail,
    addresses::tag,
    symbols::footnote,
    amounts::money,
    dates::iso,
    dates::slashed,
    dates::month_first,
    dates::day_first,
    dates::time,
    dates::hours,
    dates::years,
    dates::decade,
    amounts::telephone,
    amounts::version,
    amounts::dimensions,
    amounts::percent,
    amounts::unit,
    amounts::ordinal,
    amounts::fraction,
    amounts::range,
    amounts::negative,
    names::numbered,
    names::coded,
    dates::year,
    amounts::number,
    addresses::file,
    names::roman,
    names::abbreviation,
    names::dotted,
    names::capitals,
    symbols::symbol,
];

/// A regular expression that has to fit here and now, made once.
macro_rules! pattern {
    ($text:expr) => {{
        static PATTERN: std::sync::LazyLock<Option<regex::Regex>> =
            std::sync::LazyLock::new(|| $crate::spoken::scan::compiled(concat!("^(?:", $text, ")")));
        debug_assert!(PATTERN.is_some(), "{}", $text);
        PATTERN.as_ref()?
    }};
}
pub(super) use pattern;

/// A pattern in which a digit is one of ten: there are hundreds in Unicode, of which the rules know nothing.
pub(super) fn compiled(pattern: &str) -> Option<regex::Regex> {
    regex::Regex::new(&pattern.replace(r"\d", "[0-9]")).ok()
}

pub(super) fn read(text: &str) -> Reading {
    let mut builder = Builder::default();
    let mut start = 0;
    for line in text.split_inclusive(['\n', '\r', '\u{2028}', '\u{2029}']) {
        read_line(line, start, &mut builder);
        builder.end();
        start += line.len();
    }
    builder.finish()
}

fn read_line(line: &str, start: usize, builder: &mut Builder) {
    let shouted = is_shouted(line);
    let mut at = 0;
    let mut last = "";
    let mut before = None;
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        let seen = &rest[..rest.floor_char_boundary(SIGHT)];
        let here = Here { rest: seen, before, last, shouted };
        let cut = seen.len() < rest.len();
        // What reaches the end of sight may go on beyond it, and is not known.
        let hit = RULES
            .iter()
            .find_map(|rule| rule(&here).filter(|hit| hit.length > 0 && !(cut && hit.length == seen.len())));
        let length = if let Some(hit) = hit {
            let length = hit.length.min(seen.len());
            take(&hit, length, start + at, builder);
            if hit.may_end && ends(&rest[length..]) {
                builder.end();
            }
            last = &rest[..length];
            length
        } else {
            let length = plain(rest, start + at, before, builder);
            if rest.starts_with(char::is_alphanumeric) {
                last = &rest[..length];
            }
            length
        };
        before = rest[..length].chars().next_back();
        at += length;
    }
}

fn take(hit: &Hit, length: usize, at: usize, builder: &mut Builder) {
    let mut source = at..at + length;
    match hit.silent {
        Some(Silent::All(reason)) => return builder.silence(source, reason),
        Some(Silent::Before(count, reason)) => {
            builder.silence(at..at + count, reason);
            source.start += count;
        }
        Some(Silent::After(count, reason)) => {
            builder.words(&hit.words, &(at..at + length - count));
            return builder.silence(at + length - count..at + length, reason);
        }
        None => {}
    }
    builder.words(&hit.words, &source);
}

/// What no rule knows: a word, a space, a mark. Gives its length.
fn plain(rest: &str, at: usize, before: Option<char>, builder: &mut Builder) -> usize {
    let Some(first) = rest.chars().next() else { return 0 };
    if first.is_alphanumeric() {
        return word(rest, at, builder);
    }
    let length = first.len_utf8();
    match first {
        '.' | '!' | '?' | '…' => {
            let run = rest.len() - rest.trim_start_matches(['.', '!', '?', '…']).len();
            let marks = &rest[..run];
            let mark = if marks.contains('?') {
                '?'
            } else if marks.contains('!') {
                '!'
            } else {
                '.'
            };
            let tail = &rest[run..];
            // A point between letters or digits of one thing.
            let inside = before.is_some_and(char::is_alphanumeric)
                && tail.starts_with(|next: char| next.is_alphanumeric() && !symbols::is_raised(next));
            let glued = before.is_some_and(char::is_lowercase) && tail.starts_with(char::is_uppercase);
            let trailing = mark == '.' && run > 1 || marks.starts_with('…');
            if inside && marks == "." && !glued {
                builder.word("dot", at..at + run, false);
            } else if ends(tail) || inside {
                builder.mark(mark);
                builder.end();
            } else if trailing {
                builder.mark(',');
            } else if mark != '.' {
                builder.mark(mark);
            }
            return run;
        }
        ',' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '–' | '—' | '―' | '\t' => builder.mark(','),
        ';' => builder.mark(';'),
        ':' => builder.mark(':'),
        // A hyphen between two words makes one of them; with a space beside it, it is a dash.
        '-' | '‐' | '‑' | '−' => {
            let run = rest.len() - rest.trim_start_matches(['-', '‐', '‑', '−']).len();
            let joined = before.is_some_and(char::is_alphanumeric) && rest[run..].starts_with(char::is_alphanumeric);
            if run > length || !joined {
                builder.mark(',');
            }
            return run;
        }
        _ => {}
    }
    length
}

/// Letters or digits that no rule knows.
fn word(rest: &str, at: usize, builder: &mut Builder) -> usize {
    let Some(first) = rest.chars().next() else { return 0 };
    if first.is_ascii_digit() {
        let length = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        // Too long for a number, so one by one; what is too long for that as well is split.
        let length = length.min(32);
        builder.words(&super::numbers::digits(&rest[..length]), &(at..at + length));
        return length;
    }
    if !names::is_latin(first) {
        let length = rest
            .find(|letter: char| !letter.is_alphanumeric() || names::is_latin(letter) || letter.is_ascii_digit())
            .unwrap_or(rest.len());
        builder.silence(at..at + length, Reason::ForeignScript);
        return length;
    }
    let mut length = 0;
    let mut letters = rest.char_indices().peekable();
    while let Some((index, letter)) = letters.next() {
        let next = letters.peek().map(|&(_, next)| next);
        let part = names::is_latin(letter)
            || matches!(letter, '\u{300}'..='\u{36f}')
            || matches!(letter, '\'' | '’') && next.is_some_and(names::is_latin) && index > 0;
        if !part {
            break;
        }
        length = index + letter.len_utf8();
    }
    let word = &rest[..length];
    let mut from = 0;
    for part in names::parts(word) {
        let source = at + from..at + from + part.len();
        from += part.len();
        if part.len() < word.len() && names::is_spelt(part) {
            builder.words(&addresses::letters(part), &source);
            continue;
        }
        let said: String = part
            .chars()
            .filter(|letter| !matches!(letter, '\u{300}'..='\u{36f}'))
            .map(|letter| if letter == '’' { '\'' } else { letter })
            .collect();
        // The small letter in front of a product's name is said by its name.
        let letter =
            part.len() == 1 && part.len() < word.len() && part.starts_with(|letter: char| letter.is_ascii_lowercase());
        builder.word(&said, source, letter);
    }
    length
}

/// Whether a sentence is over before this: the text ends, or a space and something that can begin another follows.
fn ends(rest: &str) -> bool {
    let closed = rest.trim_start_matches(['"', '\'', '’', '”', ')', ']', '»', '*', '_']);
    if closed.trim().is_empty() {
        return true;
    }
    // A number of a note may stand between the end and the space.
    let closed = closed.trim_start_matches(symbols::is_raised);
    let next = closed.trim_start();
    let opened = next.trim_start_matches(['"', '\'', '‘', '“', '(', '[', '«', '¿', '¡', '*', '_', '—', '–', '-', ' ']);
    (next.len() < closed.len() || closed.starts_with('['))
        && opened.chars().next().is_none_or(|first| {
            first.is_uppercase() || first.is_ascii_digit() || !first.is_alphanumeric() || starts_like_a_product(opened)
        })
}

/// "iPhone", "eBay": a sentence may begin with them.
fn starts_like_a_product(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(char::is_lowercase) && letters.next().is_some_and(char::is_uppercase)
}

fn is_shouted(line: &str) -> bool {
    let upper = line.chars().filter(|letter| letter.is_uppercase()).count();
    upper >= 8 && line.trim().contains(' ') && !line.chars().any(char::is_lowercase)
}
