//! The program as a service: started as a process, spoken to over HTTP as its clients do, ended politely.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use testkit::database::Database;
use testkit::s3::S3;
use testkit::signal::{Dice, noise};
use testkit::{fixture, witness};
use ureq::Agent;

/// The password of every account here.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// An app that was registered: its id and its secret.
pub(crate) struct AppKeys {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// A house that processes of this program share.
pub(crate) struct Premises {
    folder: TempDir,
    database_url: String,
    address: SocketAddr,
    settings: Vec<(&'static str, String)>,
}

impl Premises {
    /// An empty house with its files in a new folder.
    pub(crate) fn new(database: &Database) -> Self {
        // The system gives a port that nobody has; it is free again when the listener goes.
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let address = free.unwrap_or_else(|error| panic!("there is no free port: {error}"));
        Self { folder: crate::folder(), database_url: database.url().to_owned(), address, settings: Vec::new() }
    }

    /// The same with a setting of its own.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.settings.push((name, value.into()));
        self
    }

    /// The same with its files on an S3 server.
    pub(crate) fn on(self, s3: &S3) -> Self {
        let options = s3.options();
        self.with("SOUNDPOST_STORAGE_URL", options.url)
            .with("SOUNDPOST_S3_ENDPOINT", options.endpoint.unwrap_or_default())
            .with("SOUNDPOST_S3_ACCESS_KEY", options.access_key.unwrap_or_default())
            .with("SOUNDPOST_S3_SECRET_KEY", options.secret_key.unwrap_or_default())
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A connection to the server on which a test says what it likes.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap_or_else(|error| panic!("nobody answers: {error}"));
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap_or_default();
        stream.set_write_timeout(Some(Duration::from_mins(1))).unwrap_or_default();
        stream
    }

    /// A command of the program in this house.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("soundpost"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("SOUNDPOST_DATA_DIR", self.folder.path().join("data"))
            .env("SOUNDPOST_DATABASE_URL", &self.database_url)
            .env("SOUNDPOST_SECRET_KEY", "07".repeat(32))
            .env("SOUNDPOST_LISTEN", self.address.to_string())
            // A worker that is killed on purpose says nothing about its work.
            .env("SOUNDPOST_JOB_ATTEMPTS", "1000")
            .env("SOUNDPOST_RATE_LIMIT", "off")
            .env("SOUNDPOST_ALLOW_NETWORKS", "127.0.0.0/8")
            .env("SOUNDPOST_LOG_FORMAT", "json")
            .envs(self.settings.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::piped());
        command
    }

    /// What a command says with `--json`.
    pub(crate) fn ask(&self, arguments: &[&str], input: &str) -> Value {
        use std::io::Write;
        let mut child = self
            .command(arguments)
            .arg("--json")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{error}"));
        if let Some(mut pipe) = child.stdin.take() {
            pipe.write_all(input.as_bytes()).unwrap_or_default();
        }
        let output = child.wait_with_output().unwrap_or_else(|error| panic!("{error}"));
        assert!(output.status.success(), "{arguments:?}: {}", crate::said(&output));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?} said no JSON: {error}"))
    }

    /// A new account, and a key of it.
    pub(crate) fn account(&self, name: &str) -> String {
        self.ask(&["admin", "user", "create", "--username", name, "--password-stdin"], PASSWORD);
        let token = self.ask(&["admin", "token", "create", "--user", name], "");
        token["access_token"].as_str().unwrap_or_else(|| panic!("no key: {token}")).to_owned()
    }

    /// An app that may do everything but OAuth 1.0, and whose people go back to `https://podhost.example/back`.
    pub(crate) fn app(&self, owner: &str, name: &str) -> AppKeys {
        let asked = ["admin", "app", "create", "--owner", owner, "--name", name, "--redirect-uri"];
        let more = ["https://podhost.example/back", "--oauth1-callback", "https://podhost.example/"];
        let made = self.ask(&[asked.as_slice(), more.as_slice()].concat(), "");
        let text = |key: &str| made[key].as_str().unwrap_or_else(|| panic!("no {key}: {made}")).to_owned();
        let keys = AppKeys { id: text("client_id"), secret: text("client_secret") };
        self.ask(&["admin", "app", "approve", &keys.id, "--encoding"], "");
        keys
    }

    /// Starts a process that goes on until it is ended; what it logs is added to a file.
    pub(crate) fn start(&self, name: &'static str, arguments: &[&str]) -> Running {
        let log = self.folder.path().join(format!("{name}.log"));
        let file =
            std::fs::File::options().create(true).append(true).open(&log).unwrap_or_else(|error| panic!("{error}"));
        let child = self
            .command(arguments)
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("{error}"));
        Running { child: Some(child), log }
    }

    /// Starts a server and waits until it answers.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Running {
        let mut all = vec!["serve"];
        all.extend(arguments);
        let running = self.start("server", &all);
        let client = Client::new(self, "");
        wait_until("the server answers", || client.get("/readyz").is_some_and(|(status, _)| status == 200));
        running
    }
}

/// A process that was started, ended at the latest with the test.
pub(crate) struct Running {
    child: Option<Child>,
    log: PathBuf,
}

impl Running {
    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap_or_default();
            child.wait().map(drop).unwrap_or_default();
        }
    }

    /// Asks it to end, and waits for that.
    pub(crate) fn end(mut self) -> Option<i32> {
        let mut child = self.child.take()?;
        witness::run("kill", &["-TERM", &child.id().to_string()]);
        child.wait().unwrap_or_else(|error| panic!("{error}")).code()
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Somebody who speaks to a server with a key.
pub(crate) struct Client {
    agent: Agent,
    address: String,
    key: String,
}

impl Client {
    pub(crate) fn new(premises: &Premises, key: &str) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_mins(1)));
        Self { agent: config.build().new_agent(), address: premises.address(), key: key.to_owned() }
    }

    /// Status and JSON, or nothing where nobody answered.
    pub(crate) fn get(&self, path: &str) -> Option<(u16, Value)> {
        let (status, bytes) = self.get_bytes(path)?;
        Some((status, serde_json::from_slice(&bytes).unwrap_or_default()))
    }

    /// Status and bytes, or nothing where nobody answered or not to the end.
    pub(crate) fn get_bytes(&self, path: &str) -> Option<(u16, Vec<u8>)> {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.address) };
        let request = self.agent.get(url).header("authorization", format!("Bearer {}", self.key));
        let mut reply = request.call().ok()?;
        let bytes = reply.body_mut().with_config().limit(1 << 30).read_to_vec().ok()?;
        Some((reply.status().as_u16(), bytes))
    }

    /// Sends a form with a file in it, as the batch-upload scripts do.
    pub(crate) fn simple(&self, fields: &[(&str, &str)], recording: &[u8]) -> Option<(u16, Value)> {
        const BORDER: &str = "a-border-that-no-recording-has";
        let mut body = Vec::new();
        for (name, value) in fields {
            let part = format!("--{BORDER}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let head = format!(
            "--{BORDER}\r\ncontent-disposition: form-data; name=\"input_file\"; filename=\"talk.wav\"\r\ncontent-type: audio/wav\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(recording);
        body.extend_from_slice(format!("\r\n--{BORDER}--\r\n").as_bytes());
        let request = self
            .agent
            .post(format!("{}/api/simple/productions.json", self.address))
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", format!("multipart/form-data; boundary={BORDER}"));
        let mut reply = request.send(&body).ok()?;
        let text = reply.body_mut().read_to_vec().ok()?;
        Some((reply.status().as_u16(), serde_json::from_slice(&text).unwrap_or_default()))
    }

    /// Posts JSON.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Option<(u16, Value)> {
        let request = self.agent.post(format!("{}{path}", self.address));
        let request = request.header("authorization", format!("Bearer {}", self.key));
        let mut reply = request.header("content-type", "application/json").send(body.to_string()).ok()?;
        let text = reply.body_mut().read_to_vec().ok()?;
        Some((reply.status().as_u16(), serde_json::from_slice(&text).unwrap_or_default()))
    }

    /// Status number of a production.
    pub(crate) fn status(&self, uuid: &str) -> Option<i64> {
        let (status, reply) = self.get(&format!("/api/production/{uuid}/status.json"))?;
        (status == 200).then(|| reply["data"]["status"].as_i64()).flatten()
    }
}

/// Waits for something that happens in another process.
///
/// A minute is no promise of speed: what takes longer never comes.
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..1_200 {
        if done() {
            return;
        }
        pause(Duration::from_millis(50));
    }
    panic!("it did not happen within a minute: {what}");
}

/// Lets time pass: a channel on which nothing comes.
pub(crate) fn pause(time: Duration) {
    let (_sender, receiver) = channel::<()>();
    assert_eq!(receiver.recv_timeout(time), Err(RecvTimeoutError::Timeout));
}

/// A recording of so many seconds, as the bytes of a WAV file.
pub(crate) fn recording(seconds: f64) -> Vec<u8> {
    let path = crate::folder();
    let path = path.path().join("talk.wav");
    let sound = noise(&mut Dice::new(3), 0.2, (44_100.0 * seconds) as usize);
    fixture::write_wav(&path, 44_100, &[sound]).unwrap_or_else(|error| panic!("{error}"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{error}"))
}

testkit::both_databases! {
    async fn a_recording_goes_in_and_a_mastered_file_comes_out(database: &Database) {
        let premises = Premises::new(database);
        let key = premises.account("ada");
        let server = premises.serve(&[]);
        let client = Client::new(&premises, &key);
        let fields = [("title", "A talk"), ("output_files", ""), ("action", "start")];
        let Some((200, reply)) = client.simple(&[fields[0], fields[2]], &recording(3.0)) else { panic!("{}", server.log()) };
        let uuid = reply["data"]["uuid"].as_str().unwrap_or_default().to_owned();
        wait_until("the production is done", || client.status(&uuid) == Some(3));
        let (_, details) = client.get(&format!("/api/production/{uuid}.json")).unwrap_or_default();
        let file = &details["data"]["output_files"][0];
        let (status, bytes) = client.get_bytes(file["download_url"].as_str().unwrap_or_default()).unwrap_or_default();
        assert_eq!((status, bytes.len() as u64), (200, file["size"].as_u64().unwrap_or_default()));
        let mastered = premises.folder().join("mastered.mp3");
        std::fs::write(&mastered, bytes).unwrap_or_default();
        let heard = witness::loudness(&mastered);
        assert!((heard.integrated + 16.0).abs() < 0.25 && heard.true_peak <= -0.95, "{heard:?}");
        assert_eq!(details["data"]["metadata"]["title"], "A talk");
        assert_eq!(server.end(), Some(0));
    }

    async fn a_worker_that_is_kept_to_productions_makes_them(database: &Database) {
        let premises = Premises::new(database);
        let key = premises.account("ada");
        let server = premises.serve(&["--no-workers"]);
        let client = Client::new(&premises, &key);
        let Some((200, reply)) = client.simple(&[("action", "start")], &recording(1.0)) else { panic!("{}", server.log()) };
        let uuid = reply["data"]["uuid"].as_str().unwrap_or_default().to_owned();
        assert_eq!(client.status(&uuid), Some(1));
        let worker = premises.start("worker", &["worker", "--only", "produce", "--concurrency", "2"]);
        wait_until("the production is done", || client.status(&uuid) == Some(3));
        assert_eq!(worker.end(), Some(0));
    }

    async fn a_server_that_is_asked_to_end_hands_its_work_back(database: &Database) {
        let premises = Premises::new(database);
        let key = premises.account("ada");
        let server = premises.serve(&[]);
        let client = Client::new(&premises, &key);
        // Long enough to be under way when the server is asked to end.
        let Some((200, reply)) = client.simple(&[("action", "start")], &recording(120.0)) else { panic!("{}", server.log()) };
        let uuid = reply["data"]["uuid"].as_str().unwrap_or_default().to_owned();
        wait_until("a worker has it", || client.status(&uuid).is_some_and(|status| status == 4 || status == 5));
        assert_eq!(server.end(), Some(0));
        let queue = premises.ask(&["admin", "queue", "show"], "");
        assert_eq!((&queue["ready"], &queue["leased"]), (&1.into(), &0.into()), "{queue}");
        // The lease is 30 seconds: whoever does not wait for it to run out was handed the work.
        let _server = premises.serve(&[]);
        wait_until("the production is done", || client.status(&uuid) == Some(3));
    }
}
