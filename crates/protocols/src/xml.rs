//! XML as stores answer in it: elements by their local names, and the text of each. Nothing is fetched, nothing grows.

use quick_xml::events::Event;
use quick_xml::reader::Reader;

/// Elements within each other. Answers of stores have at most seven.
const MOST_DEPTH: usize = 24;

/// Bytes of text in one element that are kept. Names and addresses are shorter.
const MOST_TEXT: usize = 8 << 10;

/// This is no XML, or it ends in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotXml;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// An element begins.
    Open,
    /// An element ends; with the text that stands in it, behind the last element within.
    Close(&'a str),
}

/// Walks through a document and shows each element with those around it, the outermost first. What was shown before an
/// error stays shown.
pub(crate) fn walk(text: &str, mut visit: impl FnMut(&[String], Step<'_>)) -> Result<(), NotXml> {
    let mut reader = Reader::from_str(text);
    let (mut path, mut said) = (Vec::<String>::new(), String::new());
    loop {
        match reader.read_event().map_err(|_| NotXml)? {
            Event::Start(element) => {
                if path.len() >= MOST_DEPTH {
                    return Err(NotXml);
                }
                path.push(element.local_name().as_ref().to_owned());
                said.clear();
                visit(&path, Step::Open);
            }
            Event::Empty(element) => {
                path.push(element.local_name().as_ref().to_owned());
                visit(&path, Step::Open);
                visit(&path, Step::Close(""));
                path.pop();
                said.clear();
            }
            Event::End(_) => {
                visit(&path, Step::Close(said.trim()));
                path.pop();
                said.clear();
            }
            Event::Text(piece) => add(&mut said, &piece.xml10_content()),
            Event::CData(piece) => add(&mut said, &piece.xml10_content()),
            Event::GeneralRef(entity) => match entity.resolve_char_ref().map_err(|_| NotXml)? {
                Some(c) => add(&mut said, c.encode_utf8(&mut [0; 4])),
                // Entities of a document's own would have to be declared in it, and are not looked for.
                None => add(&mut said, quick_xml::escape::resolve_xml_entity(&entity.xml10_content()).ok_or(NotXml)?),
            },
            Event::Eof => return if path.is_empty() { Ok(()) } else { Err(NotXml) },
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn add(said: &mut String, piece: &str) {
    if said.len() + piece.len() <= MOST_TEXT {
        said.push_str(piece);
    }
}

/// Whether the innermost elements have these names.
pub(crate) fn ends_with(path: &[String], names: &[&str]) -> bool {
    path.len() >= names.len() && path[path.len() - names.len()..].iter().zip(names).all(|(found, name)| found == name)
}
