//! A mail server in a test: it takes every letter and keeps it, or says as often as it is told that it will not take one now.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail server.
pub struct Smtp {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    letters: Mutex<Vec<Letter>>,
    busy: AtomicU32,
}

/// A letter that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Whom it was for.
    pub to: String,
    /// Headers and text, as they were sent.
    pub text: String,
}

impl Letter {
    /// The code that stands in it on a line of its own.
    ///
    /// # Panics
    /// When there is none.
    pub fn code(&self) -> String {
        let is_code = |line: &&str| line.len() == 19 && line.matches('-').count() == 3;
        let code = self.text.lines().map(str::trim).find(is_code);
        code.unwrap_or_else(|| panic!("there is no code in {}", self.text)).to_owned()
    }
}

impl Smtp {
    /// Starts one, on a port of its own.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start() -> Self {
        let listener =
            TcpListener::bind("127.0.0.1:0").await.unwrap_or_else(|error| panic!("there is no port: {error}"));
        let address = listener.local_addr().unwrap_or_else(|error| panic!("a listener has no address: {error}"));
        let shared = Arc::<Shared>::default();
        let theirs = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&theirs)));
            }
        });
        Self { address, shared }
    }

    /// What settings name it by.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Has it take no letter for so many times.
    pub fn be_busy(&self, times: u32) {
        self.shared.busy.store(times, Ordering::SeqCst);
    }

    /// The letters that came in, in order.
    pub fn letters(&self) -> Vec<Letter> {
        self.shared.letters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// RFC 5321, as far as a client that is in order needs it.
async fn talk(mut stream: TcpStream, shared: Arc<Shared>) -> std::io::Result<()> {
    let (read, mut write) = stream.split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 testkit\r\n").await?;
    let mut to = String::new();
    while let Some(line) = lines.next_line().await? {
        let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let said: &[u8] = match word.as_str() {
            "RCPT" => {
                let busy = shared.busy.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
                line.split(['<', '>']).nth(1).unwrap_or_default().clone_into(&mut to);
                if busy.is_ok() { b"451 later\r\n" } else { b"250 fine\r\n" }
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut text = String::new();
                while let Some(line) = lines.next_line().await? {
                    if line == "." {
                        break;
                    }
                    text.push_str(line.strip_prefix('.').unwrap_or(&line));
                    text.push('\n');
                }
                let letter = Letter { to: to.clone(), text };
                shared.letters.lock().unwrap_or_else(PoisonError::into_inner).push(letter);
                b"250 taken\r\n"
            }
            "QUIT" => {
                write.write_all(b"221 goodbye\r\n").await?;
                return Ok(());
            }
            _ => b"250 fine\r\n",
        };
        write.write_all(said).await?;
    }
    Ok(())
}
