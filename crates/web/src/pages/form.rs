//! Forms that post: what is wrong in them, said beside the field and in a summary, and the way back to our own pages only.

use app::Invalid;

/// What is wrong with what was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Errors {
    /// About the whole: what happened, then what to do.
    pub(crate) sentence: Option<(String, String)>,
    /// About single fields, in the order of the form.
    pub(crate) fields: Vec<FieldError>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// The field's name, which is its place in the page as well.
    pub(crate) field: String,
    /// What is wanted and what was found.
    pub(crate) text: String,
}

impl Errors {
    /// Nothing but a sentence about the whole.
    pub(crate) fn whole(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { sentence: Some((what.into(), next.into())), fields: Vec::new() }
    }

    /// Adds what is wrong with a field.
    pub(crate) fn add(&mut self, field: impl Into<String>, text: impl Into<String>) {
        self.fields.push(FieldError { field: field.into(), text: text.into() });
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.sentence.is_none() && self.fields.is_empty()
    }

    /// What is wrong with that field.
    pub(crate) fn of(&self, field: &str) -> Option<&str> {
        self.fields.iter().find(|error| error.field == field).map(|error| error.text.as_str())
    }

    /// How much there is to mend.
    pub(crate) fn count(&self) -> String {
        match self.fields.len() {
            1 => "One thing".to_owned(),
            count => format!("{count} things"),
        }
    }
}

impl From<Vec<Invalid>> for Errors {
    fn from(invalid: Vec<Invalid>) -> Self {
        let mut errors = Self::default();
        for field in invalid {
            errors.add(field.field, field.message);
        }
        errors
    }
}

/// A place on this server, or nothing: a sign-in page that leads anywhere is a gift to whoever imitates it.
///
/// Taken are paths from the root, at most 2 048 bytes of printable ASCII. `//host`, `/\host` and what a browser would make of
/// them are not.
pub(crate) fn own_place(next: &str) -> Option<&str> {
    let plain = next.len() <= 2_048 && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let rooted = next.starts_with('/') && !next.starts_with("//");
    // Back to the form itself would be a circle.
    let circle = ["/signin", "/signup", "/signout"]
        .iter()
        .any(|form| next.strip_prefix(form).is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '#', '/'])));
    (plain && rooted && !circle).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_leads_to_our_own_pages_only() {
        for fine in [
            "/",
            "/productions",
            "/productions/deigtvDv8jH6NaK52Z5eXH?a=b#c",
            "/signing",
            "/oauth2/authorize/?state=%2F",
        ] {
            assert_eq!(own_place(fine), Some(fine));
        }
        for foreign in [
            "",
            "productions",
            "//example.org",
            "/\\example.org",
            "\\/example.org",
            "https://example.org",
            "javascript:alert(1)",
            "/a\nb",
            "/a b",
            "/ä",
            " /",
            "/\t/example.org",
            "/signin",
            "/signin?next=/",
            "/signout",
        ] {
            assert_eq!(own_place(foreign), None, "{foreign:?}");
        }
        assert_eq!(own_place(&format!("/{}", "a".repeat(2_048))), None);
    }
}
