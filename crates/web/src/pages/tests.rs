//! Every page, rendered: what has to be in it, and other people's words kept from being markup.
//!
//! The pages are put into `target/pages` as well, where `ui/tests/run.mjs` looks at them with a browser.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests say what must not fail")]

mod doors;
mod journeys;
pub(super) mod rendered;
mod safety;

use std::path::Path;

use askama::Template;
use model::production::State;

use super::account::{Plain, SignIn, SignUp, Way, fallen_art, spoken_art};
use super::form::Errors;
use super::frame::{Frame, User};
use super::invitation::Invitation;
use super::list::{Choice, List, Shown};
use super::production::remove::Ask;
use super::production::view::{Beside, View};
use super::{assets, words};
use rendered::{every_state, hostile, id, production, silent};

/// Words that nobody may get into a page as markup.
pub(super) const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'";

pub(crate) fn out() -> Frame {
    Frame { host: "audio.example.org".into(), ..Frame::default() }
}

pub(crate) fn signed_in() -> Frame {
    let token = "<input type=\"hidden\" name=\"csrf\" value=\"0123456789abcdef\">".to_owned();
    Frame { user: Some(User { name: "ada".into(), token }), ..out() }
}

fn sign_in() -> SignIn {
    SignIn {
        frame: Frame { title: "Sign in".into(), ..out() },
        art: spoken_art(),
        errors: Errors::default(),
        note: None,
        token: String::new(),
        next: None,
        username: String::new(),
        passkey: true,
        open: true,
    }
}

fn sign_up() -> SignUp {
    SignUp {
        frame: Frame { title: "Make an account".into(), ..out() },
        art: spoken_art(),
        errors: Errors::default(),
        token: String::new(),
        username: String::new(),
        email: String::new(),
        shortest: 10,
    }
}

fn plain(title: &str, sentence: &str, reference: Option<&str>, ways: Vec<Way>) -> Plain {
    Plain {
        frame: Frame { title: title.into(), ..out() },
        art: fallen_art(),
        heading: title.into(),
        sentence: sentence.into(),
        reference: reference.map(str::to_owned),
        ways,
    }
}

fn list(shown: Shown<'_>) -> List {
    let choice = |value: &str, text: &str, chosen| Choice { value: value.into(), text: text.into(), chosen };
    let presets = vec![choice("", "Podcast, −16 LUFS", true), choice(id(9).as_str(), "Radio", false)];
    List::new(signed_in(), Shown { presets, services: Vec::new(), upload_limit: 10_000_000_000, ..shown })
}

/// Every page by the name of its file.
fn every_page() -> Vec<(String, String)> {
    let mut wrong = Errors::whole("That name and password do not go together.", "Check both.");
    let mut pages = vec![
        ("signin".to_owned(), sign_in().render().unwrap()),
        (
            "signin-wrong".to_owned(),
            SignIn { errors: wrong.clone(), username: "ada".into(), open: false, ..sign_in() }.render().unwrap(),
        ),
        ("signup".to_owned(), sign_up().render().unwrap()),
    ];
    wrong = Errors::default();
    wrong.add("username", "This name is taken. Choose another.");
    wrong.add("password", "A password has 10 characters or more. Yours has 4.");
    pages.push((
        "signup-wrong".to_owned(),
        SignUp { errors: wrong, username: "ada".into(), ..sign_up() }.render().unwrap(),
    ));
    let throttled = format!("Try again {}.", words::wait(420));
    let throttled = Errors::whole("There were too many tries from here.", throttled);
    pages.push((
        "signin-throttled".to_owned(),
        SignIn { errors: throttled, username: "ada".into(), ..sign_in() }.render().unwrap(),
    ));
    let ways = || vec![Way::new("Sign in", "/signin")];
    for (name, page) in [
        ("landing", plain("A recording goes in", "Mastered, tagged files in every format come out.", None, ways())),
        (
            "signup-closed",
            plain(
                "Accounts are made by the operator",
                "This server takes no new people by itself. Ask its operator for an account.",
                None,
                ways(),
            ),
        ),
        (
            "404",
            plain(
                "There is nothing here",
                "This address leads nowhere, or to something that is not yours. Check it for a slip.",
                None,
                vec![Way::new("To your productions", "/productions")],
            ),
        ),
        (
            "500",
            plain(
                "Something went wrong on this side",
                "It was written down. Try again in a moment; if it stays, give the reference to the operator.",
                Some("0191d2a7"),
                vec![Way::new("Try again", "/")],
            ),
        ),
    ] {
        pages.push((name.to_owned(), page.render().unwrap()));
    }
    let productions: Vec<_> = every_state().into_iter().map(|(_, production, _)| production).collect();
    let older = Some("/productions?before=20".to_owned());
    let total = productions.len() as u64 + 20;
    pages.push((
        "productions".to_owned(),
        list(Shown { productions: &productions, total, older, ..Shown::default() }).render().unwrap(),
    ));
    let mut errors = Errors::default();
    errors.add("input_file", "Choose a recording first.");
    pages.push(("productions-empty".to_owned(), list(Shown::default()).render().unwrap()));
    pages.push(("productions-wrong".to_owned(), list(Shown { errors, ..Shown::default() }).render().unwrap()));
    for (name, production, beside) in every_state() {
        pages.push((format!("production-{name}"), View::new(signed_in(), &production, &beside).render().unwrap()));
        if name == "done" {
            pages.push(("delete".to_owned(), Ask::new(signed_in(), &production).render().unwrap()));
        }
    }
    let mut errors = Errors::default();
    errors.add("code", "No such invitation waits.");
    let invitation = |errors, to, is_in| Invitation { frame: signed_in(), errors, code: "spn_x".into(), to, is_in };
    let to = || Some(("Tide News".to_owned(), "a creator, who has narrations of their own there"));
    for (name, page) in [
        ("invitation", Invitation { code: String::new(), ..invitation(Errors::default(), None, false) }),
        ("invitation-wrong", invitation(errors, None, false)),
        ("invitation-to", invitation(Errors::default(), to(), false)),
        ("invitation-in", invitation(Errors::default(), to(), true)),
    ] {
        pages.push((name.to_owned(), page.render().unwrap()));
    }
    pages.extend(safety::every_page());
    pages.extend(super::player::tests::every_page());
    pages
}

#[test]
fn pages_are_whole_and_lie_ready_to_be_looked_at() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/pages");
    for (place, bytes) in assets::every() {
        let file = folder.join(place.trim_start_matches('/'));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
    // The one that pages of others name, under an address that stays.
    std::fs::write(folder.join("assets/embed.js"), assets::bytes("embed.js")).unwrap();
    for (name, html) in every_page() {
        let main = if name.starts_with("player-") || name.starts_with("embed-") { "<main" } else { "id=\"main\"" };
        assert!(html.contains("<h1") && html.contains(main) && html.ends_with("</html>"), "{name}");
        for inline in [" style=", "<style", " onclick=", "javascript:", "<script>"] {
            assert!(!html.contains(inline), "{name} has {inline}");
        }
        let forms = html.matches("method=\"post\"").count();
        let tokens = html.matches("name=\"csrf\"").count();
        let expected = if name.starts_with("sign") { 0 } else { forms };
        assert_eq!(tokens, expected, "{name}: every form carries its token");
        std::fs::write(folder.join(format!("{name}.html")), html).unwrap();
    }
}

#[test]
fn other_peoples_words_stay_words() {
    let mut errors = Errors::whole(HOSTILE, HOSTILE);
    errors.add("username", HOSTILE);
    let (name, next) = (HOSTILE.to_owned(), Some(HOSTILE.to_owned()));
    let sign_in = SignIn { errors: errors.clone(), username: name.clone(), next, ..sign_in() }.render().unwrap();
    let sign_up = SignUp { errors, username: name.clone(), email: name, ..sign_up() }.render().unwrap();
    let (production, beside) = hostile(HOSTILE);
    let user = User { name: HOSTILE.into(), token: String::new() };
    let frame = Frame { user: Some(user), host: HOSTILE.into(), ..out() };
    let page = View::new(frame.clone(), &production, &beside).render().unwrap();
    let failed =
        model::Production { state: State::Failed { reason: HOSTILE.into(), stage: None }, ..production.clone() };
    let failed = View::new(frame.clone(), &failed, &Beside::default()).render().unwrap();
    let ask = Ask::new(frame, &production).render().unwrap();
    let list = list(Shown { productions: &[production], ..Shown::default() }).render().unwrap();
    for (name, html) in
        [("in", sign_in), ("up", sign_up), ("page", page), ("failed", failed), ("ask", ask), ("list", list)]
    {
        assert!(html.contains("alert(1)"), "{name} shows what was said");
        assert!(!html.contains("<script>") && !html.contains("<img"), "{name}");
    }
}

#[test]
fn a_running_page_refreshes_itself_without_scripts_only() {
    let page = |state| View::new(signed_in(), &production(state), &Beside::default()).render().unwrap();
    assert!(page(State::Waiting).contains("<noscript><meta http-equiv=\"refresh\" content=\"4\"></noscript>"));
    assert!(!page(State::Idle).contains("http-equiv"));
}

#[test]
fn the_original_is_offered_only_where_it_can_be_heard() {
    let (production, beside) = silent();
    let without = View::new(signed_in(), &production, &Beside { original: None, ..beside.clone() }).render().unwrap();
    assert!(!without.contains("data-before") && without.contains("data-after"));
    let with = View::new(signed_in(), &production, &beside).render().unwrap();
    assert!(with.contains("data-before"), "the original has an address");
}

#[test]
fn deletion_names_its_count_and_consequence() {
    let (_, production, _) = every_state().into_iter().find(|(name, ..)| *name == "done").unwrap();
    let html = Ask::new(signed_in(), &production).render().unwrap();
    assert!(html.contains("Delete the recording and 4 files</button>"), "{html}");
}
