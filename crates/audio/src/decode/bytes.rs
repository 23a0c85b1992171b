//! Looking at a file here and there before it is streamed: bounded reads at a position. Meaning is given to the bytes
//! elsewhere.

use std::io::{ErrorKind, Read, Seek, SeekFrom};

use symphonia::core::io::{MediaSource, MediaSourceStream};

use crate::AudioError;

/// A seekable source of known length.
pub(super) struct Bytes {
    source: Box<dyn MediaSource>,
    len: u64,
    at: u64,
}

impl Bytes {
    /// Measures the source.
    pub(super) fn new(mut source: Box<dyn MediaSource>) -> Result<Self, AudioError> {
        let len = source.seek(SeekFrom::End(0)).map_err(AudioError::Read)?;
        Ok(Self { source, len, at: len })
    }

    /// Length in bytes.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Fills the buffer from a position on, or as much of it as the source has; says how much.
    pub(super) fn read_at(&mut self, at: u64, buffer: &mut [u8]) -> Result<usize, AudioError> {
        if at >= self.len {
            return Ok(0);
        }
        if at != self.at {
            self.at = self.source.seek(SeekFrom::Start(at)).map_err(AudioError::Read)?;
        }
        let mut filled = 0;
        while filled < buffer.len() {
            match self.source.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(more) => filled += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(AudioError::Read(error)),
            }
        }
        self.at += filled as u64;
        Ok(filled)
    }

    /// The bytes at a position, if there are so many.
    pub(super) fn array<const N: usize>(&mut self, at: u64) -> Result<Option<[u8; N]>, AudioError> {
        let mut bytes = [0; N];
        Ok((self.read_at(at, &mut bytes)? == N).then_some(bytes))
    }

    /// Up to `len` bytes at a position; fewer at the end of the source. The caller sets the ceiling.
    pub(super) fn vec(&mut self, at: u64, len: usize) -> Result<Vec<u8>, AudioError> {
        let there = usize::try_from(self.len.saturating_sub(at)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; len.min(there)];
        let filled = self.read_at(at, &mut bytes)?;
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// The source as a stream for symphonia's readers, standing at a position.
    pub(super) fn into_stream(self, at: u64) -> Result<MediaSourceStream<'static>, AudioError> {
        self.into_longer_stream(at, 0)
    }

    /// The same, of a source that claims to be so long although it is not. Readers that turn a cut file away take it
    /// then, and come upon its end where it is.
    pub(super) fn into_longer_stream(self, at: u64, claim: u64) -> Result<MediaSourceStream<'static>, AudioError> {
        let source: Box<dyn MediaSource> = if claim > self.len {
            Box::new(Claiming { source: self.source, len: self.len, claim, at: self.at })
        } else {
            self.source
        };
        let mut stream = MediaSourceStream::new(source, Default::default());
        stream.seek(SeekFrom::Start(at)).map_err(AudioError::Read)?;
        Ok(stream)
    }
}

/// A source that claims to be longer than it is.
struct Claiming {
    source: Box<dyn MediaSource>,
    len: u64,
    claim: u64,
    at: u64,
}

impl Read for Claiming {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.at >= self.len {
            return Ok(0);
        }
        let read = self.source.read(buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Claiming {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.claim.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = target.ok_or(ErrorKind::InvalidInput)?;
        if self.at < self.len {
            self.source.seek(SeekFrom::Start(self.at))?;
        }
        Ok(self.at)
    }
}

impl MediaSource for Claiming {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.claim)
    }
}

/// Fixed-size integers out of a slice that may be too short.
pub(super) trait Fields {
    /// `N` bytes at an offset.
    fn part<const N: usize>(&self, at: usize) -> Option<[u8; N]>;

    fn be16(&self, at: usize) -> Option<u16> {
        self.part(at).map(u16::from_be_bytes)
    }

    fn be32(&self, at: usize) -> Option<u32> {
        self.part(at).map(u32::from_be_bytes)
    }

    fn be64(&self, at: usize) -> Option<u64> {
        self.part(at).map(u64::from_be_bytes)
    }

    fn le16(&self, at: usize) -> Option<u16> {
        self.part(at).map(u16::from_le_bytes)
    }

    fn le32(&self, at: usize) -> Option<u32> {
        self.part(at).map(u32::from_le_bytes)
    }

    fn le64(&self, at: usize) -> Option<u64> {
        self.part(at).map(u64::from_le_bytes)
    }
}

impl Fields for [u8] {
    fn part<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.get(at..at.checked_add(N)?)?.try_into().ok()
    }
}
