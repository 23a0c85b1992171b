//! Stores, against other people's servers and against servers of our own that misbehave. All are on loopback, which is allowed
//! here and only here.

#![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

mod both_ways;
mod ftp;
mod s3;
mod scripted;
mod sftp;
mod webdav;

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Mutex;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use testkit::database::SeededDice;
use testkit::s3::{ACCESS_KEY, BUCKET, S3, SECRET_KEY};
use testkit::stores::{PASSWORD, Server};

use model::Time;

use super::*;
use crate::outbound::{Lookup, Options, Roots};

/// An authority for secure.example; `outbound/tests/tls.rs` tells where it is from.
const AUTHORITY: &[u8] = include_bytes!("../outbound/tests/authority.pem");
const CERTIFICATE: &str =
    concat!(include_str!("../outbound/tests/server.pem"), include_str!("../outbound/tests/server.key.pem"));

const LIMITS: Limits =
    Limits { silence: Duration::from_secs(20), look: Duration::from_secs(40), whole: Duration::from_mins(1) };

/// Bounds for servers that hang.
const HASTY: Limits =
    Limits { silence: Duration::from_millis(300), look: Duration::from_secs(20), whole: Duration::from_secs(20) };

/// The real time: the S3 server of these tests compares signatures with it.
struct Now;

impl Clock for Now {
    #[expect(clippy::disallowed_methods, reason = "a server that is not ours reads the same clock")]
    fn now(&self) -> Time {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Time::from_ms(since.as_millis() as i64)
    }
}

/// Every name leads to this machine.
struct Here;

impl Lookup for Here {
    fn lookup(&self, _: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        Box::pin(async { Ok(vec![IpAddr::from([127, 0, 0, 1])]) })
    }
}

fn remotes_that(allow: &str, limits: Limits) -> Remotes {
    remotes_by(Arc::new(Now), allow, limits)
}

fn remotes_by(clock: Arc<dyn Clock>, allow: &str, limits: Limits) -> Remotes {
    let roots = Roots::Only(vec![CertificateDer::from_pem_slice(AUTHORITY).unwrap()]);
    let options = Options { allow: allow.parse().unwrap(), lookup: Arc::new(Here), roots };
    let outbound = Outbound::new(options).unwrap();
    Remotes::new(outbound, clock, Arc::new(SeededDice::new(5)), limits)
}

fn remotes() -> Remotes {
    remotes_that("127.0.0.0/8", LIMITS)
}

fn password() -> RemoteSecret {
    RemoteSecret::Password { password: PASSWORD.to_owned() }
}

fn wrong_password() -> RemoteSecret {
    RemoteSecret::Password { password: "hunter2hunter2".to_owned() }
}

fn read(value: serde_json::Value) -> Remote {
    serde_json::from_value(value).unwrap()
}

/// A file with so many bytes, none of which is like its neighbour.
fn file(bytes: usize) -> (tempfile::TempDir, std::path::PathBuf, Vec<u8>) {
    let content: Vec<u8> = (0..bytes as u64).map(|at| (at.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("from.wav");
    std::fs::write(&path, &content).unwrap();
    (folder, path, content)
}

async fn fetched(
    remotes: &Remotes,
    remote: &Remote,
    secret: &RemoteSecret,
    name: &str,
) -> Result<Vec<u8>, RemoteError> {
    let mut bytes = Vec::new();
    remotes.fetch(remote, secret, name, &mut bytes, 1 << 30, &|_| ()).await?;
    Ok(bytes)
}

async fn put(
    remotes: &Remotes,
    remote: &Remote,
    secret: &RemoteSecret,
    name: &str,
    bytes: usize,
) -> Result<Put, RemoteError> {
    let (_folder, path, _) = file(bytes);
    remotes.put(remote, secret, name, &path, &|_| ()).await
}

/// What an error says, without any secret in it.
fn said(error: &RemoteError) -> String {
    let said = error.to_string();
    for text in [said.clone(), format!("{error:?}")] {
        assert!(!text.contains(PASSWORD) && !text.contains("hunter2") && !text.contains(SECRET_KEY), "{text}");
    }
    assert!(said.ends_with('.'), "{said}");
    said
}

fn in_bucket(server: &S3) -> (Remote, RemoteSecret) {
    let remote = read(serde_json::json!({
        "type": "amazons3", "bucket": BUCKET, "endpoint": server.endpoint(), "access_key": ACCESS_KEY, "path": "of/ada",
        "base_url": "https://cdn.example/ada"
    }));
    (remote, RemoteSecret::SecretKey { secret_key: SECRET_KEY.to_owned() })
}

fn by_webdav(server: &Server) -> Remote {
    read(serde_json::json!({"type": "webdav", "url": format!("http://127.0.0.1:{}", server.port), "user": "ada"}))
}

fn by_ftp(port: u16) -> Remote {
    read(serde_json::json!({"type": "ftp", "host": "127.0.0.1", "port": port, "user": "ada", "tls": "none"}))
}

fn by_sftp(server: &Server) -> Remote {
    read(serde_json::json!({"type": "sftp", "host": "127.0.0.1", "port": server.port, "user": server.user}))
}

fn key_of(server: &Server, name: &str, passphrase: Option<&str>) -> RemoteSecret {
    let private_key = std::fs::read_to_string(server.beside(name)).unwrap();
    RemoteSecret::PrivateKey { private_key, passphrase: passphrase.map(str::to_owned) }
}

/// The store with the key of its server, as it is kept after a test.
async fn met(remotes: &Remotes, mut remote: Remote, secret: &RemoteSecret) -> Remote {
    let checked = remotes.check(&remote, secret).await.unwrap();
    if let Remote::Sftp(at) = &mut remote {
        at.host_key = checked.host_key;
        assert!(at.host_key.is_some());
    }
    remote
}
