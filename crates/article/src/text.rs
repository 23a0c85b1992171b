//! Text as it is kept: one line, one space between words, nothing that cannot be seen.
//!
//! What belongs here: characters. What the text is a part of is no matter of this module.

/// Text in one line. Characters that only steer how others are set are left out, and so is space that means nothing.
pub(crate) fn tidied(text: &str) -> String {
    let seen = visible(text);
    let mut line = String::with_capacity(seen.len());
    for word in seen.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// Text in several lines, each as it is but for its end; no empty ones before and after.
pub(crate) fn tidied_lines(text: &str) -> String {
    let text = visible(&text.replace("\r\n", "\n").replace('\t', "    "));
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    let last = lines.iter().rposition(|line| !line.is_empty()).map_or(first, |last| last + 1);
    lines.get(first..last).unwrap_or_default().join("\n")
}

/// Without what is not seen: places where a word may be parted, marks of direction, control characters. Joiners stay where they make letters or
/// pictures, and tags where they make flags.
fn visible(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    let mut before = ' ';
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let joined = |letter: Option<&char>| letter.is_some_and(|letter| *letter >= '\u{590}' && !is_unseen(*letter));
        let keep = match letter {
            '\n' | '\t' => true,
            '\u{200C}' | '\u{200D}' => joined(Some(&before)) && joined(letters.peek()),
            // England, Scotland and Wales have flags that are spelled out behind a black one.
            '\u{E0020}'..='\u{E007F}' => before == '\u{1F3F4}' || ('\u{E0020}'..='\u{E007F}').contains(&before),
            '\u{85}' | '\r' | '\u{B}' | '\u{C}' => {
                seen.push(' ');
                false
            }
            letter => !letter.is_control() && !is_unseen(letter),
        };
        if keep {
            seen.push(letter);
            before = letter;
        }
    }
    seen
}

fn is_unseen(letter: char) -> bool {
    matches!(
        letter,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180E}'
            | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}'
            | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFC}' | '\u{E0000}'..='\u{E0FFF}'
    ) || ('\u{E000}'..='\u{F8FF}').contains(&letter)
}

/// How many words there are. Scripts without spaces are counted as two signs a word.
pub(crate) fn words(text: &str) -> usize {
    let unspaced = |letter: &char| {
        matches!(letter, '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
            | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
    };
    let of_word = |word: &str| {
        let signs = word.chars().filter(unspaced).count();
        let letters = word.chars().filter(|letter| letter.is_alphanumeric() && !unspaced(letter)).count();
        signs.div_ceil(2) + usize::from(letters > 0)
    };
    text.split_whitespace().map(of_word).sum()
}

/// Only the letters and digits, in small letters: two texts are the same if these are.
pub(crate) fn bare(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The first letters, at the most so many.
pub(crate) fn shortened(text: &str, letters: usize) -> &str {
    text.char_indices().nth(letters).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_left_out() {
        for (found, kept) in [
            ("tide\u{AD}gauge", "tidegauge"),
            (" a\u{A0}\u{2009}b\n\t c ", "a b c"),
            ("zero\u{200B}width \u{FEFF}mark", "zerowidth mark"),
            ("\u{202E}exe.gpj\u{202C} \u{2066}x\u{2069}", "exe.gpj x"),
            ("ignore\u{E0069}\u{E0067} this", "ignore this"),
            ("bell\u{7} nul\u{0}", "bell nul"),
            ("a\u{200D}b", "ab"),
            ("\u{FFFC}object", "object"),
        ] {
            assert_eq!(tidied(found), kept);
        }
    }

    #[test]
    fn emoji_and_joined_letters_stay() {
        for kept in [
            "👩\u{200D}🔬 ❤\u{FE0F}",
            "می\u{200C}خواهم",
            "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
            "👍🏽",
        ] {
            assert_eq!(tidied(kept), kept);
        }
    }

    #[test]
    fn lines_of_code_keep_their_beginnings() {
        assert_eq!(tidied_lines("\n\n  a\n\tb  \n\nc\n \n"), "  a\n    b\n\nc");
        assert_eq!(tidied_lines(" \n"), "");
    }

    #[test]
    fn words_are_counted_in_any_script() {
        assert_eq!(words("Two words, 3 — and “five”."), 5);
        assert_eq!(words("潮の満ち引き"), 3);
    }
}
