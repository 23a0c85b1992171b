//! What credentials look like: bytes in, verdict out.
//!
//! What belongs here: the grammar of keys, codes of authenticator apps, passkeys and, later, OAuth and signed requests. What does not: whom a key belongs to, and
//! whether its holder may do anything.

pub mod key;
pub mod passkey;
pub mod totp;

pub use key::{Key, KeyKind};
