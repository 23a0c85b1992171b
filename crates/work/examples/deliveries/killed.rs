//! What a kill in the middle of a backlog costs: nothing is to be lost, and little to come twice.

use std::io::Write;
use std::process::{Child, Command};
use std::time::Duration;

use work::deliveries::DeliveryOptions;

use super::{Desk, Outcome, Sink, clock};

/// Another process that delivers what is in the database. Dropped, it is killed.
struct Other(Child);

impl Other {
    fn start(url: &str) -> std::io::Result<Self> {
        Command::new(std::env::current_exe()?).args(["--drain", url]).spawn().map(Self)
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// A process that delivers is killed in the middle of a backlog of ten thousand, and another goes on: what is lost, what comes twice, and how soon.
pub(crate) async fn killed(desk: &Desk, url: &str) -> Outcome<()> {
    const BACKLOG: u64 = 10_000;
    const ROUNDS: u64 = 3;
    let mut out = std::io::stdout();
    let (sink, address) = Sink::start().await?;
    let receiver = desk.receiver(&address).await?;
    for round in 0..ROUNDS {
        sink.tell_apart();
        let before = sink.count();
        for _ in 0..BACKLOG / 100 {
            desk.promise(&receiver, 100, None).await?;
        }
        let first = Other::start(url)?;
        // At another place each time.
        sink.wait_for(before + BACKLOG * (round + 1) / (ROUNDS + 2)).await;
        drop(first);
        let (killed, second) = (clock(), Other::start(url)?);
        // What the first had under way is taken up when its lease is over; what comes twice has come by then.
        let over = DeliveryOptions::default().lease + Duration::from_secs(10);
        while clock() - killed < over {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        drop(second);
        let (arrived, last) = sink.seen();
        let twice = sink.count() - before - arrived;
        writeln!(
            out,
            "killed in a backlog of 10 000        {:8} lost, {twice} came twice ({:.2} %), the last {:.1} s after the kill",
            BACKLOG - arrived,
            twice as f64 * 100.0 / BACKLOG as f64,
            last.saturating_duration_since(killed).as_secs_f64()
        )?;
    }
    Ok(())
}
