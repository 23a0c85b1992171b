//! The productions API on the wire: requests as its public clients send them, replies as they read them.
//!
//! [`Request`] is what was meant by a body or a form: every field is read by one reader, whichever way it came, and everything
//! that is wrong is said at once in [`FormErrors`]. Replies are plain values that serialise in the order of the published API.
//! What can be asked for is a table: [`FORMATS`] and [`ALGORITHMS`], which `info.json` prints as well.

mod algorithms;
mod describe;
mod envelope;
mod form_errors;
mod formats;
mod limits;
mod listing;
mod present;
mod read;
mod services;
mod status;
mod stores;
#[cfg(test)]
mod tests;
mod told;

pub use algorithms::{ALGORITHMS, Algorithm, AlgorithmKind, unbuilt};
pub use describe::{
    AlgorithmsRequest, ChapterRequest, LocationRequest, MetadataRequest, OutputFileRequest, PresetRequest,
    ProductionRequest, ServiceRequest, SimpleRequest, UploadRequest, WebhookRequest,
};
pub use envelope::{Envelope, Nothing, WebhookEnvelope};
pub use form_errors::FormErrors;
pub use formats::{Built, FORMATS, Format, Offer, Rates};
pub use limits::{MAX_BODY_BYTES, MAX_CHAPTERS_BYTES, MAX_FORM_FIELDS, MAX_LISTED};
pub use listing::{Detail, Listed, ListedPreset, ListedProduction, Listing, PresetListReply, ProductionListReply};
pub use present::{
    Addresses, AlgorithmInfo, AlgorithmOption, Algorithms, Chapter, Event, FormatInfo, Info, Location, Metadata,
    MinimalPreset, MinimalProduction, Named, OutgoingService, OutputFile, Preset, Production, ServiceTypeInfo, Status,
    Title, User, algorithm_infos, file_endings, format_infos, production_status, timestamp,
};
pub use read::{Action, Form, Request, preset, production, webhook};
pub use services::{AttemptReply, Connect, ConnectRequest, DeliveryReply, EXTERNAL, Service, connect};
pub use status::{STATUSES, number, text};
pub use stores::{
    STORE_KINDS, StoreCheck, StoreField, StoreKind, StoreRequest, StoreSaid, Takes, fields_of, store, store_form,
};
pub use told::{service_reply, status_form};
