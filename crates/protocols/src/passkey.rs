//! Passkeys, from the side of the house that they open: what a browser says when it makes one and when it uses one (Web Authentication, Level 3).
//!
//! No attestation is asked for, so nobody vouches for the make of an authenticator; the public key is taken as the browser gives it, in the form
//! of certificates (`getPublicKey()`), and nothing here reads CBOR. Signatures are checked by ring. The record on passkeys in docs/adr says why this is ours.

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The numbers (RFC 9053, section 2) of the signatures that are taken, the best one first: ES256, EdDSA, RS256.
pub const ALGORITHMS: [i32; 3] = [-7, -8, -257];

/// Bytes that a credential's id may have (Level 3, section 4).
const LONGEST_ID: usize = 1_023;

/// Bytes of authenticator data before what belongs to a new credential (section 6.1).
const HEAD: usize = 37;

/// The person was there, and the authenticator checked that it was them; and a new credential is described (section 6.1).
const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const DESCRIBED: u8 = 1 << 6;

/// SubjectPublicKeyInfo of an uncompressed point on P-256 (RFC 5480), up to the point.
const P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The same of Ed25519 (RFC 8410).
const EDWARDS: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The same of RSA with 2048 bits and a short exponent (RFC 3279), which is what TPMs make.
const RSA_2048: &[u8] = &[
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    0x03, 0x82, 0x01, 0x0f, 0x00,
];

/// Whom a browser has to be talking to, and about what.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// `https://` and the host, with the port where it is not the usual one.
    pub origin: &'a str,
    /// The host.
    pub host: &'a str,
    /// What was asked, in base64url without padding.
    pub challenge: &'a str,
}

/// What a browser says when it made a passkey.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    /// The credential's id.
    pub id: &'a [u8],
    /// `clientDataJSON`.
    pub client: &'a [u8],
    /// `getAuthenticatorData()`.
    pub authenticator: &'a [u8],
    /// `getPublicKey()`.
    pub public_key: &'a [u8],
}

/// What a browser says when somebody used a passkey.
#[derive(Clone, Copy, Debug)]
pub struct Used<'a> {
    /// `clientDataJSON`.
    pub client: &'a [u8],
    /// `authenticatorData`.
    pub authenticator: &'a [u8],
    /// `signature`.
    pub signature: &'a [u8],
}

/// Why what a browser said is not taken. For logs: whoever sees it cannot mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    /// It is not what browsers say.
    #[error("what the browser said cannot be read")]
    Unreadable,
    /// It is about something else than was asked.
    #[error("the browser answered another question")]
    OtherChallenge,
    /// It was said to another site.
    #[error("the browser was talking to another site")]
    OtherSite,
    /// The authenticator did not check who was there.
    #[error("the authenticator did not check who was there")]
    Unverified,
    /// The key is of a kind that is not taken.
    #[error("the key is of a kind that is not taken here")]
    UnknownKey,
    /// The signature is not by that key.
    #[error("the signature does not fit")]
    BadSignature,
    /// The count of uses went back: there may be a copy.
    #[error("the passkey's count of uses went back")]
    Copied,
}

/// Checks a new passkey (section 7.1) and says how often it counted to have been used. Id and public key are to be kept.
pub fn check_made(made: Made<'_>, expected: Expected<'_>) -> Result<u32, PasskeyError> {
    check_client(made.client, "webauthn.create", expected)?;
    let (flags, counter) = check_head(made.authenticator, expected)?;
    if flags & DESCRIBED == 0 {
        return Err(PasskeyError::Unreadable);
    }
    // After the head: the authenticator's make, then the length of the id, then the id (section 6.5.1).
    let described = made.authenticator.get(HEAD + 16..).ok_or(PasskeyError::Unreadable)?;
    let (length, rest) = described.split_first_chunk::<2>().ok_or(PasskeyError::Unreadable)?;
    let length = usize::from(u16::from_be_bytes(*length));
    if rest.get(..length) != Some(made.id) || made.id.is_empty() || length > LONGEST_ID {
        return Err(PasskeyError::Unreadable);
    }
    read_key(made.public_key)?;
    Ok(counter)
}

/// Checks that a passkey was used (section 7.2), and says how often it counts to have been used.
///
/// A count of 0 before and now is of an authenticator that does not count.
pub fn check_used(
    used: Used<'_>,
    public_key: &[u8],
    counted: u32,
    expected: Expected<'_>,
) -> Result<u32, PasskeyError> {
    check_client(used.client, "webauthn.get", expected)?;
    let (_, counter) = check_head(used.authenticator, expected)?;
    let (algorithm, key) = read_key(public_key)?;
    let signed = [used.authenticator, &Sha256::digest(used.client)].concat();
    UnparsedPublicKey::new(algorithm, key).verify(&signed, used.signature).map_err(|_| PasskeyError::BadSignature)?;
    if (counter != 0 || counted != 0) && counter <= counted { Err(PasskeyError::Copied) } else { Ok(counter) }
}

/// What a browser says that it was asked, to find the question by. Whether it answers it is checked later.
pub fn challenge(client: &[u8]) -> Option<String> {
    let client: serde_json::Value = serde_json::from_slice(client).ok()?;
    client.get("challenge")?.as_str().map(str::to_owned)
}

/// What the browser says of itself (section 5.8.1).
fn check_client(json: &[u8], kind: &str, expected: Expected<'_>) -> Result<(), PasskeyError> {
    let client: serde_json::Value = serde_json::from_slice(json).map_err(|_| PasskeyError::Unreadable)?;
    let text = |name: &str| client.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    if text("type") != kind {
        return Err(PasskeyError::Unreadable);
    }
    if !bool::from(text("challenge").as_bytes().ct_eq(expected.challenge.as_bytes())) {
        return Err(PasskeyError::OtherChallenge);
    }
    // Within a frame of somebody else's page nobody is asked anything.
    let framed = client.get("crossOrigin").and_then(serde_json::Value::as_bool).unwrap_or(false);
    if text("origin") != expected.origin || framed { Err(PasskeyError::OtherSite) } else { Ok(()) }
}

/// What the authenticator says in any case: flags, and how often it was used.
fn check_head(data: &[u8], expected: Expected<'_>) -> Result<(u8, u32), PasskeyError> {
    let (host, rest) = data.split_first_chunk::<32>().ok_or(PasskeyError::Unreadable)?;
    let (&[flags, a, b, c, d], _) = rest.split_first_chunk::<5>().ok_or(PasskeyError::Unreadable)?;
    if !bool::from(host.ct_eq(&Sha256::digest(expected.host.as_bytes())[..])) {
        return Err(PasskeyError::OtherSite);
    }
    if flags & PRESENT == 0 || flags & VERIFIED == 0 {
        return Err(PasskeyError::Unverified);
    }
    Ok((flags, u32::from_be_bytes([a, b, c, d])))
}

/// The key inside its wrapping, and how it signs.
fn read_key(wrapped: &[u8]) -> Result<(&'static dyn VerificationAlgorithm, &[u8]), PasskeyError> {
    let kinds: [(&[u8], usize, &'static dyn VerificationAlgorithm); 3] =
        [(P256, 65, &ECDSA_P256_SHA256_ASN1), (EDWARDS, 32, &ED25519), (RSA_2048, 270, &RSA_PKCS1_2048_8192_SHA256)];
    let found = kinds.into_iter().find_map(|(head, length, algorithm)| {
        let key = wrapped.strip_prefix(head).filter(|key| key.len() == length)?;
        Some((algorithm, key))
    });
    found.ok_or(PasskeyError::UnknownKey)
}

#[cfg(test)]
mod tests;
