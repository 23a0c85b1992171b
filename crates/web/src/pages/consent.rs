//! The page that asks whether an app may do something, whichever protocol it speaks. It is for somebody who never heard of any.

use app::Caller;
use askama::Template;
use axum::response::Response;
use http::header::CONTENT_SECURITY_POLICY;
use http::{HeaderValue, StatusCode};
use model::RegisteredApp;
use protocols::oauth2::{Scope, ScopeSet};
use serde::Deserialize;

use super::frame::{Frame, policy_that_leads_to};
use super::visit::Visit;

/// What a page that asks is made of.
pub(crate) struct Marks<'a> {
    /// Who asks.
    pub(crate) app: &'a RegisteredApp,
    /// Who answers for it.
    pub(crate) owner: &'a str,
    /// What for.
    pub(crate) scopes: ScopeSet,
    /// Where the answer is sent.
    pub(crate) action: String,
    /// Where the browser goes then, if anywhere.
    pub(crate) callback: Option<&'a str>,
    /// What else is to be known before one answers.
    pub(crate) warning: Option<&'static str>,
}

/// What a person may allow, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct May {
    /// The icon's name.
    pub(crate) icon: &'static str,
    /// The thing itself.
    pub(crate) what: &'static str,
    /// The word of the protocol.
    pub(crate) scope: &'static str,
    /// What it means.
    pub(crate) meaning: &'static str,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "consent.html")]
pub(crate) struct Consent {
    pub(crate) frame: Frame,
    /// The first letter of the app's name.
    pub(crate) letter: String,
    pub(crate) name: String,
    /// Who made it: its owner, and its homepage's host.
    pub(crate) maker: String,
    pub(crate) about: String,
    pub(crate) who: String,
    pub(crate) may: Vec<May>,
    pub(crate) may_not: &'static str,
    pub(crate) warning: Option<&'static str>,
    pub(crate) token: String,
    pub(crate) action: String,
    /// Where the browser goes afterwards, without the query.
    pub(crate) back: Option<String>,
    /// The same as the browser's policy needs it.
    source: Option<String>,
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Answered {
    pub(crate) csrf: String,
    decision: String,
}

/// What the person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The app may.
    Allow,
    /// It may not.
    Refuse,
}

impl Answered {
    /// What was decided. Whatever is not plainly a yes is a no.
    pub(crate) fn decision(&self) -> Decision {
        if self.decision == "allow" { Decision::Allow } else { Decision::Refuse }
    }
}

impl Consent {
    /// The page for somebody who signed in.
    pub(crate) fn new(visit: &Visit, caller: &Caller, marks: Marks<'_>) -> Self {
        let frame = visit.frame(&format!("{} asks to connect", marks.app.name));
        let token = frame.user.as_ref().map(|user| user.token.clone()).unwrap_or_default();
        let host = marks.app.homepage.as_deref().and_then(host);
        let maker = match host {
            Some(host) => format!("{}, {host}", marks.owner),
            None => marks.owner.to_owned(),
        };
        Self {
            letter: marks.app.name.chars().next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default(),
            name: marks.app.name.clone(),
            maker,
            about: marks.app.about.clone(),
            who: caller.account.username.to_string(),
            may: marks.scopes.iter().map(may).chain([STAY]).collect(),
            may_not: may_not(marks.scopes),
            warning: marks.warning,
            token,
            action: marks.action,
            back: marks.callback.map(|url| url.split(['?', '#']).next().unwrap_or_default().to_owned()),
            source: marks.callback.and_then(source),
            frame,
        }
    }

    /// Sends it. Browsers count where a form's answer leads to as a place that the form is sent to, so that place is allowed here.
    pub(crate) fn send(&self, visit: &Visit) -> Response {
        let mut response = visit.page(StatusCode::OK, self);
        if let Some(policy) = self.source.as_deref().and_then(|to| HeaderValue::try_from(policy_that_leads_to(to)).ok())
        {
            response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

/// The page with what a person types over into an app that no browser can come back to.
#[derive(Clone, Debug, Template)]
#[template(path = "verifier.html")]
pub(crate) struct Verifier {
    pub(crate) frame: Frame,
    pub(crate) name: String,
    /// What is typed over.
    pub(crate) code: String,
}

impl Verifier {
    /// The page for somebody who said yes.
    pub(crate) fn new(visit: &Visit, name: &str, verifier: &str) -> Self {
        Self { frame: visit.frame("Type this over"), name: name.to_owned(), code: verifier.to_owned() }
    }
}

const STAY: May = May {
    icon: "clock",
    what: "Stay connected while you are away",
    scope: "",
    meaning: "until you take it back under Account, Connected apps.",
};

fn may(scope: Scope) -> May {
    let (icon, what, meaning) = match scope {
        Scope::ProductionRead => (
            "wave",
            "Read your productions and presets",
            "titles, statistics, and their finished files. Not your recordings.",
        ),
        Scope::ProductionWrite => {
            ("pen", "Make, change and delete productions and presets", "and send recordings to them, in your name.")
        }
        Scope::ServiceConnect => (
            "plug",
            "Add itself as a place to publish to",
            "and be told each time a production sent there is finished.",
        ),
        Scope::Profile => {
            ("person", "See who you are", "your user name, your number here, and your e-\u{2060}mail address.")
        }
        Scope::TracksWrite => ("note", "Publish, change and delete tracks and comments", "in your name."),
    };
    May { icon, what, scope: scope.name(), meaning }
}

fn may_not(scopes: ScopeSet) -> &'static str {
    if scopes.contains(Scope::ProductionWrite) || scopes.contains(Scope::TracksWrite) {
        "see your password, or change your account."
    } else {
        "make, change or delete anything, or see your password."
    }
}

fn host(url: &str) -> Option<&str> {
    url.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next())
}

/// An address as a policy names its place: scheme, host and port, or the scheme alone where there is no host.
fn source(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once(':')?;
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.:[]".contains(&byte));
    let source = match rest.strip_prefix("//") {
        Some(rest) if matches!(scheme, "http" | "https") => {
            format!("{scheme}://{}", rest.split(['/', '?', '#']).next().unwrap_or_default())
        }
        _ => format!("{scheme}:"),
    };
    plain(&source.replace("//", "")).then_some(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_the_place_and_nothing_else() {
        for (url, expected) in [
            ("https://app.example/back?a=1", Some("https://app.example")),
            ("http://127.0.0.1:4000/back", Some("http://127.0.0.1:4000")),
            ("http://[::1]:4000/", Some("http://[::1]:4000")),
            ("com.example.app:/back", Some("com.example.app:")),
            ("https://app.example; script-src *", None),
            ("nonsense", None),
        ] {
            assert_eq!(source(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn whatever_is_no_yes_is_a_no() {
        for decision in ["", "deny", "Allow", "allow "] {
            assert_eq!(Answered { decision: decision.to_owned(), ..Answered::default() }.decision(), Decision::Refuse);
        }
        assert_eq!(Answered { decision: "allow".to_owned(), ..Answered::default() }.decision(), Decision::Allow);
    }
}
