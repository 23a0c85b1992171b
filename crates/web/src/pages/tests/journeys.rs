//! What keeps accounts safe, as a browser without scripts walks through it: second steps, fresh proofs, keys, other browsers, leaving.

use std::time::Duration;

use app::Rules;
use app::organizations::By;
use http::StatusCode;
use model::organization::Role;
use protocols::totp;
use testkit::database::{Database, on_sqlite};
use testkit::house::{House, PASSWORD};

use super::doors::{Answer, Browser};

const NEW: &str = "another long password";

/// A browser in which somebody is signed in.
async fn signed_in(house: &House, name: &str) -> Browser {
    let browser = Browser::at(house);
    assert_eq!(browser.sign_in(name, PASSWORD, "").await.place(), "/productions");
    browser
}

/// What stands between two others.
fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).unwrap().0
}

fn code(house: &House, secret: &[u8]) -> String {
    totp::shown(secret, totp::step(house.app.now().as_ms() as u64 / 1_000))
}

/// The secret that the page shows as letters.
fn secret(page: &Answer) -> Vec<u8> {
    let letters = between(&page.text, "aria-label=\"The secret as letters\"><code>", "</code>");
    let mut bits = 0_u64;
    let mut count = 0;
    let mut bytes = Vec::new();
    for letter in letters.bytes().filter(|letter| *letter != b' ') {
        bits = bits << 5 | u64::from(if letter.is_ascii_digit() { letter - b'2' + 26 } else { letter - b'A' });
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

/// Sets an app up, and says its secret and the recovery codes.
async fn set_up_app(house: &House, browser: &Browser) -> (Vec<u8>, Vec<String>) {
    let page = browser.get("/account/factors/app").await;
    let (token, secret) = (page.token(), secret(&page));
    let done = browser.post("/account/factors/app", &[("csrf", &token), ("code", &code(house, &secret))]).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    let codes = done.text.split("<li><code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect();
    house.clock.pass(Duration::from_mins(1));
    (secret, codes)
}

#[test]
fn the_second_step_by_code_and_by_recovery_code() {
    on_sqlite(async |database: &Database| {
        let house = House::open(database);
        house.account("ada").await;
        let browser = signed_in(&house, "ada").await;
        let (secret, codes) = set_up_app(&house, &browser).await;
        assert_eq!(codes.len(), 10);
        assert!(!browser.get("/account/factors").await.text.contains(&codes[0]), "shown once");

        let other = Browser::at(&house);
        let half = other.sign_in("ada", PASSWORD, "/docs").await;
        assert_eq!(half.place(), "/signin/second?next=%2Fdocs");
        assert_eq!(other.get("/productions").await.place(), "/signin?next=%2Fproductions", "half way is not in");
        let token = other.get(half.place()).await.token();
        let wrong = other.post("/signin/second", &[("csrf", &token), ("code", "000000"), ("next", "/docs")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            wrong.text.contains("That code is not right") && wrong.text.contains("value=\"/docs\""),
            "{}",
            wrong.text
        );
        let right = other
            .post("/signin/second", &[("csrf", &token), ("code", &code(&house, &secret)), ("next", "/docs")])
            .await;
        assert_eq!(right.place(), "/docs");
        assert_eq!(other.get("/productions").await.status, StatusCode::OK);

        let third = Browser::at(&house);
        third.sign_in("ada", PASSWORD, "").await;
        let token = third.get("/signin/second").await.token();
        let recovered = third.post("/signin/second", &[("csrf", &token), ("code", &codes[0])]).await;
        assert_eq!(recovered.place(), "/productions");
        assert!(third.get("/account/factors").await.text.contains("9 of 10 are left"));
    });
}

#[test]
fn a_second_step_cannot_be_guessed_or_taken_over() {
    on_sqlite(async |database: &Database| {
        let house = House::open(database);
        house.account("ada").await;
        let (secret, _) = set_up_app(&house, &signed_in(&house, "ada").await).await;
        let browser = Browser::at(&house);
        assert_eq!(browser.get("/signin/second").await.place(), "/signin?told=over", "nobody was asked");
        browser.sign_in("ada", PASSWORD, "").await;
        let token = browser.get("/signin/second").await.token();
        for _ in 0..4 {
            let wrong = browser.post("/signin/second", &[("csrf", &token), ("code", "000000")]).await;
            assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        let fifth = browser.post("/signin/second", &[("csrf", &token), ("code", "000000")]).await;
        assert_eq!(fifth.place(), "/signin?told=over");
        let right = browser.post("/signin/second", &[("csrf", &token), ("code", &code(&house, &secret))]).await;
        assert_eq!(right.place(), "/signin?told=over");
        assert!(browser.get("/signin?told=over").await.text.contains("Begin again"));
        let stranger = Browser::at(&house);
        let foreign = stranger.get("/signin").await.token();
        let taken = stranger.post("/signin/second", &[("csrf", &foreign), ("code", &code(&house, &secret))]).await;
        assert_eq!(taken.place(), "/signin?told=over", "another browser's step");
    });
}

#[test]
fn forms_about_the_account_want_their_token() {
    on_sqlite(async |database: &Database| {
        let house = House::with_rules(database, Rules { signup_open: true, has_mail: true, ..Rules::default() });
        house.account("ada").await;
        let browser = signed_in(&house, "ada").await;
        let id = "0123456789012345678901";
        let keys = format!("/account/keys/{id}/revoke");
        let (session, passkey) = (format!("/account/sessions/{id}"), format!("/account/factors/passkeys/{id}"));
        let gone = format!("{passkey}/remove");
        for place in [
            "/account",
            "/account/email/letter",
            "/account/email/code",
            "/account/prove",
            "/account/prove/passkey",
            "/account/password",
            "/account/factors/app",
            "/account/factors/app/remove",
            "/account/factors/codes",
            "/account/factors/passkeys",
            "/account/factors/passkeys/ask",
            &passkey,
            &gone,
            "/account/keys",
            &keys,
            "/account/sessions/others",
            &session,
            "/account/leave",
            "/account/export",
            "/signin/passkey/ask",
        ] {
            let fields = [
                ("csrf", "guessed"),
                ("password", PASSWORD),
                ("old", PASSWORD),
                ("new", NEW),
                ("username", "eve"),
                ("name", "x"),
            ];
            assert_eq!(browser.post(place, &fields).await.status, StatusCode::FORBIDDEN, "{place}");
        }
        for place in ["/signin/second", "/signin/passkey", "/reset", "/reset/code"] {
            let stranger = Browser::at(&house);
            stranger.get("/signin").await;
            let fields = [("csrf", "guessed"), ("who", "ada"), ("code", "x"), ("password", NEW)];
            assert_eq!(stranger.post(place, &fields).await.status, StatusCode::FORBIDDEN, "{place}");
        }
        assert_eq!(browser.get("/account").await.status, StatusCode::OK, "nothing was done");
        let nobody = Browser::at(&house);
        for place in [
            "/account",
            "/account/password",
            "/account/factors",
            "/account/keys",
            "/account/sessions",
            "/account/leave",
        ] {
            assert!(nobody.get(place).await.place().starts_with("/signin?next="), "{place}");
        }
    });
}

#[test]
fn what_is_dangerous_asks_first_who_it_is() {
    on_sqlite(async |database: &Database| {
        let house = House::open(database);
        house.account("ada").await;
        let browser = signed_in(&house, "ada").await;
        let token = browser.get("/account/keys").await.token();
        house.clock.pass(Duration::from_mins(11));
        let make = [("csrf", token.as_str()), ("name", "cron"), ("production.read", "on")];
        let asked = browser.post("/account/keys", &make).await;
        assert_eq!(asked.place(), "/account/prove?next=%2Faccount%2Fkeys");
        assert_eq!(browser.get("/account/leave").await.place(), "/account/prove?next=%2Faccount%2Fleave");
        let token = browser.get(asked.place()).await.token();
        let wrong = browser
            .post("/account/prove", &[("csrf", &token), ("password", "not it"), ("next", "/account/keys")])
            .await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let evil = browser
            .post("/account/prove", &[("csrf", &token), ("password", PASSWORD), ("next", "//evil.example")])
            .await;
        assert_eq!(evil.place(), "/account");
        let made = browser.post("/account/keys", &make).await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.text);
        let key = between(&made.text, "<code>spk_", "</code>");
        house.app.callers().by_key(&format!("spk_{key}"), testkit::house::HERE).await.unwrap();
        let page = browser.get("/account/keys").await;
        assert!(page.text.contains("cron") && !page.text.contains(key));
        let revoke = between(&page.text, "action=\"/account/keys/", "/revoke\"");
        let gone = browser.post(&format!("/account/keys/{revoke}/revoke"), &[("csrf", &token)]).await;
        assert_eq!(gone.place(), "/account/keys?told=revoked");
        assert!(house.app.callers().by_key(&format!("spk_{key}"), testkit::house::HERE).await.is_err());
    });
}

#[test]
fn signing_in_again_gives_another_key_and_ends_the_one_before() {
    on_sqlite(async |database: &Database| {
        let house = House::open(database);
        house.account("ada").await;
        let browser = Browser::at(&house);
        let planted = "sps_1fJjkkpe9PiTw9KSulA8Ghct30vZz4HpdQ5c5b9cPF11A6CS6";
        browser.keep("soundpost", planted);
        browser.sign_in("ada", PASSWORD, "").await;
        let first = browser.kept("soundpost");
        assert_ne!(first, planted, "a key that somebody planted is not taken over");
        assert!(house.app.callers().by_session(planted).await.is_err());
        let token = browser.form_token();
        browser.post("/signin", &[("csrf", &token), ("username", "ada"), ("password", PASSWORD)]).await;
        let second = browser.kept("soundpost");
        assert_ne!(first, second);
        house.app.callers().by_session(&second).await.unwrap();
        assert!(house.app.callers().by_session(&first).await.is_err(), "what it had before is worth nothing");
    });
}

#[test]
fn another_password_and_other_browsers() {
    on_sqlite(async |database: &Database| {
        let house = House::open(database);
        house.account("ada").await;
        let (one, two) = (signed_in(&house, "ada").await, signed_in(&house, "ada").await);
        assert!(one.get("/account/sessions").await.text.contains("Sign out all others"));
        let token = one.get("/account/password").await.token();
        let wrong = one.post("/account/password", &[("csrf", &token), ("old", "not it"), ("new", NEW)]).await;
        assert!(wrong.text.contains("That is not your password of now."), "{}", wrong.text);
        let done = one.post("/account/password", &[("csrf", &token), ("old", PASSWORD), ("new", NEW)]).await;
        assert_eq!(done.place(), "/account/password?told=changed");
        assert_eq!(two.get("/account").await.place(), "/signin?next=%2Faccount");
        assert_eq!(one.get("/account").await.status, StatusCode::OK);
        let back = Browser::at(&house);
        assert_eq!(back.sign_in("ada", NEW, "").await.place(), "/productions");
        let others = one.post("/account/sessions/others", &[("csrf", &token)]).await;
        assert_eq!(others.place(), "/account/sessions?told=others");
        assert_eq!(back.get("/account").await.place(), "/signin?next=%2Faccount");
    });
}

#[test]
fn whoever_asks_for_a_letter_hears_the_same() {
    on_sqlite(async |database: &Database| {
        let house = House::with_rules(database, Rules { signup_open: true, has_mail: true, ..Rules::default() });
        house.account("ada").await;
        let mut heard = Vec::new();
        for who in ["ada", "nobody", "ada@example.org", "nobody@example.org"] {
            let browser = Browser::at(&house);
            let token = browser.get("/reset").await.token();
            let asked = browser.post("/reset", &[("csrf", &token), ("who", who)]).await;
            let page = browser.get(asked.place()).await;
            let page = page.text.replace(&page.token(), "");
            heard.push((asked.status, asked.place().to_owned(), asked.text, page));
        }
        assert!(heard.iter().all(|each| *each == heard[0]));
        let counts = store::jobs::counts(database.store(), house.app.now()).await.unwrap();
        assert_eq!(counts.ready, 4, "and the same is done");
        // The address of somebody who is there already is no news to whoever makes an account.
        let mut made = Vec::new();
        for (name, email) in [("eve", "ada@example.org"), ("eva", "else@example.org")] {
            let browser = Browser::at(&house);
            let token = browser.get("/signup").await.token();
            let answer = browser
                .post("/signup", &[("csrf", &token), ("username", name), ("email", email), ("password", PASSWORD)])
                .await;
            made.push((answer.status, answer.place().to_owned(), answer.text));
        }
        assert_eq!(made[0], made[1]);
        let closed = Browser::at(&House::open(database));
        assert!(closed.get("/reset").await.text.contains("Ask the operator for a new password"));
    });
}

#[test]
fn everything_is_taken_along_and_the_account_goes() {
    on_sqlite(async |database: &Database| {
        let house = House::open(database);
        house.account("ada").await;
        let browser = signed_in(&house, "ada").await;
        let token = browser.get("/productions").await.token();
        let name = format!("{}.wav", "a long name ".repeat(12).trim());
        let made = browser.upload(&token, &name, "RIFF....WAVE").await;
        assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
        let archive = browser.post_for_bytes("/account/export", &[("csrf", &token)]).await;
        assert_eq!(archive.len() % 512, 0);
        let mut entries = tar::Archive::new(&archive[..]);
        let mut names = Vec::new();
        for entry in entries.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
            let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
            if path.ends_with(&name) {
                assert_eq!(bytes, b"RIFF....WAVE");
            }
            names.push(path);
        }
        assert!(
            names.iter().any(|path| path.ends_with(&name)) && names.contains(&"account.json".to_owned()),
            "{names:?}"
        );

        let page = browser.get("/account/leave").await;
        assert!(page.text.contains("Remove my account and 1 production</button>"), "{}", page.text);
        let gone = browser.post("/account/leave", &[("csrf", &token)]).await;
        assert_eq!(gone.place(), "/signin?told=removed");
        assert_eq!(browser.get("/account").await.place(), "/signin?next=%2Faccount");
        let back = Browser::at(&house).sign_in("ada", PASSWORD, "").await;
        assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY);
    });
}

#[test]
fn an_invitation_is_looked_at_and_accepted_once() {
    on_sqlite(async |database: &Database| {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        house.account("bob").await;
        let organizations = house.app.organizations();
        let id = organizations.create(&ada, "Tide & News").await.unwrap().id;
        let invited = organizations.invite(By::Admin(&ada), id, Role::Creator, "Bob").await.unwrap();
        let code = invited.key.reveal();
        assert_eq!(Browser::at(&house).get("/invitation").await.place(), "/signin?next=%2Finvitation");
        let browser = signed_in(&house, "bob").await;
        let token = browser.get("/invitation").await.token();
        let address = format!(" https://s.example/invitation#{code} ");
        for wrong in ["", "spn_x", "https://s.example/invitation"] {
            let refused = browser.post("/invitation", &[("csrf", &token), ("code", wrong), ("verb", "look")]).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(refused.text.contains("No such invitation waits."), "{}", refused.text);
        }
        let looked = browser.post("/invitation", &[("csrf", &token), ("code", &address), ("verb", "look")]).await;
        assert!(looked.text.contains("Tide &#38; News invites you") && looked.text.contains(code), "{}", looked.text);
        let forged = browser.post("/invitation", &[("csrf", "x"), ("code", code), ("verb", "accept")]).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        assert_eq!(organizations.members(&ada, &[id]).await.unwrap().len(), 1, "to look is not to accept");
        let accept = [("csrf", token.as_str()), ("code", code), ("verb", "accept")];
        let accepted = browser.post("/invitation", &accept).await;
        assert!(accepted.text.contains("You are a member of Tide &#38; News"), "{}", accepted.text);
        assert_eq!(organizations.members(&ada, &[id]).await.unwrap().len(), 2);
        assert_eq!(browser.post("/invitation", &accept).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    });
}
