//! What files in storage are called.

use serde::{Deserialize, Serialize};

/// Characters in a key at most. S3 would take 1024, folders 255 for each name.
const LONGEST: usize = 200;

/// Where a file lies in storage: names of letters, digits, `.`, `_` and `-` with `/` between, none of which begins with a dot.
/// Never made of anything that a person typed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BlobKey(String);

/// Something that should be a key and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "A key in storage has at most 200 letters, digits, dots, hyphens and underscores, in names with slashes between, none of which is empty or begins with a dot."
)]
pub struct NotAKey;

impl BlobKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for BlobKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let named = |name: &str| !name.is_empty() && !name.starts_with('.') && name.bytes().all(fine);
        if text.len() <= LONGEST && text.split('/').all(named) { Ok(Self(text.to_owned())) } else { Err(NotAKey) }
    }
}

impl TryFrom<String> for BlobKey {
    type Error = NotAKey;

    fn try_from(text: String) -> Result<Self, NotAKey> {
        text.parse()
    }
}

impl From<BlobKey> for String {
    fn from(key: BlobKey) -> Self {
        key.0
    }
}

impl std::fmt::Display for BlobKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_nowhere_else() {
        let hostile = [
            "",
            "/",
            "a/",
            "/a",
            "a//b",
            "..",
            "a/../b",
            "../etc/passwd",
            ".hidden",
            "a/.partial",
            "a\\b",
            "a b",
            "a\0",
            "ä",
            "a%2e%2e",
            "C:",
            "a\n",
            "~",
            "-/..",
            &"a".repeat(201),
        ];
        for wrong in hostile {
            assert_eq!(wrong.parse::<BlobKey>(), Err(NotAKey), "{wrong:?}");
        }
        for right in ["a", "productions/0123/1/0.mp3", "a-b_c.d", "a..b", &"a".repeat(200)] {
            assert_eq!(right.parse::<BlobKey>().map(String::from), Ok(right.to_owned()));
        }
    }
}
