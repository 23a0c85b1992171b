//! Second steps: codes of an app, recovery codes, how often they may be tried, and programs that have a password only.

use std::net::IpAddr;
use std::time::Duration;

use app::accounts::Entrance;
use app::factors::SecondStep;
use app::{AppError, Caller, Visitor};
use model::AuditKind;
use protocols::totp;
use secrecy::ExposeSecret;
use testkit::house::{HERE, House, PASSWORD};

use crate::audit::kinds;
use crate::browser;

/// An account with an authenticator app.
pub(crate) struct WithApp {
    pub(crate) ada: Caller,
    secret: Vec<u8>,
    recovery: Vec<String>,
}

fn code(house: &House, secret: &[u8]) -> String {
    totp::shown(secret, totp::step(house.app.now().as_ms() as u64 / 1_000))
}

fn elsewhere() -> IpAddr {
    "192.0.2.7".parse().unwrap()
}

pub(crate) async fn set_up(house: &House) -> WithApp {
    house.account("ada").await;
    let ada = browser(house, "ada").await;
    let fresh = house.app.sessions().fresh(&ada).await.unwrap();
    let factors = house.app.factors();
    let secret = factors.offer_app(&fresh).await.unwrap().expose_secret().to_vec();
    assert_eq!(factors.offer_app(&fresh).await.unwrap().expose_secret(), secret, "the same until it works");
    let wrong = factors.confirm_app(&fresh, "000000", &HERE.into()).await;
    assert!(matches!(wrong, Err(AppError::Invalid(_))));
    let recovery = factors.confirm_app(&fresh, &code(house, &secret), &HERE.into()).await.unwrap();
    assert_eq!(recovery.len(), 10);
    house.clock.pass(Duration::from_mins(1));
    WithApp { secret, recovery, ada: ada.clone() }
}

async fn begin(house: &House) -> SecondStep {
    match house.app.accounts().enter("ada", PASSWORD, &HERE.into()).await.unwrap() {
        Entrance::Second(step) => step,
        Entrance::In(_) => panic!("a password was enough"),
    }
}

testkit::both_databases! {
    async fn a_password_leads_to_the_second_step_and_a_code_leads_in(database: &Database) {
        let house = House::open(database);
        let WithApp { ada, secret, .. } = set_up(&house).await;
        let step = begin(&house).await;
        assert!(house.app.callers().by_session(&step.key).await.is_err(), "half way is not in");
        assert!(house.app.factors().ways(&step.key).await.unwrap().app);
        let code = code(&house, &secret);
        let signed_in = house.app.factors().answer(&step.key, &code, &HERE.into()).await.unwrap();
        house.app.callers().by_session(signed_in.key.reveal()).await.unwrap();
        assert!(kinds(&house.app, &ada).await.contains(&AuditKind::FactorUsed));
        let again = house.app.factors().answer(&step.key, &code, &HERE.into()).await;
        assert!(matches!(again, Err(AppError::Unauthenticated(_))), "a step is taken once");
        let next = begin(&house).await;
        let replayed = house.app.factors().answer(&next.key, &code, &HERE.into()).await;
        assert!(matches!(replayed, Err(AppError::Invalid(_))), "a code works once");
    }

    async fn a_second_step_ends_after_five_minutes(database: &Database) {
        let house = House::open(database);
        let WithApp { secret, .. } = set_up(&house).await;
        let step = begin(&house).await;
        house.clock.pass(Duration::from_secs(301));
        let late = house.app.factors().answer(&step.key, &code(&house, &secret), &HERE.into()).await;
        assert!(matches!(late, Err(AppError::Unauthenticated(_))));
        assert!(house.app.factors().ways(&step.key).await.is_err());
    }

    async fn a_second_step_takes_five_answers(database: &Database) {
        let house = House::open(database);
        let WithApp { ada, secret, .. } = set_up(&house).await;
        let step = begin(&house).await;
        for _ in 0..5 {
            assert!(matches!(house.app.factors().answer(&step.key, "000000", &HERE.into()).await, Err(AppError::Invalid(_))));
        }
        let right = house.app.factors().answer(&step.key, &code(&house, &secret), &HERE.into()).await;
        assert!(matches!(right, Err(AppError::Unauthenticated(_))), "not even the right one");
        let refused = kinds(&house.app, &ada).await.into_iter().filter(|kind| *kind == AuditKind::FactorRefused);
        assert_eq!(refused.count(), 5);
    }

    async fn guessing_in_one_place_shuts_nobody_out_in_another(database: &Database) {
        let house = House::open(database);
        let WithApp { secret, .. } = set_up(&house).await;
        let guesser = Visitor::from(elsewhere());
        let mut refused = 0;
        for _ in 0..4 {
            let step = begin(&house).await;
            for _ in 0..5 {
                match house.app.factors().answer(&step.key, "000000", &guesser).await {
                    Err(AppError::Throttled { .. }) => refused += 1,
                    other => assert!(matches!(other, Err(AppError::Invalid(_)))),
                }
            }
        }
        assert_eq!(refused, 10, "ten tries, and no more for a while");
        let step = begin(&house).await;
        house.app.factors().answer(&step.key, &code(&house, &secret), &HERE.into()).await.unwrap();
    }

    async fn several_answers_at_once_are_no_way_around_the_bound(database: &Database) {
        let house = House::open(database);
        set_up(&house).await;
        let step = begin(&house).await;
        let (visitor, factors) = (Visitor::from(HERE), house.app.factors());
        let answers = (0..12).map(|_| factors.answer(&step.key, "000000", &visitor));
        let answers = futures_util::future::join_all(answers).await;
        let looked_at = answers.iter().filter(|answer| matches!(answer, Err(AppError::Invalid(_)))).count();
        assert!(looked_at <= 5, "{looked_at}");
    }

    async fn a_recovery_code_leads_in_once(database: &Database) {
        let house = House::open(database);
        let WithApp { ada, recovery, .. } = set_up(&house).await;
        let step = begin(&house).await;
        house.app.factors().answer(&step.key, &recovery[3].to_lowercase(), &HERE.into()).await.unwrap();
        let step = begin(&house).await;
        assert!(house.app.factors().answer(&step.key, &recovery[3], &HERE.into()).await.is_err());
        assert_eq!(house.app.factors().overview(&ada).await.unwrap().codes_left, 9);
        assert!(kinds(&house.app, &ada).await.contains(&AuditKind::RecoveryCodeUsed));
        house.clock.pass(Duration::from_secs(1));
        house.app.sessions().prove(&ada, PASSWORD, HERE).await.unwrap();
        let fresh = house.app.sessions().fresh(&ada).await.unwrap();
        let new = house.app.factors().renew_codes(&fresh, &HERE.into()).await.unwrap();
        assert!(house.app.factors().answer(&step.key, &recovery[4], &HERE.into()).await.is_err(), "the old ones are worth nothing");
        house.app.factors().answer(&step.key, &new[0], &HERE.into()).await.unwrap();
    }

    async fn a_program_needs_a_key_then(database: &Database) {
        let house = House::open(database);
        let (_, key) = house.account("bea").await;
        house.app.callers().by_name("bea", PASSWORD, HERE).await.unwrap();
        let WithApp { ada, .. } = set_up(&house).await;
        let refused = house.app.callers().by_name("ada", PASSWORD, HERE).await.err().unwrap();
        assert!(refused.to_string().contains("Make an API key"), "{refused}");
        let wrong = house.app.callers().by_name("ada", "not the password", HERE).await.err().unwrap();
        assert!(!wrong.to_string().contains("second factor"), "nobody else learns of it");
        let fresh = house.app.sessions().fresh(&ada).await.unwrap();
        let (_, hers) = house.app.api_keys().make(&fresh, "cron", &app::Scopes::All, HERE).await.unwrap();
        house.app.callers().by_name("ada", hers.reveal(), HERE).await.unwrap();
        house.app.callers().by_name("bea", &key, HERE).await.unwrap();
    }

    async fn without_a_factor_there_is_no_second_step(database: &Database) {
        let house = House::open(database);
        let WithApp { ada, .. } = set_up(&house).await;
        let fresh = house.app.sessions().fresh(&ada).await.unwrap();
        house.app.factors().remove_app(&fresh, &HERE.into()).await.unwrap();
        assert_eq!(house.app.factors().overview(&ada).await.unwrap(), app::factors::Overview::default());
        assert!(matches!(house.app.factors().renew_codes(&fresh, &HERE.into()).await, Err(AppError::Conflict(_))));
        house.app.accounts().sign_in("ada", PASSWORD, HERE).await.unwrap();
    }

    async fn the_operator_can_take_it_away(database: &Database) {
        let house = House::open(database);
        let WithApp { ada, .. } = set_up(&house).await;
        house.app.factors().reset(&ada.account).await.unwrap();
        assert!(house.app.sessions().list(&ada).await.unwrap().is_empty());
        house.app.accounts().sign_in("ada", PASSWORD, HERE).await.unwrap();
    }

    async fn secrets_lie_sealed(database: &Database) {
        let house = House::open(database);
        let WithApp { ada, secret, .. } = set_up(&house).await;
        let kept = store::totp::find(database.store(), ada.account.id).await.unwrap().unwrap();
        assert!(!kept.secret.windows(secret.len()).any(|part| part == secret));
    }
}
