//! What programs talk to: a folder for each published API, a file for each endpoint.

pub(crate) mod productions;
