//! How a command ends when it did not do its job.

use std::process::ExitCode;

/// Why a command did not do its job. The texts are whole sentences.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line asks for something that cannot be: exit code 2.
    #[error("{0}")]
    WrongUse(String),
    /// It was tried and did not work: exit code 1.
    #[error("{0}")]
    Failed(String),
    /// It did not work, and what went wrong has been said already: exit code 1.
    #[error("")]
    AlreadySaid,
}

impl Failure {
    /// Says it on standard error and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        match self {
            Self::AlreadySaid => {}
            said => anstream::eprintln!("soundpost: {said}"),
        }
        match self {
            Self::WrongUse(_) => ExitCode::from(2),
            Self::Failed(_) | Self::AlreadySaid => ExitCode::from(1),
        }
    }
}
