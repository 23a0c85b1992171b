//! Where sound comes from: a file, or standard input, which is spooled to disk because it is read twice.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::failure::Failure;
use crate::stop;

/// A recording that can be opened as often as needed.
pub(crate) struct Input {
    path: PathBuf,
    /// Keeps the spooled file until the job is done.
    _spool: Option<NamedTempFile>,
    /// Name for people.
    pub(crate) name: String,
    /// First part of the names of what is made from it.
    pub(crate) stem: String,
}

impl Input {
    /// A file, or standard input for `-`.
    pub(crate) fn open(given: &Path) -> Result<Self, Failure> {
        if given == Path::new("-") {
            return Self::spool();
        }
        match std::fs::metadata(given) {
            Ok(found) if found.is_dir() => {
                return Err(Failure::Failed(format!("{} is a folder. Name the recordings in it.", given.display())));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Failure::Failed(format!("There is no file {}.", given.display())));
            }
            Err(error) => return Err(Failure::Failed(format!("{} cannot be read: {error}.", given.display()))),
        }
        let text = |part: Option<&std::ffi::OsStr>| part.unwrap_or(given.as_os_str()).to_string_lossy().into_owned();
        Ok(Self { path: given.to_owned(), _spool: None, name: text(given.file_name()), stem: text(given.file_stem()) })
    }

    /// The stem that a file of that name will have, without opening it.
    pub(crate) fn stem_of(given: &Path) -> String {
        if given == Path::new("-") {
            return STANDARD_INPUT.to_owned();
        }
        given.file_stem().unwrap_or(given.as_os_str()).to_string_lossy().into_owned()
    }

    /// Where it can be read.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn spool() -> Result<Self, Failure> {
        let unwritable =
            |error: io::Error| Failure::Failed(format!("Standard input cannot be kept for the second pass: {error}."));
        let mut file = NamedTempFile::new().map_err(unwritable)?;
        copy_until_stopped(&mut io::stdin().lock(), file.as_file_mut()).map_err(unwritable)?;
        if stop::asked() {
            return Err(Failure::Failed(audio::AudioError::Cancelled.to_string()));
        }
        Ok(Self {
            path: file.path().to_owned(),
            _spool: Some(file),
            name: "standard input".to_owned(),
            stem: STANDARD_INPUT.to_owned(),
        })
    }
}

/// What is made from standard input is called this.
const STANDARD_INPUT: &str = "recording";

fn copy_until_stopped(from: &mut impl io::Read, to: &mut impl io::Write) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    while !stop::asked() {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => to.write_all(&buffer[..read])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
