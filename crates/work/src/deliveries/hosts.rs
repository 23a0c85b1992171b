//! Whose turn it is: what waits for each host in this process, how many attempts it has under way, and how many it may have.
//!
//! A host earns its places. Nobody knows it at first, and it has one; each answer doubles them, up to a bound; a timeout or a refused
//! connection takes them all but one, and after several in a row it is left alone for a while. An attempt that takes long stops
//! further ones to the same host. Hosts that have not earned more than one place share a part of all places, so however many of them
//! hang, there is room for those that answer.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

/// An attempt under way longer than this says that its host is slow.
const SLOW: Duration = Duration::from_secs(5);

/// Failures in a row without an answer, after which a host is left alone.
const BREAKS_AFTER: u32 = 3;

/// How long it is left alone the first time; each further time twice as long, up to the last.
const FIRST_REST: Duration = Duration::from_secs(5);
const LONGEST_REST: Duration = Duration::from_mins(1);

/// Hosts that are remembered. Beyond that, those that nothing waits for are forgotten.
const MOST_HOSTS: usize = 20_000;

/// All hosts that something waits for, or did lately.
pub(super) struct Hosts<T> {
    known: HashMap<String, Host<T>>,
    under_way: usize,
    /// How many of them are at hosts that have not earned more than one place.
    unproven: usize,
    waiting: usize,
    /// Hosts that could have gone on if there had been a place among all.
    starved: VecDeque<String>,
    limits: Limits,
}

/// How much may be under way at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) at_once: usize,
    pub(super) per_host: usize,
}

struct Host<T> {
    waiting: VecDeque<T>,
    /// When each attempt under way began, with its place in the count of unproven ones.
    under_way: VecDeque<(u64, Instant, bool)>,
    next: u64,
    places: usize,
    failures: u32,
    rests_until: Option<Instant>,
    /// Whether something is held for it in the database.
    is_held: bool,
    is_starved: bool,
}

/// An attempt under way.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) host: String,
    number: u64,
}

/// What an attempt says about its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// It answered, whatever it said.
    Answered,
    /// It did not.
    Silent,
}

impl<T> Host<T> {
    fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            under_way: VecDeque::new(),
            next: 0,
            places: 1,
            failures: 0,
            rests_until: None,
            is_held: false,
            is_starved: false,
        }
    }

    fn is_wanting(&self, now: Instant) -> bool {
        self.is_held && self.waiting.len() <= self.places_now(now) / 2
    }

    fn places_now(&self, now: Instant) -> usize {
        if self.rests_until.is_some_and(|until| until > now) {
            return 0;
        }
        let is_slow = self.under_way.front().is_some_and(|(_, began, _)| now.duration_since(*began) > SLOW);
        if is_slow { 1 } else { self.places }
    }
}

impl<T> Hosts<T> {
    pub(super) fn new(limits: Limits) -> Self {
        Self { known: HashMap::new(), under_way: 0, unproven: 0, waiting: 0, starved: VecDeque::new(), limits }
    }

    /// How many more deliveries are worth taking from the database.
    pub(super) fn room(&self) -> usize {
        (2 * self.limits.at_once).saturating_sub(self.under_way + self.waiting)
    }

    /// How many more may wait for this host here: enough to keep its places busy.
    pub(super) fn room_at(&self, host: &str, now: Instant) -> usize {
        let has_place = self.unproven < self.limits.at_once.div_ceil(2);
        let Some(host) = self.known.get(host) else { return if has_place { 2 } else { 0 } };
        let most = match host.places_now(now) {
            places @ 2.. => 3 * places,
            1 if has_place || !host.under_way.is_empty() => 2,
            _ => 0,
        };
        most.saturating_sub(host.waiting.len() + host.under_way.len())
    }

    /// Hosts that have no room, or some of them where there are more.
    pub(super) fn full(&self, at_most: usize, now: Instant) -> Vec<String> {
        self.known.keys().filter(|host| self.room_at(host, now) == 0).take(at_most).cloned().collect()
    }

    /// Lets something wait for its host here, or gives it back where there is no room.
    pub(super) fn add(&mut self, host: &str, item: T, now: Instant) -> Result<(), T> {
        if self.room_at(host, now) == 0 {
            self.known.entry(host.to_owned()).or_insert_with(Host::new).is_held = true;
            return Err(item);
        }
        self.known.entry(host.to_owned()).or_insert_with(Host::new).waiting.push_back(item);
        self.waiting += 1;
        Ok(())
    }

    /// Notes that something is held for a host in the database.
    pub(super) fn note_held(&mut self, host: &str) {
        self.known.entry(host.to_owned()).or_insert_with(Host::new).is_held = true;
    }

    /// Notes that nothing is held for a host any more.
    pub(super) fn note_none_held(&mut self, host: &str) {
        if let Some(host) = self.known.get_mut(host) {
            host.is_held = false;
        }
    }

    /// Whether something is held for this host for which there is room.
    pub(super) fn is_wanting(&self, name: &str, now: Instant) -> bool {
        self.known.get(name).is_some_and(|host| host.is_wanting(now))
    }

    /// Hosts for which something is held and for which there is room, and how much.
    pub(super) fn wanting(&self, now: Instant) -> Vec<(String, usize)> {
        let wants = self.known.iter().filter(|(_, host)| host.is_wanting(now));
        let with_room = wants.map(|(name, _)| (name.clone(), self.room_at(name, now)));
        with_room.filter(|(_, room)| *room > 0).collect()
    }

    /// What is to be tried next at this host, if it may.
    pub(super) fn next(&mut self, name: &str, now: Instant) -> Option<(T, Place)> {
        let host = self.known.get_mut(name)?;
        if host.waiting.is_empty() || host.under_way.len() >= host.places_now(now) {
            return None;
        }
        let is_proven = host.places > 1;
        let has_room =
            self.under_way < self.limits.at_once && (is_proven || self.unproven < self.limits.at_once.div_ceil(2));
        if !has_room {
            if !std::mem::replace(&mut host.is_starved, true) {
                self.starved.push_back(name.to_owned());
            }
            return None;
        }
        let item = host.waiting.pop_front()?;
        self.waiting -= 1;
        self.under_way += 1;
        self.unproven += usize::from(!is_proven);
        let number = host.next;
        host.next += 1;
        host.under_way.push_back((number, now, !is_proven));
        Some((item, Place { host: name.to_owned(), number }))
    }

    /// The host that has waited for longest for a place among all, if one does.
    pub(super) fn next_starved(&mut self) -> Option<String> {
        let name = self.starved.pop_front()?;
        if let Some(host) = self.known.get_mut(&name) {
            host.is_starved = false;
        }
        Some(name)
    }

    /// An attempt came to its end. Whatever waits here for a host that is to be left alone is given back.
    pub(super) fn done(&mut self, place: &Place, sign: Sign, now: Instant) -> Vec<T> {
        let Some(host) = self.known.get_mut(&place.host) else { return Vec::new() };
        if let Some(at) = host.under_way.iter().position(|(number, ..)| *number == place.number)
            && let Some((_, _, was_unproven)) = host.under_way.remove(at)
        {
            self.under_way -= 1;
            self.unproven -= usize::from(was_unproven);
        }
        match sign {
            Sign::Answered => {
                host.failures = 0;
                host.rests_until = None;
                host.places = (host.places * 2).min(self.limits.per_host.max(1));
            }
            Sign::Silent => {
                host.failures += 1;
                host.places = 1;
                if host.failures >= BREAKS_AFTER {
                    let times = (host.failures - BREAKS_AFTER).min(8);
                    host.rests_until = Some(now + FIRST_REST.saturating_mul(1 << times).min(LONGEST_REST));
                    host.is_held |= !host.waiting.is_empty();
                    self.waiting -= host.waiting.len();
                    return host.waiting.drain(..).collect();
                }
            }
        }
        if self.known.len() > MOST_HOSTS {
            self.known.retain(|_, host| {
                host.is_held || host.is_starved || !host.waiting.is_empty() || !host.under_way.is_empty()
            });
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(at_once: usize) -> Hosts<u32> {
        Hosts::new(Limits { at_once, per_host: 4 })
    }

    /// Tries as many as may be tried.
    fn launch(hosts: &mut Hosts<u32>, host: &str, now: Instant) -> Vec<Place> {
        std::iter::from_fn(|| hosts.next(host, now)).map(|(_, place)| place).collect()
    }

    #[test]
    fn a_host_earns_its_places_by_answering() {
        let (mut hosts, now) = (hosts(100), Instant::now());
        let mut counts = Vec::new();
        for round in 0..4 {
            while hosts.add("a", round, now).is_ok() {}
            let places = launch(&mut hosts, "a", now);
            counts.push(places.len());
            assert!(hosts.done(&places[0], Sign::Answered, now).is_empty());
            for place in &places[1..] {
                // The same number of answers whatever the number of places.
                hosts.known.get_mut("a").into_iter().for_each(|host| host.places = host.places.min(2 << round));
                assert!(hosts.done(place, Sign::Answered, now).is_empty());
            }
        }
        assert_eq!(counts, [1, 2, 4, 4]);
    }

    #[test]
    fn a_silent_host_is_left_alone_and_asked_once_afterwards() {
        let (mut hosts, now) = (hosts(100), Instant::now());
        for failure in 1..=3 {
            while hosts.add("a", failure, now).is_ok() {}
            let places = launch(&mut hosts, "a", now);
            assert_eq!(places.len(), 1);
            let back = hosts.done(&places[0], Sign::Silent, now);
            assert_eq!(back.is_empty(), failure < 3, "what waited goes back with the third");
        }
        assert_eq!(hosts.add("a", 9, now), Err(9));
        assert_eq!(hosts.full(9, now), ["a"]);
        let later = now + FIRST_REST + Duration::from_millis(1);
        assert_eq!(hosts.full(9, later), [""; 0]);
        assert_eq!(hosts.wanting(later), [("a".to_owned(), 2)]);
        assert_eq!(hosts.add("a", 9, later), Ok(()));
        let place = launch(&mut hosts, "a", later);
        assert_eq!(place.len(), 1);
        assert!(hosts.done(&place[0], Sign::Answered, later).is_empty());
        assert_eq!(hosts.room_at("a", later), 6);
    }

    #[test]
    fn hosts_that_hang_leave_room_for_those_that_answer() {
        let (mut hosts, now) = (hosts(20), Instant::now());
        // One that answers well.
        hosts.add("good", 0, now).ok();
        let place = launch(&mut hosts, "good", now);
        assert!(hosts.done(&place[0], Sign::Answered, now).is_empty());
        // A hundred that hang.
        let mut hanging = 0;
        for number in 0..100 {
            let name = format!("hangs {number}");
            assert_eq!(hosts.add(&name, 0, now).is_ok(), hanging < 10, "what has no place is not taken");
            hanging += launch(&mut hosts, &name, now).len();
        }
        assert_eq!(hanging, 10, "half of all places");
        assert_eq!(hosts.add("good", 1, now), Ok(()));
        assert_eq!(launch(&mut hosts, "good", now).len(), 1);
    }

    #[test]
    fn a_host_that_becomes_slow_gets_nothing_more() {
        let (mut hosts, now) = (hosts(100), Instant::now());
        for _ in 0..3 {
            hosts.add("a", 0, now).ok();
            let place = launch(&mut hosts, "a", now);
            assert!(hosts.done(&place[0], Sign::Answered, now).is_empty());
        }
        while hosts.add("a", 1, now).is_ok() {}
        assert_eq!(launch(&mut hosts, "a", now).len(), 4);
        let later = now + SLOW + Duration::from_millis(1);
        assert_eq!(launch(&mut hosts, "a", later).len(), 0);
        assert_eq!(hosts.add("a", 2, later), Err(2));
    }
}
