//! Looking at a file here and there before it is streamed: bounded reads at a position. Meaning is given to the bytes
//! elsewhere.

use std::io::{ErrorKind, Read, Seek, SeekFrom};

use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};

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
        self.into_altered_stream(at, Alterations::default())
    }

    /// The same, with something made up.
    pub(super) fn into_altered_stream(
        self,
        at: u64,
        alterations: Alterations,
    ) -> Result<MediaSourceStream<'static>, AudioError> {
        let source: Box<dyn MediaSource> = if alterations.len > self.len || !alterations.patches.is_empty() {
            Box::new(Altered { source: self.source, len: self.len, at: self.at, alterations })
        } else {
            self.source
        };
        let mut stream = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
        stream.seek(SeekFrom::Start(at)).map_err(AudioError::Read)?;
        Ok(stream)
    }
}

/// What is made up in front of a reader that would otherwise turn a usable file away.
#[derive(Clone, Debug, Default)]
pub(super) struct Alterations {
    /// The length to claim, where that is more than there is. Readers that refuse a cut file take it then, and come upon
    /// its end where it is.
    pub(super) len: u64,
    /// Bytes to put elsewhere than in the file, by offset.
    pub(super) patches: Vec<(u64, [u8; 4])>,
}

/// A source with alterations.
struct Altered {
    source: Box<dyn MediaSource>,
    len: u64,
    at: u64,
    alterations: Alterations,
}

impl Read for Altered {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.at >= self.len {
            return Ok(0);
        }
        let read = self.source.read(buffer)?;
        for (offset, patch) in &self.alterations.patches {
            for (byte, at) in patch.iter().zip(*offset..) {
                let place = at.checked_sub(self.at).and_then(|place| usize::try_from(place).ok());
                if let Some(target) = place.and_then(|place| buffer[..read].get_mut(place)) {
                    *target = *byte;
                }
            }
        }
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Altered {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.alterations.len.max(self.len).checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = target.ok_or(ErrorKind::InvalidInput)?;
        if self.at < self.len {
            self.source.seek(SeekFrom::Start(self.at))?;
        }
        Ok(self.at)
    }
}

impl MediaSource for Altered {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.alterations.len.max(self.len))
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
