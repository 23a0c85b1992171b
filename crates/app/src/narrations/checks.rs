//! What this room cannot know itself and has to be told: whether an address may be asked, and whether a voice can say a word in some way.

use std::fmt;
use std::sync::Arc;

/// Says of an address that is written out whether it may be asked at all, and why not. Names are looked up later, by a worker.
#[derive(Clone)]
pub struct Gate(Arc<AddressCheck>);

type AddressCheck = dyn Fn(&str) -> Result<(), String> + Send + Sync;

impl Gate {
    /// What says so.
    pub fn new(check: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(check))
    }

    /// Whether it may be asked.
    pub(crate) fn check(&self, address: &str) -> Result<(), String> {
        (self.0)(address)
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new(|_| Ok(()))
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate(…)")
    }
}

/// Says of a word, and of how it is to be said, whether voices can do that, and why not.
#[derive(Clone)]
pub struct Spelling(Arc<WordCheck>);

type WordCheck = dyn Fn(&str, &str) -> Result<(), String> + Send + Sync;

impl Spelling {
    /// What says so.
    pub fn new(check: impl Fn(&str, &str) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(check))
    }

    /// Whether voices can say the word like that.
    pub(super) fn check(&self, word: &str, said: &str) -> Result<(), String> {
        (self.0)(word, said)
    }
}

impl Default for Spelling {
    fn default() -> Self {
        Self::new(|_, _| Ok(()))
    }
}

impl fmt::Debug for Spelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spelling(…)")
    }
}
