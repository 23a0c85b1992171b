//! What was typed into the editor, as changes of the script that its page showed.

use std::collections::HashMap;

use app::AppError;
use model::narration::{Change, Script, Segment};

/// What was typed and not kept, beside the script that its page showed.
pub(super) struct Typed<'a> {
    before: HashMap<u32, &'a str>,
    fields: HashMap<&'a str, &'a str>,
}

impl<'a> Typed<'a> {
    pub(super) fn new(before: &'a Script, fields: &'a [(String, String)]) -> Self {
        let before = before.segments.iter().map(|segment| (segment.id, segment.text.as_str())).collect();
        // Of two fields of one name the first counts, as it does where they are kept.
        let fields = fields.iter().rev().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Self { before, fields }
    }

    /// The text that was typed for a segment. `None` where the page's own text came back untouched: what stands there may be somebody else's
    /// by now, and is not to be put back.
    pub(super) fn text(&self, id: u32) -> Option<String> {
        let typed = plain(&self.field("text", id)?);
        self.before.get(&id).is_none_or(|before| *before != typed).then_some(typed)
    }

    /// Something else that was typed for a segment, as it was typed.
    pub(super) fn field(&self, kind: &str, id: u32) -> Option<String> {
        self.whole(&format!("{kind}-{id}"))
    }

    /// What was typed for the whole script.
    pub(super) fn whole(&self, name: &str) -> Option<String> {
        self.fields.get(name).map(|value| (*value).to_owned())
    }

    /// Whether somebody else wrote in a segment meanwhile for which something was typed.
    pub(super) fn is_others(&self, now: &Segment) -> bool {
        self.before.get(&now.id).is_none_or(|before| *before != now.text)
            && self.text(now.id).is_some_and(|typed| typed != now.text)
    }
}

/// Lines end in forms as they end in mail.
fn plain(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// What is typed otherwise than it was.
pub(super) fn changes(before: &Script, fields: &[(String, String)]) -> Result<Vec<Change>, AppError> {
    let segments: HashMap<_, _> = before.segments.iter().map(|segment| (segment.id, segment)).collect();
    let mut changes = Vec::new();
    for (name, value) in fields {
        if name == "reader" {
            let voice = Some(value.trim().to_owned()).filter(|voice| !voice.is_empty());
            if voice != before.voice {
                changes.push(Change::Reader(voice));
            }
            continue;
        }
        let Some((kind, number)) = name.split_once('-') else { continue };
        if kind == "new" {
            let after = number.parse().ok();
            if !value.trim().is_empty() {
                changes.push(Change::Insert(after, plain(value)));
            }
            continue;
        }
        let Some(segment) = number.parse().ok().and_then(|id: u32| segments.get(&id)) else { continue };
        match kind {
            "text" if plain(value) != segment.text => changes.push(Change::Text(segment.id, plain(value))),
            "voice" => {
                let voice = Some(value.trim().to_owned()).filter(|voice| !voice.is_empty());
                if voice != segment.voice {
                    changes.push(Change::Voice(segment.id, voice));
                }
            }
            "pause" => {
                let pause = match value.trim() {
                    "" => None,
                    typed => Some(milliseconds(typed).ok_or_else(|| {
                        let message =
                            format!("A pause is a number of seconds from 0 to 10, such as 0.5. You wrote “{typed}”.");
                        AppError::invalid(name, message)
                    })?),
                };
                if pause != segment.pause_ms {
                    changes.push(Change::Pause(segment.id, pause));
                }
            }
            _ => {}
        }
    }
    // What goes away goes last, so that nothing else refers to it.
    let (gone, rest): (Vec<_>, Vec<_>) =
        changes.into_iter().partition(|change| matches!(change, Change::Text(_, text) if text.trim().is_empty()));
    Ok(rest.into_iter().chain(gone).collect())
}

fn milliseconds(typed: &str) -> Option<u32> {
    let seconds: f64 = typed.replace(',', ".").parse().ok()?;
    (0.0..=10.0).contains(&seconds).then_some((seconds * 1_000.0).round() as u32)
}

#[cfg(test)]
mod tests {
    use model::article::Kind;

    use super::*;

    fn script() -> Script {
        Script::of(["One.", "Two."].map(|text| (Kind::Paragraph, text.to_owned())), None)
    }

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_came_back_untouched_was_not_typed() {
        let fields = fields(&[("text-1", "One."), ("text-2", "Two\r\nlines."), ("text-9", "Nine.")]);
        let before = script();
        let typed = Typed::new(&before, &fields);
        let texts = [1, 2, 3, 9].map(|id| typed.text(id));
        assert_eq!(texts, [None, Some("Two\nlines.".to_owned()), None, Some("Nine.".to_owned())]);
        // Somebody else's words are shown beside what was typed, not beside what only oneself changed.
        let mut now = script();
        assert!(!now.segments.iter().any(|segment| typed.is_others(segment)));
        for segment in &mut now.segments {
            segment.text.push_str(" More.");
        }
        let others: Vec<_> = now.segments.iter().map(|segment| typed.is_others(segment)).collect();
        assert_eq!(others, [false, true]);
    }

    #[test]
    fn only_what_is_typed_otherwise_is_a_change() {
        let same = fields(&[
            ("text-1", "One."),
            ("voice-1", ""),
            ("pause-1", ""),
            ("text-2", "Two."),
            ("new-2", " "),
            ("reader", ""),
            ("x", "y"),
        ]);
        assert_eq!(changes(&script(), &same).ok(), Some(vec![]));
        let other = fields(&[
            ("text-1", ""),
            ("text-2", "Two\r\nlines."),
            ("pause-2", "0,5"),
            ("voice-2", "v"),
            ("new-1", "New."),
            ("text-9", "x"),
        ]);
        let found = changes(&script(), &other).unwrap_or_default();
        let expected = [
            Change::Text(2, "Two\nlines.".into()),
            Change::Pause(2, Some(500)),
            Change::Voice(2, Some("v".into())),
            Change::Insert(Some(1), "New.".into()),
            Change::Text(1, String::new()),
        ];
        assert_eq!(found, expected);
        assert!(matches!(changes(&script(), &fields(&[("pause-1", "long")])), Err(AppError::Invalid(_))));
        assert!(matches!(changes(&script(), &fields(&[("pause-1", "11")])), Err(AppError::Invalid(_))));
    }
}
