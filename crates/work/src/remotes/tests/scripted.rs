//! Servers of our own, which do what no other server would.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// What an FTP server does about a command.
pub(super) enum Say {
    /// Says a line.
    Line(String),
    /// Says and does nothing any more.
    Nothing,
    /// Sends these bytes as data, and then says a line.
    Send(Vec<u8>, &'static str),
    /// Sends these bytes as data again and again.
    SendForEver(Vec<u8>),
    /// Announces data, and sends none.
    SendNothing,
    /// Takes data, and then says a line.
    Take(&'static str),
    /// Takes data up to so many bytes, and hangs up on everything.
    TakeAndCut(usize),
}

/// An FTP server whose answers are a function of what it is asked.
pub(super) struct Ftp {
    pub(super) port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Ftp {
    pub(super) async fn start(answer: impl Fn(&str) -> Option<Say> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { port: listener.local_addr().unwrap().port(), asked: Arc::default() };
        let (asked, answer) = (Arc::clone(&server.asked), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (asked, answer) = (Arc::clone(&asked), Arc::clone(&answer));
                tokio::spawn(async move {
                    let _ = talk(stream, &asked, &*answer).await;
                });
            }
        });
        server
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn talk(
    mut stream: TcpStream,
    asked: &Mutex<Vec<String>>,
    answer: &(dyn Fn(&str) -> Option<Say> + Send + Sync),
) -> io::Result<()> {
    let data = TcpListener::bind("127.0.0.1:0").await?;
    let data_port = data.local_addr()?.port();
    let (read, mut write) = stream.split();
    let mut lines = BufReader::new(read).lines();
    let mut command = "(greeting)".to_owned();
    loop {
        let usual = match command.split(' ').next().unwrap_or_default() {
            "(greeting)" => "220 here".to_owned(),
            "USER" => "331 and".to_owned(),
            "PASS" => "230 in".to_owned(),
            "EPSV" => format!("229 there (|||{data_port}|)"),
            "PASV" => format!("227 elsewhere (203,0,113,7,{},{})", data_port >> 8, data_port & 255),
            "RNFR" => "350 to".to_owned(),
            _ => "250 fine".to_owned(),
        };
        match answer(&command).unwrap_or(Say::Line(usual)) {
            Say::Line(line) => write.write_all(format!("{line}\r\n").as_bytes()).await?,
            Say::Nothing => std::future::pending().await,
            Say::Send(bytes, after) => {
                let (mut to, _) = data.accept().await?;
                write.write_all(b"150 data\r\n").await?;
                // Whoever has enough hangs up.
                let _ = to.write_all(&bytes).await;
                drop(to);
                write.write_all(format!("{after}\r\n").as_bytes()).await?;
            }
            Say::SendForEver(bytes) => {
                let (mut to, _) = data.accept().await?;
                write.write_all(b"150 data\r\n").await?;
                while to.write_all(&bytes).await.is_ok() {}
                write.write_all(b"426 enough\r\n").await?;
            }
            Say::SendNothing => {
                let (_to, _) = data.accept().await?;
                write.write_all(b"150 data\r\n").await?;
                return std::future::pending().await;
            }
            Say::Take(after) => {
                let (mut from, _) = data.accept().await?;
                write.write_all(b"150 data\r\n").await?;
                tokio::io::copy(&mut from, &mut tokio::io::sink()).await?;
                write.write_all(format!("{after}\r\n").as_bytes()).await?;
            }
            Say::TakeAndCut(most) => {
                let (mut from, _) = data.accept().await?;
                write.write_all(b"150 data\r\n").await?;
                let mut taken = vec![0; most];
                let _ = from.read_exact(&mut taken).await;
                return Ok(());
            }
        }
        let Some(line) = lines.next_line().await? else { return Ok(()) };
        asked.lock().unwrap().push(line.clone());
        command = line;
    }
}

/// A web server whose answers are a function of the head of what it is asked. It hangs up after each; an answer that is
/// empty never comes.
pub(super) struct Web {
    pub(super) port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Web {
    pub(super) async fn start(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { port: listener.local_addr().unwrap().port(), asked: Arc::default() };
        let (asked, answer) = (Arc::clone(&server.asked), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (asked, answer) = (Arc::clone(&asked), Arc::clone(&answer));
                tokio::spawn(async move {
                    let head = head(&mut stream).await;
                    let line = head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
                    asked.lock().unwrap().push(line);
                    let said = answer(&head);
                    if said.is_empty() {
                        return std::future::pending().await;
                    }
                    // What is put is read, so that the answer is not lost behind a reset.
                    let length = head.to_ascii_lowercase();
                    let length = length.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
                    let length = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
                    let _ = tokio::io::copy(&mut (&mut stream).take(length), &mut tokio::io::sink()).await;
                    let _ = stream.write_all(said.as_bytes()).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        server
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// An answer with a body.
pub(super) fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}
