//! What was made goes to stores: one that works, one that does not, one that is removed, and people who do not want to wait.

use std::time::Duration;

use app::apps::{AppDraft, Keeps};
use app::runs::{Begun, Said};
use app::services::Connect;
use app::stores::Wanted;
use app::{AppError, Caller, Scope, Scopes, Via};
use model::delivery::DeliveryKind;
use model::production::{Edit, Made, MadeFile, OutputOrder, State};
use model::remote::{Sftp, WebDav};
use model::{GrantId, ProductionId, Remote, RemoteSecret, ServiceId};
use store::jobs::{ClaimOptions, Claimed};
use store::{Page, Store};
use testkit::house::House;

use crate::pieces;
use crate::runs::{LEASE, claim, started, state};

fn webdav(path: &str) -> Remote {
    let url = "https://dav.example.org/files".to_owned();
    Remote::WebDav(WebDav { url, path: path.to_owned(), user: "ada".to_owned(), base_url: None })
}

fn password() -> RemoteSecret {
    RemoteSecret::Password { password: "a word".to_owned() }
}

async fn store(house: &House, ada: &Caller, name: &str) -> ServiceId {
    let wanted = Wanted { name: name.to_owned(), remote: webdav(name), secret: Some(password()) };
    house.app.stores().add(ada, wanted).await.unwrap().service.id
}

/// A production of these services that a worker has just made two files of.
async fn made_for(house: &House, database: &Store, ada: &Caller, edit: Edit) -> (ProductionId, Said) {
    let id = started(&house.app, ada).await.id;
    house.app.productions().stop(ada, id).await.unwrap();
    house.app.productions().update(ada, id, edit).await.unwrap();
    house.app.productions().start(ada, id).await.unwrap();
    let job = claim(house, database, "maker").await.unwrap();
    let Begun::Go(production) = house.app.runs().begin(&job).await.unwrap() else { panic!("nothing to do") };
    let mut made = Made::default();
    for order in &production.draft.outputs {
        let (key, limit) = house.app.runs().announce(production.owner, id, production.run).await.unwrap();
        let size = house.blobs.put_stream(&key, pieces(b"sound"), limit).await.unwrap();
        let name = format!("talk.{}", order.format);
        made.files.push(MadeFile {
            order: order.clone(),
            key: key.as_str().to_owned(),
            name,
            size,
            md5: String::new(),
        });
    }
    (id, house.app.runs().finish(&job, made).await.unwrap())
}

async fn transfer(house: &House, database: &Store, token: &str) -> Option<Claimed> {
    let options = ClaimOptions { kinds: &["transfer"], worker: "test", lease: LEASE };
    store::jobs::claim(database, &options, house.app.now(), token).await.unwrap()
}

/// How it went at each service, by its name.
async fn went(house: &House, ada: &Caller, id: ProductionId) -> Vec<(String, Option<bool>, String)> {
    let beside = house.app.services().beside(ada.account.id, &[id]).await.unwrap();
    let placed = beside.into_values().flatten().filter_map(|shown| {
        let placing = shown.placing?;
        Some((shown.display_name, placing.success, placing.trouble))
    });
    placed.collect()
}

/// How many webhooks were promised.
async fn told(database: &Store, id: ProductionId) -> usize {
    let all = store::deliveries::list_of_subject(database, id.as_str(), Page::first(10)).await.unwrap();
    assert!(all.iter().all(|delivery| delivery.kind == DeliveryKind::Webhook), "{all:?}");
    all.len()
}

fn to(services: Vec<ServiceId>) -> Edit {
    Edit { services, webhook: Some("https://hook.example/".to_owned()), ..Edit::default() }
}

testkit::both_databases! {
    async fn it_is_done_when_the_last_store_has_it_or_was_given_up(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let (one, two) = (store(&house, &ada, "one").await, store(&house, &ada, "two").await);
        let (id, said) = made_for(&house, database.store(), &ada, to(vec![one, two])).await;
        assert_eq!(said, Said::Heard);
        assert!(matches!(state(&house, &ada, id).await, State::Publishing { is_announced: false, .. }));
        // What was made can be heard by now, and nothing can be changed.
        assert!(house.app.productions().result(&ada, id, "talk.mp3").await.is_ok());
        let edited = house.app.productions().update(&ada, id, Edit::default()).await;
        assert!(matches!(edited, Err(AppError::Conflict(_))), "{edited:?}");

        let first = transfer(&house, database.store(), "a").await.unwrap();
        let second = transfer(&house, database.store(), "b").await.unwrap();
        assert!(transfer(&house, database.store(), "c").await.is_none());
        let begun = house.app.transfers().begin(&first).await.unwrap().unwrap();
        assert_eq!(begun.files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["talk.mp3"]);
        assert_eq!(begun.opened.secret, password());
        let there = vec!["https://media.example.org/talk.mp3".to_owned()];
        assert_eq!(house.app.transfers().finish(&first, there).await.unwrap(), Said::Heard);
        assert!(matches!(state(&house, &ada, id).await, State::Publishing { .. }));
        assert_eq!(told(database.store(), id).await, 0, "nobody is told before it is over");
        // Twice is once.
        assert_eq!(house.app.transfers().fail(&first, "late").await.unwrap(), Said::TooLate);

        assert_eq!(house.app.transfers().fail(&second, "No room there.").await.unwrap(), Said::Heard);
        assert!(matches!(state(&house, &ada, id).await, State::Done { in_review: false, .. }));
        assert_eq!(told(database.store(), id).await, 1);
        let expected = [("one".to_owned(), Some(true), String::new()), ("two".to_owned(), Some(false), "No room there.".to_owned())];
        assert_eq!(went(&house, &ada, id).await, expected);

        // Sent again, it goes only where it is missing, and nobody is told twice.
        house.app.productions().publish(&ada, id).await.unwrap();
        let again = transfer(&house, database.store(), "d").await.unwrap();
        assert_eq!(house.app.transfers().begin(&again).await.unwrap().unwrap().opened.service, two);
        assert!(transfer(&house, database.store(), "e").await.is_none());
        assert_eq!(house.app.transfers().finish(&again, Vec::new()).await.unwrap(), Said::Heard);
        assert!(matches!(state(&house, &ada, id).await, State::Done { in_review: false, .. }));
        assert_eq!(told(database.store(), id).await, 1);
        let nothing = house.app.productions().publish(&ada, id).await;
        assert!(matches!(nothing, Err(AppError::Conflict(_))), "{nothing:?}");
    }

    async fn a_killed_worker_or_one_that_left_does_not_lose_a_transfer(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let one = store(&house, &ada, "one").await;
        let (id, _) = made_for(&house, database.store(), &ada, to(vec![one])).await;
        let killed = transfer(&house, database.store(), "a").await.unwrap();
        house.clock.pass(LEASE + Duration::from_secs(1));
        let next = transfer(&house, database.store(), "b").await.unwrap();
        assert_eq!(house.app.transfers().finish(&killed, Vec::new()).await.unwrap(), Said::TooLate);
        assert!(matches!(state(&house, &ada, id).await, State::Publishing { .. }));
        assert_eq!(house.app.transfers().hand_back(&next).await.unwrap(), Said::Heard);
        let mut job = transfer(&house, database.store(), "c").await.unwrap();
        // It is put off, with the reason shown, until its attempts are over.
        for _ in job.attempt..job.max_attempts {
            let due = house.app.now() + Duration::from_secs(5);
            assert_eq!(house.app.transfers().put_off(&job, due, "Busy there.").await.unwrap(), Said::Heard);
            assert_eq!(went(&house, &ada, id).await, [("one".to_owned(), None, "Busy there.".to_owned())]);
            house.clock.pass(Duration::from_secs(6));
            job = transfer(&house, database.store(), "d").await.unwrap();
        }
        assert_eq!(house.app.transfers().put_off(&job, house.app.now(), "Still busy.").await.unwrap(), Said::Heard);
        assert_eq!(went(&house, &ada, id).await, [("one".to_owned(), Some(false), "Still busy.".to_owned())]);
        assert!(matches!(state(&house, &ada, id).await, State::Done { .. }));
        assert!(transfer(&house, database.store(), "e").await.is_none());
    }

    async fn a_transfer_that_ends_its_workers_is_buried(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let one = store(&house, &ada, "one").await;
        let (id, _) = made_for(&house, database.store(), &ada, to(vec![one])).await;
        while transfer(&house, database.store(), "a").await.is_some() {
            house.clock.pass(LEASE + Duration::from_secs(1));
        }
        assert_eq!(house.app.runs().bury().await.unwrap(), 1);
        assert!(matches!(state(&house, &ada, id).await, State::Done { .. }));
        let went = went(&house, &ada, id).await;
        assert!(matches!(went.as_slice(), [(_, Some(false), why)] if why.contains("more than once")), "{went:?}");
    }

    async fn whoever_stops_it_keeps_what_was_made(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let one = store(&house, &ada, "one").await;
        let (id, _) = made_for(&house, database.store(), &ada, to(vec![one])).await;
        let job = transfer(&house, database.store(), "a").await.unwrap();
        house.app.productions().stop(&ada, id).await.unwrap();
        assert!(matches!(state(&house, &ada, id).await, State::Done { .. }));
        assert_eq!(told(database.store(), id).await, 1);
        assert_eq!(house.app.transfers().finish(&job, Vec::new()).await.unwrap(), Said::TooLate);
        assert_eq!(house.app.productions().result(&ada, id, "talk.mp3").await.unwrap().size, 5);
    }

    async fn whoever_stops_sending_again_stops_no_app(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let one = store(&house, &ada, "one").await;
        let draft = AppDraft { name: "Podhost".to_owned(), ..AppDraft::default() };
        let (app, _) = house.app.apps().create(&ada.account, draft, Keeps::ASecret).await.unwrap();
        let via = Via::App { app: app.id, grant: GrantId::new(house.app.now(), &*house.dice) };
        let scopes = Scopes::Only(Scope::ServiceConnect.name().parse().unwrap());
        let podhost = Caller { account: ada.account.clone(), via, scopes };
        let connect = Connect { webhook_url: "https://hook.example/".to_owned(), display_name: "Show".to_owned(), custom_data: None };
        let told = house.app.services().connect(&podhost, connect).await.unwrap().service.id;
        let edit = Edit { services: vec![one, told], ..Edit::default() };
        let (id, _) = made_for(&house, database.store(), &ada, edit).await;
        let job = transfer(&house, database.store(), "a").await.unwrap();
        assert_eq!(house.app.transfers().fail(&job, "No room there.").await.unwrap(), Said::Heard);
        house.app.productions().publish(&ada, id).await.unwrap();
        house.app.productions().stop(&ada, id).await.unwrap();
        let went = went(&house, &ada, id).await;
        let apps: Vec<_> = went.iter().filter(|(name, ..)| name == "Podhost: Show").map(|(_, success, _)| *success).collect();
        assert_eq!((went.len(), apps), (2, vec![None]), "the app was told, and may still answer: {went:?}");
    }

    async fn a_store_that_is_removed_holds_nothing_up(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let (one, two) = (store(&house, &ada, "one").await, store(&house, &ada, "two").await);
        let (id, _) = made_for(&house, database.store(), &ada, to(vec![one, two])).await;
        house.app.services().remove(&ada, one).await.unwrap();
        let (a, b) = (transfer(&house, database.store(), "a").await.unwrap(), transfer(&house, database.store(), "b").await.unwrap());
        let (mut begun, mut gone) = (house.app.transfers().begin(&a).await.unwrap(), b);
        if begun.is_none() {
            begun = house.app.transfers().begin(&gone).await.unwrap();
        } else {
            assert!(house.app.transfers().begin(&gone).await.unwrap().is_none());
            gone = a;
        }
        assert_eq!(begun.unwrap().opened.service, two);
        assert_eq!(house.app.transfers().finish(&gone, Vec::new()).await.unwrap(), Said::Heard);
        assert!(matches!(state(&house, &ada, id).await, State::Done { .. }));
    }

    async fn a_review_comes_before_the_stores(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let one = store(&house, &ada, "one").await;
        let edit = Edit { review_before_publishing: Some(true), ..to(vec![one]) };
        let (id, _) = made_for(&house, database.store(), &ada, edit).await;
        assert!(matches!(state(&house, &ada, id).await, State::Done { in_review: true, .. }));
        assert!(transfer(&house, database.store(), "a").await.is_none());
        assert_eq!(told(database.store(), id).await, 1, "it is made");
        house.app.productions().publish(&ada, id).await.unwrap();
        let job = transfer(&house, database.store(), "a").await.unwrap();
        assert_eq!(house.app.transfers().finish(&job, Vec::new()).await.unwrap(), Said::Heard);
        assert_eq!(told(database.store(), id).await, 1, "nobody is told twice");
    }

    async fn files_go_where_they_are_wanted(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let (one, two) = (store(&house, &ada, "one").await, store(&house, &ada, "two").await);
        let order = |format: &str, services| OutputOrder { format: format.to_owned(), services, ..OutputOrder::default() };
        let outputs = vec![order("flac", Vec::new()), order("wav", vec![two])];
        let edit = Edit { outputs, ..to(vec![one]) };
        let (_, said) = made_for(&house, database.store(), &ada, edit).await;
        assert_eq!(said, Said::Heard);
        let mut found = Vec::new();
        while let Some(job) = transfer(&house, database.store(), "a").await {
            let begun = house.app.transfers().begin(&job).await.unwrap().unwrap();
            let names: Vec<_> = begun.files.into_iter().map(|file| file.name).collect();
            found.push((begun.opened.service, names));
        }
        found.sort();
        // A store is no app: nobody needs an MP3 beside what was asked for.
        let mut expected = vec![(one, vec!["talk.mp3".to_owned(), "talk.flac".to_owned()]), (two, vec!["talk.wav".to_owned()])];
        expected.sort();
        assert_eq!(found, expected);
    }

    async fn what_opens_a_store_does_not_go_elsewhere(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let (eve, _) = house.account("eve").await;
        let one = store(&house, &ada, "one").await;
        let stores = house.app.stores();
        // The same server: what opens it stays.
        let wanted = Wanted { name: "one".to_owned(), remote: webdav("elsewhere"), secret: None };
        stores.change(&ada, one, wanted.clone()).await.unwrap();
        assert_eq!(stores.source(ada.account.id, one).await.unwrap().map(|opened| opened.secret), Some(password()));
        // Another server is not told it.
        let Remote::WebDav(at) = webdav("") else { return };
        let remote = Remote::WebDav(WebDav { url: "https://eve.example/".to_owned(), ..at });
        let moved = stores.change(&ada, one, Wanted { remote, ..wanted.clone() }).await;
        assert!(matches!(&moved, Err(AppError::Invalid(wrong)) if wrong[0].field == "password"), "{moved:?}");
        // It is nobody else's.
        for refused in [stores.change(&eve, one, wanted).await.err(), house.app.services().remove(&eve, one).await.err()] {
            assert!(matches!(refused, Some(AppError::NotFound(_))), "{refused:?}");
        }
        assert!(stores.source(eve.account.id, one).await.unwrap().is_none());
        // Nor is what opens it in the database as it is.
        let dump = format!("{:?}", store::services::find_with_sealed(database.store(), one).await.unwrap());
        assert!(!dump.contains("a word"), "{dump}");
    }

    async fn a_store_is_named_whole_or_not_at_all(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let sftp = Sftp { host: String::new(), port: 22, path: String::new(), user: String::new(), host_key: None, base_url: None };
        let wanted = Wanted { name: " ".to_owned(), remote: Remote::Sftp(sftp), secret: Some(password()) };
        let Err(AppError::Invalid(wrong)) = house.app.stores().add(&ada, wanted.clone()).await else { panic!("it was taken") };
        let fields: Vec<_> = wrong.iter().map(|wrong| wrong.field.as_str()).collect();
        assert_eq!(fields, ["display_name", "host", "user"]);
        let without = house.app.stores().add(&ada, Wanted { secret: None, ..wanted }).await;
        assert!(matches!(&without, Err(AppError::Invalid(wrong)) if wrong[0].field == "password"), "{without:?}");
        assert!(house.app.services().list(&ada).await.unwrap().is_empty());
    }
}
