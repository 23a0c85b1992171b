//! Apps ask people by OAuth 1.0a, sign what they send, and what happens when somebody else tries.

use std::time::Duration;

use app::apps::{Approval, Rotation};
use app::oauth1::{Answer, Question, Unasked};
use app::{AppError, Caller, Operator, Scope, Via};
use model::{Clock as _, RegisteredApp};
use protocols::Secret;
use protocols::oauth1::{Channel, RawRequest, Revision, Secrets, SignatureMethod, SignedRequest, TokenReply};
use testkit::house::{HERE, House};

use crate::oauth2::{app, at_a_browser};

const BACK: &str = "https://podhost.example/elsewhere?a=1";

/// What a client signs with.
struct Client<'a> {
    house: &'a House,
    app: &'a RegisteredApp,
    secret: &'a str,
    token: Option<&'a TokenReply>,
    method: SignatureMethod,
    nonce: &'a str,
    /// How far its clock is off, in seconds.
    off: i64,
}

impl<'a> Client<'a> {
    fn new(house: &'a House, app: &'a RegisteredApp, secret: &'a str) -> Self {
        Self { house, app, secret, token: None, method: SignatureMethod::HmacSha1, nonce: "nonce", off: 0 }
    }

    fn with(self, token: &'a TokenReply) -> Self {
        Self { token: Some(token), ..self }
    }

    fn nonce(self, nonce: &'a str) -> Self {
        Self { nonce, ..self }
    }

    /// The query of a request, signed for this path.
    fn sign(&self, path: &str, more: &[(&str, &str)]) -> String {
        let seconds = self.house.clock.now().as_ms() / 1_000 + self.off;
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("oauth_consumer_key", self.app.id.as_str());
        query.append_pair("oauth_signature_method", self.method.name());
        query.append_pair("oauth_timestamp", &seconds.to_string()).append_pair("oauth_nonce", self.nonce);
        if let Some(token) = self.token {
            query.append_pair("oauth_token", &token.token);
        }
        query.extend_pairs(more);
        let query = query.finish();
        let unsigned = format!("{query}&oauth_signature=x");
        let base = SignedRequest::gather(&raw(path, &unsigned)).unwrap().unwrap().base_string();
        let secrets = Secrets { consumer: self.secret, token: self.token.map_or("", |token| token.secret.reveal()) };
        let signature = self.method.sign(&base, &secrets);
        let mut signed = url::form_urlencoded::Serializer::new(query);
        signed.append_pair("oauth_signature", &signature);
        signed.finish()
    }

    async fn request_token(&self, callback: Option<&str>) -> Result<(TokenReply, Revision), AppError> {
        let more: Vec<_> = callback.iter().map(|callback| ("oauth_callback", *callback)).collect();
        let query = self.sign("/oauth/request_token", &more);
        let raw = raw("/oauth/request_token", &query);
        self.house.app.oauth1().request_token(&SignedRequest::gather(&raw).unwrap().unwrap()).await
    }

    async fn access_token(&self, verifier: Option<&str>) -> Result<TokenReply, AppError> {
        let more: Vec<_> = verifier.iter().map(|verifier| ("oauth_verifier", *verifier)).collect();
        let query = self.sign("/oauth/access_token", &more);
        let raw = raw("/oauth/access_token", &query);
        self.house.app.oauth1().access_token(&SignedRequest::gather(&raw).unwrap().unwrap()).await
    }

    async fn caller(&self) -> Result<Caller, AppError> {
        caller(self.house, "/me", &self.sign("/me", &[])).await
    }
}

fn raw<'a>(path: &'a str, query: &'a str) -> RawRequest<'a> {
    RawRequest {
        method: "GET",
        scheme: "https",
        host: "s.example",
        path,
        query: Some(query),
        authorization: None,
        content_type: None,
        body: b"",
        channel: Channel::Private,
    }
}

async fn caller(house: &House, path: &str, query: &str) -> Result<Caller, AppError> {
    let raw = raw(path, query);
    let request = SignedRequest::gather(&raw).map_err(AppError::OAuth1)?.unwrap();
    house.app.oauth1().caller(&request).await
}

fn why<T: std::fmt::Debug>(said: Result<T, AppError>) -> &'static str {
    match said {
        Err(AppError::OAuth1(problem)) => problem.word(),
        other => panic!("not refused: {other:?}"),
    }
}

async fn question(house: &House, token: &TokenReply, callback: Option<&str>) -> Result<Question, Unasked> {
    house.app.oauth1().ask(&token.token, callback).await.unwrap()
}

/// The person says yes; what comes of it.
async fn allow(house: &House, person: &Caller, token: &TokenReply) -> Answer {
    let question = question(house, token, None).await.unwrap();
    house.app.oauth1().allow(person, &question, HERE).await.unwrap().unwrap()
}

/// The verifier in an address.
fn verifier(answer: &Answer) -> String {
    let Answer::Redirect(url) = answer else { panic!("not sent back: {answer:?}") };
    url.split("oauth_verifier=").nth(1).unwrap().split('&').next().unwrap().to_owned()
}

/// An access token, all the way.
async fn access(house: &House, person: &Caller, app: &RegisteredApp, secret: &str) -> TokenReply {
    let client = Client::new(house, app, secret);
    let (asked, _) = client.request_token(Some(BACK)).await.unwrap();
    let answer = allow(house, person, &asked).await;
    Client::new(house, app, secret).with(&asked).access_token(Some(&verifier(&answer))).await.unwrap()
}

testkit::both_databases! {
    async fn the_dance_is_danced(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, secret) = app(&house, &ada, "Podhost").await;
        let client = Client::new(&house, &app, &secret);
        let (asked, revision) = client.request_token(Some(BACK)).await.unwrap();
        assert_eq!(revision, Revision::A);
        let answer = allow(&house, &ada, &asked).await;
        assert!(matches!(&answer, Answer::Redirect(url) if url.starts_with("https://podhost.example/elsewhere?a=1&oauth_token=")));
        let token = client.with(&asked).access_token(Some(&verifier(&answer))).await.unwrap();
        for (number, method) in [SignatureMethod::HmacSha1, SignatureMethod::HmacSha256, SignatureMethod::Plaintext].into_iter().enumerate() {
            let nonce = number.to_string();
            let caller = Client { method, ..Client::new(&house, &app, &secret) }.with(&token).nonce(&nonce).caller().await.unwrap();
            assert_eq!(caller.account, ada.account);
            assert!(matches!(caller.via, Via::App { app: by, .. } if by == app.id) && caller.may(Scope::TracksWrite).is_err());
        }
        house.app.grants().remove(&ada, app.id, HERE).await.unwrap();
        assert_eq!(why(Client::new(&house, &app, &secret).with(&token).nonce("last").caller().await), "token_rejected");
    }

    async fn a_nonce_is_good_once_and_the_clock_counts(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, secret) = app(&house, &ada, "Podhost").await;
        let token = access(&house, &ada, &app, &secret).await;
        let signed = Client::new(&house, &app, &secret).with(&token).nonce("1").sign("/me", &[]);
        caller(&house, "/me", &signed).await.unwrap();
        assert_eq!(why(caller(&house, "/me", &signed).await), "nonce_used");
        for off in [-301, 301] {
            let client = Client { off, ..Client::new(&house, &app, &secret) }.with(&token).nonce("2");
            assert_eq!(why(client.caller().await), "timestamp_refused");
        }
        for (nonce, off) in [("3", -299), ("4", 299)] {
            assert!(Client { off, ..Client::new(&house, &app, &secret) }.with(&token).nonce(nonce).caller().await.is_ok());
        }
        // As late as it may come, it is still known.
        let early = Client { off: 299, ..Client::new(&house, &app, &secret) }.with(&token).nonce("5").sign("/me", &[]);
        caller(&house, "/me", &early).await.unwrap();
        house.clock.pass(Duration::from_secs(598));
        house.app.sweeps().sweep().await.unwrap();
        assert_eq!(why(caller(&house, "/me", &early).await), "nonce_used");
        house.clock.pass(Duration::from_secs(10));
        house.app.sweeps().sweep().await.unwrap();
        assert_eq!(why(caller(&house, "/me", &early).await), "timestamp_refused");
    }

    async fn of_many_with_one_nonce_at_the_same_moment_one_gets_in(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, secret) = app(&house, &ada, "Podhost").await;
        let token = access(&house, &ada, &app, &secret).await;
        let same = Client::new(&house, &app, &secret).with(&token).nonce("same").sign("/me", &[]);
        let tries = (0..20).map(|_| caller(&house, "/me", &same));
        let got_in = futures_util::future::join_all(tries).await.iter().flatten().count();
        assert_eq!(got_in, 1);
        let nonces: Vec<_> = (0..50).map(|number| format!("own-{number}")).collect();
        let own = nonces.iter().map(async |nonce| Client::new(&house, &app, &secret).with(&token).nonce(nonce).caller().await);
        assert!(futures_util::future::join_all(own).await.iter().all(Result::is_ok));
    }

    async fn of_two_processes_that_are_sent_one_nonce_at_the_same_moment_one_takes_it(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, secret) = app(&house, &ada, "Podhost").await;
        let token = access(&house, &ada, &app, &secret).await;
        let another = house.another(database).await;
        for round in 0..5 {
            let nonce = format!("round-{round}");
            let same = Client::new(&house, &app, &secret).with(&token).nonce(&nonce).sign("/me", &[]);
            let tries = (0..20).map(async |number| {
                let process = if number % 2 == 0 { &house.app } else { &another };
                process.oauth1().caller(&SignedRequest::gather(&raw("/me", &same)).unwrap().unwrap()).await
            });
            let said = futures_util::future::join_all(tries).await;
            assert_eq!(said.iter().flatten().count(), 1, "round {round}");
            assert!(said.into_iter().filter(Result::is_err).all(|refused| why(refused) == "nonce_used"), "round {round}");
        }
    }

    async fn a_signature_is_for_one_request(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, secret) = app(&house, &ada, "Podhost").await;
        let token = access(&house, &ada, &app, &secret).await;
        let signed = Client::new(&house, &app, &secret).with(&token).nonce("1").sign("/me", &[("a", "1")]);
        for (path, query) in [
            ("/me/", signed.clone()),
            ("/users/1", signed.clone()),
            ("/me", signed.replace("a=1", "a=2")),
            ("/me", format!("{signed}&b=2")),
            ("/me", signed.replace("nonce=1", "nonce=2")),
        ] {
            assert_eq!(why(caller(&house, path, &query).await), "signature_invalid", "{path}?{query}");
        }
        // Who says everything twice is not guessed at.
        assert_eq!(why(caller(&house, "/me", &format!("{signed}&oauth_nonce=9")).await), "parameter_rejected");
        caller(&house, "/me", &signed).await.unwrap();
    }

    async fn a_verifier_is_guessed_five_times_and_no_more(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, secret) = app(&house, &ada, "Podhost").await;
        let (asked, _) = Client::new(&house, &app, &secret).request_token(Some("oob")).await.unwrap();
        let with = |nonce: &'static str| Client::new(&house, &app, &secret).with(&asked).nonce(nonce);
        assert_eq!(why(with("early").access_token(Some("0000000")).await), "permission_unknown");
        let Answer::Verifier(verifier) = allow(&house, &ada, &asked).await else { panic!("nothing to type over") };
        assert_eq!(why(with("none").access_token(None).await), "parameter_absent");
        for nonce in ["1", "2", "3", "4", "5"] {
            assert_eq!(why(with(nonce).access_token(Some("0000000")).await), "verifier_invalid");
        }
        assert_eq!(why(with("6").access_token(Some(verifier.reveal())).await), "token_rejected");
    }

    async fn many_guesses_at_once_are_five_at_the_most(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, secret) = app(&house, &ada, "Podhost").await;
        let (asked, _) = Client::new(&house, &app, &secret).request_token(Some("oob")).await.unwrap();
        let Answer::Verifier(verifier) = allow(&house, &ada, &asked).await else { panic!("nothing to type over") };
        let nonces: Vec<_> = (0..20).map(|number| format!("guess-{number}")).collect();
        let tries = nonces.iter().map(async |nonce| {
            why(Client::new(&house, &app, &secret).with(&asked).nonce(nonce).access_token(Some("0000000")).await)
        });
        let said = futures_util::future::join_all(tries).await;
        assert_eq!(said.iter().filter(|word| **word == "verifier_invalid").count(), 5, "{said:?}");
        let late = Client::new(&house, &app, &secret).with(&asked).nonce("late").access_token(Some(verifier.reveal())).await;
        assert_eq!(why(late), "token_rejected");
    }

    async fn what_is_typed_over_may_be_in_small_letters_and_works_once(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, secret) = app(&house, &ada, "Podhost").await;
        let (asked, _) = Client::new(&house, &app, &secret).request_token(Some("oob")).await.unwrap();
        let Answer::Verifier(verifier) = allow(&house, &ada, &asked).await else { panic!("nothing to type over") };
        let typed = verifier.reveal().to_lowercase();
        let with = |nonce: &'static str| Client::new(&house, &app, &secret).with(&asked).nonce(nonce);
        assert!(with("1").access_token(Some(&typed)).await.is_ok());
        assert_eq!(why(with("2").access_token(Some(&typed)).await), "token_rejected");
    }

    async fn the_answer_goes_to_the_app_that_asked_and_nowhere_else(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, secret) = app(&house, &ada, "Podhost").await;
        for (number, wrong) in ["https://evil.example/", "http://podhost.example/", "https://podhost.example:8443/", "https://podhost.example@evil.example/", "javascript:alert(1)"].iter().enumerate() {
            let nonce = number.to_string();
            assert_eq!(why(Client::new(&house, &app, &secret).nonce(&nonce).request_token(Some(wrong)).await), "parameter_rejected", "{wrong}");
        }
        // What stands in the address beside a token of 1.0a changes nothing: only what was signed counts.
        let (asked, _) = Client::new(&house, &app, &secret).nonce("a").request_token(Some(BACK)).await.unwrap();
        assert_eq!(question(&house, &asked, Some("https://evil.example/")).await.unwrap().callback.as_deref(), Some(BACK));
    }

    async fn the_old_way_is_for_apps_that_the_operator_named(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, secret) = app(&house, &ada, "Old").await;
        assert_eq!(why(Client::new(&house, &app, &secret).request_token(None).await), "parameter_absent");
        let approval = Approval { may_oauth10: Some(true), ..Approval::default() };
        house.app.apps().approve(&Operator::at_the_console(), app.id, approval).await.unwrap();
        let (asked, revision) = Client::new(&house, &app, &secret).nonce("2").request_token(None).await.unwrap();
        assert_eq!(revision, Revision::Original);
        assert_eq!(question(&house, &asked, Some("https://evil.example/")).await, Err(Unasked::Elsewhere));
        assert_eq!(question(&house, &asked, None).await.unwrap().callback.as_deref(), Some("https://podhost.example/"));
        let answer = allow(&house, &ada, &asked).await;
        assert_eq!(answer, Answer::Redirect(format!("https://podhost.example/?oauth_token={}", asked.token)));
        let token = Client::new(&house, &app, &secret).nonce("3").with(&asked).access_token(None).await.unwrap();
        assert!(Client::new(&house, &app, &secret).nonce("4").with(&token).caller().await.is_ok());
    }

    async fn who_answered_first_answered(database: &Database) {
        let house = House::open(database);
        let (ada, eve) = (at_a_browser(&house, "ada").await, at_a_browser(&house, "eve").await);
        let (app, secret) = app(&house, &ada, "Podhost").await;
        let (asked, _) = Client::new(&house, &app, &secret).request_token(Some(BACK)).await.unwrap();
        let question_of_eve = question(&house, &asked, None).await.unwrap();
        allow(&house, &ada, &asked).await;
        assert_eq!(question(&house, &asked, None).await, Err(Unasked::Answered));
        let second = house.app.oauth1().allow(&eve, &question_of_eve, HERE).await.unwrap();
        assert_eq!(second, Err(Unasked::Answered));
    }

    async fn a_refusal_and_half_an_hour_end_a_question(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app, secret) = app(&house, &ada, "Podhost").await;
        let (asked, _) = Client::new(&house, &app, &secret).request_token(Some(BACK)).await.unwrap();
        let refused = house.app.oauth1().refuse(&ada, &question(&house, &asked, None).await.unwrap(), HERE).await.unwrap();
        assert_eq!(refused, Answer::Redirect(format!("{BACK}&denied={}", asked.token)));
        assert_eq!(question(&house, &asked, None).await, Err(Unasked::Unknown));
        let (asked, _) = Client::new(&house, &app, &secret).nonce("2").request_token(Some(BACK)).await.unwrap();
        house.clock.pass(Duration::from_mins(30));
        assert_eq!(question(&house, &asked, None).await, Err(Unasked::Unknown));
        assert_eq!(question(&house, &TokenReply { token: "nobody".to_owned(), secret: Secret::new("") }, None).await, Err(Unasked::Unknown));
    }

    async fn apps_have_their_own_tokens_and_secrets(database: &Database) {
        let house = House::open(database);
        let ada = at_a_browser(&house, "ada").await;
        let (app_a, secret_a) = app(&house, &ada, "Podhost").await;
        let (app_b, secret_b) = app(&house, &ada, "Other").await;
        let token = access(&house, &ada, &app_a, &secret_a).await;
        assert_eq!(why(Client::new(&house, &app_b, &secret_b).with(&token).caller().await), "token_rejected");
        assert_eq!(why(Client::new(&house, &app_a, &secret_b).with(&token).nonce("1").caller().await), "signature_invalid");
        let forged = TokenReply { token: token.token.clone(), secret: Secret::new("") };
        assert_eq!(why(Client::new(&house, &app_a, &secret_a).with(&forged).nonce("2").caller().await), "signature_invalid");
        let own = house.app.apps().own(&ada, app_a.id).await.unwrap();
        let new = house.app.apps().rotate(&own, Rotation::Overlapping).await.unwrap();
        for (nonce, secret) in [("3", secret_a.as_str()), ("4", new.reveal())] {
            assert!(Client::new(&house, &app_a, secret).with(&token).nonce(nonce).caller().await.is_ok());
        }
    }
}
