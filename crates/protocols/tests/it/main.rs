//! The protocols through their public doors: published vectors, other people's programs, and what must be refused.
#![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

mod jwt;
mod naive;
mod oauth1;
mod oauth2;
mod vectors;
mod webhook;
