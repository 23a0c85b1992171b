//! Standard output, for every command alike.

use std::io::{ErrorKind, Write};

use crate::failure::Failure;

/// Prints what a command has to say. Whoever reads it may stop reading.
pub(crate) fn print(bytes: &[u8]) -> Result<(), Failure> {
    match std::io::stdout().write_all(bytes) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(unwritable(&error)),
        _ => Ok(()),
    }
}

/// Standard output could not take it.
pub(crate) fn unwritable(error: &std::io::Error) -> Failure {
    Failure::Failed(format!("Standard output cannot be written: {error}."))
}
