//! The one place that vouches for the C library: libvorbis on whatever thread the encoder happens to run on, and on
//! several at once.

#![expect(unsafe_code, reason = "the binding does not say that its encoder may change threads")]

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use vorbis_rs::{VorbisEncoder, VorbisEncoderBuilder, VorbisError};

/// A libvorbis encoder that may be moved to another thread.
pub(super) struct Library<W: Write>(VorbisEncoder<W>);

// SAFETY: The encoder owns everything its raw pointers lead to: a vorbis_info, a vorbis_dsp_state, a vorbis_block and
// an ogg_stream_state, each allocated for it alone and freed by it alone. libvorbis and libogg keep no thread-local
// state, and write to no static variable but the table that `Library::open` guards. So which thread calls makes no
// difference, as long as one calls at a time. That is what `Send` without `Sync` says.
unsafe impl<W: Write + Send> Send for Library<W> {}

/// Held while an encoder starts. The first one to start fills a table that all later ones only read (`findex` in
/// psy.c), and without a lock two that start together could meet there.
static STARTING: Mutex<()> = Mutex::new(());

impl<W: Write> Library<W> {
    /// Starts an encoder, which writes its headers.
    pub(super) fn open(builder: &mut VorbisEncoderBuilder<W>) -> Result<Self, VorbisError> {
        let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Self(builder.build()?))
    }

    /// Encodes channels of equal length.
    pub(super) fn encode(&mut self, channels: &[Vec<f32>]) -> Result<(), VorbisError> {
        self.0.encode_audio_block(channels)
    }

    /// Encodes what is held back and gives the writer back.
    pub(super) fn finish(self) -> Result<W, VorbisError> {
        self.0.finish()
    }
}
