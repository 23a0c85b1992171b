//! The ends of a transfer on our side: where fetched bytes go, within a ceiling, and where bytes to put come from.

use std::path::{Path, PathBuf};

use model::Remote;
use tokio::fs::File;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::{RemoteError, host};
use crate::outbound::OutboundError;

/// Bytes that are read from a file at once.
pub(super) const PIECE: usize = 64 << 10;

/// How much of a file is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Bytes so far.
    pub bytes: u64,
    /// Bytes that there will be, where that is known.
    pub of: Option<u64>,
}

/// Where fetched bytes go.
pub(super) struct Sink<'a> {
    to: &'a mut (dyn AsyncWrite + Unpin + Send),
    heard: &'a (dyn Fn(Moved) + Sync),
    host: String,
    bytes: u64,
    of: Option<u64>,
    most: u64,
}

impl<'a> Sink<'a> {
    pub(super) fn new(
        to: &'a mut (dyn AsyncWrite + Unpin + Send),
        remote: &Remote,
        most: u64,
        heard: &'a (dyn Fn(Moved) + Sync),
    ) -> Self {
        Self { to, heard, host: host(remote), bytes: 0, of: None, most }
    }

    /// The store says how many bytes there will be.
    pub(super) fn expect(&mut self, of: Option<u64>) -> Result<(), RemoteError> {
        self.of = of;
        if of.is_some_and(|of| of > self.most) { Err(self.too_large()) } else { Ok(()) }
    }

    /// Takes a piece.
    pub(super) async fn take(&mut self, piece: &[u8]) -> Result<(), RemoteError> {
        self.bytes += piece.len() as u64;
        if self.bytes > self.most {
            return Err(self.too_large());
        }
        self.to.write_all(piece).await.map_err(OutboundError::Write)?;
        (self.heard)(Moved { bytes: self.bytes, of: self.of });
        Ok(())
    }

    /// All of it came, says the store. Fewer bytes than it promised are none of a whole file.
    pub(super) fn finish(&self) -> Result<(), RemoteError> {
        match self.of {
            Some(of) if self.bytes < of => Err(RemoteError::broken_off(&self.host)),
            _ => Ok(()),
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn too_large(&self) -> RemoteError {
        OutboundError::BodyTooLarge { host: self.host.clone(), limit: self.most }.into()
    }
}

/// A file that is put somewhere.
pub(super) struct Source<'a> {
    path: PathBuf,
    size: u64,
    heard: &'a (dyn Fn(Moved) + Sync),
}

impl<'a> Source<'a> {
    pub(super) async fn open(path: &Path, heard: &'a (dyn Fn(Moved) + Sync)) -> Result<Self, RemoteError> {
        let about = tokio::fs::metadata(path).await.map_err(RemoteError::Read)?;
        Ok(Self { path: path.to_owned(), size: about.len(), heard })
    }

    /// Bytes.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The file, from its beginning.
    pub(super) async fn file(&self) -> Result<File, RemoteError> {
        File::open(&self.path).await.map_err(RemoteError::Read)
    }

    /// So many bytes are there.
    pub(super) fn moved(&self, bytes: u64) {
        (self.heard)(Moved { bytes, of: Some(self.size) });
    }
}
