//! The files of a production on its page: what they are called, where they are fetched, and which of them a browser can play.

use model::ProductionId;
use model::production::{Input, Made, MadeFile};

use super::super::words::size;
use crate::http::percent;

/// A file in the list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FileRow {
    pub(crate) format: &'static str,
    pub(crate) detail: String,
    pub(crate) name: String,
    pub(crate) size: String,
    pub(crate) md5: String,
    pub(crate) href: String,
}

/// Something that a browser may be able to play.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) href: String,
    pub(crate) mime: &'static str,
}

/// Formats by the name that the productions API has for them: what people call them, and how a browser is told, in the order in
/// which they are offered to it. What cannot be played comes last.
const FORMATS: [(&str, &str, &str); 14] = [
    ("mp3", "MP3", "audio/mpeg"),
    ("mp3-vbr", "MP3", "audio/mpeg"),
    ("aac", "AAC", "audio/mp4"),
    ("opus", "Opus", "audio/ogg; codecs=opus"),
    ("vorbis", "Vorbis", "audio/ogg; codecs=vorbis"),
    ("flac", "FLAC", "audio/flac"),
    ("wav", "WAV", "audio/wav"),
    ("wav-24bit", "WAV", "audio/wav"),
    ("alac", "ALAC", "audio/mp4; codecs=alac"),
    ("waveform", "Waveform", ""),
    ("chapters", "Chapters", ""),
    ("stats", "Statistics", ""),
    ("transcript", "Transcript", ""),
    ("tracks", "Tracks", ""),
];

/// Endings of recordings that browsers play.
const ORIGINALS: [(&str, &str); 11] = [
    ("wav", "audio/wav"),
    ("wave", "audio/wav"),
    ("flac", "audio/flac"),
    ("mp3", "audio/mpeg"),
    ("m4a", "audio/mp4"),
    ("mp4", "audio/mp4"),
    ("aac", "audio/aac"),
    ("ogg", "audio/ogg"),
    ("oga", "audio/ogg"),
    ("opus", "audio/ogg; codecs=opus"),
    ("mka", "audio/webm"),
];

/// The list of files.
pub(crate) fn rows(id: &ProductionId, made: &Made) -> Vec<FileRow> {
    made.files.iter().map(|file| row(id, file)).collect()
}

/// The files that can be listened to, the one to try first at the front. Mono mixdowns and pieces are no way to hear the whole.
pub(crate) fn playable(id: &ProductionId, made: &Made) -> Vec<Source> {
    let rank =
        |file: &MadeFile| FORMATS.iter().position(|(name, _, mime)| *name == file.order.format && !mime.is_empty());
    let mut ranked: Vec<_> = made
        .files
        .iter()
        .filter(|file| !file.order.split_on_chapters)
        .filter_map(|file| Some((file.order.mono_mixdown, rank(file)?, file)))
        .collect();
    ranked.sort_by_key(|(mono, rank, _)| (*mono, *rank));
    ranked.into_iter().map(|(_, rank, file)| Source { href: href(id, file), mime: FORMATS[rank].2 }).collect()
}

/// The recording itself at its address, where browsers play its kind.
pub(crate) fn original(input: &Input, href: &str) -> Option<Source> {
    let Input::File(file) = input else { return None };
    let ending = file.name.rsplit_once('.')?.1.to_ascii_lowercase();
    let (_, mime) = ORIGINALS.iter().find(|(known, _)| *known == ending)?;
    Some(Source { href: href.to_owned(), mime })
}

/// What people call a format.
pub(crate) fn format_name(name: &str) -> &str {
    FORMATS.iter().find(|(known, ..)| *known == name).map_or(name, |(_, title, _)| title)
}

fn row(id: &ProductionId, file: &MadeFile) -> FileRow {
    let known = FORMATS.iter().find(|(name, ..)| *name == file.order.format);
    let ending = file.name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_uppercase();
    let mut detail = match (file.order.format.as_str(), file.order.bitrate) {
        ("mp3-vbr", None) => "variable bitrate".to_owned(),
        ("mp3-vbr", Some(kbit)) => format!("about {kbit}\u{2009}kbit/s"),
        ("wav-24bit", _) => "24\u{2009}bit".to_owned(),
        (_, Some(kbit)) => format!("{kbit}\u{2009}kbit/s"),
        ("waveform" | "chapters" | "stats" | "transcript", None) => ending,
        _ => String::new(),
    };
    if file.order.mono_mixdown {
        detail = if detail.is_empty() { "mono".to_owned() } else { format!("{detail}, mono") };
    }
    FileRow {
        format: known.map_or("File", |(_, name, _)| name),
        detail,
        name: file.name.clone(),
        size: size(file.size),
        md5: file.md5.clone(),
        href: href(id, file),
    }
}

fn href(id: &ProductionId, file: &MadeFile) -> String {
    format!("/api/download/audio-result/{id}/{}", percent::encode(&file.name))
}

#[cfg(test)]
mod tests {
    use model::Time;
    use model::production::{OutputOrder, StoredFile};

    use super::*;

    fn file(format: &str, name: &str) -> MadeFile {
        let order = OutputOrder { format: format.into(), ..OutputOrder::default() };
        MadeFile { order, name: name.into(), ..MadeFile::default() }
    }

    struct Zeros;

    impl model::Dice for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    #[test]
    fn the_smallest_is_tried_first_and_pictures_are_not_played() {
        let id = ProductionId::new(Time::from_ms(0), &Zeros);
        let files =
            vec![file("flac", "a.flac"), file("waveform", "a.png"), file("mp3", "a b?.mp3"), file("new", "a.new")];
        let made = Made { files, ..Made::default() };
        let sources = playable(&id, &made);
        assert_eq!(sources.iter().map(|source| source.mime).collect::<Vec<_>>(), ["audio/mpeg", "audio/flac"]);
        assert_eq!(sources[0].href, format!("/api/download/audio-result/{id}/a%20b%3F.mp3"));
        let rows = rows(&id, &made);
        assert_eq!((rows[1].format, rows[1].detail.as_str()), ("Waveform", "PNG"));
        assert_eq!((rows[3].format, rows[3].detail.as_str()), ("File", ""));
    }

    #[test]
    fn an_original_is_played_when_browsers_know_its_kind() {
        let input = |name: &str| Input::File(StoredFile { key: "k".into(), name: name.into(), size: 1 });
        assert_eq!(original(&input("Talk.WAV"), "/x").map(|source| source.mime), Some("audio/wav"));
        assert_eq!(original(&input("talk.aiff"), "/x"), None);
        assert_eq!(original(&input("talk"), "/x"), None);
        assert_eq!(original(&Input::Address("https://example.org/a.wav".into()), "/x"), None);
    }
}
