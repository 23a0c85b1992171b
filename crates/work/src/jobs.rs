//! What jobs do: a file for each kind. When they are run is in `runner.rs`, what their results mean in `app`.

mod failures;
pub mod look;
pub mod mail;
pub mod produce;
pub mod reader;
pub mod say;
pub mod sweep;
pub mod transfer;
