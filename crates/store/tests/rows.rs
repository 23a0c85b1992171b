//! Accounts, sessions, keys, productions, presets, uploads and what is noted of files: what is kept comes back, on both databases.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use model::production::{Input, Made, OutputOrder, Preset, Stage, State};
use model::{Account, AccountId, AuditEntry, AuditId, AuditKind, Draft, Production, ProductionId, Time};
use serde_json::json;
use store::api_keys::ApiKey;
use store::productions::StateName;
use store::sessions::Session;
use store::uploads::Upload;
use store::{
    BlobKey, Page, Store, StoreError, Tx, accounts, api_keys, audit, challenges, emails, files, house, leaving,
    passkeys, presets, productions, recovery, sessions, throttles, totp, uploads,
};
use testkit::both_databases;
use testkit::database::SeededDice;

/// So many seconds after the beginning.
fn at(seconds: u64) -> Time {
    Time::from_ms(1_764_000_000_000) + Duration::from_secs(seconds)
}

fn account(number: u64, name: &str) -> Account {
    Account {
        id: AccountId::new(at(number), &SeededDice::new(number)),
        number,
        username: name.parse().unwrap(),
        email: Some(format!("{name}@example.org")),
        is_admin: number == 1,
        created: at(number),
    }
}

fn production(number: u64, owner: &Account) -> Production {
    Production {
        id: ProductionId::new(at(number), &SeededDice::new(number)),
        owner: owner.id,
        draft: Draft {
            input: Some(Input::Address("https://example.org/\"ä\" 𝄞.wav".to_owned())),
            outputs: vec![OutputOrder { format: "mp3".to_owned(), bitrate: Some(128), ..OutputOrder::default() }],
            ..Draft::default()
        },
        state: State::Idle,
        run: 0,
        created: at(number),
        changed: at(number),
    }
}

fn upload(number: u64, production: &Production) -> Upload {
    Upload {
        id: model::UploadId::new(at(number), &SeededDice::new(number)),
        production: production.id,
        field: "input_file".to_owned(),
        name: "talk.wav".to_owned(),
        length: Some(5 << 32),
        offset: 0,
        parts: Vec::new(),
        created: at(0),
        expires: at(100 + number),
    }
}

fn key(text: &str) -> BlobKey {
    text.parse().unwrap()
}

async fn begin(store: &Store) -> Tx {
    store.begin().await.unwrap()
}

async fn with_account(store: &Store) -> Account {
    let ada = account(1, "ada");
    let tx = begin(store).await;
    accounts::insert(&tx, &ada, Some("$argon2id$…")).await.unwrap();
    tx.commit().await.unwrap();
    ada
}

both_databases! {
    async fn accounts_are_kept(database: &Database) {
        let store = database.store();
        let ada = with_account(store).await;
        let mut bob = account(2, "bob");
        let tx = begin(store).await;
        accounts::insert(&tx, &bob, None).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(accounts::find(store, ada.id).await.unwrap().as_ref(), Some(&ada));
        let found = accounts::find_by_username(store, &ada.username).await.unwrap();
        assert_eq!(found, Some((ada.clone(), Some("$argon2id$…".to_owned()))));
        assert_eq!(accounts::find_by_username(store, &"eve".parse().unwrap()).await.unwrap(), None);
        assert_eq!(accounts::count(store).await.unwrap(), 2);
        assert_eq!(accounts::list(store, Page { limit: 5, offset: 1 }).await.unwrap(), [bob.clone()]);

        let tx = begin(store).await;
        let other = Account { username: ada.username.clone(), ..account(3, "x") };
        assert!(matches!(accounts::insert(&tx, &other, None).await, Err(StoreError::Conflict)));
        drop(tx);

        let tx = begin(store).await;
        bob.email = None;
        assert!(accounts::update(&tx, &bob).await.unwrap());
        assert!(accounts::set_password(&tx, bob.id, Some("new")).await.unwrap());
        assert!(!accounts::set_password(&tx, other.id, Some("new")).await.unwrap());
        tx.commit().await.unwrap();
        let found = accounts::find_by_username(store, &bob.username).await.unwrap();
        assert_eq!(found, Some((bob.clone(), Some("new".to_owned()))));
    }

    async fn an_account_goes_with_its_keys_and_not_before_its_productions(database: &Database) {
        let store = database.store();
        let ada = with_account(store).await;
        let session = Session { id: model::SessionId::new(at(0), &SeededDice::new(7)), account: ada.id, created: at(0), seen: at(0), expires: at(9), peer: None, agent: None, proved: None };
        let tx = begin(store).await;
        sessions::insert(&tx, &session, &[7; 32]).await.unwrap();
        productions::insert(&tx, &production(1, &ada)).await.unwrap();
        tx.commit().await.unwrap();
        let tx = begin(store).await;
        assert!(matches!(accounts::remove(&tx, ada.id).await, Err(StoreError::Dangling)));
        drop(tx);
        let tx = begin(store).await;
        assert!(productions::remove(&tx, production(1, &ada).id).await.unwrap());
        assert!(accounts::remove(&tx, ada.id).await.unwrap());
        assert!(!accounts::remove(&tx, ada.id).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(sessions::find(store, &[7; 32], at(1)).await.unwrap(), None);

        let tx = begin(store).await;
        assert!(matches!(productions::insert(&tx, &production(2, &ada)).await, Err(StoreError::Dangling)), "of nobody");
    }

    async fn sessions_expire(database: &Database) {
        let store = database.store();
        let ada = with_account(store).await;
        let session = |number: u64| Session {
            id: model::SessionId::new(at(0), &SeededDice::new(number)),
            account: ada.id,
            created: at(0),
            seen: at(0),
            expires: at(number * 100),
            peer: Some("192.0.2.7".to_owned()),
            agent: None,
            proved: Some(at(0)),
        };
        let tx = begin(store).await;
        for number in 1..=3_u8 {
            sessions::insert(&tx, &session(number.into()), &[number; 32]).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(sessions::find(store, &[1; 32], at(99)).await.unwrap(), Some((session(1), ada.clone())));
        assert_eq!(sessions::find(store, &[1; 32], at(100)).await.unwrap(), None);
        assert_eq!(sessions::find(store, &[9; 32], at(0)).await.unwrap(), None);
        let tx = begin(store).await;
        assert!(sessions::touch(&tx, &[1; 32], at(50), at(500)).await.unwrap());
        assert_eq!(sessions::remove_expired(&tx, at(200)).await.unwrap(), 1);
        assert!(sessions::remove(&tx, &[3; 32]).await.unwrap());
        assert!(!sessions::remove(&tx, &[3; 32]).await.unwrap());
        assert_eq!(sessions::find(&tx, &[1; 32], at(499)).await.unwrap().unwrap().0.seen, at(50));
        assert_eq!(sessions::remove_of_account(&tx, ada.id).await.unwrap(), 1);
        tx.commit().await.unwrap();
    }

    async fn keys_note_their_use_once_a_minute(database: &Database) {
        let store = database.store();
        let ada = with_account(store).await;
        let mut made = ApiKey {
            id: model::ApiKeyId::new(at(0), &SeededDice::new(1)),
            account: ada.id,
            name: "laptop".to_owned(),
            scopes: "productions".to_owned(),
            created: at(0),
            used: None,
        };
        let tx = begin(store).await;
        api_keys::insert(&tx, &made, &[1; 32]).await.unwrap();
        for (second, noted) in [(10, true), (69, false), (70, false), (71, true)] {
            assert_eq!(api_keys::touch(&tx, made.id, at(second)).await.unwrap(), noted, "{second}");
        }
        tx.commit().await.unwrap();
        assert!(made.wants_touch(at(0)));
        made.used = Some(at(71));
        assert!(!made.wants_touch(at(131)) && made.wants_touch(at(132)));
        assert_eq!(api_keys::find_by_secret(store, &[1; 32]).await.unwrap(), Some((made.clone(), ada.clone())));
        assert_eq!(api_keys::find_by_secret(store, &[2; 32]).await.unwrap(), None);
        assert_eq!(api_keys::list(store, ada.id).await.unwrap(), [made.clone()]);
        let tx = begin(store).await;
        assert!(!api_keys::remove(&tx, account(2, "bob").id, made.id).await.unwrap(), "of somebody else");
        assert!(api_keys::remove(&tx, ada.id, made.id).await.unwrap());
    }

    async fn productions_are_kept_in_every_state(database: &Database) {
        let store = database.store();
        let ada = with_account(store).await;
        let made = Made { format: "WAV".to_owned(), length_ms: 600_000, report: json!({ "lufs": -16.02, "of": [1, null] }), ..Made::default() };
        let states = [
            State::Idle,
            State::Waiting,
            State::Working { stage: Stage::Encoding },
            State::Stopping,
            State::Failed { reason: "There is no sound in it.".to_owned(), stage: None },
            State::Done { made: Box::new(made.clone()), in_review: true },
            State::Outdated { made: Box::new(made) },
        ];
        for (number, state) in (1..).zip(states) {
            let tx = begin(store).await;
            let mut piece = production(number, &ada);
            productions::insert(&tx, &piece).await.unwrap();
            piece.state = state;
            piece.run = u32::MAX;
            "Über “alles”".clone_into(&mut piece.draft.metadata.title);
            piece.changed = at(1000 + number);
            assert_eq!(productions::find_for_update(&tx, piece.id).await.unwrap(), Some(production(number, &ada)));
            assert!(productions::update(&tx, &piece).await.unwrap());
            tx.commit().await.unwrap();
            assert_eq!(productions::find(store, piece.id).await.unwrap().as_ref(), Some(&piece));
            let name = StateName::from(&piece.state);
            assert_eq!(productions::list_by_state(store, name, at(2000), 9).await.unwrap(), [piece]);
            assert_eq!(productions::list_by_state(store, name, at(1000 + number), 9).await.unwrap(), []);
        }
        assert_eq!(productions::count(store, ada.id).await.unwrap(), 7);
        let newest = productions::list(store, ada.id, Page { limit: 2, offset: 1 }).await.unwrap();
        assert_eq!(newest.iter().map(|piece| piece.created).collect::<Vec<_>>(), [at(6), at(5)]);
        assert_eq!(productions::list(store, account(2, "bob").id, Page::first(9)).await.unwrap(), []);
        let tx = begin(store).await;
        assert!(!productions::update(&tx, &production(99, &ada)).await.unwrap());
        let mut nul = production(98, &ada);
        "a\0b".clone_into(&mut nul.draft.metadata.title);
        assert!(matches!(productions::insert(&tx, &nul).await, Err(StoreError::Unkeepable)));
    }

    async fn two_changes_of_one_production_come_one_after_the_other(database: &Database) {
        let store = database.store();
        let other = database.another().await;
        let ada = with_account(store).await;
        let tx = begin(store).await;
        productions::insert(&tx, &production(1, &ada)).await.unwrap();
        tx.commit().await.unwrap();
        let id = production(1, &ada).id;
        let changes = (0..20).map(|number| {
            let store = if number % 2 == 0 { store.clone() } else { other.clone() };
            tokio::spawn(async move {
                let tx = store.begin().await.unwrap();
                let mut piece = productions::find_for_update(&tx, id).await.unwrap().unwrap();
                piece.run += 1;
                productions::update(&tx, &piece).await.unwrap();
                tx.commit().await.unwrap();
            })
        });
        futures_util::future::try_join_all(changes).await.unwrap();
        assert_eq!(productions::find(store, id).await.unwrap().unwrap().run, 20);
        other.close().await.unwrap();
    }

    async fn a_reader_waits_for_no_writer(database: &Database) {
        let store = database.store();
        let ada = with_account(store).await;
        let tx = begin(store).await;
        productions::insert(&tx, &production(1, &ada)).await.unwrap();
        assert_eq!(productions::count(store, ada.id).await.unwrap(), 0);
        assert_eq!(productions::count(&tx, ada.id).await.unwrap(), 1);
        store.ping().await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(productions::count(store, ada.id).await.unwrap(), 1, "and sees it at once");
    }

    async fn a_transaction_that_is_given_up_is_in_nobodys_way(database: &Database) {
        let store = database.store();
        for _ in 0..20 {
            // Given up while it begins, while it writes, and after it has written.
            let _ = tokio::time::timeout(Duration::ZERO, store.begin()).await;
            let _ = tokio::time::timeout(Duration::from_micros(300), async {
                let tx = begin(store).await;
                for number in 0..50 {
                    house::put(&tx, "number", &number.to_string()).await.unwrap();
                }
                std::future::pending::<()>().await;
            })
            .await;
        }
        assert_eq!(house::get(store, "number").await.unwrap(), None);
        let ada = with_account(store).await;
        assert_eq!(accounts::find(store, ada.id).await.unwrap(), Some(ada));
    }

    async fn presets_are_kept(database: &Database) {
        let store = database.store();
        let ada = with_account(store).await;
        let mut preset = Preset {
            id: model::PresetId::new(at(0), &SeededDice::new(1)),
            owner: ada.id,
            name: "Podcast".to_owned(),
            draft: production(1, &ada).draft,
            created: at(0),
            changed: at(0),
        };
        let tx = begin(store).await;
        presets::insert(&tx, &preset).await.unwrap();
        "Radio".clone_into(&mut preset.name);
        assert!(presets::update(&tx, &preset).await.unwrap());
        assert_eq!(presets::find_for_update(&tx, preset.id).await.unwrap().as_ref(), Some(&preset));
        tx.commit().await.unwrap();
        assert_eq!(presets::list(store, ada.id, Page::first(5)).await.unwrap(), [preset.clone()]);
        assert_eq!(presets::count(store, ada.id).await.unwrap(), 1);
        let tx = begin(store).await;
        assert!(presets::remove(&tx, preset.id).await.unwrap());
        assert_eq!(presets::find(&tx, preset.id).await.unwrap(), None);
    }

    async fn uploads_are_kept_until_they_expire(database: &Database) {
        let store = database.store();
        let ada = with_account(store).await;
        let piece = production(1, &ada);
        let mut first = upload(1, &piece);
        let second = Upload { length: None, ..upload(2, &piece) };
        let tx = begin(store).await;
        productions::insert(&tx, &piece).await.unwrap();
        uploads::insert(&tx, &first).await.unwrap();
        uploads::insert(&tx, &second).await.unwrap();
        first.offset = 3 << 32;
        first.parts = vec![key("uploads/1/0"), key("uploads/1/1")];
        assert!(uploads::update(&tx, &first).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(uploads::find(store, first.id).await.unwrap(), Some(first.clone()));
        assert_eq!(uploads::list_by_production(store, piece.id).await.unwrap(), [first.clone(), second.clone()]);
        assert_eq!(uploads::list_expired(store, at(101), 9).await.unwrap(), [first.clone()]);
        let tx = begin(store).await;
        assert!(matches!(productions::remove(&tx, piece.id).await, Err(StoreError::Dangling)));
        drop(tx);
        let tx = begin(store).await;
        assert_eq!(uploads::find_for_update(&tx, second.id).await.unwrap(), Some(second));
        assert!(uploads::remove(&tx, first.id).await.unwrap());
        assert!(!uploads::remove(&tx, first.id).await.unwrap());
    }

    async fn a_file_is_begun_kept_doomed_and_forgotten(database: &Database) {
        let store = database.store();
        let ada = account(1, "ada");
        let (a, b, c) = (key("p/1/a.wav"), key("p/1/b.wav"), key("p/1/c.wav"));
        let tx = begin(store).await;
        for file in [&a, &b, &c] {
            files::begin(&tx, file, ada.id, at(0)).await.unwrap();
        }
        tx.commit().await.unwrap();
        let tx = begin(store).await;
        assert!(matches!(files::begin(&tx, &a, ada.id, at(0)).await, Err(StoreError::Conflict)));
        drop(tx);

        let tx = begin(store).await;
        assert!(files::keep(&tx, &a, 5 << 32, at(1)).await.unwrap());
        assert!(!files::keep(&tx, &a, 1, at(1)).await.unwrap(), "once only");
        assert!(!files::keep(&tx, &key("never/begun"), 1, at(1)).await.unwrap());
        assert!(files::touch(&tx, &b, at(50)).await.unwrap());
        assert!(!files::touch(&tx, &a, at(50)).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(files::usage(store, ada.id).await.unwrap(), 5 << 32);
        assert_eq!(files::usage(store, account(2, "bob").id).await.unwrap(), 0);

        // `c` was not heard of; whoever writes it still comes too late.
        let tx = begin(store).await;
        assert_eq!(files::doom_abandoned(&tx, at(50), 9, at(60)).await.unwrap(), std::slice::from_ref(&c));
        assert!(!files::keep(&tx, &c, 1, at(61)).await.unwrap());
        assert_eq!(files::doom(&tx, &[a.clone(), c.clone(), key("unknown")], at(62)).await.unwrap(), 1);
        assert_eq!(files::doom(&tx, &[], at(62)).await.unwrap(), 0);
        assert!(!files::forget(&tx, &b).await.unwrap(), "it is not doomed");
        tx.commit().await.unwrap();
        assert_eq!(files::list_doomed(store, 9).await.unwrap(), [c.clone(), a]);
        assert_eq!(files::usage(store, ada.id).await.unwrap(), 0);
        let tx = begin(store).await;
        assert!(files::forget(&tx, &c).await.unwrap());
        assert!(!files::forget(&tx, &c).await.unwrap());
    }

    async fn tries_are_counted_in_their_window(database: &Database) {
        let store = database.store();
        let minute = Duration::from_mins(1);
        let tx = begin(store).await;
        for (second, count) in [(0, 1), (30, 2), (59, 3), (60, 1), (61, 2)] {
            let hits = throttles::hit(&tx, "sign-in:ada", at(second), minute).await.unwrap();
            assert_eq!(hits.count, count, "{second}");
            assert_eq!(hits.until, at(if second < 60 { 60 } else { 120 }));
        }
        tx.commit().await.unwrap();
        assert_eq!(throttles::peek(store, "sign-in:ada", at(119)).await.unwrap().unwrap().count, 2);
        assert_eq!(throttles::peek(store, "sign-in:ada", at(120)).await.unwrap(), None);
        assert_eq!(throttles::peek(store, "sign-in:bob", at(0)).await.unwrap(), None);
        let tx = begin(store).await;
        assert!(throttles::clear(&tx, "sign-in:ada").await.unwrap());
        assert!(!throttles::clear(&tx, "sign-in:ada").await.unwrap());
        throttles::hit(&tx, "sign-in:eve", at(0), minute).await.unwrap();
        assert_eq!(throttles::remove_expired(&tx, at(60)).await.unwrap(), 1);
    }

    async fn facts_are_noted(database: &Database) {
        let store = database.store();
        let other = database.another().await;
        let first = |store: Store, value: &'static str| async move {
            let tx = begin(&store).await;
            let stands = house::put_first(&tx, "secret-key-check", value).await.unwrap();
            tx.commit().await.unwrap();
            stands
        };
        let (one, two) = tokio::join!(first(store.clone(), "one"), first(other.clone(), "two"));
        assert_eq!(one, two, "one of them was first");
        let tx = begin(store).await;
        house::put(&tx, "secret-key-check", "three").await.unwrap();
        house::put(&tx, "else", "four").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(house::get(&other, "secret-key-check").await.unwrap().as_deref(), Some("three"));
        let tx = begin(store).await;
        assert!(house::remove(&tx, "else").await.unwrap());
        assert_eq!(house::get(&tx, "else").await.unwrap(), None);
        drop(tx);
        other.close().await.unwrap();
    }

    async fn what_happened_is_kept_in_order_and_forgotten_in_time(database: &Database) {
        let ada = account(1, "ada");
        let entry = |second: u64, account: Option<AccountId>| AuditEntry {
            id: AuditId::new(at(second), &SeededDice::new(second)),
            account,
            app: None,
            kind: AuditKind::SignIn,
            detail: json!({ "browser": "Firefox" }),
            peer: "192.0.2.7".to_owned(),
            created: at(second),
        };
        let all: Vec<_> = (0..4).map(|second| entry(second, Some(ada.id))).collect();
        let tx = database.store().begin().await.unwrap();
        for entry in all.iter().chain([&entry(9, None)]) {
            audit::insert(&tx, entry).await.unwrap();
        }
        tx.commit().await.unwrap();
        let store = database.store();
        assert_eq!(audit::list(store, ada.id, None, 2).await.unwrap(), [all[3].clone(), all[2].clone()]);
        assert_eq!(audit::list(store, ada.id, Some(all[2].id), 9).await.unwrap(), [all[1].clone(), all[0].clone()]);
        let tx = store.begin().await.unwrap();
        assert_eq!(audit::remove_before(&tx, at(1)).await.unwrap(), 1);
        assert_eq!(audit::remove_of_account(&tx, ada.id).await.unwrap(), 3);
        tx.commit().await.unwrap();
    }

    async fn a_code_of_an_app_is_spent_once(database: &Database) {
        let store = database.store();
        let ada = account(1, "ada");
        let tx = begin(store).await;
        accounts::insert(&tx, &ada, None).await.unwrap();
        let app = totp::Totp { account: ada.id, secret: vec![1, 2], last_step: 0, created: at(0), confirmed: None };
        totp::put(&tx, &app).await.unwrap();
        tx.commit().await.unwrap();
        let tx = begin(store).await;
        assert!(totp::spend(&tx, ada.id, 7).await.unwrap());
        assert!(!totp::spend(&tx, ada.id, 7).await.unwrap() && !totp::spend(&tx, ada.id, 6).await.unwrap());
        assert!(totp::confirm(&tx, ada.id, at(5)).await.unwrap() && !totp::confirm(&tx, ada.id, at(6)).await.unwrap());
        tx.commit().await.unwrap();
        let found = totp::find(store, ada.id).await.unwrap().unwrap();
        assert_eq!((found.last_step, found.confirmed, found.secret), (7, Some(at(5)), vec![1, 2]));
    }

    async fn a_recovery_code_is_spent_once_and_by_its_owner(database: &Database) {
        let store = database.store();
        let (ada, eve) = (account(1, "ada"), account(2, "eve"));
        let tx = begin(store).await;
        accounts::insert(&tx, &ada, None).await.unwrap();
        accounts::insert(&tx, &eve, None).await.unwrap();
        recovery::replace(&tx, ada.id, &[[1; 32], [2; 32]], at(0)).await.unwrap();
        tx.commit().await.unwrap();
        let tx = begin(store).await;
        assert!(!recovery::spend(&tx, eve.id, &[1; 32], at(1)).await.unwrap());
        assert!(recovery::spend(&tx, ada.id, &[1; 32], at(1)).await.unwrap());
        assert!(!recovery::spend(&tx, ada.id, &[1; 32], at(1)).await.unwrap());
        assert_eq!(recovery::left(&tx, ada.id).await.unwrap(), 1);
        recovery::replace(&tx, ada.id, &[[3; 32]], at(2)).await.unwrap();
        assert!(!recovery::spend(&tx, ada.id, &[2; 32], at(3)).await.unwrap());
        tx.commit().await.unwrap();
    }

    async fn a_passkey_is_somebodys_and_counts(database: &Database) {
        let store = database.store();
        let ada = account(1, "ada");
        let key = passkeys::Passkey {
            id: model::PasskeyId::new(at(0), &SeededDice::new(1)),
            account: ada.id,
            credential: vec![9; 16],
            public_key: vec![1],
            counter: 3,
            name: "laptop".to_owned(),
            created: at(0),
            used: None,
        };
        let tx = begin(store).await;
        accounts::insert(&tx, &ada, None).await.unwrap();
        passkeys::insert(&tx, &key).await.unwrap();
        tx.commit().await.unwrap();
        let tx = begin(store).await;
        let twin = passkeys::Passkey { id: model::PasskeyId::new(at(1), &SeededDice::new(2)), ..key.clone() };
        assert!(matches!(passkeys::insert(&tx, &twin).await, Err(StoreError::Conflict)));
        drop(tx);
        let tx = begin(store).await;
        assert!(passkeys::note_use(&tx, &key, 4, at(2)).await.unwrap());
        assert!(!passkeys::note_use(&tx, &key, 5, at(3)).await.unwrap(), "it has moved on");
        assert!(passkeys::rename(&tx, ada.id, key.id, "desk").await.unwrap());
        let found = passkeys::find_by_credential(&tx, &[9; 16]).await.unwrap().unwrap();
        assert_eq!((found.counter, found.used, found.name.as_str()), (4, Some(at(2)), "desk"));
        assert!(passkeys::remove(&tx, ada.id, key.id).await.unwrap());
        assert_eq!(passkeys::list(&tx, ada.id).await.unwrap(), []);
    }

    async fn a_question_takes_so_many_answers(database: &Database) {
        let store = database.store();
        let question = challenges::Challenge {
            kind: "test".to_owned(),
            account: None,
            document: json!({}),
            tries: 0,
            created: at(0),
            expires: at(10),
        };
        let tx = begin(store).await;
        challenges::insert(&tx, &question, &[1; 32]).await.unwrap();
        tx.commit().await.unwrap();
        let tx = begin(store).await;
        let tries = [(); 4].map(|()| challenges::count_try(&tx, &[1; 32], 3));
        let mut counted = Vec::new();
        for tried in tries {
            counted.push(tried.await.unwrap());
        }
        assert_eq!(counted, [true, true, true, false]);
        assert!(challenges::find(&tx, "else", &[1; 32], at(5)).await.unwrap().is_none());
        assert!(challenges::find(&tx, "test", &[1; 32], at(10)).await.unwrap().is_none());
        assert_eq!(challenges::find(&tx, "test", &[1; 32], at(9)).await.unwrap().unwrap().tries, 3);
        assert_eq!(challenges::remove_expired(&tx, at(10)).await.unwrap(), 1);
    }

    async fn an_address_is_shown_until_it_changes(database: &Database) {
        let store = database.store();
        let mut ada = account(1, "ada");
        let tx = begin(store).await;
        accounts::insert(&tx, &ada, None).await.unwrap();
        assert!(!emails::is_verified(&tx, &ada).await.unwrap());
        emails::put(&tx, ada.id, "ada@example.org", at(0)).await.unwrap();
        emails::put(&tx, ada.id, "ada@example.org", at(1)).await.unwrap();
        assert!(emails::is_verified(&tx, &ada).await.unwrap());
        assert_eq!(emails::accounts(&tx, "ADA@example.ORG", 5).await.unwrap(), [ada.clone()]);
        ada.email = Some("else@example.org".to_owned());
        accounts::update(&tx, &ada).await.unwrap();
        assert!(!emails::is_verified(&tx, &ada).await.unwrap());
        assert_eq!(emails::accounts(&tx, "ada@example.org", 5).await.unwrap(), []);
        tx.commit().await.unwrap();
    }

    async fn all_that_an_account_owns_goes_with_it(database: &Database) {
        let store = database.store();
        let (ada, eve) = (account(1, "ada"), account(2, "eve"));
        let tx = begin(store).await;
        for who in [&ada, &eve] {
            accounts::insert(&tx, who, None).await.unwrap();
        }
        let (hers, others) = (production(1, &ada), production(2, &eve));
        productions::insert(&tx, &hers).await.unwrap();
        productions::insert(&tx, &others).await.unwrap();
        uploads::insert(&tx, &upload(1, &hers)).await.unwrap();
        let key: BlobKey = "test/a".parse().unwrap();
        files::begin(&tx, &key, ada.id, at(0)).await.unwrap();
        files::keep(&tx, &key, 7, at(0)).await.unwrap();
        tx.commit().await.unwrap();
        let owned = leaving::count(store, ada.id).await.unwrap();
        assert_eq!((owned.productions, owned.files, owned.bytes), (1, 1, 7));
        let tx = begin(store).await;
        assert_eq!(leaving::admins_for_update(&tx).await.unwrap(), [ada.id]);
        assert!(leaving::remove(&tx, ada.id, at(1)).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(files::list_doomed(store, 9).await.unwrap(), [key]);
        assert_eq!(leaving::count(store, ada.id).await.unwrap(), leaving::Belongings::default());
        assert!(productions::find(store, others.id).await.unwrap().is_some());
    }
}

#[test]
fn an_address_that_names_no_database_is_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for url in ["mysql://localhost/x", "sqlite::memory:", "", "sqlite:///x?mode=memory"] {
        let opened = runtime.block_on(Store::open(&store::StoreOptions::new(url)));
        assert!(matches!(opened, Err(StoreError::Address(_))), "{url}");
    }
    let away = store::StoreOptions {
        patience: Duration::from_secs(1),
        ..store::StoreOptions::new("sqlite:/no/such/folder/x.db")
    };
    assert!(matches!(runtime.block_on(Store::open(&away)), Err(StoreError::Database(_))));
}
