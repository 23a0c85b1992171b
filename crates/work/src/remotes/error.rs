//! Everything that can go wrong with a store, one closed list. The texts are whole sentences for the person whose store it is.
//! What opens it is in none of them.

use std::io;

use model::RemoteFault;

use crate::outbound::OutboundError;

/// Why nothing came of it.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// It could not be reached, was too slow, broke off, or may not be gone to.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// A field makes no sense.
    #[error("The field {}: {}", .0.field, .0.what)]
    Field(RemoteFault),
    /// The name is none of a file.
    #[error("A file in a store cannot be called {0:?}. Give its name without folders, with at most 200 bytes.")]
    Name(String),
    /// Whoever signs in is not let in.
    #[error("{host} does not let {user} in. Check the name and the {what}.")]
    SignIn {
        /// The server.
        host: String,
        /// Who signs in.
        user: String,
        /// By what.
        what: &'static str,
    },
    /// The private key cannot be read.
    #[error("The private key cannot be read: {0}.")]
    Key(&'static str),
    /// Nobody has seen the server's key yet.
    #[error("Nobody has looked at the key of {host} yet. Test the connection first.")]
    HostKeyUnknown {
        /// The server.
        host: String,
    },
    /// The server has another key than before.
    #[error(
        "{host} has another key than when it was tested: {seen} instead of {known}. Somebody may be in between. If the server \
         was set up anew, test the connection again."
    )]
    HostKeyChanged {
        /// The server.
        host: String,
        /// The fingerprint that was kept.
        known: String,
        /// The fingerprint of the key that it has now.
        seen: String,
    },
    /// The bucket is elsewhere.
    #[error("The bucket is in the region {region}. Put that into the field region.")]
    Region {
        /// Where it is.
        region: String,
    },
    /// Signatures have the time in them, and the server has another.
    #[error(
        "The clock of this server and that of {host} are more than minutes apart. Whoever runs Soundpost can set its clock."
    )]
    Clock {
        /// The server.
        host: String,
    },
    /// There is no such folder or bucket.
    #[error("{host} has no {what} {path:?}. Check the spelling, or make it there first.")]
    NoFolder {
        /// The server.
        host: String,
        /// `folder` or `bucket`.
        what: &'static str,
        /// How it is called.
        path: String,
    },
    /// There is no such file.
    #[error("{host} has no file {name:?} in this folder.")]
    NoFile {
        /// The server.
        host: String,
        /// The name that was asked for.
        name: String,
    },
    /// It is not allowed.
    #[error("{host} does not allow it: {what}. Whoever runs it can give the permission.")]
    Denied {
        /// The server.
        host: String,
        /// What was tried, as half a sentence.
        what: &'static str,
    },
    /// There is no room.
    #[error("{host} has no room left for this file. Delete something there, or get more room.")]
    Full {
        /// The server.
        host: String,
    },
    /// The server does not want it now.
    #[error("{host} does not take it now: {said}.")]
    Busy {
        /// The server.
        host: String,
        /// Its word for it.
        said: String,
    },
    /// The server passes requests on.
    #[error("{host} passes this address on to another. Give the address that it leads to.")]
    PassedOn {
        /// The server.
        host: String,
    },
    /// The other side says something that is not expected.
    #[error(
        "{host} answers {said} where {wanted} is expected. This may be no server of that kind, or not its address."
    )]
    Strange {
        /// The server.
        host: String,
        /// What it said, or the kind of it.
        said: String,
        /// What is expected.
        wanted: &'static str,
    },
    /// A file of ours cannot be read.
    #[error("The file cannot be read: {0}.")]
    Read(#[source] io::Error),
}

impl RemoteError {
    /// Whether the same may work later without anybody changing anything.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Outbound(error) => error.is_passing(),
            // Room is made, and files of ours are on a disk of ours.
            Self::Full { .. } | Self::Busy { .. } | Self::Clock { .. } | Self::Read(_) => true,
            Self::Field(_)
            | Self::Name(_)
            | Self::SignIn { .. }
            | Self::Key(_)
            | Self::HostKeyUnknown { .. }
            | Self::HostKeyChanged { .. }
            | Self::Region { .. }
            | Self::NoFolder { .. }
            | Self::NoFile { .. }
            | Self::Denied { .. }
            | Self::PassedOn { .. }
            | Self::Strange { .. } => false,
        }
    }

    pub(super) fn broken_off(host: &str) -> Self {
        OutboundError::BrokenOff { host: host.to_owned() }.into()
    }
}
