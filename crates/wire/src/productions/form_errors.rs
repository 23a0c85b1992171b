//! What is wrong with a request, by field: all of it at once, so that nobody corrects a form ten times.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use utoipa::ToSchema;

use super::limits::MAX_ERRORS;

/// Sentences about what is wrong, by field, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq, ToSchema)]
#[schema(value_type = BTreeMap<String, Vec<String>>, example = json!({"year": ["year takes four digits, such as 2026, not “soon”."]}))]
pub struct FormErrors(Vec<(String, Vec<String>)>);

impl FormErrors {
    /// One sentence about one field.
    pub fn of(field: &str, what: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, what);
        errors
    }

    /// Adds a sentence about a field. After the sixtieth the rest is left unsaid.
    pub fn add(&mut self, field: &str, what: impl Into<String>) {
        if self.0.iter().map(|(_, said)| said.len()).sum::<usize>() >= MAX_ERRORS {
            return;
        }
        match self.0.iter_mut().find(|(name, _)| name == field) {
            Some((_, said)) => said.push(what.into()),
            None => self.0.push((field.to_owned(), vec![what.into()])),
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fields, each with what is wrong with it.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(field, said)| (field.as_str(), said.as_slice()))
    }

    /// All sentences in one line.
    pub fn summary(&self) -> String {
        self.0.iter().flat_map(|(_, said)| said).map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

impl Serialize for FormErrors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (field, said) in &self.0 {
            map.serialize_entry(field, said)?;
        }
        map.end()
    }
}

/// Where a reader stands: the field that errors are filed under, and how sentences about it begin.
pub(super) struct At<'a> {
    errors: &'a mut FormErrors,
    field: &'a str,
    label: Cow<'a, str>,
}

impl<'a> At<'a> {
    pub(super) fn new(errors: &'a mut FormErrors, field: &'a str, label: impl Into<Cow<'a, str>>) -> Self {
        Self { errors, field, label: label.into() }
    }

    /// A place within this one: `Entry 2: bitrate`.
    pub(super) fn within(&mut self, label: impl Into<String>) -> At<'_> {
        At { errors: self.errors, field: self.field, label: Cow::Owned(label.into()) }
    }

    /// Says the rest of a sentence that begins with the field's name.
    pub(super) fn say(&mut self, rest: impl std::fmt::Display) {
        let sentence = format!("{} {rest}", self.label);
        self.errors.add(self.field, sentence);
    }

    /// Says what would do, and what is there instead.
    pub(super) fn wants(&mut self, wanted: impl std::fmt::Display, found: &Value) {
        self.say(format_args!("takes {wanted}, not {}.", named(found)));
    }
}

/// Something found in a request, as it stands in a sentence: text in quotation marks, anything else by its kind.
pub(super) fn named(found: &Value) -> String {
    match found {
        Value::Null => "nothing".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.trim().is_empty() => "empty text".to_owned(),
        Value::String(text) => format!("“{}”", excerpt(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// The beginning of something found, on one line and short enough to stand in a sentence.
pub(super) fn excerpt(found: &str) -> String {
    const LONGEST: usize = 40;
    let line: String = found.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.trim();
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    line.chars().take(LONGEST).chain(['…']).collect()
}

/// The name among those known that somebody most likely meant: one slip away for short names, two for longer ones.
pub(super) fn meant<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let length = name.chars().count();
    if !(3..=40).contains(&length) {
        return None;
    }
    let most = if length < 6 { 1 } else { 2 };
    let distance = |known: &str| slips(name, known);
    known
        .into_iter()
        .map(|known| (distance(known), known))
        .filter(|(slips, _)| *slips <= most)
        .min()
        .map(|(_, known)| known)
}

/// How many letters have to be put in, taken out or changed (Levenshtein's distance), case aside.
fn slips(typed: &str, known: &str) -> usize {
    let known: Vec<char> = known.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=known.len()).collect();
    for (above, letter) in typed.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (at, other) in known.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_what_was_meant() {
        let known = ["filtering", "leveler", "url", "title"];
        assert_eq!(meant("filtring", known), Some("filtering"));
        assert_eq!(meant("Leveller", known), Some("leveler"));
        assert_eq!(meant("titel", known), None);
        assert_eq!(meant("titl", known), Some("title"));
        assert_eq!(meant("ur", known), None);
        assert_eq!(meant(&"x".repeat(1_000_000), known), None);
    }

    #[test]
    fn what_is_wrong_has_a_ceiling() {
        let mut errors = FormErrors::default();
        for n in 0..10_000 {
            errors.add(&format!("field{n}"), "is wrong.");
        }
        assert_eq!(errors.iter().count(), MAX_ERRORS);
    }
}
