//! Questions that come at the same time are answered at the same time: by one statement, or in one transaction.
//!
//! Nothing is kept: an answer is found after its question was asked, and forgotten when it was given. So nobody hears of what was
//! true once, and no process has to be told of what another one changed; yet a thousand questions a second do not make a thousand
//! trips to the database.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::hash::Hash;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::StoreError;

/// Turns that others have, at most, before those who wait are answered.
const MOST_TURNS: u32 = 8;

/// Where questions of one kind wait for each other.
pub struct Together<Q, A, E> {
    line: Arc<Mutex<Line<Q, A, E>>>,
    most: usize,
}

struct Line<Q, A, E> {
    waiting: Vec<(Q, oneshot::Sender<Result<A, E>>)>,
    /// Whether somebody answers now, and will look here again before stopping.
    is_answered: bool,
}

/// Whoever was about to answer is gone: the program ends, or it fell over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The question was not answered.")]
pub struct Unanswered;

impl<Q, A, E> Together<Q, A, E>
where
    Q: Send + 'static,
    A: Send + 'static,
    E: Clone + From<Unanswered> + Send + 'static,
{
    /// Answers at most so many at once.
    pub fn new(most: usize) -> Self {
        let line = Line { waiting: Vec::new(), is_answered: false };
        Self { line: Arc::new(Mutex::new(line)), most }
    }

    /// Asks. `answer` is given this question and others that wait, and has to answer each of them, in their order; where it fails,
    /// all of them hear of it.
    ///
    /// Whoever stops listening takes nothing from the others: answers are found by a task of their own.
    pub async fn ask<F, Fut>(&self, question: Q, answer: F) -> Result<A, E>
    where
        F: Fn(Vec<Q>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Vec<A>, E>> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let is_first = {
            let mut line = lock(&self.line);
            line.waiting.push((question, tell));
            !mem::replace(&mut line.is_answered, true)
        };
        if is_first {
            let answering = Answering { line: Arc::clone(&self.line), most: self.most, is_done: false };
            tokio::spawn(answering.all(answer));
        }
        told.await.map_err(|_| E::from(Unanswered))?
    }
}

impl<K, V> Together<K, Option<V>, StoreError>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + 'static,
{
    /// Looks something up by its key. `find` is given each key once and says what it knows; some keys stand there several times, so
    /// that statements come in few lengths and the database has read them before.
    pub(crate) async fn find<F, Fut>(&self, key: K, find: F) -> Result<Option<V>, StoreError>
    where
        F: Fn(Vec<K>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<HashMap<K, V>, StoreError>> + Send + 'static,
    {
        let answer = move |asked: Vec<K>| {
            let mut keys: Vec<K> = asked.iter().collect::<HashSet<_>>().into_iter().cloned().collect();
            if let Some(last) = keys.last().cloned() {
                keys.resize(keys.len().next_power_of_two(), last);
            }
            let found = find(keys);
            async move {
                let found = found.await?;
                Ok(asked.iter().map(|key| found.get(key).cloned()).collect())
            }
        };
        self.ask(key, answer).await
    }
}

impl From<Unanswered> for StoreError {
    fn from(unanswered: Unanswered) -> Self {
        Self::Database(unanswered.to_string())
    }
}

/// Whoever answers. When it is gone, however it went, nobody waits for it.
struct Answering<Q, A, E> {
    line: Arc<Mutex<Line<Q, A, E>>>,
    most: usize,
    is_done: bool,
}

impl<Q, A, E: Clone> Answering<Q, A, E> {
    async fn all<F, Fut>(mut self, answer: F)
    where
        F: Fn(Vec<Q>) -> Fut,
        Fut: Future<Output = Result<Vec<A>, E>>,
    {
        loop {
            self.gather().await;
            let Some((questions, tells)) = self.next() else { break };
            // Who does not listen any more is not told.
            match answer(questions).await {
                Ok(answers) => tells.into_iter().zip(answers).for_each(|(tell, answer)| _ = tell.send(Ok(answer))),
                Err(error) => tells.into_iter().for_each(|tell| _ = tell.send(Err(error.clone()))),
            }
        }
        self.is_done = true;
    }

    /// Lets whoever is about to ask do so first: as long as the line grows while others have their turn, and not for ever.
    async fn gather(&self) {
        let mut before = 0;
        for _ in 0..MOST_TURNS {
            tokio::task::yield_now().await;
            let now = lock(&self.line).waiting.len();
            if now == before || now >= self.most {
                break;
            }
            before = now;
        }
    }

    #[expect(clippy::type_complexity, reason = "what waits in a line, taken apart")]
    fn next(&self) -> Option<(Vec<Q>, Vec<oneshot::Sender<Result<A, E>>>)> {
        let mut line = lock(&self.line);
        let count = line.waiting.len().min(self.most);
        line.is_answered = count > 0;
        line.is_answered.then(|| line.waiting.drain(..count).unzip())
    }
}

impl<Q, A, E> Drop for Answering<Q, A, E> {
    fn drop(&mut self) {
        // Once it is done, whoever waits in the line is answered by another one.
        if !self.is_done {
            let mut line = lock(&self.line);
            line.is_answered = false;
            line.waiting.clear();
        }
    }
}

fn lock<T>(line: &Mutex<T>) -> MutexGuard<'_, T> {
    line.lock().unwrap_or_else(PoisonError::into_inner)
}
