//! Proof that whoever trades a code in is who asked for it: S256, and no other way (RFC 7636).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Refusal;
use super::pairs::Pairs;
use crate::{Secret, percent};

/// What an app sends when it asks: the SHA-256 of its verifier. It is no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge(String);

impl Challenge {
    /// Reads 43 characters of base64url.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(text.to_owned()))
    }

    /// Its text, to be kept with the code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a verifier is the one that this was made of.
    ///
    /// ```
    /// use protocols::oauth2::{Challenge, Verifier};
    ///
    /// // RFC 7636, appendix B.
    /// let challenge = Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").expect("43 characters");
    /// let verifier = Verifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").expect("43 characters");
    /// assert!(challenge.fits(&verifier));
    /// ```
    pub fn fits(&self, verifier: &Verifier) -> bool {
        self.0.as_bytes().ct_eq(verifier.challenge().0.as_bytes()).into()
    }

    /// Reads both parameters of an authorization request. A challenge without a method would be `plain`, which is
    /// refused.
    pub(super) fn read(pairs: &Pairs) -> Result<Option<Self>, Refusal> {
        match (pairs.get("code_challenge")?, pairs.get("code_challenge_method")?) {
            (None, None) => Ok(None),
            (Some(text), Some("S256")) => match Self::parse(text) {
                Some(challenge) => Ok(Some(challenge)),
                None => Err(Refusal::invalid("code_challenge is not a SHA-256 in base64url without padding.")),
            },
            (None, Some(_)) => Err(Refusal::invalid("code_challenge_method is there without code_challenge.")),
            (Some(_), _) => Err(Refusal::invalid("code_challenge_method must be S256.")),
        }
    }
}

/// What an app sends when it trades a code in: 43 to 128 unreserved characters that it kept to itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier(Secret);

impl Verifier {
    /// Reads a verifier.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (43..=128).contains(&text.len()) && text.bytes().all(percent::is_unreserved);
        fits.then(|| Self(Secret::new(text)))
    }

    /// The challenge that is made of it (§4.2).
    pub fn challenge(&self) -> Challenge {
        Challenge(URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.reveal().as_bytes())))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(…)")
    }
}
