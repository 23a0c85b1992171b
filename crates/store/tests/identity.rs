//! Apps, grants, tokens and nonces, on both databases.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use model::registered_app::Services;
use model::{Account, AccountId, AppId, AppSecretId, GrantId, RegisteredApp, Time};
use store::apps::{self, AppSecret};
use store::grants::{self, Grant, Protocol};
use store::oauth1::{self, AccessToken, RequestToken};
use store::oauth2::{self, Code, Spent, Token, TokenKind};
use store::{Page, Store, Tx, accounts, nonces};
use testkit::both_databases;
use testkit::database::SeededDice;

fn at(seconds: u64) -> Time {
    Time::from_ms(1_767_614_400_000) + Duration::from_secs(seconds)
}

async fn begin(store: &Store) -> Tx {
    store.begin().await.unwrap()
}

fn app(owner: &Account) -> RegisteredApp {
    RegisteredApp {
        id: AppId::new(at(1), &SeededDice::new(1)),
        owner: owner.id,
        name: "Podhost".to_owned(),
        about: "Publishes episodes.".to_owned(),
        homepage: Some("https://podhost.example/".to_owned()),
        redirect_uris: vec!["https://podhost.example/back".to_owned()],
        oauth1_callback: None,
        scopes: "profile".to_owned(),
        is_public: false,
        services: Services::Pending,
        may_encode: false,
        may_oauth10: true,
        may_password: false,
        created: at(1),
        changed: at(1),
    }
}

fn grant(account: &Account, app: &RegisteredApp) -> Grant {
    Grant {
        id: GrantId::new(at(2), &SeededDice::new(2)),
        app: app.id,
        account: account.id,
        protocol: Protocol::OAuth2,
        scopes: "profile".to_owned(),
        created: at(2),
        used: None,
    }
}

fn token(grant: &Grant, kind: TokenKind) -> Token {
    Token {
        kind,
        grant: grant.id,
        app: grant.app,
        account: grant.account,
        scopes: grant.scopes.clone(),
        created: at(2),
        expires: at(1000),
        is_spent: false,
        used: None,
    }
}

/// Somebody who allowed an app something.
async fn allowed(store: &Store) -> (Account, RegisteredApp, Grant) {
    let tx = begin(store).await;
    let ada = Account {
        id: AccountId::new(at(0), &SeededDice::new(0)),
        number: accounts::next_number(&tx).await.unwrap(),
        username: "ada".parse().unwrap(),
        email: None,
        is_admin: false,
        created: at(0),
    };
    accounts::insert(&tx, &ada, None).await.unwrap();
    let app = app(&ada);
    apps::insert(&tx, &app).await.unwrap();
    let grant = grant(&ada, &app);
    grants::insert(&tx, &grant).await.unwrap();
    tx.commit().await.unwrap();
    (ada, app, grant)
}

both_databases! {
    async fn accounts_are_numbered_in_order_and_no_number_comes_twice(database: &Database) {
        let store = database.store();
        let (ada, ..) = allowed(store).await;
        assert_eq!(ada.number, 1);
        assert_eq!(accounts::find_by_number(store, 1).await.unwrap(), Some(ada.clone()));
        assert_eq!(accounts::find_by_number(store, u64::MAX).await.unwrap(), None);
        let tx = begin(store).await;
        assert!(accounts::remove(&tx, ada.id).await.unwrap());
        assert_eq!(accounts::next_number(&tx).await.unwrap(), 2);
        tx.commit().await.unwrap();
    }

    async fn apps_are_kept_changed_and_listed(database: &Database) {
        let store = database.store();
        let (ada, mut app, _) = allowed(store).await;
        assert_eq!(apps::find(store, app.id).await.unwrap().as_ref(), Some(&app));
        app.services = Services::Public;
        app.redirect_uris.push("http://127.0.0.1/back".to_owned());
        app.is_public = true;
        let tx = begin(store).await;
        assert!(apps::update(&tx, &app).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(apps::list_of(store, ada.id).await.unwrap(), [app.clone()]);
        assert_eq!(apps::list(store, Page::first(10)).await.unwrap(), [app]);
        assert_eq!(apps::count_of(store, ada.id).await.unwrap(), 1);
    }

    async fn two_secrets_of_an_app_overlap(database: &Database) {
        let store = database.store();
        let (_, app, _) = allowed(store).await;
        let secret = |number: u64| AppSecret {
            id: AppSecretId::new(at(number), &SeededDice::new(number)),
            app: app.id,
            sealed: vec![0, 255, u8::try_from(number).unwrap()],
            created: at(number),
            expires: None,
        };
        let tx = begin(store).await;
        apps::insert_secret(&tx, &secret(1)).await.unwrap();
        apps::expire_secrets(&tx, app.id, at(100)).await.unwrap();
        apps::insert_secret(&tx, &secret(2)).await.unwrap();
        tx.commit().await.unwrap();
        let old = AppSecret { expires: Some(at(100)), ..secret(1) };
        assert!(apps::secrets(store, app.id, at(99)).await.unwrap() == [secret(2), old]);
        assert!(apps::secrets(store, app.id, at(100)).await.unwrap() == [secret(2)]);
        let tx = begin(store).await;
        assert_eq!(apps::remove_expired_secrets(&tx, at(100)).await.unwrap(), 1);
    }

    async fn what_was_allowed_goes_with_its_tokens(database: &Database) {
        let store = database.store();
        let (ada, app, grant) = allowed(store).await;
        let tx = begin(store).await;
        oauth2::insert_token(&tx, &token(&grant, TokenKind::Access), &[1; 32]).await.unwrap();
        grants::touch(&tx, grant.id, at(9)).await.unwrap();
        tx.commit().await.unwrap();
        let used = Grant { used: Some(at(9)), ..grant.clone() };
        assert_eq!(grants::find(store, grant.id).await.unwrap().as_ref(), Some(&used));
        assert_eq!(grants::list_of(store, ada.id).await.unwrap(), [(used, app.clone())]);
        let found = oauth2::find_token(store, &[1; 32]).await.unwrap();
        assert_eq!(found, Some((token(&grant, TokenKind::Access), ada.clone())));

        let tx = begin(store).await;
        assert_eq!(grants::remove_between(&tx, ada.id, app.id).await.unwrap(), 1);
        tx.commit().await.unwrap();
        assert_eq!(oauth2::find_token(store, &[1; 32]).await.unwrap(), None);
        assert_eq!(grants::list_of(store, ada.id).await.unwrap(), []);
    }

    async fn a_code_and_a_refresh_token_are_traded_once(database: &Database) {
        let store = database.store();
        let (ada, app, grant) = allowed(store).await;
        let code = Code {
            app: app.id,
            account: ada.id,
            redirect_uri: "https://podhost.example/back".to_owned(),
            redirect_uri_sent: true,
            scopes: "profile".to_owned(),
            challenge: Some("challenge".to_owned()),
            created: at(2),
            expires: at(62),
            spent: Spent::No,
        };
        let tx = begin(store).await;
        oauth2::insert_code(&tx, &code, &[2; 32]).await.unwrap();
        oauth2::insert_token(&tx, &token(&grant, TokenKind::Refresh), &[3; 32]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(oauth2::find_code(store, &[2; 32]).await.unwrap().as_ref(), Some(&code));

        let tx = begin(store).await;
        assert!(oauth2::spend_code(&tx, &[2; 32]).await.unwrap());
        oauth2::note_grant(&tx, &[2; 32], grant.id).await.unwrap();
        assert!(!oauth2::spend_code(&tx, &[2; 32]).await.unwrap());
        assert!(oauth2::spend_token(&tx, &[3; 32]).await.unwrap());
        assert!(!oauth2::spend_token(&tx, &[3; 32]).await.unwrap());
        tx.commit().await.unwrap();
        let spent = oauth2::find_code(store, &[2; 32]).await.unwrap().unwrap();
        assert_eq!(spent.spent, Spent::For(Some(grant.id)));
        assert!(oauth2::find_token(store, &[3; 32]).await.unwrap().unwrap().0.is_spent);

        let tx = begin(store).await;
        assert_eq!(oauth2::remove_expired(&tx, at(61), at(1000)).await.unwrap(), 1);
        assert_eq!(oauth2::remove_expired(&tx, at(62), at(1000)).await.unwrap(), 1);
    }

    async fn a_request_token_is_allowed_once_and_traded_once(database: &Database) {
        let store = database.store();
        let (ada, app, grant) = allowed(store).await;
        let asked = RequestToken {
            token: "question".to_owned(),
            app: app.id,
            sealed: vec![1, 2, 3],
            callback: Some("oob".to_owned()),
            allowed_by: None,
            verifier: None,
            tries: 0,
            scopes: "profile".to_owned(),
            created: at(2),
            expires: at(602),
        };
        let access = AccessToken {
            token: "answer".to_owned(),
            app: app.id,
            sealed: vec![4, 5],
            account: ada.id,
            grant: grant.id,
            scopes: "profile".to_owned(),
            created: at(3),
            used: None,
        };
        let tx = begin(store).await;
        oauth1::insert_request(&tx, &asked).await.unwrap();
        assert!(oauth1::allow(&tx, "question", ada.id, Some("oob"), Some(&[7; 32])).await.unwrap());
        assert!(!oauth1::allow(&tx, "question", ada.id, Some("oob"), Some(&[8; 32])).await.unwrap());
        assert_eq!(oauth1::count_try(&tx, "question").await.unwrap(), Some(1));
        assert_eq!(oauth1::count_try(&tx, "nobody").await.unwrap(), None);
        tx.commit().await.unwrap();
        let allowed = RequestToken { allowed_by: Some(ada.id), verifier: Some([7; 32]), tries: 1, ..asked };
        assert_eq!(oauth1::find_request(store, "question", at(601)).await.unwrap(), Some(allowed));
        assert_eq!(oauth1::find_request(store, "question", at(602)).await.unwrap(), None);
        assert_eq!(oauth1::find_access(store, "question").await.unwrap(), None);

        let tx = begin(store).await;
        oauth1::insert_access(&tx, &access).await.unwrap();
        assert!(oauth1::remove(&tx, "question").await.unwrap());
        assert!(!oauth1::remove(&tx, "question").await.unwrap());
        oauth1::touch(&tx, "answer", at(5)).await.unwrap();
        tx.commit().await.unwrap();
        let used = AccessToken { used: Some(at(5)), ..access };
        assert_eq!(oauth1::find_access(store, "answer").await.unwrap(), Some((used, ada)));
        assert_eq!(oauth1::find_request(store, "answer", at(0)).await.unwrap(), None);
        let tx = begin(store).await;
        assert_eq!(oauth1::remove_expired(&tx, at(10_000)).await.unwrap(), 0);
    }

    async fn a_nonce_is_new_once_whoever_asks_at_the_same_moment(database: &Database) {
        let store = database.store();
        let some = [([1; 32], at(10)), ([2; 32], at(20)), ([1; 32], at(10))];
        assert_eq!(nonces::note(store, &some).await.unwrap(), [true, true, false]);
        let one = async || nonces::note(store, &[([3; 32], at(10)), ([2; 32], at(20))]).await.unwrap();
        let (a, b, c) = tokio::join!(one(), one(), one());
        assert_eq!([a[0], b[0], c[0]].iter().filter(|new| **new).count(), 1);
        assert_eq!([a[1], b[1], c[1]], [false; 3]);
        let many: Vec<_> = (0..1_200_u16).map(|n| ([u8::try_from(n % 251).unwrap(); 32].map(|b| b ^ u8::try_from(n / 251).unwrap()), at(30))).collect();
        assert_eq!(nonces::note(store, &many).await.unwrap().len(), 1_200);
        let tx = begin(store).await;
        assert_eq!(nonces::remove_expired(&tx, at(20)).await.unwrap(), 3);
    }
}
