//! Soundpost's nouns: values that every room speaks of and none owns.
//!
//! What belongs here: types that have a meaning outside one room, the rules that hold for them on their own, and how
//! they are read from text. What does not: files, sockets, clocks, databases, sound. Nothing in here reads or writes.

pub mod account;
pub mod article;
pub mod audit;
mod browser;
pub mod chapters;
pub mod delivery;
mod found;
pub mod ids;
pub mod metadata;
pub mod narration;
pub mod organization;
pub mod production;
pub mod registered_app;
pub mod remote;
pub mod service;
mod size;
mod time;

pub use account::{Account, Username};
pub use article::Article;
pub use audit::{AuditEntry, AuditKind};
pub use browser::browser_in_words;
pub use chapters::{Chapter, Chapters, ChaptersError};
pub use delivery::{Attempt, Delivery, DeliveryKind, DeliveryState, Receiver};
pub use ids::{
    AccountId, ApiKeyId, AppId, AppSecretId, AuditId, DeliveryId, DomainId, GrantId, InvitationId, JobId, MappingId,
    MemberId, NotAnId, OrganizationId, OrganizationKeyId, PasskeyId, PresetId, ProductionId, PublicationId, ReceiverId,
    ServiceId, SessionId, UploadId, WebhookAddressId, WebhookSecretId, random_text,
};
pub use metadata::{Location, Metadata, MetadataError};
pub use narration::Narration;
pub use organization::Organization;
pub use production::{Draft, Production};
pub use registered_app::RegisteredApp;
pub use remote::{Remote, RemoteFault, RemoteSecret};
pub use service::{Service, ShownService};
pub use size::size_string;
pub use time::{Clock, Dice, Time};
