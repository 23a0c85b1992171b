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
    let claimed = store::deliveries::claim(store, "worker", now, 10).await.unwrap();
    claimed.into_iter().map(|(delivery, _)| delivery).collect()
}

async fn held_hosts(store: &Store) -> Vec<String> {
    store::deliveries::held_hosts(store, None, 10).await.unwrap().0
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
        assert!(held_hosts(store).await.is_empty(), "no host is asked for what waits its turn");
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
        assert_eq!(held_hosts(store).await, ["h.example"]);
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
        assert!(held_hosts(store).await.is_empty());
        assert!(taken(store, NOW + Duration::from_secs(1)).await.is_empty());
        let again = taken(store, now).await;
        assert_eq!(again[0].id, first);
        settle(store, &again[0], now, Verdict::Taken).await;
        assert_eq!(taken(store, now).await[0].id, second);
    }

    async fn what_is_given_to_a_worker_that_has_left_comes_back(database: &Database) {
        let (store, dice) = (database.store(), SeededDice::new(7));
        let to = receiver(store, &dice, false).await;
        let (first, second) = (promise(store, &dice, &to, 0).await, promise(store, &dice, &to, 1).await);
        let now = NOW + Duration::from_secs(1);
        store::deliveries::sign_on(store, "worker", now + Duration::from_secs(20)).await.unwrap();
        assert_eq!(store::deliveries::claim(store, "worker", now, 1).await.unwrap()[0].0.id, first);
        store::deliveries::sign_off(store, "worker", now).await.unwrap();
        assert_eq!(store::deliveries::claim(store, "other", now, 1).await.unwrap()[0].0.id, second, "the one that has waited for longer");
        // The answer to a question that nobody waited for any more.
        assert_eq!(taken(store, now).await[0].id, first);
        assert_eq!(store::deliveries::recover(store, now + Duration::from_secs(20)).await.unwrap(), 0);
        assert_eq!(store::deliveries::recover(store, now + Duration::from_secs(21)).await.unwrap(), 1);
        assert_eq!(taken(store, now + Duration::from_secs(21)).await[0].id, first);
    }

    async fn hosts_are_found_by_name_however_much_is_held_for_each(database: &Database) {
        let (store, dice) = (database.store(), SeededDice::new(6));
        assert_eq!(store::deliveries::held_hosts(store, None, 10).await.unwrap(), (vec![], None));
        let to = receiver(store, &dice, false).await;
        let ordered = Receiver { is_ordered: true, ..to.clone() };
        for number in 0..2 {
            promise(store, &dice, &ordered, number).await;
        }
        for host in ["b.example", "a.example", "127.0.0.1", "z.example", "b.example"] {
            promise(store, &dice, &Receiver { url: format!("https://{host}/"), ..to.clone() }, 5).await;
        }
        let all = taken(store, NOW + Duration::from_secs(1)).await;
        let ids: Vec<_> = all.iter().filter(|each| !each.is_ordered).map(|each| each.id).collect();
        store::deliveries::hold(store, "worker", &ids, NOW).await.unwrap();
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let (some, next) = store::deliveries::held_hosts(store, after.as_deref(), 2).await.unwrap();
            assert!(some.len() <= 2);
            found.extend(some);
            after = next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, ["127.0.0.1", "a.example", "b.example", "z.example"]);
    }
}
