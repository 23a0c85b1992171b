//! Browsers that are signed in: what is known of them, signing them out, proving who sits before one, and another password.

use std::time::Duration;

use app::accounts::Entrance;
use app::{AppError, Visitor};
use model::AuditKind;
use testkit::house::{HERE, House, PASSWORD};

use crate::audit::kinds;
use crate::browser;

const NEW: &str = "another long password";

testkit::both_databases! {
    async fn browsers_are_listed_and_signed_out_from_elsewhere(database: &Database) {
        let house = House::open(database);
        house.account("ada").await;
        house.account("eve").await;
        let (one, eve) = (browser(&house, "ada").await, browser(&house, "eve").await);
        house.clock.pass(Duration::from_secs(1));
        let two = browser(&house, "ada").await;
        let listed = house.app.sessions().list(&one).await.unwrap();
        assert_eq!(listed.len(), 2);
        assert_eq!(listed[0].peer.as_deref(), Some("127.0.0.1"));
        assert!(listed[0].agent.as_deref().is_some_and(|agent| agent.contains("Firefox")));
        let app::Via::Session(two_id) = two.via else { panic!("a session") };
        assert!(matches!(house.app.sessions().remove(&eve, two_id, HERE).await, Err(AppError::NotFound(_))));
        house.app.sessions().remove(&one, two_id, HERE).await.unwrap();
        assert_eq!(house.app.sessions().list(&one).await.unwrap().len(), 1);
        browser(&house, "ada").await;
        browser(&house, "ada").await;
        assert_eq!(house.app.sessions().remove_others(&one, HERE).await.unwrap(), 2);
        assert_eq!(house.app.sessions().list(&one).await.unwrap().len(), 1);
        assert_eq!(house.app.sessions().list(&eve).await.unwrap().len(), 1);
    }

    async fn a_browser_never_keeps_the_key_that_it_came_with(database: &Database) {
        let house = House::open(database);
        house.account("ada").await;
        let visitor = Visitor::from(HERE);
        let mut keys = Vec::new();
        for _ in 0..2 {
            let Entrance::In(signed_in) = house.app.accounts().enter("ada", PASSWORD, &visitor).await.unwrap() else { panic!() };
            keys.push(signed_in.key.reveal().to_owned());
        }
        assert_ne!(keys[0], keys[1]);
    }

    async fn what_is_dangerous_wants_a_fresh_proof(database: &Database) {
        let house = House::open(database);
        let (by_key, _) = house.account("ada").await;
        let ada = browser(&house, "ada").await;
        let sessions = house.app.sessions();
        assert!(sessions.fresh(&ada).await.is_ok(), "just signed in");
        assert!(matches!(sessions.fresh(&by_key).await, Err(AppError::Forbidden(_))), "a key is no browser");
        house.clock.pass(Duration::from_secs(601));
        assert!(matches!(sessions.fresh(&ada).await, Err(AppError::Stale)));
        assert!(sessions.prove(&ada, "not the password", HERE).await.is_err());
        assert!(matches!(sessions.fresh(&ada).await, Err(AppError::Stale)));
        sessions.prove(&ada, PASSWORD, HERE).await.unwrap();
        assert!(sessions.fresh(&ada).await.is_ok());
    }

    async fn another_password_needs_the_old_one_and_signs_others_out(database: &Database) {
        let house = House::open(database);
        house.account("ada").await;
        let (ada, _other) = (browser(&house, "ada").await, browser(&house, "ada").await);
        let accounts = house.app.accounts();
        let wrong = accounts.change_password(&ada, "not the password", NEW.to_owned(), HERE).await;
        assert!(matches!(wrong, Err(AppError::Invalid(fields)) if fields[0].field == "old"));
        let short = accounts.change_password(&ada, PASSWORD, "short".to_owned(), HERE).await;
        assert!(matches!(short, Err(AppError::Invalid(fields)) if fields[0].field == "new"));
        assert_eq!(house.app.sessions().list(&ada).await.unwrap().len(), 2);
        accounts.change_password(&ada, PASSWORD, NEW.to_owned(), HERE).await.unwrap();
        assert_eq!(house.app.sessions().list(&ada).await.unwrap().len(), 1);
        assert!(accounts.sign_in("ada", PASSWORD, HERE).await.is_err());
        accounts.sign_in("ada", NEW, HERE).await.unwrap();
        assert!(kinds(&house.app, &ada).await.contains(&AuditKind::PasswordChanged));
    }

    async fn a_name_and_an_address_are_changed(database: &Database) {
        let house = House::open(database);
        house.account("ada").await;
        house.account("eve").await;
        let ada = browser(&house, "ada").await;
        let fresh = house.app.sessions().fresh(&ada).await.unwrap();
        let accounts = house.app.accounts();
        assert!(matches!(accounts.update(&fresh, "eve", "", HERE).await, Err(AppError::Invalid(_))));
        assert!(matches!(accounts.update(&fresh, "a b", "nowhere", HERE).await, Err(AppError::Invalid(fields)) if fields.len() == 2));
        let changed = accounts.update(&fresh, "Ada-L", "l@example.org", HERE).await.unwrap();
        assert_eq!((changed.username.as_str(), changed.email.as_deref()), ("ada-l", Some("l@example.org")));
        accounts.sign_in("ada-l", PASSWORD, HERE).await.unwrap();
        assert!(accounts.sign_in("ada", PASSWORD, HERE).await.is_err());
    }
}
