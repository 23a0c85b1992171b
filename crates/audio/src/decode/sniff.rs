//! What a file is, from its first bytes: one of the containers we read, a sound format we can name but not read, or no
//! sound at all. File name endings are not believed.

use super::bytes::Fields;
use super::mpeg;
use crate::AudioError;

/// Bytes that are looked at.
pub(super) const HEAD: usize = 64 * 1024;

/// A container we read, with the offset at which it begins within the head where that is not 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Container {
    Wave,
    Aiff,
    Flac,
    Ogg,
    Mp4,
    Matroska,
    Caf,
    Mpeg { at: usize, header: mpeg::Header },
    Adts { at: usize },
}

impl Container {
    /// Name for people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Wave => "WAV",
            Self::Aiff => "AIFF",
            Self::Flac => "FLAC",
            Self::Ogg => "Ogg",
            Self::Mp4 => "MP4",
            Self::Matroska => "Matroska",
            Self::Caf => "CAF",
            Self::Mpeg { header, .. } => match header.layer {
                1 => "MP1",
                2 => "MP2",
                _ => "MP3",
            },
            Self::Adts { .. } => "ADTS",
        }
    }
}

/// The way out that is offered for sound in a form we cannot read.
pub(super) const EXPORT: &str = "Export it as WAV, FLAC, MP3 or AAC-LC.";

/// An error that names a form of sound we cannot read.
pub(super) fn unsupported(name: impl Into<String>) -> AudioError {
    AudioError::Unsupported { name: name.into(), way_out: EXPORT.into() }
}

/// Tells what the first bytes are. `whole` says that there are no more of them; `tagged` that an ID3 tag stood before
/// them, as it does before MPEG audio.
pub(super) fn identify(head: &[u8], whole: bool, tagged: bool) -> Result<Container, AudioError> {
    if let Some(container) = container(head) {
        return Ok(container);
    }
    if let Some((_, name)) = UNSUPPORTED.iter().find(|(magic, _)| magic.iter().all(|(at, m)| at_offset(head, *at, m))) {
        return Err(unsupported(*name));
    }
    if let Some((_, _, found)) = NOT_AUDIO.iter().find(|(at, magic, _)| at_offset(head, *at, magic)) {
        return Err(not_audio(found));
    }
    if let Some(found) = text(head, whole) {
        return Err(not_audio(found));
    }
    if let Some((at, header)) = mpeg::find_frames(head, whole).filter(|(at, _)| tagged || *at < 16 * 1024) {
        return Ok(Container::Mpeg { at, header });
    }
    if let Some(at) = mpeg::find_adts(head, whole) {
        return Ok(Container::Adts { at });
    }
    if (0..3).all(|packet| head.get(packet * 188) == Some(&0x47)) {
        return Err(unsupported("an MPEG transport stream"));
    }
    // Two bytes are little to go by, so these come after everything else.
    if at_offset(head, 0, b"\x0B\x77") {
        return Err(unsupported("AC-3 (Dolby Digital)"));
    }
    if at_offset(head, 0, b"BM") {
        return Err(not_audio("a BMP picture"));
    }
    if at_offset(head, 0, b"MZ") {
        return Err(not_audio("a Windows program"));
    }
    if tagged {
        return Err(AudioError::NoSound { reason: "after its ID3 tag comes no MPEG frame".into() });
    }
    Err(not_audio("bytes of no known kind"))
}

fn container(head: &[u8]) -> Option<Container> {
    let form = head.get(8..12);
    match head.part::<4>(0)? {
        magic if (magic == *b"RIFF" || magic == *b"RF64" || magic == *b"BW64") && form == Some(b"WAVE") => {
            Some(Container::Wave)
        }
        magic if magic == *b"FORM" && matches!(form, Some(b"AIFF" | b"AIFC")) => Some(Container::Aiff),
        magic if magic == *b"fLaC" => Some(Container::Flac),
        magic if magic == *b"OggS" => Some(Container::Ogg),
        magic if magic == *b"caff" => Some(Container::Caf),
        magic if magic == *b"\x1A\x45\xDF\xA3" => Some(Container::Matroska),
        _ if at_offset(head, 4, b"ftyp") && !PICTURE_BRANDS.iter().any(|brand| at_offset(head, 8, brand)) => {
            Some(Container::Mp4)
        }
        _ => None,
    }
}

/// Brands of still pictures in the MP4 container.
const PICTURE_BRANDS: [&[u8]; 6] = [b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif"];

type Magic = &'static [(usize, &'static [u8])];

const UNSUPPORTED: &[(Magic, &str)] = &[
    (&[(0, b"wvpk")], "WavPack"),
    (&[(0, b"MAC ")], "Monkey's Audio"),
    (&[(0, b"MThd")], "a MIDI file (notes without sound)"),
    (&[(0, b"RIFF"), (8, b"RMID")], "a MIDI file (notes without sound)"),
    (&[(0, b"#!AMR-WB")], "AMR-WB"),
    (&[(0, b"#!AMR")], "AMR"),
    (&[(0, b"\x30\x26\xB2\x75\x8E\x66\xCF\x11")], "Windows Media (WMA)"),
    (&[(0, b"\x7F\xFE\x80\x01")], "DTS"),
    (&[(0, b"\xFE\x7F\x01\x80")], "DTS"),
    (&[(0, b"TTA1")], "True Audio (TTA)"),
    (&[(0, b"MPCK")], "Musepack"),
    (&[(0, b"MP+")], "Musepack"),
    (&[(0, b".RMF")], "RealMedia"),
    (&[(0, b".ra\xFD")], "RealAudio"),
    (&[(0, b"OFR ")], "OptimFROG"),
    (&[(0, b"DSD ")], "DSD"),
    (&[(0, b"FRM8")], "DSD"),
    (&[(0, b"ajkg")], "Shorten"),
    (&[(0, b".snd")], "a Sun audio file (AU)"),
    (&[(0, b"ADIF")], "AAC in an ADIF file"),
    (&[(0, b"riff\x2E\x91\xCF\x11")], "Sony Wave64"),
    (&[(0, b"RIFX")], "a big-endian WAV file (RIFX)"),
    (&[(0, b"RIFF"), (8, b"AVI ")], "an AVI film"),
    (&[(0, b"FLV\x01")], "Flash Video"),
    (&[(0, b"\x00\x00\x01\xBA")], "an MPEG programme stream"),
    (&[(0, b"Creative Voice File")], "a Creative Voice file"),
    (&[(0, b"FORM"), (8, b"8SVX")], "an Amiga 8SVX file"),
];

const NOT_AUDIO: &[(usize, &[u8], &str)] = &[
    (0, b"\x89PNG\r\n\x1A\n", "a PNG picture"),
    (0, b"\xFF\xD8\xFF", "a JPEG picture"),
    (0, b"GIF8", "a GIF picture"),
    (8, b"WEBP", "a WebP picture"),
    (0, b"II*\0", "a TIFF picture"),
    (0, b"MM\0*", "a TIFF picture"),
    (4, b"ftyphei", "an HEIC picture"),
    (4, b"ftyphevc", "an HEIC picture"),
    (4, b"ftypmif1", "an HEIC picture"),
    (4, b"ftypmsf1", "an HEIC picture"),
    (4, b"ftypavif", "an AVIF picture"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"PK\x05\x06", "an empty ZIP archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"7z\xBC\xAF\x27\x1C", "a 7-Zip archive"),
    (0, b"\x1F\x8B", "a gzip archive"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\xFD7zXZ\0", "an XZ archive"),
    (0, b"\x28\xB5\x2F\xFD", "a Zstandard archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"\x7FELF", "a Linux program"),
    (0, b"SQLite format 3\0", "an SQLite database"),
    (0, b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an old Office document"),
    (0, b"\xFF\xFE", "text"),
    (0, b"\xFE\xFF", "text"),
];

/// What sort of text it is, if it is text.
fn text(head: &[u8], whole: bool) -> Option<&'static str> {
    let head = head.get(..4096.min(head.len()))?;
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A character may be cut at the end of what we look at, if it is not the end of the file.
        Err(error) if error.error_len().is_none() && (!whole || head.len() == 4096) => {
            std::str::from_utf8(head.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let plain = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\x0C' | '\x1B');
    if text.is_empty() || !text.chars().all(plain) {
        return None;
    }
    let start = text.trim_start_matches(['\u{FEFF}', ' ', '\t', '\r', '\n']);
    let start: String = start.chars().take(32).collect::<String>().to_lowercase();
    Some(if start.starts_with("<!doctype html") || start.starts_with("<html") {
        "a web page (HTML)"
    } else if start.starts_with("<svg") {
        "an SVG picture"
    } else if start.starts_with("<?xml") {
        "an XML document"
    } else if start.starts_with('{') || start.starts_with("[{") {
        "JSON text"
    } else if start.starts_with("#extm3u") {
        "a playlist"
    } else {
        "text"
    })
}

fn at_offset(head: &[u8], at: usize, magic: &[u8]) -> bool {
    head.get(at..).is_some_and(|rest| rest.starts_with(magic))
}

fn not_audio(found: &str) -> AudioError {
    AudioError::NotAudio { found: found.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(head: &[u8]) -> String {
        match identify(head, true, false) {
            Ok(container) => container.name().into(),
            Err(AudioError::NotAudio { found }) => found,
            Err(AudioError::Unsupported { name, .. }) => name,
            Err(other) => other.to_string(),
        }
    }

    #[test]
    fn names_what_is_not_sound() {
        let check = |head: &[u8], name: &str| assert_eq!(says(head), name);
        check(b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR", "a PNG picture");
        check(b"\xFF\xD8\xFF\xE0\0\x10JFIF", "a JPEG picture");
        check(b"%PDF-1.7\n", "a PDF document");
        check(b"PK\x03\x04\x14\0", "a ZIP archive");
        check("\u{FEFF}<!DOCTYPE html><p>Grüße</p>".as_bytes(), "a web page (HTML)");
        check(b"{\"error\": \"no such file\"}", "JSON text");
        check("Ein Brief, kein Ton: äöü".as_bytes(), "text");
        check(b"#EXTM3U\nhttps://example.org/a.mp3\n", "a playlist");
        check(b"\0\0\0\x18ftypheic\0\0\0\0", "an HEIC picture");
        check(b"RIFF\x24\0\0\0WEBPVP8 ", "a WebP picture");
        check(&[3; 500], "bytes of no known kind");
    }

    #[test]
    fn names_what_it_cannot_read() {
        let check = |head: &[u8], name: &str| assert_eq!(says(head), name);
        check(b"wvpk\0\0", "WavPack");
        check(b"MThd\0\0\0\x06", "a MIDI file (notes without sound)");
        check(b"#!AMR\n", "AMR");
        check(b"\x0B\x77\x12\x34\x50\x40\x43", "AC-3 (Dolby Digital)");
        check(b"\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9", "Windows Media (WMA)");
        check(b"RIFF\x24\0\0\0AVI LIST", "an AVI film");
    }

    #[test]
    fn containers() {
        let check = |head: &[u8], name: &str| assert_eq!(says(head), name);
        check(b"RIFF\xFF\xFF\xFF\xFFWAVEfmt ", "WAV");
        check(b"BW64\xFF\xFF\xFF\xFFWAVEds64", "WAV");
        check(b"FORM\0\0\0\x2EAIFCFVER", "AIFF");
        check(b"\0\0\0\x1CftypM4A \0\0\x02\0", "MP4");
        check(b"\x1A\x45\xDF\xA3\x9F", "Matroska");
        let mut mp3 = vec![0; 1000];
        mp3[0..4].copy_from_slice(&[0xFF, 0xFB, 0x90, 0x64]);
        mp3[417..421].copy_from_slice(&[0xFF, 0xFB, 0x90, 0x64]);
        check(&mp3, "MP3");
    }
}
