//! Where a voice's files are: in a folder, in a Python wheel, in a zip file, or beside a named .onnx file.
//!
//! What belongs here: finding the three files of a voice and reading them under ceilings. Nothing is unpacked to disk, so names in
//! an archive cannot lead anywhere.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use crate::SpeechError;

/// Size of a network, in bytes: Piper's largest kind has 114 MB.
const MOST_NETWORK: u64 = 256 << 20;

/// Size of a description, in bytes; Piper's have 5 to 20 kB.
const MOST_DESCRIPTION: u64 = 1 << 20;

/// Size of a model card, in bytes.
const MOST_CARD: u64 = 64 << 10;

/// Files in a folder or an archive that are looked at.
const MOST_FILES: usize = 10_000;

/// The files of a voice, as they were read.
#[derive(Clone)]
pub struct Package {
    /// Name of the network's file, without folder and ending: "en_US-joe-medium".
    pub name: String,
    /// The network, in ONNX.
    pub network: Vec<u8>,
    /// Its description, in JSON.
    pub description: Vec<u8>,
    /// What its makers say of it, its licence for one; empty if they say nothing.
    pub card: String,
}

impl Package {
    /// Reads the voice in a folder, a Python wheel, a zip file, or beside a .onnx file.
    pub fn read(path: &Path) -> Result<Self, SpeechError> {
        if path.is_dir() {
            return Self::folder(path, None);
        }
        let named = |ending: &str| path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending));
        if named("onnx") {
            let folder = path.parent().unwrap_or(Path::new("."));
            return Self::folder(folder, path.file_name().and_then(|name| name.to_str()));
        }
        let file = File::open(path).map_err(SpeechError::Read)?;
        Self::archive(BufReader::new(file))
    }

    fn folder(folder: &Path, only: Option<&str>) -> Result<Self, SpeechError> {
        let mut names = Vec::new();
        for entry in folder.read_dir().map_err(SpeechError::Read)?.take(MOST_FILES) {
            names.extend(entry.map_err(SpeechError::Read)?.file_name().into_string());
        }
        let network = choose(&names, only)?.to_owned();
        let open = |name: &str, limit| {
            let file = File::open(folder.join(name)).map_err(SpeechError::Read)?;
            bounded(file, limit)
        };
        let card = names.iter().find(|name| is_card(name)).map(|name| open(name, MOST_CARD)).transpose()?;
        Ok(Self {
            description: open(&format!("{network}.json"), MOST_DESCRIPTION)?,
            card: card.as_deref().map(in_words).unwrap_or_default(),
            name: stem(&network),
            network: open(&network, MOST_NETWORK)?,
        })
    }

    /// Reads a voice out of an archive's bytes.
    pub(super) fn archive(bytes: impl Read + std::io::Seek) -> Result<Self, SpeechError> {
        let damaged = |error: zip::result::ZipError| match error {
            zip::result::ZipError::Io(error) => SpeechError::Read(error),
            error => SpeechError::NoVoice { reason: format!("as an archive it cannot be read ({error})") },
        };
        let mut archive = zip::ZipArchive::new(bytes).map_err(damaged)?;
        if archive.len() > MOST_FILES {
            return Err(SpeechError::Limit {
                what: "The number of files in the archive",
                found: archive.len() as u64,
                limit: MOST_FILES as u64,
            });
        }
        let names: Vec<String> = archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
        let network = choose(&names, None)?.to_owned();
        let mut open = |name: &str, limit| {
            let file = archive.by_name(name).map_err(damaged)?;
            // What the archive says of the size is not believed: reading stops at the ceiling.
            bounded(file, limit)
        };
        let card = names.iter().find(|name| is_card(name)).map(|name| open(name, MOST_CARD)).transpose()?;
        Ok(Self {
            description: open(&format!("{network}.json"), MOST_DESCRIPTION)?,
            card: card.as_deref().map(in_words).unwrap_or_default(),
            name: stem(&network),
            network: open(&network, MOST_NETWORK)?,
        })
    }
}

/// The one network that has its description beside it.
fn choose<'a>(names: &'a [String], only: Option<&str>) -> Result<&'a str, SpeechError> {
    let none = |reason: String| Err(SpeechError::NoVoice { reason });
    let mut networks: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| name.strip_suffix(".onnx").is_some()).collect();
    if let Some(only) = only {
        networks.retain(|name| *name == only);
    }
    let described: Vec<&str> = networks
        .iter()
        .copied()
        .filter(|name| names.iter().any(|other| other.strip_suffix(".json") == Some(name)))
        .collect();
    match (networks.as_slice(), described.as_slice()) {
        (_, [one]) => Ok(one),
        ([], _) => none("it has no file that ends in .onnx".to_owned()),
        (_, []) => none("the .onnx file has no .onnx.json beside it".to_owned()),
        (_, several) => none(format!("it has {} voices; name the .onnx file of one", several.len())),
    }
}

fn bounded(file: impl Read, limit: u64) -> Result<Vec<u8>, SpeechError> {
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(SpeechError::Read)?;
    if bytes.len() as u64 > limit {
        return Err(SpeechError::Limit {
            what: "The size of a file of the voice, in bytes,",
            found: bytes.len() as u64,
            limit,
        });
    }
    Ok(bytes)
}

fn is_card(name: &str) -> bool {
    name.rsplit('/').next() == Some("MODEL_CARD")
}

fn stem(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    name.strip_suffix(".onnx").unwrap_or(name).to_owned()
}

fn in_words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use std::io::{Cursor, Write};

    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Cursor<Vec<u8>> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap()
    }

    #[test]
    fn finds_the_voice_in_a_wheel() {
        let package = Package::archive(archive(&[
            ("joe/__init__.py", b""),
            ("joe/data/MODEL_CARD", b"CC0"),
            ("joe/data/en_US-joe.onnx", b"network"),
            ("joe/data/en_US-joe.onnx.json", b"{}"),
        ]))
        .unwrap();
        assert_eq!((package.name.as_str(), package.card.as_str()), ("en_US-joe", "CC0"));
        assert_eq!(
            (package.network.as_slice(), package.description.as_slice()),
            (b"network".as_slice(), b"{}".as_slice())
        );
    }

    #[test]
    fn says_what_is_missing() {
        let said = |files: &[(&str, &[u8])]| {
            Package::archive(archive(files)).err().map(|error| error.to_string()).unwrap_or_default()
        };
        assert!(said(&[("readme", b"")]).contains("no file that ends in .onnx"));
        assert!(said(&[("a.onnx", b"")]).contains("no .onnx.json beside it"));
        assert!(
            said(&[("a.onnx", b""), ("a.onnx.json", b""), ("b.onnx", b""), ("b.onnx.json", b"")]).contains("2 voices")
        );
        assert!(matches!(Package::archive(Cursor::new(b"plain text".to_vec())), Err(SpeechError::NoVoice { .. })));
    }

    #[test]
    fn a_bomb_stops_at_the_ceiling() {
        let zeros = vec![0; 4 << 20];
        let error = Package::archive(archive(&[("a.onnx", b"x"), ("a.onnx.json", &zeros)])).err();
        assert!(matches!(error, Some(SpeechError::Limit { limit: MOST_DESCRIPTION, .. })), "{error:?}");
    }
}
