//! What this room cannot know itself and has to be told by whoever puts the house together.

use std::fmt::Debug;

/// Says of what somebody wrote whether it can be used here, and why not, in a sentence for them. What a house does not check, it takes.
pub trait Checks: Debug + Send + Sync {
    /// Whether an address that is written out may be asked at all. Names are looked up later, by a worker.
    fn address(&self, _address: &str) -> Result<(), String> {
        Ok(())
    }

    /// Whether voices can say a word like that.
    fn pronunciation(&self, _word: &str, _said: &str) -> Result<(), String> {
        Ok(())
    }

    /// Whether there is a voice of that name.
    fn voice(&self, _name: &str) -> Result<(), String> {
        Ok(())
    }
}

/// The checks of a house that takes everything.
#[derive(Debug)]
pub struct Unchecked;

impl Checks for Unchecked {}
