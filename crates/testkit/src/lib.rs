//! For tests only: seeded noise, generated signals, fixtures, other people's programs as witnesses, databases, servers of files.

#[cfg(feature = "house")]
pub mod authenticator;
#[cfg(feature = "database")]
pub mod database;
pub mod fixture;
#[cfg(feature = "house")]
pub mod house;
#[cfg(feature = "s3")]
pub mod s3;
pub mod signal;
#[cfg(feature = "sink")]
pub mod sink;
#[cfg(feature = "smtp")]
pub mod smtp;
#[cfg(feature = "stores")]
pub mod stores;
pub mod witness;
