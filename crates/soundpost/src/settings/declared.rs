//! Every setting there is, explained where it is declared. The reference page and the file to begin with are made of this.

use std::fmt::Write;

/// A setting.
pub(crate) struct Setting {
    /// Its name in `soundpost.toml`; in the environment it is in capitals, after `SOUNDPOST_`.
    pub(super) name: &'static str,
    /// What holds where it is not set; empty where that depends on others, and `about` says on what.
    pub(super) default: &'static str,
    /// What it takes, as the end of a sentence.
    pub(super) takes: &'static str,
    /// What it does.
    about: &'static str,
    /// Whether its value is never shown.
    pub(super) is_secret: bool,
}

impl Setting {
    /// Its name in the environment.
    pub(super) fn variable(&self) -> String {
        format!("SOUNDPOST_{}", self.name.to_uppercase())
    }
}

const fn setting(name: &'static str, default: &'static str, takes: &'static str, about: &'static str) -> Setting {
    Setting { name, default, takes, about, is_secret: false }
}

const fn secret(name: &'static str, takes: &'static str, about: &'static str) -> Setting {
    Setting { name, default: "", takes, about, is_secret: true }
}

/// Every setting, in the order of the reference page.
pub(super) const SETTINGS: &[Setting] = &[
    setting(
        "public_url",
        "",
        "an http or https address without a path, such as https://audio.example.org",
        "The address that people and programs reach this server by. Addresses in replies and pages begin with it, and cookies are marked secure where it is https. Without it, `http://` and what `listen` says.",
    ),
    setting(
        "listen",
        "127.0.0.1:8080",
        "an address and a port, such as 127.0.0.1:8080 or [::]:8080",
        "Where the server listens. Put a proxy that speaks TLS in front of it before it is open to others.",
    ),
    setting(
        "metrics_listen",
        "off",
        "off, or an address and a port, such as 127.0.0.1:9090",
        "Where `/metrics` is served for Prometheus, apart from everything else.",
    ),
    setting(
        "data_dir",
        "./data",
        "a folder",
        "The folder for the database, the files, the secret key and the workers' scratch space, as far as other settings do not put them elsewhere. It is made where it is missing.",
    ),
    setting(
        "database_url",
        "",
        "sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME",
        "The database. Without it, the SQLite file `soundpost.db` in the data folder. PostgreSQL 15 or newer lets several servers and workers share one.",
    ),
    setting(
        "database_connections",
        "10",
        "a number from 1 to 1000",
        "Connections to the database at most. SQLite has one more, which writes.",
    ),
    setting(
        "storage_url",
        "",
        "file:///FOLDER or s3://BUCKET/PREFIX",
        "Where recordings and results lie. Without it, the folder `files` in the data folder.",
    ),
    setting("s3_endpoint", "", "an http or https address", "S3 only: the server, where it is not Amazon's."),
    setting("s3_region", "", "the name of a region", "S3 only: the region; `us-east-1` where it is not set."),
    setting("s3_access_key", "", "an access key id", "S3 only: who the server is there."),
    secret("s3_secret_key", "a secret access key", "S3 only: the secret that belongs to `s3_access_key`."),
    secret(
        "secret_key",
        "64 hexadecimal digits, as `openssl rand -hex 32` prints",
        "The installation's own secret: what it seals and signs is sealed and signed with it. With SQLite it is made on the first start and kept in `secret.key` in the data folder, readable by its owner only; with PostgreSQL it has to be given. A key that is not the one the database was set up with is refused.",
    ),
    setting(
        "job_lease",
        "30 s",
        "a length of time from 1 s to 1 h",
        "How long after its last sign of life a worker's job is given to another. Shorter finds a dead worker sooner, longer survives longer pauses of the machine.",
    ),
    setting(
        "job_attempts",
        "5",
        "a number from 1 to 1000",
        "How often work is begun whose worker ends in the middle of it, before it is given up: something in it may be what ends them.",
    ),
    setting(
        "produce_at_once",
        "1",
        "a number from 1 to 64",
        "Productions that one process makes at once. One uses all cores for most of its time, so more mainly make each slower.",
    ),
    setting(
        "signup",
        "closed",
        "open or closed",
        "Whether strangers may make accounts. Closed, `soundpost admin user create` does.",
    ),
    setting(
        "upload_limit",
        "10 GB",
        "a size such as 500 MB or 10 GB",
        "Bytes that one recording may have, uploaded or fetched.",
    ),
    setting(
        "account_quota",
        "none",
        "none, or a size such as 100 GB",
        "Bytes that are kept for one account: recordings, pictures and results together.",
    ),
    setting(
        "retention",
        "forever",
        "forever, or a length of time such as 90 days",
        "How long productions are kept after their last change. What is being made is left alone.",
    ),
    setting(
        "access_token_life",
        "365 days",
        "a length of time such as 30 days, at least a minute",
        "How long an access token of OAuth 2.0 works. Clients written for this API seldom refresh theirs, so it is long; refresh tokens work for 90 days more.",
    ),
    setting(
        "key_grace",
        "24 hours",
        "a length of time such as 24 hours, at most 366 days",
        "How long an organization's old key works on beside its new one, where an admin wishes for that when the key is made anew.",
    ),
    setting(
        "voices_dir",
        "",
        "a folder",
        "Where voices lie that read articles aloud. Without it, the folder `voices` in the data folder. `soundpost voices install` puts them there; every worker needs them, and all that answer for one house the same.",
    ),
    setting(
        "espeak_ng",
        "",
        "the path of a program, such as /usr/bin/espeak-ng",
        "The espeak-ng that reads articles in languages which no installed voice speaks. It is a program of its own, with a licence of its own, and sounds like it. Without it such articles are not read, and their page says so.",
    ),
    setting(
        "speech_server_url",
        "",
        "an http or https address, such as http://127.0.0.1:8880/v1",
        "A speech server of OpenAI's kind that reads articles aloud, up to where `/audio/speech` begins. It is told every sentence that it reads. Without it, only voices of this machine read. It needs `speech_server_voices`, and every worker needs both.",
    ),
    secret("speech_server_key", "a key of that server", "The key that the speech server wants, where it wants one."),
    setting("speech_server_model", "tts-1", "a name", "Which of its models the speech server reads with."),
    setting(
        "speech_server_voices",
        "",
        "languages and voices with commas between, such as en-US=alloy, de=nova",
        "Which of the speech server's voices reads which language; they are used before installed voices. A narration can ask for one of them by name: `en_US-alloy-server`.",
    ),
    setting(
        "rate_limit",
        "600",
        "off, or a number of requests per minute",
        "Requests that one account, or one address where nobody is signed in, may send in a minute. More are answered with 429 and when to come back.",
    ),
    setting(
        "trusted_proxies",
        "",
        "networks with commas between, such as 127.0.0.0/8,::1/128",
        "Proxies whose `X-Forwarded-For` is believed when it is asked where a request came from.",
    ),
    setting(
        "allow_networks",
        "",
        "networks with commas between, such as 127.0.0.0/8,::1/128",
        "Private networks that the server may fetch from all the same. For development, and for stores in your own house: whoever has an account can make the server ask addresses in them.",
    ),
    secret(
        "smtp_url",
        "smtps://USER:PASSWORD@HOST, smtp://USER:PASSWORD@HOST:587?tls=required, or smtp://HOST for a server on this machine",
        "The mail server that letters are sent by: codes for people who lost their password, and to show that an address is theirs. Without it no letters are sent, and pages say to ask the operator. It needs `mail_from`, and every worker needs both.",
    ),
    setting(
        "mail_from",
        "",
        "an e-mail address, such as sound@example.org or Soundpost <sound@example.org>",
        "Whom letters are from.",
    ),
    setting(
        "sandbox_listen",
        "off",
        "off, or an address and a port, such as 127.0.0.1:8081",
        "Where the sandbox is served beside the live house. It is a world of its own, in `sandbox` in the data folder, in which the social API takes passwords; `soundpost admin sandbox reset` throws it away. In the file this is `listen` in `[sandbox]`.",
    ),
    setting(
        "sandbox_public_url",
        "",
        "an http or https address without a path, such as https://sandbox.audio.example.org",
        "The address that people and programs reach the sandbox by. Without it, `http://` and what `sandbox_listen` says. In the file this is `public_url` in `[sandbox]`.",
    ),
    setting(
        "development_echo_calls",
        "off",
        "on or off",
        "Whether `POST /v3/sl/echo` is there: it checks a signed request as the calls of the encoding API do and says back who signed and what was understood. For whoever builds a client; it does nothing else. In the file this is `echo_calls` in `[development]`.",
    ),
    setting(
        "log",
        "info",
        "a level (error, warn, info, debug, trace), or directives such as info,work=debug",
        "How much is logged, on standard error.",
    ),
    setting("log_format", "pretty", "pretty or json", "How it is logged: for people, or a JSON object on each line."),
];

/// The setting of that name. Names are constants of this program, so it is there; a test sees to it.
pub(super) fn find(name: &'static str) -> &'static Setting {
    SETTINGS.iter().find(|setting| setting.name == name).unwrap_or(&SETTINGS[0])
}

/// The reference page of the book, Markdown.
pub(crate) fn reference() -> String {
    let mut page = String::from(
        "# Settings\n\n<!-- Made by `make generate` from crates/soundpost/src/settings/declared.rs. Do not edit. -->\n\n\
         What is not set has its default. `soundpost.toml` in the folder that the program is started in (or the file that `--config` names) is\n\
         read first, then the environment, then flags; the last one wins. A value that makes no sense stops the start.\n",
    );
    for setting in SETTINGS {
        let default = match setting.default {
            "" => "not set".to_owned(),
            text => format!("`{text}`"),
        };
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "\n## `{}`\n\n{}\n\n| | |\n|---|---|\n| takes | {} |\n| default | {default} |\n| environment | `{}` |\n",
            setting.name,
            setting.about,
            setting.takes,
            setting.variable()
        );
    }
    page
}

/// A `soundpost.toml` to begin with: every setting, explained and switched off.
pub(crate) fn template() -> String {
    let mut file = String::from("# Settings of Soundpost. Take away a # to set one.\n");
    for setting in SETTINGS {
        file.push('\n');
        let words = format!("{} Takes {}.", setting.about, setting.takes);
        let mut line = String::from("#");
        for word in words.split_whitespace() {
            if line.chars().count() + 1 + word.chars().count() > 100 {
                let _ = writeln!(file, "{line}");
                line = String::from("#");
            }
            line.push(' ');
            line.push_str(word);
        }
        let _ = writeln!(file, "{line}\n#{} = \"{}\"", setting.name, setting.default);
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_to_begin_with_is_toml_and_names_every_setting_once() {
        let file = template().replace("\n#", "\n").replace("\n ", "\n# ");
        let table = file.parse::<toml::Table>();
        assert_eq!(table.map(|table| table.len()).map_err(|error| error.to_string()), Ok(SETTINGS.len()));
    }

    #[test]
    fn names_are_single() {
        for setting in SETTINGS {
            assert_eq!(SETTINGS.iter().filter(|other| other.name == setting.name).count(), 1, "{}", setting.name);
        }
    }
}
