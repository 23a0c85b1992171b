//! A conversation with an FTP server: commands, replies, what they mean, and connections for data.

use std::io;

use model::RemoteSecret;
use model::remote::{Ftp, FtpTls};
use protocols::ftp::{Reply, extended_port, passive_port, reply};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::{RemoteError, Way};
use crate::outbound::{OutboundError, Peer, Service};

/// Both directions of a connection, encrypted or not.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Duplex for T {}

/// A conversation.
pub(super) struct Talk<'a> {
    way: &'a Way<'a>,
    peer: Peer,
    line: Line<Box<dyn Duplex>>,
    is_secret: bool,
    /// `EPSV` is asked for until the server does not know it.
    is_extended: bool,
}

/// A connection and what came over it that is not read yet.
struct Line<S> {
    stream: S,
    held: Vec<u8>,
}

impl<S: Duplex> Line<S> {
    /// The next reply. What is held is bounded by its reader.
    async fn reply(&mut self, way: &Way<'_>, host: &str) -> Result<Reply, RemoteError> {
        loop {
            match reply(&self.held) {
                Ok(Some((reply, used))) => {
                    self.held.drain(..used);
                    return Ok(reply);
                }
                Ok(None) => {}
                Err(fault) => {
                    return Err(RemoteError::Strange { host: host.to_owned(), said: fault.to_string(), wanted: "FTP" });
                }
            }
            let mut piece = [0; 1_024];
            match way.hear(host, self.stream.read(&mut piece)).await? {
                Ok(count @ 1..) => self.held.extend_from_slice(&piece[..count]),
                _ => return Err(RemoteError::broken_off(host)),
            }
        }
    }

    async fn ask(&mut self, way: &Way<'_>, host: &str, command: &str, argument: &str) -> Result<Reply, RemoteError> {
        // A line break in an argument would be a command of its own.
        if argument.chars().any(char::is_control) {
            return Err(RemoteError::Name(argument.chars().take(200).collect()));
        }
        let space = if argument.is_empty() { "" } else { " " };
        let said = format!("{command}{space}{argument}\r\n");
        let sent = way.hear(host, self.stream.write_all(said.as_bytes())).await?;
        let sent = match sent {
            // What is encrypted is sent when it is flushed.
            Ok(()) => way.hear(host, self.stream.flush()).await?,
            Err(error) => Err(error),
        };
        sent.map_err(|_| RemoteError::broken_off(host))?;
        self.reply(way, host).await
    }
}

impl<'a> Talk<'a> {
    /// Connects and is greeted, encrypted where that is wanted.
    pub(super) async fn open(way: &'a Way<'a>, at: &'a Ftp) -> Result<Self, RemoteError> {
        let host = at.host.as_str();
        let connection = way.outbound.connect_tcp(host, at.port(), Service::Ftp).await?;
        let (peer, stream) = (connection.peer, connection.stream);
        if at.tls == FtpTls::Implicit {
            let stream: Box<dyn Duplex> = Box::new(way.outbound.encrypt(stream, &peer).await?);
            let mut talk = Self::over(way, peer, stream, true);
            talk.greeted(host).await?;
            return Ok(talk);
        }
        let mut line = Line { stream, held: Vec::new() };
        greeting(&line.reply(way, host).await?, host)?;
        if at.tls == FtpTls::None {
            return Ok(Self::over(way, peer, Box::new(line.stream), false));
        }
        let said = line.ask(way, host, "AUTH", "TLS").await?;
        if said.code != 234 {
            return Err(OutboundError::Untrusted {
                host: host.to_owned(),
                reason: "it does not agree to an encrypted connection",
            }
            .into());
        }
        // What came in the clear behind the reply was put there by somebody else.
        if !line.held.is_empty() {
            return Err(OutboundError::Untrusted {
                host: host.to_owned(),
                reason: "somebody speaks before the connection is encrypted",
            }
            .into());
        }
        let stream = way.outbound.encrypt(line.stream, &peer).await?;
        Ok(Self::over(way, peer, Box::new(stream), true))
    }

    fn over(way: &'a Way<'a>, peer: Peer, stream: Box<dyn Duplex>, is_secret: bool) -> Self {
        Self { way, peer, line: Line { stream, held: Vec::new() }, is_secret, is_extended: true }
    }

    async fn greeted(&mut self, host: &str) -> Result<(), RemoteError> {
        greeting(&self.line.reply(self.way, host).await?, host)
    }

    pub(super) fn host(&self) -> &str {
        self.peer.host()
    }

    /// Says who we are.
    pub(super) async fn sign_in(&mut self, at: &Ftp) -> Result<(), RemoteError> {
        let refused = || RemoteError::SignIn { host: at.host.clone(), user: at.user.clone(), what: "password" };
        let RemoteSecret::Password { password } = self.way.secret else { return Err(refused()) };
        let mut said = self.ask("USER", &at.user).await?;
        if said.code == 331 {
            said = self.ask("PASS", password).await?;
        }
        match said.code {
            230 | 202 => Ok(()),
            421 => Err(self.busy(&said)),
            // Some want it encrypted, and say so instead of asking for the password.
            _ if !self.is_secret && said.text.to_ascii_lowercase().contains("tls") => {
                Err(RemoteError::Denied { host: at.host.clone(), what: "signing in without TLS" })
            }
            _ => Err(refused()),
        }
    }

    pub(super) async fn ask(&mut self, command: &str, argument: &str) -> Result<Reply, RemoteError> {
        self.line.ask(self.way, self.peer.host(), command, argument).await
    }

    /// Begins a transfer: a connection to the same machine, and a command that it is for.
    pub(super) async fn data(
        &mut self,
        command: &str,
        argument: &str,
        what: &'static str,
    ) -> Result<Box<dyn Duplex>, RemoteError> {
        let stream = self.connect().await?;
        let said = self.ask(command, argument).await?;
        if said.code / 100 != 1 {
            // Done before it began: some servers say so of an empty list.
            self.expect(&said, what)?;
            return Err(self.strange(&said));
        }
        if self.is_secret {
            return Ok(Box::new(self.way.outbound.encrypt(stream, &self.peer).await?));
        }
        Ok(Box::new(stream))
    }

    async fn connect(&mut self) -> Result<TcpStream, RemoteError> {
        if self.is_extended {
            let said = self.ask("EPSV", "").await?;
            if said.code == 229 {
                let port = extended_port(&said.text).ok_or_else(|| self.strange(&said))?;
                return Ok(self.way.outbound.connect_again(&self.peer, port).await?);
            }
            self.is_extended = false;
        }
        let said = self.ask("PASV", "").await?;
        self.expect(&said, "opening a connection for data")?;
        let port = passive_port(&said.text).ok_or_else(|| self.strange(&said))?;
        Ok(self.way.outbound.connect_again(&self.peer, port).await?)
    }

    /// Waits for the reply that a transfer ends with.
    pub(super) async fn finish(&mut self, what: &'static str) -> Result<(), RemoteError> {
        let said = self.line.reply(self.way, self.peer.host()).await?;
        match said.code {
            // The data broke off: the connection may be fine again the next time.
            425 | 426 => Err(self.broken_off()),
            _ => self.expect(&said, what),
        }
    }

    /// Waits for the reply to a transfer that we ended; it may say that it failed.
    pub(super) async fn hear_out(&mut self) -> Result<(), RemoteError> {
        self.line.reply(self.way, self.peer.host()).await.map(drop)
    }

    pub(super) async fn hear<T>(&self, done: impl Future<Output = T>) -> Result<T, RemoteError> {
        self.way.hear(self.peer.host(), done).await
    }

    /// Reads a piece of data. Many servers end encrypted data without saying that it ends; the reply behind it decides.
    pub(super) async fn read(&self, data: &mut Box<dyn Duplex>, piece: &mut [u8]) -> Result<usize, RemoteError> {
        match self.hear(data.read(piece)).await? {
            Ok(read) => Ok(read),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            Err(_) => Err(self.broken_off()),
        }
    }

    /// Says goodbye. Who does not want to hear it is left all the same.
    pub(super) async fn leave(mut self) {
        let _ = self.ask("QUIT", "").await;
        let _ = self.way.hear(self.peer.host(), self.line.stream.shutdown()).await;
    }

    pub(super) fn broken_off(&self) -> RemoteError {
        RemoteError::broken_off(self.peer.host())
    }

    fn strange(&self, said: &Reply) -> RemoteError {
        let said = format!("{} {}", said.code, said.text);
        RemoteError::Strange { host: self.peer.host().to_owned(), said: self.without_secret(&said), wanted: "FTP" }
    }

    fn busy(&self, said: &Reply) -> RemoteError {
        RemoteError::Busy { host: self.peer.host().to_owned(), said: self.without_secret(&said.text) }
    }

    /// Servers repeat what was said to them, and some that is the password.
    fn without_secret(&self, said: &str) -> String {
        match self.way.secret {
            RemoteSecret::Password { password } if !password.is_empty() => said.replace(password, "…"),
            _ => said.to_owned(),
        }
    }

    /// What a reply means (RFC 959, 4.2).
    pub(super) fn expect(&self, said: &Reply, what: &'static str) -> Result<(), RemoteError> {
        let host = self.peer.host().to_owned();
        let text = said.text.to_ascii_lowercase();
        let means = |words: &[&str]| words.iter().any(|word| text.contains(word));
        Err(match said.code {
            200..=399 => return Ok(()),
            452 | 552 => RemoteError::Full { host },
            _ if means(&["no space", "quota", "disk full"]) => RemoteError::Full { host },
            421 | 450 | 451 | 434 => self.busy(said),
            425 | 426 => self.broken_off(),
            550 if means(&["no such", "not found", "does not exist", "can't open", "failed to open", "no files"]) => {
                RemoteError::NoFile { host, name: String::new() }
            }
            530 | 532 | 550 | 553 => RemoteError::Denied { host, what },
            _ => self.strange(said),
        })
    }
}

fn greeting(said: &Reply, host: &str) -> Result<(), RemoteError> {
    match said.code {
        220 => Ok(()),
        400..=499 => Err(RemoteError::Busy { host: host.to_owned(), said: said.text.clone() }),
        code => {
            Err(RemoteError::Strange { host: host.to_owned(), said: format!("{code} {}", said.text), wanted: "FTP" })
        }
    }
}
