//! Deliveries in their order: one at a time for a receiver that asked for it, whatever becomes of each.

#![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

use std::time::Duration;

use model::delivery::{Attempt, DeliveryKind, Receiver};
use model::{Account, AccountId, Delivery, DeliveryId, Dice, ReceiverId, Time};
use serde_json::json;
use store::Store;
use store::deliveries::{NewDelivery, Settled, Verdict};
use testkit::database::SeededDice;

const NOW: Time = Time::from_ms(1_795_600_000_000);

async fn receiver(store: &Store, dice: &dyn Dice, is_ordered: bool) -> Receiver {
    let owner = AccountId::new(NOW, dice);
    let tx = store.begin().await.unwrap();
    let account = Account {
        id: owner,
        username: format!("ada{}", &owner.as_str()[16..].to_lowercase()).parse().unwrap(),
        email: None,
        is_admin: false,
        number: 1,
        created: NOW,
    };
    store::accounts::insert(&tx, &account, Some("hash")).await.unwrap();
    let receiver = Receiver {
        id: ReceiverId::new(NOW, dice),
        owner,
        kind: DeliveryKind::Webhook,
        key: "https://h.example/".to_owned(),
        url: "https://h.example/".to_owned(),
        app: None,
        is_ordered,
        failing: None,
        disabled: None,
        disabled_why: None,
        created: NOW,
    };
    let kept = store::receivers::keep(&tx, &receiver).await.unwrap();
    tx.commit().await.unwrap();
    kept
}

/// Promises one, a millisecond after the other.
async fn promise(store: &Store, dice: &dyn Dice, to: &Receiver, number: u64) -> DeliveryId {
    let now = NOW + Duration::from_millis(number);
    let id = DeliveryId::new(now, dice);
    let new = NewDelivery {
        id,
        receiver: to.id,
        owner: to.owner,
        app: None,
        kind: to.kind,
        subject: number.to_string(),
        fact: json!({}),
        url: to.url.clone(),
        is_ordered: to.is_ordered,
        given_up: None,
    };
    let tx = store.begin().await.unwrap();
    store::receivers::lock(&tx, to.id).await.unwrap();
    store::deliveries::insert(&tx, now, &[new]).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn taken(store: &Store, now: Time) -> Vec<Delivery> {
    let claimed = store::deliveries::claim(store, "worker", now, &[], 10).await.unwrap();
    claimed.taken.into_iter().map(|(delivery, _)| delivery).collect()
}

async fn settle(store: &Store, delivery: &Delivery, now: Time, verdict: Verdict) {
    let attempt = Attempt {
        number: delivery.attempts + 1,
        began: now,
        took: Duration::from_millis(2),
        status: Some(500),
        reason: "It did not work.".to_owned(),
        address: None,
        headers: Vec::new(),
        body: Vec::new(),
    };
    let (delivery, receiver, is_ordered) = (delivery.id, delivery.receiver, delivery.is_ordered);
    let tx = store.begin().await.unwrap();
    let settled = Settled { delivery, receiver, is_ordered, attempt, verdict };
    store::deliveries::settle(&tx, "worker", now, &[settled]).await.unwrap();
    tx.commit().await.unwrap();
}

testkit::both_databases! {
    async fn what_is_told_in_order_goes_one_by_one(database: &Database) {
        let (store, dice) = (database.store(), SeededDice::new(3));
        let to = receiver(store, &dice, true).await;
        let mut promised = Vec::new();
        for number in 0..3 {
            promised.push(promise(store, &dice, &to, number).await);
        }
        let later = NOW + Duration::from_secs(1);
        let first = taken(store, later).await;
        assert_eq!(first.iter().map(|each| each.id).collect::<Vec<_>>(), promised[..1]);
        // It did not work, and nobody overtakes it while it waits.
        settle(store, &first[0], later, Verdict::Again(later + Duration::from_secs(5))).await;
        assert!(taken(store, later).await.is_empty());
        let later = later + Duration::from_secs(5);
        let first = taken(store, later).await;
        assert_eq!((first[0].id, first[0].attempts, first[0].tries), (promised[0], 1, 1));
        settle(store, &first[0], later, Verdict::Taken).await;
        // Given up is an end, too.
        let second = taken(store, later).await;
        assert_eq!(second.iter().map(|each| each.id).collect::<Vec<_>>(), promised[1..2]);
        settle(store, &second[0], later, Verdict::Spent).await;
        let third = taken(store, later).await;
        assert_eq!(third.iter().map(|each| each.id).collect::<Vec<_>>(), promised[2..]);
        assert!(store::deliveries::held_hosts(store, 10).await.unwrap().is_empty(), "no host is asked for what waits its turn");
        settle(store, &third[0], later, Verdict::Taken).await;
        // With nothing before it, the next one goes at once.
        let fourth = promise(store, &dice, &to, 10_000).await;
        assert_eq!(taken(store, later + Duration::from_mins(1)).await[0].id, fourth);
    }

    async fn others_wait_for_nobody(database: &Database) {
        let (store, dice) = (database.store(), SeededDice::new(4));
        let to = receiver(store, &dice, false).await;
        for number in 0..3 {
            promise(store, &dice, &to, number).await;
        }
        let all = taken(store, NOW + Duration::from_secs(1)).await;
        assert_eq!(all.len(), 3);
        store::deliveries::hold(store, "worker", &[all[0].id, all[1].id], NOW).await.unwrap();
        assert_eq!(store::deliveries::held_hosts(store, 10).await.unwrap(), ["h.example"]);
        let held = store::deliveries::claim_held(store, "worker", "h.example", 1).await.unwrap();
        assert_eq!(held[0].0.id, all[0].id, "the oldest first");
        // What a worker has and does not know of any more is let go, and nothing else.
        let had = store::deliveries::had_by(store, "worker").await.unwrap();
        assert_eq!(had.len(), 2);
        store::deliveries::release(store, "worker", &[all[2].id], NOW).await.unwrap();
        assert_eq!(store::deliveries::had_by(store, "worker").await.unwrap(), [all[0].id]);
        assert_eq!(taken(store, NOW + Duration::from_secs(1)).await[0].id, all[2].id);
    }

    async fn what_is_told_in_order_is_never_laid_aside(database: &Database) {
        let (store, dice) = (database.store(), SeededDice::new(5));
        let to = receiver(store, &dice, true).await;
        let first = promise(store, &dice, &to, 0).await;
        let second = promise(store, &dice, &to, 1).await;
        let mut now = NOW + Duration::from_secs(1);
        assert_eq!(taken(store, now).await[0].id, first);
        // The worker has no place for it. It is asked for again by itself, since nothing that ends would let it go.
        now = now + Duration::from_secs(1);
        store::deliveries::hold(store, "worker", &[first], now).await.unwrap();
        assert!(store::deliveries::held_hosts(store, 10).await.unwrap().is_empty());
        assert!(taken(store, NOW + Duration::from_secs(1)).await.is_empty());
        let again = store::deliveries::claim(store, "worker", now, &["h.example".to_owned()], 10).await.unwrap();
        assert_eq!(again.held, [""; 0]);
        assert_eq!(again.taken[0].0.id, first);
        settle(store, &again.taken[0].0, now, Verdict::Taken).await;
        assert_eq!(taken(store, now).await[0].id, second);
    }

    async fn what_goes_to_a_full_host_is_laid_aside_at_once(database: &Database) {
        let (store, dice) = (database.store(), SeededDice::new(6));
        let to = receiver(store, &dice, false).await;
        let elsewhere = Receiver { url: "https://elsewhere.example/".to_owned(), ..to.clone() };
        promise(store, &dice, &to, 0).await;
        let free = promise(store, &dice, &elsewhere, 1).await;
        let now = NOW + Duration::from_secs(1);
        let claimed = store::deliveries::claim(store, "worker", now, &["h.example".to_owned()], 10).await.unwrap();
        assert_eq!(claimed.held, ["h.example"]);
        assert_eq!(claimed.taken.iter().map(|(each, _)| each.id).collect::<Vec<_>>(), [free]);
        assert_eq!(store::deliveries::had_by(store, "worker").await.unwrap(), [free], "nobody has what is laid aside");
        assert_eq!(store::deliveries::held_hosts(store, 10).await.unwrap(), ["h.example"]);
    }
}
