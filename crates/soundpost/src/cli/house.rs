//! The part of the command line that opens the house: server, workers, and what an operator does.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

/// Where the settings are.
#[derive(Clone, Debug, Args)]
pub(crate) struct HouseArgs {
    /// Settings file [default: soundpost.toml, if there is one]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,

    /// Folder for database, files and secret key [default: ./data]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) data_dir: Option<String>,

    /// Database: sqlite:PATH or postgres://… [default: soundpost.db in the data folder]
    #[arg(long, value_name = "URL")]
    pub(crate) database_url: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Every setting can stand in soundpost.toml or in the environment: `soundpost config` lists them."
)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) house: HouseArgs,

    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,

    /// Address that people reach this server by [default: http:// and what --listen says]
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,

    /// Answer requests only; `soundpost worker` does the work
    #[arg(long)]
    pub(crate) no_workers: bool,

    /// Serve the sandbox and nothing else: a world of its own, in which passwords are taken and which may be thrown away
    #[arg(long)]
    pub(crate) sandbox: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Worker {
    #[command(flatten)]
    pub(crate) house: HouseArgs,

    /// Kinds of work to do, with commas between [default: all]
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    pub(crate) only: Vec<String>,

    /// Productions to make at once [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) concurrency: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The archive to write, a tar file; it appears whole or not at all
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// Put the secret key in, too. Whoever has the archive can then read everything that is sealed
    #[arg(long)]
    pub(crate) with_key: bool,

    /// Print what was written as JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) house: HouseArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The archive, as `soundpost backup` wrote it
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// Print what was put back as JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) house: HouseArgs,
}

/// What an operator does.
#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    /// Accounts
    #[command(subcommand)]
    User(User),
    /// Keys that programs sign in with
    #[command(subcommand)]
    Token(Token),
    /// Apps: programs of others that work with this server
    #[command(subcommand)]
    App(App),
    /// Organizations: platforms that have articles read aloud, server to server
    #[command(subcommand)]
    Org(super::Org),
    /// Work that waits, and work that did not work
    #[command(subcommand)]
    Queue(Queue),
    /// What others were told, and having it sent once more
    #[command(subcommand, name = "delivery")]
    Deliveries(Deliveries),
    /// The world apart in which apps are tried
    #[command(subcommand)]
    Sandbox(Sandbox),
}

/// Apps.
#[derive(Debug, Subcommand)]
pub(crate) enum App {
    /// Register an app. Its secret is shown once
    Create {
        /// Who answers for it
        #[arg(long, value_name = "USERNAME")]
        owner: String,
        /// What people know it by
        #[arg(long, value_name = "NAME")]
        name: String,
        /// What it does, in a sentence
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        about: String,
        /// Where more is said about it
        #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
        homepage: String,
        /// Where people may be sent back to in OAuth 2.0; may be given several times
        #[arg(long = "redirect-uri", value_name = "URI")]
        redirect_uris: Vec<String>,
        /// Where people may be sent back to in OAuth 1.0a
        #[arg(long, value_name = "URI", default_value = "", hide_default_value = true)]
        oauth1_callback: String,
        /// What it asks for when it does not say, with spaces between
        #[arg(long, value_name = "SCOPES", default_value = "", hide_default_value = true)]
        scope: String,
        /// It is in people's hands and keeps no secret; it has to use PKCE
        #[arg(long)]
        public: bool,
        #[command(flatten)]
        common: Common,
    },
    /// List apps
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Decide what an app may do beyond the usual
    Approve {
        /// The app's id
        client_id: String,
        /// Let everybody connect it as an external service: hidden, or public to have it listed
        #[arg(long, value_name = "STATE", value_parser = ["pending", "hidden", "public"], num_args = 0..=1, default_missing_value = "hidden")]
        external_services: Option<String>,
        /// Let it have songs encoded by signed requests
        #[arg(long)]
        encoding: bool,
        /// Let it use OAuth 1.0, which is open to session fixation
        #[arg(long)]
        oauth10: bool,
        /// Let it take people's passwords itself, as old desktop programs do
        #[arg(long)]
        password: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Give an app another secret. It is shown once
    Rotate {
        /// The app's id
        client_id: String,
        /// End the old secret now, not after 24 hours
        #[arg(long)]
        at_once: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Remove an app, with everything that people allowed it
    Remove {
        /// The app's id
        client_id: String,
        #[command(flatten)]
        common: Common,
    },
}

/// The world apart in which apps are tried.
#[derive(Debug, Subcommand)]
pub(crate) enum Sandbox {
    /// Throw everything in it away
    Reset {
        #[command(flatten)]
        common: Common,
    },
}

/// Accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Make an account
    Create {
        /// Name to sign in with
        #[arg(long, value_name = "NAME")]
        username: String,
        /// E-mail address
        #[arg(long, value_name = "ADDRESS", default_value = "", hide_default_value = true)]
        email: String,
        /// Read the password from standard input; without it, it is asked for
        #[arg(long)]
        password_stdin: bool,
        /// Let this person run the house, too
        #[arg(long)]
        admin: bool,
        #[command(flatten)]
        common: Common,
    },
    /// List accounts
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Take the second step of signing in away, for somebody who lost telephone, passkeys and recovery codes
    DropFactors {
        /// Name to sign in with
        #[arg(long, value_name = "NAME")]
        username: String,
        #[command(flatten)]
        common: Common,
    },
    /// Give an account another password and sign its browsers out
    Password {
        /// Name to sign in with
        #[arg(long, value_name = "NAME")]
        username: String,
        /// Read the password from standard input; without it, it is asked for
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        common: Common,
    },
}

/// Keys that programs sign in with.
#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a key. It is shown once
    Create {
        /// Whose key it is
        #[arg(long, value_name = "NAME")]
        user: String,
        /// What the key is for, in your own words
        #[arg(long, value_name = "TEXT", default_value = "made by soundpost admin")]
        name: String,
        /// Make an access token of this app instead, as if the account had allowed it
        #[arg(long, value_name = "CLIENT_ID")]
        app: Option<String>,
        /// What it may be used for, with spaces between: production.read, production.write, service.connect, profile, tracks.write [default: everything]
        #[arg(long, value_name = "SCOPES", default_value = "", hide_default_value = true)]
        scope: String,
        #[command(flatten)]
        common: Common,
    },
    /// List the keys of an account, without the keys themselves
    List {
        /// Whose keys
        #[arg(long, value_name = "NAME")]
        user: String,
        #[command(flatten)]
        common: Common,
    },
    /// Revoke a key
    Revoke {
        /// Whose key
        #[arg(long, value_name = "NAME")]
        user: String,
        /// The key's id, as `list` shows it
        id: String,
        #[command(flatten)]
        common: Common,
    },
}

/// Work that waits, and work that did not work.
#[derive(Debug, Subcommand)]
pub(crate) enum Queue {
    /// Count jobs, and list those that did not work
    Show {
        #[command(flatten)]
        common: Common,
    },
    /// List jobs: those that did not work with the reason in front, then the oldest
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Have work that did not work tried again, with all its attempts
    Revive {
        /// The job's id, as `list` shows it
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        id: Option<String>,
        /// Everything that did not work
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Forget work that did not work
    Drop {
        /// The job's id, as `list` shows it
        id: String,
        #[command(flatten)]
        common: Common,
    },
}

/// What others were told.
#[derive(Debug, Subcommand)]
pub(crate) enum Deliveries {
    /// List deliveries, newest first
    List {
        #[command(flatten)]
        meant: Meant,
        #[command(flatten)]
        common: Common,
    },
    /// Show a delivery with its body and every attempt
    Show {
        /// The delivery's id, as `list` shows it; it is the webhook-id, too
        id: String,
        #[command(flatten)]
        common: Common,
    },
    /// Send deliveries that came to an end once more: one, or all that are meant, after saying how many those are
    Replay {
        /// The delivery's id
        #[arg(conflicts_with_all = ["failed", "since_hours", "app", "yes"])]
        id: Option<String>,
        #[command(flatten)]
        meant: Meant,
        /// Do it; without this, only the count is told
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        common: Common,
    },
}

/// Which deliveries are meant.
#[derive(Debug, Args)]
pub(crate) struct Meant {
    /// Only such as were given up
    #[arg(long)]
    pub(crate) failed: bool,
    /// Only such as were caused within so many hours
    #[arg(long, value_name = "HOURS")]
    pub(crate) since_hours: Option<u32>,
    /// Only what this app was told, by its client_id
    #[arg(long, value_name = "CLIENT_ID")]
    pub(crate) app: Option<String>,
}

/// What every operator's command takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Common {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// Act on the sandbox
    #[arg(long)]
    pub(crate) sandbox: bool,

    #[command(flatten)]
    pub(crate) house: HouseArgs,
}
