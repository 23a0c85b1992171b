//! Resumable uploads: what came stays, and a file appears when all of it is there.

use std::time::Duration;

use app::AppError;
use app::productions::NewProduction;
use app::uploads::Field;
use bytes::Bytes;
use model::production::Input;
use testkit::house::House;

use crate::{content, files_below, pieces};

testkit::both_databases! {
    async fn an_upload_goes_on_where_it_broke(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let production = house.app.productions().create(&ada, NewProduction::default()).await.unwrap();
        let uploads = house.app.uploads();
        // More than one part.
        let bytes: Vec<u8> = (0..20_000_000u32).map(|n| (n % 251) as u8).collect();
        let upload = uploads.create(&ada, production.id, Field::Input, "talk.wav", 20_000_000).await.unwrap();
        let broken = futures_util::stream::iter([Ok(Bytes::copy_from_slice(&bytes[..9_000_000])), Err("the line broke")]);
        assert!(matches!(uploads.append(&ada, upload.id, 0, broken).await, Err(AppError::Interrupted)));
        let there = uploads.find(&ada, upload.id).await.unwrap().offset;
        assert_eq!(there, 9_000_000);
        let elsewhere = uploads.append(&ada, upload.id, 0, pieces(&bytes)).await;
        assert!(matches!(elsewhere, Err(AppError::Conflict(_))));
        assert!(house.app.productions().find(&ada, production.id).await.unwrap().draft.input.is_none());
        let rest = pieces(&bytes[9_000_000..]);
        assert_eq!(uploads.append(&ada, upload.id, there, rest).await.unwrap().offset, 20_000_000);
        let Some(Input::File(file)) = house.app.productions().find(&ada, production.id).await.unwrap().draft.input else { panic!("no file") };
        assert_eq!((file.name.as_str(), file.size), ("talk.wav", 20_000_000));
        assert!(content(&house.app, &file.key).await.unwrap() == bytes);
        assert!(matches!(uploads.find(&ada, upload.id).await, Err(AppError::NotFound("upload"))));
        house.app.sweeps().sweep().await.unwrap();
assert_eq!(files_below(&house.folder().join("files")), 1);
    }

    async fn more_than_was_said_is_refused(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let production = house.app.productions().create(&ada, NewProduction::default()).await.unwrap();
        let upload = house.app.uploads().create(&ada, production.id, Field::Cover, "x.png", 10).await.unwrap();
        let more = house.app.uploads().append(&ada, upload.id, 0, pieces(&[0; 11])).await;
        assert!(matches!(more, Err(AppError::TooLarge { limit: 10 })));
        assert_eq!(house.app.uploads().find(&ada, upload.id).await.unwrap().offset, 0);
    }

    async fn an_upload_is_given_up_after_a_day_of_silence(database: &Database) {
        let house = House::open(database);
        let ((ada, _), (eve, _)) = (house.account("ada").await, house.account("eve").await);
        let production = house.app.productions().create(&ada, NewProduction::default()).await.unwrap();
        let upload = house.app.uploads().create(&ada, production.id, Field::Input, "x", 10).await.unwrap();
        house.app.uploads().append(&ada, upload.id, 0, pieces(&[0; 4])).await.unwrap();
        assert!(matches!(house.app.uploads().find(&eve, upload.id).await, Err(AppError::NotFound("upload"))));
        house.clock.pass(Duration::from_hours(25));
        assert!(house.app.uploads().find(&ada, upload.id).await.is_err());
        assert_eq!(house.app.sweeps().sweep().await.unwrap().uploads, 1);
        house.app.productions().remove(&ada, production.id).await.unwrap();
    }
}
