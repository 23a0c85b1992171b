//! Programs that run beside a test: as nobody where the test is root, and stopped when they are dropped.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::witness::run;

/// Debian's `nobody` and `nogroup`.
const NOBODY: u32 = 65_534;

/// A program that runs.
pub(super) struct Process(Child);

impl Process {
    /// Starts a program that is stricter where root runs it: as nobody then.
    pub(super) fn start_as_nobody(program: &str, arguments: &[&str]) -> Self {
        if !is_root() {
            return Self::start(program, arguments);
        }
        let given_up = ["--reuid=65534", "--regid=65534", "--clear-groups", "--", program];
        Self::start("setpriv", &[&given_up, arguments].concat())
    }

    fn start(program: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        let child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        Self(child.unwrap_or_else(|error| panic!("{program} cannot be run ({error}). `tools/setup test` installs it.")))
    }

    /// Starts a program that prints its port and ends when its input does.
    pub(super) fn that_says_its_port(program: &str, arguments: &[&str]) -> (Self, u16) {
        let mut process = Self::start(program, arguments);
        let mut line = String::new();
        if let Some(said) = process.0.stdout.as_mut() {
            let _ = BufReader::new(said).read_line(&mut line);
        }
        let port = line.trim().parse().unwrap_or_else(|_| {
            panic!("{arguments:?} did not start: {}. `tools/setup test` gets what it needs.", process.last_words())
        });
        (process, port)
    }

    /// Waits until it listens on a port.
    pub(super) async fn listens(&self, port: u16) {
        for _ in 0..1_000 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("a server does not listen on its port after 20 s");
    }

    fn last_words(&mut self) -> String {
        let _ = self.0.kill();
        let mut said = String::new();
        if let Some(errors) = self.0.stderr.as_mut() {
            let _ = errors.read_to_string(&mut said);
        }
        said
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn is_root() -> bool {
    run("id", &["-u"]).trim() == "0"
}

/// Who programs run as.
pub(super) fn user() -> String {
    if is_root() { "nobody".to_owned() } else { run("id", &["-un"]).trim().to_owned() }
}

/// Gives a file to whom programs run as.
pub(super) fn owned_by_nobody(path: &Path) {
    if is_root() {
        let given = std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY));
        given.unwrap_or_else(|error| panic!("{} cannot be given away: {error}", path.display()));
    }
}

/// Where a program is: folders of servers are not on everybody's path.
pub(super) fn path_of(program: &str) -> String {
    let asked = format!("PATH=\"$PATH:/usr/sbin:/usr/local/sbin\" command -v {program} || echo {program}");
    run("sh", &["-c", &asked]).trim().to_owned()
}

/// A port that nobody has at the moment.
pub(super) fn free_port() -> u16 {
    let bound = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    bound.unwrap_or_else(|error| panic!("there is no port: {error}")).port()
}
