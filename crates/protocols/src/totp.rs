//! Codes of an authenticator app: RFC 6238 with what every such app can do, that is six digits, 30 seconds and HMAC-SHA-1.
//!
//! SHA-1 is broken where collisions matter; in an HMAC over a counter they do not, and many apps know nothing else.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

/// Bytes of a secret: as many as SHA-1 gives (RFC 4226, section 4, R6).
pub const SECRET: usize = 20;

/// Seconds that a code is shown for (RFC 6238, section 5.2).
pub const STEP_S: u64 = 30;

/// Digits of a code.
pub const DIGITS: usize = 6;

/// Steps that a clock may be off, either way (RFC 6238, section 5.2).
const DRIFT: u64 = 1;

/// The step that a moment is in.
pub fn step(unix_s: u64) -> u64 {
    unix_s / STEP_S
}

/// The code of a step, without the zeros before it.
fn code(secret: &[u8], step: u64) -> u32 {
    // RFC 2104, section 2: a key shorter than the hash's block of 64 bytes is filled up with zeros, one that is longer is hashed first. Secrets
    // are of our own making and shorter.
    let mut block = [0; 64];
    let length = secret.len().min(block.len());
    block[..length].copy_from_slice(&secret[..length]);
    let mut mac = Hmac::<Sha1>::new(&block.into());
    mac.update(&step.to_be_bytes());
    let hash: [u8; 20] = mac.finalize().into_bytes().into();
    // RFC 4226, section 5.3: the last four bits say where to take 31 bits from.
    let at = usize::from(hash[19] & 0x0f);
    let taken = u32::from_be_bytes([hash[at] & 0x7f, hash[at + 1], hash[at + 2], hash[at + 3]]);
    taken % 10_u32.pow(DIGITS as u32)
}

/// The code of a step, for tests that play the app.
pub fn shown(secret: &[u8], step: u64) -> String {
    format!("{:0DIGITS$}", code(secret, step))
}

/// The step near this moment whose code that is. Spaces between digits are nobody's business. Every step is looked at, whatever fits.
pub fn find(secret: &[u8], typed: &str, unix_s: u64) -> Option<u64> {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let now = step(unix_s);
    let mut found = None;
    for step in now.saturating_sub(DRIFT)..=now + DRIFT {
        if bool::from(shown(secret, step).as_bytes().ct_eq(digits.as_bytes())) {
            found = Some(step);
        }
    }
    found
}

/// Bytes as the letters that apps take: base32 of RFC 4648, section 6, without padding.
pub fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for piece in bytes.chunks(5) {
        let mut five = [0; 8];
        five[3..3 + piece.len()].copy_from_slice(piece);
        let bits = u64::from_be_bytes(five);
        for letter in 0..(piece.len() * 8).div_ceil(5) {
            text.push(char::from(ALPHABET[(bits >> (35 - 5 * letter) & 31) as usize]));
        }
    }
    text
}

/// The address that apps read from a picture. It holds the secret.
///
/// House and name are shown in the app, and are escaped here as far as they need it.
pub fn address(secret: &[u8], house: &str, name: &str) -> String {
    let (house, name) = (escape(house), escape(name));
    format!("otpauth://totp/{house}:{name}?secret={}&issuer={house}", base32(secret))
}

fn escape(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~') {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, and RFC 4226, appendix D.
    const RFC: &[u8] = b"12345678901234567890";

    #[test]
    fn the_vectors_of_rfc_6238() {
        // The appendix has eight digits; the last six are those of a code with six.
        for (time, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(shown(RFC, step(time)), code[2..], "{time}");
            assert_eq!(find(RFC, &code[2..], time), Some(step(time)));
        }
    }

    #[test]
    fn the_vectors_of_rfc_4226() {
        let codes =
            ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        for (count, code) in (0..).zip(codes) {
            assert_eq!(shown(RFC, count), code);
        }
    }

    #[test]
    fn a_clock_may_be_off_by_one_step() {
        let now = 1_000_000_000;
        let at = step(now);
        for (step, is_found) in [(at - 2, false), (at - 1, true), (at, true), (at + 1, true), (at + 2, false)] {
            let code = shown(RFC, step);
            assert_eq!(find(RFC, &code, now), is_found.then_some(step));
            let spaced = format!(" {} {} ", &code[..3], &code[3..]);
            assert_eq!(find(RFC, &spaced, now), is_found.then_some(step));
        }
        for wrong in ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦"] {
            assert_eq!(find(RFC, wrong, now), None);
        }
    }

    #[test]
    fn the_vectors_of_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn an_address_is_escaped() {
        assert_eq!(
            address(b"foobar", "audio.example.org:8080", "ada l"),
            "otpauth://totp/audio.example.org%3A8080:ada%20l?secret=MZXW6YTBOI&issuer=audio.example.org%3A8080"
        );
    }
}
