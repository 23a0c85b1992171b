//! The way out against servers that misbehave. They listen on the loopback interface, which the client is allowed here and only
//! here; names are looked up in a list.

#![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

mod redirects;
mod servers;
mod tcp;
mod tls;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const LIMITS: FetchLimits =
    FetchLimits { bytes: 1 << 20, whole: Duration::from_secs(20), silence: Duration::from_secs(10) };

/// A server that reads the head of a request and answers as it likes. Counts its connections.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn start<A, F>(answer: A) -> Self
    where
        A: Fn(TcpStream, String) -> F + Send + Sync + 'static,
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { address: listener.local_addr().unwrap(), connections: Arc::default() };
        let (connections, answer) = (Arc::clone(&server.connections), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let answer = Arc::clone(&answer);
                tokio::spawn(async move {
                    let head = read_head(&mut stream).await;
                    // The client hangs up on most of what is tried here.
                    let _ = answer(stream, head).await;
                });
            }
        });
        server
    }

    /// A server that says the same to everybody, and hangs up.
    async fn saying(text: impl Into<Vec<u8>>) -> Self {
        let text: Arc<[u8]> = text.into().into();
        Self::start(move |mut stream, _| {
            let text = Arc::clone(&text);
            async move { stream.write_all(&text).await }
        })
        .await
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn named(&self, name: &str) -> String {
        format!("http://{name}:{}/", self.address.port())
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match stream.read(&mut byte).await {
            Ok(1..) => head.extend(byte),
            _ => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Names in a list. A name with several answers gives one after the other, the last again and again.
#[derive(Default)]
struct Names(Mutex<HashMap<String, Vec<Vec<IpAddr>>>>, AtomicUsize);

impl Names {
    fn of(names: &[(&str, &[&[&str]])]) -> Arc<Self> {
        let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let known = names
            .iter()
            .map(|(name, answers)| ((*name).to_owned(), answers.iter().map(|answer| addresses(answer)).collect()));
        Arc::new(Self(Mutex::new(known.collect()), AtomicUsize::new(0)))
    }

    fn lookups(&self) -> usize {
        self.1.load(Ordering::SeqCst)
    }
}

impl Lookup for Names {
    fn lookup(&self, name: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        let found = self
            .0
            .lock()
            .unwrap()
            .get_mut(name)
            .map(|answers| if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() });
        Box::pin(async move { found.ok_or_else(|| io::Error::other("not in the list")) })
    }
}

fn outbound(allow: &str, lookup: Arc<Names>) -> Outbound {
    let options = Options { allow: allow.parse().unwrap(), lookup, roots: Roots::Only(Vec::new()) };
    Outbound::new(options).unwrap()
}

fn local() -> Outbound {
    outbound("127.0.0.0/8", Names::of(&[]))
}

async fn fetch(outbound: &Outbound, url: &str) -> Result<(Fetched, Vec<u8>), OutboundError> {
    outbound.fetch_bytes(url, &LIMITS).await
}

async fn post(outbound: &Outbound, url: &str, limits: AnswerLimits) -> Result<Answer, OutboundError> {
    let request = Request { body: Bytes::from_static(b"{}"), ..Request::new(Method::POST) };
    outbound.send(url, request, &limits).await
}

fn answer_limits(body: usize, ms: u64) -> AnswerLimits {
    AnswerLimits { body, whole: Duration::from_millis(ms) }
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_connected_to() {
    let server = Server::saying("HTTP/1.1 200 OK\r\n\r\nsecret").await;
    let names = Names::of(&[
        ("inside.example", &[&["127.0.0.1"]]),
        ("ten.example", &[&["10.0.0.5"]]),
        ("six.example", &[&["::ffff:127.0.0.1"]]),
        ("nat64.example", &[&["64:ff9b::127.0.0.1"]]),
        ("both.example", &[&["93.184.216.34", "127.0.0.1"]]),
        ("both-turned.example", &[&["127.0.0.1", "93.184.216.34"]]),
        ("none.example", &[&[]]),
    ]);
    let outbound = outbound("", Arc::clone(&names));
    for name in ["inside", "ten", "six", "nat64", "both", "both-turned"] {
        let refused = fetch(&outbound, &server.named(&format!("{name}.example"))).await;
        assert!(matches!(refused, Err(OutboundError::Refused { .. })), "{name}: {refused:?}");
        let refused = post(&outbound, &server.named(&format!("{name}.example")), answer_limits(9, 9_000)).await;
        assert!(matches!(refused, Err(OutboundError::Refused { .. })), "{name}: {refused:?}");
    }
    for name in ["none.example", "unknown.example"] {
        let unknown = fetch(&outbound, &server.named(name)).await;
        assert!(matches!(unknown, Err(OutboundError::NameUnknown { .. })), "{name}: {unknown:?}");
    }
    assert_eq!(server.connections(), 0);
    let said = fetch(&outbound, &server.named("ten.example")).await.unwrap_err().to_string();
    assert_eq!(
        said,
        "The address leads to 10.0.0.5, which is in a private network. Soundpost only goes to the public internet and to \
         networks that its operator opened."
    );
}

#[tokio::test]
async fn addresses_in_digits_need_no_resolver_to_be_refused() {
    let server = Server::saying("HTTP/1.1 200 OK\r\n\r\nsecret").await;
    let names = Names::of(&[]);
    let shut = outbound("", Arc::clone(&names));
    let port = server.address.port();
    for host in
        ["127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "0177.1", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0"]
    {
        let refused = fetch(&shut, &format!("http://{host}:{port}/")).await;
        assert!(matches!(refused, Err(OutboundError::Refused { .. })), "{host}: {refused:?}");
    }
    assert_eq!((server.connections(), names.lookups()), (0, 0));
    assert_eq!(fetch(&local(), &format!("http://2130706433:{port}/")).await.unwrap().1, b"secret");
}

#[tokio::test]
async fn a_name_that_turns_between_check_and_connection_is_looked_up_once() {
    let server = Server::saying("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi").await;
    // What is allowed first and not allowed after: were there a second lookup, it would be connected to, or refused.
    let names = Names::of(&[("turning.example", &[&["127.0.0.1"], &["10.0.0.1"]])]);
    let outbound = outbound("127.0.0.1", Arc::clone(&names));
    assert_eq!(fetch(&outbound, &server.named("turning.example")).await.unwrap().1, b"hi");
    assert_eq!((names.lookups(), server.connections()), (1, 1));
    let refused = fetch(&outbound, &server.named("turning.example")).await;
    assert!(matches!(refused, Err(OutboundError::Refused { .. })), "{refused:?}");
    assert_eq!((names.lookups(), server.connections()), (2, 1));
}

#[tokio::test]
async fn the_system_knows_this_machine_and_it_is_refused() {
    let outbound = Outbound::new(Options::new(AllowNetworks::default())).unwrap();
    let refused = fetch(&outbound, "http://localhost:8080/").await;
    assert!(matches!(refused, Err(OutboundError::Refused { why: NotPublic::Loopback, .. })), "{refused:?}");
    let server = Server::saying("HTTP/1.1 200 OK\r\n\r\nhi").await;
    let open = Outbound::new(Options::new("127.0.0.0/8,::1".parse().unwrap())).unwrap();
    assert_eq!(fetch(&open, &server.named("localhost")).await.unwrap().1, b"hi");
}

#[tokio::test]
async fn errors_keep_the_secrets_of_an_address() {
    let server = Server::saying("HTTP/1.1 500 No\r\n\r\n").await;
    for url in [server.url("/s3cret-path?key=s3cret#s3cret"), "http://127.0.0.1:1/?key=s3cret".to_owned()] {
        let error = fetch(&local(), &url).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
}
