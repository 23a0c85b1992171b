//! What opens a store. It is kept apart from the rest, sealed, and never shown.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What opens a store of a user. Written with the field `kind`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum RemoteSecret {
    /// A password, for SFTP, FTP and WebDAV.
    Password {
        /// The password.
        password: String,
    },
    /// A private key, for SFTP.
    PrivateKey {
        /// The key as text: OpenSSH's form, PEM, or PuTTY's.
        private_key: String,
        /// What the key itself is locked with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        passphrase: Option<String>,
    },
    /// The secret half of an access key, for S3.
    SecretKey {
        /// The secret half.
        secret_key: String,
    },
}

impl fmt::Debug for RemoteSecret {
    /// The kind, and nothing of what it holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password { .. } => "Password(…)",
            Self::PrivateKey { .. } => "PrivateKey(…)",
            Self::SecretKey { .. } => "SecretKey(…)",
        })
    }
}
