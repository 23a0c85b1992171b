//! Files: kept when something refers to them, swept away when nothing does.

use std::time::Duration;

use app::productions::NewProduction;
use app::{AppError, Rules};
use model::production::{Edit, Input};
use testkit::house::House;

use crate::{content, files_below, pieces, upload};

const DAY: Duration = Duration::from_hours(24);

testkit::both_databases! {
    async fn a_file_that_nothing_refers_to_is_swept_away_after_a_day(database: &Database) {
        let house = House::open(database);
        let (caller, _) = house.account("ada").await;
        let (kept, lost) = (upload(&house.app, &caller, b"kept").await, upload(&house.app, &caller, b"lost").await);
        let edit = Edit { input: Some(Input::File(kept.clone())), ..Edit::default() };
        house.app.productions().create(&caller, NewProduction { edit, ..NewProduction::default() }).await.unwrap();
        house.app.sweeps().sweep().await.unwrap();
        assert_eq!(content(&house.app, &lost.key).await.unwrap(), b"lost");
        house.clock.pass(DAY + Duration::from_secs(1));
        house.app.sweeps().sweep().await.unwrap();
        assert!(matches!(content(&house.app, &lost.key).await, Err(AppError::NotFound(_))));
        assert_eq!(content(&house.app, &kept.key).await.unwrap(), b"kept");
        // What was swept away cannot be referred to any more.
        let edit = Edit { input: Some(Input::File(lost)), ..Edit::default() };
        let late = house.app.productions().create(&caller, NewProduction { edit, ..NewProduction::default() }).await;
        assert!(matches!(late, Err(AppError::Conflict(_))));
    }

    async fn a_file_that_was_replaced_goes_with_the_next_sweep(database: &Database) {
        let house = House::open(database);
        let (caller, _) = house.account("ada").await;
        let (first, second) = (upload(&house.app, &caller, b"first").await, upload(&house.app, &caller, b"second").await);
        let input = |file| Edit { input: Some(Input::File(file)), ..Edit::default() };
        let new = NewProduction { edit: input(first.clone()), ..NewProduction::default() };
        let production = house.app.productions().create(&caller, new).await.unwrap();
        house.app.productions().update(&caller, production.id, input(second.clone())).await.unwrap();
        house.app.sweeps().sweep().await.unwrap();
        assert!(content(&house.app, &first.key).await.is_err());
        assert_eq!(content(&house.app, &second.key).await.unwrap(), b"second");
        house.app.productions().remove(&caller, production.id).await.unwrap();
        house.app.sweeps().sweep().await.unwrap();
        assert!(content(&house.app, &second.key).await.is_err());
    }

    async fn limits_are_kept_and_leave_nothing_behind(database: &Database) {
        let rules = Rules { upload_limit: 3_000, account_quota: Some(5_000), ..Rules::default() };
        let house = House::with_rules(database, rules);
        let (caller, _) = house.account("ada").await;
        let large = house.app.files().receive(&caller, "x", pieces(&[0; 3_001])).await;
        assert!(matches!(large, Err(AppError::TooLarge { limit: 3_000 })));
        let file = upload(&house.app, &caller, &[1; 3_000]).await;
        let edit = Edit { input: Some(Input::File(file)), ..Edit::default() };
        house.app.productions().create(&caller, NewProduction { edit, ..NewProduction::default() }).await.unwrap();
        let more = house.app.files().receive(&caller, "x", pieces(&[0; 2_500])).await;
        assert!(matches!(more, Err(AppError::OverQuota { used: 3_000, quota: 5_000 })), "{more:?}");
        house.app.sweeps().sweep().await.unwrap();
        assert_eq!(files_below(&house.folder().join("files")), 1);
    }

    async fn a_line_that_breaks_keeps_nothing(database: &Database) {
        let house = House::open(database);
        let (caller, _) = house.account("ada").await;
        let broken = futures_util::stream::iter([Ok(bytes::Bytes::from_static(b"half")), Err("the line broke")]);
        let received = house.app.files().receive(&caller, "x", broken).await;
        assert!(matches!(received, Err(AppError::Interrupted)), "{received:?}");
        house.app.sweeps().sweep().await.unwrap();
        assert_eq!(files_below(&house.folder().join("files")), 0);
    }

    async fn a_signed_address_is_good_for_its_file_and_time(database: &Database) {
        let house = House::open(database);
        let id = model::ProductionId::new(house.app.now(), &*house.dice);
        let until = house.app.now() + Duration::from_mins(1);
        let files = house.app.files();
        let signature = files.sign(id, "talk.mp3", until);
        assert!(files.is_signed(id, "talk.mp3", until, &signature));
        assert!(!files.is_signed(id, "other.mp3", until, &signature));
        assert!(!files.is_signed(id, "talk.mp3", until + Duration::from_secs(1), &signature));
        assert!(!files.is_signed(id, "talk.mp3", until, &signature.replace('a', "b")));
        house.clock.pass(Duration::from_mins(1));
        assert!(!house.app.files().is_signed(id, "talk.mp3", until, &signature));
    }
}
