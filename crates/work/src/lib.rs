//! The wing that takes its time: the job runner, what jobs do, the only HTTP client of the program, and stores of users.
//!
//! What belongs here: networks and codecs, outside of any transaction. What does not: answering requests, and what a result means.

pub mod deliveries;
pub mod jobs;
pub mod mail;
pub mod outbound;
pub mod remotes;
pub mod runner;
pub mod scratch;
pub mod worker;
