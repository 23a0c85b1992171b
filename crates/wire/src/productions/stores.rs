//! Stores of users on the wire: which kinds there are, the fields of each, and how they are read.
//!
//! One table says it for the API, for the page and for `info`. Secrets are read here and never written.

use model::{Remote, RemoteSecret};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::form_errors::{At, FormErrors, excerpt, meant};
use super::read::Fields;

/// A kind of store.
#[derive(Clone, Copy, Debug)]
pub struct StoreKind {
    /// Its word, as it is in the field `type`.
    pub word: &'static str,
    /// Its name for people.
    pub name: &'static str,
    /// What it has, in the order in which a form shows it.
    pub fields: &'static [StoreField],
}

/// A field of a store.
#[derive(Clone, Copy, Debug)]
pub struct StoreField {
    /// Its name on the wire.
    pub name: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// A sentence that helps; empty where the label says it all.
    pub about: &'static str,
    /// What is written into it.
    pub takes: Takes,
    /// Whether something has to be said.
    pub is_needed: bool,
}

/// What is written into a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A line of text.
    Text,
    /// A port.
    Port,
    /// One of these, each with its name for people. The first is meant where nothing is said.
    Choice(&'static [(&'static str, &'static str)]),
    /// A password, which is never shown again.
    Password,
    /// A private key of several lines, which is never shown again.
    Key,
}

impl Takes {
    /// Whether it opens the store.
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Password | Self::Key)
    }
}

const fn field(name: &'static str, label: &'static str, about: &'static str, takes: Takes) -> StoreField {
    StoreField { name, label, about, takes, is_needed: false }
}

const fn needed(name: &'static str, label: &'static str, about: &'static str, takes: Takes) -> StoreField {
    StoreField { name, label, about, takes, is_needed: true }
}

const FOLDER: StoreField = field("path", "Folder", "Empty for the one that the server begins in.", Takes::Text);
const PUBLIC: StoreField = field(
    "base_url",
    "Public address",
    "What the addresses of files begin with for everybody, if they are on the web: https://media.example.com/show",
    Takes::Text,
);
const USER: StoreField = needed("user", "User name", "", Takes::Text);
const HOST: StoreField = needed("host", "Server", "A name without https:// before it.", Takes::Text);
const PASSWORD: StoreField = needed("password", "Password", "", Takes::Password);

/// Every kind of store.
pub const STORE_KINDS: &[StoreKind] = &[
    StoreKind {
        word: "sftp",
        name: "SFTP",
        fields: &[
            HOST,
            field("port", "Port", "22 where nothing is said.", Takes::Port),
            FOLDER,
            USER,
            field("password", "Password", "This or a private key.", Takes::Password),
            field("private_key", "Private key", "As ssh-keygen writes it.", Takes::Key),
            field("passphrase", "Passphrase of the key", "", Takes::Password),
            field(
                "host_key",
                "Fingerprint of the server’s key",
                "As ssh-keygen -l shows it: SHA256:… Where nothing is said, the key that the first test sees is taken.",
                Takes::Text,
            ),
            PUBLIC,
        ],
    },
    StoreKind {
        word: "amazons3",
        name: "S3",
        fields: &[
            needed("bucket", "Bucket", "", Takes::Text),
            field("region", "Region", "us-east-1 where nothing is said.", Takes::Text),
            field("endpoint", "Endpoint", "Only where it is not Amazon’s: https://s3.example.com", Takes::Text),
            field("path", "Folder", "What the names of all files begin with.", Takes::Text),
            needed("access_key", "Access key", "", Takes::Text),
            needed("secret_key", "Secret key", "", Takes::Password),
            field(
                "acl",
                "Who may read",
                "",
                Takes::Choice(&[
                    ("", "As the bucket says"),
                    ("private", "The owner"),
                    ("public-read", "Everybody"),
                    ("authenticated-read", "Everybody with an account there"),
                    ("bucket-owner-read", "The bucket’s owner"),
                    ("bucket-owner-full-control", "The bucket’s owner, who may change it, too"),
                ]),
            ),
            PUBLIC,
        ],
    },
    StoreKind {
        word: "webdav",
        name: "WebDAV",
        fields: &[
            needed("url", "Address", "https://cloud.example.com/remote.php/dav/files/ada", Takes::Text),
            field("path", "Folder", "Below that address.", Takes::Text),
            USER,
            PASSWORD,
            PUBLIC,
        ],
    },
    StoreKind {
        word: "ftp",
        name: "FTP",
        fields: &[
            HOST,
            field("port", "Port", "21, or 990 where encryption comes first.", Takes::Port),
            FOLDER,
            USER,
            PASSWORD,
            field(
                "tls",
                "Encryption",
                "",
                Takes::Choice(&[
                    ("explicit", "On, asked for after connecting (FTPES)"),
                    ("implicit", "On, from the first byte (FTPS)"),
                    ("none", "Off: the password can be read on the way"),
                ]),
            ),
            PUBLIC,
        ],
    },
];

impl StoreKind {
    /// The kind of that word.
    pub fn of(word: &str) -> Option<&'static Self> {
        STORE_KINDS.iter().find(|kind| kind.word == word)
    }

    /// What can be said about a store of this kind, for `info`.
    pub(super) fn parameters(&self) -> Value {
        let parameters = self.fields.iter().map(|field| {
            let mut said = json!({ "display_name": field.label, "type": field.word(), "required": field.is_needed });
            if let Takes::Choice(choices) = field.takes {
                said["options"] =
                    choices.iter().map(|(value, name)| json!({ "value": value, "display_name": name })).collect();
            }
            (field.name.to_owned(), said)
        });
        Value::Object(parameters.collect())
    }
}

impl StoreField {
    const fn word(&self) -> &'static str {
        match self.takes {
            Takes::Text => "text",
            Takes::Port => "number",
            Takes::Choice(_) => "select",
            Takes::Password | Takes::Key => "password",
        }
    }
}

/// The body with which a store is added or changed, as OpenAPI describes it. Which fields a store has depends on its type, and
/// `GET /api/info/service_types.json` lists them.
#[derive(Clone, Debug, ToSchema)]
pub struct StoreRequest {
    /// What people call it.
    #[schema(example = "Our web server", max_length = 200)]
    pub display_name: String,
    /// `sftp`, `amazons3`, `webdav` or `ftp`. A store keeps its type.
    #[schema(example = "sftp")]
    pub r#type: String,
    /// SFTP and FTP: the server.
    pub host: Option<String>,
    /// SFTP and FTP: its port.
    pub port: Option<u16>,
    /// The folder.
    pub path: Option<String>,
    /// Who signs in.
    pub user: Option<String>,
    /// What lets them in.
    #[schema(format = Password)]
    pub password: Option<String>,
}

/// What somebody says of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSaid {
    /// What it is to be called.
    pub name: String,
    /// Where it is.
    pub remote: Remote,
    /// What opens it, where something is said.
    pub secret: Option<RemoteSecret>,
}

/// Reads the JSON with which a store is added, or changed where there is one: then what is not said stays.
pub fn store(body: &[u8], known: Option<(&str, &Remote)>) -> Result<StoreSaid, FormErrors> {
    let Fields(fields) = Fields::parse(body)?;
    let mut errors = FormErrors::default();
    let mut said = Map::new();
    for (name, value) in fields {
        match value {
            Value::String(text) => said.insert(name, Value::String(text)),
            Value::Number(number) => said.insert(name, Value::String(number.to_string())),
            Value::Null => said.insert(name, Value::String(String::new())),
            other => {
                At::new(&mut errors, &name, name.as_str()).wants("a text", &other);
                None
            }
        };
    }
    if let Some((name, remote)) = known {
        said.entry("display_name").or_insert_with(|| name.into());
        for (name, value) in fields_of(remote) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            said.entry(name).or_insert(Value::String(text));
        }
        said.entry("type").or_insert_with(|| remote.word().into());
    }
    let pairs = said.into_iter().map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned()));
    read(&pairs.collect::<Vec<_>>(), known.map(|(_, remote)| remote.word()), errors)
}

/// Reads what a form says of a store, every field of it.
pub fn store_form(pairs: &[(String, String)], known: Option<&str>) -> Result<StoreSaid, FormErrors> {
    read(pairs, known, FormErrors::default())
}

/// The fields of a store that may be shown, by name.
pub fn fields_of(remote: &Remote) -> Map<String, Value> {
    let mut fields = match serde_json::to_value(remote) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    fields.remove("type");
    fields
}

fn read(pairs: &[(String, String)], known: Option<&str>, mut errors: FormErrors) -> Result<StoreSaid, FormErrors> {
    let get = |name: &str| pairs.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value.as_str());
    let word = get("type").trim();
    let Some(kind) = StoreKind::of(word).filter(|kind| known.is_none_or(|known| known == kind.word)) else {
        let words: Vec<_> = STORE_KINDS.iter().map(|kind| kind.word).collect();
        let what = match known {
            Some(known) => format!("type stays {known}. Add another store instead."),
            None => format!("type takes one of {}.", words.join(", ")),
        };
        errors.add("type", what);
        return Err(errors);
    };
    for (name, _) in pairs {
        if kind.fields.iter().all(|field| field.name != name) && !matches!(name.as_str(), "type" | "display_name") {
            let names = kind.fields.iter().map(|field| field.name);
            let hint = meant(name, names).map_or_else(String::new, |near| format!(" Did you mean {near}?"));
            errors.add(&excerpt(name), format!("{} is no field of a store by {}.{hint}", excerpt(name), kind.name));
        }
    }
    let mut remote = Map::from_iter([("type".to_owned(), Value::from(kind.word))]);
    for field in kind.fields.iter().filter(|field| !field.takes.is_secret()) {
        let text = get(field.name).trim();
        match field.takes {
            _ if text.is_empty() => {
                if field.is_needed {
                    errors.add(field.name, format!("{} is needed.", field.label));
                }
            }
            Takes::Port => match text.parse::<u16>().ok().filter(|port| *port > 0) {
                Some(port) => _ = remote.insert(field.name.to_owned(), port.into()),
                None => errors.add(field.name, "A port is a number from 1 to 65535."),
            },
            Takes::Choice(choices) if choices.iter().all(|(value, _)| *value != text) => {
                let values: Vec<_> =
                    choices.iter().map(|(value, _)| *value).filter(|value| !value.is_empty()).collect();
                errors.add(field.name, format!("This takes one of {}.", values.join(", ")));
            }
            _ => _ = remote.insert(field.name.to_owned(), text.into()),
        }
    }
    let secret = secret(kind, get);
    if !errors.is_empty() {
        return Err(errors);
    }
    let remote = serde_json::from_value(Value::Object(remote))
        .map_err(|error| FormErrors::of("body", format!("This is no store: {error}.")))?;
    Ok(StoreSaid { name: get("display_name").to_owned(), remote, secret })
}

/// What opens the store, as far as something is said. A key goes before a password.
fn secret<'a>(kind: &StoreKind, get: impl Fn(&str) -> &'a str) -> Option<RemoteSecret> {
    let said = |name: &str| {
        let has = kind.fields.iter().any(|field| field.name == name);
        Some(get(name)).filter(|text| has && !text.is_empty()).map(str::to_owned)
    };
    if let Some(private_key) = said("private_key") {
        // Browsers send line ends as two characters, and keys are read by lines.
        let private_key = private_key.replace("\r\n", "\n");
        return Some(RemoteSecret::PrivateKey { private_key, passphrase: said("passphrase") });
    }
    let password = said("password").map(|password| RemoteSecret::Password { password });
    password.or_else(|| said("secret_key").map(|secret_key| RemoteSecret::SecretKey { secret_key }))
}

/// What came of the last test of a store's connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StoreCheck {
    /// When it was tested.
    pub time: String,
    /// Whether files can be listed and fetched.
    pub may_read: bool,
    /// Whether files can be put there.
    pub may_write: bool,
    /// What did not work, in a sentence; empty where everything did.
    pub error_message: String,
}

#[cfg(test)]
mod tests {
    use model::remote::{Ftp, FtpTls, Sftp};

    use super::*;

    fn sftp() -> Remote {
        Remote::Sftp(Sftp {
            host: "sftp.example.org".into(),
            port: 2222,
            path: "show".into(),
            user: "ada".into(),
            host_key: Some("SHA256:abc".into()),
            base_url: None,
        })
    }

    #[test]
    fn a_store_is_read_from_json() {
        let body =
            br#"{"type": "ftp", "display_name": "Web server", "host": "ftp.example.org", "port": 2121, "user": "ada",
            "password": " p w ", "tls": "none"}"#;
        let said = store(body, None);
        let expected = StoreSaid {
            name: "Web server".into(),
            remote: Remote::Ftp(Ftp {
                host: "ftp.example.org".into(),
                port: Some(2121),
                path: String::new(),
                user: "ada".into(),
                tls: FtpTls::None,
                base_url: None,
            }),
            secret: Some(RemoteSecret::Password { password: " p w ".into() }),
        };
        assert_eq!(said, Ok(expected));
    }

    #[test]
    fn what_is_not_said_stays_and_null_takes_it_away() {
        let said = store(br#"{"path": "other", "host_key": null}"#, Some(("Ours", &sftp())));
        let Remote::Sftp(before) = sftp() else { return };
        let remote = Remote::Sftp(Sftp { path: "other".into(), host_key: None, ..before });
        assert_eq!(said, Ok(StoreSaid { name: "Ours".into(), remote, secret: None }));
    }

    #[test]
    fn what_is_wrong_is_said_by_field() {
        let said = |body: &[u8], known| format!("{:?}", store(body, known).err());
        for (body, words) in [
            (&br#"{"type": "gopher"}"#[..], "type takes one of sftp, amazons3, webdav, ftp."),
            (br#"{"type": "sftp", "port": 70000}"#, "A port is a number from 1 to 65535."),
            (br#"{"type": "sftp", "hosts": "a"}"#, "hosts is no field of a store by SFTP. Did you mean host?"),
            (br#"{"type": "ftp", "tls": "maybe"}"#, "This takes one of explicit, implicit, none."),
            (br#"{"type": "webdav", "url": ["a"]}"#, "url takes a text"),
            (br#"{"type": "webdav"}"#, "User name is needed."),
        ] {
            let found = said(body, None);
            assert!(found.contains(words), "{words}: {found}");
        }
        assert!(said(br#"{"type": "ftp"}"#, Some(("Ours", &sftp()))).contains("type stays sftp"));
    }

    #[test]
    fn every_field_of_every_kind_is_one_of_the_model() {
        for kind in STORE_KINDS {
            let pairs: Vec<(String, String)> = kind
                .fields
                .iter()
                .map(|field| {
                    let value = match field.takes {
                        Takes::Port => "7",
                        Takes::Choice(choices) => {
                            choices.iter().map(|(value, _)| *value).rfind(|value| !value.is_empty()).unwrap_or_default()
                        }
                        _ => "x",
                    };
                    (field.name.to_owned(), value.to_owned())
                })
                .chain([("type".to_owned(), kind.word.to_owned()), ("display_name".to_owned(), "n".to_owned())])
                .collect();
            let said = store_form(&pairs, None);
            let shown = said.as_ref().map(|said| fields_of(&said.remote)).unwrap_or_default();
            let names: Vec<_> =
                kind.fields.iter().filter(|field| !field.takes.is_secret()).map(|field| field.name).collect();
            assert!(names.iter().all(|name| shown.contains_key(*name)), "{}: {said:?}", kind.word);
            assert_eq!(shown.len(), names.len(), "{}", kind.word);
            assert!(said.is_ok_and(|said| said.secret.is_some()));
        }
    }
}
