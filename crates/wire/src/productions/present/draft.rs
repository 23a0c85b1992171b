//! What is wanted, as productions and presets both show it.

use model::chapters::write_time;
use model::production::{MadeFile, OutputOrder};
use model::{Chapters, Draft, ServiceId, ShownService, size_string};
use serde::Serialize;
use serde_json::Number;
use utoipa::ToSchema;

use super::text::plain;
use crate::productions::formats::Format;
use crate::productions::services::{directions, type_of};

/// A file that is wanted or was made.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct OutputFile {
    /// Name of the format.
    #[schema(example = "mp3")]
    pub format: String,
    /// File name ending without the dot.
    #[schema(example = "mp3")]
    pub ending: String,
    /// Name of the file; empty until it is made, unless it was said.
    #[schema(example = "episode-47.mp3")]
    pub filename: String,
    /// What is added to the basename.
    pub suffix: String,
    /// Kilobits per second, or null where there is nothing to choose.
    #[schema(example = 128)]
    pub bitrate: Option<u32>,
    /// Whether all channels become one.
    pub mono_mixdown: bool,
    /// Whether every chapter becomes a file.
    pub split_on_chapters: bool,
    /// Bytes; 0 until it is made.
    #[schema(example = 1_335_528)]
    pub size: u64,
    /// The size for people; empty until it is made.
    #[schema(example = "1.3 MB")]
    pub size_string: String,
    /// MD5 of its bytes in hexadecimal; empty until it is made.
    #[schema(example = "96673128a7092c25039dc5bf5c63a312")]
    pub checksum: String,
    /// Where it can be fetched, or null until it is made.
    pub download_url: Option<String>,
    /// The services it goes to; none means all of the production's.
    pub outgoing_services: Vec<String>,
}

impl OutputFile {
    /// A file that is wanted.
    pub(super) fn wanted(order: &OutputOrder) -> Self {
        let format = Format::find(&order.format);
        let usual = format.map_or("", Format::ending);
        Self {
            format: order.format.clone(),
            ending: if order.ending.is_empty() { usual.to_owned() } else { order.ending.clone() },
            filename: order.filename.clone(),
            suffix: order.suffix.clone(),
            bitrate: order.bitrate.or(format.and_then(Format::usual_bitrate)),
            mono_mixdown: order.mono_mixdown,
            split_on_chapters: order.split_on_chapters,
            size: 0,
            size_string: String::new(),
            checksum: String::new(),
            download_url: None,
            outgoing_services: order.services.iter().map(ServiceId::to_string).collect(),
        }
    }

    /// A file that was made.
    pub(super) fn made(file: &MadeFile, download_url: String) -> Self {
        Self {
            filename: file.name.clone(),
            size: file.size,
            size_string: size_string(file.size),
            checksum: file.md5.clone(),
            download_url: Some(download_url),
            ..Self::wanted(&file.order)
        }
    }
}

/// A service that a production is published to.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct OutgoingService {
    /// Its uuid.
    pub uuid: String,
    /// What kind it is.
    pub r#type: String,
    /// What people call it.
    pub display_name: String,
    /// Whether recordings can be taken from it.
    pub incoming: bool,
    /// Whether results can be put there.
    pub outgoing: bool,
    /// Whether it went there, or null until the service answered.
    pub transfer_success: Option<bool>,
    /// Why it did not go there; empty when it did.
    pub error_message: String,
    /// The page that the service made of it.
    pub result_page: Option<String>,
    /// The files that the service made of it.
    pub result_urls: Vec<String>,
}

impl OutgoingService {
    fn new(id: &ServiceId) -> Self {
        Self {
            uuid: id.to_string(),
            r#type: String::new(),
            display_name: String::new(),
            incoming: false,
            outgoing: true,
            transfer_success: None,
            error_message: String::new(),
            result_page: None,
            result_urls: Vec::new(),
        }
    }

    /// Says what is known of the service and how it went there.
    pub(super) fn tell(&mut self, shown: &ShownService) {
        let (incoming, outgoing) = directions(&shown.service);
        type_of(&shown.service).clone_into(&mut self.r#type);
        (self.incoming, self.outgoing) = (incoming, outgoing);
        self.display_name.clone_from(&shown.display_name);
        if let Some(placing) = &shown.placing {
            self.transfer_success = placing.success;
            self.error_message.clone_from(&placing.trouble);
            self.result_page.clone_from(&placing.result_page);
            self.result_urls.clone_from(&placing.result_urls);
        }
    }

    /// The services of a draft.
    pub(super) fn list(draft: &Draft) -> Vec<Self> {
        draft.all_services().iter().map(Self::new).collect()
    }
}

/// A chapter mark.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Chapter {
    /// Where it begins.
    #[schema(example = "00:12:30.500")]
    pub start: String,
    /// What is shown for it.
    pub title: String,
    /// A page that belongs to it; empty where there is none.
    pub url: String,
    /// A picture that belongs to it; always empty, pictures of chapters are not kept yet.
    pub image: String,
}

impl Chapter {
    /// All marks, earliest first.
    pub(super) fn list(chapters: &Chapters) -> Vec<Self> {
        let of = |mark: &model::Chapter| Self {
            start: write_time(mark.start_ms),
            title: mark.title.clone(),
            url: mark.url.clone().unwrap_or_default(),
            image: String::new(),
        };
        chapters.as_slice().iter().map(of).collect()
    }
}

/// What is said about a production in words.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Metadata {
    /// Title of the episode, article or piece.
    pub title: String,
    /// Who speaks or plays.
    pub artist: String,
    /// Show, album or publication.
    pub album: String,
    /// Number within the album, as written.
    pub track: String,
    /// A line below the title.
    pub subtitle: String,
    /// A paragraph or more about the content.
    pub summary: String,
    /// Genre in words.
    pub genre: String,
    /// Four digits, or empty.
    pub year: String,
    /// Who publishes it.
    pub publisher: String,
    /// Address of the page that belongs to it.
    pub url: String,
    /// Licence in words.
    pub license: String,
    /// Address of the licence's text.
    pub license_url: String,
    /// Keywords.
    pub tags: Vec<String>,
    /// Whether the chapter list is appended to the summary.
    pub append_chapters: bool,
    /// Where it was recorded.
    pub location: Location,
}

/// A place, decimal degrees; both null where none was said.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Location {
    /// Degrees north.
    #[schema(value_type = Option<f64>)]
    pub latitude: Option<Number>,
    /// Degrees east.
    #[schema(value_type = Option<f64>)]
    pub longitude: Option<Number>,
}

impl From<&model::Metadata> for Metadata {
    fn from(metadata: &model::Metadata) -> Self {
        let metadata = metadata.clone();
        Self {
            title: metadata.title,
            artist: metadata.artist,
            album: metadata.album,
            track: metadata.track,
            subtitle: metadata.subtitle,
            summary: metadata.summary,
            genre: metadata.genre,
            year: metadata.year,
            publisher: metadata.publisher,
            url: metadata.url,
            license: metadata.license,
            license_url: metadata.license_url,
            tags: metadata.tags,
            append_chapters: metadata.append_chapters,
            location: Location {
                latitude: metadata.location.map(|place| plain(place.latitude)),
                longitude: metadata.location.map(|place| plain(place.longitude)),
            },
        }
    }
}

/// How a production is to sound.
#[expect(clippy::struct_excessive_bools, reason = "the keys are those of the published API")]
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Algorithms {
    /// Whether quiet and loud voices are brought together.
    pub leveler: bool,
    /// How firmly: `default`, `gentle` or `firm`.
    #[schema(example = "default")]
    pub levelermode: String,
    /// Whether the loudness is brought to a target.
    pub normloudness: bool,
    /// The target, LUFS.
    #[schema(value_type = f64, example = -16)]
    pub loudnesstarget: Number,
    /// Greatest true peak, dBTP.
    #[schema(value_type = f64, example = -1)]
    pub maxpeak: Number,
    /// Whether rumble and hum are filtered where they are found.
    pub filtering: bool,
    /// Whether noise is taken away.
    pub denoise: bool,
    /// How much of it, dB; 0 leaves it to the program.
    #[schema(value_type = f64, example = 0)]
    pub denoiseamount: Number,
    /// Whether long pauses are shortened.
    pub silence_cutter: bool,
    /// Multitrack only: whether silent tracks are shut.
    pub gate: bool,
    /// Multitrack only: whether voices are kept out of other people's microphones.
    pub crossgate: bool,
}

impl From<&model::production::Algorithms> for Algorithms {
    fn from(chosen: &model::production::Algorithms) -> Self {
        let mode = if chosen.levelermode.is_empty() { "default" } else { &chosen.levelermode };
        Self {
            leveler: chosen.leveler,
            levelermode: mode.to_owned(),
            normloudness: chosen.normloudness,
            loudnesstarget: plain(chosen.loudnesstarget),
            maxpeak: plain(chosen.maxpeak),
            filtering: chosen.filtering,
            denoise: chosen.denoise,
            denoiseamount: plain(chosen.denoiseamount),
            silence_cutter: chosen.silence_cutter,
            gate: chosen.gate,
            crossgate: chosen.crossgate,
        }
    }
}
