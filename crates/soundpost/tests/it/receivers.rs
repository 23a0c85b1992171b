//! The receivers of `sdk/examples`, walked as their page says: somebody connects a show, a production is published, what comes again is not
//! published again, and what is forged is refused.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use md5::{Digest, Md5};
use serde_json::Value;
use tempfile::TempDir;
use testkit::sink::{Heard, Sink};
use testkit::witness;
use ureq::Agent;

use crate::person::Person;
use crate::server::{AppKeys, Client, Premises, recording, wait_until};

/// Where people come back to. The port is that of whichever receiver runs.
const BACK: &str = "http://127.0.0.1:9000/back";

/// The name of a show, as its owner types it.
const SHOW: &str = "My Family Podcast";

/// A title that has to stay text on a page.
const TITLE: &str = "Salt & <b>wires</b>";

/// A file of the kit.
fn kit(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../sdk/examples").join(name)
}

/// An app that is registered as the page says.
fn register(premises: &Premises) -> AppKeys {
    let asked = ["admin", "app", "create", "--owner", "ada", "--name", "Podhost", "--redirect-uri", BACK];
    let made = premises.ask(&asked, "");
    let text = |key: &str| made[key].as_str().unwrap_or_else(|| panic!("no {key}: {made}")).to_owned();
    AppKeys { id: text("client_id"), secret: text("client_secret") }
}

/// The service of that name.
fn service(client: &Client, name: &str) -> String {
    let (_, reply) = client.get("/api/services.json").unwrap_or_default();
    let services = reply["data"].as_array().cloned().unwrap_or_default();
    let found = services.iter().find(|service| service["display_name"] == name);
    let uuid = found.and_then(|service| service["uuid"].as_str());
    uuid.unwrap_or_else(|| panic!("there is no service {name}: {reply}")).to_owned()
}

/// Starts a production that is published to a service; its uuid.
fn produce(client: &Client, service: &str, more: &[(&str, &str)]) -> String {
    let fields = [("title", TITLE), ("outgoing_services", service), ("action", "start")];
    let fields = [fields.as_slice(), more].concat();
    let (status, reply) = client.simple(&fields, &recording(1.0)).unwrap_or_default();
    assert_eq!(status, 200, "the recording is not taken: {reply}");
    reply["data"]["uuid"].as_str().unwrap_or_default().to_owned()
}

/// A production as the API shows it.
fn details(client: &Client, uuid: &str) -> Value {
    let (_, mut reply) = client.get(&format!("/api/production/{uuid}.json")).unwrap_or_default();
    reply["data"].take()
}

/// The delivery of a production to an address that ends so, once it was taken; its id.
fn delivered(client: &Client, uuid: &str, ending: &str) -> String {
    let mut id = String::new();
    wait_until("the receiver took it", || {
        let (_, reply) = client.get(&format!("/api/production/{uuid}/deliveries.json")).unwrap_or_default();
        let told = reply["data"].as_array().cloned().unwrap_or_default();
        let found = told.iter().find(|told| {
            told["state"] == "delivered" && told["url"].as_str().is_some_and(|address| address.ends_with(ending))
        });
        found.and_then(|told| told["id"].as_str()).unwrap_or_default().clone_into(&mut id);
        found.is_some()
    });
    id
}

/// Runs a script of the kit; whether it succeeded, and all that it printed.
fn script(name: &str, arguments: &[&str], settings: &[(&str, &str)]) -> (bool, String) {
    let mut command = Command::new("bash");
    command.arg(kit("shell").join(name)).args(arguments).envs(settings.iter().copied());
    let output = command.output().unwrap_or_else(|error| panic!("bash cannot be run: {error}"));
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned() + &crate::said(&output))
}

/// A receiver of the kit, ended at the latest with the test.
struct Receiver {
    program: &'static str,
    file: PathBuf,
    address: SocketAddr,
    folder: TempDir,
    settings: Vec<(&'static str, String)>,
    child: Option<Child>,
    agent: Agent,
}

impl Receiver {
    fn new(premises: &Premises, (program, file): (&'static str, &str), app: &AppKeys, webhook_secret: &str) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let address = free.unwrap_or_else(|error| panic!("there is no free port: {error}"));
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_mins(1)));
        let settings = vec![
            ("SOUNDPOST", premises.address()),
            ("CLIENT_ID", app.id.clone()),
            ("CLIENT_SECRET", app.secret.clone()),
            ("WEBHOOK_SECRET", webhook_secret.to_owned()),
            ("LISTEN", address.to_string()),
            ("PUBLIC_URL", format!("http://{address}")),
        ];
        let agent = config.build().new_agent();
        Self { program, file: kit(file), address, folder: crate::folder(), settings, child: None, agent }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Starts it, or ends it as a crash would and starts it again on the same data, with other settings besides.
    fn start(&mut self, more: &[(&str, &str)]) {
        self.kill();
        let log = File::options().create(true).append(true).open(self.folder.path().join("log"));
        let log = log.unwrap_or_else(|error| panic!("{error}"));
        let errors = log.try_clone().unwrap_or_else(|error| panic!("{error}"));
        let child = Command::new(self.program)
            .arg(&self.file)
            .envs(self.settings.iter().map(|(name, value)| (*name, value)))
            .envs(more.iter().copied())
            .env("DATA_DIR", self.folder.path().join("data"))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn();
        self.child = Some(child.unwrap_or_else(|error| {
            panic!("{} cannot be run ({error}). `tools/setup test` installs what it needs.", self.program)
        }));
        wait_until("the receiver answers", || {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            assert_eq!(ended, None, "the receiver does not start: {}", self.log());
            self.agent.get(self.url("/")).call().is_ok()
        });
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap_or_default();
            child.wait().map(drop).unwrap_or_default();
        }
    }

    /// All that it printed since the first start.
    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Lines of it that begin so.
    fn times(&self, beginning: &str) -> usize {
        self.log().lines().filter(|line| line.starts_with(beginning)).count()
    }

    /// Somebody connects a show in a browser: the form, the page of Soundpost that asks, and back with the cookie.
    fn connect(&self, person: &Person, show: &str) {
        let form = format!("show={}", show.replace(' ', "+"));
        let request = self.agent.post(self.url("/connect"));
        let started = request.header("content-type", "application/x-www-form-urlencoded").send(form.as_str());
        let started = started.unwrap_or_else(|error| panic!("{error}"));
        let header = |name: &str| {
            let value = started.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_else(|| panic!("no {name}: {}", self.log())).to_owned()
        };
        assert_eq!(started.status(), 303);
        let cookie = header("set-cookie").split(';').next().unwrap_or_default().to_owned();
        let back = person.answer("allow", &header("location"));
        // Another browser did not begin this, so it cannot end it.
        assert_eq!(self.look(&back, "").0, 400, "{}", self.log());
        let (status, page) = self.look(&back, &cookie);
        assert!(status == 200 && page.contains("Connected"), "{status} {page} {}", self.log());
    }

    fn look(&self, url: &str, cookie: &str) -> (u16, String) {
        let reply = self.agent.get(url).header("cookie", cookie).call();
        let mut reply = reply.unwrap_or_else(|error| panic!("{url}: {error}"));
        (reply.status().as_u16(), reply.body_mut().read_to_string().unwrap_or_default())
    }

    /// Waits until the page that it answered is at the production, and looks at the page and its file.
    fn published(&self, client: &Client, uuid: &str) {
        let page = self.url(&format!("/episodes/{uuid}"));
        let mut outgoing = Value::Null;
        wait_until("the page is at the production", || {
            outgoing = details(client, uuid)["outgoing_services"][0].clone();
            outgoing["result_page"] == page.as_str()
        });
        let file = format!("{page}.mp3");
        assert_eq!((&outgoing["transfer_success"], &outgoing["result_urls"][0]), (&true.into(), &file.clone().into()));
        let (status, html) = self.look(&page, "");
        assert!(status == 200 && html.contains("Salt &") && !html.contains("<b>"), "{status} {html}");
        let mut reply = self.agent.get(file.as_str()).call().unwrap_or_else(|error| panic!("{error}"));
        let bytes = reply.body_mut().with_config().limit(1 << 30).read_to_vec().unwrap_or_default();
        let made = details(client, uuid)["output_files"][0].clone();
        assert_eq!(made["format"], "mp3");
        assert_eq!(made["checksum"], format!("{:x}", Md5::digest(&bytes)).as_str());
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The whole walk with one of them.
fn walk(premises: &Premises, kind: (&'static str, &str)) {
    let key = premises.account("ada");
    let _server = premises.serve(&[]);
    let (client, person) = (Client::new(premises, &key), Person::sign_in(premises, "ada"));
    let (app, webhook_secret) = (register(premises), person.webhook_secret());
    let mut receiver = Receiver::new(premises, kind, &app, &webhook_secret);
    receiver.start(&[]);

    // Nobody approved the app yet: its owner may connect it all the same.
    receiver.connect(&person, SHOW);
    let service = service(&client, &format!("Podhost: {SHOW}"));
    let plain = receiver.url("/hooks/plain");
    let first = produce(&client, &service, &[("webhook", &plain)]);
    receiver.published(&client, &first);
    delivered(&client, &first, "/hooks/plain");
    assert_eq!(receiver.times(&format!("webhook {first}: 3 Done")), 1, "{}", receiver.log());

    // What comes again is answered again and done once, also by a receiver that was killed meanwhile.
    let id = delivered(&client, &first, "/hooks/service");
    for times in 1..=2 {
        premises.ask(&["admin", "delivery", "replay", &id], "");
        let again = format!("told again {id}");
        wait_until("it comes again", || receiver.times(&again) == times);
        assert_eq!(delivered(&client, &first, "/hooks/service"), id);
        receiver.published(&client, &first);
        assert_eq!(receiver.times(&format!("published {first}:")), 1, "{}", receiver.log());
        receiver.start(&[]);
    }

    // Tokens are renewed, and while the app's secret is replaced both are right.
    let made = premises.ask(&["admin", "app", "rotate", &app.id], "");
    let secret = made["client_secret"].as_str().unwrap_or_default();
    receiver.start(&[("CLIENT_SECRET", secret), ("CLIENT_SECRET_BEFORE", &app.secret), ("REFRESH_DAYS", "400")]);
    let second = produce(&client, &service, &[]);
    receiver.published(&client, &second);
    assert!(receiver.times("refreshed ada") > 0, "{}", receiver.log());

    // Whatever is forged is refused, and what is right is not.
    let before = receiver.times("published ");
    for (path, name, secret) in
        [("/hooks/service", "CLIENT_SECRET", secret), ("/hooks/plain", "WEBHOOK_SECRET", webhook_secret.as_str())]
    {
        let (refused, said) = script("check.sh", &[&receiver.url(path)], &[(name, secret)]);
        assert!(refused, "{said}{}", receiver.log());
    }
    assert_eq!((receiver.times("published "), receiver.times("webhook ")), (before, 1), "{}", receiver.log());
    let form = format!("uuid={second}&status=2&status_string=Error");
    let (taken, said) = script("send.sh", &[&plain, &form], &[("WEBHOOK_SECRET", &webhook_secret)]);
    assert!(taken && receiver.times(&format!("webhook {second}: 2 Error")) == 1, "{said}{}", receiver.log());
}

/// Puts what came into files as `verify.sh` reads them; the arguments that name them.
fn save(folder: &TempDir, heard: &Heard) -> [String; 2] {
    let headers: Vec<_> = heard.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    [("headers", headers.concat().as_bytes()), ("body", heard.body.as_slice())].map(|(name, content)| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap_or_else(|error| panic!("{error}"));
        witness::text(&path).to_owned()
    })
}

testkit::both_databases! {
    async fn the_receiver_in_python(database: &Database) {
        walk(&Premises::new(database), ("python3", "python/receiver.py"));
    }

    async fn the_receiver_in_javascript(database: &Database) {
        let libraries = kit("javascript/node_modules/standardwebhooks");
        assert!(libraries.is_dir(), "npm's libraries are missing. `tools/setup test` installs them.");
        walk(&Premises::new(database), ("node", "javascript/receiver.mjs"));
    }

    async fn the_receiver_in_ruby(database: &Database) {
        walk(&Premises::new(database), ("ruby", "ruby/receiver.rb"));
    }

    async fn by_hand_with_curl_and_openssl(database: &Database) {
        let premises = Premises::new(database);
        let key = premises.account("ada");
        let _server = premises.serve(&[]);
        let (client, person, sink) = (Client::new(&premises, &key), Person::sign_in(&premises, "ada"), Sink::apart());
        let (app, webhook_secret, folder) = (register(&premises), person.webhook_secret(), crate::folder());
        let tokens = folder.path().join("tokens.json");
        let address = premises.address();
        let settings = [
            ("SOUNDPOST", address.as_str()),
            ("CLIENT_ID", app.id.as_str()),
            ("CLIENT_SECRET", app.secret.as_str()),
            ("WEBHOOK_SECRET", webhook_secret.as_str()),
            ("TOKENS", witness::text(&tokens)),
        ];
        let mut connect = Command::new("bash");
        connect.arg(kit("shell/connect.sh")).args([SHOW, &sink.url("ok/service"), "show-17"]).envs(settings);
        let printed = person.attend(&mut connect);
        let service = service(&client, &format!("Podhost: {SHOW}"));
        assert!(printed.ends_with(&format!("{service} is Podhost: {SHOW}\n")), "{printed}");

        let uuid = produce(&client, &service, &[("webhook", &sink.url("ok/plain"))]);
        for (ending, claims) in [
            ("/ok/service", format!(r#"{{"uuid":"{uuid}","custom_data":"show-17"}}"#)),
            ("/ok/plain", format!("uuid={uuid}&status=3&status_string=Done")),
        ] {
            let id = delivered(&client, &uuid, ending);
            let heard = sink.heard().into_iter().find(|heard| heard.header("webhook-id") == id);
            let mut heard = heard.unwrap_or_else(|| panic!("{id} did not come"));
            let [headers, body] = save(&folder, &heard);
            let (right, said) = script("verify.sh", &[&headers, &body], &settings);
            assert!(right && said.contains(&claims), "{said}");
            let other = [("CLIENT_SECRET", "another"), ("WEBHOOK_SECRET", "whsec_YW5vdGhlciBzZWNyZXQgZm9yIHRoaXM=")];
            let (right, said) = script("verify.sh", &[&headers, &body], &other);
            assert!(!right && said.contains("none of the signatures"), "{said}");
            heard.body.push(b'.');
            let [headers, body] = save(&folder, &heard);
            let (right, said) = script("verify.sh", &[&headers, &body], &settings);
            assert!(!right && said.contains("none of the signatures"), "{said}");
        }

        let file = folder.path().join("talk.mp3");
        let (fetched, said) = script("fetch.sh", &[&uuid, witness::text(&file)], &settings);
        assert!(fetched, "{said}");
        let bytes = std::fs::read(&file).unwrap_or_default();
        let made = details(&client, &uuid)["output_files"][0].clone();
        assert_eq!(made["checksum"], format!("{:x}", Md5::digest(&bytes)).as_str());

        // A token that is worth nothing any more is renewed on the way.
        let kept: Value = serde_json::from_slice(&std::fs::read(&tokens).unwrap_or_default()).unwrap_or_default();
        let spent = kept["access_token"].as_str().unwrap_or_default().to_owned();
        let revoke = format!("{address}/oauth2/revoke/");
        let who = format!("{}:{}", app.id, app.secret);
        witness::run("curl", &["-fsS", &revoke, "-u", &who, "-d", &format!("token={spent}")]);
        std::fs::remove_file(&file).unwrap_or_default();
        let (fetched, said) = script("fetch.sh", &[&uuid, witness::text(&file)], &settings);
        assert!(fetched && file.is_file(), "{said}");
        assert!(!std::fs::read_to_string(&tokens).unwrap_or_default().contains(&spent));
    }
}
