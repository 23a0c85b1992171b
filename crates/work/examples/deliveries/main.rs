//! How fast deliveries are promised, sent and settled, beside a receiver that takes everything and one that hangs.
//!
//! ```sh
//! cargo run --release -p work --example deliveries                       # SQLite, in a temporary folder
//! tools/with-postgres bash -c 'cargo run --release -p work --example deliveries -- "$SOUNDPOST_TEST_POSTGRES"'
//! ```
//!
//! `--only` and one of `speed`, `fairness`, `receivers`, `killed` and `million` measures that alone; without it all but the last are, which takes minutes
//! and a gigabyte of disk. With `--drain` it does nothing but deliver what is in that database, until it is killed: that is the other process of `killed`.
//!
//! Everything goes over loopback and ends by itself.

mod killed;
mod receivers;

use std::collections::HashSet;
use std::error::Error;
use std::io::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use app::accounts::NewAccount;
use app::apps::{AppDraft, Keeps};
use app::{App, Parts, Rules, SecretKey};
use model::delivery::Receiver;
use model::{AccountId, AppId, Clock, DeliveryId, DeliveryKind, Dice, ReceiverId, Time};
use serde_json::json;
use store::deliveries::NewDelivery;
use store::{BlobOptions, Blobs, Store, StoreOptions};
use testkit::database::SeededDice;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use work::deliveries::{DeliveryOptions, DeliveryParts, deliver};
use work::outbound::{Options, Outbound};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What a body of about a kibibyte carries.
const DATA: usize = 650;

/// The machine's clock: processes that work together have to agree on the time.
struct Running;

impl Clock for Running {
    #[expect(clippy::disallowed_methods, reason = "this is the clock of whole processes")]
    fn now(&self) -> Time {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Time::from_ms(0) + since
    }
}

#[expect(clippy::disallowed_methods, reason = "this is a stopwatch")]
fn clock() -> Instant {
    Instant::now()
}

/// A receiver that answers 200 at once, and notes when what came.
#[derive(Default)]
struct Sink {
    count: AtomicU64,
    /// When each delivery was promised, in microseconds since the beginning, by its id.
    promised: Mutex<std::collections::HashMap<String, Instant>>,
    took: Mutex<Vec<Duration>>,
    /// Each delivery that came, by its id, while they are told apart, and when the last one did.
    seen: Mutex<Option<(HashSet<String>, Instant)>>,
}

impl Sink {
    async fn start() -> Outcome<(Arc<Self>, String)> {
        // On every address of loopback: each is a host of its own.
        let listener = TcpListener::bind("0.0.0.0:0").await?;
        let url = format!("http://127.0.0.1:{}/hook", listener.local_addr()?.port());
        let sink = Arc::new(Self::default());
        let ours = Arc::clone(&sink);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sink = Arc::clone(&ours);
                tokio::spawn(async move { sink.talk(stream).await });
            }
        });
        Ok((sink, url))
    }

    async fn talk(&self, mut stream: TcpStream) -> Option<()> {
        let mut held = Vec::new();
        let mut buffer = vec![0; 16 << 10];
        loop {
            let head = loop {
                if let Some(end) = held.windows(4).position(|four| four == b"\r\n\r\n") {
                    break end + 4;
                }
                let got = stream.read(&mut buffer).await.ok().filter(|got| *got > 0)?;
                held.extend_from_slice(&buffer[..got]);
            };
            let text = String::from_utf8_lossy(&held[..head]).to_ascii_lowercase();
            let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            let length: usize = field("content-length:")?.parse().ok()?;
            while held.len() < head + length {
                let got = stream.read(&mut buffer).await.ok().filter(|got| *got > 0)?;
                held.extend_from_slice(&buffer[..got]);
            }
            self.count.fetch_add(1, Ordering::Relaxed);
            // Ids are case-sensitive, so they are read from what came and not from the lowered text.
            let original = String::from_utf8_lossy(&held[..head]).into_owned();
            let id = original.lines().find_map(|line| line.strip_prefix("webhook-id: ")).unwrap_or_default();
            let promised = self.promised.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
            if let Some(promised) = promised {
                self.took.lock().unwrap_or_else(PoisonError::into_inner).push(clock() - promised);
            }
            if let Some((ids, last)) = &mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner) {
                ids.insert(id.to_owned());
                *last = clock();
            }
            held.drain(..head + length);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.ok()?;
        }
    }

    fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    async fn wait_for(&self, count: u64) {
        while self.count() < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// From now on deliveries are told apart.
    fn tell_apart(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some((HashSet::new(), clock()));
    }

    /// How many different ones came since they are told apart, and when the last did.
    fn seen(&self) -> (u64, Instant) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.as_ref().map_or((0, clock()), |(ids, last)| (ids.len() as u64, *last))
    }

    /// What it took from the commit to here: the median, and 99 of a hundred.
    fn percentiles(&self) -> (f64, f64) {
        let mut took = std::mem::take(&mut *self.took.lock().unwrap_or_else(PoisonError::into_inner));
        took.sort_unstable();
        let at =
            |share: f64| took.get((took.len() as f64 * share) as usize).map_or(0.0, |took| took.as_secs_f64() * 1e3);
        (at(0.5), at(0.99))
    }
}

#[derive(Clone)]
struct Desk {
    store: Store,
    parts: DeliveryParts,
    owner: AccountId,
    app: AppId,
    serial: Arc<AtomicI64>,
}

impl Desk {
    /// Somebody to tell.
    async fn receiver(&self, url: &str) -> Outcome<Receiver> {
        let (now, key) = (self.parts.app.now(), self.serial.fetch_add(1, Ordering::Relaxed).to_string());
        let receiver = Receiver {
            id: ReceiverId::new(now, &*self.parts.dice),
            owner: self.owner,
            kind: DeliveryKind::Service,
            key,
            url: url.to_owned(),
            app: Some(self.app),
            is_ordered: false,
            failing: None,
            disabled: None,
            disabled_why: None,
            created: now,
        };
        let tx = self.store.begin().await?;
        let kept = store::receivers::keep(&tx, &receiver).await?;
        tx.commit().await?;
        Ok(kept)
    }

    /// Promises so many in one transaction, and notes when it was committed.
    async fn promise(&self, receiver: &Receiver, count: usize, sink: Option<&Sink>) -> Outcome<()> {
        let now = self.parts.app.now();
        let all: Vec<_> = (0..count)
            .map(|_| NewDelivery {
                id: DeliveryId::new(now, &*self.parts.dice),
                receiver: receiver.id,
                owner: self.owner,
                app: receiver.app,
                kind: receiver.kind,
                subject: "0123456789abcdefABCDEF".to_owned(),
                fact: json!({ "production": "0123456789abcdefABCDEF", "custom_data": "x".repeat(DATA) }),
                url: receiver.url.clone(),
                is_ordered: false,
                given_up: None,
            })
            .collect();
        let tx = self.store.begin().await?;
        store::deliveries::insert(&tx, now, &all).await?;
        let promised = clock();
        if let Some(sink) = sink {
            let mut noted = sink.promised.lock().unwrap_or_else(PoisonError::into_inner);
            noted.extend(all.iter().map(|new| (new.id.to_string(), promised)));
        }
        Ok(tx.commit().await?)
    }

    /// Promises one after the other in each of several tasks, and says how many a second those are.
    async fn promise_many(&self, receiver: &Receiver, tasks: usize, each: usize) -> Outcome<f64> {
        let begun = clock();
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..tasks {
            let (desk, receiver) = (self.clone(), receiver.clone());
            running.spawn(async move {
                for _ in 0..each {
                    desk.promise(&receiver, 1, None).await?;
                }
                Outcome::Ok(())
            });
        }
        while let Some(done) = running.join_next().await {
            done??;
        }
        Ok((tasks * each) as f64 / (clock() - begun).as_secs_f64())
    }

    /// Promises at so many moments a second, each independent of all others (a Poisson process), as those do who know nothing of
    /// each other. With even steps two of these would go in lockstep, and each promise of one would meet one of the other.
    async fn pace(&self, receiver: &Receiver, a_second: u32, seconds: u32, sink: Option<&Sink>) -> Outcome<()> {
        let mut next = tokio::time::Instant::now();
        for _ in 0..a_second * seconds {
            self.wait(&mut next, a_second).await;
            self.promise(receiver, 1, sink).await?;
        }
        Ok(())
    }

    /// Waits for the next of so many moments a second.
    async fn wait(&self, next: &mut tokio::time::Instant, a_second: u32) {
        *next += Duration::from_secs(1).mul_f64(-self.chance().ln() / f64::from(a_second));
        tokio::time::sleep_until(*next).await;
    }

    /// More than nothing, and at most one.
    fn chance(&self) -> f64 {
        let mut bytes = [0; 4];
        self.parts.dice.fill(&mut bytes);
        (f64::from(u32::from_le_bytes(bytes)) + 1.0) / (f64::from(u32::MAX) + 1.0)
    }
}

/// The largest resident set of this process so far, in mebibytes; receiver and all.
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
    kibibytes.unwrap_or_default() / 1024.0
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let sqlite = || format!("sqlite:{}", folder.path().join("deliveries.db").display());
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let only = arguments.iter().position(|word| word == "--only").map(|at| {
        arguments.remove(at);
        if at < arguments.len() { arguments.remove(at) } else { String::new() }
    });
    let drains = arguments.iter().position(|word| word == "--drain").map(|at| arguments.remove(at)).is_some();
    let url = arguments.pop().unwrap_or_else(sqlite);
    let store = Store::open(&StoreOptions::new(url.clone())).await?;
    store.migrate().await?;
    // Processes that work together must not throw the same.
    let dice: Arc<dyn Dice> = Arc::new(SeededDice::new(if drains { u64::from(std::process::id()) } else { 1 }));
    let app = App::new(Parts {
        store: store.clone(),
        blobs: Blobs::open(&BlobOptions::folder(folder.path()))?,
        clock: Arc::new(Running),
        dice: Arc::clone(&dice),
        secret: SecretKey::new([7; 32]),
        rules: Rules::default(),
    });
    let outbound = Outbound::new(Options::new("127.0.0.0/8".parse()?))?;
    if drains {
        let parts = DeliveryParts { app, store, outbound, dice };
        deliver(parts, DeliveryOptions::default(), std::future::pending()).await;
        return Ok(());
    }
    let name = format!("bench-{}", std::process::id());
    let new = NewAccount {
        username: name.clone(),
        email: format!("{name}@example.org"),
        password: "correct horse battery staple".to_owned(),
        is_admin: false,
    };
    let account = app.accounts().create(new).await?;
    let draft = AppDraft { name: "Podhost".to_owned(), ..AppDraft::default() };
    let (client, _) = app.apps().create(&account, draft, Keeps::ASecret).await?;
    let parts = DeliveryParts { app, store: store.clone(), outbound, dice };
    let desk = Desk { store, parts, owner: account.id, app: client.id, serial: Arc::default() };
    let wanted = |name: &str| only.as_deref().map_or(name != "million", |only| only == name);
    if wanted("speed") {
        speed(&desk).await?;
    }
    if wanted("fairness") {
        fairness(&desk).await?;
    }
    if wanted("receivers") {
        receivers::receivers(&desk).await?;
    }
    if wanted("killed") {
        killed::killed(&desk, &url).await?;
    }
    if wanted("million") {
        million(&desk).await?;
    }
    Ok(())
}

/// Something that delivers, until this is dropped.
struct Delivering {
    _stop: tokio::sync::oneshot::Sender<()>,
    running: tokio::task::AbortHandle,
}

impl Delivering {
    fn start(desk: &Desk) -> Self {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let stopped = async { _ = stopped.await };
        let running = tokio::spawn(deliver(desk.parts.clone(), DeliveryOptions::default(), stopped));
        Self { _stop: stop, running: running.abort_handle() }
    }
}

impl Drop for Delivering {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Somebody who takes connections and never answers.
async fn silent() -> Outcome<(TcpListener, u16)> {
    let listener = TcpListener::bind("0.0.0.0:0").await?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

/// A healthy receiver alone, and beside a host that hangs, in turn: how much longer 99 of a hundred take.
async fn fairness(desk: &Desk) -> Outcome<()> {
    const SECONDS: u32 = 20;
    const PAIRS: u32 = 5;
    let mut out = std::io::stdout();
    let (sink, url) = Sink::start().await?;
    let receiver = desk.receiver(&url).await?;
    let (_silent, port) = silent().await?;
    let hangs = desk.receiver(&format!("http://127.0.0.2:{port}/hook")).await?;
    let _delivering = Delivering::start(desk);
    let (mut sent, mut ratios) = (0, Vec::new());
    for pair in 0..=PAIRS {
        desk.pace(&receiver, 100, SECONDS, Some(&sink)).await?;
        sent += u64::from(100 * SECONDS);
        sink.wait_for(sent).await;
        let (half, alone) = sink.percentiles();
        let (other, hangs) = (desk.clone(), hangs.clone());
        let beside_it = tokio::spawn(async move { other.pace(&hangs, 100, SECONDS, None).await });
        desk.pace(&receiver, 100, SECONDS, Some(&sink)).await?;
        beside_it.await??;
        sent += u64::from(100 * SECONDS);
        sink.wait_for(sent).await;
        let (half_beside, beside) = sink.percentiles();
        writeln!(
            out,
            "at 100/s, half and 99 of 100         {half:8.1} and {alone:.1} ms alone, {half_beside:.1} and {beside:.1} ms beside"
        )?;
        // The first pair warms up.
        if pair > 0 {
            ratios.push(beside / alone);
        }
    }
    ratios.sort_by(f64::total_cmp);
    writeln!(
        out,
        "99 of 100 beside a host that hangs   {:8.2} of alone (median of {PAIRS}), all {sent} arrived",
        ratios[ratios.len() / 2]
    )?;
    Ok(())
}

/// A backlog of a million to one receiver: what it takes of memory, and how fast its beginning is sent.
async fn million(desk: &Desk) -> Outcome<()> {
    let mut out = std::io::stdout();
    let (sink, url) = Sink::start().await?;
    let receiver = desk.receiver(&url).await?;
    let begun = clock();
    for _ in 0..2_000 {
        desk.promise(&receiver, 500, None).await?;
    }
    writeln!(out, "a million promised, 500 at once      {:8.0} s", (clock() - begun).as_secs_f64())?;
    let before = memory();
    let _delivering = Delivering::start(desk);
    for minute in 0..3 {
        let (begun, count) = (clock(), sink.count());
        sink.wait_for(count + 20_000).await;
        let rate = 20_000.0 / (clock() - begun).as_secs_f64();
        writeln!(out, "of a backlog of a million, part {minute}    {rate:8.0} a second, {:.1} MiB", memory())?;
    }
    writeln!(out, "memory before delivering             {before:8.1} MiB")?;
    Ok(())
}

async fn speed(desk: &Desk) -> Outcome<()> {
    let mut out = std::io::stdout();
    let (sink, url) = Sink::start().await?;
    let receiver = desk.receiver(&url).await?;

    let rate = desk.promise_many(&receiver, 16, 250).await?;
    writeln!(out, "promised with nobody delivering      {rate:8.0} a second, each in a transaction of its own")?;
    for _ in 0..60 {
        desk.promise(&receiver, 100, None).await?;
    }
    let before = memory();

    let begun = clock();
    let _delivering = Delivering::start(desk);
    sink.wait_for(10_000).await;
    let took = (clock() - begun).as_secs_f64();
    writeln!(out, "a backlog of 10 000 sent             {:8.0} a second", 10_000.0 / took)?;

    let rate = desk.promise_many(&receiver, 16, 250).await?;
    sink.wait_for(14_000).await;
    writeln!(out, "promised while delivering            {rate:8.0} a second")?;

    desk.pace(&receiver, 200, 5, Some(&sink)).await?;
    sink.wait_for(15_000).await;
    let (half, most) = sink.percentiles();
    writeln!(out, "from commit to arrival at 200/s      {half:8.1} ms for half of them, {most:.1} ms for 99 of 100")?;

    writeln!(out, "memory, receiver and all             {before:8.1} MiB before, {:.1} MiB at the most", memory())?;
    Ok(())
}
