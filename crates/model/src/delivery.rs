//! Something that somebody is told by a request of ours, and how often it is tried.
//!
//! What it says was true when it was caused. Its bytes are made once and stay; where it goes was decided with it, too.

use std::time::Duration;

use crate::{AccountId, AppId, DeliveryId, ReceiverId, Time};

/// How long is waited before each attempt, after the one before it. There are as many attempts as entries here.
const SCHEDULE: [Duration; 10] = [
    Duration::ZERO,
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(10),
    Duration::from_hours(24),
    Duration::from_hours(24),
];

/// Attempts that a delivery has.
pub const MOST_ATTEMPTS: u32 = SCHEDULE.len() as u32;

/// The longest that a receiver may put a delivery off.
pub const LONGEST_PUT_OFF: Duration = Duration::from_hours(24);

/// How long a receiver may do nothing but fail before it is disabled.
pub const FAILS_FOR: Duration = Duration::from_hours(5 * 24);

/// When an attempt is tried again that did not work, counted from its end: the schedule's wait and up to a tenth more, and not before the
/// receiver wishes. `attempts` is how many there were, `share` is between 0 and 1. Nothing where that was the last.
pub fn next_wait(attempts: u32, share: f64, wished: Option<Duration>) -> Option<Duration> {
    let wait = SCHEDULE.get(attempts as usize)?.mul_f64(1.0 + share.clamp(0.0, 1.0) / 10.0);
    Some(wait.max(wished.unwrap_or_default().min(LONGEST_PUT_OFF)))
}

/// What kind of thing is told. It decides how it is signed, which answers are a yes, and what an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeliveryKind {
    /// An app's external service hears that a production is done.
    Service,
    /// An address that a production or preset names hears that it is done or did not work.
    Webhook,
    /// An organization hears that a narration can be heard, or why not.
    Player,
}

impl DeliveryKind {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Service, Self::Webhook, Self::Player];

    /// The word that it is kept as.
    pub fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Webhook => "webhook",
            Self::Player => "player",
        }
    }

    /// The kind that is kept as that.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }

    /// Whether a receiver that answers with this status has taken it.
    pub fn is_taken(self, status: u16) -> bool {
        match self {
            Self::Service => matches!(status, 200 | 201 | 203 | 204),
            Self::Webhook | Self::Player => (200..300).contains(&status),
        }
    }

    /// Whether a receiver that answers 410 is gone for good. Services of productions are asked again whatever they answer.
    pub fn is_gone_at_410(self) -> bool {
        self != Self::Service
    }
}

/// Somebody who is told things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// Its name within the program.
    pub id: ReceiverId,
    /// Whose it is.
    pub owner: AccountId,
    /// What it is told.
    pub kind: DeliveryKind,
    /// What it is, among those of one owner and kind: the service's id, or the address itself.
    pub key: String,
    /// Where it is told.
    pub url: String,
    /// The app that signs, where one does.
    pub app: Option<AppId>,
    /// Whether it is told things in their order: nothing goes out while something older has not come to an end.
    pub is_ordered: bool,
    /// Since when nothing but failure came of telling it.
    pub failing: Option<Time>,
    /// Since when it is told nothing any more.
    pub disabled: Option<Time>,
    /// Why not, in a sentence.
    pub disabled_why: Option<String>,
    /// When it was made.
    pub created: Time,
}

/// Something that somebody is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Its name within the program, and the `webhook-id` of every attempt.
    pub id: DeliveryId,
    /// Who is told.
    pub receiver: ReceiverId,
    /// Whose it is.
    pub owner: AccountId,
    /// The app that signs, where one does.
    pub app: Option<AppId>,
    /// What kind of thing it is.
    pub kind: DeliveryKind,
    /// What it is about: a production's id.
    pub subject: String,
    /// What is told, as facts. The body is made of them.
    pub fact: serde_json::Value,
    /// Where it goes.
    pub url: String,
    /// Whether it goes after everything older that the receiver is told.
    pub is_ordered: bool,
    /// How far it is.
    pub state: DeliveryState,
    /// Attempts that came to an end.
    pub attempts: u32,
    /// How many of them did not work since the schedule began, at first or by a replay.
    pub tries: u32,
    /// Why the last one did not work, in a sentence.
    pub trouble: Option<String>,
    /// When it was caused.
    pub created: Time,
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is tried when this moment has come.
    Waiting(Time),
    /// It is its turn, once its receiver can be asked: the host is busy or does not answer, or something older goes first.
    Held,
    /// It is being tried.
    Sending,
    /// The receiver took it, at that moment.
    Delivered(Time),
    /// It was tried as often as it is, or its receiver is disabled, since that moment.
    GivenUp(Time),
}

/// One attempt, after it came to an end.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Which one, from 1.
    pub number: u32,
    /// When it began.
    pub began: Time,
    /// How long it took.
    pub took: Duration,
    /// The status of the answer, where one came.
    pub status: Option<u16>,
    /// What it came to, in a sentence.
    pub reason: String,
    /// The address that was connected to.
    pub address: Option<String>,
    /// Headers of the answer.
    pub headers: Vec<(String, String)>,
    /// The first bytes of the answer's body.
    pub body: Vec<u8>,
}

/// Bytes of an answer that are kept.
pub const MOST_KEPT: usize = 4 << 10;

/// The host that an address is on, by which what is slow or dead is kept apart: name and port, in lower case.
pub fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_is_spent_after_ten_attempts() {
        let waits: Vec<_> = (1..=11).map(|attempts| next_wait(attempts, 0.0, None)).collect();
        let seconds = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000, 86_400, 86_400];
        let expected: Vec<_> =
            seconds.into_iter().map(|wait| Some(Duration::from_secs(wait))).chain([None, None]).collect();
        assert_eq!(waits, expected);
        assert_eq!(next_wait(1, 1.0, None), Some(Duration::from_millis(5_500)));
    }

    #[test]
    fn a_receiver_may_put_off_but_not_hurry() {
        let wish = |seconds| next_wait(2, 0.0, Some(Duration::from_secs(seconds))).map(|wait| wait.as_secs());
        assert_eq!(wish(0), Some(300));
        assert_eq!(wish(3_600), Some(3_600));
        assert_eq!(wish(1 << 40), Some(86_400));
    }

    #[test]
    fn each_kind_has_its_own_yes() {
        let taken = |kind: DeliveryKind| (100..600).filter(|status| kind.is_taken(*status)).collect::<Vec<_>>();
        assert_eq!(taken(DeliveryKind::Service), [200, 201, 203, 204]);
        assert_eq!(taken(DeliveryKind::Webhook), (200..300).collect::<Vec<_>>());
        for kind in DeliveryKind::ALL {
            assert_eq!(DeliveryKind::from_word(kind.word()), Some(*kind));
        }
    }

    #[test]
    fn hosts() {
        for (url, host) in [
            ("https://Hooks.example.org/a?b", "hooks.example.org"),
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://[::1]:9/x", "[::1]:9"),
            ("https://h.example?x", "h.example"),
        ] {
            assert_eq!(host_of(url), host);
        }
    }
}
