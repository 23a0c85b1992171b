//! The web wing through its front door: requests as clients send them, replies as they read them.
#![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

mod calls;
mod credentials;
mod downloads;
mod graphql;
mod limits;
mod names;
mod oauth;
mod players;
mod presets;
mod productions;
mod refusals;
mod resumable;
mod server;
mod services;
mod simple;
mod streams;
