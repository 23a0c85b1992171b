//! Whatever the bytes are.

use model::article::{Article, Block};
use proptest::prelude::*;

const WORDS: &[&str] = &[
    "tide",
    "gauge",
    "the",
    "sea,",
    "rises",
    "twice",
    "a",
    "day.",
    "Fish",
    "& chips",
    "12.5",
    "m",
    "“high”",
    "élan",
    "潮",
    "—",
];
const INLINE: &[&str] = &[
    "b", "i", "em", "strong", "span", "u", "font", "mark", "small", "code", "abbr", "cite", "time", "bdi", "tt",
    "x-word",
];
const PIECES: &[&str] = &[
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<table>",
    "<tr>",
    "<td>",
    "</table>",
    "<a href='#x'>",
    "</a>",
    "<b>",
    "</b>",
    "<li>",
    "<ul>",
    "</ul>",
    "<ol start=-5>",
    "<pre>",
    "</pre>",
    "<sup>1</sup>",
    "<br>",
    "<h1>",
    "</h1>",
    "<h2 class=title>",
    "<svg>",
    "</svg>",
    "<math>",
    "<template>",
    "</template>",
    "<script>",
    "</script>",
    "<!--",
    "-->",
    "<select>",
    "<option>",
    "<frameset>",
    "<body>",
    "<html lang=xx>",
    "<title>",
    "</title>",
    "<textarea>",
    "<plaintext>",
    "<td rowspan=99999 colspan=99999>",
    "&amp;",
    "&#0;",
    "&bogus;",
    "<",
    ">",
    "\"",
    "\0",
    "\u{202e}",
    "<figure>",
    "<figcaption>",
    "<blockquote>",
    "<article>",
    "<nav>",
    "<form>",
    "<input type=password>",
    "<meta charset=utf-16>",
    "<base href='::'>",
    "<template><table>",
    "<font><font>",
    "word word word ",
];

/// Words and tags around some of them, and the same words without.
fn marked_up() -> impl Strategy<Value = (String, String)> {
    let word = (prop::sample::select(WORDS), prop::option::of(prop::sample::select(INLINE)), any::<bool>());
    prop::collection::vec(word, 30..80).prop_map(|words| {
        let (mut plain, mut marked) = (String::from("Start"), String::from("Start"));
        let mut open: Vec<&str> = Vec::new();
        for (word, tag, close) in words {
            plain.push(' ');
            plain.push_str(&word.replace('&', "&amp;"));
            marked.push(' ');
            if let Some(tag) = tag {
                marked.extend(["<", tag, ">"]);
                open.push(tag);
            }
            marked.push_str(&word.replace('&', "&amp;"));
            if close && let Some(tag) = open.pop() {
                marked.extend(["</", tag, ">"]);
            }
        }
        for tag in open.iter().rev() {
            marked.extend(["</", tag, ">"]);
        }
        (plain, marked)
    })
}

fn is_sound(article: &Article) -> bool {
    article.blocks.iter().all(|block| match block {
        Block::Heading(level, text) => (1..=6).contains(level) && !text.trim().is_empty(),
        Block::Paragraph(text) | Block::Quote(text) | Block::Item(_, text) | Block::Caption(text) => {
            !text.trim().is_empty() && !text.contains(['\n', '\u{202e}', '\u{ad}', '\0'])
        }
        Block::Code(text) => !text.is_empty(),
        Block::Table(rows) => !rows.is_empty(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..2_000), kind in prop::option::of("[ -~]{0,30}"), address in ".{0,40}") {
        if let Ok(article) = article::read(&bytes, kind.as_deref(), &address) {
            prop_assert!(is_sound(&article));
        }
    }

    #[test]
    fn any_tags_are_read_or_refused(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..200)) {
        let page = format!("<p>A page of its own, with words enough to be read as an article by whoever comes along and has the time to.</p>{}", pieces.concat());
        match article::read(page.as_bytes(), None, "https://tides.example/") {
            Ok(article) => prop_assert!(is_sound(&article)),
            Err(error) => prop_assert!(error.to_string().ends_with('.')),
        }
    }

    #[test]
    fn tags_around_text_change_nothing((plain, marked) in marked_up()) {
        let read = |text: &str| article::read(format!("<title>x</title><article><p>{text}</p></article>").as_bytes(), None, "").map(|article| article.blocks);
        prop_assert_eq!(read(&plain), read(&marked));
    }
}
