//! Everything that can go wrong with speech, one closed list. The texts are whole sentences for whoever gave us the text or the
//! voice; they name the cause and, where there is one, the way out. They never contain paths or addresses.

use std::io;

/// Why a voice could not be opened, or a text not be spoken.
#[derive(Debug, thiserror::Error)]
pub enum SpeechError {
    /// There is no voice where one was looked for.
    #[error(
        "There is no voice here: {reason}. Give a folder, a wheel or a zip file that has a .onnx file and its .onnx.json."
    )]
    NoVoice {
        /// Half a sentence: "it has no file that ends in .onnx".
        reason: String,
    },
    /// The bytes of a voice are damaged, or are something else.
    #[error("The voice is damaged: {reason}.")]
    DamagedVoice {
        /// Half a sentence.
        reason: String,
    },
    /// A voice of a kind that this crate does not run.
    #[error("The voice cannot be used: {reason}.")]
    UnsupportedVoice {
        /// Half a sentence: "it speaks German, and only English can be read out so far".
        reason: String,
    },
    /// A ceiling that protects the machine was reached.
    #[error("{what} is {found}, more than the {limit} that Soundpost takes.")]
    Limit {
        /// What was too much: "The length of the text in bytes".
        what: &'static str,
        /// What was found.
        found: u64,
        /// The ceiling.
        limit: u64,
    },
    /// A pronunciation that says nothing.
    #[error("The pronunciation of “{word}” cannot be used: {reason}.")]
    Pronunciation {
        /// The word that it is for.
        word: String,
        /// Half a sentence.
        reason: String,
    },
    /// The network inside a voice failed; the voice does not do what its kind does.
    #[error("The voice failed while it spoke: {reason}.")]
    Failed {
        /// Half a sentence.
        reason: String,
    },
    /// A voice that is reached over a network does not answer now; it may later.
    #[error("The voice does not answer: {reason}.")]
    Away {
        /// Half a sentence.
        reason: String,
    },
    /// Reading a voice failed in the operating system.
    #[error("Reading the voice failed: {0}.")]
    Read(#[source] io::Error),
    /// Whoever takes the sound could not: disk full, no permission.
    #[error("Writing the sound failed: {0}.")]
    Write(#[source] io::Error),
    /// The caller asked to stop.
    #[error("Stopped on request.")]
    Cancelled,
}
