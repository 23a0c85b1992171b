//! The commands, one file each: check what was typed, do it, say what was done.

pub(crate) mod describe;
pub(crate) mod input;
pub(crate) mod measure;
mod output;
pub(crate) mod produce;
