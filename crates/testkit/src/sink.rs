//! A receiver of webhooks in a test: it remembers what came, and misbehaves in the way that the path says.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Bytes of a request that are read.
const MOST: usize = 1 << 20;

/// A receiver. What it does with a request is in the path, before any other part of it:
///
/// `ok` takes it; `page` takes it and names a page and a file; a number answers with that status; `hang` never answers; `reset` closes in
/// the middle; `early` answers 200 and closes before its body ends; `redirect` points to `ok`; `flood` answers 200 and far more than
/// anybody reads; `wait-5` asks with 503 to be left alone for five seconds; `once` fails a delivery once and takes it then, and `twice` twice.
///
/// As a speech server: `speech` answers with a tone, a twentieth of a second for each letter of the text, in a file that does not say how long it is;
/// `hoarse` fails once and speaks then.
pub struct Sink {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
}

/// A request that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The path.
    pub path: String,
    /// Headers, by their names in lower case.
    pub headers: HashMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Heard {
    /// A header; empty where it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }
}

impl Sink {
    /// Starts one, on a port of its own.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start() -> Self {
        let listener =
            TcpListener::bind("127.0.0.1:0").await.unwrap_or_else(|error| panic!("there is no port: {error}"));
        let address = listener.local_addr().unwrap_or_else(|error| panic!("a listener has no address: {error}"));
        let heard = Arc::<Mutex<Vec<Heard>>>::default();
        let theirs = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let heard = Arc::clone(&theirs);
                tokio::spawn(async move { talk(stream, &heard).await });
            }
        });
        Self { address, heard }
    }

    /// Starts one on a thread of its own, for tests that keep theirs busy.
    ///
    /// # Panics
    /// When there is no port or no thread.
    pub fn apart() -> Self {
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.unwrap_or_else(|error| panic!("there is no runtime: {error}"));
            runtime.block_on(async {
                // Whoever does not wait for it needs none.
                let _ = tell.send(Self::start().await);
                std::future::pending::<()>().await;
            });
        });
        told.recv().unwrap_or_else(|error| panic!("the receiver did not start: {error}"))
    }

    /// An address of it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// The address at which nobody listens any more, of a receiver that was there.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn gone() -> String {
        let listener =
            TcpListener::bind("127.0.0.1:0").await.unwrap_or_else(|error| panic!("there is no port: {error}"));
        let address = listener.local_addr().unwrap_or_else(|error| panic!("a listener has no address: {error}"));
        format!("http://{address}/")
    }

    /// What came so far, in its order.
    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn talk(stream: TcpStream, heard: &Mutex<Vec<Heard>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let request = read(&mut stream).await?;
        let what = request.path.trim_start_matches('/').split('/').next().unwrap_or_default().to_owned();
        let id = request.header("webhook-id").to_owned();
        let wish: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let before = {
            let mut all = heard.lock().unwrap_or_else(PoisonError::into_inner);
            let before = all.iter().filter(|heard| heard.header("webhook-id") == id).count();
            all.push(request);
            before
        };
        if what == "speech" || what == "hoarse" && before > 0 {
            let sound = tone(wish["input"].as_str().unwrap_or_default().chars().count());
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: audio/wav\r\ncontent-length: {}\r\n\r\n", sound.len());
            stream.write_all(&[head.as_bytes(), &sound].concat()).await.ok()?;
            continue;
        }
        let answer = |status: u16, more: &str, body: &str| {
            format!("HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n{more}\r\n{body}", body.len())
        };
        let page = r#"{"result_page_url": "https://host.example/1", "result_file_url": "https://host.example/1.mp3"}"#;
        let said = match what.as_str() {
            "page" => answer(200, "content-type: application/json\r\n", page),
            "hang" => {
                tokio::time::sleep(Duration::from_mins(10)).await;
                return None;
            }
            "reset" => return None,
            "early" => "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nnot all".to_owned(),
            "redirect" => answer(302, "location: /ok?token=secret\r\n", ""),
            "flood" => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n").await.ok()?;
                let piece = vec![b'x'; 1 << 16];
                for _ in 0..1_526 {
                    stream.write_all(&piece).await.ok()?;
                }
                return None;
            }
            "wait-5" => answer(503, "retry-after: 5\r\n", ""),
            "hoarse" => answer(503, "retry-after: 0\r\n", "loading"),
            "once" if before < 1 => answer(500, "", "not yet"),
            "twice" if before < 2 => answer(500, "", "not yet"),
            "ok" | "once" | "twice" => answer(200, "", ""),
            number => answer(number.parse().unwrap_or(404), "", "said so"),
        };
        stream.write_all(said.as_bytes()).await.ok()?;
        if what == "early" {
            return None;
        }
    }
}

/// A tone as a WAV stream: 16 bits, one channel, 22 050 Hz, no length in its header.
fn tone(letters: usize) -> Vec<u8> {
    let mut file =
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\x22\x56\0\0\x44\xac\0\0\x02\0\x10\0data\xff\xff\xff\xff"
            .to_vec();
    let wave = |at: usize| ((at as f64 * 0.1).sin() * 8_000.0) as i16;
    file.extend((0..letters * 1_102).flat_map(|at| wave(at).to_le_bytes()));
    file
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Heard> {
    let mut first = String::new();
    stream.read_line(&mut first).await.ok().filter(|bytes| *bytes > 0)?;
    let path = first.split(' ').nth(1)?.to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|bytes| *bytes > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0_usize);
    let mut body = vec![0; length.min(MOST)];
    stream.read_exact(&mut body).await.ok()?;
    Some(Heard { path, headers, body })
}
