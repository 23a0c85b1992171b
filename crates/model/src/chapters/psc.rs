//! Podlove Simple Chapters 1.2: `<psc:chapter start="00:12:30.500" title="…" href="…"/>`.

use quick_xml::XmlVersion;
use quick_xml::escape::escape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::{Chapters, ChaptersError, Marks, Place, Problem, parse_time, write_time};
use crate::found::{excerpt, half_sentence, is_break};

/// Reads the `chapter` elements of the first `chapters` element, wherever it stands: alone or within a feed's item.
///
/// Prefixes are not resolved, since files without the namespace are common. Entities other than XML's own five are
/// refused; document types are passed over unread, so nothing in a file can grow or reach outside it.
pub(super) fn parse(text: &str) -> Result<Chapters, ChaptersError> {
    let mut reader = Reader::from_str(text);
    let mut marks = Marks::new();
    let mut inside = false;
    let mut lines = Lines { text, counted: 0, line: 1 };
    loop {
        let at = reader.buffer_position();
        let syntax = |lines: &mut Lines<'_>, at: u64, reason: String| ChaptersError::Syntax {
            format: "XML",
            line: lines.at(at),
            reason,
        };
        let event = reader
            .read_event()
            .map_err(|error| syntax(&mut lines, reader.error_position(), half_sentence(&error.to_string())))?;
        match &event {
            Event::Start(element) if element.local_name().as_ref() == "chapters" => inside = true,
            // The first list is the whole answer, and its end is the end of interest in the rest of a feed.
            Event::End(element) if inside && element.local_name().as_ref() == "chapters" => return Ok(marks.finish()),
            Event::Empty(element) if !inside && element.local_name().as_ref() == "chapters" => {
                return Ok(marks.finish());
            }
            Event::Start(element) | Event::Empty(element) if inside && element.local_name().as_ref() == "chapter" => {
                let line = lines.at(at);
                chapter(element, line, &mut marks)?;
            }
            Event::Eof if inside => {
                return Err(syntax(&mut lines, at, "it ends before </psc:chapters>".to_owned()));
            }
            Event::Eof => {
                let wanted = "it has no <psc:chapters> element";
                return Err(ChaptersError::NoChapters { format: "XML", wanted });
            }
            _ => {}
        }
    }
}

/// Writes a whole document.
pub(super) fn write(chapters: &Chapters) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <psc:chapters version=\"1.2\" xmlns:psc=\"http://podlove.org/simple-chapters\">\n",
    );
    for mark in chapters.as_slice() {
        xml.push_str("  <psc:chapter start=\"");
        xml.push_str(&write_time(mark.start_ms));
        attribute(&mut xml, "title", &mark.title);
        if let Some(url) = &mark.url {
            attribute(&mut xml, "href", url);
        }
        xml.push_str("\"/>\n");
    }
    xml.push_str("</psc:chapters>\n");
    xml
}

/// Closes the attribute before and writes one that is still open.
fn attribute(xml: &mut String, name: &str, value: &str) {
    let value: String = value.chars().map(|c| if is_break(c) { ' ' } else { c }).collect();
    xml.push_str("\" ");
    xml.push_str(name);
    xml.push_str("=\"");
    xml.push_str(&escape(value));
}

fn chapter(element: &BytesStart<'_>, line: usize, marks: &mut Marks) -> Result<(), ChaptersError> {
    let place = Place::Line(line);
    let (mut start, mut title, mut href) = (None, None, None);
    let syntax = |reason| ChaptersError::Syntax { format: "XML", line, reason };
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|error| syntax(half_sentence(&error.to_string())))?;
        let slot = match attribute.key.local_name().as_ref() {
            "start" => &mut start,
            "title" => &mut title,
            "href" => &mut href,
            _ => continue,
        };
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| syntax(half_sentence(&error.to_string())))?;
        *slot = Some(value.into_owned());
    }
    let Some(start) = start else {
        return Err(ChaptersError::Mark { place, problem: Problem::NoTime("start attribute") });
    };
    let Some(start_ms) = parse_time(start.trim()) else {
        return Err(ChaptersError::Mark { place, problem: Problem::Time(excerpt(&start)) });
    };
    marks.push(place, start_ms, title.as_deref().unwrap_or_default(), href.as_deref())
}

/// Counts lines as positions go by, so that a file is walked once however many chapters it has.
struct Lines<'a> {
    text: &'a str,
    counted: usize,
    line: usize,
}

impl Lines<'_> {
    fn at(&mut self, position: u64) -> usize {
        let position = usize::try_from(position).unwrap_or(usize::MAX).min(self.text.len());
        if let Some(passed) = self.text.get(self.counted..position) {
            self.line += passed.matches('\n').count();
            self.counted = position;
        }
        self.line
    }
}
