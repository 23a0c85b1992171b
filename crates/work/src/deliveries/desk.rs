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
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::task::TaskTracker;

use super::hosts::{Hosts, Limits, Place};
use super::send::{attempt, render, unsendable};
use super::{DeliveryOptions, DeliveryParts};

/// Deliveries that are taken from the database at once.
const TAKEN_AT_ONCE: usize = 256;

/// Attempts whose ends are written down in one transaction. What is not written down when a worker is killed is sent again.
const SETTLED_AT_ONCE: usize = 64;

/// Hosts that something is held for, which are looked for at once. This is how a worker hears of what others laid aside and left.
const HELD_HOSTS: u64 = 250;

/// Hosts that are asked after one by one, before what is due is looked for again.
const WANTING_AT_ONCE: usize = 16;

/// How long what has no place is gathered before it is laid aside in one statement, and beyond how much nothing more is taken before.
const GATHERED: Duration = Duration::from_millis(20);
const MOST_ASIDE: usize = 1_024;

/// How long a worker that leaves waits for what it has just asked for.
const LAST_TAKEN: Duration = Duration::from_secs(2);

/// How long is waited before what could not be signed is tried again.
const SIGNED_AGAIN: Duration = Duration::from_secs(10);

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
    /// What has no place here, with its host, until the database is told that it is laid aside. It is ours until then.
    aside: Mutex<Vec<(DeliveryId, String)>>,
    has_aside: Notify,
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
        aside: Mutex::default(),
        has_aside: Notify::new(),
        news: Notify::new(),
        attempts: TaskTracker::new(),
        is_leaving: AtomicBool::new(false),
    });
    // Boxed, since it is large.
    let mut taking = Box::pin(keep_taking(&shared));
    tokio::select! {
        () = stop => {}
        () = keep_alive(&shared) => {}
        () = keep_aside(&shared) => {}
        () = &mut taking => {}
    }
    shared.is_leaving.store(true, Ordering::Relaxed);
    shared.news.notify_one();
    // What it asks for just now is taken, so that it can be given back, and not given to somebody who is gone.
    let _ = timeout(LAST_TAKEN, taking).await;
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

/// Takes what is due, until the worker leaves.
async fn keep_taking(shared: &Arc<Shared>) {
    let mut bell = Bell::of_deliveries(&shared.parts.store);
    let mut look = Look::default();
    let mut compared = Instant::now();
    while !shared.is_leaving.load(Ordering::Relaxed) {
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

/// Lays aside what has no place, and finds out for whom something is held, for ever. Whoever takes what is due waits for neither.
async fn keep_aside(shared: &Shared) {
    let Shared { parts: DeliveryParts { store, .. }, options, .. } = shared;
    let mut look = interval(options.poll);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = None;
    loop {
        tokio::select! {
            _ = look.tick() => match store::deliveries::held_hosts(store, seen.as_deref(), HELD_HOSTS).await {
                Ok((held, next)) => {
                    shared.note_held(&held);
                    seen = next;
                }
                Err(error) => tracing::warn!(%error, "a worker could not find out for whom deliveries are laid aside"),
            },
            () = shared.has_aside.notified() => {
                sleep(GATHERED).await;
                shared.put_aside().await;
            }
        }
        if shared.hosts().are_wanting() {
            shared.news.notify_one();
        }
    }
}

/// When the next delivery that waits is to be tried, as far as was seen. Nothing new is earlier without ringing, and an attempt that is
/// put off comes after the next look.
#[derive(Default)]
struct Look {
    at: Option<Instant>,
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
        // Before the database is asked: what comes to its end meanwhile is not lost.
        let ours = self.ours().clone();
        let had = store::deliveries::had_by(store, &self.token).await?;
        let lost: Vec<_> = had.into_iter().filter(|id| !ours.contains(id)).collect();
        if lost.is_empty() {
            return Ok(());
        }
        tracing::warn!(count = lost.len(), "deliveries that a worker lost sight of are tried again");
        store::deliveries::release(store, &self.token, &lost, app.now()).await
    }

    /// Takes what is due and what is held for hosts that have room, as far as there is any.
    async fn take(self: &Arc<Self>, look: &mut Look) -> Result<Taken, StoreError> {
        let DeliveryParts { app, store, .. } = &self.parts;
        if self.aside().len() >= MOST_ASIDE {
            self.put_aside().await;
        }
        let room = self.hosts().room().min(TAKEN_AT_ONCE);
        let mut is_more = false;
        if room > 0 {
            let due = store::deliveries::claim(store, &self.token, app.now(), room as u64).await?;
            is_more = due.len() == room;
            self.give_out(due).await?;
        }
        let wanting = self.hosts().wanting(WANTING_AT_ONCE, Instant::now());
        for (host, room) in wanting {
            let held = store::deliveries::claim_held(store, &self.token, &host, room as u64).await?;
            if held.len() < room {
                self.hosts().note_none_held(&host);
            }
            self.give_out(held).await?;
        }
        if is_more || self.hosts().are_wanting() {
            return Ok(Taken::More);
        }
        let is_time_to_look = look.at.is_none_or(|at| at.elapsed() >= self.options.poll);
        if is_time_to_look || look.next_due.is_some_and(|due| due <= app.now()) {
            look.at = Some(Instant::now());
            look.next_due = store::deliveries::next_due(store).await?;
        }
        let wait = look.next_due.map_or(self.options.poll, |due| due.since(app.now())).min(self.options.poll);
        Ok(Taken::All(wait))
    }

    fn note_held(&self, hosts: &[String]) {
        let (mut known, now) = (self.hosts(), Instant::now());
        for host in hosts {
            known.note_held(host, now);
        }
    }

    fn aside(&self) -> MutexGuard<'_, Vec<(DeliveryId, String)>> {
        self.aside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has deliveries laid aside, soon.
    fn lay_aside(&self, all: Vec<(DeliveryId, String)>) {
        if !all.is_empty() {
            self.ours().extend(all.iter().map(|(id, _)| *id));
            self.aside().extend(all);
            self.has_aside.notify_one();
        }
    }

    /// Tells the database what is laid aside. What is told in order waits for a little while instead.
    async fn put_aside(&self) {
        let DeliveryParts { app, store, .. } = &self.parts;
        let aside = std::mem::take(&mut *self.aside());
        if aside.is_empty() {
            return;
        }
        let (ids, hosts): (Vec<_>, Vec<_>) = aside.into_iter().unzip();
        {
            // Before others can take them, this worker among them: what is ours afterwards is so for another reason.
            let mut ours = self.ours();
            for id in &ids {
                ours.remove(id);
            }
        }
        match store::deliveries::hold(store, &self.token, &ids, app.now() + self.options.poll).await {
            Ok(()) => self.note_held(&hosts),
            Err(error) => tracing::warn!(%error, "deliveries that have no place are let go later"),
        }
    }

    /// Gives deliveries to their hosts and starts what can be started; lays aside what has no room.
    async fn give_out(self: &Arc<Self>, taken: Vec<(Delivery, String)>) -> Result<(), StoreError> {
        if taken.is_empty() {
            return Ok(());
        }
        let now = Instant::now();
        let mut rooms: HashMap<String, usize> = HashMap::new();
        let (mut kept, mut aside) = (Vec::new(), Vec::new());
        {
            let hosts = self.hosts();
            for (delivery, host) in taken {
                let room = rooms.entry(host.clone()).or_insert_with(|| hosts.room_at(&host, now));
                if *room == 0 {
                    aside.push((delivery.id, host));
                } else {
                    *room -= 1;
                    kept.push((delivery, host));
                }
            }
        }
        let ready = self.prepare(kept).await?;
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
                    Err(_) => aside.push((id, host)),
                }
            }
        }
        names.sort_unstable();
        names.dedup();
        for name in &names {
            self.start(name);
        }
        self.lay_aside(aside);
        Ok(())
    }

    /// Finds bytes and signatures. Bytes that are not there yet are made and kept before anybody sees them.
    async fn prepare(self: &Arc<Self>, taken: Vec<(Delivery, String)>) -> Result<Vec<(Ready, String)>, StoreError> {
        let DeliveryParts { app, store, .. } = &self.parts;
        let tried: Vec<DeliveryId> =
            taken.iter().filter(|(each, _)| each.attempts > 0).map(|(each, _)| each.id).collect();
        let mut bodies =
            if tried.is_empty() { HashMap::new() } else { store::deliveries::bodies(store, &tried).await? };
        let made = taken.iter().filter(|(delivery, _)| !bodies.contains_key(&delivery.id));
        let made: Vec<_> = made.filter_map(|(delivery, _)| render(delivery)).collect();
        // Neither needs the other, and somebody waits for both.
        let (frozen, signings) = tokio::join!(store::deliveries::freeze(store, made), self.signings(&taken));
        bodies.extend(frozen?);
        let (mut ready, mut unsigned) = (Vec::with_capacity(taken.len()), Vec::new());
        for (delivery, host) in taken {
            let Some(signing) = signings.get(&(delivery.app, delivery.owner)) else {
                unsigned.push(delivery.id);
                continue;
            };
            let Some(body) = bodies.remove(&delivery.id) else {
                tracing::error!(delivery = %delivery.id, "a delivery has no bytes and none can be made of it");
                self.attempts.spawn(Arc::clone(self).write_off(delivery));
                continue;
            };
            ready.push((Ready { delivery, body, signing: Arc::clone(signing) }, host));
        }
        if !unsigned.is_empty() {
            store::deliveries::release(store, &self.token, &unsigned, app.now() + SIGNED_AGAIN).await?;
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
        self.lay_aside(back.into_iter().map(|ready| (ready.delivery.id, place.host.clone())).collect());
        self.start(&place.host);
        let starved = self.hosts().next_starved();
        if let Some(host) = starved {
            self.start(&host);
        }
        // Where there was room before, the desk has taken all that was due, and hears of more by itself.
        if was_full || self.hosts().are_wanting() {
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
        self.attempts.close();
        let _ = timeout(self.options.patience, self.attempts.wait()).await;
        let DeliveryParts { app, store, .. } = &self.parts;
        if let Err(error) = store::deliveries::sign_off(store, &self.token, app.now()).await {
            tracing::warn!(%error, "deliveries are left to others once the lease is over");
        }
    }
}
