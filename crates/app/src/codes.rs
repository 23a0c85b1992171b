//! Codes that people type: 80 bits in letters and digits that are not mistaken for one another, in groups of four.

use model::Dice;

/// Douglas Crockford's base 32: no I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters of a code, hyphens aside.
const LENGTH: usize = 16;

/// A new code: `7K2M-0QXA-9DFE-41TZ`. A secret.
pub(crate) fn new_code(dice: &dyn Dice) -> String {
    let mut bytes = [0; LENGTH];
    dice.fill(&mut bytes);
    // 256 is a multiple of 32, so no letter is favoured.
    let letters: Vec<char> = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// The code that was typed, as it was given out; `None` is no code. Case, spaces and hyphens are nobody's business, and letters that look like
/// digits are taken for them.
pub(crate) fn read_code(typed: &str) -> Option<String> {
    let mut letters = Vec::with_capacity(LENGTH);
    for c in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        let letter = match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        if letters.len() == LENGTH || !letter.is_ascii() || !ALPHABET.contains(&(letter as u8)) {
            return None;
        }
        letters.push(letter);
    }
    if letters.len() != LENGTH {
        return None;
    }
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Some(groups.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counter(std::sync::atomic::AtomicU8);

    impl Dice for Counter {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill_with(|| self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = new_code(&Counter(0.into()));
        assert_eq!(code, "0123-4567-89AB-CDEF");
        for typed in
            [code.as_str(), " 0123 4567 89ab cdef ", "O1234567-89ABCDEF", "oi23-4567-89ab-cdef", "0l23456789abcdef"]
        {
            assert_eq!(read_code(typed).as_deref(), Some(code.as_str()), "{typed}");
        }
        for wrong in ["", "0123", "0123-4567-89AB-CDEF-0", "0123-4567-89AB-CDEU", "0123-4567-89AB-CDEé", "123456"] {
            assert_eq!(read_code(wrong), None, "{wrong}");
        }
    }
}
