//! A piece of a list.

/// Which piece of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many at most.
    pub limit: u64,
    /// How many to pass over first.
    pub offset: u64,
}

impl Page {
    /// The first so many.
    pub fn first(limit: u64) -> Self {
        Self { limit, offset: 0 }
    }
}
