//! What a player's page shows, made of the narration and what belongs to it.

use app::narrations::{Player, Status};
use askama::Template;
use model::article::{About, Kind};
use model::narration::Heard;
use model::{Narration, Time};
use serde_json::json;

use super::super::state::Look;
use super::super::waveform::{Shape, Width, average_amplitudes, hex, svg};
use super::super::words::{MONTHS, clock, date, size};
use super::progress::{drawn, playing, steps};
use super::text::{plain, spoken, tag};
use crate::http::percent;

/// Pixels of the picture, and of the one in the compact form.
pub(super) const TALL: u32 = 92;
pub(super) const LOW: u32 = 40;

/// Characters of a summary that search engines and previews are given.
const SUMMARY: usize = 300;

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "player/page.html")]
pub(super) struct View {
    pub(super) page: Page,
}

/// The compact form.
#[derive(Clone, Debug, Template)]
#[template(path = "player/embed.html")]
pub(super) struct Embed {
    pub(super) page: Page,
}

/// Where and when a page is looked at.
#[derive(Clone, Debug)]
pub(super) struct Here {
    /// The address of this house, without a slash at the end.
    pub(super) base: String,
    /// The moment.
    pub(super) now: Time,
}

impl Here {
    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

/// What belongs to a player besides itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Beside {
    /// What is heard when.
    pub(super) heard: Heard,
    /// Peaks of the sound.
    pub(super) peaks: Vec<(i8, i8)>,
    /// The hidden field of the form that tries again, for somebody who may.
    pub(super) retry: Option<String>,
}

/// What both forms show.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    pub(super) id: String,
    pub(super) lang: String,
    pub(super) title: String,
    /// The title as markup, with its words where it is heard.
    pub(super) heading: String,
    pub(super) site: String,
    /// The front page of the site.
    pub(super) home: String,
    pub(super) section: String,
    pub(super) facts: Vec<String>,
    pub(super) original: String,
    pub(super) address: String,
    pub(super) description: String,
    pub(super) image: Option<String>,
    pub(super) oembed_json: String,
    pub(super) oembed_xml: String,
    pub(super) json_ld: String,
    pub(super) revision: u32,
    pub(super) theme: Option<String>,
    pub(super) noscript_refresh: Option<u32>,
    pub(super) making: Option<Making>,
    pub(super) ready: Option<Ready>,
    pub(super) wrong: Option<Wrong>,
    pub(super) paragraphs: Vec<Paragraph>,
    pub(super) voice: String,
}

/// It is being made.
#[derive(Clone, Debug)]
pub(super) struct Making {
    pub(super) percent: u8,
    pub(super) step: &'static str,
    pub(super) sentence: String,
    pub(super) left: String,
    /// What is finished of the sound, for the script.
    pub(super) bars: String,
    pub(super) steps: Vec<StepShown>,
    pub(super) wide: String,
    pub(super) narrow: String,
}

#[derive(Clone, Debug)]
pub(super) struct StepShown {
    pub(super) class: &'static str,
    pub(super) svg: &'static str,
    pub(super) name: &'static str,
}

/// It can be heard.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    pub(super) audio: String,
    /// The same with the host before it.
    pub(super) address: String,
    pub(super) mime: &'static str,
    pub(super) length_ms: u64,
    pub(super) length: String,
    /// Where to begin, in seconds, where no script does that.
    pub(super) from: Option<u64>,
    pub(super) download: Option<Download>,
    pub(super) vtt: String,
    pub(super) bars: String,
    pub(super) wide: String,
    pub(super) narrow: String,
}

#[derive(Clone, Debug)]
pub(super) struct Download {
    pub(super) href: String,
    pub(super) text: String,
}

/// It did not work.
#[derive(Clone, Debug)]
pub(super) struct Wrong {
    pub(super) heading: String,
    pub(super) sentence: String,
    pub(super) retry: Option<String>,
    pub(super) details: Vec<(String, String)>,
    pub(super) wide: String,
    pub(super) narrow: String,
}

/// A piece of the text.
#[derive(Clone, Debug)]
pub(super) struct Paragraph {
    pub(super) tag: &'static str,
    pub(super) look: &'static str,
    pub(super) index: usize,
    pub(super) start_ms: u64,
    pub(super) seconds: u64,
    /// When it is heard, for people; empty where it is not.
    pub(super) at: String,
    pub(super) label: String,
    pub(super) html: String,
}

impl Page {
    /// `height` is that of the picture, in pixels.
    pub(super) fn new(here: &Here, player: &Player, beside: &Beside, from: Option<u64>, height: u32) -> Self {
        let narration = &player.narration;
        let about = narration.about.clone().unwrap_or_default();
        let id = narration.id;
        let address = here.address(&format!("/p/{id}"));
        let title = player.production.draft.metadata.title.clone();
        let speaking = match player.status() {
            Status::Generating => playing(player, here.now).segment,
            Status::Ready | Status::Error => None,
        };
        let (heading, paragraphs) = texts(narration, beside, &title, speaking);
        let oembed = |format: &str| here.address(&format!("/oembed?format={format}&url={}", percent::encode(&address)));
        let mut page = Self {
            id: id.to_string(),
            lang: if about.language.is_empty() { "en".to_owned() } else { about.language.clone() },
            heading: heading.unwrap_or_else(|| plain(&title)),
            site: player.site().to_owned(),
            home: origin(&narration.address),
            section: about.section.clone(),
            facts: facts(player, &about, beside),
            original: narration.address.clone(),
            description: description(&about, &title),
            image: Some(about.image.clone()).filter(|image| !image.is_empty()),
            oembed_json: oembed("json"),
            oembed_xml: oembed("xml"),
            json_ld: json_ld(here, player, &about, &title, &address),
            revision: narration.revision,
            paragraphs,
            voice: match beside.heard.reader.as_str() {
                "" => "Read by a synthetic voice".to_owned(),
                reader => format!("Read by {reader}, a synthetic voice"),
            },
            title,
            address,
            ..Self::default()
        };
        match player.status() {
            Status::Generating => {
                page.making = Some(making(here, player, height));
                page.noscript_refresh = Some(10);
            }
            Status::Ready => page.ready = ready(here, player, beside, from, height),
            Status::Error => page.wrong = Some(wrong(player, beside, height)),
        }
        page
    }
}

fn making(here: &Here, player: &Player, height: u32) -> Making {
    let playing = playing(player, here.now);
    let steps = steps(player, &playing).into_iter().map(|step| StepShown {
        class: step.look.class(),
        svg: step.look.svg(),
        name: step.name,
    });
    let drawn = drawn(&player.underway);
    let shape = Shape::Growing { done: f64::from(playing.percent) / 100.0, drawn: &drawn };
    Making {
        steps: steps.collect(),
        percent: playing.percent,
        step: playing.step,
        sentence: playing.sentence,
        left: playing.left,
        bars: playing.bars,
        wide: svg(shape, Width::Wide, height, ""),
        narrow: svg(shape, Width::Narrow, height, ""),
    }
}

fn ready(here: &Here, player: &Player, beside: &Beside, from: Option<u64>, height: u32) -> Option<Ready> {
    let made = &player.published()?.made;
    let file = made.files.iter().find(|file| file.order.format == "mp3")?;
    let audio = format!("/p/{}/audio.mp3", player.narration.id);
    let wide = average_amplitudes(&beside.peaks, Width::Wide.bars());
    let narrow = average_amplitudes(&beside.peaks, Width::Narrow.bars());
    Some(Ready {
        address: here.address(&audio),
        vtt: format!("/p/{}/words.vtt", player.narration.id),
        mime: "audio/mpeg",
        length_ms: made.length_ms,
        length: clock(made.length_ms),
        from: from.filter(|from| from * 1_000 < made.length_ms),
        download: player
            .organization
            .offers_download
            .then(|| Download { href: audio.clone(), text: format!("Download MP3, {}", size(file.size)) }),
        bars: hex(&wide),
        wide: svg(Shape::Ready(&wide), Width::Wide, height, ""),
        narrow: svg(Shape::Ready(&narrow), Width::Narrow, height, ""),
        audio,
    })
}

fn wrong(player: &Player, beside: &Beside, height: u32) -> Wrong {
    let narration = &player.narration;
    let details = [("Article".to_owned(), narration.address.clone())]
        .into_iter()
        .chain([("Tried last".to_owned(), date(player.production.changed))])
        .chain(narration.findings.iter().cloned());
    Wrong {
        heading: "This article could not be read aloud".to_owned(),
        sentence: player.trouble().unwrap_or_default().to_owned(),
        retry: beside.retry.clone(),
        details: details.collect(),
        wide: svg(Shape::Fallen, Width::Wide, height, ""),
        narrow: svg(Shape::Fallen, Width::Narrow, height, ""),
    }
}

/// The title as it is heard, if it is, and the rest of the text.
fn texts(
    narration: &Narration,
    beside: &Beside,
    title: &str,
    speaking: Option<usize>,
) -> (Option<String>, Vec<Paragraph>) {
    let is_title = |at: usize, kind: Kind, text: &str| at == 0 && kind == Kind::Heading(1) && text == title;
    if beside.heard.segments.is_empty() {
        let segments = narration.script.segments.iter().enumerate();
        let paragraphs =
            segments.filter(|(at, segment)| !is_title(*at, segment.kind, &segment.text)).map(|(index, segment)| {
                Paragraph {
                    tag: tag(segment.kind),
                    look: match speaking.map(|now| index.cmp(&now)) {
                        Some(std::cmp::Ordering::Equal) => "now",
                        Some(std::cmp::Ordering::Greater) => "yet",
                        _ => "",
                    },
                    index,
                    start_ms: 0,
                    seconds: 0,
                    at: String::new(),
                    label: String::new(),
                    html: plain(&segment.text),
                }
            });
        return (None, paragraphs.collect());
    }
    let mut heading = None;
    let mut paragraphs = Vec::with_capacity(beside.heard.segments.len());
    for (index, segment) in beside.heard.segments.iter().enumerate() {
        if is_title(index, segment.kind, &segment.text) {
            heading = Some(spoken(segment));
            continue;
        }
        let at = clock(segment.ms.start);
        paragraphs.push(Paragraph {
            tag: tag(segment.kind),
            look: "",
            index,
            start_ms: segment.ms.start,
            seconds: segment.ms.start / 1_000,
            label: format!("Play from {at}"),
            at,
            html: spoken(segment),
        });
    }
    (heading, paragraphs)
}

/// Who wrote it, when, and who reads it how long.
fn facts(player: &Player, about: &About, beside: &Beside) -> Vec<String> {
    let mut facts: Vec<String> = Vec::new();
    if !about.author.is_empty() {
        facts.push(about.author.clone());
    }
    if let Some(day) = day(&about.published) {
        facts.push(day);
    }
    if let Some(published) = player.published() {
        let reader = if beside.heard.reader.is_empty() { "a synthetic voice" } else { &beside.heard.reader };
        facts.push(format!("Read by {reader}, {}", length(published.made.length_ms)));
    }
    facts
}

/// `2026-11-21` for people.
fn day(date: &str) -> Option<String> {
    let mut parts = date.get(..10)?.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?.parse::<usize>().ok()?, parts.next()?.parse::<u32>().ok()?);
    Some(format!("{day} {} {year}", MONTHS.get(month.checked_sub(1)?)?))
}

/// `2 min 41 s`, with thin spaces.
fn length(ms: u64) -> String {
    let seconds = (ms + 500) / 1_000;
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds}\u{2009}s"),
        (minutes, 0) => format!("{minutes}\u{2009}min"),
        (minutes, seconds) => format!("{minutes}\u{2009}min {seconds}\u{2009}s"),
    }
}

fn description(about: &About, title: &str) -> String {
    if about.summary.is_empty() {
        return format!("{title}, read aloud.");
    }
    let mut letters = about.summary.chars();
    let short: String = letters.by_ref().take(SUMMARY).collect();
    if letters.next().is_some() { format!("{}…", short.trim_end()) } else { short }
}

/// What search engines are told: an article, and its recording. schema.org.
fn json_ld(here: &Here, player: &Player, about: &About, title: &str, address: &str) -> String {
    let mut said = json!({
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": title,
        "mainEntityOfPage": player.narration.address,
        "url": address,
        "publisher": { "@type": "Organization", "name": player.site() },
    });
    let mut add = |name: &str, value: serde_json::Value| said[name] = value;
    if !about.author.is_empty() {
        add("author", json!({ "@type": "Person", "name": about.author }));
    }
    if !about.published.is_empty() {
        add("datePublished", about.published.as_str().into());
    }
    if !about.language.is_empty() {
        add("inLanguage", about.language.as_str().into());
    }
    if !about.image.is_empty() {
        add("image", about.image.as_str().into());
    }
    if let Some(published) = player.published() {
        let audio = json!({
            "@type": "AudioObject",
            "contentUrl": here.address(&format!("/p/{}/audio.mp3", player.narration.id)),
            "encodingFormat": "audio/mpeg",
            "duration": counted_duration(published.made.length_ms),
            "embedUrl": here.address(&format!("/embed/{}", player.narration.id)),
        });
        add("audio", audio);
    }
    // Within a script element a “<” could end it.
    said.to_string().replace('<', "\\u003c")
}

/// ISO 8601: `PT2M41S`.
fn counted_duration(ms: u64) -> String {
    let seconds = (ms + 500) / 1_000;
    format!("PT{}M{}S", seconds / 60, seconds % 60)
}

/// The front page of the site that an article is on.
fn origin(address: &str) -> String {
    let end = address.find("://").map_or(0, |at| at + 3);
    let host = address[end..].find(['/', '?']).map_or(address.len(), |at| end + at);
    format!("{}/", &address[..host])
}

/// The glyph of a state, for lists.
pub(super) fn look_of(status: Status) -> Look {
    match status {
        Status::Generating => Look::Making,
        Status::Ready => Look::Ready,
        Status::Error => Look::Fallen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_lengths_for_people() {
        assert_eq!(day("2026-11-21").as_deref(), Some("21 November 2026"));
        assert_eq!(day("2026-11-21T10:00:00Z").as_deref(), Some("21 November 2026"));
        for none in ["", "2026", "2026-13-01", "2026-00-01", "yesterday!"] {
            assert_eq!(day(none), None, "{none}");
        }
        assert_eq!(
            (length(161_400), length(60_000), length(900)),
            ("2\u{2009}min 41\u{2009}s".into(), "1\u{2009}min".into(), "1\u{2009}s".into())
        );
        assert_eq!(counted_duration(161_000), "PT2M41S");
        assert_eq!(origin("https://news.example/a?b"), "https://news.example/");
        assert_eq!(origin("http://news.example"), "http://news.example/");
    }
}
