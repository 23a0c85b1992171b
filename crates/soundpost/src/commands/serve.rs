//! `soundpost serve` and `soundpost worker`: the program as a service.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use work::outbound::{Options, Outbound};
use work::worker::{KINDS, WorkerOptions, WorkerParts, work};

use super::open;
use crate::cli::{Serve, Worker};
use crate::failure::Failure;
use crate::house::{House, Schema, failed};
use crate::metrics;
use crate::settings::Settings;
use crate::telemetry;

/// How long replies under way may take once the program was asked to end.
const LAST_REPLIES: Duration = Duration::from_secs(30);

/// Answers requests until asked to end.
pub(crate) fn serve(arguments: &Serve) -> Result<(), Failure> {
    let mut typed = open::gather(&arguments.house)?;
    typed.flag("listen", arguments.listen.as_deref());
    typed.flag("public_url", arguments.public_url.as_deref());
    let settings = typed.resolve()?;
    telemetry::start(&settings);
    open::wait(async {
        let stopping = listen_for_the_end()?;
        let numbers = metrics::start(&settings, stopping.clone()).await?;
        let mut worlds = Vec::new();
        for (settings, world) in worlds_of(settings, arguments.sandbox) {
            worlds.push(open_world(&settings, world, arguments.no_workers, &stopping).await?);
        }
        let answering: Vec<_> = worlds.into_iter().map(|world| tokio::spawn(run(world, stopping.clone()))).collect();
        let mut ended = Ok(());
        for world in answering {
            ended = ended.and(world.await.map_err(|error| failed("The server broke down", &error))?);
        }
        drop(numbers);
        ended
    })
}

/// Which world is served. They share a process and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum World {
    Live,
    Sandbox,
}

/// A world that is ready to answer.
struct Opened {
    house: House,
    listener: TcpListener,
    router: axum::Router,
    working: Option<tokio::task::JoinHandle<Result<(), Failure>>>,
}

/// The worlds to serve, with the settings of each.
fn worlds_of(settings: Settings, only_sandbox: bool) -> Vec<(Settings, World)> {
    if only_sandbox {
        // In the place of the live house: where that would listen, and by its address.
        return vec![(settings.sandboxed(), World::Sandbox)];
    }
    let beside = settings.sandbox.clone().map(|place| {
        let sandbox = Settings { listen: place.listen, public_url: place.public_url, ..settings.sandboxed() };
        (sandbox, World::Sandbox)
    });
    std::iter::once((settings, World::Live)).chain(beside).collect()
}

async fn open_world(
    settings: &Settings,
    world: World,
    no_workers: bool,
    stopping: &watch::Receiver<bool>,
) -> Result<Opened, Failure> {
    let house = House::open(settings, Schema::Migrate).await?;
    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(|error| failed(&format!("{} cannot be listened on", settings.listen), &error))?;
    let working = if no_workers { None } else { Some(start_worker(settings, &house, None, stopping.clone())?) };
    let router = web::router(web(settings, &house, world, stopping.clone()));
    tracing::info!(listen = %settings.listen, url = settings.public_url, ?world, "Soundpost answers");
    Ok(Opened { house, listener, router, working })
}

/// Answers until asked to end, and then until what is under way is done.
async fn run(world: Opened, stopping: watch::Receiver<bool>) -> Result<(), Failure> {
    let answering = answer(world.listener, world.router, stopping).await;
    if let Some(working) = world.working {
        working.await.map_err(|error| failed("The worker broke down", &error))??;
    }
    world.house.store.close().await.map_err(|error| failed("The database cannot be closed", &error))?;
    answering
}

/// Works until asked to end.
pub(crate) fn worker(arguments: &Worker) -> Result<(), Failure> {
    let only = (!arguments.only.is_empty()).then(|| kinds(&arguments.only)).transpose()?;
    let mut typed = open::gather(&arguments.house)?;
    typed.flag("produce_at_once", arguments.concurrency.as_deref());
    let settings = typed.resolve()?;
    telemetry::start(&settings);
    open::wait(async {
        let stopping = listen_for_the_end()?;
        let numbers = metrics::start(&settings, stopping.clone()).await?;
        let house = House::open(&settings, Schema::Migrate).await?;
        let working = start_worker(&settings, &house, only, stopping)?;
        tracing::info!("Soundpost works");
        working.await.map_err(|error| failed("The worker broke down", &error))??;
        drop(numbers);
        house.store.close().await.map_err(|error| failed("The database cannot be closed", &error))
    })
}

/// The kinds of work that were named.
fn kinds(words: &[String]) -> Result<Vec<&'static str>, Failure> {
    let known = |word: &String| {
        KINDS.iter().copied().find(|kind| *kind == word.trim()).ok_or_else(|| {
            Failure::WrongUse(format!("There is no work called “{word}”. --only takes {}.", KINDS.join(", ")))
        })
    };
    words.iter().map(known).collect()
}

/// What the web wing is given.
fn web(settings: &Settings, house: &House, world: World, stopping: watch::Receiver<bool>) -> web::Settings {
    let rate = settings.rate_limit.and_then(NonZeroU32::new);
    web::Settings {
        app: house.app.clone(),
        offer: web::Offer { aac: cfg!(feature = "fdk-aac") },
        public_url: settings.public_url.clone(),
        dice: Arc::clone(&house.dice),
        trusted_proxies: settings.trusted_proxies.clone(),
        rates: web::Rates { per_account: rate, per_peer: rate },
        sandbox: world == World::Sandbox,
        echo_calls: settings.echo_calls,
        stopping,
    }
}

async fn answer(listener: TcpListener, router: axum::Router, stopping: watch::Receiver<bool>) -> Result<(), Failure> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(ended(stopping.clone()));
    // Whoever holds a connection open does not keep the program from ending.
    let patience = async {
        ended(stopping).await;
        tokio::time::sleep(LAST_REPLIES).await;
    };
    tokio::select! {
        served = served => served.map_err(|error| failed("The server broke down", &error)),
        () = patience => Ok(()),
    }
}

/// A worker in this process, which ends when it is asked to.
fn start_worker(
    settings: &Settings,
    house: &House,
    only: Option<Vec<&'static str>>,
    stopping: watch::Receiver<bool>,
) -> Result<tokio::task::JoinHandle<Result<(), Failure>>, Failure> {
    let outbound = Outbound::new(Options::new(settings.allow_networks.clone()))
        .map_err(|error| failed("Nothing can be fetched from other hosts", &error))?;
    let parts = WorkerParts {
        app: house.app.clone(),
        store: house.store.clone(),
        blobs: house.blobs.clone(),
        outbound,
        voices: settings.voices(),
        mailer: settings.mailer.clone(),
        clock: Arc::clone(&house.clock),
        dice: Arc::clone(&house.dice),
    };
    let options = WorkerOptions {
        lease: settings.job_lease,
        only,
        productions: settings.produce_at_once,
        ..WorkerOptions::new(worker_name(), settings.scratch_dir())
    };
    Ok(tokio::spawn(async move {
        let ended = ended(stopping);
        Box::pin(work(parts, options, ended)).await.map_err(|error| failed("The worker cannot work", &error))
    }))
}

/// Machine and process, for people who look.
fn worker_name() -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}:{}", machine.trim(), std::process::id())
}

/// Turns true with Ctrl-C or SIGTERM. The second time the program ends at once, as if it had not listened.
fn listen_for_the_end() -> Result<watch::Receiver<bool>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let (tell, stopping) = watch::channel(false);
    let cannot = |error: std::io::Error| failed("Signals cannot be caught", &error);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
    tokio::spawn(async move {
        for again in [false, true] {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if again {
                tracing::warn!("asked to end twice: work under way is picked up again when its lease is over");
                std::process::abort();
            }
            tracing::info!("asked to end: replies under way are finished, work under way is handed back");
            tell.send_replace(true);
        }
    });
    Ok(stopping)
}

/// Waits until the program is to end.
pub(crate) async fn ended(mut stopping: watch::Receiver<bool>) {
    // A sender that is gone has ended as well.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}
