//! Productions and presets from their owner's side.

use app::productions::{List, NewProduction};
use app::{AppError, Page, Rules};
use model::production::{Edit, Input, MetadataEdit, OutputOrder, State};
use testkit::house::House;

use crate::upload;

fn titled(title: &str) -> Edit {
    Edit { metadata: MetadataEdit { title: Some(title.to_owned()), ..MetadataEdit::default() }, ..Edit::default() }
}

fn output(format: &str) -> Edit {
    Edit { outputs: vec![OutputOrder { format: format.to_owned(), ..OutputOrder::default() }], ..Edit::default() }
}

fn new(edit: Edit) -> NewProduction {
    NewProduction { edit, ..NewProduction::default() }
}

testkit::both_databases! {
    async fn what_is_not_mine_is_not_there(database: &Database) {
        let house = House::open(database);
        let ((ada, _), (eve, _)) = (house.account("ada").await, house.account("eve").await);
        let productions = house.app.productions();
        let id = productions.create(&ada, new(titled("Mine"))).await.unwrap().id;
        let preset = house.app.presets().create(&ada, "Mine", Edit::default()).await.unwrap().id;
        assert!(matches!(productions.find(&eve, id).await, Err(AppError::NotFound("production"))));
        assert!(matches!(productions.update(&eve, id, titled("Hers")).await, Err(AppError::NotFound(_))));
        assert!(matches!(productions.start(&eve, id).await, Err(AppError::NotFound(_))));
        assert!(matches!(productions.stop(&eve, id).await, Err(AppError::NotFound(_))));
        assert!(matches!(productions.remove(&eve, id).await, Err(AppError::NotFound(_))));
        assert!(matches!(productions.clear(&eve, id, List::Chapters).await, Err(AppError::NotFound(_))));
        assert!(matches!(house.app.presets().find(&eve, preset).await, Err(AppError::NotFound("preset"))));
        let taken = productions.create(&eve, NewProduction { preset: Some(preset.to_string()), ..NewProduction::default() }).await;
        assert!(matches!(taken, Err(AppError::Invalid(_))));
        assert_eq!(productions.list(&eve, Page::first(10)).await.unwrap(), []);
        assert_eq!(productions.find(&ada, id).await.unwrap().draft.metadata.title, "Mine");
    }

    async fn a_preset_is_where_a_production_begins(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let mut edit = output("flac");
        edit.metadata.artist = Some("Ada".to_owned());
        let preset = house.app.presets().create(&ada, "Show", edit).await.unwrap();
        for named in [preset.id.to_string(), "Show".to_owned()] {
            let made = NewProduction { preset: Some(named), edit: titled("One"), start: false };
            let production = house.app.productions().create(&ada, made).await.unwrap();
            let draft = production.draft;
            assert_eq!((draft.metadata.title.as_str(), draft.metadata.artist.as_str()), ("One", "Ada"));
            assert_eq!((draft.outputs.len(), draft.preset), (1, Some(preset.id)));
        }
        house.app.presets().update(&ada, preset.id, Some("Other"), output("opus")).await.unwrap();
        let preset = house.app.presets().find(&ada, preset.id).await.unwrap();
        assert_eq!((preset.name.as_str(), preset.draft.outputs.len()), ("Other", 2));
        house.app.presets().remove(&ada, preset.id).await.unwrap();
        assert_eq!(house.app.productions().count(&ada).await.unwrap(), 2);
    }

    async fn lists_grow_until_they_are_cleared(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let productions = house.app.productions();
        let id = productions.create(&ada, new(output("mp3"))).await.unwrap().id;
        assert_eq!(productions.update(&ada, id, output("flac")).await.unwrap().draft.outputs.len(), 2);
        let reset = Edit { reset: true, ..output("wav") };
        assert_eq!(productions.update(&ada, id, reset).await.unwrap().draft.outputs.len(), 1);
        assert_eq!(productions.clear(&ada, id, List::Outputs).await.unwrap().draft.outputs.len(), 0);
    }

    async fn starting_needs_a_recording_and_happens_once(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let productions = house.app.productions();
        let id = productions.create(&ada, new(titled("One"))).await.unwrap().id;
        let Err(AppError::Invalid(fields)) = productions.start(&ada, id).await else { panic!("it was started") };
        assert_eq!(fields[0].field, "input_file");
        let file = upload(&house.app, &ada, b"RIFF").await;
        productions.update(&ada, id, Edit { input: Some(Input::File(file)), ..Edit::default() }).await.unwrap();
        let started = productions.start(&ada, id).await.unwrap();
        assert_eq!((&started.state, started.run), (&State::Waiting, 1));
        assert_eq!(started.draft.outputs[0].format, "mp3");
        assert!(matches!(productions.start(&ada, id).await, Err(AppError::Conflict(_))));
        assert!(matches!(productions.update(&ada, id, titled("Two")).await, Err(AppError::Conflict(_))));
        assert!(matches!(productions.publish(&ada, id).await, Err(AppError::Conflict(_))));
        // Nobody has it yet, so stopping is done at once.
        assert_eq!(productions.stop(&ada, id).await.unwrap().state, State::Idle);
        assert_eq!(productions.start(&ada, id).await.unwrap().run, 2);
    }

    async fn an_account_has_so_many_productions(database: &Database) {
        let house = House::with_rules(database, Rules { most_productions: 1, ..Rules::default() });
        let (ada, _) = house.account("ada").await;
        house.app.productions().create(&ada, NewProduction::default()).await.unwrap();
        let more = house.app.productions().create(&ada, NewProduction::default()).await;
        assert!(matches!(more, Err(AppError::Conflict(_))));
    }
}
