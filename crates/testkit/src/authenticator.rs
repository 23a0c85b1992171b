//! A device with a passkey, in a test: it says what a browser and an authenticator would say.

use app::passkeys::{NewPasskey, Site, UsedPasskey};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

/// SubjectPublicKeyInfo of an uncompressed point on P-256 (RFC 5480), up to the point.
const P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Bytes of a credential's id.
const ID: usize = 16;

/// A device with one passkey.
pub struct Authenticator {
    pair: EcdsaKeyPair,
    id: [u8; ID],
    site: Site,
    counter: u32,
}

impl Authenticator {
    /// A device whose passkey is good for a site.
    ///
    /// # Panics
    /// When no key can be made.
    pub fn new(site: &Site, number: u8) -> Self {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random)
            .and_then(|key| Ok(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random)?));
        let pair = made.unwrap_or_else(|_| panic!("no key can be made"));
        Self { pair, id: [number; ID], site: site.clone(), counter: 0 }
    }

    /// Makes the passkey.
    pub fn make(&self, challenge: &str, name: &str) -> NewPasskey {
        let described = [&[0; 16][..], &(ID as u16).to_be_bytes(), &self.id, &[0xa5]].concat();
        NewPasskey {
            name: name.to_owned(),
            credential: self.id.to_vec(),
            client: self.client("webauthn.create", challenge),
            authenticator: [self.head(0x45), described].concat(),
            public_key: [P256, self.pair.public_key().as_ref()].concat(),
        }
    }

    /// Uses it.
    ///
    /// # Panics
    /// When nothing can be signed.
    pub fn answer(&mut self, challenge: &str) -> UsedPasskey {
        self.counter += 1;
        let (client, authenticator) = (self.client("webauthn.get", challenge), self.head(0x05));
        let signed = [&authenticator[..], digest(&SHA256, &client).as_ref()].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &signed);
        let signature = signature.unwrap_or_else(|_| panic!("nothing can be signed")).as_ref().to_vec();
        UsedPasskey { credential: self.id.to_vec(), client, authenticator, signature }
    }

    fn client(&self, kind: &str, challenge: &str) -> Vec<u8> {
        json!({ "type": kind, "challenge": challenge, "origin": self.site.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }

    fn head(&self, flags: u8) -> Vec<u8> {
        [digest(&SHA256, self.site.host.as_bytes()).as_ref(), &[flags], &self.counter.to_be_bytes()].concat()
    }
}
