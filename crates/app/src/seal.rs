//! Secrets that have to be read again, sealed so that the database alone gives nothing away: XChaCha20-Poly1305 under a key that is derived
//! from the installation's secret for each purpose.
//!
//! An envelope is a byte for the version, four that tell by which secret key it was sealed, 24 of a nonce, and the sealed bytes with their tag.
//! The purpose is authenticated along: what was sealed as one thing is not opened as another. A purpose that names whose the secret is, such as
//! `totp 0A1b…`, keeps envelopes from being moved between rows, too.
//!
//! What need not be read again is not sealed but kept as a digest.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{Key, KeyInit, XChaCha20Poly1305, XNonce};
use model::Dice;
use secrecy::SecretSlice;

use crate::secret::digest;
use crate::{App, AppError, SecretKey};

const VERSION: u8 = 1;

/// Bytes that tell by which secret key something was sealed.
const KEY_ID: usize = 4;

/// Bytes of the nonce: many enough to be thrown, so that nobody has to count.
const NONCE: usize = 24;

impl SecretKey {
    /// Seals bytes for a purpose.
    pub fn seal(&self, purpose: &str, bytes: &[u8], dice: &dyn Dice) -> Result<Vec<u8>, AppError> {
        let mut nonce = [0; NONCE];
        dice.fill(&mut nonce);
        let payload = Payload { msg: bytes, aad: purpose.as_bytes() };
        let sealed = self
            .cipher(purpose)
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| AppError::Broken("something could not be sealed"))?;
        Ok([&[VERSION][..], &self.id(), &nonce, &sealed].concat())
    }

    /// Opens what was sealed for that purpose. `None` is something else, or sealed by another key, or was changed since.
    pub fn open(&self, purpose: &str, envelope: &[u8]) -> Option<SecretSlice<u8>> {
        let rest = envelope.strip_prefix(&[VERSION])?.strip_prefix(&self.id())?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: sealed, aad: purpose.as_bytes() };
        self.cipher(purpose).decrypt(&XNonce::from(*nonce), payload).ok().map(SecretSlice::from)
    }

    fn cipher(&self, purpose: &str) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(self.sign("seal", purpose.as_bytes())))
    }

    fn id(&self) -> [u8; KEY_ID] {
        let [a, b, c, d, ..] = digest(&self.fingerprint());
        [a, b, c, d]
    }
}

impl App {
    /// Seals bytes for a purpose.
    pub fn seal(&self, purpose: &str, bytes: &[u8]) -> Result<Vec<u8>, AppError> {
        self.secret().seal(purpose, bytes, self.dice())
    }

    /// Opens what this house sealed for a purpose.
    pub fn open_sealed(&self, purpose: &str, envelope: &[u8]) -> Result<SecretSlice<u8>, AppError> {
        self.secret().open(purpose, envelope).ok_or(AppError::Broken("what was sealed cannot be opened"))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use secrecy::ExposeSecret;

    use super::*;

    /// Counts instead of throwing.
    struct Counter(std::sync::atomic::AtomicU8);

    impl Dice for Counter {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill_with(|| self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    #[test]
    fn what_is_sealed_is_opened_by_the_same_key_for_the_same_purpose_only() {
        let (key, dice) = (SecretKey::new([1; 32]), Counter(0.into()));
        let sealed = key.seal("totp ada", b"a secret", &dice).unwrap();
        assert_eq!(key.open("totp ada", &sealed).unwrap().expose_secret(), b"a secret");
        assert!(key.open("totp eve", &sealed).is_none());
        assert!(SecretKey::new([2; 32]).open("totp ada", &sealed).is_none());
        assert!(!sealed.windows(8).any(|part| part == b"a secret"));
        assert_eq!(sealed.len(), 1 + 4 + 24 + 8 + 16);
    }

    #[test]
    fn one_bit_that_was_changed_is_noticed() {
        let (key, dice) = (SecretKey::new([1; 32]), Counter(0.into()));
        let sealed = key.seal("test", b"", &dice).unwrap();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(key.open("test", &changed).is_none(), "{place}");
        }
        for length in 0..sealed.len() {
            assert!(key.open("test", &sealed[..length]).is_none(), "{length}");
        }
    }

    #[test]
    fn the_same_twice_looks_different() {
        let (key, dice) = (SecretKey::new([1; 32]), Counter(0.into()));
        assert_ne!(key.seal("test", b"same", &dice).unwrap(), key.seal("test", b"same", &dice).unwrap());
    }

    #[test]
    fn an_opened_secret_does_not_show_itself() {
        let (key, dice) = (SecretKey::new([1; 32]), Counter(0.into()));
        let opened = key.open("test", &key.seal("test", b"hunter2", &dice).unwrap()).unwrap();
        assert!(!format!("{opened:?}").contains("hunter2"));
    }
}
