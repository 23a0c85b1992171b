//! What credentials look like: bytes in, verdict out.
//!
//! What belongs here: the grammar of keys, of OAuth 1.0a and 2.0, of signed requests and of signed webhooks, codes of
//! authenticator apps, passkeys. What does not: whom a key belongs to, and whether its holder may do anything. Nothing
//! here reads a clock, throws dice or waits.

mod header;
mod json;
pub mod jwt;
pub mod key;
mod mac;
pub mod oauth1;
pub mod oauth2;
pub mod passkey;
mod percent;
mod secret;
pub mod totp;
pub mod webhook;

pub use key::{Key, KeyKind};
pub use secret::Secret;
