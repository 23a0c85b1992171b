//! Keys that Soundpost gives out: what kind they are can be seen, and whether they are whole can be checked, without a
//! database.
//!
//! A key is a prefix, 256 random bits as 43 characters of `[0-9A-Za-z]` (128 as 22 for some kinds), and a checksum of
//! six, the CRC-32 of what stands before it, both in base 62. The prefix lets a person, and programs that look for
//! leaked secrets, tell what they found; the checksum turns away slips of the hand before anything is asked. None of
//! its characters needs percent-encoding anywhere.

mod kind;
mod readable;

use std::fmt;

use subtle::ConstantTimeEq;

pub use kind::KeyKind;
use kind::Size;
pub use readable::{OobVerifier, RecoveryCode};

/// Characters of the checksum: 62⁶ is more than 2³².
const CHECKSUM: usize = 6;

/// A key that is whole. Whether it is anybody's is another question.
///
/// It is a secret: it shows itself nowhere but where its text is asked for by name.
#[derive(Clone)]
pub struct Key {
    kind: KeyKind,
    text: String,
}

impl Key {
    /// A new key, made of bytes that nobody can foretell. Kinds with fewer random bits use the first of them.
    pub fn new(kind: KeyKind, random: [u8; 32]) -> Self {
        let random = match kind.size() {
            Size::Short => base_62::<{ Size::Short.characters() }>(random[..16].to_vec()),
            Size::Full => base_62::<{ Size::Full.characters() }>(random),
        };
        let mut text = format!("{}{random}", kind.prefix());
        text.push_str(&checksum(&text));
        Self { kind, text }
    }

    /// Reads a key. `None` is something else, or a key with a slip in it.
    pub fn parse(text: &str) -> Option<Self> {
        let kind = KeyKind::ALL.into_iter().find(|kind| text.starts_with(kind.prefix()))?;
        let random = text.get(kind.prefix().len()..)?;
        let is_whole = random.len() == kind.size().characters() + CHECKSUM
            && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let (body, check) = is_whole.then(|| text.split_at(text.len() - CHECKSUM))?;
        (checksum(body) == check).then(|| Self { kind, text: text.to_owned() })
    }

    /// What it is for.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Its text, to be shown once and then forgotten.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Key {
    /// Takes the same time wherever the first difference is.
    fn eq(&self, other: &Self) -> bool {
        self.text.as_bytes().ct_eq(other.text.as_bytes()).into()
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}…)", self.kind.prefix())
    }
}

fn checksum(body: &str) -> String {
    base_62::<CHECKSUM>(crc32fast::hash(body.as_bytes()).to_be_bytes())
}

/// A number, its highest byte first, as that many digits.
fn base_62<const DIGITS: usize>(mut number: impl AsMut<[u8]>) -> String {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        // Division by hand: the remainder of each byte is carried to the next.
        let remainder = number.as_mut().iter_mut().fold(0u16, |carried, byte| {
            let here = carried << 8 | u16::from(*byte);
            *byte = (here / 62) as u8;
            here % 62
        });
        *digit = ALPHABET[usize::from(remainder)];
    }
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_tells_what_it_is_and_hides_the_rest() {
        let key = Key::new(KeyKind::Personal, [7; 32]);
        assert_eq!(key.reveal(), "spk_1fJjkkpe9PiTw9KSulA8Ghct30vZz4HpdQ5c5b9cPF11A6CS6");
        assert_eq!(format!("{key:?}"), "Key(spk_…)");
        assert_eq!(Key::parse(key.reveal()).map(|key| key.kind()), Some(KeyKind::Personal));
    }

    #[test]
    fn one_wrong_character_is_noticed() {
        let key = Key::new(KeyKind::Session, [9; 32]);
        for place in 0..key.reveal().len() {
            let mut text: Vec<char> = key.reveal().chars().collect();
            text[place] = if text[place] == 'x' { 'y' } else { 'x' };
            assert_eq!(Key::parse(&text.into_iter().collect::<String>()), None, "{place}");
        }
    }

    #[test]
    fn every_kind_is_read_as_itself() {
        for kind in KeyKind::ALL {
            let key = Key::new(kind, [200; 32]);
            assert_eq!(Key::parse(key.reveal()).map(|key| key.kind()), Some(kind));
            assert_eq!(crate::percent::encode(key.reveal()), key.reveal(), "no character needs percent-encoding");
            assert_eq!(format!("{key:?}"), format!("Key({}…)", kind.prefix()));
            let others = KeyKind::ALL.into_iter().filter(|other| *other != kind);
            assert_eq!(others.filter(|other| kind.prefix().starts_with(other.prefix())).count(), 0);
        }
        assert_eq!(Key::new(KeyKind::App, [7; 32]).reveal().len(), 32);
    }

    #[test]
    fn all_bits_count() {
        assert_eq!(base_62::<6>([0; 4]), "000000");
        assert_eq!(base_62::<6>(61u32.to_be_bytes()), "00000z");
        assert_eq!(base_62::<6>(u32::MAX.to_be_bytes()), "4gfFC3");
        let highest = Key::new(KeyKind::Personal, [255; 32]);
        assert!(!highest.reveal().starts_with("spk_0"));
    }

    proptest! {
        #[test]
        fn anything_can_be_read(text in ".{0,80}") {
            prop_assert!(Key::parse(&text).is_none());
        }
    }
}
