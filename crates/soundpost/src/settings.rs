//! What the operator decides: `soundpost.toml`, then the environment, then flags.
//!
//! Every setting is a row of [`declared::SETTINGS`], where it is explained; the reference page is made of these rows. Here
//! the text that was found becomes [`Settings`], checked once; a wrong value stops the start with its name, what was found and
//! what is accepted.

mod declared;
mod read;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use tracing_subscriber::EnvFilter;
use work::mail::Mailer;
use work::outbound::AllowNetworks;
use work::voices::{Beside, SpeechServer, Voices};

use crate::failure::Failure;

pub(crate) use declared::{reference, template};
pub(crate) use read::key;

/// The file that is read where no other is named.
pub(crate) const FILE: &str = "soundpost.toml";

/// Everything the operator decided, resolved and checked.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) public_url: String,
    pub(crate) listen: SocketAddr,
    pub(crate) metrics_listen: Option<SocketAddr>,
    pub(crate) data_dir: PathBuf,
    pub(crate) database_url: String,
    pub(crate) database_connections: u32,
    pub(crate) storage_url: String,
    pub(crate) s3: S3,
    pub(crate) secret_key: Option<[u8; 32]>,
    pub(crate) job_lease: Duration,
    pub(crate) job_attempts: u32,
    pub(crate) produce_at_once: usize,
    pub(crate) signup_open: bool,
    pub(crate) upload_limit: u64,
    pub(crate) account_quota: Option<u64>,
    pub(crate) retention: Option<Duration>,
    pub(crate) access_token_life: Duration,
    /// How long an organization's old key works on beside its new one.
    pub(crate) key_grace: Duration,
    /// Where voices lie that read articles aloud.
    pub(crate) voices_dir: PathBuf,
    /// Who speaks beside the installed voices.
    pub(crate) beside: Beside,
    pub(crate) rate_limit: Option<u32>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) allow_networks: AllowNetworks,
    pub(crate) sandbox: Option<Sandbox>,
    pub(crate) echo_calls: bool,
    pub(crate) mailer: Option<Mailer>,
    pub(crate) log: String,
    pub(crate) log_json: bool,
}

/// Where the sandbox is served beside the live house.
#[derive(Clone, Debug)]
pub(crate) struct Sandbox {
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: String,
}

/// How to reach S3.
#[derive(Clone, Default)]
pub(crate) struct S3 {
    pub(crate) endpoint: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) access_key: Option<String>,
    pub(crate) secret_key: Option<String>,
}

/// Shows no secret.
impl std::fmt::Debug for S3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3").field("endpoint", &self.endpoint).field("region", &self.region).finish_non_exhaustive()
    }
}

/// What was typed, by the names of settings, before it is known to make sense.
#[derive(Clone, Debug, Default)]
pub(crate) struct Typed(BTreeMap<&'static str, Found>);

/// A table within the file is a part of the names in it: `listen` in `[sandbox]` is `sandbox_listen`.
fn flat(table: toml::Table) -> Vec<(String, toml::Value)> {
    let one = |(key, value): (String, toml::Value)| match value {
        toml::Value::Table(inner) => inner.into_iter().map(|(name, value)| (format!("{key}_{name}"), value)).collect(),
        value => vec![(key, value)],
    };
    table.into_iter().flat_map(one).collect()
}

/// A text and where it stood.
#[derive(Clone, Debug)]
struct Found {
    text: String,
    place: String,
}

impl Typed {
    /// Reads the file, if there is one, and then the environment. A file that was named has to be there.
    pub(crate) fn gather(named: Option<&Path>) -> Result<Self, Failure> {
        let mut typed = Self::default();
        let path = named.unwrap_or(Path::new(FILE));
        match std::fs::read_to_string(path) {
            Ok(text) => typed.read_file(&text, &path.display().to_string())?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => {}
            Err(error) => return Err(Failure::WrongUse(format!("{} cannot be read: {error}.", path.display()))),
        }
        for setting in declared::SETTINGS {
            if let Ok(text) = std::env::var(setting.variable()) {
                typed.put(setting.name, text, setting.variable());
            }
        }
        Ok(typed)
    }

    /// A value from a flag, which wins.
    pub(crate) fn flag(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.put(name, value.to_owned(), format!("--{}", name.replace('_', "-")));
        }
    }

    fn put(&mut self, name: &'static str, text: String, place: String) {
        self.0.insert(name, Found { text, place });
    }

    fn read_file(&mut self, text: &str, path: &str) -> Result<(), Failure> {
        let table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| Failure::WrongUse(format!("{path} is not TOML: {}", error.message())))?;
        for (key, value) in flat(table) {
            let Some(setting) = declared::SETTINGS.iter().find(|setting| setting.name == key) else {
                return Err(Failure::WrongUse(format!(
                    "{path} has a setting {key}, which there is not. `soundpost config` lists those that there are."
                )));
            };
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(yes) => yes.to_string(),
                toml::Value::Array(list) => {
                    list.iter().map(|each| each.as_str().unwrap_or_default()).collect::<Vec<_>>().join(",")
                }
                other => {
                    return Err(Failure::WrongUse(format!(
                        "{key} in {path} is {}. It takes {}.",
                        other.type_str(),
                        setting.takes
                    )));
                }
            };
            self.put(setting.name, text, format!("{key} in {path}"));
        }
        Ok(())
    }

    /// What was typed for a setting, or its default.
    fn text(&self, name: &'static str) -> &str {
        let typed = self.0.get(name).map(|found| found.text.trim()).filter(|text| !text.is_empty());
        typed.unwrap_or_else(|| declared::find(name).default)
    }

    /// What was typed for a setting, as something else.
    fn read<T>(&self, name: &'static str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, Failure> {
        let text = self.text(name);
        read(text).ok_or_else(|| {
            let setting = declared::find(name);
            let place = self.0.get(name).map_or_else(|| setting.variable(), |found| found.place.clone());
            let shown = if setting.is_secret { "something else".to_owned() } else { format!("“{text}”") };
            Failure::WrongUse(format!("{place} is {shown}. It takes {}.", setting.takes))
        })
    }

    fn optional(&self, name: &'static str) -> Option<String> {
        let text = self.text(name);
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Where the sandbox is served, if anywhere.
    fn sandbox(&self) -> Result<Option<Sandbox>, Failure> {
        let listen: Option<SocketAddr> =
            self.read("sandbox_listen", |text| read::or_none(text, "off", |text| text.parse().ok()))?;
        let Some(listen) = listen else { return Ok(None) };
        let public_url = match self.optional("sandbox_public_url") {
            Some(_) => self.read("sandbox_public_url", read::base_address)?,
            None => format!("http://{listen}"),
        };
        Ok(Some(Sandbox { listen, public_url }))
    }

    /// Checks everything at once.
    pub(crate) fn resolve(&self) -> Result<Settings, Failure> {
        let listen: SocketAddr = self.read("listen", |text| text.parse().ok())?;
        let data_dir = self.read("data_dir", |text| Some(PathBuf::from(text)))?;
        let folder = std::path::absolute(&data_dir)
            .map_err(|error| Failure::WrongUse(format!("SOUNDPOST_DATA_DIR cannot be used: {error}.")))?;
        let public_url = match self.optional("public_url") {
            Some(_) => self.read("public_url", read::base_address)?,
            None => format!("http://{listen}"),
        };
        Ok(Settings {
            metrics_listen: self.read("metrics_listen", |text| match text {
                "off" => Some(None),
                text => text.parse().ok().map(Some),
            })?,
            database_url: match self.optional("database_url") {
                Some(_) => self.read("database_url", read::database_address)?,
                None => format!("sqlite:{}", folder.join("soundpost.db").display()),
            },
            database_connections: self.read("database_connections", |text| read::number(text, 1..=1_000))?,
            storage_url: match self.optional("storage_url") {
                Some(_) => self.read("storage_url", read::storage_address)?,
                None => format!("file://{}", folder.join("files").display()),
            },
            s3: S3 {
                endpoint: self.optional("s3_endpoint"),
                region: self.optional("s3_region"),
                access_key: self.optional("s3_access_key"),
                secret_key: self.optional("s3_secret_key"),
            },
            secret_key: match self.optional("secret_key") {
                Some(_) => Some(self.read("secret_key", key)?),
                None => None,
            },
            job_lease: self.read("job_lease", |text| {
                read::duration(text).filter(|lease| (1..=3_600).contains(&lease.as_secs()))
            })?,
            job_attempts: self.read("job_attempts", |text| read::number(text, 1..=1_000))?,
            produce_at_once: self.read("produce_at_once", |text| read::number(text, 1..=64))? as usize,
            signup_open: self.read("signup", |text| read::one_of(text, &[("open", true), ("closed", false)]))?,
            upload_limit: self.read("upload_limit", read::size)?,
            account_quota: self.read("account_quota", |text| read::or_none(text, "none", read::size))?,
            retention: self.read("retention", |text| read::or_none(text, "forever", read::duration))?,
            key_grace: self
                .read("key_grace", |text| read::duration(text).filter(|grace| grace.as_secs() <= 366 * 86_400))?,
            voices_dir: match self.optional("voices_dir") {
                Some(_) => self.read("voices_dir", |text| Some(PathBuf::from(text)))?,
                None => folder.join("voices"),
            },
            beside: Beside { server: self.speech_server()?, espeak: self.optional("espeak_ng").map(PathBuf::from) },
            access_token_life: self.read("access_token_life", |text| {
                read::duration(text).filter(|life| (60..=3_660 * 86_400).contains(&life.as_secs()))
            })?,
            rate_limit: self
                .read("rate_limit", |text| read::or_none(text, "off", |text| read::number(text, 1..=1_000_000)))?,
            trusted_proxies: self.read("trusted_proxies", read::networks)?,
            allow_networks: self.read("allow_networks", |text| text.parse().ok())?,
            mailer: self.mailer(&public_url)?,
            log: self.read("log", |text| text.parse::<EnvFilter>().ok().map(|_| text.to_owned()))?,
            log_json: self.read("log_format", |text| read::one_of(text, &[("json", true), ("pretty", false)]))?,
            sandbox: self.sandbox()?,
            echo_calls: self
                .read("development_echo_calls", |text| read::one_of(text, &[("on", true), ("off", false)]))?,
            public_url,
            listen,
            data_dir: folder,
        })
    }

    /// The speech server, where one is named.
    fn speech_server(&self) -> Result<Option<SpeechServer>, Failure> {
        let Some(url) = self.optional("speech_server_url") else { return Ok(None) };
        let key = self.optional("speech_server_key");
        let (model, voices) = (self.text("speech_server_model"), self.text("speech_server_voices"));
        let server = SpeechServer::new(&url, key.as_deref(), model, voices);
        server.map(Some).map_err(|error| Failure::WrongUse(error.to_string()))
    }

    /// The mail server, where one is named: both settings or neither.
    fn mailer(&self, public_url: &str) -> Result<Option<Mailer>, Failure> {
        match (self.optional("smtp_url"), self.optional("mail_from")) {
            (None, None) => Ok(None),
            (Some(url), Some(from)) => {
                let mailer = Mailer::new(&url, &from, public_url).map_err(|error| Failure::WrongUse(error.to_string()));
                mailer.map(Some)
            }
            _ => Err(Failure::WrongUse(
                "SOUNDPOST_SMTP_URL and SOUNDPOST_MAIL_FROM belong together: set both, or neither.".to_owned(),
            )),
        }
    }
}

impl Settings {
    /// The same for the sandbox, which shares nothing with the live house: another database, other files, another secret key.
    pub(crate) fn sandboxed(&self) -> Self {
        let data_dir = self.data_dir.join("sandbox");
        Self {
            database_url: format!("sqlite:{}", data_dir.join("soundpost.db").display()),
            storage_url: format!("file://{}", data_dir.join("files").display()),
            s3: S3::default(),
            secret_key: None,
            public_url: self
                .sandbox
                .as_ref()
                .map_or_else(|| self.public_url.clone(), |beside| beside.public_url.clone()),
            metrics_listen: None,
            sandbox: None,
            data_dir,
            ..self.clone()
        }
    }

    /// The voices that articles are read by.
    pub(crate) fn voices(&self) -> Voices {
        Voices::with(self.voices_dir.clone(), self.beside.clone())
    }

    /// Whether the database is one file of this machine.
    pub(crate) fn is_sqlite(&self) -> bool {
        self.database_url.starts_with("sqlite:")
    }

    /// The file that the secret key is kept in where no setting has it.
    pub(crate) fn key_file(&self) -> PathBuf {
        self.data_dir.join("secret.key")
    }

    /// Where workers put what they work on.
    pub(crate) fn scratch_dir(&self) -> PathBuf {
        self.data_dir.join("scratch")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(values: &[(&'static str, &str)]) -> Typed {
        let mut typed = Typed::default();
        for (name, value) in values {
            typed.put(name, (*value).to_owned(), declared::find(name).variable());
        }
        typed
    }

    fn refused(values: &[(&'static str, &str)]) -> String {
        typed(values).resolve().map_or_else(|failure| failure.to_string(), |_| "taken".to_owned())
    }

    #[test]
    fn defaults_make_sense() {
        let settings = typed(&[("data_dir", "/var/lib/soundpost")]).resolve().ok();
        let settings = settings.as_ref();
        assert_eq!(settings.map(|s| s.public_url.as_str()), Some("http://127.0.0.1:8080"));
        assert_eq!(settings.map(|s| s.database_url.as_str()), Some("sqlite:/var/lib/soundpost/soundpost.db"));
        assert_eq!(settings.map(|s| s.storage_url.as_str()), Some("file:///var/lib/soundpost/files"));
        assert_eq!(settings.map(|s| s.upload_limit), Some(10_000_000_000));
        assert_eq!(settings.map(|s| s.job_lease), Some(Duration::from_secs(30)));
    }

    #[test]
    fn a_wrong_value_is_named_with_what_was_found_and_what_is_taken() {
        assert_eq!(
            refused(&[("listen", "8080")]),
            "SOUNDPOST_LISTEN is “8080”. It takes an address and a port, such as 127.0.0.1:8080 or [::]:8080."
        );
        assert!(refused(&[("upload_limit", "lots")]).starts_with("SOUNDPOST_UPLOAD_LIMIT is “lots”."));
        assert!(refused(&[("job_lease", "0 s")]).starts_with("SOUNDPOST_JOB_LEASE is “0 s”."));
        assert!(refused(&[("database_url", "mysql://x")]).starts_with("SOUNDPOST_DATABASE_URL is"));
        assert_eq!(refused(&[("allow_networks", "127.0.0.0/8, ::1/128")]), "taken");
    }

    #[test]
    fn letters_need_a_server_and_a_sender() {
        assert!(refused(&[("smtp_url", "smtp://localhost")]).contains("belong together"));
        assert_eq!(refused(&[("smtp_url", "smtp://localhost"), ("mail_from", "sound@example.org")]), "taken");
        let said = refused(&[("smtp_url", "hunter2"), ("mail_from", "sound@example.org")]);
        assert_eq!(said, "SOUNDPOST_SMTP_URL is no address of a mail server.");
    }

    #[test]
    fn a_speech_server_needs_an_address_and_voices() {
        let (url, voices) =
            (("speech_server_url", "http://localhost:8880/v1"), ("speech_server_voices", "en-US=alloy, de=nova"));
        assert_eq!(refused(&[url, voices]), "taken");
        assert!(refused(&[url]).contains("SOUNDPOST_SPEECH_SERVER_VOICES says nothing"));
        for wrong in ["alloy", "en=", "=alloy", "e n=alloy", "en=al loy", "en=alloy;de=nova, x"] {
            let said = refused(&[url, ("speech_server_voices", wrong)]);
            assert!(said.starts_with("SOUNDPOST_SPEECH_SERVER_VOICES says nothing about “"), "{said}");
        }
        for wrong in ["localhost:8880", "ftp://localhost/v1", "http://ada:hunter2@localhost/v1"] {
            let said = refused(&[("speech_server_url", wrong), voices]);
            assert!(
                said.starts_with("SOUNDPOST_SPEECH_SERVER_URL cannot be used.") && !said.contains("hunter2"),
                "{said}"
            );
        }
        let said = refused(&[url, voices, ("speech_server_key", "hunter2\n2")]);
        assert_eq!(said, "SOUNDPOST_SPEECH_SERVER_KEY has characters that no key has.");
    }

    #[test]
    fn a_secret_is_not_repeated() {
        let said = refused(&[("secret_key", "hunter2")]);
        assert!(said.starts_with("SOUNDPOST_SECRET_KEY is something else.") && !said.contains("hunter2"), "{said}");
    }

    #[test]
    fn a_file_is_read_and_its_mistakes_are_named() {
        let mut file = Typed::default();
        assert!(file.read_file("signup = \"open\"\nrate_limit = 100\n", "x.toml").is_ok());
        assert_eq!(file.resolve().ok().map(|s| (s.signup_open, s.rate_limit)), Some((true, Some(100))));
        let said = Typed::default().read_file("singup = \"open\"", "x.toml").map_err(|failure| failure.to_string());
        assert!(said.is_err_and(|said| said.starts_with("x.toml has a setting singup, which there is not.")));
    }
}
