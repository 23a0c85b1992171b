//! Requests as OpenAPI describes them. What is read is more forgiving than what is described here: see `read`.

use serde::Deserialize;
use utoipa::ToSchema;

/// A production to make or to change. What is left out stays as it is; lists are added to.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct ProductionRequest {
    /// Uuid or name of the preset to begin with.
    #[schema(nullable = false)]
    pub preset: Option<String>,
    /// Whether everything is forgotten first.
    #[schema(nullable = false)]
    pub reset_data: Option<bool>,
    /// What is said about it in words.
    #[schema(nullable = false)]
    pub metadata: Option<MetadataRequest>,
    /// What the names of its files begin with.
    #[schema(nullable = false, max_length = 200)]
    pub output_basename: Option<String>,
    /// Chapter marks.
    #[schema(nullable = false, max_items = 10_000)]
    pub chapters: Option<Vec<ChapterRequest>>,
    /// An http or https address, or the name of a file on `service`.
    #[schema(nullable = false, max_length = 2_048)]
    pub input_file: Option<String>,
    /// Uuid of the service on which the recording lies.
    #[schema(nullable = false)]
    pub service: Option<String>,
    /// Address of a cover picture.
    #[schema(nullable = false, max_length = 2_048)]
    pub image: Option<String>,
    /// Files to make.
    #[schema(nullable = false, max_items = 50)]
    pub output_files: Option<Vec<OutputFileRequest>>,
    /// How it is to sound.
    #[schema(nullable = false)]
    pub algorithms: Option<AlgorithmsRequest>,
    /// Where to publish it.
    #[schema(nullable = false, max_items = 50)]
    pub outgoing_services: Option<Vec<ServiceRequest>>,
    /// An address that hears when it is done or did not work; empty takes it away.
    #[schema(nullable = false, max_length = 2_048)]
    pub webhook: Option<String>,
    /// Whether it waits for its owner before it is published.
    #[schema(nullable = false)]
    pub review_before_publishing: Option<bool>,
    /// `start` or `save`.
    #[schema(nullable = false, example = "start")]
    pub action: Option<String>,
}

/// A preset to make or to change. What is left out stays as it is; lists are added to.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct PresetRequest {
    /// What people call it; needed when it is made.
    #[schema(nullable = false, max_length = 1_000)]
    pub preset_name: Option<String>,
    /// Whether everything is forgotten first.
    #[schema(nullable = false)]
    pub reset_data: Option<bool>,
    /// What is said about productions in words.
    #[schema(nullable = false)]
    pub metadata: Option<MetadataRequest>,
    /// What the names of files begin with.
    #[schema(nullable = false, max_length = 200)]
    pub output_basename: Option<String>,
    /// Chapter marks.
    #[schema(nullable = false, max_items = 10_000)]
    pub chapters: Option<Vec<ChapterRequest>>,
    /// Address of a cover picture.
    #[schema(nullable = false, max_length = 2_048)]
    pub image: Option<String>,
    /// Files to make.
    #[schema(nullable = false, max_items = 50)]
    pub output_files: Option<Vec<OutputFileRequest>>,
    /// How productions are to sound.
    #[schema(nullable = false)]
    pub algorithms: Option<AlgorithmsRequest>,
    /// Where to publish productions.
    #[schema(nullable = false, max_items = 50)]
    pub outgoing_services: Option<Vec<ServiceRequest>>,
    /// An address that hears of every production made with it; empty takes it away.
    #[schema(nullable = false, max_length = 2_048)]
    pub webhook: Option<String>,
    /// Whether productions wait for their owner before they are published.
    #[schema(nullable = false)]
    pub review_before_publishing: Option<bool>,
}

/// What is said about a production in words.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct MetadataRequest {
    /// Title of the episode, article or piece.
    #[schema(nullable = false, max_length = 1_000)]
    pub title: Option<String>,
    /// Who speaks or plays.
    #[schema(nullable = false, max_length = 1_000)]
    pub artist: Option<String>,
    /// Show, album or publication.
    #[schema(nullable = false, max_length = 1_000)]
    pub album: Option<String>,
    /// Number within the album, also as a number.
    #[schema(nullable = false, max_length = 1_000)]
    pub track: Option<String>,
    /// A line below the title.
    #[schema(nullable = false, max_length = 1_000)]
    pub subtitle: Option<String>,
    /// A paragraph or more about the content.
    #[schema(nullable = false, max_length = 65_536)]
    pub summary: Option<String>,
    /// Genre in words.
    #[schema(nullable = false, max_length = 1_000)]
    pub genre: Option<String>,
    /// Four digits, also as a number.
    #[schema(nullable = false, pattern = "^([0-9]{4})?$")]
    pub year: Option<String>,
    /// Who publishes it.
    #[schema(nullable = false, max_length = 1_000)]
    pub publisher: Option<String>,
    /// Address of the page that belongs to it.
    #[schema(nullable = false, max_length = 2_048)]
    pub url: Option<String>,
    /// Licence in words.
    #[schema(nullable = false, max_length = 1_000)]
    pub license: Option<String>,
    /// Address of the licence's text.
    #[schema(nullable = false, max_length = 2_048)]
    pub license_url: Option<String>,
    /// Keywords, also as one text with commas.
    #[schema(nullable = false, max_items = 100)]
    pub tags: Option<Vec<String>>,
    /// Whether the chapter list is appended to the summary.
    #[schema(nullable = false)]
    pub append_chapters: Option<bool>,
    /// Where it was recorded.
    #[schema(nullable = false)]
    pub location: Option<LocationRequest>,
}

/// A place on Earth.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct LocationRequest {
    /// Degrees north, also as text.
    #[schema(minimum = -90, maximum = 90)]
    pub latitude: f64,
    /// Degrees east, also as text.
    #[schema(minimum = -180, maximum = 180)]
    pub longitude: f64,
}

/// A chapter mark.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct ChapterRequest {
    /// `HH:MM:SS`, a fraction behind a point if need be.
    #[schema(example = "00:12:30.500")]
    pub start: String,
    /// What is shown for it.
    #[schema(nullable = false, max_length = 1_000)]
    pub title: Option<String>,
    /// A page that belongs to it.
    #[schema(nullable = false, max_length = 2_048)]
    pub url: Option<String>,
}

/// A file to make.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct OutputFileRequest {
    /// Name of the format: see `info/output_files.json`.
    #[schema(example = "mp3")]
    pub format: String,
    /// Kilobits per second, also as text.
    #[schema(nullable = false, example = 128)]
    pub bitrate: Option<u32>,
    /// File name ending, where the format leaves a choice.
    #[schema(nullable = false)]
    pub ending: Option<String>,
    /// What is added to the basename.
    #[schema(nullable = false, max_length = 200)]
    pub suffix: Option<String>,
    /// The whole name of the file.
    #[schema(nullable = false, max_length = 200)]
    pub filename: Option<String>,
    /// Whether all channels become one.
    #[schema(nullable = false)]
    pub mono_mixdown: Option<bool>,
    /// Whether every chapter becomes a file.
    #[schema(nullable = false)]
    pub split_on_chapters: Option<bool>,
    /// The services that it goes to; none means all of the production's.
    #[schema(nullable = false, max_items = 50)]
    pub outgoing_services: Option<Vec<String>>,
}

/// How a production is to sound: see `info/algorithms.json`. Truth may also come as the words true and false.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct AlgorithmsRequest {
    /// Whether quiet and loud voices are brought together.
    #[schema(nullable = false)]
    pub leveler: Option<bool>,
    /// How firmly: `default`, `gentle` or `firm`.
    #[schema(nullable = false)]
    pub levelermode: Option<String>,
    /// Whether the loudness is brought to a target.
    #[schema(nullable = false)]
    pub normloudness: Option<bool>,
    /// The target, LUFS.
    #[schema(nullable = false, minimum = -31, maximum = -8)]
    pub loudnesstarget: Option<f64>,
    /// Greatest true peak, dBTP.
    #[schema(nullable = false, minimum = -12, maximum = 0)]
    pub maxpeak: Option<f64>,
    /// Whether rumble and hum are filtered where they are found; `hipfilter` is the same.
    #[schema(nullable = false)]
    pub filtering: Option<bool>,
    /// Whether long pauses are shortened.
    #[schema(nullable = false)]
    pub silence_cutter: Option<bool>,
}

/// A service, by its uuid.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct ServiceRequest {
    /// Its uuid.
    #[schema(pattern = "^[0-9A-Za-z]{22}$")]
    pub uuid: String,
}

/// The simple API's form: upload, metadata and start in one. Any algorithm is a field, too.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SimpleRequest {
    /// Uuid or name of the preset to begin with.
    #[schema(nullable = false)]
    pub preset: Option<String>,
    /// The recording: a file, an http or https address, or a name on `service`.
    #[schema(nullable = false, format = Binary)]
    pub input_file: Option<String>,
    /// Uuid of the service on which the recording lies.
    #[schema(nullable = false)]
    pub service: Option<String>,
    /// The cover picture: a file, or an http or https address.
    #[schema(nullable = false, format = Binary)]
    pub image: Option<String>,
    /// Chapter marks: a file, or its text.
    #[schema(nullable = false)]
    pub chapters: Option<String>,
    /// Title of the episode, article or piece.
    #[schema(nullable = false)]
    pub title: Option<String>,
    /// Who speaks or plays.
    #[schema(nullable = false)]
    pub artist: Option<String>,
    /// Show, album or publication.
    #[schema(nullable = false)]
    pub album: Option<String>,
    /// Number within the album.
    #[schema(nullable = false)]
    pub track: Option<String>,
    /// A line below the title.
    #[schema(nullable = false)]
    pub subtitle: Option<String>,
    /// A paragraph or more about the content.
    #[schema(nullable = false)]
    pub summary: Option<String>,
    /// Genre in words.
    #[schema(nullable = false)]
    pub genre: Option<String>,
    /// Four digits.
    #[schema(nullable = false)]
    pub year: Option<String>,
    /// Who publishes it.
    #[schema(nullable = false)]
    pub publisher: Option<String>,
    /// Address of the page that belongs to it.
    #[schema(nullable = false)]
    pub url: Option<String>,
    /// Licence in words.
    #[schema(nullable = false)]
    pub license: Option<String>,
    /// Address of the licence's text.
    #[schema(nullable = false)]
    pub license_url: Option<String>,
    /// Keywords with commas between.
    #[schema(nullable = false)]
    pub tags: Option<String>,
    /// Whether the chapter list is appended to the summary.
    #[schema(nullable = false)]
    pub append_chapters: Option<bool>,
    /// What the names of its files begin with.
    #[schema(nullable = false)]
    pub output_basename: Option<String>,
    /// Names of formats with commas between, beside those of the preset.
    #[schema(nullable = false)]
    pub output_files: Option<String>,
    /// An address that hears when it is done or did not work.
    #[schema(nullable = false)]
    pub webhook: Option<String>,
    /// `start` or `save`.
    #[schema(nullable = false)]
    pub action: Option<String>,
}

/// Files for a production or a preset that is there already.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct UploadRequest {
    /// The recording; for productions only.
    #[schema(nullable = false, format = Binary)]
    pub input_file: Option<String>,
    /// The cover picture.
    #[schema(nullable = false, format = Binary)]
    pub image: Option<String>,
}

/// The address of a webhook.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct WebhookRequest {
    /// An http or https address.
    #[schema(max_length = 2_048)]
    pub webhook: String,
}
