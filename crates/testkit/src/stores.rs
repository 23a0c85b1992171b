//! Stores of users to test on: OpenSSH's SFTP, FTP by pyftpdlib, WebDAV by Apache, SFTP with passwords by AsyncSSH, each on
//! loopback over a folder of its own. Where root runs the tests, the first and the third run as nobody.

mod cut;
mod process;

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

pub use self::cut::Cut;
use self::process::{Process, free_port, owned_by_nobody, path_of, user};
use crate::witness::{run, text};

/// The password of everybody in these stores.
pub const PASSWORD: &str = "a word of the tests";

/// A server over a folder. It stops when this is dropped.
pub struct Server {
    /// Its port on loopback.
    pub port: u16,
    /// Who signs in.
    pub user: String,
    folder: TempDir,
    _process: Process,
}

impl Server {
    /// The folder whose files it has.
    pub fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// Puts a file there.
    ///
    /// # Panics
    /// When it cannot be.
    pub fn has(&self, name: &str, bytes: &[u8]) {
        let path = self.files().join(name);
        std::fs::write(&path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        owned_by_nobody(&path);
    }

    /// The names of its files, sorted.
    ///
    /// # Panics
    /// When they cannot be read.
    pub fn names(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.files()).unwrap_or_else(|error| panic!("there is no folder: {error}"));
        let mut names: Vec<_> =
            files.filter_map(|file| Some(file.ok()?.file_name().to_string_lossy().into_owned())).collect();
        names.sort();
        names
    }

    /// Takes away, or gives back, that anything is written to the folder. Scripts have options for that: root may do everything.
    ///
    /// # Panics
    /// When it cannot be.
    pub fn may_write(&self, may: bool) {
        use std::os::unix::fs::PermissionsExt;
        let mode = if may { 0o755 } else { 0o555 };
        let done = std::fs::set_permissions(self.files(), std::fs::Permissions::from_mode(mode));
        done.unwrap_or_else(|error| panic!("permissions cannot be changed: {error}"));
    }

    /// A file beside those that it has: keys, settings.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// A folder with a folder `files` in it, for a server.
fn folder() -> TempDir {
    let made = tempfile::tempdir().and_then(|folder| {
        std::fs::create_dir(folder.path().join("files"))?;
        Ok(folder)
    });
    let folder = made.unwrap_or_else(|error| panic!("a server needs a folder: {error}"));
    owned_by_nobody(folder.path());
    owned_by_nobody(&folder.path().join("files"));
    folder
}

fn write(path: &Path, content: &str) {
    std::fs::write(path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    owned_by_nobody(path);
}

/// OpenSSH's server. The private keys that open it are files beside: `ed25519`, `rsa`, and `locked`, whose passphrase is
/// [`PASSWORD`]. It begins in the folder of its files.
///
/// # Panics
/// When it cannot be started; `tools/setup test` gets it.
pub async fn sshd() -> Server {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let mut authorized = String::new();
    for (name, kind, passphrase) in
        [("host", "ed25519", ""), ("ed25519", "ed25519", ""), ("rsa", "rsa", ""), ("locked", "ed25519", PASSWORD)]
    {
        run("ssh-keygen", &["-q", "-t", kind, "-N", passphrase, "-C", "", "-f", text(&at(name))]);
        owned_by_nobody(&at(name));
        if name != "host" {
            let public = std::fs::read_to_string(at(name).with_extension("pub")).unwrap_or_default();
            authorized.push_str(&public);
        }
    }
    write(&at("authorized"), &authorized);
    let port = free_port();
    // Without PAM it looks for a password in a file that it may not read, and takes everybody's account for locked.
    let settings = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM yes\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nPidFile none\nLogLevel ERROR\n\
         Subsystem sftp internal-sftp\nForceCommand internal-sftp -d {}\n",
        at("host").display(),
        at("authorized").display(),
        at("files").display(),
    );
    write(&at("settings"), &settings);
    // It starts itself again for each connection, by its whole path; where it was put may be closed to nobody.
    let program = at("sshd");
    std::fs::copy(path_of("sshd"), &program)
        .unwrap_or_else(|error| panic!("sshd cannot be had ({error}). `tools/setup test` gets it."));
    let process = Process::start_as_nobody(text(&program), &["-D", "-e", "-f", text(&at("settings"))]);
    process.listens(port).await;
    Server { port, user: user(), folder, _process: process }
}

/// An SFTP server that takes passwords. `options` are those of `servers/sftp.py`, beside `password`.
///
/// # Panics
/// When it cannot be started; `tools/setup test` gets it.
pub fn sftp_by_password(options: Value) -> Server {
    script("sftp.py", options)
}

/// An FTP server. `options` are those of `servers/ftp.py`, beside `password`.
///
/// # Panics
/// When it cannot be started; `tools/setup test` gets it.
pub fn ftpd(options: Value) -> Server {
    script("ftp.py", options)
}

fn script(name: &str, mut options: Value) -> Server {
    let folder = folder();
    options["password"] = PASSWORD.into();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("servers").join(name);
    let files = folder.path().join("files");
    let arguments = [text(&script), text(&files), &options.to_string()];
    let (process, port) = Process::that_says_its_port("python3", &arguments);
    Server { port, user: "ada".to_owned(), folder, _process: process }
}

/// Apache with WebDAV on everything, for `ada`.
///
/// # Panics
/// When it cannot be started; `tools/setup test` gets it.
pub async fn webdavd() -> Server {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    // The form of `htpasswd -s`: SHA-1 of "a word of the tests".
    write(&at("people"), "ada:{SHA}iseJg20iiT4+RCdnpSoaauLPEsQ=\n");
    let port = free_port();
    let modules = ["mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic", "dav", "dav_fs"];
    let load = |module| format!("LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so\n");
    let modules = modules.map(load).concat();
    let root = folder.path().display();
    let settings = format!(
        "{modules}Listen 127.0.0.1:{port}\nServerName localhost\nServerRoot {root}\nPidFile {root}/pid\n\
         ErrorLog {root}/errors\nMutex file:{root}\nDavLockDB {root}/locks\nDocumentRoot {root}/files\n\
         ThreadsPerChild 8\nServerLimit 1\nMaxRequestWorkers 8\n\
         <Directory {root}/files>\nDav On\nAuthType Basic\nAuthName files\nAuthUserFile {root}/people\n\
         Require valid-user\n</Directory>\n"
    );
    write(&at("settings"), &settings);
    let process = Process::start_as_nobody(&path_of("apache2"), &["-X", "-f", text(&at("settings"))]);
    process.listens(port).await;
    Server { port, user: "ada".to_owned(), folder, _process: process }
}
