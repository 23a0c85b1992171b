//! Apps ask people by OAuth 2.0, trade what they get for tokens, and what happens when somebody else tries.

use std::time::Duration;

use app::apps::{AppDraft, Approval, Keeps, Rotation};
use app::oauth2::{Asked, Question};
use app::{AppError, Caller, Operator, Scope, Via};
use model::RegisteredApp;
use protocols::Secret;
use protocols::oauth2::{ErrorCode, Introspection, TokenQuestion, TokenReply, TokenRequest};
use testkit::house::{HERE, House, PASSWORD};

const BACK: &str = "https://podhost.example/back";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) fn draft(name: &str) -> AppDraft {
    AppDraft {
        name: name.to_owned(),
        redirect_uris: vec![BACK.to_owned(), "http://127.0.0.1/back".to_owned()],
        oauth1_callback: "https://podhost.example/".to_owned(),
        ..AppDraft::default()
    }
}

/// A registered app, and its secret.
pub(crate) async fn app(house: &House, owner: &Caller, name: &str) -> (RegisteredApp, String) {
    let made = house.app.apps().create(&owner.account, draft(name), Keeps::ASecret).await;
    let (app, secret) = made.unwrap();
    (app, secret.unwrap().reveal().to_owned())
}

/// Somebody at a browser.
pub(crate) async fn at_a_browser(house: &House, name: &str) -> Caller {
    house.account(name).await;
    crate::browser(house, name).await
}

async fn question(house: &House, query: &str) -> Question {
    match house.app.oauth2().ask(query).await.unwrap() {
        Asked::Question(question) => *question,
        other => panic!("{query} is not asked: {other:?}"),
    }
}

/// The question with which an app sends somebody.
fn query(app: &RegisteredApp, more: &str) -> String {
    format!("response_type=code&client_id={}&redirect_uri={BACK}&state=s{more}", app.id)
}

async fn code(house: &House, person: &Caller, query: &str) -> Secret {
    let question = question(house, query).await;
    house.app.oauth2().allow(person, &question, HERE).await.unwrap()
}

async fn trade(house: &House, form: &str) -> Result<TokenReply, AppError> {
    let request = TokenRequest::parse(None, form.as_bytes()).map_err(AppError::OAuth2)?;
    house.app.oauth2().trade(request, HERE).await
}

fn with_code(app: &RegisteredApp, secret: &str, code: &Secret, more: &str) -> String {
    let code = code.reveal();
    format!(
        "grant_type=authorization_code&client_id={}&client_secret={secret}&code={code}&redirect_uri={BACK}{more}",
        app.id
    )
}

fn with_refresh(app: &RegisteredApp, secret: &str, token: &Secret, more: &str) -> String {
    let token = token.reveal();
    format!("grant_type=refresh_token&client_id={}&client_secret={secret}&refresh_token={token}{more}", app.id)
}

/// Why it was refused.
fn why<T: std::fmt::Debug>(said: Result<T, AppError>) -> ErrorCode {
    match said {
        Err(AppError::OAuth2(refusal)) => refusal.code,
        other => panic!("not refused: {other:?}"),
    }
}

async fn whose(house: &House, token: &Secret) -> Result<Caller, AppError> {
    house.app.callers().by_key(token.reveal(), HERE).await
}

testkit::both_databases! {
    async fn a_code_is_traded_for_tokens_that_are_good_for_what_was_allowed(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, secret) = app(&house, &ada, "Podhost").await;
        let code = code(&house, &ada, &query(&app, "&scope=production.read")).await;
        let reply = trade(&house, &with_code(&app, &secret, &code, "")).await.unwrap();
        assert_eq!((reply.user_name.as_str(), reply.expires_in), ("ada", 365 * 24 * 3600));
        let caller = whose(&house, &reply.access_token).await.unwrap();
        assert_eq!(caller.account, ada.account);
        assert!(matches!(caller.via, Via::App { app: by, .. } if by == app.id));
        assert!(caller.may(Scope::ProductionRead).is_ok() && caller.may(Scope::ProductionWrite).is_err());
        // A refresh token is not for asking.
        assert!(matches!(whose(&house, &reply.refresh_token).await, Err(AppError::Unauthenticated(_))));
        let connected = house.app.grants().list(&ada).await.unwrap();
        assert_eq!((connected.len(), connected[0].scopes.as_str()), (1, "production.read"));
        // And what an app was allowed, it may not pass on.
        assert!(house.app.grants().list(&caller).await.is_err() && house.app.apps().list(&caller).await.is_err());
    }

    async fn a_code_is_good_once_and_who_comes_second_ends_what_it_gave(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, secret) = app(&house, &ada, "Podhost").await;
        let code = code(&house, &ada, &query(&app, "")).await;
        let form = with_code(&app, &secret, &code, "");
        let reply = trade(&house, &form).await.unwrap();
        assert_eq!(why(trade(&house, &form).await), ErrorCode::InvalidGrant);
        assert!(whose(&house, &reply.access_token).await.is_err());
        assert_eq!(why(trade(&house, &with_refresh(&app, &secret, &reply.refresh_token, "")).await), ErrorCode::InvalidGrant);
    }

    async fn two_at_once_do_not_both_have_the_code(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, secret) = app(&house, &ada, "Podhost").await;
        let code = code(&house, &ada, &query(&app, "")).await;
        let form = with_code(&app, &secret, &code, "");
        let (one, other) = tokio::join!(trade(&house, &form), trade(&house, &form));
        assert_eq!([one.is_ok(), other.is_ok()].iter().filter(|fine| **fine).count(), 1);
        assert_eq!(house.app.grants().list(&ada).await.unwrap(), []);
    }

    async fn a_code_ends_after_a_minute(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, secret) = app(&house, &ada, "Podhost").await;
        let code = code(&house, &ada, &query(&app, "")).await;
        house.clock.pass(Duration::from_mins(1));
        assert_eq!(why(trade(&house, &with_code(&app, &secret, &code, "")).await), ErrorCode::InvalidGrant);
    }

    async fn a_code_is_for_its_app_alone(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app_a, secret_a) = app(&house, &ada, "Podhost").await;
        let (app_b, secret_b) = app(&house, &ada, "Other").await;
        let code = code(&house, &ada, &query(&app_a, "")).await;
        assert_eq!(why(trade(&house, &with_code(&app_b, &secret_b, &code, "")).await), ErrorCode::InvalidGrant);
        assert_eq!(why(trade(&house, &with_code(&app_a, &secret_b, &code, "")).await), ErrorCode::InvalidClient);
        assert_eq!(why(trade(&house, &with_code(&app_a, "", &code, "")).await), ErrorCode::InvalidClient);
        assert!(trade(&house, &with_code(&app_a, &secret_a, &code, "")).await.is_ok());
    }

    async fn the_address_is_said_again_and_is_the_same(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, secret) = app(&house, &ada, "Podhost").await;
        for wrong in ["http://127.0.0.1/back", ""] {
            let code = code(&house, &ada, &query(&app, "")).await;
            let form = with_code(&app, &secret, &code, "").replace(&format!("&redirect_uri={BACK}"), &match wrong {
                "" => String::new(),
                wrong => format!("&redirect_uri={wrong}"),
            });
            assert_eq!(why(trade(&house, &form).await), ErrorCode::InvalidGrant, "{wrong}");
        }
    }

    async fn nobody_is_sent_to_an_address_that_was_not_registered(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, _) = app(&house, &ada, "Podhost").await;
        for wrong in [
            "https://podhost.example/back/",
            "https://podhost.example/back?x=1",
            "https://podhost.example/back/../evil",
            "https://podhost.example/BACK",
            "https://podhost.example@evil.example/back",
            "https://podhost.example.evil.example/back",
            "https://evil.example/https://podhost.example/back",
            "https://podhost.example/back%23",
            "https://podhost.example/back%2f",
            "http://podhost.example/back",
            "https://podhost.example:8443/back",
            "http://127.0.0.1.evil.example/back",
            "http://127.0.0.1:4000/elsewhere",
            "javascript:alert(1)//podhost.example/back",
            "//podhost.example/back",
        ] {
            let encoded: String = url_encode(wrong);
            let asked = format!("response_type=code&client_id={}&redirect_uri={encoded}", app.id);
            let said = house.app.oauth2().ask(&asked).await.unwrap();
            assert!(matches!(said, Asked::TellPerson(_)), "{wrong}: {said:?}");
        }
        // Several are registered, so one has to be named; and one on this machine may have any port (RFC 8252, section 7.3).
        let none = house.app.oauth2().ask(&format!("response_type=code&client_id={}", app.id)).await.unwrap();
        assert!(matches!(none, Asked::TellPerson(_)));
        let port = format!("response_type=code&client_id={}&redirect_uri=http://127.0.0.1:49152/back", app.id);
        assert_eq!(question(&house, &port).await.redirect_uri, "http://127.0.0.1:49152/back");
        let unknown = format!("response_type=code&client_id=nobody&redirect_uri={BACK}");
        assert!(matches!(house.app.oauth2().ask(&unknown).await.unwrap(), Asked::TellPerson(_)));
    }

    async fn what_makes_no_sense_is_told_to_the_app(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, _) = app(&house, &ada, "Podhost").await;
        for (wrong, expected) in [
            ("response_type=token", ErrorCode::UnsupportedResponseType),
            ("", ErrorCode::InvalidRequest),
            ("response_type=code&scope=everything", ErrorCode::InvalidScope),
            ("response_type=code&code_challenge=short&code_challenge_method=S256", ErrorCode::InvalidRequest),
            ("response_type=code&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=plain", ErrorCode::InvalidRequest),
            ("response_type=code&response_type=code", ErrorCode::InvalidRequest),
        ] {
            let asked = format!("client_id={}&redirect_uri={BACK}&state=7&{wrong}", app.id);
            match house.app.oauth2().ask(&asked).await.unwrap() {
                Asked::TellApp { redirect_uri, refusal, state } => {
                    assert_eq!((redirect_uri.as_str(), state.as_deref()), (BACK, Some("7")));
                    assert_eq!(refusal.code, expected, "{wrong}");
                }
                other => panic!("{wrong}: {other:?}"),
            }
        }
    }

    async fn a_challenge_cannot_be_cut_off_nor_guessed(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, secret) = app(&house, &ada, "Podhost").await;
        let challenged = query(&app, &format!("&code_challenge={CHALLENGE}&code_challenge_method=S256"));
        let other = VERIFIER.replace('d', "e");
        for (asked, verifier) in [
            (&challenged, String::new()),
            (&challenged, format!("&code_verifier={other}")),
            (&challenged, format!("&code_verifier={CHALLENGE}")),
            (&query(&app, ""), format!("&code_verifier={VERIFIER}")),
        ] {
            let code = code(&house, &ada, asked).await;
            assert_eq!(why(trade(&house, &with_code(&app, &secret, &code, &verifier)).await), ErrorCode::InvalidGrant);
            // One try.
            let right = format!("&code_verifier={VERIFIER}");
            assert_eq!(why(trade(&house, &with_code(&app, &secret, &code, &right)).await), ErrorCode::InvalidGrant);
        }
        let code = code(&house, &ada, &challenged).await;
        let right = format!("&code_verifier={VERIFIER}");
        assert!(trade(&house, &with_code(&app, &secret, &code, &right)).await.is_ok());
    }

    async fn a_public_app_has_no_secret_and_must_prove_itself(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, secret) = house.app.apps().create(&ada.account, draft("Phone"), Keeps::Nothing).await.unwrap();
        assert!(secret.is_none());
        let said = house.app.oauth2().ask(&query(&app, "")).await.unwrap();
        assert!(matches!(said, Asked::TellApp { ref refusal, .. } if refusal.code == ErrorCode::InvalidRequest), "{said:?}");
        let code = code(&house, &ada, &query(&app, &format!("&code_challenge={CHALLENGE}&code_challenge_method=S256"))).await;
        let form = with_code(&app, "guess", &code, &format!("&code_verifier={VERIFIER}"));
        assert_eq!(why(trade(&house, &form).await), ErrorCode::InvalidClient);
        let reply = trade(&house, &form.replace("&client_secret=guess", "")).await.unwrap();
        let ask = TokenQuestion::parse(None, format!("client_id={}&token={}", app.id, reply.access_token.reveal()).as_bytes()).unwrap();
        assert_eq!(why(house.app.oauth2().introspect(&ask, "https://s.example").await), ErrorCode::UnauthorizedClient);
        house.app.oauth2().revoke(&ask).await.unwrap();
        assert!(whose(&house, &reply.access_token).await.is_err());
    }

    async fn refresh_tokens_rotate_and_a_replay_ends_the_family(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, secret) = app(&house, &ada, "Podhost").await;
        let code = code(&house, &ada, &query(&app, "&scope=production.read profile")).await;
        let first = trade(&house, &with_code(&app, &secret, &code, "")).await.unwrap();
        let narrow = with_refresh(&app, &secret, &first.refresh_token, "&scope=profile");
        let wide = with_refresh(&app, &secret, &first.refresh_token, "&scope=production.write");
        assert_eq!(why(trade(&house, &wide).await), ErrorCode::InvalidScope);
        let second = trade(&house, &narrow).await.unwrap();
        assert_eq!(second.scope.to_string(), "profile");
        // The next one may have all of it again (RFC 6749, section 6).
        let third = trade(&house, &with_refresh(&app, &secret, &second.refresh_token, "")).await.unwrap();
        assert_eq!(third.scope.to_string(), "production.read profile");
        assert!(whose(&house, &third.access_token).await.is_ok());
        assert_eq!(why(trade(&house, &narrow).await), ErrorCode::InvalidGrant);
        for token in [&first.access_token, &second.access_token, &third.access_token] {
            assert!(whose(&house, token).await.is_err());
        }
        let again = with_refresh(&app, &secret, &third.refresh_token, "");
        assert_eq!(why(trade(&house, &again).await), ErrorCode::InvalidGrant);
    }

    async fn a_person_takes_back_what_was_allowed(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let eve = at_a_browser(&house, "eve").await;
        let (app, secret) = app(&house, &eve, "Podhost").await;
        let code = code(&house, &ada, &query(&app, "")).await;
        let reply = trade(&house, &with_code(&app, &secret, &code, "")).await.unwrap();
        assert!(matches!(house.app.grants().remove(&eve, app.id, HERE).await, Err(AppError::NotFound(_))));
        house.app.grants().remove(&ada, app.id, HERE).await.unwrap();
        assert!(whose(&house, &reply.access_token).await.is_err());
        let log = house.app.audit().list(&ada, None).await.unwrap();
        for kind in ["consent given", "app revoked"] {
            assert!(log.iter().any(|entry| entry.kind.name() == kind && entry.app.as_deref() == Some(app.id.as_str())), "{kind}");
        }
    }

    async fn tokens_are_told_about_to_their_own_app_only(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app_a, secret_a) = app(&house, &ada, "Podhost").await;
        let (app_b, secret_b) = app(&house, &ada, "Other").await;
        let code = code(&house, &ada, &query(&app_a, "")).await;
        let reply = trade(&house, &with_code(&app_a, &secret_a, &code, "")).await.unwrap();
        let ask = |app: &RegisteredApp, secret: &str, token: &Secret| {
            let form = format!("client_id={}&client_secret={secret}&token={}", app.id, token.reveal());
            TokenQuestion::parse(None, form.as_bytes()).unwrap()
        };
        let told = house.app.oauth2().introspect(&ask(&app_a, &secret_a, &reply.access_token), "https://s.example").await;
        assert!(matches!(told, Ok(Introspection::Alive { ref username, .. }) if username == "ada"), "{told:?}");
        for (app, secret, token) in [
            (&app_b, &secret_b, reply.access_token.clone()),
            (&app_a, &secret_a, Secret::new("nonsense")),
        ] {
            let told = house.app.oauth2().introspect(&ask(app, secret, &token), "https://s.example").await;
            assert_eq!(told.unwrap(), Introspection::Dead);
        }
        // Nor can another app revoke it; the answer is the same all the same (RFC 7009, section 2.2).
        house.app.oauth2().revoke(&ask(&app_b, &secret_b, &reply.access_token)).await.unwrap();
        assert!(whose(&house, &reply.access_token).await.is_ok());
        house.app.oauth2().revoke(&ask(&app_a, &secret_a, &reply.refresh_token)).await.unwrap();
        assert!(whose(&house, &reply.access_token).await.is_err());
    }

    async fn two_secrets_overlap_while_one_takes_the_place_of_the_other(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let eve = at_a_browser(&house, "eve").await;
        let (app, old) = app(&house, &ada, "Podhost").await;
        assert!(matches!(house.app.apps().own(&eve, app.id).await, Err(AppError::NotFound(_))));
        let own = house.app.apps().own(&ada, app.id).await.unwrap();
        let new = house.app.apps().rotate(&own, Rotation::Overlapping).await.unwrap();
        let works = async |secret: &str| {
            let code = code(&house, &ada, &query(&app, "")).await;
            trade(&house, &with_code(&app, secret, &code, "")).await.is_ok()
        };
        assert!(works(&old).await && works(new.reveal()).await);
        house.clock.pass(Duration::from_hours(24));
        assert!(!works(&old).await && works(new.reveal()).await);
        let newest = house.app.apps().rotate(&own, Rotation::AtOnce).await.unwrap();
        assert!(!works(new.reveal()).await && works(newest.reveal()).await);
    }

    async fn passwords_are_for_apps_that_the_operator_named(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, secret) = app(&house, &ada, "Desktop").await;
        let form = |password: &str| {
            format!("grant_type=password&client_id={}&client_secret={secret}&username=ada&password={}", app.id, url_encode(password))
        };
        assert_eq!(why(trade(&house, &form(PASSWORD)).await), ErrorCode::UnauthorizedClient);
        let approval = Approval { may_password: Some(true), ..Approval::default() };
        house.app.apps().approve(&Operator::at_the_console(), app.id, approval).await.unwrap();
        assert!(trade(&house, &form(PASSWORD)).await.is_ok());
        assert_eq!(why(trade(&house, &form("wrong horse")).await), ErrorCode::InvalidGrant);
    }

    async fn a_password_alone_is_not_enough_where_there_is_a_second_step(database: &Database) {
        let house = House::open(database);
        let ada = crate::factors::set_up(&house).await.ada;
        let (app, secret) = app(&house, &ada, "Desktop").await;
        let approval = Approval { may_password: Some(true), ..Approval::default() };
        house.app.apps().approve(&Operator::at_the_console(), app.id, approval).await.unwrap();
        let password = url_encode(PASSWORD);
        let form = format!("grant_type=password&client_id={}&client_secret={secret}&username=ada&password={password}", app.id);
        assert_eq!(why(trade(&house, &form).await), ErrorCode::InvalidGrant);
        assert_eq!(house.app.grants().list(&ada).await.unwrap(), []);
    }

    async fn only_a_person_at_a_browser_can_allow_anything(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, _) = app(&house, &ada, "Podhost").await;
        let question = question(&house, &query(&app, "")).await;
        let (with_key, _) = house.account("bob").await;
        assert!(matches!(house.app.oauth2().allow(&with_key, &question, HERE).await, Err(AppError::Forbidden(_))));
    }

    async fn what_an_app_says_of_itself_is_looked_at(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let wrong = AppDraft {
            name: "A: B".to_owned(),
            homepage: "ftp://x".to_owned(),
            redirect_uris: vec!["http://podhost.example/".to_owned(), "/back".to_owned()],
            oauth1_callback: "nowhere".to_owned(),
            scopes: "everything".to_owned(),
            ..AppDraft::default()
        };
        let Err(AppError::Invalid(fields)) = house.app.apps().create(&ada.account, wrong, Keeps::ASecret).await else {
            panic!("it was taken")
        };
        let names: Vec<_> = fields.iter().map(|field| field.field.as_str()).collect();
        assert_eq!(names, ["name", "homepage", "redirect_uris", "redirect_uris", "oauth1_callback", "scopes"]);
    }
}

fn url_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
