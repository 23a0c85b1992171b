//! Codes that people write down and type: few characters, none of which looks like another (Crockford's base 32).

use crate::Secret;

/// Ten digits and 22 letters: without I and L, which look like 1, without O, which looks like 0, and without U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Bytes of typed text that are looked at.
const MAX_TYPED: usize = 64;

/// A code with which a person who lost the second factor signs in, once: 50 bits, as `7KD2M-9XQ4F`.
///
/// ```
/// use protocols::key::RecoveryCode;
///
/// let code = RecoveryCode::new([7; 8]);
/// assert_eq!(code.reveal(), "R70W3-GE1R7");
/// assert_eq!(RecoveryCode::parse(" r7ow3 geir7"), Some(code));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryCode(Secret);

impl RecoveryCode {
    /// Characters, the hyphen in the middle aside.
    const CHARACTERS: usize = 10;

    /// A new one, made of bytes that nobody can foretell.
    pub fn new(random: [u8; 8]) -> Self {
        Self::of(&write::<{ Self::CHARACTERS }>(random))
    }

    /// Reads what somebody typed: in any case, with spaces and hyphens anywhere, and O, I and L for the digits that
    /// they look like.
    pub fn parse(typed: &str) -> Option<Self> {
        read::<{ Self::CHARACTERS }>(typed).map(|code| Self::of(&code))
    }

    /// Its text, in the one way to write it: to be shown once, and to be hashed.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    fn of(code: &str) -> Self {
        let (first, second) = code.split_at(Self::CHARACTERS / 2);
        Self(Secret::new(format!("{first}-{second}")))
    }
}

/// What a user types over into an app that no browser can come back to (`oob` of OAuth 1.0a): 35 bits, as `7KD2M9X`.
/// Too few to stand against many tries: it has to die after five.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OobVerifier(Secret);

impl OobVerifier {
    /// Characters.
    const CHARACTERS: usize = 7;

    /// A new one, made of bytes that nobody can foretell.
    pub fn new(random: [u8; 8]) -> Self {
        Self(Secret::new(write::<{ Self::CHARACTERS }>(random)))
    }

    /// Reads what somebody typed, as forgivingly as [`RecoveryCode::parse`].
    pub fn parse(typed: &str) -> Option<Self> {
        read::<{ Self::CHARACTERS }>(typed).map(|code| Self(Secret::new(code)))
    }

    /// Its text, in the one way to write it.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

/// The lowest bits of a number, five to a character.
fn write<const CHARACTERS: usize>(random: [u8; 8]) -> String {
    let number = u64::from_be_bytes(random);
    (0..CHARACTERS).rev().map(|place| char::from(ALPHABET[(number >> (5 * place) & 31) as usize])).collect()
}

fn read<const CHARACTERS: usize>(typed: &str) -> Option<String> {
    if typed.len() > MAX_TYPED {
        return None;
    }
    let mut code = String::with_capacity(CHARACTERS);
    for character in typed.chars().filter(|character| !matches!(character, ' ' | '-')) {
        let character = match character.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        if !character.is_ascii() || !ALPHABET.contains(&(character as u8)) {
            return None;
        }
        code.push(character);
    }
    (code.len() == CHARACTERS).then_some(code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = RecoveryCode::new(0x0000_1234_5678_9abc_u64.to_be_bytes());
        assert_eq!(code.reveal(), "0J6HB-7H6NW");
        for typed in ["0J6HB-7H6NW", "oj6hb7h6nw", " o J6HB--7h6nw "] {
            assert_eq!(RecoveryCode::parse(typed).as_ref(), Some(&code), "{typed}");
        }
        for typed in ["", "0J6HB-7H6N", "0J6HB-7H6NWW", "UJ6HB-7H6NW", "0J6HB_7H6NW", "ÀJ6HB-7H6N"] {
            assert_eq!(RecoveryCode::parse(typed), None, "{typed}");
        }
        assert_eq!(RecoveryCode::parse(&" ".repeat(100_000)), None);
        assert_eq!(format!("{code:?}"), "RecoveryCode(Secret(…))");
    }

    proptest! {
        #[test]
        fn what_is_written_can_be_read(random: [u8; 8]) {
            let code = RecoveryCode::new(random);
            prop_assert_eq!(RecoveryCode::parse(code.reveal()), Some(code));
            let verifier = OobVerifier::new(random);
            prop_assert_eq!(verifier.reveal().len(), 7);
            prop_assert_eq!(OobVerifier::parse(&verifier.reveal().to_lowercase()), Some(verifier));
        }

        #[test]
        fn anything_can_be_typed(typed in ".{0,20}") {
            let _ = (RecoveryCode::parse(&typed), OobVerifier::parse(&typed));
        }
    }
}
