//! The commands, one file each: check what was typed, do it, say what was done.

pub(crate) mod admin;
pub(crate) mod backup;
pub(crate) mod describe;
pub(crate) mod doctor;
pub(crate) mod input;
pub(crate) mod measure;
pub(crate) mod migrate;
pub(crate) mod narrate;
mod open;
mod output;
pub(crate) mod produce;
pub(crate) mod serve;
pub(crate) mod voices;
