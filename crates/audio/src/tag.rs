//! What is written into files beside the sound: fields, chapters, cover, ReplayGain.

pub mod cover;
pub(crate) mod vorbis_comment;

use std::sync::Arc;

use model::{Chapters, Metadata};

/// Everything that is said in a file beside its sound.
#[derive(Clone, Debug, Default)]
pub struct Tags {
    /// Descriptive fields. Empty strings are not written.
    pub metadata: Metadata,
    /// Chapter marks.
    pub chapters: Chapters,
    /// Cover picture.
    pub cover: Option<Cover>,
    /// Lyrics or transcript as plain text.
    pub lyrics: Option<String>,
}

/// A cover picture whose first bytes were checked: see [`Cover::parse`].
#[derive(Clone, Debug)]
pub struct Cover {
    /// `image/jpeg` or `image/png`.
    pub mime: &'static str,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// The file as it was given.
    pub bytes: Arc<[u8]>,
}

/// Measured loudness of what is in the file, for ReplayGain and R128 tags.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReplayGain {
    /// Integrated loudness in LUFS, or negative infinity for silence.
    pub loudness: f64,
    /// Greatest true peak, linear, 1.0 = full scale.
    pub peak: f64,
}
