//! Runs: begun, killed, taken up, stopped, finished once.

use std::time::Duration;

use app::productions::NewProduction;
use app::runs::{Begun, Said};
use app::{App, Caller};
use model::production::{Edit, Input, Made, MadeFile, Stage, State};
use model::{Production, ProductionId};
use store::Store;
use store::jobs::{Beat, ClaimOptions, Claimed};
use testkit::house::House;

use crate::{content, pieces, upload};

pub(crate) const LEASE: Duration = Duration::from_secs(30);

pub(crate) async fn started(app: &App, caller: &Caller) -> Production {
    let input = Some(Input::File(upload(app, caller, b"RIFF").await));
    let new = NewProduction { edit: Edit { input, ..Edit::default() }, start: true, ..NewProduction::default() };
    app.productions().create(caller, new).await.unwrap()
}

pub(crate) async fn claim(house: &House, store: &Store, token: &str) -> Option<Claimed> {
    let options = ClaimOptions { kinds: &["produce"], worker: "test", lease: LEASE };
    store::jobs::claim(store, &options, house.app.now(), token).await.unwrap()
}

/// A result of one file, written as a worker would.
async fn made(house: &House, production: &Production, bytes: &[u8]) -> Made {
    let (key, limit) = house.app.runs().announce(production.owner, production.id, production.run).await.unwrap();
    let size = house.blobs.put_stream(&key, pieces(bytes), limit).await.unwrap();
    let file = MadeFile { key: key.as_str().to_owned(), name: "talk.mp3".to_owned(), size, ..MadeFile::default() };
    Made { files: vec![file], ..Made::default() }
}

pub(crate) async fn state(house: &House, caller: &Caller, id: ProductionId) -> State {
    house.app.productions().find(caller, id).await.unwrap().state
}

testkit::both_databases! {
    async fn a_run_goes_from_waiting_to_done(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let id = started(&house.app, &ada).await.id;
        let job = claim(&house, database.store(), "one").await.unwrap();
        let Begun::Go(production) = house.app.runs().begin(&job).await.unwrap() else { panic!("nothing to do") };
        assert_eq!(production.state, State::Working { stage: Stage::Fetching });
        assert_eq!(house.app.runs().reach(&job, Stage::Processing).await.unwrap(), Said::Heard);
        let made = made(&house, &production, b"mastered").await;
        assert_eq!(house.app.runs().finish(&job, made).await.unwrap(), Said::Heard);
        assert!(matches!(state(&house, &ada, id).await, State::Done { in_review: false, .. }));
        let result = house.app.productions().result(&ada, id, "talk.mp3").await.unwrap();
        assert_eq!(content(&house.app, &result.key).await.unwrap(), b"mastered");
        assert!(claim(&house, database.store(), "two").await.is_none());
        house.app.sweeps().sweep().await.unwrap();
        assert_eq!(content(&house.app, &result.key).await.unwrap(), b"mastered");
    }

    async fn a_killed_workers_run_is_taken_up_and_ends_once(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let id = started(&house.app, &ada).await.id;
        let first = claim(&house, database.store(), "one").await.unwrap();
        let Begun::Go(production) = house.app.runs().begin(&first).await.unwrap() else { panic!("nothing to do") };
        let early = made(&house, &production, b"of the first").await;
        // The first worker is not heard of any more; the second takes its job.
        house.clock.pass(LEASE + Duration::from_secs(1));
        let second = claim(&house, database.store(), "two").await.unwrap();
        assert_eq!(second.attempt, 2);
        let Begun::Go(production) = house.app.runs().begin(&second).await.unwrap() else { panic!("nothing to do") };
        let late = made(&house, &production, b"of the second").await;
        assert_eq!(house.app.runs().finish(&second, late).await.unwrap(), Said::Heard);
        // The first was only slow; what it says does not count, and what it wrote is swept away.
        assert_eq!(house.app.runs().finish(&first, early.clone()).await.unwrap(), Said::TooLate);
        assert_eq!(house.app.runs().fail(&first, "late", Stage::Encoding).await.unwrap(), Said::TooLate);
        let result = house.app.productions().result(&ada, id, "talk.mp3").await.unwrap();
        assert_eq!(content(&house.app, &result.key).await.unwrap(), b"of the second");
        house.clock.pass(Duration::from_hours(25));
        house.app.sweeps().sweep().await.unwrap();
        assert!(content(&house.app, &early.files[0].key).await.is_err());
        assert_eq!(content(&house.app, &result.key).await.unwrap(), b"of the second");
    }

    async fn a_worker_that_lost_its_lease_cannot_finish(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let id = started(&house.app, &ada).await.id;
        let first = claim(&house, database.store(), "one").await.unwrap();
        let Begun::Go(production) = house.app.runs().begin(&first).await.unwrap() else { panic!("nothing to do") };
        house.clock.pass(LEASE + Duration::from_secs(1));
        let _second = claim(&house, database.store(), "two").await.unwrap();
        let early = made(&house, &production, b"of the first").await;
        assert_eq!(house.app.runs().finish(&first, early).await.unwrap(), Said::TooLate);
        assert!(state(&house, &ada, id).await.is_running());
    }

    async fn a_run_that_kills_its_workers_ends(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let id = started(&house.app, &ada).await.id;
        for attempt in 1..=5 {
            let job = claim(&house, database.store(), &format!("worker {attempt}")).await.unwrap();
            assert_eq!(job.attempt, attempt);
            house.app.runs().begin(&job).await.unwrap();
            house.clock.pass(LEASE + Duration::from_secs(1));
        }
        assert!(claim(&house, database.store(), "six").await.is_none());
        assert_eq!(house.app.runs().bury().await.unwrap(), 1);
        let State::Failed { reason, stage } = state(&house, &ada, id).await else { panic!("it runs still") };
        assert!(reason.contains("5 times") && stage == Some(Stage::Fetching), "{reason}");
        assert_eq!(house.app.runs().bury().await.unwrap(), 0);
        // Its owner can try again.
        assert_eq!(house.app.productions().start(&ada, id).await.unwrap().run, 2);
    }

    async fn stopping_reaches_the_worker(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let id = started(&house.app, &ada).await.id;
        let job = claim(&house, database.store(), "one").await.unwrap();
        house.app.runs().begin(&job).await.unwrap();
        assert_eq!(house.app.productions().stop(&ada, id).await.unwrap().state, State::Stopping);
        let beat = store::jobs::heartbeat(database.store(), &job, house.app.now(), LEASE, None).await.unwrap();
        assert_eq!(beat, Beat::CancelAsked);
        assert_eq!(house.app.runs().stopped(&job).await.unwrap(), Said::Heard);
        assert_eq!(state(&house, &ada, id).await, State::Idle);
        assert!(claim(&house, database.store(), "two").await.is_none());
    }

    async fn stopping_a_run_whose_worker_is_gone_ends_with_the_next(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let id = started(&house.app, &ada).await.id;
        let job = claim(&house, database.store(), "one").await.unwrap();
        house.app.runs().begin(&job).await.unwrap();
        house.app.productions().stop(&ada, id).await.unwrap();
        house.clock.pass(LEASE + Duration::from_secs(1));
        let job = claim(&house, database.store(), "two").await.unwrap();
        assert_eq!(house.app.runs().begin(&job).await.unwrap(), Begun::Nothing);
        assert_eq!(state(&house, &ada, id).await, State::Idle);
    }

    async fn a_production_that_was_removed_meanwhile_is_nothing_to_do(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let production = started(&house.app, &ada).await;
        let job = claim(&house, database.store(), "one").await.unwrap();
        house.app.runs().begin(&job).await.unwrap();
        house.app.productions().remove(&ada, production.id).await.unwrap();
        let late = made(&house, &production, b"for nobody").await;
        assert_eq!(house.app.runs().finish(&job, late).await.unwrap(), Said::TooLate);
        assert_eq!(house.app.runs().begin(&job).await.unwrap(), Begun::Nothing);
        house.clock.pass(LEASE * 10);
        assert!(claim(&house, database.store(), "two").await.is_none());
    }

    async fn a_worker_that_leaves_hands_the_run_back_uncounted(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let id = started(&house.app, &ada).await.id;
        let job = claim(&house, database.store(), "one").await.unwrap();
        house.app.runs().begin(&job).await.unwrap();
        assert_eq!(house.app.runs().hand_back(&job).await.unwrap(), Said::Heard);
        assert_eq!(state(&house, &ada, id).await, State::Waiting);
        assert_eq!(claim(&house, database.store(), "two").await.unwrap().attempt, 1);
    }

    async fn a_worker_that_leaves_too_late_hands_nothing_back(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let id = started(&house.app, &ada).await.id;
        let first = claim(&house, database.store(), "one").await.unwrap();
        house.app.runs().begin(&first).await.unwrap();
        house.clock.pass(LEASE + Duration::from_secs(1));
        let second = claim(&house, database.store(), "two").await.unwrap();
        house.app.runs().begin(&second).await.unwrap();
        assert_eq!(house.app.runs().reach(&second, Stage::Processing).await.unwrap(), Said::Heard);
        assert_eq!(house.app.runs().hand_back(&first).await.unwrap(), Said::TooLate);
        assert_eq!(state(&house, &ada, id).await, State::Working { stage: Stage::Processing });
        assert!(claim(&house, database.store(), "three").await.is_none());
    }

    async fn what_is_put_off_is_tried_again_and_given_up_in_the_end(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let id = started(&house.app, &ada).await.id;
        for attempt in 1..=5 {
            let job = claim(&house, database.store(), &format!("worker {attempt}")).await.unwrap();
            house.app.runs().begin(&job).await.unwrap();
            let due = house.app.now() + Duration::from_mins(1);
            assert_eq!(house.app.runs().put_off(&job, due, "Storage is away.", Stage::Fetching).await.unwrap(), Said::Heard);
            assert!(claim(&house, database.store(), "early").await.is_none());
            house.clock.pass(Duration::from_secs(61));
        }
        let failed = State::Failed { reason: "Storage is away.".to_owned(), stage: Some(Stage::Fetching) };
        assert_eq!(state(&house, &ada, id).await, failed);
    }

    async fn a_review_holds_the_result_until_it_is_published(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let id = started(&house.app, &ada).await.id;
        house.app.productions().stop(&ada, id).await.unwrap();
        let edit = Edit { review_before_publishing: Some(true), ..Edit::default() };
        house.app.productions().update(&ada, id, edit).await.unwrap();
        house.app.productions().start(&ada, id).await.unwrap();
        let job = claim(&house, database.store(), "one").await.unwrap();
        let Begun::Go(production) = house.app.runs().begin(&job).await.unwrap() else { panic!("nothing to do") };
        let made = made(&house, &production, b"mastered").await;
        assert_eq!(house.app.runs().finish(&job, made).await.unwrap(), Said::Heard);
        assert!(matches!(state(&house, &ada, id).await, State::Done { in_review: true, .. }));
        let published = house.app.productions().publish(&ada, id).await.unwrap();
        assert!(matches!(published.state, State::Done { in_review: false, .. }));
        // What is wanted is changed afterwards: the result stays, and is said to be of before.
        house.app.productions().update(&ada, id, Edit::default()).await.unwrap();
        assert!(matches!(state(&house, &ada, id).await, State::Outdated { .. }));
        assert!(house.app.productions().result(&ada, id, "talk.mp3").await.is_ok());
    }
}
