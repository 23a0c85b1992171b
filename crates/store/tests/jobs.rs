//! The job queue: order, leases, attempts, cancelling, and workers that die.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::time::Duration;

use model::{JobId, Time};
use serde_json::json;
use store::jobs::{self, Beat, Cancelled, ClaimOptions, Claimed, Enqueued, Fate, JobState, NewJob, Priority, Progress};
use store::{Page, Store, StoreError};
use testkit::both_databases;
use testkit::database::SeededDice;

const LEASE: Duration = Duration::from_secs(30);

/// So many seconds after the beginning.
fn at(seconds: u64) -> Time {
    Time::from_ms(1_764_000_000_000) + Duration::from_secs(seconds)
}

/// A job id that tells its number.
fn id(number: u64) -> JobId {
    JobId::new(at(0) + Duration::from_millis(number), &SeededDice::new(number))
}

fn job() -> NewJob {
    NewJob {
        kind: "produce",
        payload: json!({ "production": "deigtvDv8jH6NaK52Z5eXH" }),
        priority: Priority::Normal,
        due: at(0),
        unique: None,
        subject: Some("deigtvDv8jH6NaK52Z5eXH".to_owned()),
        max_attempts: 3,
    }
}

async fn put(store: &Store, number: u64, job: NewJob) {
    assert_eq!(offer(store, number, job).await, Enqueued::New);
}

async fn offer(store: &Store, number: u64, job: NewJob) -> Enqueued {
    let tx = store.begin().await.unwrap();
    let enqueued = jobs::enqueue(&tx, at(0), id(number), job).await.unwrap();
    tx.commit().await.unwrap();
    enqueued
}

async fn take(store: &Store, now: Time, token: &str) -> Option<Claimed> {
    let options = ClaimOptions { kinds: &["produce"], worker: "test", lease: LEASE };
    jobs::claim(store, &options, now, token).await.unwrap()
}

async fn ack(store: &Store, claimed: &Claimed) -> bool {
    let tx = store.begin().await.unwrap();
    let done = jobs::ack(&tx, claimed).await.unwrap();
    if done {
        tx.commit().await.unwrap();
    }
    done
}

async fn hand_back(store: &Store, claimed: &Claimed, now: Time) -> bool {
    let tx = store.begin().await.unwrap();
    let ours = jobs::hand_back(&tx, claimed, now).await.unwrap();
    if ours {
        tx.commit().await.unwrap();
    }
    ours
}

async fn fail_later(store: &Store, claimed: &Claimed, now: Time, due: Time) -> Fate {
    let tx = store.begin().await.unwrap();
    let fate = jobs::fail_later(&tx, claimed, now, due, "the network was away").await.unwrap();
    tx.commit().await.unwrap();
    fate
}

async fn state(store: &Store, number: u64) -> JobState {
    jobs::find(store, id(number)).await.unwrap().unwrap().state
}

both_databases! {
    async fn a_job_is_promised_claimed_and_done(database: &Database) {
        let store = database.store();
        assert_eq!(take(store, at(0), "a").await, None);
        assert_eq!(offer(store, 1, job()).await, Enqueued::New);
        let claimed = take(store, at(1), "a").await.unwrap();
        assert_eq!((claimed.id, claimed.attempt, claimed.max_attempts), (id(1), 1, 3));
        assert_eq!(claimed.payload, job().payload);
        assert_eq!(claimed.subject, job().subject);
        assert!(!claimed.cancel_asked);
        assert_eq!(take(store, at(2), "b").await, None, "it is leased");
        assert!(ack(store, &claimed).await);
        assert_eq!(jobs::find(store, id(1)).await.unwrap(), None);
        assert!(!ack(store, &claimed).await, "there is nothing left to acknowledge");
    }

    async fn a_job_is_there_only_if_its_transaction_is_committed(database: &Database) {
        let store = database.store();
        let tx = store.begin().await.unwrap();
        let _ = jobs::enqueue(&tx, at(0), id(1), job()).await.unwrap();
        assert!(jobs::find(&tx, id(1)).await.unwrap().is_some());
        assert!(jobs::find(store, id(1)).await.unwrap().is_none(), "nobody else sees it yet");
        drop(tx);
        assert_eq!(take(store, at(1), "a").await, None);

        put(store, 2, job()).await;
        let claimed = take(store, at(1), "a").await.unwrap();
        let tx = store.begin().await.unwrap();
        assert!(jobs::ack(&tx, &claimed).await.unwrap());
        drop(tx);
        assert!(ack(store, &claimed).await, "the acknowledgement went with its transaction");
    }

    async fn the_urgent_comes_first_then_the_old(database: &Database) {
        let store = database.store();
        put(store, 1, NewJob { priority: Priority::Low, ..job() }).await;
        put(store, 2, job()).await;
        put(store, 3, NewJob { priority: Priority::High, ..job() }).await;
        put(store, 4, NewJob { due: at(0) - LEASE, ..job() }).await;
        put(store, 5, NewJob { priority: Priority::High, due: at(9), ..job() }).await;
        let mut order = Vec::new();
        while let Some(claimed) = take(store, at(8), "a").await {
            order.push(claimed.id);
        }
        assert_eq!(order, [id(3), id(4), id(2), id(1)], "5 is not due yet");
        assert_eq!(take(store, at(9), "a").await.unwrap().id, id(5));
    }

    async fn only_what_a_worker_can_do_is_claimed(database: &Database) {
        let store = database.store();
        put(store, 1, NewJob { kind: "deliver", ..job() }).await;
        assert_eq!(take(store, at(1), "a").await, None);
        let none = ClaimOptions { kinds: &[], worker: "test", lease: LEASE };
        assert_eq!(jobs::claim(store, &none, at(1), "a").await.unwrap(), None);
        let both = ClaimOptions { kinds: &["produce", "deliver"], worker: "test", lease: LEASE };
        assert_eq!(jobs::claim(store, &both, at(1), "a").await.unwrap().unwrap().kind, "deliver");
    }

    async fn a_worker_that_died_loses_its_job(database: &Database) {
        let store = database.store();
        put(store, 1, job()).await;
        let dead = take(store, at(0), "dead").await.unwrap();
        assert_eq!(take(store, at(29), "next").await, None);
        assert_eq!(jobs::next_due(store).await.unwrap(), Some(at(30)));
        let next = take(store, at(30), "next").await.unwrap();
        assert_eq!((next.id, next.attempt), (id(1), 2));

        // It was not dead after all, only late; nothing it says counts.
        assert_eq!(jobs::heartbeat(store, &dead, at(31), LEASE, None).await.unwrap(), Beat::Lost);
        assert!(!ack(store, &dead).await);
        assert_eq!(fail_later(store, &dead, at(31), at(90)).await, Fate::Lost);
        assert!(!hand_back(store, &dead, at(31)).await);
        let tx = store.begin().await.unwrap();
        assert!(!jobs::fail_never(&tx, &dead, at(31), "no").await.unwrap());
        drop(tx);
        assert!(ack(store, &next).await);
    }

    async fn a_sign_of_life_keeps_the_lease(database: &Database) {
        let store = database.store();
        put(store, 1, job()).await;
        let claimed = take(store, at(0), "a").await.unwrap();
        let subject = job().subject.unwrap();
        assert_eq!(jobs::progress_of(store, &subject).await.unwrap(), None);
        let half = Progress { fraction: 0.5, stage: "encoding".to_owned(), amplitudes: vec![0, 1, 127] };
        assert_eq!(jobs::heartbeat(store, &claimed, at(20), LEASE, Some(&half)).await.unwrap(), Beat::Alive);
        assert_eq!(jobs::heartbeat(store, &claimed, at(25), LEASE, None).await.unwrap(), Beat::Alive);
        assert_eq!(jobs::progress_of(store, &subject).await.unwrap(), Some(half.clone()), "it stays until more is said");
        assert_eq!(take(store, at(54), "b").await, None);
        assert_eq!(
            state(store, 1).await,
            JobState::Leased { worker: "test".to_owned(), until: at(55), progress: Some(half), cancel_asked: false }
        );
        assert!(take(store, at(55), "b").await.is_some());
        assert_eq!(jobs::progress_of(store, &subject).await.unwrap(), None, "it begins anew");
    }

    async fn a_job_that_kills_its_workers_dies(database: &Database) {
        let store = database.store();
        put(store, 1, job()).await;
        for attempt in 1..=3 {
            let claimed = take(store, at(u64::from(attempt) * 100), "a").await.unwrap();
            assert_eq!(claimed.attempt, attempt);
        }
        assert_eq!(take(store, at(1000), "a").await, None, "never again");
        let tx = store.begin().await.unwrap();
        assert_eq!(jobs::bury_spent(&tx, at(329), 10).await.unwrap(), [], "the last worker may still live");
        let buried = jobs::bury_spent(&tx, at(1000), 10).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(buried.len(), 1);
        assert_eq!((buried[0].id, buried[0].subject.clone()), (id(1), job().subject));
        assert!(matches!(&buried[0].state, JobState::Dead { since, reason } if *since == at(1000) && !reason.is_empty()));
        assert_eq!(take(store, at(2000), "a").await, None);
        assert_eq!(jobs::list_dead(store, Page::first(10)).await.unwrap(), buried);
    }

    async fn what_did_not_work_waits_and_dies_in_the_end(database: &Database) {
        let store = database.store();
        put(store, 1, job()).await;
        let claimed = take(store, at(0), "a").await.unwrap();
        assert_eq!(fail_later(store, &claimed, at(1), at(60)).await, Fate::Again);
        let subject = job().subject.unwrap();
        assert_eq!(jobs::again_of(store, &subject).await.unwrap(), Some((at(60), "the network was away".to_owned())));
        // Another process waits as long: the back-off is in the database.
        let other = database.another().await;
        assert_eq!(take(&other, at(59), "b").await, None);
        assert_eq!(jobs::find(&other, id(1)).await.unwrap().unwrap().trouble.as_deref(), Some("the network was away"));
        let claimed = take(&other, at(60), "b").await.unwrap();
        assert_eq!(jobs::again_of(&other, &subject).await.unwrap(), None, "it is tried");
        assert_eq!(fail_later(&other, &claimed, at(61), at(62)).await, Fate::Again);
        let claimed = take(&other, at(62), "c").await.unwrap();
        assert_eq!(claimed.attempt, 3);
        assert_eq!(fail_later(&other, &claimed, at(63), at(64)).await, Fate::Dead);
        let reason = "the network was away".to_owned();
        assert_eq!(state(store, 1).await, JobState::Dead { since: at(63), reason });
        other.close().await.unwrap();
    }

    async fn what_never_works_is_dead_at_once_and_may_be_revived(database: &Database) {
        let store = database.store();
        put(store, 1, NewJob { unique: Some("only one".to_owned()), ..job() }).await;
        let claimed = take(store, at(0), "a").await.unwrap();
        let tx = store.begin().await.unwrap();
        assert!(jobs::fail_never(&tx, &claimed, at(1), "no\0sound").await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(state(store, 1).await, JobState::Dead { since: at(1), reason: "no\u{fffd}sound".to_owned() });

        // Its key is free; while somebody has it, the dead stay dead.
        assert_eq!(offer(store, 2, NewJob { unique: Some("only one".to_owned()), ..job() }).await, Enqueued::New);
        let tx = store.begin().await.unwrap();
        assert!(matches!(jobs::revive(&tx, id(1), at(2)).await, Err(StoreError::Conflict)));
        drop(tx);
        let second = take(store, at(2), "b").await.unwrap();
        assert!(ack(store, &second).await);
        let tx = store.begin().await.unwrap();
        assert!(jobs::revive(&tx, id(1), at(3)).await.unwrap());
        assert!(!jobs::revive(&tx, id(2), at(3)).await.unwrap());
        tx.commit().await.unwrap();
        let again = take(store, at(3), "c").await.unwrap();
        assert_eq!((again.id, again.attempt), (id(1), 1));

        let tx = store.begin().await.unwrap();
        assert!(jobs::fail_never(&tx, &again, at(4), "no").await.unwrap());
        assert_eq!(jobs::remove_dead_before(&tx, at(4)).await.unwrap(), 0);
        assert_eq!(jobs::remove_dead_before(&tx, at(5)).await.unwrap(), 1);
    }

    async fn a_worker_that_has_to_leave_hands_back(database: &Database) {
        let store = database.store();
        put(store, 1, job()).await;
        for token in ["a", "b", "c", "d", "e"] {
            let claimed = take(store, at(1), token).await.unwrap();
            assert_eq!(claimed.attempt, 1, "an attempt that was handed back does not count");
            assert!(hand_back(store, &claimed, at(1)).await);
            assert!(!hand_back(store, &claimed, at(1)).await);
        }
    }

    async fn one_living_job_has_a_unique_key(database: &Database) {
        let store = database.store();
        let only = || NewJob { unique: Some("production 1".to_owned()), ..job() };
        assert_eq!(offer(store, 1, only()).await, Enqueued::New);
        assert_eq!(offer(store, 2, only()).await, Enqueued::AlreadyThere);
        assert_eq!(offer(store, 3, NewJob { unique: Some("production 2".to_owned()), ..job() }).await, Enqueued::New);
        let claimed = take(store, at(0), "a").await.unwrap();
        assert_eq!(offer(store, 4, only()).await, Enqueued::AlreadyThere, "also while it is worked on");
        // In the transaction that ends the first, there is room for the next.
        let tx = store.begin().await.unwrap();
        assert!(jobs::ack(&tx, &claimed).await.unwrap());
        assert_eq!(jobs::enqueue(&tx, at(1), id(5), only()).await.unwrap(), Enqueued::New);
        tx.commit().await.unwrap();
    }

    async fn cancelling_removes_what_waits_and_tells_who_works(database: &Database) {
        let store = database.store();
        put(store, 1, job()).await;
        let claimed = take(store, at(0), "a").await.unwrap();
        put(store, 2, job()).await;
        put(store, 3, NewJob { due: at(500), ..job() }).await;
        put(store, 4, NewJob { subject: Some("something else".to_owned()), ..job() }).await;
        let tx = store.begin().await.unwrap();
        let cancelled = jobs::ask_cancel(&tx, &job().subject.unwrap()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(cancelled, Cancelled { removed: 2, asked: 1 });
        assert_eq!(jobs::heartbeat(store, &claimed, at(1), LEASE, None).await.unwrap(), Beat::CancelAsked);
        assert_eq!(take(store, at(2), "b").await.unwrap().id, id(4));
        // If the worker dies before it hears of it, the next one knows.
        let next = take(store, at(40), "c").await;
        let next = if let Some(next) = next && next.id == id(1) { next } else { take(store, at(40), "d").await.unwrap() };
        assert!(next.cancel_asked);
        assert_eq!(jobs::list_by_subject(store, &job().subject.unwrap()).await.unwrap().len(), 1);
    }

    async fn workers_that_race_never_have_the_same_job(database: &Database) {
        let store = database.store();
        let other = database.another().await;
        let tx = store.begin().await.unwrap();
        for number in 0..200 {
            let _ = jobs::enqueue(&tx, at(0), id(number), job()).await.unwrap();
        }
        tx.commit().await.unwrap();
        let workers = (0..8).map(|worker| {
            let store = if worker % 2 == 0 { store.clone() } else { other.clone() };
            tokio::spawn(async move {
                let mut had = Vec::new();
                let options = ClaimOptions { kinds: &["produce"], worker: "test", lease: LEASE };
                loop {
                    let token = format!("{worker}.{}", had.len());
                    let claimed = jobs::claim_many(&store, &options, 3, at(1), &token).await.unwrap();
                    if claimed.is_empty() {
                        return had;
                    }
                    for job in claimed {
                        assert!(ack(&store, &job).await);
                        had.push(job.id);
                    }
                }
            })
        });
        let had: Vec<_> = futures_util::future::try_join_all(workers).await.unwrap().concat();
        assert_eq!(had.len(), 200);
        assert_eq!(had.iter().collect::<BTreeSet<_>>().len(), 200);
        other.close().await.unwrap();
    }

    async fn a_claim_waits_for_no_transaction_on_other_jobs(database: &Database) {
        // On PostgreSQL; on SQLite everybody waits for the one that writes, so it is let go there first.
        let store = database.store();
        put(store, 1, job()).await;
        put(store, 2, job()).await;
        let first = take(store, at(0), "a").await.unwrap();
        let tx = store.begin().await.unwrap();
        assert!(jobs::ack(&tx, &first).await.unwrap());
        if database.url().starts_with("sqlite") {
            tx.commit().await.unwrap();
            assert_eq!(take(store, at(40), "b").await.unwrap().id, id(2));
        } else {
            // The lease of the first has run out as well, but it is being acknowledged.
            assert_eq!(take(store, at(40), "b").await.unwrap().id, id(2));
            assert_eq!(take(store, at(40), "c").await, None);
            tx.commit().await.unwrap();
        }
        assert_eq!(jobs::find(store, id(1)).await.unwrap(), None);
    }

    async fn the_queue_is_counted(database: &Database) {
        let store = database.store();
        assert_eq!(jobs::counts(store, at(0)).await.unwrap(), jobs::Counts::default());
        for number in 1..=3 {
            put(store, number, job()).await;
        }
        put(store, 4, NewJob { due: at(10), ..job() }).await;
        put(store, 5, NewJob { due: at(20), ..job() }).await;
        let claimed = take(store, at(1), "a").await.unwrap();
        let tx = store.begin().await.unwrap();
        assert!(jobs::fail_never(&tx, &claimed, at(1), "no").await.unwrap());
        tx.commit().await.unwrap();
        let _ = take(store, at(1), "b").await.unwrap();
        let counts = jobs::counts(store, at(10)).await.unwrap();
        assert_eq!((counts.ready, counts.later, counts.leased, counts.dead), (2, 1, 1, 1));
        assert_eq!(counts.oldest_ready, Some(at(0)));
    }

    async fn the_bell_rings_when_a_job_is_committed(database: &Database) {
        let store = database.store();
        let other = database.another().await;
        let mut near = store::Bell::new(store);
        put(store, 1, job()).await;
        near.wait(Duration::from_mins(1)).await;
        near.wait(Duration::ZERO).await;
        if !database.url().starts_with("sqlite") {
            // Listening to other processes begins some time after the bell was made.
            let mut far = store::Bell::new(&other);
            let mut number = 2;
            let heard = async { far.wait(Duration::from_mins(1)).await };
            let ringing = async {
                loop {
                    put(store, number, job()).await;
                    number += 1;
                }
            };
            tokio::select! {
                () = heard => {}
                () = ringing => {}
            }
        }
        other.close().await.unwrap();
    }

    async fn a_text_that_cannot_be_kept_is_refused_on_both(database: &Database) {
        let tx = database.store().begin().await.unwrap();
        let nul = NewJob { payload: json!({ "title": ["a\0b"] }), ..job() };
        assert!(matches!(jobs::enqueue(&tx, at(0), id(1), nul).await, Err(StoreError::Unkeepable)));
    }
}
