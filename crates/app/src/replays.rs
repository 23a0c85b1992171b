//! Signed requests are taken once: whoever comes second with the same one is refused, in whichever process.
//!
//! Each nonce has to be committed before its request is answered. So that a thousand requests a second do not mean a thousand
//! statements, those that come while one is under way go together into the next one.

use model::Time;
use store::{Digest, StoreError, Together};

use crate::{App, AppError};

/// Nonces that are noted together.
const AT_ONCE: usize = 1_000;

/// Nonces on their way into the database.
pub(crate) struct Replays(Together<(Digest, Time), bool, StoreError>);

impl Default for Replays {
    fn default() -> Self {
        Self(Together::new(AT_ONCE))
    }
}

impl App {
    /// Remembers a nonce until it expires; whether it was never seen before.
    pub(crate) async fn is_new(&self, digest: Digest, expires: Time) -> Result<bool, AppError> {
        let store = self.store().clone();
        let note = move |nonces: Vec<(Digest, Time)>| {
            let store = store.clone();
            async move { store::nonces::note(&store, &nonces).await }
        };
        Ok(self.replays().0.ask((digest, expires), note).await?)
    }
}
