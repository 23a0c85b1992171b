//! How often one caller may ask, counted by account where somebody was recognised and by address where not.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use app::App;
use governor::clock::Clock;
use governor::middleware::{NoOpMiddleware, StateInformationMiddleware};
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use model::AccountId;

use super::problem::Problem;
use crate::settings::Rates;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Requests after which callers that were not heard of for long are forgotten.
const FORGET_EVERY: u32 = 10_000;

/// Whom a request is counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    /// An account.
    Account(AccountId),
    /// One machine, or one home with IPv6.
    Peer(IpAddr),
}

impl Who {
    /// Whoever asks from this address.
    pub(crate) fn peer(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => {
                let home = u128::from(address) & !u128::from(u64::MAX);
                Self::Peer(IpAddr::V6(home.into()))
            }
            v4 @ IpAddr::V4(_) => Self::Peer(v4),
        }
    }
}

/// What is said about a caller's share, in headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reached {
    /// Requests in a minute.
    pub(crate) limit: u32,
    /// How many are left now.
    pub(crate) remaining: u32,
    /// Seconds until all of them are there again, or until one is where none is left.
    pub(crate) seconds: u64,
}

impl Reached {
    /// Adds the headers to a reply.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, HeaderValue::from(self.limit));
        headers.insert(REMAINING, HeaderValue::from(self.remaining));
        headers.insert(RESET, HeaderValue::from(self.seconds));
    }

    /// Adds the headers to a refusal.
    pub(crate) fn onto(self, problem: Problem) -> Problem {
        let mut problem = problem.with(RETRY_AFTER, self.seconds);
        self.write(&mut problem.headers);
        problem
    }
}

/// Counts.
pub(crate) struct Limiter {
    accounts: Option<Bucket>,
    peers: Option<Bucket>,
    clock: HouseClock,
    counted: AtomicU32,
}

type Bucket = RateLimiter<Who, DashMapStateStore<Who>, HouseClock, StateInformationMiddleware>;

impl Limiter {
    pub(crate) fn new(rates: Rates, app: App) -> Self {
        let clock = HouseClock(app);
        let bucket = |most: Option<NonZeroU32>| {
            let quota = Quota::per_minute(most?);
            let store = DashMapStateStore::default();
            let limiter = RateLimiter::<_, _, _, NoOpMiddleware<Nanos>>::new(quota, store, clock.clone());
            Some(limiter.with_middleware::<StateInformationMiddleware>())
        };
        Self { accounts: bucket(rates.per_account), peers: bucket(rates.per_peer), counted: AtomicU32::new(0), clock }
    }

    /// Counts a request. `None` is no limit.
    pub(crate) fn count(&self, who: Who) -> Result<Option<Reached>, Problem> {
        let bucket = match who {
            Who::Account(_) => &self.accounts,
            Who::Peer(_) => &self.peers,
        };
        let Some(bucket) = bucket else { return Ok(None) };
        if self.counted.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            bucket.retain_recent();
        }
        match bucket.check_key(&who) {
            Ok(left) => {
                let limit = left.quota().burst_size().get();
                let remaining = left.remaining_burst_capacity();
                let each = left.quota().replenish_interval();
                let seconds = (each * limit.saturating_sub(remaining)).as_secs_f64().ceil() as u64;
                Ok(Some(Reached { limit, remaining, seconds }))
            }
            Err(until) => {
                let limit = until.quota().burst_size().get();
                let seconds = until.wait_time_from(self.clock.now()).as_secs_f64().ceil() as u64;
                let whose = match who {
                    Who::Account(_) => "this account",
                    Who::Peer(_) => "one address without credentials",
                };
                let message = format!(
                    "More than {limit} requests in a minute came from {whose}. The next is answered in {seconds} s; \
                     a webhook or the stream of events tells without being asked."
                );
                let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message);
                Err(Reached { limit, remaining: 0, seconds }.onto(problem))
            }
        }
    }
}

/// The house's clock, as the counter reads it.
#[derive(Clone)]
struct HouseClock(App);

impl Clock for HouseClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Duration::from_millis(self.0.now().as_ms().max(0).unsigned_abs()).into()
    }
}
