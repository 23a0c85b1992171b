//! How many jobs a second are claimed and acknowledged, each in a transaction of its own.
//!
//! ```sh
//! cargo run --release -p store --example queue                       # SQLite, in a temporary folder
//! tools/with-postgres bash -c 'cargo run --release -p store --example queue -- "$SOUNDPOST_TEST_POSTGRES"'
//! ```

use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant};

use model::{JobId, Time};
use serde_json::json;
use store::jobs::{self, ClaimOptions, NewJob, Priority};
use store::{Store, StoreOptions};
use testkit::database::SeededDice;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const KIND: &str = "produce";
/// A moment in 2025, and it stays it.
fn now() -> Time {
    Time::from_ms(1_764_000_000_000)
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let sqlite = || format!("sqlite:{}", folder.path().join("queue.db").display());
    let url = std::env::args().nth(1).unwrap_or_else(sqlite);
    let store = Store::open(&StoreOptions::new(url)).await?;
    store.migrate().await?;
    let dice = SeededDice::new(1);
    let mut out = std::io::stdout();

    for (title, workers, batch, waiting) in [
        ("1 worker, one at a time", 1, 1, 0),
        ("4 workers, one at a time", 4, 1, 0),
        ("4 workers, 16 at a time", 4, 16, 0),
        ("4 workers, one at a time, beside 100,000 that wait", 4, 1, 100_000),
    ] {
        let jobs = 10_000_u32;
        let enqueuing = fill(&store, &dice, waiting, Duration::from_hours(24)).await?
            + fill(&store, &dice, jobs, Duration::ZERO).await?;
        let done = work(&store, workers, batch, jobs).await?;
        writeln!(
            out,
            "{title:55} {:8.0} claimed and acknowledged a second ({:6.0} enqueued a second)",
            f64::from(jobs) / done.as_secs_f64(),
            f64::from(jobs + waiting) / enqueuing.as_secs_f64()
        )?;
    }
    Ok(())
}

/// Puts jobs in the queue, a thousand in a transaction.
async fn fill(store: &Store, dice: &SeededDice, jobs: u32, wait: Duration) -> Outcome<Duration> {
    let begun = clock();
    for thousand in 0..jobs / 1000 {
        let tx = store.begin().await?;
        for number in 0..1000 {
            let job = NewJob {
                kind: KIND,
                payload: json!({ "production": "deigtvDv8jH6NaK52Z5eXH", "run": number }),
                priority: Priority::Normal,
                due: now() + wait,
                unique: Some(format!("{wait:?}:{thousand}:{number}")),
                subject: Some(format!("{thousand}:{number}")),
                max_attempts: 3,
            };
            let _ = jobs::enqueue(&tx, now(), JobId::new(now(), dice), job).await?;
        }
        tx.commit().await?;
    }
    Ok(clock() - begun)
}

/// Has workers claim and acknowledge until nothing is left.
async fn work(store: &Store, workers: u32, batch: u64, expected: u32) -> Outcome<Duration> {
    let begun = clock();
    let workers: Vec<_> = (0..workers)
        .map(|worker| {
            let store = store.clone();
            tokio::spawn(async move {
                let name = format!("worker {worker}");
                let options = ClaimOptions { kinds: &[KIND], worker: &name, lease: Duration::from_secs(30) };
                let mut done = 0_u32;
                loop {
                    let claimed = jobs::claim_many(&store, &options, batch, now(), &format!("{worker}:{done}")).await?;
                    if claimed.is_empty() {
                        return Outcome::Ok(done);
                    }
                    for job in claimed {
                        let tx = store.begin().await?;
                        if jobs::ack(&tx, &job).await? {
                            tx.commit().await?;
                            done += 1;
                        }
                    }
                }
            })
        })
        .collect();
    let mut done = 0;
    for worker in workers {
        done += worker.await??;
    }
    if done != expected {
        return Err(format!("{done} jobs were done, and {expected} put in the queue").into());
    }
    Ok(clock() - begun)
}

#[expect(clippy::disallowed_methods, reason = "this measures")]
fn clock() -> Instant {
    Instant::now()
}
