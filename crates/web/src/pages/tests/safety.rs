//! Pages about the account, rendered and walked through.

use askama::Template;
use model::{AuditEntry, AuditKind, Time};
use serde_json::json;
use testkit::database::{Database, on_sqlite};
use testkit::house::{House, PASSWORD};

use super::super::form::Errors;
use super::super::frame::Frame;
use super::super::reset::{Code, Reset, no_letters};
use super::super::safety::{
    Activity, AppSetUp, Codes, Factors, Key, KeyRow, Keys, Leave, Made, Mail, Password, Profile, Prove, SessionRow,
    Sessions, choices, picture, places,
};
use super::super::second::Second;
use super::doors::Browser;
use super::{HOSTILE, out, signed_in, spoken_art};

fn frame(title: &str) -> Frame {
    Frame { title: title.into(), at_account: true, ..signed_in() }
}

/// One of everything that can happen.
fn happenings(name: &str) -> Vec<AuditEntry> {
    let entry = |(number, kind): (usize, &AuditKind)| AuditEntry {
        id: "0123456789012345678901".parse().unwrap(),
        account: None,
        app: None,
        kind: *kind,
        detail: json!({ "name": name, "app": name, "browser": name, "email": name, "what": name, "factor": "passkey" }),
        peer: if number % 5 == 4 { String::new() } else { "2001:db8:85a3::8a2e:370:7334".to_owned() },
        created: Time::from_ms(1_795_640_520_000 - number as i64 * 7_200_000),
    };
    AuditKind::ALL.iter().enumerate().map(entry).collect()
}

fn token() -> String {
    signed_in().user.map(|user| user.token).unwrap_or_default()
}

fn wrong(field: &str, text: &str) -> Errors {
    let mut errors = Errors::default();
    errors.add(field, text);
    errors
}

fn moment() -> (String, String) {
    ("25 November 2026, 21:02 UTC".to_owned(), "2026-11-25T21:02:00Z".to_owned())
}

fn doors() -> Vec<(String, String)> {
    let second = |app, passkey, errors| Second {
        frame: Frame { title: "Second step".into(), ..out() },
        art: spoken_art(),
        errors,
        token: String::new(),
        next: Some("/productions?page=2".into()),
        app,
        passkey,
    };
    let reset = |who: &str, errors| Reset {
        frame: Frame { title: "New password".into(), ..out() },
        art: spoken_art(),
        errors,
        token: String::new(),
        who: who.into(),
    };
    let code = |errors| Code {
        frame: Frame { title: "New password".into(), ..out() },
        art: spoken_art(),
        errors,
        token: String::new(),
        shortest: 10,
    };
    let late = "This code is not right, was used already, or is older than 30 minutes. Ask for another letter.";
    vec![
        ("signin-second".into(), second(true, true, Errors::default()).render().unwrap()),
        (
            "signin-second-wrong".into(),
            second(true, false, wrong("code", "That code is not right, or was used already. Wait for the next one."))
                .render()
                .unwrap(),
        ),
        ("signin-second-passkey".into(), second(false, true, Errors::default()).render().unwrap()),
        ("signin-reset".into(), reset("", Errors::default()).render().unwrap()),
        (
            "signin-reset-wrong".into(),
            reset("", wrong("who", "Say your user name or your e-mail address.")).render().unwrap(),
        ),
        ("signin-reset-code".into(), code(Errors::default()).render().unwrap()),
        ("signin-reset-code-wrong".into(), code(wrong("code", late)).render().unwrap()),
        ("signin-reset-none".into(), no_letters(Frame { title: "Ask the operator".into(), ..out() }).render().unwrap()),
    ]
}

fn profile(mail: Mail, errors: Errors, note: Option<&'static str>) -> Profile {
    Profile {
        frame: frame("Your account"),
        places: places("/account"),
        errors,
        note,
        token: token(),
        username: "ada".into(),
        email: "ada@example.org".into(),
        mail,
        since: moment().0,
    }
}

fn factors(has_app: bool, keys: Vec<Key>, codes_left: u64, possible: bool) -> Factors {
    Factors {
        frame: frame("Second step"),
        places: places("/account/factors"),
        errors: Errors::default(),
        note: None,
        token: token(),
        has_app,
        keys,
        codes_left,
        possible,
    }
}

fn key(name: &str) -> Key {
    Key { id: "0123456789012345678901".into(), name: name.into(), made: moment().0, used: Some(moment().0) }
}

fn app_set_up(errors: Errors) -> AppSetUp {
    let secret = "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP".to_owned();
    let address =
        "otpauth://totp/audio.example.org:ada?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=audio.example.org";
    AppSetUp {
        frame: frame("Authenticator app"),
        places: places("/account/factors"),
        errors,
        token: token(),
        picture: picture(address),
        secret,
    }
}

fn keys(rows: Vec<KeyRow>, errors: Errors) -> Keys {
    Keys {
        frame: frame("API keys"),
        places: places("/account/keys"),
        errors,
        note: None,
        token: token(),
        name: String::new(),
        scopes: choices(&app::Scope::ALL),
        rows,
    }
}

fn key_row(name: &str, used: bool) -> KeyRow {
    KeyRow {
        id: "0123456789012345678901".into(),
        name: name.into(),
        scopes: "production.read production.write".into(),
        made: moment(),
        used: used.then(moment),
    }
}

fn sessions(browser: &str) -> Sessions {
    let row = |here| SessionRow {
        id: "0123456789012345678901".into(),
        browser: browser.into(),
        peer: "2001:db8:85a3::8a2e:370:7334".into(),
        here,
        since: moment(),
        seen: moment(),
    };
    Sessions {
        frame: frame("Browsers"),
        places: places("/account/sessions"),
        note: None,
        token: token(),
        rows: vec![row(true), row(false)],
    }
}

/// Every page about the account by the name of its file.
pub(super) fn every_page() -> Vec<(String, String)> {
    let prove = |errors| Prove {
        frame: frame("Is it you?"),
        art: spoken_art(),
        errors,
        token: token(),
        next: "/account/keys".into(),
        username: "ada".into(),
        passkey: true,
    };
    let password = |errors, note| Password {
        frame: frame("Password"),
        places: places("/account/password"),
        errors,
        note,
        token: token(),
        username: "ada".into(),
        shortest: 10,
    };
    let codes = Codes {
        frame: frame("Recovery codes"),
        places: places("/account/factors"),
        what: "The authenticator app works",
        all: (0..10).map(|number| format!("7K2M-0QXA-9DFE-41T{number}")).collect(),
    };
    let made = Made {
        frame: frame("Your new key"),
        places: places("/account/keys"),
        name: "nightly upload".into(),
        key: "spk_1fJjkkpe9PiTw9KSulA8Ghct30vZz4HpdQ5c5b9cPF11A6CS6".into(),
    };
    let leave = Leave {
        frame: frame("Take along, or go"),
        places: places("/account/leave"),
        errors: Errors::whole("Your account stays.", "You are the only one here who runs the house."),
        token: token(),
        consequence: "This destroys 12 productions with 61 files (1.2 GB together), 3 presets and 2 API keys.".into(),
        button: "Remove my account and 12 productions".into(),
    };
    let mut pages = doors();
    let mut add = |name: &str, html: String| pages.push((format!("account-{name}"), html));
    add("activity", Activity::new(frame("Activity"), &happenings("Firefox on Linux")).render().unwrap());
    add("activity-empty", Activity::new(frame("Activity"), &[]).render().unwrap());
    add("prove", prove(Errors::default()).render().unwrap());
    add("prove-wrong", prove(wrong("password", "That is not your password.")).render().unwrap());
    add("profile", profile(Mail::Shown, Errors::default(), Some("It is kept.")).render().unwrap());
    add("profile-mail", profile(Mail::ToShow, Errors::default(), None).render().unwrap());
    add(
        "profile-wrong",
        profile(Mail::None, wrong("username", "This name is taken. Choose another."), None).render().unwrap(),
    );
    add("password", password(Errors::default(), None).render().unwrap());
    add("password-wrong", password(wrong("old", "That is not your password of now."), None).render().unwrap());
    add("factors-none", factors(false, Vec::new(), 0, false).render().unwrap());
    add("factors", factors(true, vec![key("laptop"), key("telephone")], 9, true).render().unwrap());
    add("app", app_set_up(Errors::default()).render().unwrap());
    add("app-wrong", app_set_up(wrong("code", "That is not the code of this moment.")).render().unwrap());
    add("codes", codes.render().unwrap());
    add("keys", keys(vec![key_row("nightly upload", true), key_row("x", false)], Errors::default()).render().unwrap());
    add("keys-wrong", keys(Vec::new(), wrong("production.read", "Choose what the key is good for.")).render().unwrap());
    add("key-made", made.render().unwrap());
    add("sessions", sessions("Firefox on Linux").render().unwrap());
    add("leave", leave.render().unwrap());
    pages
}

#[test]
fn names_that_people_gave_stay_words() {
    for html in [
        sessions(HOSTILE).render().unwrap(),
        keys(vec![key_row(HOSTILE, true)], Errors::default()).render().unwrap(),
        factors(true, vec![key(HOSTILE)], 1, true).render().unwrap(),
    ] {
        assert!(html.contains("alert(1)") && !html.contains("<script>") && !html.contains("<img"));
    }
}

#[test]
fn names_in_the_activity_stay_words() {
    let html = Activity::new(frame("Activity"), &happenings(HOSTILE)).render().unwrap();
    assert!(html.contains("alert(1)") && !html.contains("<script>") && !html.contains("<img"));
}

#[test]
fn what_happened_is_told_to_its_owner_only() {
    on_sqlite(async |database: &Database| {
        let house = House::open(database);
        house.account("ada").await;
        let browser = Browser::at(&house);
        assert_eq!(browser.get("/account/activity").await.place(), "/signin?next=%2Faccount%2Factivity");
        browser.sign_in("ada", "not the password", "").await;
        browser.sign_in("ada", PASSWORD, "").await;
        let page = browser.get("/account/activity").await.text;
        assert!(page.contains("You signed in") && page.contains("with a wrong password") && page.contains("127.0.0.1"));
    });
}
