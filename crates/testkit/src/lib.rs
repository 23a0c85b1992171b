//! For tests only: seeded noise, generated signals, fixtures, other people's programs as witnesses.

pub mod fixture;
pub mod signal;
pub mod witness;
