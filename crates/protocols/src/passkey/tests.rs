//! An authenticator made of ring's own keys, and everything that a liar could change in what it says.
#![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

use proptest::prelude::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};

use super::*;

const ID: &[u8] = b"a credential";
const HERE: Expected<'static> =
    Expected { origin: "https://audio.example.org", host: "audio.example.org", challenge: "Y2hhbGxlbmdl" };

fn client(kind: &str, change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let mut client = serde_json::json!({
        "type": kind, "challenge": HERE.challenge, "origin": HERE.origin, "crossOrigin": false, "somethingNew": 1,
    });
    change(&mut client);
    client.to_string().into_bytes()
}

fn head(host: &str, flags: u8, counter: u32) -> Vec<u8> {
    [&Sha256::digest(host.as_bytes())[..], &[flags], &counter.to_be_bytes()].concat()
}

fn described(id: &[u8]) -> Vec<u8> {
    let length = u16::try_from(id.len()).unwrap().to_be_bytes();
    // What follows the id is the key once more, in CBOR, which nobody reads.
    [&head(HERE.host, PRESENT | VERIFIED | DESCRIBED, 0)[..], &[0; 16], &length, id, &[0xa5]].concat()
}

struct Authenticator(EcdsaKeyPair);

impl Authenticator {
    fn new() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random).unwrap())
    }

    fn public_key(&self) -> Vec<u8> {
        [P256, self.0.public_key().as_ref()].concat()
    }

    fn sign(&self, authenticator: &[u8], client: &[u8]) -> Vec<u8> {
        let signed = [authenticator, &Sha256::digest(client)].concat();
        self.0.sign(&SystemRandom::new(), &signed).unwrap().as_ref().to_vec()
    }

    fn used(&self, authenticator: &[u8], client: &[u8], counted: u32) -> Result<u32, PasskeyError> {
        let signature = self.sign(authenticator, client);
        check_used(Used { client, authenticator, signature: &signature }, &self.public_key(), counted, HERE)
    }
}

fn made(client: &[u8], authenticator: &[u8], public_key: &[u8]) -> Result<u32, PasskeyError> {
    check_made(Made { id: ID, client, authenticator, public_key }, HERE)
}

#[test]
fn a_passkey_is_made_and_used() {
    let authenticator = Authenticator::new();
    assert_eq!(made(&client("webauthn.create", |_| ()), &described(ID), &authenticator.public_key()), Ok(0));
    let said = client("webauthn.get", |_| ());
    assert_eq!(authenticator.used(&head(HERE.host, PRESENT | VERIFIED, 0), &said, 0), Ok(0));
    assert_eq!(authenticator.used(&head(HERE.host, PRESENT | VERIFIED, 8), &said, 7), Ok(8));
}

#[test]
fn an_edwards_key_is_taken_too() {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
    let key = [EDWARDS, pair.public_key().as_ref()].concat();
    let (said, data) = (client("webauthn.get", |_| ()), head(HERE.host, PRESENT | VERIFIED, 1));
    let signature = pair.sign(&[&data[..], &Sha256::digest(&said)].concat());
    let used = Used { client: &said, authenticator: &data, signature: signature.as_ref() };
    assert_eq!(check_used(used, &key, 0, HERE), Ok(1));
}

#[test]
fn what_was_said_to_others_is_not_taken() {
    let authenticator = Authenticator::new();
    let fine = head(HERE.host, PRESENT | VERIFIED, 1);
    let said = |change: fn(&mut serde_json::Value)| authenticator.used(&fine, &client("webauthn.get", change), 0);
    assert_eq!(
        said(|client| client["origin"] = "https://audio.example.org.evil.example".into()),
        Err(PasskeyError::OtherSite)
    );
    assert_eq!(said(|client| client["origin"] = "http://audio.example.org".into()), Err(PasskeyError::OtherSite));
    assert_eq!(said(|client| client["crossOrigin"] = true.into()), Err(PasskeyError::OtherSite));
    assert_eq!(said(|client| client["challenge"] = "Y2hhbGxlbmdm".into()), Err(PasskeyError::OtherChallenge));
    assert_eq!(said(|client| client["type"] = "webauthn.create".into()), Err(PasskeyError::Unreadable));
    let said = client("webauthn.get", |_| ());
    assert_eq!(
        authenticator.used(&head("evil.example", PRESENT | VERIFIED, 1), &said, 0),
        Err(PasskeyError::OtherSite)
    );
    assert_eq!(authenticator.used(&head(HERE.host, PRESENT, 1), &said, 0), Err(PasskeyError::Unverified));
    assert_eq!(authenticator.used(&head(HERE.host, VERIFIED, 1), &said, 0), Err(PasskeyError::Unverified));
}

#[test]
fn a_copy_is_noticed_where_uses_are_counted() {
    let authenticator = Authenticator::new();
    let said = client("webauthn.get", |_| ());
    for (counted, now) in [(7, 7), (7, 6), (7, 0)] {
        let data = head(HERE.host, PRESENT | VERIFIED, now);
        assert_eq!(authenticator.used(&data, &said, counted), Err(PasskeyError::Copied));
    }
}

#[test]
fn a_signature_by_another_key_or_of_something_else_does_not_fit() {
    let (ours, other) = (Authenticator::new(), Authenticator::new());
    let (said, data) = (client("webauthn.get", |_| ()), head(HERE.host, PRESENT | VERIFIED, 1));
    let check = |signature: &[u8], data: &[u8]| {
        check_used(Used { client: &said, authenticator: data, signature }, &ours.public_key(), 0, HERE)
    };
    assert_eq!(check(&other.sign(&data, &said), &data), Err(PasskeyError::BadSignature));
    assert_eq!(
        check(&ours.sign(&data, &said), &head(HERE.host, PRESENT | VERIFIED, 2)),
        Err(PasskeyError::BadSignature)
    );
    assert_eq!(check(&[], &data), Err(PasskeyError::BadSignature));
}

#[test]
fn a_new_passkey_describes_itself() {
    let key = Authenticator::new().public_key();
    let said = client("webauthn.create", |_| ());
    assert_eq!(made(&said, &described(b"another one!"), &key), Err(PasskeyError::Unreadable));
    assert_eq!(made(&said, &head(HERE.host, PRESENT | VERIFIED, 0), &key), Err(PasskeyError::Unreadable));
    assert_eq!(made(&said, &described(ID), &key[1..]), Err(PasskeyError::UnknownKey));
    assert_eq!(made(&said, &described(ID), b""), Err(PasskeyError::UnknownKey));
}

proptest! {
    #[test]
    fn nothing_that_is_said_makes_it_fall_over(
        client in proptest::collection::vec(any::<u8>(), 0..80),
        data in proptest::collection::vec(any::<u8>(), 0..120),
        key in proptest::collection::vec(any::<u8>(), 0..120),
    ) {
        let said = Made { id: ID, client: &client, authenticator: &data, public_key: &key };
        prop_assert!(check_made(said, HERE).is_err());
        let fine = self::client("webauthn.create", |_| ());
        let cut = [&head(HERE.host, PRESENT | VERIFIED | DESCRIBED, 0)[..], &data].concat();
        let _ = check_made(Made { id: ID, client: &fine, authenticator: &cut, public_key: &key }, HERE);
    }
}
