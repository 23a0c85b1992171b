//! For tests only: seeded noise, generated signals, other people's programs as witnesses.

pub mod signal;
