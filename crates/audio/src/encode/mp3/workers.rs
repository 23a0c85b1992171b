//! Threads that encode segments. Segments go in in order and come out as they are done; whoever holds the pool keeps the
//! number under way small and puts them in order again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::correct::{self, Ceiling};
use super::frame::Format;
use super::run::Run;
use crate::AudioError;

/// Sound for one encoder.
pub(super) struct Segment {
    /// Which segment of the stream it is.
    pub(super) number: u64,
    /// Number of its first frame in the stream.
    pub(super) first: u64,
    /// Frames to be encoded.
    pub(super) count: usize,
    /// Planar sound from the first frame on.
    pub(super) sound: Vec<Vec<f32>>,
    /// What must not be exceeded.
    pub(super) ceiling: Option<Ceiling>,
}

/// The threads.
pub(super) struct Workers {
    /// `None` once no more segments come.
    todo: Option<Sender<Segment>>,
    done: Receiver<(Segment, Result<Run, AudioError>)>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts so many threads.
    pub(super) fn start(format: Format, count: usize) -> Result<Self, AudioError> {
        let (todo, take) = mpsc::channel();
        let (give, done) = mpsc::channel();
        let take = Arc::new(Mutex::new(take));
        let mut workers = Self { todo: Some(todo), done, threads: Vec::with_capacity(count) };
        for _ in 0..count {
            let (take, give) = (Arc::clone(&take), give.clone());
            let thread = thread::Builder::new()
                .name("mp3".to_owned())
                .spawn(move || work(&format, &take, &give))
                .map_err(|_| failed("the system starts no more threads"))?;
            workers.threads.push(thread);
        }
        Ok(workers)
    }

    /// Gives a segment to the next thread that is free.
    pub(super) fn send(&self, segment: Segment) -> Result<(), AudioError> {
        let todo = self.todo.as_ref().ok_or_else(|| failed("it is finished already"))?;
        todo.send(segment).map_err(|_| failed("its threads have stopped"))
    }

    /// A segment that is done; waits for one if asked to.
    pub(super) fn receive(&self, wait: bool) -> Result<Option<(Segment, Run)>, AudioError> {
        let (segment, run) = if wait {
            self.done.recv().map_err(|_| failed("its threads have stopped"))?
        } else {
            match self.done.try_recv() {
                Ok(done) => done,
                Err(_) => return Ok(None),
            }
        };
        run.map(|run| Some((segment, run)))
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        // Without senders the threads stop after the segment they are at.
        self.todo = None;
        for thread in self.threads.drain(..) {
            // A panic was reported with the segment it hit.
            drop(thread.join());
        }
    }
}

/// Encodes segments until there are no more.
fn work(format: &Format, todo: &Mutex<Receiver<Segment>>, done: &Sender<(Segment, Result<Run, AudioError>)>) {
    loop {
        let next = todo.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(mut segment) = next else { return };
        let run = catch_unwind(AssertUnwindSafe(|| {
            correct::encode(format, &mut segment.sound, segment.count, segment.ceiling.as_ref())
        }))
        .unwrap_or_else(|_| Err(failed("its encoder stopped unexpectedly")))
        .map(|mut run| {
            run.first = segment.first;
            run
        });
        if done.send((segment, run)).is_err() {
            return;
        }
    }
}

fn failed(reason: &str) -> AudioError {
    AudioError::Encode { format: "MP3", reason: reason.to_owned() }
}
