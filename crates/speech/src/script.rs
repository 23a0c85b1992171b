//! The script of an article: what is read out, piece by piece.
//!
//! What belongs here: turning the blocks that an article is made of into segments of text, and how long to pause between two. Finding
//! the blocks in a page is no matter of this crate, and how a segment's text is spoken is in `spoken`.

pub use model::article::{Block, Kind};

use crate::SpeechError;

/// Segments of one script, at the most: a long book chapter has a few hundred.
pub const MOST_SEGMENTS: usize = 5_000;

/// Length of one segment in bytes, at the most: half an hour of speech.
pub const LONGEST_SEGMENT: usize = 32 << 10;

/// Characters of code that are still read out; more of it is only announced.
const LONGEST_CODE: usize = 80;

/// Rows and columns of a table that are still read out; a larger one is only announced.
const MOST_ROWS: usize = 12;
const MOST_COLUMNS: usize = 6;

/// What is read out, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// The pieces.
    pub segments: Vec<Segment>,
}

/// A piece of a script: what is rendered, cached and edited as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// What it is.
    pub kind: Kind,
    /// What is read, and shown beside the player.
    pub text: String,
}

impl Script {
    /// The script of these blocks. Blocks without a word are left out. `language`, such as "de-AT", is that of the article: what is only announced is
    /// announced in it where the words for that are known, and in English elsewhere.
    pub fn of(blocks: &[Block], language: &str) -> Result<Self, SpeechError> {
        let announced = Announced::in_language(language);
        let mut segments = Vec::new();
        for block in blocks {
            let (kind, text) = match block {
                Block::Heading(level, text) => (Kind::Heading((*level).clamp(1, 6)), tidied(text)),
                Block::Paragraph(text) => (Kind::Paragraph, tidied(text)),
                Block::Quote(text) => (Kind::Quote, tidied(text)),
                Block::Item(None, text) => (Kind::Item, tidied(text)),
                Block::Item(Some(number), text) => (Kind::Item, format!("{number}. {}", tidied(text))),
                Block::Caption(text) => (Kind::Caption, tidied(text)),
                Block::Code(text) => (Kind::Code, code(text, &announced)),
                Block::Table(rows) => (Kind::Table, table(rows, &announced)),
            };
            limit("The length of a paragraph, in bytes,", text.len(), LONGEST_SEGMENT)?;
            if text.chars().any(char::is_alphanumeric) {
                segments.push(Segment { kind, text });
            }
            limit("The number of paragraphs", segments.len(), MOST_SEGMENTS)?;
        }
        Ok(Self { segments })
    }
}

/// Without line breaks and runs of spaces, which mean nothing in running text.
fn tidied(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// How code and tables are announced that are not read out. `{}` is a number, of two at least.
struct Announced {
    line: &'static str,
    lines: &'static str,
    /// Before the names of the columns.
    table: &'static str,
}

impl Announced {
    fn in_language(language: &str) -> Self {
        let [line, lines, table] = match language.split(['-', '_']).next().unwrap_or_default() {
            "de" => ["Eine Zeile Code.", "Code, {} Zeilen.", "Eine Tabelle mit {} Zeilen"],
            "es" => ["Una línea de código.", "Código, {} líneas.", "Una tabla de {} filas"],
            "fr" => ["Une ligne de code.", "Code, {} lignes.", "Un tableau de {} lignes"],
            "it" => ["Una riga di codice.", "Codice, {} righe.", "Una tabella di {} righe"],
            "nl" => ["Eén regel code.", "Code, {} regels.", "Een tabel met {} rijen"],
            "pt" => ["Uma linha de código.", "Código, {} linhas.", "Uma tabela de {} linhas"],
            _ => ["A line of code.", "Code, {} lines.", "A table of {} rows"],
        };
        Self { line, lines, table }
    }
}

fn code(text: &str, announced: &Announced) -> String {
    let text = text.trim();
    let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
    match lines {
        0 => String::new(),
        1 if text.chars().count() <= LONGEST_CODE => text.to_owned(),
        1 => announced.line.to_owned(),
        lines => announced.lines.replace("{}", &lines.to_string()),
    }
}

/// Row by row, each cell after the name of its column.
fn table(rows: &[Vec<String>], announced: &Announced) -> String {
    let Some((names, rows)) = rows.split_first() else { return String::new() };
    let names: Vec<String> = names.iter().map(|name| tidied(name)).collect();
    if rows.is_empty() {
        return names.join(", ");
    }
    if rows.len() > MOST_ROWS || names.len() > MOST_COLUMNS {
        let named: Vec<&str> =
            names.iter().take(MOST_COLUMNS).map(String::as_str).filter(|name| !name.is_empty()).collect();
        return format!("{}: {}.", announced.table.replace("{}", &rows.len().to_string()), named.join(", "));
    }
    let row = |cells: &Vec<String>| {
        let cells = cells.iter().map(|cell| tidied(cell)).enumerate().filter(|(_, cell)| !cell.is_empty());
        let cells = cells.map(|(column, cell)| match names.get(column).filter(|name| !name.is_empty() && column > 0) {
            Some(name) => format!("{name}: {cell}"),
            None => cell,
        });
        cells.collect::<Vec<_>>().join(", ")
    };
    let rows: Vec<String> = rows.iter().map(row).filter(|row| !row.is_empty()).collect();
    // A line break ends a sentence, whatever the cells end with.
    rows.join("\n")
}

fn limit(what: &'static str, found: usize, limit: usize) -> Result<(), SpeechError> {
    if found > limit {
        return Err(SpeechError::Limit { what, found: found as u64, limit: limit as u64 });
    }
    Ok(())
}

/// Silence between what is said, in seconds. A person who reads aloud pauses about as long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pauses {
    /// Where a sentence was too long to be said at once.
    pub clause_seconds: f32,
    /// Between two sentences.
    pub sentence_seconds: f32,
    /// Between two items of a list.
    pub item_seconds: f32,
    /// Between two paragraphs.
    pub paragraph_seconds: f32,
    /// Before a heading; after it comes the pause of a paragraph.
    pub heading_seconds: f32,
}

impl Default for Pauses {
    fn default() -> Self {
        Self {
            clause_seconds: 0.1,
            sentence_seconds: 0.25,
            item_seconds: 0.4,
            paragraph_seconds: 0.6,
            heading_seconds: 1.2,
        }
    }
}

impl Pauses {
    /// The silence between two segments, in seconds.
    pub fn between(&self, before: Kind, after: Kind) -> f32 {
        match (before, after) {
            (_, Kind::Heading(_)) => self.heading_seconds,
            (Kind::Item, Kind::Item) => self.item_seconds,
            _ => self.paragraph_seconds,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use super::*;

    #[test]
    fn blocks_become_segments() {
        let cell = |text: &str| text.to_owned();
        let blocks = [
            Block::Heading(0, "A  title".to_owned()),
            Block::Paragraph("Two\nlines.".to_owned()),
            Block::Paragraph(" … ".to_owned()),
            Block::Item(Some(2), "Second".to_owned()),
            Block::Code("let x = 1;".to_owned()),
            Block::Code("a\nb\n\nc".to_owned()),
            Block::Table(vec![
                vec![cell("City"), cell("People")],
                vec![cell("Cremona"), cell("70,000")],
                vec![cell("Mittenwald"), cell("")],
            ]),
            Block::Table(vec![vec![cell("Year")]; 20]),
        ];
        let script = Script::of(&blocks, "en-GB").unwrap();
        let found: Vec<(Kind, &str)> =
            script.segments.iter().map(|segment| (segment.kind, segment.text.as_str())).collect();
        assert_eq!(
            found,
            [
                (Kind::Heading(1), "A title"),
                (Kind::Paragraph, "Two lines."),
                (Kind::Item, "2. Second"),
                (Kind::Code, "let x = 1;"),
                (Kind::Code, "Code, 3 lines."),
                (Kind::Table, "Cremona, People: 70,000\nMittenwald"),
                (Kind::Table, "A table of 19 rows: Year."),
            ]
        );
    }

    #[test]
    fn what_is_not_read_is_announced_in_the_language_of_the_article() {
        let blocks = [
            Block::Code("x".repeat(LONGEST_CODE + 1)),
            Block::Code("a\nb".to_owned()),
            Block::Table(vec![vec!["Jahr".to_owned()]; 20]),
        ];
        let announced = |language: &str| {
            let script = Script::of(&blocks, language).unwrap();
            script.segments.into_iter().map(|segment| segment.text).collect::<Vec<_>>()
        };
        assert_eq!(announced("de-AT"), ["Eine Zeile Code.", "Code, 2 Zeilen.", "Eine Tabelle mit 19 Zeilen: Jahr."]);
        assert_eq!(announced("fr"), ["Une ligne de code.", "Code, 2 lignes.", "Un tableau de 19 lignes: Jahr."]);
        for unknown in ["", "tlh", "english"] {
            assert_eq!(announced(unknown), announced("en-US"));
        }
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let long = Block::Paragraph("word ".repeat(LONGEST_SEGMENT / 4));
        assert!(matches!(Script::of(&[long], "en"), Err(SpeechError::Limit { .. })));
        let many = vec![Block::Paragraph("word".to_owned()); MOST_SEGMENTS + 1];
        assert!(matches!(Script::of(&many, "en"), Err(SpeechError::Limit { .. })));
    }

    #[test]
    fn headings_are_set_apart() {
        let pauses = Pauses::default();
        assert!(pauses.between(Kind::Paragraph, Kind::Heading(2)) > pauses.between(Kind::Heading(2), Kind::Paragraph));
        assert!(pauses.between(Kind::Item, Kind::Item) < pauses.between(Kind::Item, Kind::Paragraph));
    }
}
