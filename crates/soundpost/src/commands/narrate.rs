//! `soundpost narrate`: an article in, narrated files out.
//!
//! The article is fetched or read, spoken into a temporary file, and that goes the way of `soundpost produce`, with what the article says of itself as
//! tags, its headings as chapters and its picture as cover.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use audio::tag::Cover;
use model::article::Block;
use model::narration::Script;
use model::{Article, Metadata};
use speech::Settings as Manner;
use speech::script::Script as Pieces;
use speech::voice::Voice;
use work::jobs::produce::PAGE;
use work::narration::{Listener, Silence, Speaking, Spoken, chapters, vtt};
use work::outbound::{FetchLimits, Options, Outbound};
use work::voices::Voices;

use super::{open, produce};
use crate::cli::{LevelerChoice, Narrate, Produce};
use crate::failure::Failure;
use crate::house::failed;
use crate::settings::Settings;
use crate::stop;

/// Pictures beyond this are left out.
const COVER: FetchLimits =
    FetchLimits { bytes: Cover::MAX_BYTES as u64, whole: Duration::from_mins(1), silence: Duration::from_secs(10) };

/// Bytes of a file that is read.
const FILE_BYTES: u64 = 10 << 20;

/// Reads an article aloud.
pub(crate) fn run(arguments: &Narrate) -> Result<(), Failure> {
    let settings = open::settings(&arguments.house)?;
    stop::listen()?;
    let article = if is_address(&arguments.input) {
        open::wait(fetch(&settings, &arguments.input))?
    } else {
        read(Path::new(&arguments.input))?
    };
    let voices = settings.voices();
    let voice = voices
        .choose(arguments.voice.as_deref(), &article.about.language)
        .map_err(|error| Failure::Failed(error.to_string()))?;
    let title = arguments.title.clone().unwrap_or_else(|| article.about.title.clone());
    let script = script(&article, &title)?;
    let folder = tempfile::tempdir().map_err(|error| failed("There is no room to speak into", &error))?;
    let stem = stem(&title, &arguments.input);
    let spoken = folder.path().join(format!("{stem}.wav"));
    let heard = speak(script, &voice, &voices, &spoken, arguments.quiet)?;
    let marks = chapters(&heard);
    let metadata = folder.path().join("metadata.json");
    let chapters = folder.path().join("chapters.txt");
    write(&metadata, &tags(&article, &title))?;
    write(&chapters, &marks.to_text())?;
    let made = produce::run(&Produce {
        inputs: vec![spoken],
        output: arguments.output.clone(),
        preset: "podcast".to_owned(),
        formats: arguments.formats.clone(),
        loudness: None,
        max_peak: None,
        leveler: Some(LevelerChoice::Off),
        cut_silence: None,
        metadata: Some(metadata),
        chapters: (!marks.is_empty()).then_some(chapters),
        cover: cover(&settings, &article, folder.path())?,
        json: arguments.json,
        quiet: arguments.quiet,
    });
    made?;
    write(&arguments.output.join(format!("{stem}.vtt")), &vtt(&heard))
}

fn is_address(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

async fn fetch(settings: &Settings, address: &str) -> Result<Article, Failure> {
    let outbound = way_out(settings)?;
    let (fetched, bytes) =
        outbound.fetch_bytes(address, &PAGE).await.map_err(|error| Failure::Failed(error.to_string()))?;
    let at = fetched.target.url().to_string();
    work::read_article(&bytes, fetched.content_type.as_deref(), &at).map_err(Failure::Failed)
}

fn way_out(settings: &Settings) -> Result<Outbound, Failure> {
    Outbound::new(Options::new(settings.allow_networks.clone()))
        .map_err(|error| failed("Nothing can be fetched from other hosts", &error))
}

/// A page that was saved, or plain text with an empty line between paragraphs.
fn read(path: &Path) -> Result<Article, Failure> {
    let unreadable = |error: std::io::Error| failed(&format!("{} cannot be read", path.display()), &error);
    if std::fs::metadata(path).map_err(unreadable)?.len() > FILE_BYTES {
        return Err(Failure::Failed(format!("{} has more than the 10 MiB that are read.", path.display())));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    if matches!(ending.as_str(), "html" | "htm" | "xhtml") {
        return work::read_article(&bytes, Some("text/html"), "https://localhost/").map_err(Failure::Failed);
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::Failed(format!("{} is neither a page nor text in UTF-8.", path.display())))?;
    Ok(plain_text(&text))
}

/// Text with an empty line between paragraphs, and headings as Markdown has them.
fn plain_text(text: &str) -> Article {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let blocks = text.split("\n\n").map(str::trim).filter(|part| !part.is_empty()).map(|part| {
        match part.strip_prefix('#').filter(|_| !part.contains('\n')) {
            Some(rest) => {
                let level = 1 + rest.bytes().take(5).take_while(|byte| *byte == b'#').count() as u8;
                Block::Heading(level, rest.trim_start_matches('#').trim().to_owned())
            }
            None => Block::Paragraph(part.to_owned()),
        }
    });
    let mut article = Article { blocks: blocks.collect(), ..Article::default() };
    if let Some(Block::Heading(1, title)) = article.blocks.first() {
        article.about.title.clone_from(title);
        article.blocks.remove(0);
    }
    article
}

fn script(article: &Article, title: &str) -> Result<Script, Failure> {
    let mut blocks = article.blocks.clone();
    if !title.is_empty() {
        blocks.insert(0, Block::Heading(1, title.to_owned()));
    }
    let pieces = Pieces::of(&blocks, &article.about.language).map_err(|error| Failure::Failed(error.to_string()))?;
    if pieces.segments.is_empty() {
        return Err(Failure::Failed("There is nothing to read aloud in it.".to_owned()));
    }
    Ok(Script::of(pieces.segments.into_iter().map(|piece| (piece.kind, piece.text)), None))
}

fn speak(
    script: Script,
    voice: &Arc<dyn Voice>,
    voices: &Voices,
    path: &Path,
    is_quiet: bool,
) -> Result<model::narration::Heard, Failure> {
    let threads = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let speaking = Speaking::new(script, &[], voice, voices, Manner { threads, ..Manner::default() });
    let progress = Progress { bar: (!is_quiet).then(crate::progress::speaking) };
    let heard = speaking.all(path, None, &progress).map_err(|error| match error {
        Silence::Stopped => Failure::AlreadySaid,
        error => Failure::Failed(error.to_string()),
    });
    if let Some(bar) = progress.bar {
        bar.finish_and_clear();
    }
    heard
}

/// A bar on a terminal.
struct Progress {
    bar: Option<indicatif::ProgressBar>,
}

impl Listener for Progress {
    fn spoken(&self, spoken: Spoken<'_>) {
        if let Some(bar) = &self.bar {
            bar.set_position((spoken.fraction * 1_000.0) as u64);
        }
    }

    fn is_over(&self) -> bool {
        stop::asked()
    }
}

fn tags(article: &Article, title: &str) -> String {
    let about = &article.about;
    let metadata = Metadata {
        title: title.to_owned(),
        artist: about.author.clone(),
        album: about.site.clone(),
        summary: about.summary.clone(),
        ..Metadata::default()
    };
    serde_json::to_string(&metadata).unwrap_or_default()
}

/// The article's picture in a file. A narration without one is better than none.
fn cover(settings: &Settings, article: &Article, folder: &Path) -> Result<Option<PathBuf>, Failure> {
    let image = &article.about.image;
    if !is_address(image) {
        return Ok(None);
    }
    let outbound = way_out(settings)?;
    let fetched = open::wait(async { Ok(outbound.fetch_bytes(image, &COVER).await) })?;
    let bytes = match fetched {
        Ok((_, bytes)) if Cover::parse(bytes.clone()).is_ok() => bytes,
        _ => return Ok(None),
    };
    let path = folder.join("cover");
    std::fs::write(&path, bytes).map_err(|error| failed("The cover cannot be kept", &error))?;
    Ok(Some(path))
}

/// Bytes of what files are called, before their endings. File systems take 255 at most with them.
const LONGEST_STEM: usize = 150;

/// What files are called: the title without what file systems do not take.
fn stem(title: &str, input: &str) -> String {
    let plain: String = title
        .chars()
        .map(|letter| if letter.is_alphanumeric() { letter.to_lowercase().next().unwrap_or(letter) } else { '-' })
        .collect();
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).take(12).collect();
    if words.is_empty() {
        let name = Path::new(input).file_stem().and_then(|name| name.to_str()).unwrap_or("narration");
        return name.to_owned();
    }
    let mut stem = words.join("-");
    stem.truncate(stem.floor_char_boundary(LONGEST_STEM));
    stem
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| failed(&format!("{} cannot be written", path.display()), &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_after_the_article() {
        assert_eq!(stem("How a Violin Is Made: 1,000 Years", "x"), "how-a-violin-is-made-1-000-years");
        assert_eq!(stem("…", "/a/talk.html"), "talk");
        assert_eq!(stem("../../etc/passwd", "x"), "etc-passwd");
        assert_eq!(stem(&"音".repeat(200), "x"), "音".repeat(50));
    }

    #[test]
    fn signs_of_headings_may_be_many() {
        let article = plain_text(&format!("# Title\n\n{} Deep\n\nText.", "#".repeat(256)));
        let wanted = [Block::Heading(6, "Deep".to_owned()), Block::Paragraph("Text.".to_owned())];
        assert_eq!((article.about.title.as_str(), article.blocks.as_slice()), ("Title", wanted.as_slice()));
    }
}
