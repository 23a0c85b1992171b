//! An article's text as markup: escaped, with a span for each sentence and each word that is heard, so that they can be lit and jumped to.

use std::fmt::Write;

use model::article::Kind;
use model::narration::HeardSegment;

/// A text that was not spoken yet.
pub(super) fn plain(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 8);
    escape(text, &mut html);
    html
}

/// A text with its sentences and words.
pub(super) fn spoken(segment: &HeardSegment) -> String {
    let text = segment.text.as_str();
    let mut html = String::with_capacity(text.len() * 8);
    let (mut end, mut is_open) = (0, false);
    for word in &segment.words {
        // Words that are out of order, or in the middle of a letter, are not ours: the text is worth more.
        let (Some(between), Some(said)) = (text.get(end..word.text.start), text.get(word.text.clone())) else {
            continue;
        };
        if word.begins || !is_open {
            // What stands before a sentence up to the last space belongs to the one before: a full stop. What follows it does not: a quotation mark.
            let at = between.rfind(char::is_whitespace).map_or(0, |at| at + 1);
            let (before, after) = if is_open { between.split_at(at) } else { ("", between) };
            let kept = before.trim_end();
            escape(kept, &mut html);
            if is_open {
                html.push_str("</span>");
            }
            escape(&before[kept.len()..], &mut html);
            html.push_str("<span class=\"s\">");
            escape(after, &mut html);
            is_open = true;
        } else {
            escape(between, &mut html);
        }
        // Writing to a string cannot fail.
        let _ = write!(html, "<span class=\"w\" data-t=\"{}\" data-e=\"{}\">", word.ms.start, word.ms.end);
        escape(said, &mut html);
        html.push_str("</span>");
        end = word.text.end;
    }
    escape(text.get(end..).unwrap_or_default(), &mut html);
    if is_open {
        html.push_str("</span>");
    }
    html
}

/// The element for a segment.
pub(super) fn tag(kind: Kind) -> &'static str {
    match kind {
        Kind::Heading(..=2) => "h2",
        Kind::Heading(_) => "h3",
        Kind::Quote => "blockquote",
        Kind::Item => "li",
        Kind::Code => "pre",
        Kind::Paragraph | Kind::Caption | Kind::Table => "p",
    }
}

fn escape(text: &str, html: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\n' => html.push_str("<br>"),
            // Text that turns round what follows could make a page say something else.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            letter => html.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use model::narration::HeardWord;
    use proptest::prelude::*;

    use super::*;

    fn segment(text: &str, words: &[(Range<usize>, bool)]) -> HeardSegment {
        let words = words.iter().zip(0..).map(|((text, begins), at)| HeardWord {
            text: text.clone(),
            ms: at * 100..at * 100 + 90,
            begins: *begins,
        });
        HeardSegment { id: 1, kind: Kind::Paragraph, text: text.to_owned(), ms: 0..1_000, words: words.collect() }
    }

    /// Markup without its tags.
    fn without_tags(html: &str) -> String {
        let mut text = String::new();
        let mut is_tag = false;
        for letter in html.chars() {
            match letter {
                '<' => is_tag = true,
                '>' => is_tag = false,
                letter if !is_tag => text.push(letter),
                _ => {}
            }
        }
        text
    }

    #[test]
    fn sentences_keep_their_marks() {
        let html = spoken(&segment("Go. “Now!” x", &[(0..2, true), (7..10, true), (15..16, false)]));
        assert_eq!(
            html,
            "<span class=\"s\"><span class=\"w\" data-t=\"0\" data-e=\"90\">Go</span>.</span> \
             <span class=\"s\">“<span class=\"w\" data-t=\"100\" data-e=\"190\">Now</span>!” \
             <span class=\"w\" data-t=\"200\" data-e=\"290\">x</span></span>"
        );
    }

    #[test]
    fn markup_is_text() {
        let html = spoken(&segment("<script>alert('x')</script>\u{202e}", &[(1..7, true)]));
        assert!(!html.contains("<script") && html.contains("&lt;") && !html.contains('\u{202e}'), "{html}");
        assert_eq!(plain("a\n\"b\""), "a<br>&quot;b&quot;");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_doubled(text in "[a-zé .!“”&<]{0,40}", cuts in prop::collection::vec((0usize..50, 0usize..50, any::<bool>()), 0..12)) {
            let words: Vec<_> = cuts.into_iter().map(|(from, length, begins)| (from..from + length, begins)).collect();
            let html = spoken(&segment(&text, &words));
            prop_assert_eq!(without_tags(&html), without_tags(&plain(&text)));
        }
    }
}
