//! Everything that can go wrong with sound, one closed list. The texts are whole sentences for the person who gave us
//! the file; they name the cause and, where there is one, the way out. They never contain paths or addresses.

use std::io;

/// Why a piece of audio could not be read, processed or written.
#[derive(Debug, thiserror::Error)]
pub enum AudioError {
    /// The input has no bytes.
    #[error("The file is empty (0 bytes).")]
    Empty,
    /// The bytes are not audio that any of our readers knows. `found` says what they look like: "text", "a PNG picture".
    #[error(
        "This is not audio Soundpost can read: it looks like {found}. Give it WAV, AIFF, FLAC, MP3, AAC, ALAC, Vorbis or Opus."
    )]
    NotAudio {
        /// What the first bytes look like, as a noun with its article.
        found: String,
    },
    /// A known container or codec that is not supported, by name, with a way out.
    #[error("This is {name}, which Soundpost cannot read. {way_out}")]
    Unsupported {
        /// Name of the codec or container: "HE-AAC".
        name: String,
        /// One sentence: "Export it as AAC-LC, WAV or FLAC."
        way_out: String,
    },
    /// The container was understood but holds not one frame of sound.
    #[error("The file holds no sound: {reason}.")]
    NoSound {
        /// Half a sentence: "its audio track has no frames".
        reason: String,
    },
    /// The bytes are damaged beyond what can be skipped.
    #[error("The file is damaged: {reason}.")]
    Damaged {
        /// Half a sentence.
        reason: String,
    },
    /// A ceiling that protects the machine was reached.
    #[error("{what} is {found}, more than the {limit} that Soundpost takes.")]
    Limit {
        /// What was too much: "The number of channels".
        what: &'static str,
        /// What the file has.
        found: u64,
        /// The ceiling.
        limit: u64,
    },
    /// An output cannot be made from what was asked.
    #[error("{format} cannot be made: {reason}.")]
    Encode {
        /// Name of the output format.
        format: &'static str,
        /// Half a sentence.
        reason: String,
    },
    /// Reading failed in the operating system.
    #[error("Reading failed: {0}.")]
    Read(#[source] io::Error),
    /// Writing failed in the operating system: disk full, no permission.
    #[error("Writing failed: {0}.")]
    Write(#[source] io::Error),
    /// The caller asked to stop.
    #[error("Stopped on request.")]
    Cancelled,
}
