//! Signed requests are taken once: whoever comes second with the same one is refused, in whichever process.
//!
//! Each nonce has to be committed before its request is answered. So that a thousand requests a second do not mean a thousand
//! transactions, those that come while one is under way go together into the next one.

use std::sync::{Mutex, PoisonError};

use model::Time;
use store::Digest;
use tokio::sync::oneshot;

use crate::{App, AppError};

/// Nonces that one transaction takes.
const AT_ONCE: usize = 1_000;

/// Nonces that wait for their transaction.
#[derive(Default)]
pub(crate) struct Replays {
    waiting: Mutex<Vec<Waiting>>,
    /// Held by whoever writes; the others wait here and find their answer when it is their turn.
    turn: tokio::sync::Mutex<()>,
}

struct Waiting {
    digest: Digest,
    expires: Time,
    tell: oneshot::Sender<bool>,
}

impl App {
    /// Remembers a nonce until it expires; whether it was never seen before.
    pub(crate) async fn is_new(&self, digest: Digest, expires: Time) -> Result<bool, AppError> {
        loop {
            let (tell, mut told) = oneshot::channel();
            self.replays().push(Waiting { digest, expires, tell });
            let _turn = self.replays().turn.lock().await;
            loop {
                match told.try_recv() {
                    Ok(new) => return Ok(new),
                    // Whoever had it could not write it. It is tried again, and told if that does not work either.
                    Err(oneshot::error::TryRecvError::Closed) => break,
                    Err(oneshot::error::TryRecvError::Empty) => {}
                }
                let batch = self.replays().take();
                let app = self.clone();
                // A task of its own: a client that hangs up must not take back what others wait for.
                let written = tokio::spawn(async move { app.note_nonces(batch).await });
                written.await.map_err(|_| AppError::Broken("nonces could not be written"))??;
            }
        }
    }

    async fn note_nonces(&self, batch: Vec<Waiting>) -> Result<(), AppError> {
        let nonces: Vec<_> = batch.iter().map(|waiting| (waiting.digest, waiting.expires)).collect();
        let tx = self.begin().await?;
        let new = store::nonces::note(&tx, &nonces).await?;
        tx.commit().await?;
        for (waiting, new) in batch.into_iter().zip(new) {
            // Whoever asked may be gone.
            let _ = waiting.tell.send(new);
        }
        Ok(())
    }
}

impl Replays {
    fn push(&self, waiting: Waiting) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(waiting);
    }

    fn take(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let most = waiting.len().min(AT_ONCE);
        waiting.drain(..most).collect()
    }
}
