//! Questions that come at the same time, answered together.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests stop where they fail")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use store::{Together, Unanswered};
use tokio::sync::Semaphore;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Why {
    Refused,
    Unanswered,
}

impl From<Unanswered> for Why {
    fn from(_: Unanswered) -> Self {
        Self::Unanswered
    }
}

/// Answers with ten times the number, counts how often it was asked to, and waits for a place each time.
#[derive(Clone)]
struct Tens {
    trips: Arc<AtomicUsize>,
    places: Arc<Semaphore>,
}

impl Tens {
    fn new(places: usize) -> Self {
        Self { trips: Arc::default(), places: Arc::new(Semaphore::new(places)) }
    }

    async fn ask(&self, line: &Together<u32, u32, Why>, number: u32) -> Result<u32, Why> {
        let tens = self.clone();
        let answer = move |numbers: Vec<u32>| {
            let tens = tens.clone();
            async move {
                tens.places.acquire().await.unwrap().forget();
                tens.trips.fetch_add(1, Ordering::Relaxed);
                match numbers.iter().find(|number| **number >= 1_000) {
                    Some(1_000) => Err(Why::Refused),
                    Some(number) => panic!("{number} is too much"),
                    None => Ok(numbers.iter().map(|number| number * 10).collect()),
                }
            }
        };
        line.ask(number, answer).await
    }
}

#[tokio::test]
async fn each_gets_its_own_answer_and_few_trips_are_made() {
    let (line, tens) = (Together::new(64), Tens::new(100));
    let answers = join_all((0..200).map(|number| tens.ask(&line, number))).await;
    let expected: Vec<_> = (0..200).map(|number| Ok(number * 10)).collect();
    assert_eq!(answers, expected);
    assert_eq!(tens.trips.load(Ordering::Relaxed), 4, "64 at once, and the rest");
}

#[tokio::test]
async fn all_hear_why_there_is_no_answer_and_the_next_are_answered() {
    let (line, tens) = (Together::new(64), Tens::new(100));
    let answers = join_all([1, 1_000, 2].map(|number| tens.ask(&line, number))).await;
    assert_eq!(answers, vec![Err(Why::Refused); 3]);
    assert_eq!(tens.ask(&line, 3).await, Ok(30));
}

#[tokio::test]
async fn an_answer_that_falls_over_leaves_nobody_waiting() {
    let (line, tens) = (Together::new(2), Tens::new(100));
    let answers = join_all([1, 2_000, 2, 3].map(|number| tens.ask(&line, number))).await;
    assert_eq!(answers, vec![Err(Why::Unanswered); 4]);
    assert_eq!(tens.ask(&line, 4).await, Ok(40));
}

#[tokio::test]
async fn whoever_hangs_up_takes_nothing_from_the_others() {
    let (line, tens) = (Arc::new(Together::new(64)), Tens::new(0));
    let first = {
        let (line, tens) = (Arc::clone(&line), tens.clone());
        tokio::spawn(async move { tens.ask(&line, 1).await })
    };
    tokio::task::yield_now().await;
    let second = {
        let (line, tens) = (Arc::clone(&line), tens.clone());
        tokio::spawn(async move { tens.ask(&line, 2).await })
    };
    tokio::task::yield_now().await;
    first.abort();
    assert!(first.await.is_err());
    tens.places.add_permits(2);
    assert_eq!(second.await.unwrap(), Ok(20));
}
