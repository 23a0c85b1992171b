//! The house, opened: settings become a database, storage and the door to all verbs.

use std::fmt;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use app::{App, AppError, Checks, Parts, Rules, SecretKey};
use model::{Clock, Dice};
use speech::pronounce::Lexicon;
use store::{BlobOptions, Blobs, Store, StoreOptions};
use work::outbound::{AllowNetworks, Target};
use work::voices::{VoiceError, Voices};

use crate::failure::Failure;
use crate::settings::Settings;
use crate::world::{SystemDice, WallClock};

/// Everything that commands work with.
pub(crate) struct House {
    pub(crate) app: App,
    pub(crate) store: Store,
    pub(crate) blobs: Blobs,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dice: Arc<dyn Dice>,
}

/// Whether the schema is brought up to date on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Schema {
    /// Bring it to what this program expects.
    Migrate,
    /// Refuse one that is not.
    Expect,
}

impl House {
    /// Opens database and storage and checks the secret key.
    pub(crate) async fn open(settings: &Settings, schema: Schema) -> Result<Self, Failure> {
        make_folder(&settings.data_dir)?;
        let store = open_store(settings).await?;
        match schema {
            Schema::Migrate => {
                store.migrate().await.map_err(|error| failed("The database cannot be migrated", &error))?;
            }
            Schema::Expect => {
                let pending =
                    store.pending_migrations().await.map_err(|error| failed("The database cannot be used", &error))?;
                if !pending.is_empty() {
                    return Err(Failure::Failed(format!(
                        "The database is older than this program: {} of its migrations are missing. Run: soundpost migrate",
                        pending.len()
                    )));
                }
            }
        }
        let blobs = open_blobs(settings)?;
        let (clock, dice): (Arc<dyn Clock>, Arc<dyn Dice>) = (Arc::new(WallClock), Arc::new(SystemDice));
        let app = App::new(Parts {
            store: store.clone(),
            blobs: blobs.clone(),
            clock: Arc::clone(&clock),
            dice: Arc::clone(&dice),
            secret: secret_key(settings, &*dice)?,
            rules: rules(settings),
        });
        app.check_secret_key().await.map_err(|error| match error {
            AppError::WrongSecretKey(wrong) => Failure::Failed(wrong.to_string()),
            other => failed("The database cannot be used", &other),
        })?;
        Ok(Self { app, store, blobs, clock, dice })
    }
}

/// Opens the database alone.
pub(crate) async fn open_store(settings: &Settings) -> Result<Store, Failure> {
    let mut options = StoreOptions::new(settings.database_url.clone());
    options.max_connections = settings.database_connections;
    Store::open(&options).await.map_err(|error| failed("The database cannot be opened", &error))
}

/// Opens storage alone.
pub(crate) fn open_blobs(settings: &Settings) -> Result<Blobs, Failure> {
    let s3 = &settings.s3;
    let options = BlobOptions {
        access_key: s3.access_key.clone(),
        secret_key: s3.secret_key.clone(),
        region: s3.region.clone(),
        endpoint: s3.endpoint.clone(),
        allow_http: s3.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://")),
        ..BlobOptions::new(settings.storage_url.clone())
    };
    Blobs::open(&options).map_err(|error| failed("Storage cannot be opened", &error))
}

/// How much longer than its access token a refresh token works.
const REFRESH_LONGER: Duration = Duration::from_hours(90 * 24);

fn rules(settings: &Settings) -> Rules {
    Rules {
        signup_open: settings.signup_open,
        upload_limit: settings.upload_limit,
        account_quota: settings.account_quota,
        retention: settings.retention,
        access_token_life: settings.access_token_life,
        refresh_token_life: settings.access_token_life + REFRESH_LONGER,
        most_attempts: settings.job_attempts,
        has_mail: settings.mailer.is_some(),
        public_url: settings.public_url.clone(),
        key_grace: settings.key_grace,
        checks: Arc::new(HouseChecks { allow: settings.allow_networks.clone(), voices: settings.voices() }),
        ..Rules::default()
    }
}

/// Where this program goes, and who speaks on this machine.
struct HouseChecks {
    allow: AllowNetworks,
    voices: Voices,
}

impl fmt::Debug for HouseChecks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HouseChecks(…)")
    }
}

impl Checks for HouseChecks {
    fn address(&self, address: &str) -> Result<(), String> {
        Target::parse(address, &self.allow).map(drop).map_err(|error| error.to_string())
    }

    fn pronunciation(&self, word: &str, said: &str) -> Result<(), String> {
        Lexicon::default().set(word, said).map_err(|error| error.to_string())
    }

    fn voice(&self, name: &str) -> Result<(), String> {
        match self.voices.check(name) {
            Err(VoiceError::Unknown { installed, .. }) if installed.is_empty() => Ok(()),
            Err(error @ VoiceError::Unknown { .. }) => Err(error.to_string()),
            // What else is wrong is told by whoever reads: that need not be this machine.
            _ => Ok(()),
        }
    }
}

/// A library's error as a sentence of ours.
pub(crate) fn failed(what: &str, error: &dyn fmt::Display) -> Failure {
    Failure::Failed(format!("{what}: {}", error.to_string().trim_end_matches('.').to_owned() + "."))
}

/// A folder that only its owner looks into.
pub(crate) fn make_folder(path: &Path) -> Result<(), Failure> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| failed(&format!("The folder {} cannot be made", path.display()), &error))
}

/// The secret key: from the settings, or from its file, which is made on the first start of a house on SQLite.
fn secret_key(settings: &Settings, dice: &dyn Dice) -> Result<SecretKey, Failure> {
    if let Some(bytes) = settings.secret_key {
        return Ok(SecretKey::new(bytes));
    }
    let path = settings.key_file();
    match read_key(&path)? {
        Some(key) => Ok(key),
        None if settings.is_sqlite() => {
            write_key(&path, dice)?;
            read_key(&path)?.ok_or_else(|| Failure::Failed(format!("{} was made and is gone.", path.display())))
        }
        None => Err(Failure::WrongUse(
            "SOUNDPOST_SECRET_KEY is not set. With PostgreSQL every server and worker needs the same one: make it once with `openssl rand -hex 32` and keep it safe."
                .to_owned(),
        )),
    }
}

fn read_key(path: &Path) -> Result<Option<SecretKey>, Failure> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&format!("{} cannot be read", path.display()), &error)),
    };
    match crate::settings::key(text.trim()) {
        Some(bytes) => Ok(Some(SecretKey::new(bytes))),
        None => Err(Failure::Failed(format!(
            "{} does not hold 64 hexadecimal digits. Put the key of this house back; without it, what it sealed cannot be read.",
            path.display()
        ))),
    }
}

/// Writes a new key, whole or not at all. If somebody else was faster, theirs stands.
fn write_key(path: &Path, dice: &dyn Dice) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| failed(&format!("{} cannot be made", path.display()), &error);
    let mut bytes = [0; 32];
    dice.fill(&mut bytes);
    let folder = path.parent().unwrap_or(Path::new("."));
    // A temporary file is readable by its owner only, and stays so.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(cannot)?;
    for byte in bytes {
        write!(file, "{byte:02x}").map_err(cannot)?;
    }
    writeln!(file).map_err(cannot)?;
    file.as_file().sync_all().map_err(cannot)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(cannot(error.error)),
    }
}
