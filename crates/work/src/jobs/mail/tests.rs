//! Letters through a mail server of the test's own: sent, put off, tried again, and nobody learns from them who has an account.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests stop where they fail")]

use std::sync::Arc;
use std::time::Duration;

use app::accounts::Entrance;
use app::deliveries::{Heard, ServiceResult};
use app::productions::NewProduction;
use app::{AppError, Caller, Rules, Visitor};
use model::Attempt;
use model::production::{Edit, Input, Made};
use store::jobs::{ClaimOptions, Claimed};
use testkit::database::Database;
use testkit::house::{HERE, House, PASSWORD};
use testkit::smtp::Smtp;

use super::*;

const NEW: &str = "another long password";

struct Post {
    house: House,
    smtp: Smtp,
    store: Store,
}

impl Post {
    async fn open(database: &Database) -> Self {
        let rules = Rules { signup_open: true, has_mail: true, ..Rules::default() };
        Self { house: House::with_rules(database, rules), smtp: Smtp::start().await, store: database.store().clone() }
    }

    async fn sign_in(&self, password: &str) -> Caller {
        let visitor = Visitor { from: HERE, agent: "Firefox/144.0 Linux".to_owned() };
        let Entrance::In(signed_in) = self.house.app.accounts().enter("ada", password, &visitor).await.unwrap() else {
            panic!("a second step")
        };
        self.house.app.callers().by_session(signed_in.key.reveal()).await.unwrap()
    }

    /// Ada, whose address was shown to be hers.
    async fn ada(&self) -> Caller {
        self.house.account("ada").await;
        let ada = self.sign_in(PASSWORD).await;
        self.house.app.letters().ask_verify(&ada, HERE).await.unwrap();
        self.deliver().await.unwrap();
        let code = self.smtp.letters().pop().unwrap().code();
        self.house.app.letters().verify(&ada, &code, HERE).await.unwrap();
        ada
    }

    async fn claim(&self) -> Option<Claimed> {
        let options = ClaimOptions { kinds: &[MAIL], worker: "test", lease: Duration::from_secs(30) };
        store::jobs::claim(&self.store, &options, self.house.app.now(), "token").await.unwrap()
    }

    /// Does the next job, as a worker would.
    async fn deliver(&self) -> Result<(), Failure> {
        let task = Arc::new(Task::new(self.claim().await.expect("a letter is promised")));
        let mailer = Mailer::new(&self.smtp.url(), "sound@example.org", "https://audio.example.org").unwrap();
        let mail = Arc::new(Mail { app: self.house.app.clone(), store: self.store.clone(), mailer: Some(mailer) });
        let done = Arc::clone(&mail).run(Arc::clone(&task)).await;
        if let Err(failure) = &done {
            mail.end(&task, failure).await.unwrap();
        }
        done
    }
}

testkit::both_databases! {
    async fn a_lost_password_is_replaced_by_letter(database: &Database) {
        let post = Post::open(database).await;
        post.ada().await;
        let letters = post.house.app.letters();
        letters.ask_reset("Ada@Example.org", HERE).await.unwrap();
        post.deliver().await.unwrap();
        let letter = post.smtp.letters().pop().unwrap();
        assert_eq!(letter.to, "ada@example.org");
        assert!(letter.text.contains("Subject: A new password") && letter.text.contains("https://audio.example.org/reset/code"), "{}", letter.text);
        assert!(!letter.text.contains(&format!("reset/{}", letter.code())), "no code stands in an address");
        let short = letters.reset(&letter.code(), "short".to_owned(), HERE).await;
        assert!(matches!(short, Err(AppError::Invalid(_))));
        letters.reset(&letter.code().to_lowercase(), NEW.to_owned(), HERE).await.unwrap();
        let again = letters.reset(&letter.code(), PASSWORD.to_owned(), HERE).await;
        assert!(matches!(again, Err(AppError::Invalid(_))), "a code works once");
        assert!(post.house.app.accounts().sign_in("ada", PASSWORD, HERE).await.is_err());
        post.sign_in(NEW).await;
    }

    async fn a_reset_signs_out_everywhere_and_ends_after_half_an_hour(database: &Database) {
        let post = Post::open(database).await;
        let ada = post.ada().await;
        post.house.app.letters().ask_reset("ada", HERE).await.unwrap();
        post.deliver().await.unwrap();
        let code = post.smtp.letters().pop().unwrap().code();
        post.house.clock.pass(Duration::from_mins(31));
        assert!(post.house.app.letters().reset(&code, NEW.to_owned(), HERE).await.is_err());
        post.house.app.letters().ask_reset("ada", HERE).await.unwrap();
        post.deliver().await.unwrap();
        let code = post.smtp.letters().pop().unwrap().code();
        post.house.app.letters().reset(&code, NEW.to_owned(), HERE).await.unwrap();
        assert!(post.house.app.sessions().list(&ada).await.unwrap().is_empty());
    }

    async fn whoever_is_not_there_is_promised_the_same_and_sent_nothing(database: &Database) {
        let post = Post::open(database).await;
        post.ada().await;
        let before = post.smtp.letters().len();
        post.house.account("eve").await;
        // Nobody, somebody whose address was not shown to be hers, and her address.
        for who in ["nobody", "nobody@example.org", "eve", "eve@example.org", "not a name at all"] {
            post.house.app.letters().ask_reset(who, HERE).await.unwrap();
            let counts = store::jobs::counts(&post.store, post.house.app.now()).await.unwrap();
            assert_eq!(counts.ready, 1, "{who}: the same is promised to everybody");
            post.deliver().await.unwrap();
        }
        assert_eq!(post.smtp.letters().len(), before);
    }

    async fn an_account_is_not_flooded(database: &Database) {
        let post = Post::open(database).await;
        post.ada().await;
        let before = post.smtp.letters().len();
        for _ in 0..6 {
            post.house.app.letters().ask_reset("ada", HERE).await.unwrap();
            post.deliver().await.unwrap();
        }
        assert_eq!(post.smtp.letters().len(), before + 3);
        let code = post.smtp.letters()[before].code();
        post.house.app.letters().reset(&code, NEW.to_owned(), HERE).await.unwrap();
    }

    async fn a_server_that_takes_nothing_now_is_asked_again(database: &Database) {
        let post = Post::open(database).await;
        post.ada().await;
        let before = post.smtp.letters().len();
        post.smtp.be_busy(4);
        post.house.app.letters().ask_reset("ada", HERE).await.unwrap();
        for _ in 0..4 {
            assert!(matches!(post.deliver().await, Err(Failure::Later(_))));
            assert!(post.claim().await.is_none(), "not at once");
            post.house.clock.pass(Duration::from_mins(10));
        }
        post.deliver().await.unwrap();
        assert_eq!(post.smtp.letters().len(), before + 1);
        let code = post.smtp.letters().pop().unwrap().code();
        post.house.app.letters().reset(&code, NEW.to_owned(), HERE).await.unwrap();
    }

    async fn another_address_has_to_be_shown_again(database: &Database) {
        let post = Post::open(database).await;
        let ada = post.ada().await;
        assert!(post.house.app.letters().is_verified(&ada).await.unwrap());
        let fresh = post.house.app.sessions().fresh(&ada).await.unwrap();
        post.house.app.accounts().update(&fresh, "ada", "ada@elsewhere.example", HERE).await.unwrap();
        let ada = post.sign_in(PASSWORD).await;
        assert!(!post.house.app.letters().is_verified(&ada).await.unwrap());
        post.deliver().await.unwrap();
        post.deliver().await.unwrap();
        let letters = post.smtp.letters();
        let to = |address: &str| letters.iter().rfind(|letter| letter.to == address).unwrap();
        // Whoever reads the old address hears of it, and nothing that lets anybody in.
        let told = to("ada@example.org");
        assert!(told.text.contains("has another e-mail address") && !told.text.contains("elsewhere"), "{}", told.text);
        let letter = to("ada@elsewhere.example");
        post.house.account("eve").await;
        let eve = post.house.app.accounts().sign_in("eve", PASSWORD, HERE).await.unwrap();
        let eve = post.house.app.callers().by_session(eve.key.reveal()).await.unwrap();
        assert!(post.house.app.letters().verify(&eve, &letter.code(), HERE).await.is_err(), "somebody else's code");
        post.house.app.letters().verify(&ada, &letter.code(), HERE).await.unwrap();
    }

    async fn an_address_that_was_never_shown_is_not_written_to_when_it_goes(database: &Database) {
        let post = Post::open(database).await;
        post.house.account("ada").await;
        let ada = post.sign_in(PASSWORD).await;
        let fresh = post.house.app.sessions().fresh(&ada).await.unwrap();
        post.house.app.accounts().update(&fresh, "ada", "ada@elsewhere.example", HERE).await.unwrap();
        post.deliver().await.unwrap();
        assert!(post.claim().await.is_none());
        assert_eq!(post.smtp.letters().iter().map(|letter| letter.to.as_str()).collect::<Vec<_>>(), ["ada@elsewhere.example"]);
    }

    async fn whoever_owns_a_webhook_that_is_gone_is_told(database: &Database) {
        let post = Post::open(database).await;
        let ada = post.ada().await;
        let app = &post.house.app;
        let bytes = futures_util::stream::iter([Ok::<_, std::io::Error>(bytes::Bytes::from_static(b"RIFF"))]);
        let input = Some(Input::File(app.files().receive(&ada, "talk.wav", bytes).await.unwrap()));
        let edit = Edit { input, webhook: Some("https://h.example/hook?token=secret".to_owned()), ..Edit::default() };
        let new = NewProduction { edit, start: true, ..NewProduction::default() };
        app.productions().create(&ada, new).await.unwrap();
        let options = ClaimOptions { kinds: &["produce"], worker: "test", lease: Duration::from_secs(30) };
        let job = store::jobs::claim(&post.store, &options, app.now(), "token").await.unwrap().unwrap();
        let _ = app.runs().begin(&job).await.unwrap();
        let _ = app.runs().finish(&job, Made::default()).await.unwrap();
        let (delivery, _) = store::deliveries::claim(&post.store, "worker", app.now(), 1).await.unwrap().remove(0);
        let attempt = Attempt {
            number: 1,
            began: app.now(),
            took: Duration::from_millis(3),
            status: Some(410),
            reason: "Gone.".to_owned(),
            address: None,
            headers: Vec::new(),
            body: Vec::new(),
        };
        let heard = Heard { delivery, attempt, retry_after: None, result: ServiceResult::default() };
        app.deliveries().settle("worker", &[heard]).await.unwrap();
        post.deliver().await.unwrap();
        let letter = post.smtp.letters().pop().unwrap();
        assert_eq!(letter.to, "ada@example.org");
        // Long lines are folded on the way.
        let text = letter.text.replace("=\r\n", "").replace("=\n", "");
        assert!(text.contains("told h.example when they were done") && text.contains("410 Gone"), "{text}");
        assert!(!text.contains("secret"), "only the host stands in it");
    }
}
