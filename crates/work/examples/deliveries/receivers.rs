//! What everybody else notices of receivers that hang.

use std::io::Write;

use super::{Delivering, Desk, Outcome, Sink, memory, silent};

/// Ten thousand receivers, each a host of its own, of which a tenth hang.
pub(crate) async fn receivers(desk: &Desk) -> Outcome<()> {
    const ALL: u32 = 10_000;
    let mut out = std::io::stdout();
    let (sink, url) = Sink::start().await?;
    let port = url.rsplit(':').next().and_then(|rest| rest.split('/').next()).unwrap_or_default().to_owned();
    let (_silent, silent) = silent().await?;
    let mut told = Vec::new();
    for number in 0..ALL {
        let (a, b) = (number / 250, number % 250 + 1);
        let url = if number % 10 == 0 {
            format!("http://127.2.{a}.{b}:{silent}/")
        } else {
            format!("http://127.1.{a}.{b}:{port}/")
        };
        told.push(desk.receiver(&url).await?);
    }
    let _delivering = Delivering::start(desk);
    let mut arrived = 0;
    // The first round warms up. Those with some that hang last long enough for attempts to be given up, and to be made again.
    let (out_left, beside) = ("with those that hang left out", "with a tenth that hang");
    let plan = [
        ("", 1_000, 1, false),
        (out_left, 200, 2, false),
        (out_left, 1_000, 3, false),
        (beside, 200, 2, true),
        (beside, 1_000, 6, true),
    ];
    for (title, a_second, rounds, hang) in plan {
        let mut took = Vec::new();
        for _ in 0..rounds {
            let mut next = tokio::time::Instant::now();
            for (number, receiver) in told.iter().enumerate() {
                desk.wait(&mut next, a_second).await;
                if number % 10 != 0 {
                    desk.promise(receiver, 1, Some(&sink)).await?;
                    arrived += 1;
                } else if hang {
                    desk.promise(receiver, 1, None).await?;
                }
            }
            sink.wait_for(arrived).await;
            took.push(sink.percentiles());
        }
        let rounds = |of: fn(&(f64, f64)) -> f64| {
            let all: Vec<_> = took.iter().map(|took| format!("{:.1}", of(took))).collect();
            all.join(", ")
        };
        let (half, most) = (rounds(|took| took.0), rounds(|took| took.1));
        if !title.is_empty() {
            writeln!(
                out,
                "10 000 receivers, {a_second}/s, {title}: {half} ms for half of them, {most} ms for 99 of 100"
            )?;
        }
    }
    writeln!(out, "memory, receiver and all             {:8.1} MiB at the most", memory())?;
    Ok(())
}
