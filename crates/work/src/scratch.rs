//! Scratch space: folders for work under way, and what dead workers left in them.
//!
//! A worker has a folder of its own, and beside it a file that it locks. The system lets go of the lock when the worker is gone,
//! however it went, and then anybody may clear its folder away: no clock is asked, and nobody's work is ever taken for leftovers.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use model::{Dice, random_text};
use tempfile::TempDir;

/// Ending of the files that are locked.
const LOCK: &str = "lock";

/// A worker's scratch space.
pub struct Scratch {
    root: PathBuf,
    own: PathBuf,
    lock: File,
}

impl Scratch {
    /// Makes a folder for this worker under `root`, and clears away what dead ones left there.
    pub fn open(root: &Path, dice: &dyn Dice) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        loop {
            let own = root.join(format!("worker-{}", random_text(16, dice)));
            let path = own.with_extension(LOCK);
            let lock = File::create_new(&path)?;
            // Somebody who clears up may have come in between: then the lock is not ours, or its file is gone.
            if lock.try_lock().is_ok() && path.exists() {
                fs::create_dir(&own)?;
                let scratch = Self { root: root.to_owned(), own, lock };
                scratch.clear()?;
                return Ok(scratch);
            }
        }
    }

    /// A folder for one piece of work, removed when it is dropped.
    pub fn folder(&self) -> io::Result<TempDir> {
        tempfile::Builder::new().prefix("run-").tempdir_in(&self.own)
    }

    /// Clears away what dead workers left, and says of how many.
    pub fn clear(&self) -> io::Result<usize> {
        let mut cleared = 0;
        for entry in fs::read_dir(&self.root)? {
            let path = entry?.path();
            if path.extension().is_none_or(|ending| ending != LOCK) || path.with_extension("") == self.own {
                continue;
            }
            cleared += usize::from(clear_one(&path)?);
        }
        Ok(cleared)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now is removed by whoever comes next.
        let _ = fs::remove_dir_all(&self.own);
        let _ = fs::remove_file(self.own.with_extension(LOCK));
        let _ = self.lock.unlock();
    }
}

/// Removes the folder beside a lock that nobody holds; whether there was one.
fn clear_one(lock: &Path) -> io::Result<bool> {
    let file = match File::open(lock) {
        Ok(file) => file,
        // Somebody else was quicker.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(false),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    for removed in [fs::remove_dir_all(lock.with_extension("")), fs::remove_file(lock)] {
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    #[derive(Default)]
    struct Counter(AtomicU8);

    impl Dice for Counter {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    #[test]
    fn what_the_dead_left_goes_and_what_the_living_have_stays() {
        let (root, dice) = (tempfile::tempdir().unwrap(), Counter::default());
        let living = Scratch::open(root.path(), &dice).unwrap();
        let folder = living.folder().unwrap();
        // A worker that was killed: its lock is free, its folder is there.
        fs::create_dir_all(root.path().join("worker-dead/run-1")).unwrap();
        fs::write(root.path().join("worker-dead.lock"), "").unwrap();
        fs::write(root.path().join("notes.txt"), "not ours").unwrap();
        let second = Scratch::open(root.path(), &dice).unwrap();
        assert!(!root.path().join("worker-dead").exists() && !root.path().join("worker-dead.lock").exists());
        assert!(folder.path().exists() && root.path().join("notes.txt").exists());
        assert_eq!(second.clear().unwrap(), 0);
        drop((folder, living, second));
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }
}
