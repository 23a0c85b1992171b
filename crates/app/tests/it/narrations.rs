//! Narrations: asked for once and found again, told when they end, changed by those who may, and heard as they were published.

use std::sync::Arc;
use std::time::Duration;

use app::accounts::NewAccount;
use app::narrations::{Editor, Request, Requested, SAY, Said as Spoken, Status};
use app::organizations::{By, Partner};
use app::runs::{Begun, Said};
use app::{AppError, Checks, Rules, Visitor};
use model::narration::{Change, Wish};
use model::production::{Stage, State};
use model::{OrganizationId, ProductionId};
use store::jobs::ClaimOptions;
use testkit::database::Database;
use testkit::house::{HERE, House, PASSWORD};

/// An organization with a key and an address that hears of its narrations.
struct Newsroom {
    house: House,
    id: OrganizationId,
    partner: Partner,
}

/// A house that goes nowhere private, says no snowmen, and has no voice called "nobody".
#[derive(Debug)]
struct Particular;

impl Checks for Particular {
    fn address(&self, address: &str) -> Result<(), String> {
        if address.contains("10.0.0.1") { Err("That is private.".to_owned()) } else { Ok(()) }
    }

    fn pronunciation(&self, _word: &str, said: &str) -> Result<(), String> {
        if said.contains('☃') { Err("That is no sound.".to_owned()) } else { Ok(()) }
    }

    fn voice(&self, name: &str) -> Result<(), String> {
        if name == "nobody" { Err("Nobody is called that.".to_owned()) } else { Ok(()) }
    }
}

impl Newsroom {
    async fn open(database: &Database) -> Self {
        let house = House::with_rules(database, Rules { checks: Arc::new(Particular), ..Rules::default() });
        let (ada, _) = house.account("ada").await;
        let organizations = house.app.organizations();
        let id = organizations.create(&ada, "Tide News").await.unwrap().id;
        organizations.add_webhook(By::Admin(&ada), id, "https://hooks.example/own").await.unwrap();
        let key = organizations.generate_key(By::Admin(&ada), id).await.unwrap().private;
        let partner = organizations.by_private_key(key.reveal()).await.unwrap();
        Self { house, id, partner }
    }

    async fn ask(&self, request: Request) -> Result<Requested, AppError> {
        self.house.app.narrations().request(&self.partner, request).await
    }

    async fn status(&self, id: ProductionId) -> Status {
        self.house.app.narrations().player(id).await.unwrap().status()
    }

    async fn fail(&self, database: &Database, why: &str) {
        let job = self.house.claim(database).await;
        assert!(matches!(self.house.app.runs().begin(&job).await.unwrap(), Begun::Go(_)));
        assert_eq!(self.house.app.runs().fail(&job, why, Stage::Fetching).await.unwrap(), Said::Heard);
    }

    /// What was promised to be told, oldest first: where to, and what.
    async fn told(&self, database: &Database) -> Vec<(String, String)> {
        let all =
            store::deliveries::list(database.store(), &store::deliveries::Filter::default(), app::Page::first(50))
                .await
                .unwrap();
        let mut all: Vec<_> = all
            .into_iter()
            .map(|told| (told.url.clone(), told.fact["type"].as_str().unwrap_or_default().to_owned()))
            .collect();
        all.reverse();
        all
    }

    /// Somebody whom the organization sends to the editor.
    async fn editor(&self, id: ProductionId) -> Editor {
        self.editor_for(id, "u-1").await
    }

    async fn editor_for(&self, id: ProductionId, theirs: &str) -> Editor {
        let narrations = self.house.app.narrations();
        let link = narrations.editor_link(&self.partner, id, theirs).await.unwrap();
        let session = narrations.enter_editor(link.reveal()).await.unwrap();
        narrations.editor_by_session(session.key.reveal()).await.unwrap()
    }
}

fn request(address: &str, user: &str) -> Request {
    Request { address: address.to_owned(), user: user.to_owned(), ..Request::default() }
}

const ARTICLE: &str = "https://tides.example/gauges";

testkit::both_databases! {
    async fn the_same_article_for_the_same_person_is_made_once(database: &Database) {
        let newsroom = Newsroom::open(database).await;
        let first = newsroom.ask(request(ARTICLE, "u-1")).await.unwrap();
        assert!(first.is_begun);
        for same in [ARTICLE, "HTTPS://Tides.example/gauges#end", "https://tides.example:443/x/../gauges"] {
            assert_eq!(newsroom.ask(request(same, "u-1")).await.unwrap(), Requested { is_begun: false, ..first.clone() });
        }
        assert_eq!(newsroom.status(first.id).await, Status::Generating);
        newsroom.house.read_article(database, "One.|Two.").await;
        assert_eq!(newsroom.status(first.id).await, Status::Ready);
        let player = newsroom.house.app.narrations().player(first.id).await.unwrap();
        assert_eq!(player.production.draft.metadata.title, "How gauges listen");
        assert_eq!(newsroom.told(database).await, [("https://hooks.example/own".to_owned(), "player.ready".to_owned())]);
        assert_ne!(newsroom.ask(request(ARTICLE, "u-2")).await.unwrap().id, first.id);
        assert_ne!(newsroom.ask(request("https://tides.example/gauges?a", "u-1")).await.unwrap().id, first.id);
        // A name that was given to a request is not used for another one.
        let named = Request { key: Some("k-1".to_owned()), is_anew: true, ..request(ARTICLE, "u-1") };
        assert!(newsroom.ask(named.clone()).await.unwrap().is_begun);
        assert!(newsroom.ask(named.clone()).await.unwrap().is_begun);
        // And one that began nothing is answered alike, too.
        let found = Request { key: Some("k-2".to_owned()), ..request(ARTICLE, "u-2") };
        for _ in 0..2 {
            assert!(!newsroom.ask(found.clone()).await.unwrap().is_begun);
        }
        let other = Request { address: "https://tides.example/other".to_owned(), ..named };
        assert!(matches!(newsroom.ask(other).await, Err(AppError::Refused(_))));
        assert!(matches!(newsroom.ask(request("http://10.0.0.1/", "u-1")).await, Err(AppError::Refused(_))));
        assert!(matches!(newsroom.ask(request("x", "")).await, Err(AppError::Invalid(fields)) if fields.len() == 2));
    }

    async fn many_at_once_make_one(database: &Database) {
        let newsroom = Newsroom::open(database).await;
        let asked = futures_util::future::join_all((0..8).map(|_| newsroom.ask(request(ARTICLE, "u-1")))).await;
        let ids: std::collections::BTreeSet<_> = asked.into_iter().map(|done| done.unwrap().id).collect();
        assert_eq!(ids.len(), 1);
    }

    async fn what_did_not_work_is_told_and_tried_again(database: &Database) {
        let newsroom = Newsroom::open(database).await;
        let own = Wish { webhook: Some("https://hooks.example/once".to_owned()), ..Wish::default() };
        let first = newsroom.ask(Request { wish: own, ..request(ARTICLE, "u-1") }).await.unwrap().id;
        newsroom.fail(database, "It was empty.").await;
        let player = newsroom.house.app.narrations().player(first).await.unwrap();
        assert_eq!((player.status(), player.trouble()), (Status::Error, Some("It was empty.")));
        assert_eq!(newsroom.told(database).await, [("https://hooks.example/once".to_owned(), "player.failed".to_owned())]);
        assert_eq!(newsroom.ask(request(ARTICLE, "u-1")).await.unwrap(), Requested { id: first, is_begun: true });
        assert_eq!(newsroom.status(first).await, Status::Generating);
        newsroom.house.read_article(database, "One.").await;
        assert_eq!(newsroom.status(first).await, Status::Ready);
    }

    async fn what_is_heard_is_what_was_published(database: &Database) {
        let newsroom = Newsroom::open(database).await;
        let id = newsroom.ask(request(ARTICLE, "u-1")).await.unwrap().id;
        let first = newsroom.house.read_article(database, "One.|Two.").await;
        let editor = newsroom.editor(id).await;
        let narrations = newsroom.house.app.narrations();
        let before = narrations.edited(&editor, id).await.unwrap().narration;
        let changed = narrations.change(&editor, id, before.revision, vec![Change::Text(1, "Uno.".into())]).await.unwrap();
        assert!(!changed.is_merged && changed.narration.revision == before.revision + 1);
        assert!(matches!(narrations.publish(&editor, id).await, Err(AppError::Conflict(_))));
        narrations.render(&editor, id).await.unwrap();
        // While it is rendered, and after, the old one is heard; its file is there.
        assert_eq!(newsroom.status(id).await, Status::Ready);
        let second = newsroom.house.read_article(database, "").await;
        let heard = async || narrations.player(id).await.unwrap().narration.published.unwrap();
        assert_eq!((heard().await.made, heard().await.revision), (first.clone(), before.revision));
        sweep(&newsroom).await;
        assert!(crate::content(&newsroom.house.app, &first.files[0].key).await.is_ok());
        narrations.publish(&editor, id).await.unwrap();
        assert_eq!((heard().await.made, heard().await.revision), (second.clone(), before.revision + 1));
        sweep(&newsroom).await;
        assert!(crate::content(&newsroom.house.app, &first.files[0].key).await.is_err());
        assert!(crate::content(&newsroom.house.app, &second.files[0].key).await.is_ok());
        // A rendering that does not work takes nothing away, and nobody is told.
        let told = newsroom.told(database).await.len();
        narrations.render(&editor, id).await.unwrap();
        newsroom.fail(database, "The voice is gone.").await;
        assert_eq!((newsroom.status(id).await, newsroom.told(database).await.len()), (Status::Ready, told));
        // And with the production everything goes.
        let production = narrations.player(id).await.unwrap().production;
        assert!(matches!(production.state, State::Failed { .. }));
        let tx = database.store().begin().await.unwrap();
        assert!(store::leaving::remove(&tx, production.owner, newsroom.house.app.now()).await.unwrap());
        tx.commit().await.unwrap();
        sweep(&newsroom).await;
        assert!(matches!(narrations.player(id).await, Err(AppError::NotFound(_))));
        assert!(crate::content(&newsroom.house.app, &second.files[0].key).await.is_err());
    }

    async fn what_is_made_anew_is_heard_when_it_is_made(database: &Database) {
        let newsroom = Newsroom::open(database).await;
        let anew = Request { is_anew: true, ..request(ARTICLE, "u-1") };
        let id = newsroom.ask(anew.clone()).await.unwrap().id;
        let first = newsroom.house.read_article(database, "One.|Two.").await;
        let narrations = newsroom.house.app.narrations();
        let heard = async || narrations.player(id).await.unwrap().narration.published.unwrap().made;
        // How often it was told that it is ready, and that it is not.
        let told = async || {
            let all = newsroom.told(database).await;
            ["player.ready", "player.failed"].map(|kind| all.iter().filter(|(_, what)| what == kind).count())
        };
        assert_eq!(newsroom.ask(anew.clone()).await.unwrap(), Requested { id, is_begun: true });
        // Nothing falls silent meanwhile, nor where it does not work; but whoever asked for it hears of that.
        assert_eq!((newsroom.status(id).await, heard().await), (Status::Ready, first.clone()));
        newsroom.fail(database, "It was empty.").await;
        sweep(&newsroom).await;
        assert!(crate::content(&newsroom.house.app, &first.files[0].key).await.is_ok());
        assert_eq!((newsroom.status(id).await, heard().await), (Status::Ready, first.clone()));
        assert_eq!(told().await, [1, 1]);
        newsroom.ask(anew).await.unwrap();
        let second = newsroom.house.read_article(database, "Uno.|Due.").await;
        sweep(&newsroom).await;
        assert_eq!(heard().await, second);
        assert!(crate::content(&newsroom.house.app, &first.files[0].key).await.is_err());
        assert!(crate::content(&newsroom.house.app, &second.files[0].key).await.is_ok());
        assert_eq!(told().await, [2, 1]);
        // What an editor renders after that is published by an editor, as before.
        let editor = newsroom.editor(id).await;
        narrations.render(&editor, id).await.unwrap();
        newsroom.house.read_article(database, "").await;
        assert_eq!((heard().await, told().await), (second, [2, 1]));
    }

    async fn what_is_to_be_made_anew_does_not_wait_for_what_is_under_way(database: &Database) {
        let newsroom = Newsroom::open(database).await;
        let id = newsroom.ask(request(ARTICLE, "u-1")).await.unwrap().id;
        let runs = newsroom.house.app.runs();
        let job = newsroom.house.claim(database).await;
        assert!(matches!(runs.begin(&job).await.unwrap(), Begun::Go(_)));
        // Whoever only asks for it once more waits for the same.
        assert!(!newsroom.ask(request(ARTICLE, "u-1")).await.unwrap().is_begun);
        let title = Some("Corrected".to_owned());
        let corrected =
            Request { is_anew: true, wish: Wish { title, ..Wish::default() }, ..request(ARTICLE, "u-1") };
        assert_eq!(newsroom.ask(corrected).await.unwrap(), Requested { id, is_begun: true });
        // What the first worker says counts for nothing; it is asked to stop.
        assert_eq!(runs.reach(&job, Stage::Speaking).await.unwrap(), Said::TooLate);
        assert_eq!(runs.fail(&job, "It was empty.", Stage::Fetching).await.unwrap(), Said::TooLate);
        assert_eq!(newsroom.status(id).await, Status::Generating);
        newsroom.house.read_article(database, "One.").await;
        let player = newsroom.house.app.narrations().player(id).await.unwrap();
        assert_eq!((player.status(), player.production.run), (Status::Ready, 2));
        assert_eq!(player.narration.wish.title.as_deref(), Some("Corrected"));
        assert_eq!(newsroom.told(database).await.len(), 1);
    }

    async fn a_segment_is_moved_by_one_at_a_time(database: &Database) {
        let newsroom = Newsroom::open(database).await;
        let id = newsroom.ask(request(ARTICLE, "u-1")).await.unwrap().id;
        newsroom.house.read_article(database, "One.|Two.|Three.|Four.").await;
        let editor = newsroom.editor(id).await;
        let narrations = newsroom.house.app.narrations();
        let base = narrations.edited(&editor, id).await.unwrap().narration.revision;
        let change = async |change| narrations.change(&editor, id, base, vec![change]).await;
        change(Change::Move(4, None)).await.unwrap();
        // To another place, and after something that is gone: both are told. Another wording and another segment's place go with it.
        assert!(matches!(change(Change::Move(4, Some(1))).await, Err(AppError::Changed { .. })));
        assert!(change(Change::Text(4, "Quattro.".to_owned())).await.unwrap().is_merged);
        assert!(change(Change::Move(3, Some(1))).await.unwrap().is_merged);
        change(Change::Remove(2)).await.unwrap();
        assert!(matches!(change(Change::Move(1, Some(2))).await, Err(AppError::Changed { .. })));
        let now = narrations.edited(&editor, id).await.unwrap().narration.script;
        assert_eq!(now.segments.iter().map(|segment| segment.id).collect::<Vec<_>>(), [4, 1, 3]);
    }

    async fn what_cannot_be_said_or_would_never_end_is_refused_when_it_is_written(database: &Database) {
        let newsroom = Newsroom::open(database).await;
        let id = newsroom.ask(request(ARTICLE, "u-1")).await.unwrap().id;
        newsroom.house.read_article(database, "One.|Two.").await;
        let editor = newsroom.editor(id).await;
        let narrations = newsroom.house.app.narrations();
        for (word, said, field) in [("COVID-19", "koh-vid", "word"), ("Two words", "x", "word"), ("amble", "☃", "said")] {
            let refused = narrations.pronounce(&editor, id, word, Some(said)).await;
            assert!(matches!(&refused, Err(AppError::Invalid(all)) if all[0].field == field), "{word}: {refused:?}");
        }
        // What is kept from before can go.
        narrations.pronounce(&editor, id, "COVID-19", None).await.unwrap();
        let base = narrations.edited(&editor, id).await.unwrap().narration.revision;
        let long = (0..40).map(|_| Change::Insert(None, "x".repeat(32_000))).collect();
        let refused = narrations.change(&editor, id, base, long).await;
        assert!(matches!(&refused, Err(AppError::Invalid(all)) if all[0].field == "script"), "{refused:?}");
        assert_eq!(narrations.edited(&editor, id).await.unwrap().narration.revision, base);
        let nothing_seen = Wish { title: Some("a\u{0}".to_owned()), ..Wish::default() };
        let private = Wish { webhook: Some("http://10.0.0.1/x".to_owned()), ..Wish::default() };
        let nobody = || Some("nobody".to_owned());
        let by_nobody = Wish { voice: nobody(), ..Wish::default() };
        for (wish, field) in [(nothing_seen, "title"), (private, "webhookUrl"), (by_nobody, "voice")] {
            let refused = newsroom.ask(Request { wish, ..request("https://tides.example/other", "u-1") }).await;
            assert!(matches!(&refused, Err(AppError::Invalid(all)) if all[0].field == field), "{refused:?}");
        }
        for (change, field) in [(Change::Reader(nobody()), "reader"), (Change::Voice(1, nobody()), "voice-1")] {
            let refused = narrations.change(&editor, id, base, vec![change]).await;
            assert!(matches!(&refused, Err(AppError::Invalid(all)) if all[0].field == field), "{refused:?}");
        }
    }

    async fn two_editors_lose_nothing(database: &Database) {
        let newsroom = Newsroom::open(database).await;
        let id = newsroom.ask(request(ARTICLE, "u-1")).await.unwrap().id;
        newsroom.house.read_article(database, "One.|Two.|Three.").await;
        let (first, second) = (newsroom.editor(id).await, newsroom.editor(id).await);
        let narrations = newsroom.house.app.narrations();
        let base = narrations.edited(&first, id).await.unwrap().narration.revision;
        let text = |id, text: &str| vec![Change::Text(id, text.to_owned())];
        narrations.change(&first, id, base, text(1, "Uno.")).await.unwrap();
        // Another place goes together with it, the same one does not.
        assert!(narrations.change(&second, id, base, text(2, "Due.")).await.unwrap().is_merged);
        let late = narrations.change(&second, id, base, text(1, "Eins.")).await;
        assert!(matches!(late, Err(AppError::Changed { revision }) if revision == base + 2), "{late:?}");
        let now = narrations.edited(&first, id).await.unwrap().narration;
        let texts: Vec<_> = now.script.segments.iter().map(|segment| segment.text.as_str()).collect();
        assert_eq!(texts, ["Uno.", "Due.", "Three."]);
        let undone = narrations.undo(&first, id, now.revision).await.unwrap();
        assert_eq!(undone.script.segments[1].text, "Two.");
        let undone = narrations.undo(&first, id, undone.revision).await.unwrap();
        assert_eq!(undone.script.segments[0].text, "One.");
        assert!(matches!(narrations.undo(&first, id, undone.revision).await, Err(AppError::Conflict(_))));
        assert!(matches!(narrations.undo(&first, id, base).await, Err(AppError::Changed { .. })));
    }

    async fn nothing_is_said_to_somebody_who_left(database: &Database) {
        let newsroom = Newsroom::open(database).await;
        let id = newsroom.ask(request(ARTICLE, "u-1")).await.unwrap().id;
        newsroom.house.read_article(database, "One.|Two.").await;
        let editor = newsroom.editor(id).await;
        let (house, narrations) = (&newsroom.house, newsroom.house.app.narrations());
        let said = Spoken::Trouble("No voice today.".to_owned());
        let worker = async {
            let options = ClaimOptions { kinds: &[SAY], worker: "test", lease: Duration::from_secs(30) };
            let job = loop {
                match store::jobs::claim(database.store(), &options, house.app.now(), "token").await.unwrap() {
                    Some(job) => break job,
                    None => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            };
            let asked = narrations.to_say(&job).await.unwrap().unwrap().narration.script;
            house.clock.pass(Duration::from_secs(16));
            let late = narrations.to_say(&job).await;
            narrations.said(&job, &said).await.unwrap();
            (asked, late)
        };
        let (heard, (asked, late)) = tokio::join!(narrations.hear(&editor, id, 2), worker);
        assert_eq!(asked.segments.iter().map(|segment| segment.text.as_str()).collect::<Vec<_>>(), ["Two."]);
        assert!(matches!(late, Err(AppError::NoAnswer)), "{late:?}");
        assert!(matches!(heard, Err(AppError::Conflict(why)) if why == "No voice today."));
    }

    async fn a_way_into_the_editor_is_good_once_and_for_one_person(database: &Database) {
        let newsroom = Newsroom::open(database).await;
        let id = newsroom.ask(request(ARTICLE, "u-1")).await.unwrap().id;
        let others = newsroom.ask(request(ARTICLE, "u-2")).await.unwrap().id;
        let narrations = newsroom.house.app.narrations();
        assert!(matches!(narrations.editor_link(&newsroom.partner, id, "u-2").await, Err(AppError::NotFound(_))));
        assert!(matches!(narrations.editor_link(&newsroom.partner, id, "nobody").await, Err(AppError::NotFound(_))));
        let link = narrations.editor_link(&newsroom.partner, id, "u-1").await.unwrap();
        let session = narrations.enter_editor(link.reveal()).await.unwrap();
        assert!(matches!(narrations.enter_editor(link.reveal()).await, Err(AppError::Unauthenticated(_))));
        let editor = narrations.editor_by_session(session.key.reveal()).await.unwrap();
        assert!(matches!(narrations.edited(&editor, others).await, Err(AppError::NotFound(_))));
        assert!(matches!(narrations.pronounce(&editor, others, "Nguyen", Some("win")).await, Err(AppError::NotFound(_))));
        narrations.pronounce(&editor, id, " Nguyen ", Some("win")).await.unwrap();
        assert_eq!(narrations.reading(id).await.unwrap().pronunciations, [("nguyen".to_owned(), "win".to_owned())]);
        // Neither is a session of the house.
        assert!(newsroom.house.app.callers().by_session(session.key.reveal()).await.is_err());
        assert!(newsroom.house.app.callers().by_key(session.key.reveal(), HERE).await.is_err());
        let late = narrations.editor_link(&newsroom.partner, id, "u-1").await.unwrap();
        house_waits(&newsroom, Duration::from_mins(6));
        assert!(matches!(narrations.enter_editor(late.reveal()).await, Err(AppError::Unauthenticated(_))));
        house_waits(&newsroom, Duration::from_hours(8));
        assert!(matches!(narrations.editor_by_session(session.key.reveal()).await, Err(AppError::Unauthenticated(_))));
    }

    async fn of_two_who_claim_an_account_one_has_it(database: &Database) {
        let newsroom = Newsroom::open(database).await;
        let id = newsroom.ask(request(ARTICLE, "u-1")).await.unwrap().id;
        let (one, other) = (newsroom.editor(id).await, newsroom.editor(id).await);
        let new = |name: &str| NewAccount { username: name.to_owned(), email: String::new(), password: PASSWORD.to_owned(), is_admin: false };
        let (narrations, visitor) = (newsroom.house.app.narrations(), Visitor::from(HERE));
        assert!(narrations.can_claim(&one).await.unwrap());
        let both = tokio::join!(narrations.claim(&one, new("grace"), &visitor), narrations.claim(&other, new("hopper"), &visitor));
        let (kept, refused) = match both {
            (Ok(kept), Err(refused)) | (Err(refused), Ok(kept)) => (kept.account, refused),
            _ => panic!("both or neither was told that it worked"),
        };
        assert!(matches!(refused, AppError::Conflict(_)), "{refused:?}");
        assert_eq!(store::accounts::find(database.store(), one.account()).await.unwrap(), Some(kept));
        assert!(!narrations.can_claim(&one).await.unwrap());
    }

    async fn somebody_takes_what_was_made_for_them_into_their_own_account(database: &Database) {
        let newsroom = Newsroom::open(database).await;
        let (house, narrations, visitor) = (&newsroom.house, newsroom.house.app.narrations(), Visitor::from(HERE));
        let (grace, _) = house.account("grace").await;
        let first = newsroom.ask(request(ARTICLE, "u-1")).await.unwrap().id;
        let editor = newsroom.editor(first).await;
        // While it is made a worker writes files for the account that there was.
        assert!(matches!(narrations.link(&editor, &grace, &visitor).await, Err(AppError::Conflict(_))));
        house.read_article(database, "One.|Two.").await;
        let second = newsroom.ask(request(ARTICLE, "u-2")).await.unwrap().id;
        house.read_article(database, "One.|Two.").await;
        narrations.link(&editor, &grace, &visitor).await.unwrap();
        // It is theirs: signed in, and by the organization's links, those that were opened before as well.
        let own = narrations.editor_of(&grace, first).await.unwrap();
        assert!(!own.is_admin());
        assert!(narrations.may_edit(&newsroom.editor(first).await, first).await.unwrap());
        assert_eq!(store::accounts::find(database.store(), editor.account()).await.unwrap(), None);
        assert_eq!(newsroom.ask(request(ARTICLE, "u-1")).await.unwrap(), Requested { id: first, is_begun: false });
        let production = house.app.productions().find(&grace, first).await.unwrap();
        assert_eq!(production.owner, grace.account.id);
        assert!(store::files::usage(database.store(), grace.account.id).await.unwrap() > 0);
        // Who is known is not moved, and nobody has one article twice.
        assert!(matches!(narrations.link(&own, &grace, &visitor).await, Err(AppError::Conflict(_))));
        assert!(matches!(narrations.link(&editor, &grace, &visitor).await, Err(AppError::Conflict(_))));
        let other = newsroom.editor_for(second, "u-2").await;
        assert!(matches!(narrations.link(&other, &grace, &visitor).await, Err(AppError::Conflict(_))));
        assert!(narrations.may_edit(&other, second).await.unwrap());
        assert!(narrations.can_claim(&other).await.unwrap());
        // An app that may do one thing is nobody's consent.
        let app = app::Caller { scopes: app::Scopes::parse("production.read").unwrap(), ..grace };
        assert!(matches!(narrations.link(&other, &app, &visitor).await, Err(AppError::Forbidden(_))));
    }

    async fn somebody_makes_the_account_their_own(database: &Database) {
        let newsroom = Newsroom::open(database).await;
        let id = newsroom.ask(request(ARTICLE, "u-1")).await.unwrap().id;
        let editor = newsroom.editor(id).await;
        let new = |name: &str| NewAccount { username: name.to_owned(), email: String::new(), password: PASSWORD.to_owned(), is_admin: true };
        let visitor = Visitor::from(HERE);
        let narrations = newsroom.house.app.narrations();
        assert!(matches!(narrations.claim(&editor, new("x"), &visitor).await, Err(AppError::Invalid(_))));
        assert!(matches!(narrations.claim(&editor, new("ada"), &visitor).await, Err(AppError::Invalid(_) | AppError::Conflict(_))));
        let signed_in = narrations.claim(&editor, new("grace"), &visitor).await.unwrap();
        // Whoever claims does not run the house.
        assert!(!signed_in.account.is_admin);
        let caller = newsroom.house.app.callers().by_session(signed_in.key.reveal()).await.unwrap();
        assert_eq!(caller.account.username.as_str(), "grace");
        assert_eq!(narrations.editor_of(&caller, id).await.unwrap().account(), editor.account());
        assert!(matches!(narrations.claim(&editor, new("hopper"), &visitor).await, Err(AppError::Conflict(_))));
        assert_eq!(newsroom.house.app.organizations().find(&caller, newsroom.id).await.err().map(|_| ()), Some(()));
    }
}

fn house_waits(newsroom: &Newsroom, time: Duration) {
    newsroom.house.clock.pass(time);
}

/// Clears away until there is nothing more to.
async fn sweep(newsroom: &Newsroom) {
    while newsroom.house.app.sweeps().sweep().await.unwrap().more {}
}
