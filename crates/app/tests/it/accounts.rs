//! Signing up, in and out; keys; tries that are too many.

use std::net::IpAddr;
use std::time::Duration;

use app::accounts::NewAccount;
use app::{AppError, Rules, Scope, Scopes, Via};
use testkit::house::{HERE, House, PASSWORD};

fn new(name: &str, password: &str) -> NewAccount {
    NewAccount { username: name.to_owned(), email: String::new(), password: password.to_owned(), is_admin: false }
}

fn elsewhere() -> IpAddr {
    "192.0.2.7".parse().unwrap()
}

testkit::both_databases! {
    async fn a_browser_signs_in_and_out(database: &Database) {
        let house = House::open(database);
        let signed = house.app.accounts().sign_up(new("Ada", PASSWORD), &HERE.into()).await.unwrap();
        assert_eq!(signed.account.username.as_str(), "ada");
        let signed = house.app.accounts().sign_in("ADA", PASSWORD, HERE).await.unwrap();
        let caller = house.app.callers().by_session(signed.key.reveal()).await.unwrap();
        assert!(matches!(caller.via, Via::Session(_)) && caller.account.username.as_str() == "ada");
        house.app.accounts().sign_out(signed.key.reveal(), HERE).await.unwrap();
        assert!(matches!(house.app.callers().by_session(signed.key.reveal()).await, Err(AppError::Unauthenticated(_))));
    }

    async fn a_session_ends_when_nothing_is_heard_of_it(database: &Database) {
        let house = House::open(database);
        let signed = house.app.accounts().sign_up(new("ada", PASSWORD), &HERE.into()).await.unwrap();
        let day = Duration::from_hours(24);
        house.clock.pass(day * 29);
        house.app.callers().by_session(signed.key.reveal()).await.unwrap();
        house.clock.pass(day * 29);
        house.app.callers().by_session(signed.key.reveal()).await.unwrap();
        house.clock.pass(day * 31);
        assert!(house.app.callers().by_session(signed.key.reveal()).await.is_err());
    }

    async fn a_house_can_be_closed_to_strangers(database: &Database) {
        let house = House::with_rules(database, Rules::default());
        let refused = house.app.accounts().sign_up(new("ada", PASSWORD), &HERE.into()).await;
        assert!(matches!(refused, Err(AppError::Forbidden(_))));
        assert!(house.app.accounts().find("ada").await.is_err());
    }

    async fn every_mistake_is_named_at_once(database: &Database) {
        let house = House::open(database);
        let wrong = NewAccount { email: "nowhere".to_owned(), ..new("a b", "short") };
        let Err(AppError::Invalid(fields)) = house.app.accounts().create(wrong).await else { panic!("it was taken") };
        let names: Vec<_> = fields.iter().map(|field| field.field.as_str()).collect();
        assert_eq!(names, ["username", "email", "password"]);
        house.app.accounts().create(new("ada", PASSWORD)).await.unwrap();
        let Err(AppError::Invalid(fields)) = house.app.accounts().create(new("ADA", PASSWORD)).await else { panic!("twice") };
        assert_eq!(fields[0].field, "username");
    }

    async fn new_names_are_addresses_and_old_ones_go_on(database: &Database) {
        let house = House::open(database);
        for wrong in ["al", "users", "productions", "v1", "2026", "ada.l", &"a".repeat(26)] {
            let refused = house.app.accounts().create(new(wrong, PASSWORD)).await;
            assert!(matches!(refused, Err(AppError::Invalid(fields)) if fields[0].field == "username"), "{wrong}");
        }
        house.account("ada").await;
        let (mut ada, _) = store::accounts::find_by_username(database.store(), &"ada".parse().unwrap()).await.unwrap().unwrap();
        // A name of the older rule, as it is in houses that were there before.
        ada.username = "a.l".parse().unwrap();
        let tx = database.store().begin().await.unwrap();
        store::accounts::update(&tx, &ada).await.unwrap();
        tx.commit().await.unwrap();
        let browser = crate::browser(&house, "A.L").await;
        assert_eq!(browser.account.username.as_str(), "a.l");
        let fresh = house.app.sessions().fresh(&browser).await.unwrap();
        // It stays when only the address changes, and another one has to be a name of today.
        let update = async |name| house.app.accounts().update(&fresh, name, "ada@example.net", HERE).await;
        assert_eq!(update("a.l").await.unwrap().username.as_str(), "a.l");
        assert!(matches!(update("a.m").await, Err(AppError::Invalid(_))));
        assert_eq!(update("ada-l").await.unwrap().username.as_str(), "ada-l");
    }

    async fn a_wrong_name_and_a_wrong_password_sound_the_same(database: &Database) {
        let house = House::open(database);
        house.app.accounts().create(new("ada", PASSWORD)).await.unwrap();
        let said = async |name: &str| house.app.accounts().sign_in(name, "not the password", HERE).await.err().unwrap().to_string();
        assert_eq!(said("ada").await, said("nobody").await);
        assert_eq!(said("ada").await, said("not a name at all").await);
    }

    async fn too_many_tries_are_refused_for_a_while_and_only_there(database: &Database) {
        let house = House::open(database);
        house.app.accounts().create(new("ada", PASSWORD)).await.unwrap();
        for _ in 0..10 {
            let tried = house.app.accounts().sign_in("ada", "not the password", elsewhere()).await;
            assert!(matches!(tried, Err(AppError::Unauthenticated(_))));
        }
        let refused = house.app.accounts().sign_in("ada", PASSWORD, elsewhere()).await;
        assert!(matches!(refused, Err(AppError::Throttled { limit: 10, .. })));
        // The person herself, somewhere else, notices nothing.
        house.app.accounts().sign_in("ada", PASSWORD, HERE).await.unwrap();
        house.clock.pass(Duration::from_secs(15 * 60 + 1));
        house.app.accounts().sign_in("ada", PASSWORD, elsewhere()).await.unwrap();
    }

    async fn a_key_is_good_for_its_scopes_until_it_is_revoked(database: &Database) {
        let house = House::open(database);
        let account = house.app.accounts().create(new("ada", PASSWORD)).await.unwrap();
        let scopes = Scopes::parse("production.read").unwrap();
        let (row, key) = house.app.api_keys().create(&account, "reader", &scopes, Some(HERE)).await.unwrap();
        let caller = house.app.callers().by_key(key.reveal(), HERE).await.unwrap();
        assert!(caller.may(Scope::ProductionRead).is_ok() && caller.may(Scope::ProductionWrite).is_err());
        house.app.callers().by_name("ada", key.reveal(), HERE).await.unwrap();
        assert!(house.app.callers().by_name("eve", key.reveal(), HERE).await.is_err());
        house.app.api_keys().remove(&account, row.id, Some(HERE)).await.unwrap();
        assert!(house.app.callers().by_key(key.reveal(), HERE).await.is_err());
        assert!(Scopes::parse("production.read everything").is_err());
    }

    async fn another_password_signs_all_browsers_out(database: &Database) {
        let house = House::open(database);
        let signed = house.app.accounts().sign_up(new("ada", PASSWORD), &HERE.into()).await.unwrap();
        house.app.accounts().set_password("ada", "another long password".to_owned()).await.unwrap();
        assert!(house.app.callers().by_session(signed.key.reveal()).await.is_err());
        assert!(house.app.accounts().sign_in("ada", PASSWORD, HERE).await.is_err());
        house.app.accounts().sign_in("ada", "another long password", HERE).await.unwrap();
    }

    async fn another_secret_key_is_noticed(database: &Database) {
        let house = House::open(database);
        house.app.check_secret_key().await.unwrap();
        house.app.check_secret_key().await.unwrap();
        let other = app::App::new(app::Parts {
            store: database.store().clone(),
            blobs: house.blobs.clone(),
            clock: house.clock.clone(),
            dice: house.dice.clone(),
            secret: app::SecretKey::new([8; 32]),
            rules: Rules::default(),
        });
        assert!(matches!(other.check_secret_key().await, Err(AppError::WrongSecretKey(_))));
    }
}
