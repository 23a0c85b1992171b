//! Everything that can go wrong on the way out, one closed list. The texts are whole sentences for the person who gave the
//! address; they name the host and never what follows it, since tokens stand there.

use std::error::Error;
use std::io;
use std::net::IpAddr;

use http::StatusCode;

use super::address::NotPublic;
use super::resolver::LookupFault;
use super::target::MOST_URL_CHARS;

/// Why nothing came of a request.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The URL is none that may be asked for.
    #[error(transparent)]
    Url(#[from] UrlFault),
    /// The other side is no place on the public internet.
    #[error(
        "The address leads to {address}, which is {why}. Soundpost only goes to the public internet and to networks that its \
         operator opened."
    )]
    Refused {
        /// Where it leads.
        address: IpAddr,
        /// What is wrong there.
        why: NotPublic,
    },
    /// The port is one of another service.
    #[error(
        "Port {port} cannot be asked. SFTP is asked on port 22, FTP on 21 and 990, and both on those from 1024 on."
    )]
    Port {
        /// The port.
        port: u16,
    },
    /// The name leads to no address.
    #[error("The name {host} leads nowhere: it is not known, or its name server does not answer.")]
    NameUnknown {
        /// The name.
        host: String,
    },
    /// The other side could not be reached.
    #[error("{host} cannot be reached: {reason}.")]
    Unreachable {
        /// The other side.
        host: String,
        /// Half a sentence.
        reason: &'static str,
    },
    /// The other side did not prove who it is.
    #[error("{host} cannot be trusted: {reason}.")]
    Untrusted {
        /// The other side.
        host: String,
        /// Half a sentence.
        reason: &'static str,
    },
    /// The whole took longer than it may.
    #[error("{host} is too slow: after {seconds} s it was not done.")]
    TooSlow {
        /// The other side.
        host: String,
        /// The bound that was passed.
        seconds: u64,
    },
    /// Nothing came for longer than it may.
    #[error("{host} went silent: nothing came for {seconds} s.")]
    Silent {
        /// The other side.
        host: String,
        /// The bound that was passed.
        seconds: u64,
    },
    /// The answer is not HTTP.
    #[error("{host} answers something that is not HTTP.")]
    NotHttp {
        /// The other side.
        host: String,
    },
    /// There are more headers than anybody needs.
    #[error("{host} answers with more headers than Soundpost takes.")]
    HeadTooLarge {
        /// The other side.
        host: String,
    },
    /// There is more to fetch than may be.
    #[error("The file at {host} has more than the {limit} bytes that are allowed.")]
    BodyTooLarge {
        /// The other side.
        host: String,
        /// The ceiling in bytes.
        limit: u64,
    },
    /// The connection ended before the answer did.
    #[error("{host} broke off in the middle of its answer.")]
    BrokenOff {
        /// The other side.
        host: String,
    },
    /// The answer is compressed, though that was not asked for.
    #[error("{host} sends the file compressed, which was not asked for. Give the address of the file itself.")]
    Compressed {
        /// The other side.
        host: String,
    },
    /// The answer is that there is nothing.
    #[error("{host} answers {status} instead of a file.")]
    Status {
        /// The other side.
        host: String,
        /// Its answer.
        status: StatusCode,
    },
    /// It was sent on too often.
    #[error("The address is passed on more than {limit} times, the last time by {host}.")]
    TooManyRedirects {
        /// Who passed it on last.
        host: String,
        /// How often it may be.
        limit: usize,
    },
    /// It was sent on, but not where to.
    #[error("{host} passes the address on without saying where to.")]
    RedirectNowhere {
        /// Who did.
        host: String,
    },
    /// What came could not be kept.
    #[error("What was fetched cannot be written: {0}.")]
    Write(#[source] io::Error),
    /// The client could not be made.
    #[error("Requests cannot be made: {0}.")]
    Setup(String),
}

/// What is wrong with a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlFault {
    /// It has more than [`MOST_URL_CHARS`].
    #[error("The address has more than {MOST_URL_CHARS} characters.")]
    TooLong,
    /// It is none.
    #[error("This is no address. Write it as in https://example.com/talk.wav, without spaces.")]
    Malformed,
    /// It is neither http nor https.
    #[error("Only addresses that begin with http:// or https:// can be asked.")]
    Scheme,
    /// There are a name or a password in it.
    #[error("The address has a user name or password in it. Give one without.")]
    Credentials,
    /// The port is one of another service.
    #[error("The address names port {0}. Only 80, 443 and those from 1024 on can be asked.")]
    Port(u16),
}

impl OutboundError {
    /// Whether the same request may work later without anybody changing anything.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::NameUnknown { .. }
            | Self::Unreachable { .. }
            | Self::TooSlow { .. }
            | Self::Silent { .. }
            | Self::BrokenOff { .. }
            | Self::Write(_) => true,
            Self::Status { status, .. } => {
                status.is_server_error()
                    || matches!(
                        *status,
                        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
                    )
            }
            Self::Url(_)
            | Self::Refused { .. }
            | Self::Port { .. }
            | Self::Untrusted { .. }
            | Self::NotHttp { .. }
            | Self::HeadTooLarge { .. }
            | Self::BodyTooLarge { .. }
            | Self::Compressed { .. }
            | Self::TooManyRedirects { .. }
            | Self::RedirectNowhere { .. }
            | Self::Setup(_) => false,
        }
    }

    /// What reqwest's error means. Its text is never taken over: the URL is in it.
    pub(crate) fn of(error: &reqwest::Error, host: &str) -> Self {
        let host = || host.to_owned();
        if let Some(fault) = cause::<LookupFault>(error) {
            return match *fault {
                LookupFault::Refused { address, why } => Self::Refused { address, why },
                LookupFault::Unknown => Self::NameUnknown { host: host() },
            };
        }
        if let Some(fault) = cause::<rustls::Error>(error) {
            return Self::Untrusted { host: host(), reason: distrust(fault) };
        }
        if error.is_connect() {
            let kind = cause::<io::Error>(error).map(io::Error::kind);
            let reason = match kind {
                _ if error.is_timeout() => "it does not answer",
                Some(io::ErrorKind::ConnectionRefused) => "it refuses connections",
                Some(io::ErrorKind::TimedOut) => "it does not answer",
                Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => "no way leads there",
                _ => "no connection could be made",
            };
            return Self::Unreachable { host: host(), reason };
        }
        match cause::<hyper::Error>(error) {
            Some(fault) if fault.is_parse_too_large() => Self::HeadTooLarge { host: host() },
            Some(fault) if fault.is_parse() => Self::NotHttp { host: host() },
            _ => Self::BrokenOff { host: host() },
        }
    }
}

/// The first cause of that kind; io::Error hides its own cause one step deeper than others do.
fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut at = Some(error);
    while let Some(error) = at {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        at = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// Why a certificate was not taken, as half a sentence.
pub(super) fn distrust(fault: &rustls::Error) -> &'static str {
    use rustls::CertificateError as C;
    match fault {
        rustls::Error::InvalidCertificate(fault) => match fault {
            C::Expired | C::ExpiredContext { .. } => "its certificate has expired",
            C::NotValidYet | C::NotValidYetContext { .. } => "its certificate is not valid yet",
            C::NotValidForName | C::NotValidForNameContext { .. } => "its certificate is for another name",
            C::UnknownIssuer => "nobody whom this machine trusts has signed its certificate",
            C::Revoked => "its certificate was revoked",
            _ => "its certificate is not valid",
        },
        rustls::Error::AlertReceived(_) => "it does not agree to an encrypted connection",
        _ => "no encrypted connection came about",
    }
}
