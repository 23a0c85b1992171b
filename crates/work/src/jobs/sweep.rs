//! Clearing away what nobody needs any more: files, expired uploads and sessions, jobs whose workers were killed too often, and
//! scratch folders of workers that are gone. What exactly goes is decided in `app`; here is only how often.

use std::time::Duration;

use app::App;
use model::Dice;
use tokio::time::sleep;

use crate::scratch::Scratch;

/// Rounds of one sweep. What is left then waits for the next, so that a worker is never only a broom.
const MOST_ROUNDS: usize = 100;

/// How often is swept.
#[derive(Clone, Copy, Debug)]
pub struct SweepOptions {
    /// Jobs that were handed out too often and not heard of since.
    pub bury_every: Duration,
    /// Everything else.
    pub sweep_every: Duration,
}

/// Sweeps for ever. Several workers may do so at once.
pub async fn keep_sweeping(app: &App, scratch: &Scratch, dice: &dyn Dice, options: SweepOptions) {
    tokio::join!(
        async {
            loop {
                if let Err(error) = app.runs().bury().await {
                    tracing::warn!(%error, "spent jobs could not be buried");
                }
                sleep(about(options.bury_every, dice)).await;
            }
        },
        async {
            loop {
                sweep(app, scratch).await;
                sleep(about(options.sweep_every, dice)).await;
            }
        },
    );
}

/// Sweeps once.
pub async fn sweep(app: &App, scratch: &Scratch) {
    for _ in 0..MOST_ROUNDS {
        match app.sweeps().sweep().await {
            Ok(swept) => {
                tracing::debug!(swept.files, swept.uploads, swept.productions, "work.sweep");
                if !swept.more {
                    break;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a sweep was cut short");
                break;
            }
        }
    }
    match scratch.clear() {
        Ok(0) => {}
        Ok(folders) => tracing::info!(folders, "scratch folders of workers that are gone were cleared away"),
        Err(error) => tracing::warn!(%error, "the scratch space could not be cleared"),
    }
}

/// That long, give or take a quarter, so that workers started together do not sweep together.
fn about(time: Duration, dice: &dyn Dice) -> Duration {
    let mut byte = [0];
    dice.fill(&mut byte);
    time.mul_f64(0.75 + f64::from(byte[0]) / 510.0)
}
