//! Passkeys: made, used to come in without a name, and everything that must not be taken.

use app::accounts::Entrance;
use app::passkeys::Site;
use app::{AppError, Caller};
use testkit::authenticator::Authenticator;
use testkit::house::{HERE, House, PASSWORD};

use crate::browser;

fn site() -> Site {
    Site { origin: "https://audio.example.org".to_owned(), host: "audio.example.org".to_owned() }
}

/// An account with a passkey, and the device.
async fn set_up(house: &House) -> (Caller, Authenticator, Vec<String>) {
    house.account("ada").await;
    let ada = browser(house, "ada").await;
    let fresh = house.app.sessions().fresh(&ada).await.unwrap();
    let device = Authenticator::new(&site(), 1);
    let challenge = house.app.passkeys().ask_to_make(&fresh).await.unwrap();
    let made = device.make(&challenge, " laptop ");
    let codes = house.app.passkeys().create(&fresh, made, &site(), &HERE.into()).await.unwrap();
    (ada.clone(), device, codes)
}

testkit::both_databases! {
    async fn a_passkey_leads_in_without_a_name(database: &Database) {
        let house = House::open(database);
        let (ada, mut device, codes) = set_up(&house).await;
        assert_eq!(codes.len(), 10);
        let listed = house.app.factors().overview(&ada).await.unwrap().passkeys;
        assert_eq!((listed.len(), listed[0].name.as_str()), (1, "laptop"));
        let challenge = house.app.passkeys().ask_to_use(HERE).await.unwrap();
        let used = device.answer(&challenge);
        let signed_in = house.app.passkeys().sign_in(used.clone(), &site(), &HERE.into()).await.unwrap();
        assert_eq!(signed_in.account.username.as_str(), "ada");
        let replayed = house.app.passkeys().sign_in(used, &site(), &HERE.into()).await;
        assert!(matches!(replayed, Err(AppError::Unauthenticated(_))), "an answer is taken once");
    }

    async fn with_a_passkey_a_password_alone_is_not_enough(database: &Database) {
        let house = House::open(database);
        let (_, _, codes) = set_up(&house).await;
        let Entrance::Second(step) = house.app.accounts().enter("ada", PASSWORD, &HERE.into()).await.unwrap() else {
            panic!("a password was enough")
        };
        let ways = house.app.factors().ways(&step.key).await.unwrap();
        assert!(ways.passkey && !ways.app);
        house.app.factors().answer(&step.key, &codes[0], &HERE.into()).await.unwrap();
    }

    async fn answers_to_other_questions_are_not_taken(database: &Database) {
        let house = House::open(database);
        let (ada, mut device, _) = set_up(&house).await;
        let passkeys = house.app.passkeys();
        let fresh = house.app.sessions().fresh(&ada).await.unwrap();
        let to_make = passkeys.ask_to_make(&fresh).await.unwrap();
        assert!(passkeys.sign_in(device.answer(&to_make), &site(), &HERE.into()).await.is_err(), "asked to make");
        assert!(passkeys.sign_in(device.answer("bm90IGFza2Vk"), &site(), &HERE.into()).await.is_err(), "never asked");
        let late = passkeys.ask_to_use(HERE).await.unwrap();
        house.clock.pass(std::time::Duration::from_secs(301));
        assert!(passkeys.sign_in(device.answer(&late), &site(), &HERE.into()).await.is_err(), "asked too long ago");
        let other = Site { origin: "https://evil.example".to_owned(), host: "evil.example".to_owned() };
        let challenge = passkeys.ask_to_use(HERE).await.unwrap();
        let mut phished = Authenticator::new(&other, 1);
        assert!(passkeys.sign_in(phished.answer(&challenge), &site(), &HERE.into()).await.is_err(), "said to another site");
        let mut stranger = Authenticator::new(&site(), 9);
        assert!(passkeys.sign_in(stranger.answer(&challenge), &site(), &HERE.into()).await.is_err(), "nobody's passkey");
        let mut forger = Authenticator::new(&site(), 1);
        assert!(passkeys.sign_in(forger.answer(&challenge), &site(), &HERE.into()).await.is_err(), "another key under the same name");
        passkeys.sign_in(device.answer(&challenge), &site(), &HERE.into()).await.unwrap();
    }

    async fn somebody_elses_question_makes_no_passkey(database: &Database) {
        let house = House::open(database);
        let (ada, device, _) = set_up(&house).await;
        house.account("eve").await;
        let eve = browser(&house, "eve").await;
        let (ada, eve) = (house.app.sessions().fresh(&ada).await.unwrap(), house.app.sessions().fresh(&eve).await.unwrap());
        let hers = house.app.passkeys().ask_to_make(&ada).await.unwrap();
        let new = Authenticator::new(&site(), 2).make(&hers, "x");
        assert!(house.app.passkeys().create(&eve, new, &site(), &HERE.into()).await.is_err());
        let own = house.app.passkeys().ask_to_make(&eve).await.unwrap();
        let taken = house.app.passkeys().create(&eve, device.make(&own, "x"), &site(), &HERE.into()).await;
        assert!(matches!(taken, Err(AppError::Conflict(_))), "it is ada's");
    }

    async fn a_passkey_proves_who_one_is_renamed_and_removed(database: &Database) {
        let house = House::open(database);
        let (ada, mut device, _) = set_up(&house).await;
        house.account("eve").await;
        let eve = browser(&house, "eve").await;
        house.clock.pass(std::time::Duration::from_mins(11));
        let challenge = house.app.passkeys().ask_to_use(HERE).await.unwrap();
        assert!(house.app.passkeys().prove(&eve, device.answer(&challenge), &site()).await.is_err());
        house.app.passkeys().prove(&ada, device.answer(&challenge), &site()).await.unwrap();
        let id = house.app.factors().overview(&ada).await.unwrap().passkeys[0].id;
        assert!(house.app.passkeys().rename(&eve, id, "mine").await.is_err());
        house.app.passkeys().rename(&ada, id, "desk").await.unwrap();
        let fresh = house.app.sessions().fresh(&ada).await.unwrap();
        house.app.passkeys().remove(&fresh, id, &HERE.into()).await.unwrap();
        assert_eq!(house.app.factors().overview(&ada).await.unwrap(), app::factors::Overview::default());
        house.app.accounts().sign_in("ada", PASSWORD, HERE).await.unwrap();
    }
}
