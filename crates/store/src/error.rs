//! Why something could not be kept or read.

/// Why something could not be kept or read. That a thing is not there is no error.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The settings name no database that can be opened.
    #[error("The database address cannot be used: {0}")]
    Address(String),
    /// Something with that name, key or id is there already.
    #[error("Something of that name is there already.")]
    Conflict,
    /// What is referred to is not there, or what is to go is still referred to.
    #[error("What is referred to is not there, or what is to go is still in use.")]
    Dangling,
    /// Others write or wait, and did not let us for a long time; the same again may work.
    #[error("The database is busy. Trying again may help.")]
    Busy,
    /// A text holds the character U+0000, which PostgreSQL does not keep.
    #[error("A text has the character U+0000 in it, which cannot be kept.")]
    Unkeepable,
    /// A row does not make sense.
    #[error("The row {id} of the table {table} makes no sense: {why}")]
    Corrupt {
        /// Where it is.
        table: &'static str,
        /// Its key.
        id: String,
        /// What is wrong.
        why: String,
    },
    /// The database's disk is full.
    #[error("The database cannot grow: its disk is full.")]
    Full,
    /// The database cannot be reached, or refuses.
    #[error("The database does not answer as it should: {0}")]
    Database(String),
}

/// A row that makes no sense.
pub(crate) fn corrupt(table: &'static str, id: &str, why: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt { table, id: id.to_owned(), why: why.to_string() }
}
