//! What credentials look like: bytes in, verdict out.
//!
//! What belongs here: the grammar of keys, of OAuth 1.0a and 2.0, of signed requests and of signed webhooks, codes of
//! authenticator apps, passkeys; what stores of users are asked and how they answer. What does not: whom a key belongs to, and whether its holder may do anything. Nothing
//! here reads a clock, throws dice or waits.

pub mod bucket;
pub mod ftp;
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
pub mod sigv4;
pub mod totp;
pub mod webdav;
pub mod webhook;
mod xml;

pub use key::{Key, KeyKind};
pub use secret::Secret;
