//! Deliveries to a receiver that misbehaves: taken, put off, given up, disabled, replayed, in order, and never lost.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests stop where they fail")]

use std::time::Duration;

use app::apps::{AppDraft, Keeps, Rotation};
use app::callers::{Caller, Scopes, Via};
use app::deliveries::{Told, Whose};
use app::productions::NewProduction;
use app::runs::Begun;
use app::services::Connect;
use app::{Operator, Scope, ScopeSet};
use model::delivery::{DeliveryState, FAILS_FOR};
use model::production::{Edit, Input, Made};
use model::{AppId, Delivery, GrantId, ProductionId, RegisteredApp, ServiceId};
use protocols::Secret;
use protocols::webhook::{TOLERANCE_SECONDS, WebhookHeaders, WebhookKey, verify};
use store::Page;
use store::deliveries::Filter;
use store::jobs::ClaimOptions;
use testkit::database::Database;
use testkit::house::{HERE, House, PASSWORD};
use testkit::sink::{Heard, Sink};

use super::*;
use crate::outbound::{AllowNetworks, Options};

/// A house in which an app can be connected, and productions end at once.
struct Desk {
    house: House,
    store: Store,
    sink: Sink,
    ada: Caller,
    app: RegisteredApp,
    secret: Secret,
}

impl Desk {
    async fn open(database: &Database) -> Self {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let draft = AppDraft { name: "Podhost".to_owned(), ..AppDraft::default() };
        let (app, secret) = house.app.apps().create(&ada.account, draft, Keeps::ASecret).await.unwrap();
        let (sink, store) = (Sink::start().await, database.store().clone());
        Self { house, store, sink, ada, app, secret: secret.unwrap() }
    }

    /// Ada's app, with what she allowed it.
    fn podhost(&self) -> Caller {
        let via = Via::App { app: self.app.id, grant: GrantId::new(self.house.app.now(), &*self.house.dice) };
        let scopes: ScopeSet = Scope::ServiceConnect.name().parse().unwrap();
        Caller { account: self.ada.account.clone(), via, scopes: Scopes::Only(scopes) }
    }

    async fn service(&self, path: &str, custom_data: Option<&str>) -> ServiceId {
        let connect = Connect {
            webhook_url: self.sink.url(path),
            display_name: format!("My Family Podcast {path}"),
            custom_data: custom_data.map(str::to_owned),
        };
        self.house.app.services().connect(&self.podhost(), connect).await.unwrap().service.id
    }

    /// A production that is done and goes to these.
    async fn done(&self, services: &[ServiceId], webhook: Option<String>) -> ProductionId {
        let app = &self.house.app;
        let bytes = futures_util::stream::iter([Ok::<_, std::io::Error>(bytes::Bytes::from_static(b"RIFF"))]);
        let file = app.files().receive(&self.ada, "talk.wav", bytes).await.unwrap();
        let edit = Edit { input: Some(Input::File(file)), services: services.to_vec(), webhook, ..Edit::default() };
        let new = NewProduction { edit, start: true, ..NewProduction::default() };
        let id = app.productions().create(&self.ada, new).await.unwrap().id;
        self.finish().await;
        id
    }

    /// A worker makes what waits to be made.
    async fn finish(&self) {
        let app = &self.house.app;
        let options = ClaimOptions { kinds: &["produce"], worker: "test", lease: Duration::from_secs(30) };
        let job = store::jobs::claim(&self.store, &options, app.now(), "token").await.unwrap().unwrap();
        let Begun::Go(_) = app.runs().begin(&job).await.unwrap() else { panic!("nothing to do") };
        let _ = app.runs().finish(&job, Made::default()).await.unwrap();
    }

    fn parts(&self) -> DeliveryParts {
        let allow: AllowNetworks = "127.0.0.0/8".parse().unwrap();
        DeliveryParts {
            app: self.house.app.clone(),
            store: self.store.clone(),
            outbound: Outbound::new(Options::new(allow)).unwrap(),
            dice: Arc::clone(&self.house.dice),
        }
    }

    /// Delivers until this is so.
    async fn deliver_until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        let options = DeliveryOptions {
            poll: Duration::from_millis(20),
            patience: Duration::ZERO,
            timeout: Duration::from_millis(300),
            ..DeliveryOptions::default()
        };
        let waited = async {
            for _ in 0..1_000 {
                if is_so().await {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            panic!("{what}: it never came to that; {:#?}", self.all().await);
        };
        deliver(self.parts(), options, waited).await;
    }

    async fn told(&self, production: ProductionId) -> Vec<Told> {
        self.house.app.deliveries().of_production(&self.ada, production).await.unwrap()
    }

    /// Delivers until everything about this was tried so often.
    async fn deliver(&self, production: ProductionId, attempts: usize) -> Vec<Told> {
        let tried = async || self.told(production).await.iter().all(|told| told.attempts.len() >= attempts);
        self.deliver_until("attempts", tried).await;
        self.told(production).await
    }

    async fn all(&self) -> Vec<Delivery> {
        let page = Page::first(100);
        let operator = Operator::at_the_console();
        self.house.app.deliveries().list(Whose::Everybody(&operator), Filter::default(), page).await.unwrap()
    }

    fn is_signed(&self, heard: &Heard, key: &WebhookKey) -> bool {
        let headers = WebhookHeaders {
            id: heard.header("webhook-id"),
            timestamp: heard.header("webhook-timestamp"),
            signature: heard.header("webhook-signature"),
        };
        let now = u64::try_from(self.house.app.now().as_ms() / 1_000).unwrap();
        verify(&[key], &headers, &heard.body, now, TOLERANCE_SECONDS).is_ok()
    }
}

testkit::both_databases! {
    async fn a_service_hears_of_a_production_and_names_its_page(database: &Database) {
        let desk = Desk::open(database).await;
        let service = desk.service("page/userXY", Some("any-data-string-you-want")).await;
        let production = desk.done(&[service], None).await;
        let told = desk.deliver(production, 1).await;
        assert!(matches!(told[0].delivery.state, DeliveryState::Delivered(_)));
        let heard = desk.sink.heard();
        assert_eq!((heard.len(), heard[0].path.as_str()), (1, "/page/userXY"));
        assert_eq!(heard[0].header("content-type"), "application/jwt");
        let token = String::from_utf8(heard[0].body.clone()).unwrap();
        let claims = format!(r#"{{"uuid":"{production}","custom_data":"any-data-string-you-want"}}"#);
        assert_eq!(token, protocols::jwt::service_token(&claims, desk.secret.reveal()));
        assert!(token.starts_with("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9."), "the published header, byte for byte");
        assert_eq!(heard[0].header("webhook-id"), told[0].delivery.id.as_str());
        assert!(desk.is_signed(&heard[0], &WebhookKey::raw(desk.secret.reveal())));
        let beside = desk.house.app.services().beside(desk.ada.account.id, &[production]).await.unwrap();
        let placing = beside[&production][0].placing.clone().unwrap();
        assert_eq!(beside[&production][0].display_name, "Podhost: My Family Podcast page/userXY");
        assert_eq!((placing.success, placing.result_page.as_deref()), (Some(true), Some("https://host.example/1")));
        assert_eq!(placing.result_urls, ["https://host.example/1.mp3"]);
    }

    async fn the_bytes_stay_the_same_and_the_schedule_is_kept(database: &Database) {
        let desk = Desk::open(database).await;
        let production = desk.done(&[], Some(desk.sink.url("twice"))).await;
        let told = desk.deliver(production, 1).await;
        let DeliveryState::Waiting(due) = told[0].delivery.state else { panic!("{:?}", told[0].delivery) };
        let wait = due.since(desk.house.app.now());
        assert!((5_000..=5_500).contains(&wait.as_millis()), "{wait:?}");
        assert_eq!(told[0].delivery.trouble.as_deref(), Some("The receiver answered 500 Internal Server Error."));
        desk.house.clock.pass(wait);
        desk.deliver(production, 2).await;
        desk.house.clock.pass(Duration::from_secs(330));
        let told = desk.deliver(production, 3).await;
        assert!(matches!(told[0].delivery.state, DeliveryState::Delivered(_)));
        let statuses: Vec<_> = told[0].attempts.iter().map(|attempt| attempt.status).collect();
        assert_eq!(statuses, [Some(500), Some(500), Some(200)]);
        assert_eq!(told[0].attempts[0].body, b"not yet");
        let heard = desk.sink.heard();
        assert_eq!(heard.len(), 3);
        assert!(heard.iter().all(|heard| heard.body == format!("uuid={production}&status=3&status_string=Done").as_bytes()));
        assert!(heard.iter().all(|each| each.header("webhook-id") == heard[0].header("webhook-id")));
        let times: std::collections::HashSet<_> = heard.iter().map(|each| each.header("webhook-timestamp")).collect();
        assert_eq!(times.len(), 3, "each attempt has a time of its own");
    }

    async fn each_way_to_misbehave_has_its_words(database: &Database) {
        let desk = Desk::open(database).await;
        let mut productions = Vec::new();
        let gone = Sink::gone().await;
        let urls = ["hang", "reset", "early", "redirect", "flood", "202", "404", "204"].map(|path| desk.sink.url(path));
        for url in urls.iter().chain([&gone, &"http://10.1.2.3/hook".to_owned()]) {
            productions.push((url.clone(), desk.done(&[], Some(url.clone())).await));
        }
        let mut said = Vec::new();
        for (url, production) in productions {
            let told = desk.deliver(production, 1).await;
            let attempt = &told[0].attempts[0];
            let path = url.rsplit('/').next().unwrap();
            let what = if path.is_empty() || url.contains("10.1") { url.split("//").nth(1).unwrap() } else { path };
            let what = if url == gone { "gone" } else { what };
            let port = url.split([':', '/']).nth(4).filter(|port| !port.is_empty()).unwrap_or("no port");
            let reason = attempt.reason.replace(&format!("127.0.0.1:{port}"), "HOST").replace(&format!(":{port}"), ":PORT");
            let state = if matches!(told[0].delivery.state, DeliveryState::Delivered(_)) { "taken" } else { "again" };
            assert!(attempt.body.len() <= 4 << 10);
            said.push(format!("{what}: {state}: {reason}"));
        }
        insta::assert_snapshot!("misbehaving", said.join("\n"));
    }

    async fn a_service_takes_only_four_statuses_and_is_asked_again_after_410(database: &Database) {
        let desk = Desk::open(database).await;
        let mut states = Vec::new();
        for status in [200, 201, 202, 203, 204, 206, 410] {
            let service = desk.service(&status.to_string(), None).await;
            let production = desk.done(&[service], None).await;
            let told = desk.deliver(production, 1).await;
            assert!(told[0].receiver.as_ref().is_some_and(|receiver| receiver.disabled.is_none()), "{status}");
            states.push(matches!(told[0].delivery.state, DeliveryState::Delivered(_)));
        }
        assert_eq!(states, [true, true, false, true, true, false, false]);
    }

    async fn a_webhook_that_is_gone_is_told_nothing_more(database: &Database) {
        let desk = Desk::open(database).await;
        let url = desk.sink.url("410");
        let production = desk.done(&[], Some(url.clone())).await;
        let told = desk.deliver(production, 1).await;
        assert!(matches!(told[0].delivery.state, DeliveryState::GivenUp(_)));
        let later = desk.done(&[], Some(url)).await;
        let told = desk.told(later).await;
        assert!(matches!(told[0].delivery.state, DeliveryState::GivenUp(_)), "it is not even tried");
        assert!(told[0].delivery.trouble.as_deref().is_some_and(|why| why.contains("410 Gone")));
        assert_eq!(desk.sink.heard().len(), 1);
        // Its owner mended it, and it is told things again.
        let owner = desk.house.app.accounts().sign_in("ada", PASSWORD, HERE).await.unwrap();
        let owner = desk.house.app.callers().by_session(owner.key.reveal()).await.unwrap();
        let receiver = told[0].delivery.receiver;
        let (eve, _) = desk.house.account("eve").await;
        assert!(desk.house.app.deliveries().enable(&eve, receiver).await.is_err(), "not by anybody else");
        desk.house.app.deliveries().enable(&owner, receiver).await.unwrap();
        let again = desk.done(&[], Some(desk.sink.url("410"))).await;
        assert!(matches!(desk.told(again).await[0].delivery.state, DeliveryState::Waiting(_)));
        let job = ClaimOptions { kinds: &["mail"], worker: "test", lease: Duration::from_secs(30) };
        let job = store::jobs::claim(&desk.store, &job, desk.house.app.now(), "token").await.unwrap();
        assert!(job.is_none(), "nobody set a mail server up, so no letter is promised");
        let entries = desk.house.app.audit().list(&desk.ada, None).await.unwrap();
        assert!(entries.iter().any(|entry| entry.kind == model::AuditKind::ReceiverDisabled));
    }

    async fn after_ten_attempts_a_delivery_is_given_up(database: &Database) {
        let desk = Desk::open(database).await;
        let production = desk.done(&[], Some(desk.sink.url("500"))).await;
        let begun = desk.house.app.now();
        for attempt in 1..=10 {
            let told = desk.deliver(production, attempt).await;
            if let DeliveryState::Waiting(due) = told[0].delivery.state {
                desk.house.clock.pass(due.since(desk.house.app.now()));
            }
        }
        let told = desk.told(production).await;
        assert_eq!(told[0].attempts.len(), 10);
        assert!(matches!(told[0].delivery.state, DeliveryState::GivenUp(_)));
        assert!(told[0].receiver.as_ref().is_some_and(|receiver| receiver.disabled.is_none()), "it may take the next one");
        let hours = desk.house.app.now().since(begun).as_secs_f64() / 3_600.0;
        assert!((75.5..=83.2).contains(&hours), "{hours} hours");
    }

    async fn five_days_of_nothing_but_failure_are_the_end(database: &Database) {
        let desk = Desk::open(database).await;
        let production = desk.done(&[], Some(desk.sink.url("500"))).await;
        for attempt in 1..=6 {
            desk.deliver(production, attempt).await;
            desk.house.clock.pass(Duration::from_hours(26));
        }
        let told = desk.told(production).await;
        assert!(matches!(told[0].delivery.state, DeliveryState::GivenUp(_)));
        let receiver = told[0].receiver.clone().unwrap();
        assert!(receiver.disabled.is_some_and(|at| at.since(receiver.failing.unwrap()) >= FAILS_FOR));
        assert!(told[0].delivery.trouble.as_deref().is_some_and(|why| why.contains("five days")));
    }

    async fn a_receiver_may_ask_to_be_left_alone(database: &Database) {
        let desk = Desk::open(database).await;
        let production = desk.done(&[], Some(desk.sink.url("wait-5"))).await;
        let told = desk.deliver(production, 1).await;
        let DeliveryState::Waiting(due) = told[0].delivery.state else { panic!("{:?}", told[0].delivery) };
        assert!(due.since(desk.house.app.now()) >= Duration::from_secs(5));
    }

    async fn while_a_secret_is_rotated_old_and_new_both_fit(database: &Database) {
        let desk = Desk::open(database).await;
        let operator = Operator::at_the_console();
        let own = desk.house.app.apps().any(&operator, desk.app.id).await.unwrap();
        desk.house.clock.pass(Duration::from_secs(1));
        let new = desk.house.app.apps().rotate(&own, Rotation::Overlapping).await.unwrap();
        let service = desk.service("ok", None).await;
        let production = desk.done(&[service], None).await;
        desk.deliver(production, 1).await;
        let heard = desk.sink.heard();
        let claims = format!(r#"{{"uuid":"{production}"}}"#);
        let token = String::from_utf8(heard[0].body.clone()).unwrap();
        assert_eq!(token, protocols::jwt::service_token(&claims, desk.secret.reveal()), "the old one, which everybody has");
        for secret in [&desk.secret, &new] {
            assert!(desk.is_signed(&heard[0], &WebhookKey::raw(secret.reveal())));
        }
        desk.house.clock.pass(Duration::from_hours(25));
        let production = desk.done(&[service], None).await;
        desk.deliver(production, 1).await;
        let heard = desk.sink.heard();
        let claims = format!(r#"{{"uuid":"{production}"}}"#);
        assert_eq!(heard[1].body, protocols::jwt::service_token(&claims, new.reveal()).into_bytes());
        assert!(!desk.is_signed(&heard[1], &WebhookKey::raw(desk.secret.reveal())));
    }

    async fn connecting_again_moves_what_comes_and_not_what_is_on_its_way(database: &Database) {
        let desk = Desk::open(database).await;
        let connect = |path: &str, data: Option<&str>| Connect {
            webhook_url: desk.sink.url(path),
            display_name: "Show".to_owned(),
            custom_data: data.map(str::to_owned),
        };
        let services = desk.house.app.services();
        let first = services.connect(&desk.podhost(), connect("500/old", Some("old"))).await.unwrap().service.id;
        let before = desk.done(&[first], None).await;
        desk.deliver(before, 1).await;
        let again = services.connect(&desk.podhost(), connect("ok/new", None)).await.unwrap().service;
        assert_eq!((again.id, again.app().map(|app| app.custom_data.clone())), (first, Some(None)));
        let after = desk.done(&[first], None).await;
        desk.deliver(after, 1).await;
        desk.house.clock.pass(Duration::from_secs(6));
        desk.deliver(before, 2).await;
        let paths: Vec<_> = desk.sink.heard().iter().map(|heard| heard.path.clone()).collect();
        assert_eq!(paths, ["/500/old", "/ok/new", "/500/old"]);
    }

    async fn what_was_given_up_can_be_sent_once_more(database: &Database) {
        let desk = Desk::open(database).await;
        let production = desk.done(&[], Some(desk.sink.url("410"))).await;
        let told = desk.deliver(production, 1).await;
        let operator = Operator::at_the_console();
        let deliveries = desk.house.app.deliveries();
        let filter = Filter { given_up: true, ..Filter::default() };
        let everybody = Whose::Everybody(&operator);
        assert_eq!(deliveries.count(everybody, filter).await.unwrap(), 1);
        assert_eq!(deliveries.replay_all(everybody, filter).await.unwrap(), 1);
        assert_eq!(deliveries.replay_all(everybody, filter).await.unwrap(), 0, "it is on its way");
        desk.deliver(production, 2).await;
        let heard = desk.sink.heard();
        assert_eq!((heard.len(), heard[0].body == heard[1].body), (2, true));
        assert!(heard.iter().all(|heard| heard.header("webhook-id") == told[0].delivery.id.as_str()));
    }

    async fn what_is_said_of_an_earlier_run_is_not_said_of_this_one(database: &Database) {
        let desk = Desk::open(database).await;
        let connect = |path: &str| Connect {
            webhook_url: desk.sink.url(path),
            display_name: "My Family Podcast".to_owned(),
            custom_data: None,
        };
        let services = desk.house.app.services();
        let service = services.connect(&desk.podhost(), connect("500")).await.unwrap().service.id;
        let production = desk.done(&[service], None).await;
        // It is made anew while the first is not told yet; by then the app is elsewhere, and answers.
        services.connect(&desk.podhost(), connect("ok")).await.unwrap();
        desk.house.app.productions().start(&desk.ada, production).await.unwrap();
        desk.finish().await;
        desk.deliver(production, 1).await;
        desk.house.clock.pass(Duration::from_secs(6));
        desk.deliver_until("the first is tried again", async || {
            desk.told(production).await.iter().any(|told| told.attempts.len() == 2)
        }).await;
        let beside = services.beside(desk.ada.account.id, &[production]).await.unwrap();
        let placing = beside[&production][0].placing.clone().unwrap();
        assert_eq!((placing.success, placing.trouble.as_str()), (Some(true), ""));
    }

    async fn everybody_sees_what_is_theirs(database: &Database) {
        let desk = Desk::open(database).await;
        let service = desk.service("ok", None).await;
        let production = desk.done(&[service], Some(desk.sink.url("ok"))).await;
        let told = desk.deliver(production, 1).await;
        let (to_app, to_webhook) = if told[0].delivery.app.is_some() { (&told[0], &told[1]) } else { (&told[1], &told[0]) };
        let (to_app, to_webhook) = (to_app.delivery.id, to_webhook.delivery.id);
        let (apps, deliveries) = (desk.house.app.apps(), desk.house.app.deliveries());
        let own = apps.any(&Operator::at_the_console(), desk.app.id).await.unwrap();
        let draft = AppDraft { name: "Another".to_owned(), ..AppDraft::default() };
        let (other, _) = apps.create(&desk.ada.account, draft, Keeps::ASecret).await.unwrap();
        let other = apps.any(&Operator::at_the_console(), other.id).await.unwrap();
        let owner = desk.house.app.accounts().sign_in("ada", PASSWORD, HERE).await.unwrap();
        let owner = desk.house.app.callers().by_session(owner.key.reveal()).await.unwrap();
        desk.house.account("eve").await;
        let eve = desk.house.app.accounts().sign_in("eve", PASSWORD, HERE).await.unwrap();
        let eve = desk.house.app.callers().by_session(eve.key.reveal()).await.unwrap();
        let all = Filter::default();
        for (whose, seen) in [
            (Whose::App(&own), vec![to_app]),
            (Whose::App(&other), vec![]),
            (Whose::Account(&owner), vec![to_app, to_webhook]),
            (Whose::Account(&eve), vec![]),
        ] {
            let mut found: Vec<_> = deliveries.list(whose, all, Page::first(9)).await.unwrap().iter().map(|one| one.id).collect();
            let mut expected = seen.clone();
            found.sort();
            expected.sort();
            assert_eq!(found, expected, "{whose:?}");
            assert_eq!(deliveries.count(whose, all).await.unwrap(), seen.len() as u64, "{whose:?}");
            for id in [to_app, to_webhook] {
                assert_eq!(deliveries.find(whose, id).await.is_ok(), seen.contains(&id), "{whose:?}");
            }
        }
        assert!(deliveries.replay(Whose::Account(&eve), to_app).await.is_err());
        assert!(deliveries.list(Whose::Account(&desk.podhost()), all, Page::first(9)).await.is_err(), "by a browser only");
        let later = Filter { since: Some(desk.house.app.now() + Duration::from_secs(1)), ..all };
        assert_eq!(deliveries.replay_all(Whose::Account(&owner), later).await.unwrap(), 0);
        assert_eq!(deliveries.replay_all(Whose::App(&own), all).await.unwrap(), 1);
        desk.deliver(production, 1).await;
        desk.deliver_until("the app hears again", async || desk.sink.heard().len() == 3).await;
    }

    async fn a_worker_that_vanishes_leaves_its_deliveries_to_others(database: &Database) {
        let desk = Desk::open(database).await;
        let production = desk.done(&[], Some(desk.sink.url("ok"))).await;
        let now = desk.house.app.now();
        store::deliveries::sign_on(&desk.store, "vanished", now + Duration::from_secs(20)).await.unwrap();
        let taken = store::deliveries::claim(&desk.store, "vanished", now, 10).await.unwrap();
        assert_eq!(taken.len(), 1);
        assert_eq!(store::deliveries::recover(&desk.store, now).await.unwrap(), 0);
        assert!(store::deliveries::claim(&desk.store, "other", now, 10).await.unwrap().is_empty());
        desk.house.clock.pass(Duration::from_secs(21));
        let told = desk.deliver(production, 1).await;
        assert!(matches!(told[0].delivery.state, DeliveryState::Delivered(_)));
        assert!(!store::deliveries::prolong(&desk.store, "vanished", now).await.unwrap(), "it is told so");
    }

    async fn a_host_that_hangs_keeps_no_other_waiting(database: &Database) {
        let desk = Desk::open(database).await;
        for number in 0..30 {
            desk.done(&[], Some(desk.sink.url(&format!("hang/{number}")))).await;
        }
        let other = Sink::start().await;
        let mut good = Vec::new();
        for number in 0..30 {
            good.push(desk.done(&[], Some(other.url(&format!("ok/{number}")))).await);
        }
        desk.deliver_until("all of the healthy ones", async || other.heard().len() >= 30).await;
        assert!(desk.sink.heard().len() <= 6, "the other is asked one by one: {}", desk.sink.heard().len());
    }

    async fn a_removed_service_is_told_nothing(database: &Database) {
        let desk = Desk::open(database).await;
        let service = desk.service("ok", None).await;
        let production = desk.done(&[service], None).await;
        desk.house.app.services().remove(&desk.ada, service).await.unwrap();
        assert!(desk.told(production).await.is_empty());
        let other: AppId = AppId::new(desk.house.app.now(), &*desk.house.dice);
        assert!(desk.house.app.deliveries().signing(Some(other), desk.ada.account.id).await.is_err());
    }
}
