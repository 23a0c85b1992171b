//! Stores of users: places of theirs, outside of this house, where recordings come from and results go to.
//!
//! What belongs here: what such a store is, what opens it, and which fields make no sense. What does not: connections, and where
//! they may go.

mod fault;
mod secret;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::fault::{MOST_FIELD_BYTES, RemoteFault};
pub use self::secret::RemoteSecret;

/// A store of a user. Written with the field `type`, whose words are those of the published API of Auphonic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Remote {
    /// A bucket of Amazon S3, or of whoever speaks its protocol.
    #[serde(rename = "amazons3")]
    S3(S3),
    /// A folder by SFTP.
    Sftp(Sftp),
    /// A folder by FTP, with TLS or without.
    Ftp(Ftp),
    /// A folder by WebDAV.
    WebDav(WebDav),
}

/// A bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// Its name.
    pub bucket: String,
    /// Where it is; `us-east-1` where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The server, where it is not Amazon's: `https://s3.example.org`. Buckets are named in the path there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// What the names of all files begin with, read as a folder: `podcast/2026`. Empty for none.
    #[serde(default)]
    pub path: String,
    /// The public name of the key. Its secret half is a [`RemoteSecret`].
    pub access_key: String,
    /// Who may read what is put there; what the bucket says where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acl: Option<Acl>,
    /// What the public addresses of files begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
}

/// Who may read a file in a bucket: the words of S3 for it ("canned ACL").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Acl {
    /// The owner only.
    Private,
    /// Everybody.
    PublicRead,
    /// Everybody who has an account there.
    AuthenticatedRead,
    /// The owner of the bucket, who may be somebody else than the owner of the file.
    BucketOwnerRead,
    /// The owner of the bucket, who may do everything with it.
    BucketOwnerFullControl,
}

impl Acl {
    /// The word of S3.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::PublicRead => "public-read",
            Self::AuthenticatedRead => "authenticated-read",
            Self::BucketOwnerRead => "bucket-owner-read",
            Self::BucketOwnerFullControl => "bucket-owner-full-control",
        }
    }
}

/// A folder by SFTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sftp {
    /// The server.
    pub host: String,
    /// Its port; 22 where nothing is said.
    #[serde(default = "Sftp::port")]
    pub port: u16,
    /// The folder; empty for the one that the server begins in.
    #[serde(default)]
    pub path: String,
    /// Who signs in.
    pub user: String,
    /// The fingerprint of the key by which the server was known when it was tested: `SHA256:` and 43 characters of Base64, as
    /// `ssh-keygen -l` writes it. Without it the store can be tested and nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_key: Option<String>,
    /// What the public addresses of files begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
}

/// A folder by FTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ftp {
    /// The server.
    pub host: String,
    /// Its port; 21, or 990 where TLS comes first, when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The folder; empty for the one that the server begins in.
    #[serde(default)]
    pub path: String,
    /// Who signs in.
    pub user: String,
    /// Whether what is said can be overheard.
    #[serde(default)]
    pub tls: FtpTls,
    /// What the public addresses of files begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
}

/// How FTP is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FtpTls {
    /// Not at all: the password can be read by everybody on the way.
    None,
    /// From the command `AUTH TLS` on, before anything secret is said (RFC 4217).
    #[default]
    Explicit,
    /// From the first byte.
    Implicit,
}

/// A folder by WebDAV.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebDav {
    /// The address of the server's WebDAV: `https://cloud.example.org/remote.php/dav/files/ada`.
    pub url: String,
    /// The folder under it; empty for none.
    #[serde(default)]
    pub path: String,
    /// Who signs in.
    pub user: String,
    /// What the public addresses of files begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
}

impl Sftp {
    /// The port of SSH (RFC 4251).
    const fn port() -> u16 {
        22
    }
}

impl Ftp {
    /// The port that is connected to.
    pub fn port(&self) -> u16 {
        // RFC 959, 8; the other is IANA's `ftps`.
        self.port.unwrap_or(if self.tls == FtpTls::Implicit { 990 } else { 21 })
    }
}

impl S3 {
    /// The region that requests are signed for.
    pub fn region(&self) -> &str {
        self.region.as_deref().unwrap_or("us-east-1")
    }
}

impl Remote {
    /// The word for its kind, as it is in the field `type`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::S3(_) => "amazons3",
            Self::Sftp(_) => "sftp",
            Self::Ftp(_) => "ftp",
            Self::WebDav(_) => "webdav",
        }
    }

    /// Whether both are opened by the same secret, said to the same server by the same name: then what opened one may be used for the
    /// other, and whoever may change a store learns nothing by that.
    pub fn is_opened_alike(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::S3(a), Self::S3(b)) => a.endpoint == b.endpoint && a.access_key == b.access_key,
            (Self::Sftp(a), Self::Sftp(b)) => a.host == b.host && a.port == b.port && a.user == b.user,
            (Self::Ftp(a), Self::Ftp(b)) => {
                a.host == b.host && a.port() == b.port() && a.user == b.user && a.tls == b.tls
            }
            (Self::WebDav(a), Self::WebDav(b)) => a.url == b.url && a.user == b.user,
            _ => false,
        }
    }

    /// What the public addresses of files begin with.
    pub fn base_url(&self) -> Option<&str> {
        match self {
            Self::S3(at) => at.base_url.as_deref(),
            Self::Sftp(at) => at.base_url.as_deref(),
            Self::Ftp(at) => at.base_url.as_deref(),
            Self::WebDav(at) => at.base_url.as_deref(),
        }
    }
}
