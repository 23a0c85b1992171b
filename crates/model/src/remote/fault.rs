//! Which fields of a store make no sense, each named with what is wrong.

use super::{Ftp, Remote, RemoteSecret, S3, Sftp, WebDav};

/// Bytes that a field may have. Paths of file systems end there, and addresses are shorter still.
pub const MOST_FIELD_BYTES: usize = 1_024;

/// Bytes that a private key may have as text. An RSA key of 16 384 bits has 12 800.
const MOST_KEY_BYTES: usize = 32 << 10;

/// A field that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {what}")]
pub struct RemoteFault {
    /// Its name.
    pub field: &'static str,
    /// A whole sentence.
    pub what: &'static str,
}

const EMPTY: &str = "This is needed.";
const LONG: &str = "This is too long.";
const CONTROL: &str = "This has a line break or another character that cannot be typed.";

impl Remote {
    /// Whether the fields make sense, alone and with what opens the store. Every fault is named, in the order of the fields.
    pub fn check(&self, secret: &RemoteSecret) -> Result<(), Vec<RemoteFault>> {
        let mut faults = Faults(Vec::new());
        match self {
            Self::S3(at) => at.check(&mut faults),
            Self::Sftp(at) => at.check(&mut faults),
            Self::Ftp(at) => at.check(&mut faults),
            Self::WebDav(at) => at.check(&mut faults),
        }
        faults.base_url(self.base_url());
        self.check_secret(secret, &mut faults);
        if faults.0.is_empty() { Ok(()) } else { Err(faults.0) }
    }

    fn check_secret(&self, secret: &RemoteSecret, faults: &mut Faults) {
        match (self, secret) {
            (Self::Sftp(_) | Self::Ftp(_) | Self::WebDav(_), RemoteSecret::Password { password }) => {
                faults.needed("password", password);
            }
            (Self::Sftp(_), RemoteSecret::PrivateKey { private_key, passphrase }) => {
                if private_key.trim().is_empty() {
                    faults.add("private_key", EMPTY);
                } else if private_key.len() > MOST_KEY_BYTES {
                    faults.add("private_key", LONG);
                }
                faults.text("passphrase", passphrase.as_deref().unwrap_or_default());
            }
            (Self::S3(_), RemoteSecret::SecretKey { secret_key }) => {
                faults.needed("secret_key", secret_key);
            }
            (Self::S3(_), _) => faults.add("secret_key", "A bucket is opened by the secret half of an access key."),
            (Self::Sftp(_), _) => faults.add("password", "A store by SFTP is opened by a password or a private key."),
            (Self::Ftp(_) | Self::WebDav(_), _) => faults.add("password", "This store is opened by a password."),
        }
    }
}

impl S3 {
    fn check(&self, faults: &mut Faults) {
        // Amazon's rules for names of buckets; other servers take underlines and capitals, too.
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if faults.needed("bucket", &self.bucket)
            && (!self.bucket.chars().all(fine) || self.bucket.starts_with('.') || self.bucket.contains(".."))
        {
            faults.add("bucket", "Names of buckets have letters, digits, full stops, hyphens and underlines.");
        }
        if let Some(region) = &self.region
            && faults.needed("region", region)
            && !region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        {
            faults.add("region", "Regions are written as in eu-central-1.");
        }
        if let Some(endpoint) = &self.endpoint {
            faults.address("endpoint", endpoint);
        }
        faults.path(&self.path);
        faults.needed("access_key", &self.access_key);
    }
}

impl Sftp {
    fn check(&self, faults: &mut Faults) {
        faults.host(&self.host);
        faults.port(self.port, 22, "SFTP is asked on port 22, and on those from 1024 on.");
        faults.path(&self.path);
        faults.needed("user", &self.user);
        let fine = |key: &str| key.strip_prefix("SHA256:").is_some_and(|base64| base64.len() == 43);
        if self.host_key.as_deref().is_some_and(|key| !fine(key)) {
            faults
                .add("host_key", "This is no fingerprint. Write it as ssh-keygen -l does: SHA256: and 43 characters.");
        }
    }
}

impl Ftp {
    fn check(&self, faults: &mut Faults) {
        faults.host(&self.host);
        let port = self.port();
        if port != 990 {
            faults.port(port, 21, "FTP is asked on ports 21 and 990, and on those from 1024 on.");
        }
        faults.path(&self.path);
        faults.needed("user", &self.user);
    }
}

impl WebDav {
    fn check(&self, faults: &mut Faults) {
        faults.address("url", &self.url);
        faults.path(&self.path);
        if faults.needed("user", &self.user) && self.user.contains(':') {
            faults.add("user", "A name for WebDAV has no colon.");
        }
    }
}

struct Faults(Vec<RemoteFault>);

impl Faults {
    fn add(&mut self, field: &'static str, what: &'static str) {
        self.0.push(RemoteFault { field, what });
    }

    /// Line breaks would be commands of their own in FTP, and headers in HTTP.
    fn text(&mut self, field: &'static str, text: &str) -> bool {
        let what = if text.len() > MOST_FIELD_BYTES {
            LONG
        } else if text.chars().any(char::is_control) {
            CONTROL
        } else {
            return true;
        };
        self.add(field, what);
        false
    }

    fn needed(&mut self, field: &'static str, text: &str) -> bool {
        if text.trim().is_empty() {
            self.add(field, EMPTY);
            return false;
        }
        self.text(field, text)
    }

    fn host(&mut self, host: &str) {
        if self.needed("host", host) && host.contains(['/', '@', ' ', '?', '#', '\\']) {
            self.add("host", "This is the name of the server alone, as in files.example.org.");
        }
    }

    fn port(&mut self, port: u16, own: u16, what: &'static str) {
        if port != own && port < 1_024 {
            self.add("port", what);
        }
    }

    fn path(&mut self, path: &str) {
        if self.text("path", path) && path.split('/').any(|part| part == "..") {
            self.add("path", "A path does not lead upwards: leave out the two full stops.");
        }
    }

    fn address(&mut self, field: &'static str, address: &str) {
        if !self.needed(field, address) {
            return;
        }
        let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
        let host = rest.map(|rest| rest.split('/').next().unwrap_or_default());
        match host {
            None | Some("") => self.add(field, "This is an address that begins with https:// or http://."),
            Some(host) if host.contains('@') => {
                self.add(field, "The address has a user name or password in it. Give one without.");
            }
            Some(_) if address.contains(['?', '#', ' ']) => {
                self.add(field, "The address goes up to the folder and has no question mark, number sign or space.");
            }
            Some(_) => {}
        }
    }

    fn base_url(&mut self, address: Option<&str>) {
        if let Some(address) = address {
            self.address("base_url", address);
        }
    }
}
