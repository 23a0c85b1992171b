//! The way into a store by SFTP: SSH, the server's key, signing in, and what errors mean.

use std::sync::{Arc, Mutex, PoisonError};

use model::RemoteSecret;
use model::remote::Sftp;
use russh::client::{self, AuthResult, Handle, Handler, KeyboardInteractiveAuthResponse};
use russh::keys::{HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate, decode_secret_key};
use russh::{Disconnect, MethodKind};
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::client::{Config, RawSftpSession};
use russh_sftp::protocol::StatusCode;

use super::super::{RemoteError, Way};
use crate::outbound::{OutboundError, Service};

/// Bytes of one answer of SFTP.
const MOST_PACKET: u32 = 256 << 10;

/// Rounds of questions that are answered with the password. The usual is one.
const MOST_ROUNDS: usize = 4;

/// An open door.
pub(super) struct Door<'a> {
    way: &'a Way<'a>,
    at: &'a Sftp,
    ssh: Handle<Keeper>,
    host_key: String,
    pub(super) sftp: RawSftpSession,
}

/// Looks at the server's key.
struct Keeper {
    known: Option<String>,
    seen: Arc<Mutex<Option<String>>>,
}

impl Handler for Keeper {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let seen = key.public_key().fingerprint(HashAlg::Sha256).to_string();
        let fine = self.known.as_ref().is_none_or(|known| *known == seen);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        Ok(fine)
    }
}

impl<'a> Door<'a> {
    /// Connects and signs in. A server whose key is not known is gone to only to be tested.
    pub(super) async fn open(way: &'a Way<'a>, at: &'a Sftp, is_test: bool) -> Result<Self, RemoteError> {
        if at.host_key.is_none() && !is_test {
            return Err(RemoteError::HostKeyUnknown { host: at.host.clone() });
        }
        // Before anybody is asked: a key that cannot be read opens nothing.
        let key = private_key(way.secret)?;
        let connection = way.outbound.connect_tcp(&at.host, at.port, Service::Sftp).await?;
        let seen = Arc::<Mutex<Option<String>>>::default();
        let keeper = Keeper { known: at.host_key.clone(), seen: Arc::clone(&seen) };
        let config = client::Config { inactivity_timeout: Some(way.silence), ..client::Config::default() };
        let greeted = way.hear(&at.host, client::connect_stream(Arc::new(config), connection.stream, keeper)).await?;
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut ssh = match (greeted, seen.clone(), &at.host_key) {
            (Ok(ssh), ..) => ssh,
            (Err(_), Some(seen), Some(known)) if seen != *known => {
                return Err(RemoteError::HostKeyChanged { host: at.host.clone(), known: known.clone(), seen });
            }
            (Err(error), ..) => return Err(wrong(&error, &at.host)),
        };
        sign_in(way, at, &mut ssh, key).await?;
        let channel = way.hear(&at.host, ssh.channel_open_session()).await?.map_err(|error| wrong(&error, &at.host))?;
        let asked = way.hear(&at.host, channel.request_subsystem(true, "sftp")).await?;
        asked.map_err(|error| wrong(&error, &at.host))?;
        let config = Config {
            max_packet_len: MOST_PACKET,
            request_timeout_secs: way.silence.as_secs().max(1),
            ..Config::default()
        };
        let sftp = RawSftpSession::new_with_config(channel.into_stream(), config);
        let door = Self { way, at, ssh, host_key: seen.unwrap_or_default(), sftp };
        door.ask(door.sftp.init()).await?.map_err(|_| door.strange("something else", "SFTP"))?;
        Ok(door)
    }

    /// The fingerprint of the server's key.
    pub(super) fn host_key(&self) -> &str {
        &self.host_key
    }

    /// Waits for an answer, but not for ever.
    pub(super) async fn ask<T>(&self, asked: impl Future<Output = T>) -> Result<T, RemoteError> {
        self.way.hear(&self.at.host, asked).await
    }

    /// Says goodbye. Who does not want to hear it is left all the same.
    pub(super) async fn leave(&self) {
        let _ = self.ask(self.ssh.disconnect(Disconnect::ByApplication, "", "")).await;
    }

    pub(super) fn no_folder(&self) -> RemoteError {
        RemoteError::NoFolder { host: self.at.host.clone(), what: "folder", path: self.at.path.clone() }
    }

    pub(super) fn strange(&self, said: &str, wanted: &'static str) -> RemoteError {
        RemoteError::Strange { host: self.at.host.clone(), said: said.to_owned(), wanted }
    }

    /// What an error of SFTP means.
    pub(super) fn meaning(&self, error: &SftpError, what: &'static str) -> RemoteError {
        let host = self.at.host.clone();
        match error {
            SftpError::Status(status) => match status.status_code {
                StatusCode::PermissionDenied => RemoteError::Denied { host, what },
                StatusCode::NoSuchFile => self.no_folder(),
                StatusCode::NoConnection | StatusCode::ConnectionLost => RemoteError::broken_off(&host),
                // Version 3 has one word for a full disk and everything else; servers say more in theirs.
                StatusCode::Failure if means_full(&status.error_message) => RemoteError::Full { host },
                _ => {
                    let said = status.error_message.chars().filter(|c| !c.is_control()).take(100).collect();
                    RemoteError::Strange { host, said, wanted: "success" }
                }
            },
            SftpError::Timeout => OutboundError::Silent { host, seconds: self.way.silence.as_secs() }.into(),
            _ => RemoteError::broken_off(&host),
        }
    }
}

/// OpenSSH says "No space left on device" and "Disk quota exceeded" where it says anything; others words of their own.
fn means_full(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    ["no space", "quota", "disk full", "file too large"].iter().any(|word| said.contains(word))
}

async fn sign_in(
    way: &Way<'_>,
    at: &Sftp,
    ssh: &mut Handle<Keeper>,
    key: Option<PrivateKey>,
) -> Result<(), RemoteError> {
    let refused = |what| RemoteError::SignIn { host: at.host.clone(), user: at.user.clone(), what };
    let lost = |error: russh::Error| wrong(&error, &at.host);
    let result = match (key, way.secret) {
        (Some(key), _) => {
            let hash = if key.algorithm().is_rsa() {
                let hash = way.hear(&at.host, ssh.best_supported_rsa_hash()).await?.map_err(lost)?;
                // A server that does not say what it takes: RFC 8332 is older than most that run.
                hash.unwrap_or(Some(HashAlg::Sha512))
            } else {
                None
            };
            let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
            let done = way.hear(&at.host, ssh.authenticate_publickey(&at.user, key)).await?.map_err(lost)?;
            return if done == AuthResult::Success { Ok(()) } else { Err(refused("key")) };
        }
        (None, RemoteSecret::Password { password }) => {
            let done = way.hear(&at.host, ssh.authenticate_password(&at.user, password)).await?.map_err(lost)?;
            (done, password)
        }
        (None, _) => return Err(refused("password")),
    };
    match result {
        (AuthResult::Success, _) => Ok(()),
        (AuthResult::Failure { remaining_methods, .. }, password)
            if remaining_methods.contains(&MethodKind::KeyboardInteractive) =>
        {
            answer_questions(way, at, ssh, password).await
        }
        _ => Err(refused("password")),
    }
}

/// Some servers ask for the password as a question (RFC 4256).
async fn answer_questions(
    way: &Way<'_>,
    at: &Sftp,
    ssh: &mut Handle<Keeper>,
    password: &str,
) -> Result<(), RemoteError> {
    let lost = |error: russh::Error| wrong(&error, &at.host);
    let asked = ssh.authenticate_keyboard_interactive_start(at.user.as_str(), None);
    let mut said = way.hear(&at.host, asked).await?.map_err(lost)?;
    for _ in 0..MOST_ROUNDS {
        let answers = match said {
            KeyboardInteractiveAuthResponse::Success => return Ok(()),
            KeyboardInteractiveAuthResponse::Failure { .. } => break,
            // More than one question is for more than a password.
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } if prompts.len() > 1 => break,
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => vec![password.to_owned(); prompts.len()],
        };
        let asked = ssh.authenticate_keyboard_interactive_respond(answers);
        said = way.hear(&at.host, asked).await?.map_err(lost)?;
    }
    Err(RemoteError::SignIn { host: at.host.clone(), user: at.user.clone(), what: "password" })
}

fn private_key(secret: &RemoteSecret) -> Result<Option<PrivateKey>, RemoteError> {
    let RemoteSecret::PrivateKey { private_key, passphrase } = secret else { return Ok(None) };
    let passphrase = passphrase.as_deref().filter(|passphrase| !passphrase.is_empty());
    decode_secret_key(private_key, passphrase).map(Some).map_err(|error| {
        RemoteError::Key(match (error, passphrase) {
            (russh::keys::Error::KeyIsEncrypted, _) => "it is locked, and its passphrase was not given",
            (_, Some(_)) => "the passphrase is not its own, or it is no private key",
            (_, None) => "it is no private key, or one of a kind that is not known here",
        })
    })
}

/// What an error of SSH means.
fn wrong(error: &russh::Error, host: &str) -> RemoteError {
    let host = host.to_owned();
    let strange = |said: &str| RemoteError::Strange { host: host.clone(), said: said.to_owned(), wanted: "SSH" };
    match error {
        russh::Error::NoCommonAlgo { .. } => strange("with ciphers or keys that are too old"),
        russh::Error::Version | russh::Error::KexInit | russh::Error::Inconsistent => strange("something else"),
        russh::Error::InactivityTimeout | russh::Error::ConnectionTimeout => {
            OutboundError::Unreachable { host, reason: "it does not answer" }.into()
        }
        _ => RemoteError::broken_off(&host),
    }
}
