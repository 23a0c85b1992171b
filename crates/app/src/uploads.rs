//! Resumable uploads: bytes come in pieces, and what came stays even if the line breaks in the middle of one.
//!
//! The protocol (tus 1.0) is the surface's business. Here a piece is cut into parts of a few mebibytes; each is kept as soon as
//! it is whole, and when all bytes are there the parts become one file that the production refers to.

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use model::production::{Edit, Input, StoredFile};
use model::{ProductionId, UploadId};
use store::Tx;

use crate::callers::{Caller, Scope};
use crate::files::{keep, plain_name};
use crate::{App, AppError};

pub use store::uploads::Upload;

/// Bytes of a part: what is lost at most when the program is killed, and what is held in memory.
const PART: usize = 8 << 20;

/// Uploads under way for one production.
const MOST: usize = 16;

const NONE: AppError = AppError::NotFound("upload");

/// Resumable uploads.
pub struct Uploads<'a>(pub(crate) &'a App);

/// What a file will be to its production.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The recording.
    Input,
    /// The cover picture.
    Cover,
}

impl Field {
    fn name(self) -> &'static str {
        match self {
            Self::Input => "input_file",
            Self::Cover => "image",
        }
    }

    fn edit(self, file: StoredFile) -> Edit {
        let input = Some(Input::File(file));
        match self {
            Self::Input => Edit { input, ..Edit::default() },
            Self::Cover => Edit { cover: input, ..Edit::default() },
        }
    }
}

impl Uploads<'_> {
    /// Begins an upload of so many bytes.
    pub async fn create(
        &self,
        caller: &Caller,
        production: ProductionId,
        field: Field,
        name: &str,
        length: u64,
    ) -> Result<Upload, AppError> {
        caller.may(Scope::ProductionWrite)?;
        let production = self.0.productions().find(caller, production).await?;
        let rules = self.0.rules();
        if length > rules.upload_limit {
            return Err(AppError::TooLarge { limit: rules.upload_limit });
        }
        if let Some(quota) = rules.account_quota {
            let used = store::files::usage(self.0.store(), caller.account.id).await?;
            if used.saturating_add(length) > quota {
                return Err(AppError::OverQuota { used, quota });
            }
        }
        let now = self.0.now();
        let upload = Upload {
            id: UploadId::new(now, self.0.dice()),
            production: production.id,
            field: field.name().to_owned(),
            name: plain_name(name),
            length: Some(length),
            offset: 0,
            parts: Vec::new(),
            created: now,
            expires: now + rules.upload_life,
        };
        let tx = self.0.begin().await?;
        if store::uploads::list_by_production(&tx, production.id).await?.len() >= MOST {
            return Err(AppError::Conflict(format!(
                "There are {MOST} uploads for this production already. Finish or end one first."
            )));
        }
        store::uploads::insert(&tx, &upload).await?;
        tx.commit().await?;
        Ok(upload)
    }

    /// The upload.
    pub async fn find(&self, caller: &Caller, id: UploadId) -> Result<Upload, AppError> {
        let upload = store::uploads::find(self.0.store(), id).await?.ok_or(NONE)?;
        self.0.productions().find(caller, upload.production).await.map_err(|_| NONE)?;
        if upload.expires <= self.0.now() { Err(NONE) } else { Ok(upload) }
    }

    /// Adds what comes to what is there, which has to be `offset` bytes. What came is kept however it ends; if that was
    /// the rest, the production has its file.
    pub async fn append<E>(
        &self,
        caller: &Caller,
        id: UploadId,
        offset: u64,
        bytes: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<Upload, AppError> {
        caller.may(Scope::ProductionWrite)?;
        let mut upload = self.find(caller, id).await?;
        refuse_elsewhere(&upload, offset)?;
        let length = upload.length.unwrap_or_default();
        let mut bytes = std::pin::pin!(bytes);
        let mut held = BytesMut::new();
        let mut ended_well = true;
        loop {
            match bytes.next().await {
                Some(Ok(piece)) => {
                    if upload.offset + (held.len() + piece.len()) as u64 > length {
                        return Err(AppError::TooLarge { limit: length });
                    }
                    held.extend_from_slice(&piece);
                }
                Some(Err(_)) => {
                    ended_well = false;
                    break;
                }
                None => break,
            }
            if held.len() >= PART {
                upload = self.keep_part(caller, &upload, held.split().freeze()).await?;
            }
        }
        if !held.is_empty() {
            upload = self.keep_part(caller, &upload, held.freeze()).await?;
        }
        if upload.offset == length {
            self.complete(caller, &upload).await?;
        }
        if ended_well { Ok(upload) } else { Err(AppError::Interrupted) }
    }

    /// Ends an upload before it is complete.
    pub async fn remove(&self, caller: &Caller, id: UploadId) -> Result<(), AppError> {
        caller.may(Scope::ProductionWrite)?;
        self.find(caller, id).await?;
        let tx = self.0.begin().await?;
        let upload = store::uploads::find_for_update(&tx, id).await?.ok_or(NONE)?;
        self.forget(&tx, &upload).await?;
        Ok(tx.commit().await?)
    }

    /// Keeps a part, unless somebody else added to the upload meanwhile.
    async fn keep_part(&self, caller: &Caller, upload: &Upload, bytes: Bytes) -> Result<Upload, AppError> {
        let now = self.0.now();
        let size = bytes.len() as u64;
        let folder = format!("parts/{}", upload.id);
        let (key, limit) = self.0.files().announce(caller.account.id, &folder).await?;
        let once = futures_util::stream::once(async { Ok::<_, std::convert::Infallible>(bytes) });
        if let Err(error) = self.0.blobs().put_stream(&key, once, limit.bytes).await {
            self.0.files().give_up(&[key]).await;
            return Err(limit.explain(error.into()));
        }
        let tx = self.0.begin().await?;
        let mut current = store::uploads::find_for_update(&tx, upload.id).await?.ok_or(NONE)?;
        refuse_elsewhere(&current, upload.offset)?;
        let part = StoredFile { key: key.as_str().to_owned(), name: String::new(), size };
        keep(&tx, &part, now).await?;
        current.parts.push(key);
        current.offset += size;
        current.expires = now + self.0.rules().upload_life;
        store::uploads::update(&tx, &current).await?;
        tx.commit().await?;
        Ok(current)
    }

    /// Makes one file of all parts and gives it to the production.
    async fn complete(&self, caller: &Caller, upload: &Upload) -> Result<(), AppError> {
        let (key, _) = self.0.files().announce(caller.account.id, "uploads").await?;
        let joined = self.0.blobs().join(&upload.parts, &key).await;
        let size = match joined {
            Ok(size) => size,
            Err(error) => {
                self.0.files().give_up(&[key]).await;
                return Err(error.into());
            }
        };
        let file = StoredFile { key: key.as_str().to_owned(), name: upload.name.clone(), size };
        let field = if upload.field == Field::Cover.name() { Field::Cover } else { Field::Input };
        self.0.productions().update(caller, upload.production, field.edit(file)).await?;
        let tx = self.0.begin().await?;
        if let Some(upload) = store::uploads::find_for_update(&tx, upload.id).await? {
            self.forget(&tx, &upload).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn forget(&self, tx: &Tx, upload: &Upload) -> Result<(), AppError> {
        store::files::doom(tx, &upload.parts, self.0.now()).await?;
        store::uploads::remove(tx, upload.id).await?;
        Ok(())
    }
}

fn refuse_elsewhere(upload: &Upload, offset: u64) -> Result<(), AppError> {
    if upload.offset == offset {
        return Ok(());
    }
    Err(AppError::Conflict(format!(
        "{} bytes are there, and these would begin at {offset}. Ask where to go on.",
        upload.offset
    )))
}
