//! What happens around an account is written down, once, for the one whose account it is.

use std::net::IpAddr;
use std::time::Duration;

use app::{App, Caller, Scopes};
use model::AuditKind;
use testkit::house::{HERE, House, PASSWORD};

fn elsewhere() -> IpAddr {
    "192.0.2.7".parse().unwrap()
}

/// What happened, the latest first.
pub(crate) async fn kinds(app: &App, caller: &Caller) -> Vec<AuditKind> {
    app.audit().list(caller, None).await.unwrap().iter().map(|entry| entry.kind).collect()
}

testkit::both_databases! {
    async fn coming_and_going_is_written_down(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        house.clock.pass(Duration::from_secs(1));
        house.app.accounts().sign_in("ada", "not the password", elsewhere()).await.err().unwrap();
        house.clock.pass(Duration::from_secs(1));
        let signed = house.app.accounts().sign_in("ada", PASSWORD, HERE).await.unwrap();
        house.clock.pass(Duration::from_secs(1));
        house.app.accounts().sign_out(signed.key.reveal(), HERE).await.unwrap();
        house.app.accounts().sign_out(signed.key.reveal(), HERE).await.unwrap();
        let listed = house.app.audit().list(&ada, None).await.unwrap();
        let told: Vec<_> = listed.iter().map(|entry| (entry.kind, entry.peer.as_str())).collect();
        assert_eq!(
            told[..3],
            [
                (AuditKind::SignOut, "127.0.0.1"),
                (AuditKind::SignIn, "127.0.0.1"),
                (AuditKind::SignInRefused, "192.0.2.7"),
            ]
        );
        let (eve, _) = house.account("eve").await;
        assert!(!kinds(&house.app, &eve).await.contains(&AuditKind::SignIn));
    }

    async fn refusals_are_bounded_by_the_throttle(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        for _ in 0..30 {
            house.app.accounts().sign_in("ada", "not the password", elsewhere()).await.err().unwrap();
        }
        let refused = kinds(&house.app, &ada).await.into_iter().filter(|kind| *kind == AuditKind::SignInRefused);
        assert_eq!(refused.count(), 10);
    }

    async fn a_key_is_noted_once_for_each_place_and_day(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let (row, key) = house.app.api_keys().create(&ada.account, "reader", &Scopes::All, Some(HERE)).await.unwrap();
        let before = kinds(&house.app, &ada).await.len();
        for _ in 0..3 {
            house.app.callers().by_key(key.reveal(), HERE).await.unwrap();
            house.app.callers().by_name("ada", key.reveal(), elsewhere()).await.unwrap();
        }
        assert_eq!(kinds(&house.app, &ada).await.len(), before + 2);
        house.clock.pass(Duration::from_hours(25));
        house.app.callers().by_key(key.reveal(), HERE).await.unwrap();
        house.app.api_keys().remove(&ada.account, row.id, Some(HERE)).await.unwrap();
        assert_eq!(kinds(&house.app, &ada).await.len(), before + 4);
        let told = house.app.audit().list(&ada, None).await.unwrap();
        assert!(!format!("{told:?}").contains(key.reveal()), "no secret is written down");
    }

    async fn after_ninety_days_it_is_forgotten(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        house.app.accounts().sign_in("ada", PASSWORD, HERE).await.unwrap();
        house.clock.pass(Duration::from_hours(24 * 89));
        house.app.sweeps().sweep().await.unwrap();
        assert!(kinds(&house.app, &ada).await.contains(&AuditKind::SignIn));
        house.clock.pass(Duration::from_hours(24 * 2));
        house.app.sweeps().sweep().await.unwrap();
        assert!(!kinds(&house.app, &ada).await.contains(&AuditKind::SignIn));
    }
}
