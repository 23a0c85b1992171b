//! What is kept: rows, the job queue and files, on SQLite or PostgreSQL, in a folder or on S3.
//!
//! What belongs here: how nouns become rows and come back, the leases of the job table, the migrations of the schema, and
//! bytes in storage. What does not: who may do what, what a change entails, and when it is — those are the business of
//! `app`. Reads take anything that can [`Read`]; writes take a [`Tx`], so that whoever changes several things changes all
//! of them or none.
//!
//! Every statement is written once, for both databases, and where they have to differ it is in `backend.rs`.

pub mod accounts;
pub mod answers;
pub mod api_keys;
pub mod apps;
pub mod archive;
pub mod audit;
pub mod blobs;
pub mod challenges;
mod counters;
pub mod deliveries;
pub mod editor_passes;
pub mod emails;
pub mod files;
pub mod grants;
pub mod house;
pub mod jobs;
pub mod leaving;
pub mod letters;
pub mod narrations;
pub mod nonces;
pub mod oauth1;
pub mod oauth2;
pub mod organization_keys;
pub mod organizations;
pub mod passkeys;
pub mod presets;
pub mod productions;
pub mod publications;
pub mod receivers;
pub mod recovery;
pub mod renderings;
pub mod services;
pub mod sessions;
pub mod throttles;
pub mod totp;
pub mod uploads;
pub mod webhook_secrets;

mod backend;
mod bell;
mod connection;
mod document;
mod error;
mod migrations;
mod page;
mod together;

pub use bell::Bell;
pub use blobs::{BlobError, BlobKey, BlobOptions, Blobs};
pub use connection::{Read, Store, StoreOptions, Tx};
pub use error::StoreError;
pub use page::Page;
pub use together::{Together, Unanswered};

/// SHA-256 of a secret, which is all that is kept of it.
pub type Digest = [u8; 32];
