//! The installation's own secret: what is signed with it, and how it is recognised without being kept.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// The secret key of this installation, 32 bytes.
#[derive(Clone)]
pub struct SecretKey([u8; 32]);

/// The key is not the one that this database was set up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "SOUNDPOST_SECRET_KEY is another one than this database was set up with. Put the earlier key back: what is sealed with it cannot be read otherwise."
)]
pub struct WrongSecretKey;

impl SecretKey {
    /// The key with these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What the database remembers of it: enough to notice another one, and too little to find this one.
    pub(crate) fn fingerprint(&self) -> String {
        hex(&self.sign("secret key check", b""))
    }

    /// A signature (HMAC-SHA-256, RFC 2104) that is good for one purpose only.
    pub(crate) fn sign(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        self.mac(purpose, message).finalize().into_bytes().into()
    }

    /// Whether a signature is ours; takes the same time whatever it is.
    pub(crate) fn verify(&self, purpose: &str, message: &[u8], signature: &[u8]) -> bool {
        self.mac(purpose, message).verify_slice(signature).is_ok()
    }

    fn mac(&self, purpose: &str, message: &[u8]) -> Hmac<Sha256> {
        // RFC 2104, section 2: a key shorter than the hash's block of 64 bytes is filled up with zeros.
        let mut block = [0; 64];
        block[..32].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        // The purpose has a fixed length before the message, so that no two pairs run into each other.
        mac.update(&Sha256::digest(purpose.as_bytes()));
        mac.update(message);
        mac
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// SHA-256, which is all that is kept of keys: they are random enough that nobody can try them all.
pub(crate) fn digest(secret: &str) -> store::Digest {
    Sha256::digest(secret.as_bytes()).into()
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Bytes of hexadecimal, or nothing where it is none.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_for_one_purpose() {
        let key = SecretKey::new([1; 32]);
        let signature = key.sign("download", b"a file");
        assert!(key.verify("download", b"a file", &signature));
        assert!(!key.verify("upload", b"a file", &signature));
        assert!(!key.verify("download", b"a fil", &signature));
        assert!(!key.verify("download", b"a file", &signature[..31]));
        assert!(!SecretKey::new([2; 32]).verify("download", b"a file", &signature));
    }

    #[test]
    fn hexadecimal_goes_both_ways() {
        assert_eq!(unhex(&hex(&[0, 255, 16])), Some(vec![0, 255, 16]));
        assert_eq!(unhex("0g"), None);
        assert_eq!(unhex("000"), None);
    }
}
