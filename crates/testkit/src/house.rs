//! A whole house for a test: a database, a folder for files, a clock that the test moves, and dice that always fall the same.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use app::accounts::NewAccount;
use app::runs::{Begun, Said};
use app::{App, Caller, Parts, Rules, Scopes, SecretKey};
use model::article::{About, Kind};
use model::narration::Script;
use model::production::{Made, MadeFile, Stage};
use model::{Clock, Dice, Time};
use store::jobs::{ClaimOptions, Claimed};
use store::{BlobOptions, Blobs, Store};
use tempfile::TempDir;

use crate::database::{Database, SeededDice};

/// A clock that stands until the test moves it.
pub struct TestClock(AtomicI64);

impl TestClock {
    /// The first moment of every test: 2026-01-05T12:00:00Z, a Monday.
    pub const START: Time = Time::from_ms(1_767_614_400_000);

    /// Moves the clock on.
    pub fn pass(&self, time: Duration) {
        self.0.fetch_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self(AtomicI64::new(Self::START.as_ms()))
    }
}

impl Clock for TestClock {
    fn now(&self) -> Time {
        Time::from_ms(self.0.load(Ordering::SeqCst))
    }
}

/// Where requests of tests come from.
pub const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The password of everybody in tests.
pub const PASSWORD: &str = "correct horse battery staple";

/// A house in a test.
pub struct House {
    /// The verbs.
    pub app: App,
    /// Storage.
    pub blobs: Blobs,
    /// The clock.
    pub clock: Arc<TestClock>,
    /// The dice.
    pub dice: Arc<dyn Dice>,
    folder: TempDir,
}

impl House {
    /// A house with the usual rules, open to strangers.
    pub fn open(database: &Database) -> Self {
        Self::with_rules(database, Rules { signup_open: true, ..Rules::default() })
    }

    /// A house with rules of its own.
    ///
    /// # Panics
    /// When there is no room for it.
    pub fn with_rules(database: &Database, rules: Rules) -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("there is no folder for a house: {error}"));
        let blobs = Blobs::open(&BlobOptions::folder(&folder.path().join("files")))
            .unwrap_or_else(|error| panic!("storage cannot be opened: {error}"));
        let clock = Arc::new(TestClock::default());
        let dice: Arc<dyn Dice> = Arc::new(SeededDice::new(7));
        let app = app(database.store().clone(), &blobs, &clock, &dice, rules);
        Self { app, blobs, clock, dice, folder }
    }

    /// The verbs as another process on the same database has them: they share rows with the first, and nothing in memory.
    pub async fn another(&self, database: &Database) -> App {
        app(database.another().await, &self.blobs, &self.clock, &self.dice, self.app.rules().clone())
    }

    /// A folder for whatever a test needs one for.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A new account, and a key that is good for everything.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn account(&self, name: &str) -> (Caller, String) {
        let new = NewAccount {
            username: name.to_owned(),
            email: format!("{name}@example.org"),
            password: PASSWORD.to_owned(),
            is_admin: false,
        };
        let made = async {
            let account = self.app.accounts().create(new).await?;
            let (_, key) = self.app.api_keys().create(&account, "tests", &Scopes::All, None).await?;
            let caller = self.app.callers().by_key(key.reveal(), HERE).await?;
            Ok::<_, app::AppError>((caller, key.reveal().to_owned()))
        };
        made.await.unwrap_or_else(|error| panic!("{name} cannot be made: {error}"))
    }

    /// Takes the next production that waits, as a worker would.
    ///
    /// # Panics
    /// When there is none.
    #[expect(clippy::unwrap_used, reason = "tests stop where they fail")]
    pub async fn claim(&self, database: &Database) -> Claimed {
        let options = ClaimOptions { kinds: &["produce"], worker: "test", lease: Duration::from_secs(30) };
        store::jobs::claim(database.store(), &options, self.app.now(), "token").await.unwrap().unwrap()
    }

    /// Reads the article that waits as a worker would, without a voice: paragraphs with bars between them.
    ///
    /// # Panics
    /// When none waits.
    #[expect(clippy::unwrap_used, reason = "tests stop where they fail")]
    pub async fn read_article(&self, database: &Database, words: &str) -> Made {
        let job = self.claim(database).await;
        let runs = self.app.runs();
        let Begun::Go(production) = runs.begin(&job).await.unwrap() else { panic!("nothing to do") };
        let reading = self.app.narrations().reading(production.id).await.unwrap();
        let mut narration = reading.narration;
        if narration.script.segments.is_empty() {
            let about = About { title: "How gauges listen".to_owned(), language: "en".to_owned(), ..About::default() };
            let pieces = words.split('|').map(|text| (Kind::Paragraph, text.to_owned()));
            narration = self.app.narrations().write(&job, about, Script::of(pieces, None)).await.unwrap().unwrap();
        }
        let _ = runs.reach(&job, Stage::Speaking).await.unwrap();
        let (key, _) = runs.announce(production.owner, production.id, production.run).await.unwrap();
        let file = self.folder().join("made");
        std::fs::write(&file, format!("run {}", production.run)).unwrap();
        let kept = self.blobs.put_file(&file, &key).await.unwrap();
        let file = MadeFile {
            key: key.to_string(),
            name: "narration.mp3".into(),
            size: kept.size,
            md5: kept.md5,
            ..MadeFile::default()
        };
        let made = Made { files: vec![file], length_ms: 5_000, revision: Some(narration.revision), ..Made::default() };
        assert_eq!(runs.finish(&job, made.clone()).await.unwrap(), Said::Heard);
        made
    }
}

fn app(store: Store, blobs: &Blobs, clock: &Arc<TestClock>, dice: &Arc<dyn Dice>, rules: Rules) -> App {
    App::new(Parts {
        store,
        blobs: blobs.clone(),
        clock: Arc::<TestClock>::clone(clock),
        dice: Arc::clone(dice),
        secret: SecretKey::new([7; 32]),
        rules,
    })
}
