//! Connections that do not speak HTTP: stores of users by SFTP and FTP. They pass the same gates as a request, by the same
//! resolver; between the check and the connection nobody looks the name up again.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use url::Host;

use super::error::{OutboundError, UrlFault, distrust};
use super::resolver::{LookupFault, checked};
use super::target::FIRST_FREE_PORT;
use super::{CONNECT_TIMEOUT, Outbound};

/// Addresses of one name that are tried, one after the other.
const MOST_ADDRESSES: usize = 4;

/// What is asked for on the other side, which decides about the ports below 1024.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// SSH, and SFTP in it: port 22.
    Sftp,
    /// FTP: port 21, and 990 where TLS comes first.
    Ftp,
}

impl Service {
    fn may(self, port: u16) -> bool {
        match (self, port) {
            (_, FIRST_FREE_PORT..) => true,
            (Self::Sftp, port) => port == 22,
            (Self::Ftp, port) => matches!(port, 21 | 990),
        }
    }
}

/// A connection to an address that was checked.
#[derive(Debug)]
pub struct Connection {
    /// The connection.
    pub stream: TcpStream,
    /// Who is on the other side. Further connections for the same transfer go there and nowhere else.
    pub peer: Peer,
}

/// The other side of a connection: a name, and which of its addresses was checked and connected to.
#[derive(Clone, PartialEq, Eq)]
pub struct Peer {
    host: String,
    address: IpAddr,
    proved: ServerName<'static>,
}

impl Peer {
    /// The name, as it was given.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Peer({} at {})", self.host, self.address)
    }
}

impl Outbound {
    /// Connects to a server that is no web server. Addresses in digits are judged in every form, as they are in URLs.
    pub async fn connect_tcp(&self, host: &str, port: u16, service: Service) -> Result<Connection, OutboundError> {
        if !service.may(port) {
            return Err(OutboundError::Port { port });
        }
        match timeout(CONNECT_TIMEOUT, self.look_up_and_connect(host, port)).await {
            Ok(done) => done,
            Err(_) => Err(unanswered(host)),
        }
    }

    /// Connects to another port of a machine that was connected to. No name is looked up, and no other address is taken:
    /// where an FTP server names one for its data, it is not asked.
    pub async fn connect_again(&self, peer: &Peer, port: u16) -> Result<TcpStream, OutboundError> {
        if port < FIRST_FREE_PORT {
            return Err(OutboundError::Port { port });
        }
        match timeout(CONNECT_TIMEOUT, TcpStream::connect(SocketAddr::new(peer.address, port))).await {
            Ok(done) => done.map_err(|error| unreachable(peer.host(), &error)),
            Err(_) => Err(unanswered(peer.host())),
        }
    }

    /// Encrypts a connection, and has the other side prove that it is who it was taken for.
    pub async fn encrypt(&self, stream: TcpStream, peer: &Peer) -> Result<TlsStream<TcpStream>, OutboundError> {
        let connector = tokio_rustls::TlsConnector::from(Arc::clone(&self.tls));
        match timeout(CONNECT_TIMEOUT, connector.connect(peer.proved.clone(), stream)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(match error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>()) {
                Some(fault) => OutboundError::Untrusted { host: peer.host.clone(), reason: distrust(fault) },
                None => OutboundError::BrokenOff { host: peer.host.clone() },
            }),
            Err(_) => Err(unanswered(peer.host())),
        }
    }

    async fn look_up_and_connect(&self, host: &str, port: u16) -> Result<Connection, OutboundError> {
        let (addresses, proved) = self.addresses(host).await?;
        let patience = CONNECT_TIMEOUT / addresses.len().clamp(1, MOST_ADDRESSES) as u32;
        let mut last = unanswered(host);
        for address in addresses.into_iter().take(MOST_ADDRESSES) {
            match timeout(patience, TcpStream::connect(SocketAddr::new(address, port))).await {
                Ok(Ok(stream)) => {
                    // Commands are short, and each waits for its answer.
                    let _ = stream.set_nodelay(true);
                    let peer = Peer { host: host.to_owned(), address, proved };
                    tracing::debug!(net.host = host, net.port = port, "outbound.connected");
                    return Ok(Connection { stream, peer });
                }
                Ok(Err(error)) => last = unreachable(host, &error),
                Err(_) => last = unanswered(host),
            }
        }
        Err(last)
    }

    /// What a host leads to, every address of it allowed, and by which name it has to prove itself.
    async fn addresses(&self, host: &str) -> Result<(Vec<IpAddr>, ServerName<'static>), OutboundError> {
        let malformed = || OutboundError::Url(UrlFault::Malformed);
        let parsed = match host.parse::<Ipv6Addr>() {
            Ok(address) => Host::Ipv6(address),
            Err(_) => Host::parse(host).map_err(|_| malformed())?,
        };
        let address: IpAddr = match parsed {
            Host::Ipv4(address) => address.into(),
            Host::Ipv6(address) => address.into(),
            Host::Domain(name) => {
                let found = checked(&*self.lookup, &name, &self.allow).await.map_err(|fault| match fault {
                    LookupFault::Refused { address, why } => OutboundError::Refused { address, why },
                    LookupFault::Unknown => OutboundError::NameUnknown { host: host.to_owned() },
                })?;
                return Ok((found, ServerName::try_from(name).map_err(|_| malformed())?));
            }
        };
        match self.allow.refusal(address) {
            Some(why) => Err(OutboundError::Refused { address, why }),
            None => Ok((vec![address], ServerName::IpAddress(address.into()))),
        }
    }
}

fn unanswered(host: &str) -> OutboundError {
    OutboundError::Unreachable { host: host.to_owned(), reason: "it does not answer" }
}

fn unreachable(host: &str, error: &io::Error) -> OutboundError {
    let reason = match error.kind() {
        io::ErrorKind::ConnectionRefused => "it refuses connections",
        io::ErrorKind::TimedOut => "it does not answer",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "no way leads there",
        _ => "no connection could be made",
    };
    OutboundError::Unreachable { host: host.to_owned(), reason }
}
