//! One producer of blocks, many consumers on threads of their own, bounded queues between them.
//!
//! Blocks are shared, not copied, and come back: a block is filled again when the last consumer has let go of it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::Block;

/// Blocks that may wait for one consumer.
const QUEUE: usize = 4;

/// The sending side.
pub(super) struct Fan {
    consumers: Vec<SyncSender<Arc<Block>>>,
    pool: Vec<Arc<Block>>,
}

/// A consumer went away before the end; its own result says why.
#[derive(Debug)]
pub(super) struct Gone;

impl Fan {
    pub(super) fn new() -> Self {
        Self { consumers: Vec::new(), pool: Vec::new() }
    }

    /// The receiving side for one more consumer.
    pub(super) fn consumer(&mut self) -> Receiver<Arc<Block>> {
        let (sender, receiver) = sync_channel(QUEUE);
        self.consumers.push(sender);
        receiver
    }

    /// Gives a block to every consumer and leaves a used one of any content in its place. Waits where a queue is full.
    pub(super) fn send(&mut self, block: &mut Block) -> Result<(), Gone> {
        if block.is_empty() {
            return Ok(());
        }
        let free = self.pool.iter_mut().position(|shared| Arc::get_mut(shared).is_some());
        let index = free.unwrap_or_else(|| {
            self.pool.push(Arc::new(Block::new(block.channels(), 0)));
            self.pool.len() - 1
        });
        if let Some(inside) = Arc::get_mut(&mut self.pool[index]) {
            std::mem::swap(inside, block);
        }
        let shared = &self.pool[index];
        self.consumers.iter().try_for_each(|consumer| consumer.send(Arc::clone(shared)).map_err(|_| Gone))
    }
}
