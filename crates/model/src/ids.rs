//! Names of things that are kept: one type for each kind, so that a preset is never looked up as a production.
//!
//! Every id is 22 characters of `[0-9A-Za-z]`, the form that clients of the productions API know. The first seven are the
//! time of making in milliseconds, so that new rows stand beside each other on disk and lists are in order; the other
//! fifteen are dice, 89 bits of them. An id is a name and not a secret: what may be done with it is asked elsewhere.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Dice, Time};

/// Characters in an id.
pub const ID_LENGTH: usize = 22;

/// Of these the ones that tell the time: 62⁷ milliseconds reach to the year 2081.
const TIME_LENGTH: usize = 7;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Something that should be an id and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id has 22 characters of 0-9, A-Z and a-z")]
pub struct NotAnId;

/// The letters of an id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Letters([u8; ID_LENGTH]);

impl Letters {
    fn new(now: Time, dice: &dyn Dice) -> Self {
        let mut letters = [b'0'; ID_LENGTH];
        let mut left = now.as_ms().max(0).unsigned_abs();
        for letter in letters[..TIME_LENGTH].iter_mut().rev() {
            *letter = DIGITS[(left % 62) as usize];
            left /= 62;
        }
        for letter in &mut letters[TIME_LENGTH..] {
            *letter = random_digit(dice);
        }
        Self(letters)
    }

    fn as_str(&self) -> &str {
        // Only digits get in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// One letter or digit, each as likely as any other.
fn random_digit(dice: &dyn Dice) -> u8 {
    loop {
        let mut byte = [0];
        dice.fill(&mut byte);
        // 248 is the last multiple of 62 in a byte; what lies above would favour the first digits.
        if byte[0] < 248 {
            return DIGITS[usize::from(byte[0] % 62)];
        }
    }
}

/// Random letters and digits, for secrets and names that are not kept as ids. Each holds 5.95 bits.
pub fn random_text(length: usize, dice: &dyn Dice) -> String {
    (0..length).map(|_| char::from(random_digit(dice))).collect()
}

impl FromStr for Letters {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let letters: [u8; ID_LENGTH] = text.as_bytes().try_into().map_err(|_| NotAnId)?;
        if letters.iter().all(u8::is_ascii_alphanumeric) { Ok(Self(letters)) } else { Err(NotAnId) }
    }
}

macro_rules! ids {
    ($($(#[$about:meta])* $name:ident),* $(,)?) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Letters);

        impl $name {
            /// A new id.
            pub fn new(now: Time, dice: &dyn Dice) -> Self {
                Self(Letters::new(now, dice))
            }

            /// Its 22 characters.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                text.parse().map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;

            fn try_from(text: String) -> Result<Self, NotAnId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().to_owned()
            }
        }
    )*};
}

// In the order of the alphabet.
ids! {
    /// A person who can own things.
    AccountId,
    /// A personal API key; the key itself is never kept.
    ApiKeyId,
    /// A registered app: its `client_id`, its consumer key, its `APP_ID`.
    AppId,
    /// One secret of an app; while a rotation overlaps there are two.
    AppSecretId,
    /// Something that happened around an account.
    AuditId,
    /// Something that somebody is told; it is the `webhook-id`, too.
    DeliveryId,
    /// A domain that may use an organization's public key.
    DomainId,
    /// What an account allowed an app, once.
    GrantId,
    /// An invitation to an organization; what it is accepted with is never kept.
    InvitationId,
    /// A piece of work for the workers.
    JobId,
    /// Which account or publication of ours an organization's own one is.
    MappingId,
    /// Somebody's place in an organization.
    MemberId,
    /// A platform that integrates server to server.
    OrganizationId,
    /// A pair of keys of an organization; the private half is never kept.
    OrganizationKeyId,
    /// A passkey, which is not its secret.
    PasskeyId,
    /// A named set of a production's settings.
    PresetId,
    /// A piece of audio being made.
    ProductionId,
    /// A collection of articles, with words that it says in its own way.
    PublicationId,
    /// Somebody who is told things.
    ReceiverId,
    /// A publishing target of an account.
    ServiceId,
    /// A browser that signed in.
    SessionId,
    /// A resumable upload under way.
    UploadId,
    /// An address where an organization hears of its narrations.
    WebhookAddressId,
    /// What an account signs with for those whom its productions tell things; not the secret itself.
    WebhookSecretId,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts instead of throwing.
    struct Counter(std::sync::atomic::AtomicU8);

    impl Dice for Counter {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill_with(|| self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    #[test]
    fn an_id_tells_its_time_first() {
        let dice = Counter(0.into());
        let ids: Vec<_> =
            [0, 1, 1_764_000_000_000, i64::MAX].map(|ms| ProductionId::new(Time::from_ms(ms), &dice)).into();
        assert_eq!(ids[0].as_str(), "00000000123456789ABCDE");
        assert!(ids[0] < ids[1] && ids[1] < ids[2]);
        assert!(ids.iter().all(|id| id.as_str().len() == ID_LENGTH && id.as_str().parse() == Ok(*id)));
    }

    #[test]
    fn only_an_id_is_read_as_one() {
        for wrong in
            ["", "short", "0123456789012345678901x", "../../../../etc/passwd", "ääääääääääää", "012345678901234567890-"]
        {
            assert_eq!(wrong.parse::<ProductionId>(), Err(NotAnId), "{wrong}");
        }
        assert!("deigtvDv8jH6NaK52Z5eXH".parse::<ProductionId>().is_ok());
    }

    #[test]
    fn all_digits_are_as_likely() {
        let dice = Counter(0.into());
        let text = random_text(62 * 4 * 10, &dice);
        assert!(DIGITS.iter().all(|digit| text.bytes().filter(|byte| byte == digit).count() == 40));
    }
}
