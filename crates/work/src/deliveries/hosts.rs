//! Whose turn it is: what waits for each host in this process, how many attempts it has under way, and how many it may have.
//!
//! A host earns its places. Nobody knows it at first, and it has one; each answer doubles them, up to a bound; a timeout or a refused
//! connection takes them all but one, and after several in a row it is left alone for a while. An attempt that takes long stops
//! further ones to the same host. Hosts that have not earned more than one place share a part of all places, so however many of them
//! hang, there is room for those that answer.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
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

/// All hosts that something waits for, or did lately. No question goes through all of them: whatever changes a host puts it into the
/// list in which it will be looked for.
pub(super) struct Hosts<T> {
    known: HashMap<String, Host<T>>,
    /// So many are known before those that nothing waits for are forgotten.
    most: usize,
    under_way: usize,
    /// How many of them are at hosts that have not earned more than one place.
    unproven: usize,
    waiting: usize,
    /// Hosts that could have gone on if there had been a place among all.
    starved: VecDeque<String>,
    /// Hosts that something is held for, to be looked at, and those that wait for a place among the unproven ones.
    held: VecDeque<String>,
    unplaced: VecDeque<String>,
    /// When hosts that are left alone may be asked again.
    rests: BinaryHeap<Reverse<(Instant, String)>>,
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
    /// Whether it is in one of the two lists of hosts that something is held for.
    is_listed: bool,
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
            is_listed: false,
            is_starved: false,
        }
    }

    /// Whether something is held for it and too little waits here to keep its places busy.
    fn is_wanting(&self, now: Instant) -> bool {
        let places = self.places_now(now);
        self.is_held && places > 0 && self.waiting.len() <= places / 2 && self.under_way.len() < 2 * places
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
        Self {
            known: HashMap::new(),
            most: MOST_HOSTS,
            under_way: 0,
            unproven: 0,
            waiting: 0,
            starved: VecDeque::new(),
            held: VecDeque::new(),
            unplaced: VecDeque::new(),
            rests: BinaryHeap::new(),
            limits,
        }
    }

    /// How many more deliveries are worth taking from the database.
    pub(super) fn room(&self) -> usize {
        (2 * self.limits.at_once).saturating_sub(self.under_way + self.waiting)
    }

    /// Places that hosts can have which have not earned more than one, less those that have one or wait for it here.
    fn places_for_unproven(&self) -> usize {
        self.limits.at_once.div_ceil(2).saturating_sub(self.unproven + self.starved.len())
    }

    /// How many more may wait for this host here: enough to keep its places busy.
    pub(super) fn room_at(&self, host: &str, now: Instant) -> usize {
        let has_place = self.places_for_unproven() > 0;
        let Some(host) = self.known.get(host) else { return if has_place { 2 } else { 0 } };
        let most = match host.places_now(now) {
            places @ 2.. => 3 * places,
            1 if has_place || !host.under_way.is_empty() => 2,
            _ => 0,
        };
        most.saturating_sub(host.waiting.len() + host.under_way.len())
    }

    /// Lets something wait for its host here, or gives it back where there is no room.
    pub(super) fn add(&mut self, name: &str, item: T, now: Instant) -> Result<(), T> {
        if self.room_at(name, now) == 0 {
            return Err(item);
        }
        self.known.entry(name.to_owned()).or_insert_with(Host::new).waiting.push_back(item);
        self.waiting += 1;
        Ok(())
    }

    /// Notes that something is held for a host in the database.
    pub(super) fn note_held(&mut self, name: &str, now: Instant) {
        self.known.entry(name.to_owned()).or_insert_with(Host::new).is_held = true;
        self.list(name, now);
    }

    /// Notes that nothing is held for a host any more.
    pub(super) fn note_none_held(&mut self, host: &str) {
        if let Some(host) = self.known.get_mut(host) {
            host.is_held = false;
        }
    }

    /// Has a host looked at, if something is held for it for which it could have room.
    fn list(&mut self, name: &str, now: Instant) {
        if let Some(host) = self.known.get_mut(name)
            && host.is_wanting(now)
            && !std::mem::replace(&mut host.is_listed, true)
        {
            self.held.push_back(name.to_owned());
        }
    }

    /// Whether there are hosts to look at that something is held for.
    pub(super) fn are_wanting(&self) -> bool {
        !self.held.is_empty() || (!self.unplaced.is_empty() && self.places_for_unproven() > 0)
    }

    /// Hosts for which something is held and for which there is room, and how much; others the next time, where there are more.
    pub(super) fn wanting(&mut self, at_most: usize, now: Instant) -> Vec<(String, usize)> {
        while self.rests.peek().is_some_and(|Reverse((until, _))| *until <= now) {
            if let Some(Reverse((_, name))) = self.rests.pop() {
                self.list(&name, now);
            }
        }
        let places = self.places_for_unproven().min(self.unplaced.len());
        self.held.extend(self.unplaced.drain(..places));
        let mut wanting = Vec::new();
        while wanting.len() < at_most
            && let Some(name) = self.held.pop_front()
        {
            let room = self.room_at(&name, now);
            let Some(host) = self.known.get_mut(&name) else { continue };
            host.is_listed = false;
            if !host.is_wanting(now) {
                // It is listed again when that changes.
            } else if room > 0 {
                wanting.push((name, room));
            } else {
                host.is_listed = true;
                self.unplaced.push_back(name);
            }
        }
        wanting
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
        self.list(name, now);
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
        let mut back = Vec::new();
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
                    let until = now + FIRST_REST.saturating_mul(1 << times).min(LONGEST_REST);
                    host.rests_until = Some(until);
                    host.is_held |= !host.waiting.is_empty();
                    self.waiting -= host.waiting.len();
                    back.extend(host.waiting.drain(..));
                    self.rests.push(Reverse((until, place.host.clone())));
                }
            }
        }
        self.list(&place.host, now);
        if self.known.len() > self.most {
            self.forget(now);
        }
        back
    }

    /// Forgets hosts that nothing waits for and that are not left alone.
    fn forget(&mut self, now: Instant) {
        self.known.retain(|_, host| {
            let is_idle = host.waiting.is_empty() && host.under_way.is_empty() && !host.is_starved && !host.is_held;
            !is_idle || host.rests_until.is_some_and(|until| until > now)
        });
        let known = &self.known;
        for list in [&mut self.held, &mut self.unplaced] {
            list.retain(|name| known.contains_key(name));
        }
        // Not again before there is as much to forget.
        self.most = MOST_HOSTS.max(2 * self.known.len());
    }
}

#[cfg(test)]
mod tests {
    use model::Dice as _;
    use testkit::database::SeededDice;

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
        assert_eq!(hosts.wanting(9, now), []);
        let later = now + FIRST_REST + Duration::from_millis(1);
        assert_eq!(hosts.wanting(9, later), [("a".to_owned(), 2)]);
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
    fn hosts_that_wait_in_the_database_get_their_turn_when_a_place_is_free() {
        let (mut hosts, now) = (hosts(4), Instant::now());
        for name in ["a", "b"] {
            assert_eq!(hosts.add(name, 0, now), Ok(()));
        }
        let places = [launch(&mut hosts, "a", now), launch(&mut hosts, "b", now)].concat();
        assert_eq!(places.len(), 2, "half of all places");
        for name in ["c", "d", "e"] {
            assert_eq!(hosts.add(name, 0, now), Err(0));
            hosts.note_held(name, now);
        }
        assert_eq!(hosts.wanting(9, now), []);
        assert!(!hosts.are_wanting(), "nothing can be done for them");
        assert!(hosts.done(&places[0], Sign::Silent, now).is_empty());
        assert!(hosts.are_wanting());
        assert_eq!(hosts.wanting(9, now), [("c".to_owned(), 2)], "the one that has waited for longest");
        assert_eq!((hosts.add("c", 0, now), hosts.add("c", 1, now)), (Ok(()), Ok(())));
        assert_eq!(launch(&mut hosts, "c", now).len(), 1);
        assert!(!hosts.are_wanting());
    }

    /// Whatever happens: whoever could go on is in a list that is looked at.
    #[test]
    fn nobody_is_forgotten() {
        let dice = SeededDice::new(7);
        let roll = |sides: u64| {
            let mut bytes = [0; 8];
            dice.fill(&mut bytes);
            u64::from_le_bytes(bytes) % sides
        };
        let mut hosts = hosts(8);
        hosts.most = 6;
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
        let (mut now, mut under_way) = (Instant::now(), Vec::new());
        let (mut wanted, mut forgotten) = (0, 0);
        for _ in 0..20_000 {
            let name = names[roll(10) as usize];
            match roll(6) {
                0 | 1 => {
                    if hosts.add(name, 0, now).is_err() {
                        hosts.note_held(name, now);
                    }
                }
                2 => under_way.extend(launch(&mut hosts, name, now)),
                3 if !under_way.is_empty() => {
                    let place = under_way.swap_remove(roll(under_way.len() as u64) as usize);
                    let sign = if roll(2) == 0 { Sign::Answered } else { Sign::Silent };
                    hosts.done(&place, sign, now);
                    if let Some(starved) = hosts.next_starved() {
                        under_way.extend(launch(&mut hosts, &starved, now));
                    }
                }
                4 => now += Duration::from_millis(roll(2_000)),
                _ => {
                    for (name, room) in hosts.wanting(1, now) {
                        wanted += 1;
                        assert_eq!(hosts.room_at(&name, now), room);
                        // There is as much as there is room for, or nothing more afterwards.
                        let found = roll(room as u64 + 1) as usize;
                        if found < room {
                            hosts.note_none_held(&name);
                        }
                        for _ in 0..found {
                            assert_eq!(hosts.add(&name, 0, now), Ok(()));
                        }
                        under_way.extend(launch(&mut hosts, &name, now));
                    }
                }
            }
            forgotten += usize::from(hosts.known.len() < names.len());
            for (name, host) in &hosts.known {
                let is_resting = hosts.rests.iter().any(|Reverse((_, resting))| resting == name);
                if host.is_wanting(now) && hosts.room_at(name, now) > 0 {
                    assert!(host.is_listed || is_resting, "{name} waits for ever");
                }
                let lists = hosts.held.iter().chain(&hosts.unplaced).filter(|listed| *listed == name).count();
                assert_eq!(lists, usize::from(host.is_listed), "{name}");
            }
            assert_eq!(hosts.under_way, under_way.len());
            assert_eq!(hosts.waiting, hosts.known.values().map(|host| host.waiting.len()).sum::<usize>());
        }
        assert!(wanted > 100 && forgotten > 10, "{wanted} {forgotten}");
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
