//! A server in a test: a house with the router before it, and a client that has one account's key.

use app::accounts::Entrance;
use app::productions::NewProduction;
use app::runs::Begun;
use app::{App, Caller, Rules, Visitor};
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures_util::StreamExt;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, StatusCode};
use model::ProductionId;
use model::production::{Edit, Input, Made, MadeFile, OutputOrder};
use serde_json::Value;
use testkit::database::{Database, on_sqlite};
use testkit::house::{HERE, House, PASSWORD};
use tokio::sync::watch;
use tower::ServiceExt;
use web::{Offer, Rates, Settings};

/// A server, and somebody who may use it.
pub(crate) struct Server {
    pub(crate) house: House,
    pub(crate) router: Router,
    pub(crate) ada: Caller,
    pub(crate) key: String,
    pub(crate) stop: watch::Sender<bool>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Runs a test with a server of its own.
pub(crate) fn serve(test: impl AsyncFnOnce(&Server, &Database)) {
    serve_with(Rates { per_account: None, per_peer: None }, test);
}

/// Runs a test with a server of which the operator decided something.
pub(crate) fn serve_by(rules: Rules, test: impl AsyncFnOnce(&Server, &Database)) {
    open(Rates { per_account: None, per_peer: None }, rules, test);
}

/// Runs a test with a server that counts requests.
pub(crate) fn serve_with(rates: Rates, test: impl AsyncFnOnce(&Server, &Database)) {
    open(rates, Rules { signup_open: true, ..Rules::default() }, test);
}

fn open(rates: Rates, rules: Rules, test: impl AsyncFnOnce(&Server, &Database)) {
    on_sqlite(async |database| test(&Server::with(database, rates, rules).await, database).await);
}

impl Server {
    /// A server on this database that counts no requests.
    pub(crate) async fn on(database: &Database) -> Self {
        Self::with(database, Rates { per_account: None, per_peer: None }, Rules::default()).await
    }

    async fn with(database: &Database, rates: Rates, rules: Rules) -> Self {
        let house = House::with_rules(database, rules);
        let (ada, key) = house.account("ada").await;
        let (stop, stopping) = watch::channel(false);
        let router = router(&house, house.app.clone(), rates, stopping);
        Self { house, router, ada, key, stop }
    }

    /// Another process on the same database, as requests meet it.
    pub(crate) async fn another(&self, database: &Database) -> Router {
        let rates = Rates { per_account: None, per_peer: None };
        router(&self.house, self.house.another(database).await, rates, self.stop.subscribe())
    }

    /// Sends a request as it is.
    /// The cookie of a browser in which somebody signed in.
    pub(crate) async fn cookie(&self, name: &str) -> String {
        let entrance = self.house.app.accounts().enter(name, PASSWORD, &Visitor::from(HERE)).await.unwrap();
        let Entrance::In(signed_in) = entrance else { panic!("there is a second step") };
        format!("__Host-soundpost={}", signed_in.key.reveal())
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        send_to(&self.router, request).await
    }

    /// A request with the account's key.
    pub(crate) fn request(&self, method: Method, path: &str) -> http::request::Builder {
        Request::builder().method(method).uri(path).header(AUTHORIZATION, format!("Bearer {}", self.key))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, path).header(CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Posts a form: names, names of files where it is one, contents.
    pub(crate) async fn form(&self, path: &str, parts: &[(&str, Option<&str>, &[u8])]) -> Answer {
        let request = self.request(Method::POST, path).header(CONTENT_TYPE, "multipart/form-data; boundary=frontier");
        // In small pieces, as they come from a network.
        let body = multipart(parts);
        let pieces: Vec<_> =
            body.chunks(7).map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece))).collect();
        self.send(request.body(Body::from_stream(futures_util::stream::iter(pieces))).unwrap()).await
    }

    /// A production that is done, with one file of these bytes.
    pub(crate) async fn done(&self, database: &Database, name: &str, bytes: &[u8]) -> ProductionId {
        let id = self.started(&Edit::default()).await;
        let job = self.house.claim(database).await;
        let Begun::Go(production) = self.house.app.runs().begin(&job).await.unwrap() else { panic!("nothing to do") };
        let (key, limit) =
            self.house.app.runs().announce(production.owner, production.id, production.run).await.unwrap();
        assert!(bytes.len() as u64 <= limit);
        let file = self.house.folder().join("made");
        std::fs::write(&file, bytes).unwrap();
        let kept = self.house.blobs.put_file(&file, &key).await.unwrap();
        let order = OutputOrder { format: "mp3".into(), bitrate: Some(128), ..OutputOrder::default() };
        let (key, name) = (key.as_str().to_owned(), name.to_owned());
        let files = vec![MadeFile { order, key, name, size: kept.size, md5: kept.md5 }];
        let made = Made { files, length_ms: 1_500, format: "WAV".into(), ..Made::default() };
        let _ = self.house.app.runs().finish(&job, made).await.unwrap();
        id
    }

    /// A production that waits for a worker.
    pub(crate) async fn started(&self, edit: &Edit) -> ProductionId {
        let bytes = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"RIFF"))]);
        let file = self.house.app.files().receive(&self.ada, "talk.wav", bytes).await.unwrap();
        let edit = Edit { input: Some(Input::File(file)), ..edit.clone() };
        let new = NewProduction { edit, start: true, ..NewProduction::default() };
        self.house.app.productions().create(&self.ada, new).await.unwrap().id
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The data of a reply that went well, envelope and all.
    pub(crate) fn data(&self) -> Value {
        let mut json = self.json();
        assert_eq!(self.status, StatusCode::OK, "{json:#}");
        assert_eq!((&json["status_code"], &json["error_code"]), (&Value::from(200), &Value::Null));
        assert_eq!((&json["form_errors"], &json["error_message"]), (&serde_json::json!({}), &Value::from("")));
        json["data"].take()
    }

    /// That it was refused with this status, in the envelope; what it says.
    pub(crate) fn refused(&self, status: u16) -> String {
        let json = self.json();
        assert_eq!(self.status.as_u16(), status, "{json:#}");
        assert_eq!(json["status_code"], status);
        assert!(json["error_code"].is_string() && json["data"].is_null(), "{json:#}");
        let message = json["error_message"].as_str().unwrap_or_default();
        assert!(!message.is_empty());
        message.to_owned()
    }
}

/// Sends a request to one of several.
pub(crate) async fn send_to(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let pieces: Vec<Bytes> = body.into_data_stream().map(|piece| piece.unwrap()).collect().await;
    Answer { status: parts.status, headers: parts.headers, body: pieces.concat().into() }
}

fn router(house: &House, app: App, rates: Rates, stopping: watch::Receiver<bool>) -> Router {
    web::router(Settings {
        app,
        offer: Offer { aac: true },
        public_url: "https://s.example/".to_owned(),
        dice: house.dice.clone(),
        trusted_proxies: Vec::new(),
        rates,
        sandbox: false,
        echo_calls: true,
        stopping,
    })
}

/// A form as clients write it.
pub(crate) fn multipart(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        body.extend_from_slice(
            format!("--frontier\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--frontier--\r\n");
    body
}
