//! Why something was not done: causes, of which the edge makes status codes.

use model::Time;
use store::{BlobError, StoreError};

use crate::WrongSecretKey;

/// Why something was not done. What it says is meant for whoever asked.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// It is not there, or not theirs: nobody is told which.
    #[error("There is no {0} of that name here.")]
    NotFound(&'static str),
    /// Nobody is signed in with these credentials.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// It is known who it is, and was not proved lately.
    #[error("Show once more that it is you: this was more than ten minutes ago.")]
    Stale,
    /// The caller is known, and may not.
    #[error("{0}")]
    Forbidden(String),
    /// An app asked for something by OAuth 2.0, and is refused.
    #[error("{0}")]
    OAuth2(protocols::oauth2::Refusal),
    /// A signature of OAuth 1.0a is not taken.
    #[error("{0}")]
    OAuth1(protocols::oauth1::Problem),
    /// A signed request is not taken.
    #[error("{0}")]
    Call(protocols::jwt::CallRefusal),
    /// What is asked for makes sense, and is not done here.
    #[error("{0}")]
    Refused(String),
    /// Somebody else changed meanwhile what was to be changed.
    #[error("Somebody else changed this meanwhile. Nothing of yours was lost: look at what is there now, and decide.")]
    Changed {
        /// What there is now.
        revision: u32,
    },
    /// It cannot be done as things are now.
    #[error("{0}")]
    Conflict(String),
    /// Some of what was said makes no sense.
    #[error("Some fields need another look: {}", summary(.0))]
    Invalid(Vec<Invalid>),
    /// It is larger than one may be.
    #[error("This has more than {limit} bytes. The operator can raise SOUNDPOST_UPLOAD_LIMIT.")]
    TooLarge {
        /// Bytes that it may have.
        limit: u64,
    },
    /// There is no room for it in the account.
    #[error(
        "This account keeps {used} of {quota} bytes, and this would be more. Remove productions, or ask the operator."
    )]
    OverQuota {
        /// Bytes that are kept now.
        used: u64,
        /// Bytes that may be kept.
        quota: u64,
    },
    /// It was tried too often.
    #[error("This was tried too often. It is possible again in {} s.", until.since(*now).as_secs() + 1)]
    Throttled {
        /// This moment.
        now: Time,
        /// When it is possible again.
        until: Time,
        /// How often it may be tried in a window.
        limit: u32,
    },
    /// What is asked for begins after the end of the file.
    #[error("The file has {size} bytes, and what is asked for begins after them.")]
    OutOfRange {
        /// How many it has.
        size: u64,
    },
    /// Whoever sent bytes stopped in the middle.
    #[error("The bytes stopped coming before the end.")]
    Interrupted,
    /// There is no room left on the machine.
    #[error("Storage is full. Nothing of this was kept; the operator has to make room.")]
    StorageFull,
    /// Storage does not answer, or refuses.
    #[error("Storage does not answer as it should. Nothing of this was kept; the operator can see why in the log.")]
    Storage(#[source] BlobError),
    /// A worker was asked, and nothing was heard of it.
    #[error(
        "Nothing was heard within 15 seconds. Try again; if it stays so, the operator can see whether a worker runs."
    )]
    NoAnswer,
    /// Others are writing, for a long time.
    #[error("The database is busy. The same again works in a moment.")]
    Busy,
    /// The installation's secret key is not the one it was set up with.
    #[error(transparent)]
    WrongSecretKey(#[from] WrongSecretKey),
    /// Ours: the database does not answer, a row makes no sense.
    #[error("Something went wrong on this side. It was written down.")]
    Store(#[source] StoreError),
    /// Ours: something that cannot fail did.
    #[error("Something went wrong on this side. It was written down.")]
    Broken(&'static str),
}

/// A field that makes no sense as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Which one.
    pub field: String,
    /// What is wanted, and what was found.
    pub message: String,
}

impl AppError {
    /// One field that makes no sense.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Invalid { field: field.to_owned(), message: message.into() }])
    }

    /// Whether the same again may work later, without anybody changing anything.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Busy | Self::Storage(BlobError::Unavailable(_)) | Self::Store(StoreError::Database(_)))
    }
}

fn summary(fields: &[Invalid]) -> String {
    let all: Vec<_> = fields.iter().map(|field| format!("{}: {}", field.field, field.message)).collect();
    all.join(" ")
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::Busy,
            StoreError::Full => Self::StorageFull,
            StoreError::Conflict => Self::Conflict("Something of that name is there already.".to_owned()),
            StoreError::Unkeepable => {
                Self::Conflict("A text has the character U+0000 in it, which cannot be kept.".to_owned())
            }
            other => Self::Store(other),
        }
    }
}

impl From<BlobError> for AppError {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::NotFound => Self::NotFound("file"),
            BlobError::Full => Self::StorageFull,
            BlobError::TooLarge { limit } => Self::TooLarge { limit },
            BlobError::OutOfRange { size } => Self::OutOfRange { size },
            BlobError::Interrupted(_) => Self::Interrupted,
            other => Self::Storage(other),
        }
    }
}
