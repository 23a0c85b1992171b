//! Files that appear whole or not at all.

use std::fs::File;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::AudioError;

/// A hidden file in the folder of its future place, removed when dropped.
pub fn begin(place: &Path) -> Result<NamedTempFile, AudioError> {
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::Builder::new().prefix(".soundpost-").suffix(".part").tempfile_in(folder).map_err(AudioError::Write)
}

/// Puts a finished file in its place in one step, safe on disk before it is seen.
pub fn publish(file: NamedTempFile, place: &Path) -> Result<File, AudioError> {
    file.as_file().sync_all().map_err(AudioError::Write)?;
    share(file.as_file()).map_err(AudioError::Write)?;
    file.persist(place).map_err(|error| AudioError::Write(error.error))
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
