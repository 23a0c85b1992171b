//! A worker, put together: the lanes, the sweep, the scratch space. It runs beside the web wing in one process, or alone.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use app::App;
use model::{Clock, Dice};
use store::{Blobs, Store};

use futures_util::FutureExt;

use crate::deliveries::{DeliveryOptions, DeliveryParts, deliver};
use crate::jobs::look::Look;
use crate::jobs::mail::Mail;
use crate::jobs::produce::Produce;
use crate::jobs::reader::Reader;
use crate::jobs::say::Say;
use crate::jobs::sweep::{SweepOptions, keep_sweeping};
use crate::jobs::transfer::Transfers;
use crate::mail::Mailer;
use crate::outbound::Outbound;
use crate::remotes::{Limits, Remotes};
use crate::runner::{Lane, Runner, RunnerOptions};
use crate::scratch::Scratch;
use crate::voices::Voices;

/// The kinds of work that there are. A worker can be kept to some of them.
pub const KINDS: &[&str] = &[
    app::productions::PRODUCE,
    app::transfers::TRANSFER,
    app::stores::LOOK,
    app::narrations::SAY,
    app::letters::MAIL,
    DELIVER,
];

/// Telling others is no job, and can be kept to like one.
pub const DELIVER: &str = "deliver";

/// Everything that a worker works with.
pub struct WorkerParts {
    /// The verbs.
    pub app: App,
    /// The database, for its job table.
    pub store: Store,
    /// Storage.
    pub blobs: Blobs,
    /// The way out.
    pub outbound: Outbound,
    /// Who reads articles aloud.
    pub voices: Voices,
    /// The way out for letters, where the operator named one.
    pub mailer: Option<Mailer>,
    /// Whoever tells the time.
    pub clock: Arc<dyn Clock>,
    /// Whoever throws the dice.
    pub dice: Arc<dyn Dice>,
}

/// Letters that are sent at once.
const LETTERS: usize = 2;

/// Stores that files are put into at once: mostly they are waited for.
const TRANSFERS: usize = 8;

/// Segments that are said at once, while somebody waits. Each is said on all cores.
const SAYS: usize = 2;

/// Stores that are looked at at once, while somebody waits.
const LOOKS: usize = 8;

/// How a worker goes about it.
#[derive(Clone, Debug)]
pub struct WorkerOptions {
    /// Its name, for people who look: machine and process.
    pub name: String,
    /// How long a job is its own without a word.
    pub lease: Duration,
    /// How often the queue is looked into when nothing rings.
    pub poll: Duration,
    /// How long jobs may take to stop when it is to leave.
    pub patience: Duration,
    /// The kinds that it is kept to. Every worker sweeps.
    pub only: Option<Vec<&'static str>>,
    /// Productions at once. One uses all cores, so more than one takes memory and little less time.
    pub productions: usize,
    /// Where work under way lies. It holds a recording and everything made of it, for each production at once.
    pub scratch: PathBuf,
    /// How often is swept.
    pub sweep_every: Duration,
}

impl WorkerOptions {
    /// What does for most machines.
    pub fn new(name: impl Into<String>, scratch: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            patience: Duration::from_secs(10),
            only: None,
            productions: 1,
            scratch: scratch.into(),
            sweep_every: Duration::from_mins(5),
        }
    }
}

/// Works until asked to stop, and gives back what is not done by then.
///
/// Fails only where the scratch space cannot be made. Whatever else goes wrong while working is a matter of one job, or waits until
/// it is better.
pub async fn work(parts: WorkerParts, options: WorkerOptions, stop: impl Future<Output = ()>) -> io::Result<()> {
    let WorkerParts { app, store, blobs, outbound, voices, mailer, clock, dice } = parts;
    let scratch = Arc::new(Scratch::open(&options.scratch, &*dice)?);
    let remotes = Remotes::new(outbound.clone(), Arc::clone(&clock), Arc::clone(&dice), Limits::default());
    let transfers = Transfers {
        app: app.clone(),
        store: store.clone(),
        blobs: blobs.clone(),
        remotes: remotes.clone(),
        dice: Arc::clone(&dice),
        scratch: Arc::clone(&scratch),
    };
    let look = Look { app: app.clone(), remotes: remotes.clone() };
    let reader = Reader { app: app.clone(), blobs: blobs.clone(), voices };
    let say = Say { reader: reader.clone() };
    let produce = Produce {
        app: app.clone(),
        store: store.clone(),
        blobs,
        outbound: outbound.clone(),
        remotes,
        reader,
        dice: Arc::clone(&dice),
        scratch: Arc::clone(&scratch),
    };
    let mail = Mail { app: app.clone(), store: store.clone(), mailer };
    let mut lanes = vec![
        Lane { name: "produce", at_once: options.productions.max(1), bodies: vec![Arc::new(produce)] },
        Lane { name: "transfer", at_once: TRANSFERS, bodies: vec![Arc::new(transfers)] },
        Lane { name: "look", at_once: LOOKS, bodies: vec![Arc::new(look)] },
        Lane { name: "say", at_once: SAYS, bodies: vec![Arc::new(say)] },
        Lane { name: "mail", at_once: LETTERS, bodies: vec![Arc::new(mail)] },
    ];
    if let Some(only) = &options.only {
        keep_to(only, &mut lanes);
    }
    let delivers = options.only.as_ref().is_none_or(|only| only.contains(&DELIVER));
    let delivery = DeliveryParts { app: app.clone(), store: store.clone(), outbound, dice: Arc::clone(&dice) };
    let delivery_options = DeliveryOptions {
        lease: options.lease.min(DeliveryOptions::default().lease),
        poll: options.poll,
        patience: options.patience,
        ..DeliveryOptions::default()
    };
    let sweeping = SweepOptions { bury_every: options.lease, sweep_every: options.sweep_every };
    let runner_options =
        RunnerOptions { worker: options.name, lease: options.lease, poll: options.poll, patience: options.patience };
    let runner = Runner::new(store, clock, Arc::clone(&dice), runner_options, lanes);
    // Both hear of the wish to stop.
    let stop = stop.shared();
    let running = async {
        let delivering = async {
            if delivers {
                deliver(delivery, delivery_options, stop.clone()).await;
            }
        };
        tokio::join!(runner.run(stop.clone()), delivering);
    };
    tokio::select! {
        () = running => {}
        () = keep_sweeping(&app, &scratch, &*dice, sweeping) => {}
    }
    Ok(())
}

/// Leaves in the lanes what is of these kinds, and lanes that have something to do.
fn keep_to(kinds: &[&str], lanes: &mut Vec<Lane>) {
    for lane in &mut *lanes {
        lane.bodies.retain(|body| kinds.contains(&body.kind()));
    }
    lanes.retain(|lane| !lane.bodies.is_empty());
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use app::AppError;
    use futures_util::future::BoxFuture;

    use super::*;
    use crate::runner::{Body, Failure, Task};

    struct Idle(&'static str);

    impl Body for Idle {
        fn kind(&self) -> &'static str {
            self.0
        }

        fn run(self: Arc<Self>, _: Arc<Task>) -> BoxFuture<'static, Result<(), Failure>> {
            Box::pin(async { Ok(()) })
        }

        fn end<'a>(&'a self, _: &'a Task, _: &'a Failure) -> BoxFuture<'a, Result<(), AppError>> {
            Box::pin(async { Ok(()) })
        }
    }

    /// What the lanes of a worker that is kept to some kinds do.
    fn left(only: &[&str]) -> String {
        let lane = |name, kinds: &[&'static str]| Lane {
            name,
            at_once: 1,
            bodies: kinds.iter().map(|kind| Arc::new(Idle(kind)) as Arc<dyn Body>).collect(),
        };
        let mut lanes = vec![lane("slow", &["produce", "narrate"]), lane("quick", &["deliver"])];
        keep_to(only, &mut lanes);
        lanes.iter().fold(String::new(), |mut text, lane| {
            let kinds: Vec<_> = lane.bodies.iter().map(|body| body.kind()).collect();
            let _ = write!(text, "{}: {}; ", lane.name, kinds.join(" "));
            text
        })
    }

    #[test]
    fn a_worker_keeps_to_the_kinds_that_it_is_given() {
        assert_eq!(left(&["produce", "deliver"]), "slow: produce; quick: deliver; ");
        assert_eq!(left(&["narrate", "produce"]), "slow: produce narrate; ");
        assert_eq!(left(&["deliver"]), "quick: deliver; ");
    }
}
