//! Chapters as lines of text: a time, a title, perhaps an address in angle brackets.

use std::fmt::Write;

use super::{Chapters, ChaptersError, Marks, Place, Problem, parse_time, write_time};
use crate::found::{excerpt, is_address, is_break};

/// Reads `00:12:30.500 Title <https://…>`, one mark a line. Empty lines and lines that begin with `#` are passed over.
pub(super) fn parse(text: &str) -> Result<Chapters, ChaptersError> {
    let mut marks = Marks::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = Place::Line(index + 1);
        let (time, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        // A bare number counts as seconds elsewhere; at the beginning of a line it is far more likely to be a numbering.
        let Some(start_ms) = time.contains(':').then(|| parse_time(time)).flatten() else {
            let problem = if time.contains(':') && time.starts_with(|c: char| c.is_ascii_digit()) {
                Problem::Time(excerpt(time))
            } else {
                Problem::Line(excerpt(line))
            };
            return Err(ChaptersError::Mark { place, problem });
        };
        let (title, url) = split_address(rest.trim());
        marks.push(place, start_ms, title, url)?;
    }
    Ok(marks.finish())
}

/// Writes one line for each mark.
pub(super) fn write(chapters: &Chapters) -> String {
    let mut text = String::new();
    for mark in chapters.as_slice() {
        text.push_str(&write_time(mark.start_ms));
        if !mark.title.is_empty() {
            text.push(' ');
            text.extend(mark.title.chars().map(|c| if is_break(c) { ' ' } else { c }));
        }
        if let Some(url) = &mark.url {
            // Writing to a string cannot fail.
            let _ = write!(text, " <{url}>");
        }
        text.push('\n');
    }
    text
}

/// Takes the address off the end of a title. Angle brackets around anything else belong to the title.
fn split_address(rest: &str) -> (&str, Option<&str>) {
    rest.strip_suffix('>')
        .and_then(|open| open.rsplit_once('<'))
        .filter(|(_, url)| is_address(url))
        .map_or((rest, None), |(title, url)| (title, Some(url)))
}
