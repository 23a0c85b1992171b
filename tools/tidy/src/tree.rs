//! What git would commit: every path of the work tree with its content, read once.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// A file as the rules see it.
#[derive(Debug, Default)]
pub(crate) struct File {
    /// Length in bytes.
    pub(crate) bytes: u64,
    /// Content, where it is UTF-8.
    pub(crate) text: Option<String>,
}

/// Files by their path from the top, `/` between folders.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    files: BTreeMap<String, File>,
}

impl Tree {
    /// Reads the tree that the program was started in: tracked files, and new ones that are not ignored.
    pub(crate) fn read() -> Result<Self, String> {
        let listed = Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z", "--full-name", ":/"])
            .output()
            .map_err(|cause| format!("git could not be started: {cause}"))?;
        if !listed.status.success() {
            return Err(format!("git ls-files failed: {}", String::from_utf8_lossy(&listed.stderr).trim()));
        }
        let mut files = BTreeMap::new();
        for name in listed.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
            let path = String::from_utf8(name.to_vec())
                .map_err(|_| format!("{} is not a UTF-8 file name", String::from_utf8_lossy(name)))?;
            // A tracked file that was just removed is not there to be read, nor is the target of a link our business.
            if !Path::new(&path).symlink_metadata().is_ok_and(|meta| meta.is_file()) {
                continue;
            }
            let content = std::fs::read(&path).map_err(|cause| format!("{path} could not be read: {cause}"))?;
            let bytes = content.len() as u64;
            files.insert(path, File { bytes, text: String::from_utf8(content).ok() });
        }
        Ok(Self { files })
    }

    /// A tree of text files, for tests.
    #[cfg(test)]
    pub(crate) fn of<const N: usize>(files: [(&str, &str); N]) -> Self {
        let file = |text: &str| File { bytes: text.len() as u64, text: Some(text.to_owned()) };
        Self { files: files.into_iter().map(|(path, text)| (path.to_owned(), file(text))).collect() }
    }

    /// The same tree with one more file that is not text, for tests.
    #[cfg(test)]
    pub(crate) fn with_binary(mut self, path: &str, bytes: u64) -> Self {
        self.files.insert(path.to_owned(), File { bytes, text: None });
        self
    }

    /// How many files there are.
    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    /// All files, by path.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// All text files, by path.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().filter_map(|(path, file)| Some((path, file.text.as_deref()?)))
    }

    /// Rust files that are ours, by path.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(|(path, _)| ends_in(path, "rs") && !path.contains("/vendor/"))
    }

    /// Markdown files that are ours, by path.
    pub(crate) fn markdown(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(|(path, _)| ends_in(path, "md") && !path.contains("/vendor/"))
    }

    /// The text of one file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.text.as_deref()
    }

    /// Whether there is a file or a folder of this name.
    pub(crate) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        self.files.contains_key(path) || {
            let folder = format!("{path}/");
            self.files.range(folder.clone()..).next().is_some_and(|(found, _)| found.starts_with(&folder))
        }
    }
}

fn ends_in(path: &str, ending: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == ending)
}

/// The folder of a path, empty at the top.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last part of a path.
pub(crate) fn name_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}
