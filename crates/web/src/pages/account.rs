//! Pages for coming in: sign in, sign up. What a wrong name and a wrong password are told is the same, word for word; that it
//! takes the same time is the business of the app.

use askama::Template;

use super::form::Errors;
use super::frame::Frame;
use super::waveform::{Shape, Width, svg};

/// The sign-in page.
#[derive(Clone, Debug, Template)]
#[template(path = "signin.html")]
pub(crate) struct SignIn {
    pub(crate) frame: Frame,
    pub(crate) art: String,
    pub(crate) errors: Errors,
    pub(crate) note: Option<&'static str>,
    pub(crate) token: String,
    pub(crate) next: Option<String>,
    pub(crate) username: String,
    /// Whether passkeys can be used at this address.
    pub(crate) passkey: bool,
    /// Whether strangers may make accounts.
    pub(crate) open: bool,
}

/// The sign-up page.
#[derive(Clone, Debug, Template)]
#[template(path = "signup.html")]
pub(crate) struct SignUp {
    pub(crate) frame: Frame,
    pub(crate) art: String,
    pub(crate) errors: Errors,
    pub(crate) token: String,
    pub(crate) username: String,
    pub(crate) email: String,
    /// Characters that a password has at least.
    pub(crate) shortest: usize,
}

/// A page that says one thing and where to go from here.
#[derive(Clone, Debug, Template)]
#[template(path = "plain.html")]
pub(crate) struct Plain {
    pub(crate) frame: Frame,
    pub(crate) art: String,
    pub(crate) heading: String,
    pub(crate) sentence: String,
    /// What to give to whoever runs the house.
    pub(crate) reference: Option<String>,
    /// The first is the obvious one.
    pub(crate) ways: Vec<Way>,
}

/// A place to go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) text: &'static str,
    pub(crate) href: String,
}

impl Way {
    pub(crate) fn new(text: &'static str, href: impl Into<String>) -> Self {
        Self { text, href: href.into() }
    }
}

/// Two thirds of a sentence, heard; the rest to come. The amplitudes are those of `fixtures/speech/austen-0870.flac`.
pub(crate) fn spoken_art() -> String {
    const SENTENCE: [u8; 90] = [
        9, 10, 9, 79, 67, 72, 51, 81, 39, 98, 109, 82, 44, 100, 95, 84, 74, 75, 118, 94, 58, 88, 81, 60, 113, 75, 33,
        24, 33, 43, 75, 54, 55, 75, 50, 47, 62, 46, 67, 41, 49, 94, 79, 67, 55, 61, 114, 73, 51, 30, 17, 88, 81, 72,
        64, 28, 72, 63, 64, 55, 7, 42, 44, 29, 56, 51, 28, 44, 44, 41, 33, 41, 37, 54, 87, 64, 46, 49, 45, 63, 51, 21,
        70, 34, 28, 33, 10, 5, 7, 7,
    ];
    svg(Shape::Heard(&SENTENCE), Width::Wide, 72, "always")
}

/// Plates with nothing between them, where all is well and nothing is heard.
pub(crate) fn flat_art() -> String {
    svg(Shape::Flat, Width::Narrow, 72, "always")
}

/// Plates between which the post has fallen.
pub(crate) fn fallen_art() -> String {
    svg(Shape::Fallen, Width::Narrow, 72, "always")
}
