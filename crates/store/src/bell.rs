//! Hearing that there is work, sooner than by looking every now and then.

use std::time::Duration;

use tokio::sync::watch;

use crate::Store;

/// Hears that jobs were put in the queue, or that there is something to deliver: by this process, and on PostgreSQL by others. Only a
/// hint, to look sooner.
#[derive(Debug)]
pub struct Bell(watch::Receiver<u64>);

impl Bell {
    /// A bell for a worker of this store. Is asked for within a runtime, where it listens to other processes.
    pub fn new(store: &Store) -> Self {
        store.listen();
        Self(store.bell.subscribe())
    }

    /// The same for whoever delivers.
    pub fn of_deliveries(store: &Store) -> Self {
        store.listen();
        Self(store.post.subscribe())
    }

    /// Waits until it rings, or as long as this. What rang since it was last waited for is heard at once.
    pub async fn wait(&mut self, at_most: Duration) {
        // Too late is as good as rung, and so is a store that is gone: there is a look into the queue either way.
        let _ = tokio::time::timeout(at_most, self.0.changed()).await;
    }
}
