//! Files that appear whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::AudioError;

/// Name of a file in the making: this, something random, and [`SUFFIX`].
const PREFIX: &str = ".soundpost-";
const SUFFIX: &str = ".part";

/// A file that nobody works on is left alone while it is younger than this: whoever made it may be about to lock it.
const YOUNG: Duration = Duration::from_mins(1);

/// A hidden file in the folder of its future place, removed when dropped. It is locked as long as it is worked on, so that
/// `sweep` can tell it from one whose process was killed.
pub fn begin(place: &Path) -> Result<NamedTempFile, AudioError> {
    let file = tempfile::Builder::new()
        .prefix(PREFIX)
        .suffix(SUFFIX)
        .tempfile_in(folder_of(place))
        .map_err(AudioError::Write)?;
    // Where a file system knows no locks, nothing is swept either.
    let _ = file.as_file().try_lock();
    Ok(file)
}

/// Puts a finished file in its place in one step, safe on disk before it is seen.
pub fn publish(file: NamedTempFile, place: &Path) -> Result<File, AudioError> {
    settle(&file)?;
    file.persist(place).map_err(|error| AudioError::Write(error.error))
}

/// Files that are whole and wait to appear together.
#[derive(Default)]
pub struct Staged {
    files: Vec<(NamedTempFile, PathBuf)>,
}

impl Staged {
    /// Adds a file of this content.
    pub fn write(&mut self, place: &Path, bytes: &[u8]) -> Result<(), AudioError> {
        let mut file = begin(place)?;
        file.write_all(bytes).map_err(AudioError::Write)?;
        self.add(file, place);
        Ok(())
    }

    /// Puts all files in their places. What needs room on the disk is done for all of them before the first one appears.
    pub fn publish(self) -> Result<(), AudioError> {
        self.files.iter().try_for_each(|(file, _)| settle(file))?;
        for (file, place) in self.files {
            file.persist(place).map_err(|error| AudioError::Write(error.error))?;
        }
        Ok(())
    }

    pub(super) fn add(&mut self, file: NamedTempFile, place: &Path) {
        self.files.push((file, place.to_owned()));
    }
}

/// Removes what processes that were killed left half made in the folder of a place. `mine` was just begun there and tells
/// the time. What cannot be looked at is left where it is.
pub(super) fn sweep(mine: &NamedTempFile, place: &Path) {
    let age = |path: &Path| {
        let now = mine.as_file().metadata().and_then(|metadata| metadata.modified()).ok()?;
        now.duration_since(path.metadata().and_then(|metadata| metadata.modified()).ok()?).ok()
    };
    let Ok(entries) = folder_of(place).read_dir() else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let ours = name.starts_with(PREFIX) && name.ends_with(SUFFIX);
        if !ours || path == mine.path() || age(&path).is_none_or(|age| age < YOUNG) {
            continue;
        }
        let abandoned = OpenOptions::new().write(true).open(&path).is_ok_and(|file| file.try_lock().is_ok());
        if abandoned {
            let _ = std::fs::remove_file(&path);
        }
    }
}

fn folder_of(place: &Path) -> &Path {
    place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Has a file safe on disk and readable.
fn settle(file: &NamedTempFile) -> Result<(), AudioError> {
    file.as_file().sync_all().and_then(|()| share(file.as_file())).map_err(AudioError::Write)
}

/// Temporary files are private; finished ones are as readable as any file that the person makes.
#[cfg(unix)]
fn share(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn share(_: &File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::ffi::OsString;
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn staged_files_appear_together_or_not_at_all() -> Result<(), Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let names = || -> Result<Vec<OsString>, std::io::Error> {
            let entries = folder.path().read_dir()?;
            let mut names = entries.map(|entry| Ok(entry?.file_name())).collect::<Result<Vec<_>, std::io::Error>>()?;
            names.sort();
            Ok(names)
        };
        let mut staged = Staged::default();
        staged.write(&folder.path().join("a.txt"), b"a")?;
        staged.write(&folder.path().join("b.txt"), b"b")?;
        assert!(names()?.iter().all(|name| name.to_string_lossy().starts_with(PREFIX)));
        assert!(staged.write(&folder.path().join("nowhere/c.txt"), b"c").is_err());
        drop(staged);
        assert!(names()?.is_empty());

        let mut staged = Staged::default();
        staged.write(&folder.path().join("a.txt"), b"a")?;
        staged.write(&folder.path().join("b.txt"), b"b")?;
        staged.publish()?;
        assert_eq!(names()?, ["a.txt", "b.txt"]);
        Ok(())
    }

    #[test]
    fn only_old_files_that_nobody_works_on_are_swept() -> Result<(), Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let place = folder.path().join("talk.mp3");
        let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let left = |name: &str, seconds: u64| -> Result<PathBuf, std::io::Error> {
            let path = folder.path().join(name);
            File::create(&path)?.set_modified(at(seconds))?;
            Ok(path)
        };
        let (killed, other) = (left(".soundpost-abc.part", 1_000)?, left("talk.part", 1_000)?);
        let working = begin(&place)?;
        working.as_file().set_modified(at(0))?;
        let young = left(".soundpost-def.part", 99_990)?;
        let mine = begin(&place)?;
        mine.as_file().set_modified(at(100_000))?;
        sweep(&mine, &place);
        assert!(!killed.exists());
        assert!(other.exists() && young.exists() && working.path().exists() && mine.path().exists());
        Ok(())
    }
}
