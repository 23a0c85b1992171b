//! The queue as an operator sees it: dead jobs are listed, tried again, dropped.

use std::time::Duration;

use app::queue::Revived;
use app::runs::{Begun, Said};
use app::{AppError, Page};
use model::production::{Made, Stage, State};
use model::{JobId, ProductionId};
use store::Store;
use store::jobs::{Counts, JobState};
use testkit::house::House;

use crate::runs::{LEASE, claim, started, state};

/// A production whose worker was killed as often as it may be, and its job.
async fn dead(house: &House, store: &Store, name: &str) -> (app::Caller, ProductionId, JobId) {
    let (caller, _) = house.account(name).await;
    let id = started(&house.app, &caller).await.id;
    let mut last = None;
    for attempt in 1..=5 {
        let job = claim(house, store, &format!("worker {attempt}")).await.unwrap();
        house.app.runs().begin(&job).await.unwrap();
        house.clock.pass(LEASE + Duration::from_secs(1));
        last = Some(job.id);
    }
    assert_eq!(house.app.runs().bury().await.unwrap(), 1);
    (caller, id, last.unwrap())
}

testkit::both_databases! {
    async fn a_dead_run_is_tried_again_from_the_beginning(database: &Database) {
        let house = House::open(database);
        let (ada, id, job) = dead(&house, database.store(), "ada").await;
        let listed = house.app.queue().list(Page::first(10)).await.unwrap();
        assert!(matches!(&listed[0].state, JobState::Dead { reason, .. } if reason.contains("not heard of again")));
        assert_eq!((listed.len(), listed[0].id), (1, job));
        house.app.queue().revive(job).await.unwrap();
        assert_eq!(state(&house, &ada, id).await, State::Waiting);
        let claimed = claim(&house, database.store(), "again").await.unwrap();
        assert_eq!((claimed.id, claimed.attempt), (job, 1));
        assert!(matches!(house.app.runs().begin(&claimed).await.unwrap(), Begun::Go(_)));
        assert_eq!(house.app.runs().finish(&claimed, Made::default()).await.unwrap(), Said::Heard);
        assert!(matches!(state(&house, &ada, id).await, State::Done { .. }));
        assert_eq!(house.app.queue().counts().await.unwrap(), Counts::default());
    }

    async fn what_nobody_waits_for_stays_dead_and_can_be_dropped(database: &Database) {
        let house = House::open(database);
        let store = database.store();
        let (ada, anew, job) = dead(&house, store, "ada").await;
        let (eve, gone, _) = dead(&house, store, "eve").await;
        let (joe, wanted, _) = dead(&house, store, "joe").await;
        // One was started anew since, and one removed.
        house.app.productions().start(&ada, anew).await.unwrap();
        house.app.productions().remove(&eve, gone).await.unwrap();
        assert!(matches!(house.app.queue().revive(job).await, Err(AppError::Conflict(_))));
        assert_eq!(house.app.queue().revive_all().await.unwrap(), Revived { revived: 1, left: 2 });
        assert_eq!(state(&house, &joe, wanted).await, State::Waiting);
        house.app.queue().remove(job).await.unwrap();
        assert!(matches!(house.app.queue().remove(job).await, Err(AppError::NotFound(_))));
        let counts = house.app.queue().counts().await.unwrap();
        assert_eq!((counts.ready, counts.dead), (2, 1));
        // What is alive is nobody's to drop.
        let listed = house.app.queue().list(Page::first(10)).await.unwrap();
        assert!(matches!(listed[0].state, JobState::Dead { .. }) && listed.len() == 3);
        assert!(matches!(house.app.queue().remove(listed[1].id).await, Err(AppError::Conflict(_))));
        assert!(matches!(house.app.queue().revive(listed[1].id).await, Err(AppError::Conflict(_))));
    }

    async fn what_was_put_off_too_often_is_dead_with_its_reason(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let id = started(&house.app, &ada).await.id;
        for attempt in 1..=5 {
            let job = claim(&house, database.store(), &format!("worker {attempt}")).await.unwrap();
            house.app.runs().begin(&job).await.unwrap();
            let now = house.app.now();
            let _ = house.app.runs().put_off(&job, now, "Storage is away.", Stage::Fetching).await.unwrap();
        }
        let dead = house.app.queue().list_dead(Page::first(10)).await.unwrap();
        assert!(matches!(&dead[0].state, JobState::Dead { reason, .. } if reason == "Storage is away."));
        assert_eq!(house.app.queue().revive_all().await.unwrap(), Revived { revived: 1, left: 0 });
        assert_eq!(state(&house, &ada, id).await, State::Waiting);
    }
}
