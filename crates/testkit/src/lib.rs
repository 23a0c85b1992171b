//! For tests only: seeded noise, generated signals, fixtures, other people's programs as witnesses, databases, an S3 server.

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
#[cfg(feature = "house")]
pub mod sink;
#[cfg(feature = "smtp")]
pub mod smtp;
pub mod witness;
