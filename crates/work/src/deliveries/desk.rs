//! The desk: takes deliveries from the database, gives each to its host, and starts attempts where there is a place.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use app::deliveries::{Heard, Signing};
use model::{AccountId, AppId, Delivery, DeliveryId, Time, random_text};
use store::deliveries::Body;
use store::{Bell, StoreError, Together, Unanswered};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::TaskTracker;

use super::hosts::{Hosts, Limits, Place};
use super::send::{attempt, render, unsendable};
use super::{DeliveryOptions, DeliveryParts};

/// Deliveries that are taken from the database at once.
const TAKEN_AT_ONCE: usize = 256;

/// Attempts whose ends are written down in one transaction. What is not written down when a worker is killed is sent again.
const SETTLED_AT_ONCE: usize = 64;

/// Hosts that something is held for, which are looked for at once.
const HELD_HOSTS: u64 = 1_000;

/// Hosts without room that are named to the database when it is asked for more, so that it lays aside what goes to them by itself.
const FULL_HOSTS: usize = 64;

/// How long is waited before what could not be written down is tried again.
const AGAIN: Duration = Duration::from_millis(200);

/// A delivery that can be tried.
struct Ready {
    delivery: Delivery,
    body: Body,
    signing: Arc<Signing>,
}

/// What attempts share with the desk.
struct Shared {
    parts: DeliveryParts,
    options: DeliveryOptions,
    token: String,
    hosts: Mutex<Hosts<Ready>>,
    /// What this worker took and has not come to an end with.
    ours: Mutex<HashSet<DeliveryId>>,
    ends: Together<Heard, (), Unwritten>,
    /// There is room, or something was given back.
    news: Notify,
    attempts: TaskTracker,
    is_leaving: AtomicBool,
}

/// Why an end could not be written down.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
struct Unwritten(String);

impl From<Unanswered> for Unwritten {
    fn from(unanswered: Unanswered) -> Self {
        Self(unanswered.to_string())
    }
}

/// Delivers until asked to stop. Then nothing more is begun, what is under way gets some time, and the rest is left to others.
pub async fn deliver(parts: DeliveryParts, options: DeliveryOptions, stop: impl Future<Output = ()>) {
    let token = random_text(22, &*parts.dice);
    let limits = Limits { at_once: options.at_once.max(2), per_host: options.per_host.max(1) };
    let shared = Arc::new(Shared {
        parts,
        options,
        token,
        hosts: Mutex::new(Hosts::new(limits)),
        ours: Mutex::default(),
        ends: Together::new(SETTLED_AT_ONCE),
        news: Notify::new(),
        attempts: TaskTracker::new(),
        is_leaving: AtomicBool::new(false),
    });
    tokio::select! {
        () = stop => {}
        () = keep_alive(&shared) => {}
        // Boxed, since it is large.
        () = Box::pin(keep_taking(&shared)) => {}
    }
    shared.leave().await;
}

/// Says that this worker lives, and finds out which ones do not.
async fn keep_alive(shared: &Shared) {
    let Shared { parts: DeliveryParts { app, store, .. }, options, token, .. } = shared;
    loop {
        let until = app.now() + options.lease;
        let said = match store::deliveries::prolong(store, token, until).await {
            // At first, and where it was asleep for so long that others took over.
            Ok(false) => store::deliveries::sign_on(store, token, until).await,
            other => other.map(|_| ()),
        };
        let recovered = store::deliveries::recover(store, app.now()).await;
        match (said, recovered) {
            (Ok(()), Ok(0)) => {}
            (Ok(()), Ok(count)) => tracing::info!(count, "deliveries of workers that are gone are tried again"),
            (Err(error), _) | (_, Err(error)) => tracing::warn!(%error, "a worker could not say that it lives"),
        }
        sleep(options.lease / 4).await;
    }
}

/// Takes what is due, for ever.
async fn keep_taking(shared: &Arc<Shared>) {
    let mut bell = Bell::of_deliveries(&shared.parts.store);
    let mut look = Look::default();
    let mut compared = Instant::now();
    loop {
        if compared.elapsed() >= shared.options.lease {
            compared = Instant::now();
            if let Err(error) = shared.compare().await {
                tracing::warn!(%error, "a worker could not compare what it has with the database");
            }
        }
        let taken = shared.take(&mut look).await;
        let wait = match taken {
            Ok(Taken::More) => continue,
            Ok(Taken::All(wait)) => wait,
            Err(error) => {
                tracing::warn!(%error, "deliveries could not be taken from the database");
                sleep(AGAIN).await;
                shared.options.poll
            }
        };
        tokio::select! {
            () = bell.wait(wait) => {}
            () = shared.news.notified() => {}
        }
    }
}

/// What was seen when the whole table was looked at, which is done every now and then.
#[derive(Default)]
struct Look {
    at: Option<Instant>,
    /// When the next delivery that waits is to be tried. Nothing new is earlier without ringing, and an attempt that is put off comes
    /// after the next look.
    next_due: Option<Time>,
}

/// What was there to take.
enum Taken {
    /// Perhaps more than was taken.
    More,
    /// Nothing else for so long, unless something rings.
    All(Duration),
}

impl Shared {
    fn hosts(&self) -> MutexGuard<'_, Hosts<Ready>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ours(&self) -> MutexGuard<'_, HashSet<DeliveryId>> {
        self.ours.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives back what the database says that this worker has and it does not know of: an answer was lost on the way, or could not be
    /// acted upon. Nothing is taken meanwhile, since the same task does that.
    async fn compare(&self) -> Result<(), StoreError> {
        let DeliveryParts { app, store, .. } = &self.parts;
        let had = store::deliveries::had_by(store, &self.token).await?;
        let lost: Vec<_> = {
            let ours = self.ours();
            had.into_iter().filter(|id| !ours.contains(id)).collect()
        };
        if lost.is_empty() {
            return Ok(());
        }
        tracing::warn!(count = lost.len(), "deliveries that a worker lost sight of are tried again");
        store::deliveries::release(store, &self.token, &lost, app.now()).await
    }

    /// Takes what is due and what is held for hosts that have room, as far as there is any.
    async fn take(self: &Arc<Self>, look: &mut Look) -> Result<Taken, StoreError> {
        let DeliveryParts { app, store, .. } = &self.parts;
        let room = self.hosts().room().min(TAKEN_AT_ONCE);
        let mut is_more = false;
        if room > 0 {
            let full = self.hosts().full(FULL_HOSTS, Instant::now());
            let due = store::deliveries::claim(store, &self.token, app.now(), &full, room as u64).await?;
            is_more = due.taken.len() + due.held.len() == room;
            self.note_held(&due.held);
            self.give_out(due.taken).await?;
        }
        let is_time_to_look = look.at.is_none_or(|at| at.elapsed() >= self.options.poll);
        if is_time_to_look {
            look.at = Some(Instant::now());
            self.note_held(&store::deliveries::held_hosts(store, HELD_HOSTS).await?);
        }
        let wanting = self.hosts().wanting(Instant::now());
        for (host, room) in wanting {
            let held = store::deliveries::claim_held(store, &self.token, &host, room as u64).await?;
            if held.len() < room {
                self.hosts().note_none_held(&host);
            }
            self.give_out(held).await?;
        }
        if is_more {
            return Ok(Taken::More);
        }
        if is_time_to_look || look.next_due.is_some_and(|due| due <= app.now()) {
            look.next_due = store::deliveries::next_due(store).await?;
        }
        let wait = look.next_due.map_or(self.options.poll, |due| due.since(app.now())).min(self.options.poll);
        Ok(Taken::All(wait))
    }

    fn note_held(&self, hosts: &[String]) {
        let mut known = self.hosts();
        for host in hosts {
            known.note_held(host);
        }
    }

    /// Lays deliveries aside, or lets them wait for a little while where that cannot be.
    async fn hold(&self, ids: &[DeliveryId]) -> Result<(), StoreError> {
        let DeliveryParts { app, store, .. } = &self.parts;
        store::deliveries::hold(store, &self.token, ids, app.now() + self.options.poll).await
    }

    /// Gives deliveries to their hosts and starts what can be started; lays aside what has no room.
    async fn give_out(self: &Arc<Self>, taken: Vec<(Delivery, String)>) -> Result<(), StoreError> {
        if taken.is_empty() {
            return Ok(());
        }
        let now = Instant::now();
        let mut rooms: HashMap<String, usize> = HashMap::new();
        let (mut kept, mut held) = (Vec::new(), Vec::new());
        {
            let mut hosts = self.hosts();
            for (delivery, host) in taken {
                let room = rooms.entry(host.clone()).or_insert_with(|| hosts.room_at(&host, now));
                if *room == 0 {
                    hosts.note_held(&host);
                    held.push(delivery.id);
                } else {
                    *room -= 1;
                    kept.push((delivery, host));
                }
            }
        }
        let ready = self.prepare(kept, &mut held).await?;
        let mut names = Vec::new();
        {
            let mut hosts = self.hosts();
            for (ready, host) in ready {
                let id = ready.delivery.id;
                match hosts.add(&host, ready, now) {
                    Ok(()) => {
                        self.ours().insert(id);
                        names.push(host);
                    }
                    Err(ready) => held.push(ready.delivery.id),
                }
            }
        }
        names.sort_unstable();
        names.dedup();
        for name in &names {
            self.start(name);
        }
        if held.is_empty() { Ok(()) } else { self.hold(&held).await }
    }

    /// Finds bytes and signatures. Bytes that are not there yet are made and kept before anybody sees them.
    async fn prepare(
        self: &Arc<Self>,
        taken: Vec<(Delivery, String)>,
        held: &mut Vec<DeliveryId>,
    ) -> Result<Vec<(Ready, String)>, StoreError> {
        let store = &self.parts.store;
        let tried: Vec<DeliveryId> =
            taken.iter().filter(|(each, _)| each.attempts > 0).map(|(each, _)| each.id).collect();
        let mut bodies =
            if tried.is_empty() { HashMap::new() } else { store::deliveries::bodies(store, &tried).await? };
        let made = taken.iter().filter(|(delivery, _)| !bodies.contains_key(&delivery.id));
        let made: Vec<_> = made.filter_map(|(delivery, _)| render(delivery)).collect();
        // Neither needs the other, and somebody waits for both.
        let (frozen, signings) = tokio::join!(store::deliveries::freeze(store, made), self.signings(&taken));
        bodies.extend(frozen?);
        let mut ready = Vec::with_capacity(taken.len());
        for (delivery, host) in taken {
            let Some(signing) = signings.get(&(delivery.app, delivery.owner)) else {
                held.push(delivery.id);
                continue;
            };
            let Some(body) = bodies.remove(&delivery.id) else {
                tracing::error!(delivery = %delivery.id, "a delivery has no bytes and none can be made of it");
                self.attempts.spawn(Arc::clone(self).write_off(delivery));
                continue;
            };
            ready.push((Ready { delivery, body, signing: Arc::clone(signing) }, host));
        }
        Ok(ready)
    }

    /// What signs these, for each app and account once; without those that cannot be found out now.
    async fn signings(&self, taken: &[(Delivery, String)]) -> HashMap<(Option<AppId>, AccountId), Arc<Signing>> {
        let mut signings = HashMap::new();
        let all: HashSet<_> = taken.iter().map(|(each, _)| (each.app, each.owner)).collect();
        for (app, owner) in all {
            match self.parts.app.deliveries().signing(app, owner).await {
                Ok(signing) => _ = signings.insert((app, owner), Arc::new(signing)),
                Err(error) => tracing::error!(%error, account = %owner, "deliveries cannot be signed now"),
            }
        }
        signings
    }

    /// Starts attempts at a host as long as it has places.
    fn start(self: &Arc<Self>, host: &str) {
        loop {
            if self.is_leaving.load(Ordering::Relaxed) {
                return;
            }
            let next = self.hosts().next(host, Instant::now());
            let Some((ready, place)) = next else { return };
            let shared = Arc::clone(self);
            self.attempts.spawn(async move { shared.attend(ready, place).await });
        }
    }

    /// Tries a delivery, writes down what came of it, and goes on with the next one of its host.
    async fn attend(self: Arc<Self>, ready: Ready, place: Place) {
        let Ready { delivery, body, signing } = ready;
        let id = delivery.id;
        let DeliveryParts { app, outbound, .. } = &self.parts;
        let (heard, sign) = attempt(app, outbound, self.options.timeout, delivery, &body, &signing).await;
        metrics::counter!(
            "soundpost_delivery_attempts_total",
            "kind" => heard.delivery.kind.word(),
            "taken" => if heard.attempt.status.is_some_and(|status| heard.delivery.kind.is_taken(status)) { "yes" } else { "no" }
        )
        .increment(1);
        self.write_down(heard).await;
        self.ours().remove(&id);
        let (was_full, back) = {
            let mut hosts = self.hosts();
            (hosts.room() == 0, hosts.done(&place, sign, Instant::now()))
        };
        if !back.is_empty() {
            let ids: Vec<_> = back.iter().map(|ready| ready.delivery.id).collect();
            self.ours().retain(|id| !ids.contains(id));
            if let Err(error) = self.hold(&ids).await {
                tracing::warn!(%error, "deliveries to a silent host go back with the lease");
            }
        }
        self.start(&place.host);
        let starved = self.hosts().next_starved();
        if let Some(host) = starved {
            self.start(&host);
        }
        // Where there was room before, the desk has taken all that was due, and hears of more by itself.
        if was_full || self.hosts().is_wanting(&place.host, Instant::now()) {
            self.news.notify_one();
        }
    }

    /// Says of a delivery that nothing can be sent. Its schedule goes on: another version of the program may know better.
    async fn write_off(self: Arc<Self>, delivery: Delivery) {
        let id = delivery.id;
        self.ours().insert(id);
        let heard = unsendable(delivery, self.parts.app.now());
        self.write_down(heard).await;
        self.ours().remove(&id);
    }

    async fn write_down(self: &Arc<Self>, heard: Heard) {
        // As long as the lease can last. After that others try the delivery, and this end counts no more.
        let patience = Instant::now() + self.options.lease * 2;
        loop {
            let (app, token) = (self.parts.app.clone(), self.token.clone());
            let settle = move |all: Vec<Heard>| {
                let (app, token) = (app.clone(), token.clone());
                async move {
                    let settled = app.deliveries().settle(&token, &all).await;
                    settled.map_err(|error| Unwritten(error.to_string()))?;
                    Ok(vec![(); all.len()])
                }
            };
            match self.ends.ask(heard.clone(), settle).await {
                Ok(()) => return,
                Err(error) if Instant::now() < patience => {
                    tracing::warn!(%error, delivery = %heard.delivery.id, "the end of an attempt could not be written down");
                    sleep(AGAIN).await;
                }
                Err(error) => {
                    tracing::error!(%error, delivery = %heard.delivery.id, "the end of an attempt is lost, and it will be tried again");
                    return;
                }
            }
        }
    }

    async fn leave(&self) {
        self.is_leaving.store(true, Ordering::Relaxed);
        self.attempts.close();
        let _ = timeout(self.options.patience, self.attempts.wait()).await;
        let DeliveryParts { app, store, .. } = &self.parts;
        if let Err(error) = store::deliveries::sign_off(store, &self.token, app.now()).await {
            tracing::warn!(%error, "deliveries are left to others once the lease is over");
        }
    }
}
