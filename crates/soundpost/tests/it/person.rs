//! Somebody at a browser, for programs that send people there: signs in by the form, reads the page that asks, and presses a button.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use ureq::Agent;

use crate::server::{PASSWORD, Premises};

type Reply = ureq::http::Response<ureq::Body>;

/// A person who is signed in.
pub(crate) struct Person {
    agent: Agent,
    address: String,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl Person {
    /// Signs in by the form.
    pub(crate) fn sign_in(premises: &Premises, name: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_mins(1)));
        let person =
            Self { agent: config.build().new_agent(), address: premises.address(), cookies: RefCell::default() };
        let page = person.look(&format!("{}/signin", person.address));
        let form = format!("csrf={}&username={name}&password={}", token(&page), PASSWORD.replace(' ', "+"));
        let sent = person.send("/signin", &form);
        assert_eq!(sent.status(), 303, "{name} cannot sign in");
        person
    }

    /// Answers what an app asks: where the browser is sent then, or what is to be typed over.
    pub(crate) fn answer(&self, decision: &str, url: &str) -> String {
        let page = self.look(url);
        assert!(page.contains("asks to work with your Soundpost"), "{url} shows something else: {page}");
        // The last form of the page; the first one signs out.
        let form = page.rsplit("<form").next().unwrap_or_default();
        let action = between(form, "action=\"", "\"").replace("&#38;", "&");
        let mut sent = self.send(&action, &format!("csrf={}&decision={decision}", token(form)));
        let place = sent.headers().get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
        place.unwrap_or_else(|| {
            let page = sent.body_mut().read_to_string().unwrap_or_default();
            assert!(page.contains("class=\"verifier\""), "the answer led nowhere: {page}");
            between(&page, "class=\"verifier\"><code>", "<").to_owned()
        })
    }

    /// Makes a secret for the webhooks of this account, which the page shows once.
    pub(crate) fn webhook_secret(&self) -> String {
        const MAKE: &str = "/account/deliveries/secret";
        let page = self.look(&format!("{}/account/deliveries", self.address));
        let form = page.split(MAKE).nth(1).unwrap_or_default();
        let mut made = self.send(MAKE, &format!("csrf={}", token(form)));
        let page = made.body_mut().read_to_string().unwrap_or_default();
        assert!(page.contains("<code>whsec_"), "no secret is shown: {page}");
        between(&page, "<code>", "</code>").to_owned()
    }

    /// Runs a program that prints where a person is to be sent and reads where the person came back to; what it printed.
    ///
    /// Before an address may stand `allow` or `refuse`; without either the person allows it.
    pub(crate) fn attend(&self, command: &mut Command) -> String {
        let errors = crate::folder();
        let errors = errors.path().join("stderr");
        let file = std::fs::File::create(&errors).unwrap_or_else(|error| panic!("{error}"));
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(file).spawn();
        let mut child = child.unwrap_or_else(|error| {
            panic!("{command:?} cannot be run ({error}). `tools/setup test` installs what it needs.")
        });
        let (Some(mut tell), Some(said)) = (child.stdin.take(), child.stdout.take()) else {
            panic!("there are no pipes")
        };
        let mut printed = String::new();
        for line in BufReader::new(said).lines().map_while(Result::ok) {
            if let Some(url) =
                line.split_whitespace().find(|word| word.starts_with(&self.address) && word.contains("/authorize"))
            {
                let decision = if line.starts_with("refuse ") { "refuse" } else { "allow" };
                // A program that is gone by now says why, below.
                let _ = writeln!(tell, "{}", self.answer(decision, url));
            }
            printed.push_str(&line);
            printed.push('\n');
        }
        let ended = child.wait().unwrap_or_else(|error| panic!("{error}"));
        let errors = std::fs::read_to_string(errors).unwrap_or_default();
        assert!(ended.success(), "{command:?} failed: {printed}{errors}");
        printed
    }

    fn look(&self, url: &str) -> String {
        let reply = self.agent.get(url).header("cookie", self.cookies()).call();
        let mut reply = reply.unwrap_or_else(|error| panic!("{url}: {error}"));
        self.keep(&reply);
        reply.body_mut().read_to_string().unwrap_or_default()
    }

    fn send(&self, path: &str, form: &str) -> Reply {
        let request = self.agent.post(format!("{}{path}", self.address)).header("cookie", self.cookies());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let reply = request.send(form).unwrap_or_else(|error| panic!("{path}: {error}"));
        self.keep(&reply);
        reply
    }

    fn cookies(&self) -> String {
        let cookies = self.cookies.borrow();
        let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    fn keep(&self, reply: &Reply) {
        for cookie in reply.headers().get_all("set-cookie").iter().filter_map(|value| value.to_str().ok()) {
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).unwrap_or_default();
            self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
        }
    }
}

/// The token of a form.
fn token(form: &str) -> &str {
    between(form, "name=\"csrf\" value=\"", "\"")
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).map_or("", |(_, rest)| rest);
    rest.split(after).next().unwrap_or_default()
}
