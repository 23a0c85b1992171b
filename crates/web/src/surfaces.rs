//! What programs talk to: a folder for each published API, a file for each endpoint.

pub(crate) mod encoding;
pub(crate) mod narration;
pub(crate) mod oauth1;
pub(crate) mod oauth2;
pub(crate) mod productions;
pub(crate) mod social;
