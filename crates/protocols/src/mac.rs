//! HMAC over SHA-1 and SHA-256 (RFC 2104), for keys of any length and without a way to fail.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// Bytes in a block of SHA-1 and of SHA-256.
const BLOCK: usize = 64;

pub(crate) fn sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    let mut mac = Hmac::<Sha1>::new(&block(key, |key| Sha1::digest(key).into()).into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

pub(crate) fn sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new(&block(key, |key| Sha256::digest(key).into()).into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// RFC 2104 §2: a key longer than a block is hashed, a shorter one filled up with zeros. Done here because the crate's
/// own way for keys of any length returns an error that cannot happen, and no answer to it would be a good one.
fn block<const SIZE: usize>(key: &[u8], digest: impl Fn(&[u8]) -> [u8; SIZE]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        block[..SIZE].copy_from_slice(&digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
    }

    /// RFC 2202 §3, cases 2 and 6.
    #[test]
    fn sha1_is_that_of_the_rfc() {
        let short = sha1(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(hex(&short), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        let long = sha1(&[0xaa; 80], &[b"Test Using Larger Than Block-Size Key - Hash Key First"]);
        assert_eq!(hex(&long), "aa4ae5e15272d00e95705637ce8a3b55ed402112");
    }

    /// RFC 4231 §4.3 and §4.7.
    #[test]
    fn sha256_is_that_of_the_rfc() {
        let short = sha256(b"Jefe", &[b"what do ya want for nothing?"]);
        assert_eq!(hex(&short), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let long = sha256(&[0xaa; 131], &[b"Test Using Larger Than Block-Size Key - Hash Key First"]);
        assert_eq!(hex(&long), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }
}
