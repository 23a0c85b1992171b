//! Tests of the wire: what clients send, what they read.

#![expect(clippy::unwrap_used, reason = "tests say what must not fail")]
#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

mod any;
mod refused;
mod replies;
mod taken;

use std::fmt::Write;

use super::{FormErrors, Offer, Request, production};

const ALL: Offer = Offer { aac: true };

/// Reads a production's body.
fn read(body: &str) -> Result<Request, FormErrors> {
    production(body.as_bytes(), ALL)
}

/// What is wrong, a line for each sentence.
fn lines(errors: &FormErrors) -> String {
    let mut text = String::new();
    for (field, said) in errors.iter() {
        for sentence in said {
            let _ = writeln!(text, "{field}: {sentence}");
        }
    }
    text
}
