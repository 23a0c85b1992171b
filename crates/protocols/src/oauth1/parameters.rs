//! The parameters of a request, gathered from header, query and form, and kept in the form in which they are signed
//! (RFC 5849 §3.4.1.3).

use std::borrow::Cow;

use super::{MAX_BYTES, MAX_PARAMETERS, Problem, Rejected};
use crate::percent::{self, Plus};

/// What the names of OAuth's own parameters begin with.
const OWN: &str = "oauth_";

/// A name and a value, percent-encoded.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Parameter<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) value: Cow<'a, str>,
}

impl Parameter<'_> {
    pub(super) fn is_own(&self) -> bool {
        self.name.starts_with(OWN)
    }
}

/// All of them, in the order in which they came.
pub(super) struct Parameters<'a> {
    list: Vec<Parameter<'a>>,
    bytes: usize,
    places_with_own: usize,
}

impl<'a> Parameters<'a> {
    pub(super) fn new() -> Self {
        // Room for those of OAuth and some of the request's.
        Self { list: Vec::with_capacity(16), bytes: 0, places_with_own: 0 }
    }

    /// Takes a query or a form: pairs between `&`, a name alone has an empty value, and a plus is a space.
    pub(super) fn add_form(&mut self, form: &'a [u8]) -> Result<(), Problem> {
        self.measure(form.len())?;
        let before = self.list.len();
        for pair in form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at(end);
            let value = value.get(1..).unwrap_or_default();
            self.push(name, value, Plus::Space)?;
        }
        self.close(before);
        Ok(())
    }

    /// Takes what follows the scheme in an `Authorization` header (§3.5.1). The realm is not a parameter.
    pub(super) fn add_header(&mut self, credentials: &'a str) -> Result<(), Problem> {
        self.measure(credentials.len())?;
        let before = self.list.len();
        let mut rest = credentials.trim_start_matches(BETWEEN);
        while !rest.is_empty() {
            let (name, after) = rest.split_once('=').ok_or(Rejected::Header)?;
            let name = name.trim();
            if name.is_empty() || name.contains(['"', ',', ' ', '\t']) {
                return Err(Rejected::Header.into());
            }
            let (value, after) = header_value(after.trim_start()).ok_or(Rejected::Header)?;
            if !name.eq_ignore_ascii_case("realm") {
                self.push(name.as_bytes(), value.as_bytes(), Plus::Itself)?;
            }
            rest = after.trim_start_matches(BETWEEN);
        }
        self.close(before);
        Ok(())
    }

    /// All parameters, sorted as §3.4.1.3.2 wants them: by the bytes of their encoded names, then of their values.
    pub(super) fn sorted(mut self) -> Result<Vec<Parameter<'a>>, Problem> {
        if self.places_with_own > 1 {
            return Err(Rejected::SeveralPlaces.into());
        }
        self.list.sort_unstable();
        let repeated = self.list.windows(2).find(|pair| pair[0].is_own() && pair[0].name == pair[1].name);
        if let Some(pair) = repeated {
            return Err(Rejected::Repeated(pair[0].name.chars().take(64).collect()).into());
        }
        Ok(self.list)
    }

    fn measure(&mut self, bytes: usize) -> Result<(), Problem> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > MAX_BYTES { Err(Rejected::TooLarge.into()) } else { Ok(()) }
    }

    fn push(&mut self, name: &'a [u8], value: &'a [u8], plus: Plus) -> Result<(), Problem> {
        if self.list.len() == MAX_PARAMETERS {
            return Err(Rejected::TooMany.into());
        }
        self.list.push(Parameter { name: percent::canonical(name, plus), value: percent::canonical(value, plus) });
        Ok(())
    }

    fn close(&mut self, before: usize) {
        let has_own = self.list.get(before..).is_some_and(|new| new.iter().any(Parameter::is_own));
        self.places_with_own += usize::from(has_own);
    }
}

/// What may stand between two parameters of a header.
const BETWEEN: [char; 5] = [',', ' ', '\t', '\r', '\n'];

/// A value with or without quotes, and what comes after it. Between quotes nothing can be escaped: what would have to
/// be is percent-encoded; only a realm may have a quote in it, and it is passed over.
fn header_value(text: &str) -> Option<(&str, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(BETWEEN).unwrap_or(text.len());
        return Some(text.split_at(end));
    };
    let mut is_escaped = false;
    for (at, byte) in quoted.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => {
                let after = &quoted[at + 1..];
                return (after.is_empty() || after.starts_with(BETWEEN)).then(|| (&quoted[..at], after));
            }
            _ => (),
        }
    }
    None
}
