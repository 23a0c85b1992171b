//! Productions from the queue to the files: a real database, real storage, real sound, and servers on this machine.

#![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use app::productions::NewProduction;
use app::{Caller, Rules};
use bytes::Bytes;
use model::production::{Edit, MetadataEdit, OutputOrder, State};
use model::{Chapter, Clock, ProductionId};
use store::jobs::{Counts, JobState};
use testkit::database::Database;
use testkit::house::House;
use testkit::signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::outbound::Options;
use crate::voices::Voices;
use crate::worker::{WorkerOptions, WorkerParts, work};

/// Two seconds of something between speech and noise.
fn recording(house: &House) -> Vec<u8> {
    let mut dice = signal::Dice::new(5);
    let mut sound = signal::sine(44_100, 220.0, 0.2, 0.0, 88_200);
    for (sample, noise) in sound.iter_mut().zip(signal::noise(&mut dice, 0.02, 88_200)) {
        *sample += noise;
    }
    let path = house.folder().join("made.wav");
    testkit::fixture::write_wav(&path, 44_100, &[sound]).unwrap();
    std::fs::read(path).unwrap()
}

async fn upload(house: &House, caller: &Caller, name: &str, bytes: Vec<u8>) -> Input {
    let bytes = futures_util::stream::iter([Ok::<_, io::Error>(Bytes::from(bytes))]);
    Input::File(house.app.files().receive(caller, name, bytes).await.unwrap())
}

fn order(format: &str, ending: &str) -> OutputOrder {
    OutputOrder { format: format.to_owned(), ending: ending.to_owned(), ..OutputOrder::default() }
}

async fn start(house: &House, caller: &Caller, edit: Edit) -> ProductionId {
    let new = NewProduction { preset: None, edit, start: true };
    house.app.productions().create(caller, new).await.unwrap().id
}

struct Working {
    stop: oneshot::Sender<()>,
    running: JoinHandle<io::Result<()>>,
}

impl Working {
    fn start(house: &House, database: &Database) -> Self {
        let parts = WorkerParts {
            app: house.app.clone(),
            store: database.store().clone(),
            blobs: house.blobs.clone(),
            outbound: Outbound::new(Options::new("127.0.0.1".parse().unwrap())).unwrap(),
            voices: Voices::new(house.folder().join("voices")),
            mailer: None,
            clock: Arc::<testkit::house::TestClock>::clone(&house.clock),
            dice: Arc::clone(&house.dice),
        };
        let options = WorkerOptions {
            lease: Duration::from_secs(3),
            poll: Duration::from_millis(50),
            patience: Duration::from_secs(20),
            ..WorkerOptions::new("test", house.folder().join("scratch"))
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(work(parts, options, async {
            let _ = stopped.await;
        }));
        Self { stop, running }
    }

    async fn leave(self) {
        let _ = self.stop.send(());
        self.running.await.unwrap().unwrap();
    }
}

async fn until(house: &House, caller: &Caller, id: ProductionId, fits: impl Fn(&State) -> bool) -> Production {
    let waiting = async {
        loop {
            let production = house.app.productions().find(caller, id).await.unwrap();
            if fits(&production.state) {
                return production;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let Ok(production) = tokio::time::timeout(Duration::from_mins(2), waiting).await else {
        panic!("it is {:?}", house.app.productions().find(caller, id).await.unwrap().state)
    };
    production
}

/// Runs a production to its end with one worker.
async fn run(house: &House, database: &Database, caller: &Caller, edit: Edit) -> Production {
    let worker = Working::start(house, database);
    let id = start(house, caller, edit).await;
    let production = until(house, caller, id, |state| !state.is_running()).await;
    worker.leave().await;
    assert_eq!(std::fs::read_dir(house.folder().join("scratch")).unwrap().count(), 0, "scratch space is left");
    production
}

fn reason(production: &Production) -> (&str, Option<Stage>) {
    match &production.state {
        State::Failed { reason, stage } => (reason, *stage),
        other => panic!("it is {other:?}"),
    }
}

/// A server that answers by the number of the request.
async fn server<A, F>(answer: A) -> String
where
    A: Fn(usize, TcpStream) -> F + Send + Sync + 'static,
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = AtomicUsize::new(0);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 4_096];
            let _ = stream.read(&mut head).await;
            tokio::spawn(answer(asked.fetch_add(1, Ordering::SeqCst), stream));
        }
    });
    format!("http://{address}")
}

async fn respond(mut stream: TcpStream, headers: &str, body: &[u8]) -> io::Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await
}

/// A production under way: its worker waits for a host that does not answer who asks first, and gives the recording to who asks again.
async fn under_way(house: &House, database: &Database, caller: &Caller) -> (Working, ProductionId) {
    let wav = recording(house);
    // Known here, so that nothing happens to the worker before it asked.
    let asks = Arc::new(AtomicBool::new(false));
    let asking = Arc::clone(&asks);
    let host = server(move |asked, stream| {
        let wav = wav.clone();
        asking.store(true, Ordering::SeqCst);
        async move {
            if asked == 0 {
                let _open = stream;
                return std::future::pending().await;
            }
            respond(stream, "", &wav).await
        }
    })
    .await;
    let worker = Working::start(house, database);
    let input = Some(Input::Address(format!("{host}/talk.wav")));
    let id = start(house, caller, Edit { input, outputs: vec![order("flac", "")], ..Edit::default() }).await;
    until(house, caller, id, |state| asks.load(Ordering::SeqCst) && matches!(state, State::Working { .. })).await;
    (worker, id)
}

testkit::both_databases! {
    async fn a_production_is_made_and_its_files_are_there(database: &Database) {
        let house = House::open(database);
        let (caller, _) = house.account("ada").await;
        let input = upload(&house, &caller, "My talk.wav", recording(&house)).await;
        let outputs = [
            order("flac", ""), order("wav", ""), order("chapters", "psc"), order("waveform", "png"),
            order("waveform", "json"), order("waveform", "dat"), order("stats", "json"), order("transcript", "vtt"),
        ];
        let edit = Edit {
            input: Some(input),
            outputs: outputs.into(),
            chapters: vec![Chapter { start_ms: 0, title: "Begin".into(), url: None }],
            metadata: MetadataEdit { title: Some("A title".into()), ..MetadataEdit::default() },
            ..Edit::default()
        };
        let production = run(&house, database, &caller, edit).await;
        let State::Done { made, in_review: false } = &production.state else { panic!("{:?}", production.state) };
        let names: Vec<_> = made.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "My talk.flac", "My talk.wav", "My talk.chapters.psc", "My talk.waveform.png", "My talk.waveform.json",
                "My talk.waveform.dat", "My talk.stats.json",
            ]
        );
        for file in &made.files {
            assert!(file.key.starts_with(&format!("productions/{}/1/", production.id)), "{}", file.key);
            assert_eq!(house.blobs.size(&file.key.parse().unwrap()).await.unwrap(), file.size, "{}", file.name);
            assert!(file.size > 0 && file.md5.len() == 32, "{file:?}");
        }
        let drawings: Vec<_> = made.drawings.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(drawings, ["waveform.dat", "waveform.png", "loudness.svg", "before.dat", "loudness.json"]);
        assert_eq!((made.format.as_str(), made.length_ms, made.channels, made.samplerate), ("WAV", 2_000, 1, 44_100));
        assert_eq!((made.bitrate + 500) / 1_000, 706);
        assert!(made.warnings.contains(&"The output transcript is not built yet. It was left out.".to_owned()));
        assert_eq!(made.report["source"]["filename"], "My talk.wav");

        let json = house.folder().join("shape.json");
        house.blobs.fetch_to(&made.files[4].key.parse().unwrap(), &json).await.unwrap();
        let shape: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
        assert_eq!(shape["data"].as_array().unwrap().len() as u64, 2 * shape["length"].as_u64().unwrap());
        assert_eq!(made.files[5].size, 20 + 2 * shape["length"].as_u64().unwrap());

        let counts = store::jobs::counts(database.store(), house.clock.now()).await.unwrap();
        assert_eq!(counts, Counts::default());
    }

    async fn a_recording_and_a_cover_are_fetched_from_their_addresses(database: &Database) {
        let house = House::open(database);
        let (caller, _) = house.account("ada").await;
        let wav = recording(&house);
        let host = server(move |_, stream| {
            let wav = wav.clone();
            async move { respond(stream, "content-disposition: attachment; filename=talk.wav\r\n", &wav).await }
        })
        .await;
        let edit = Edit {
            input: Some(Input::Address(format!("{host}/get?id=1"))),
            // It is no picture, and the recording is worth more.
            cover: Some(Input::Address(format!("{host}/cover.png"))),
            outputs: vec![order("flac", "")],
            ..Edit::default()
        };
        let production = run(&house, database, &caller, edit).await;
        let made = production.state.made().unwrap();
        assert_eq!(made.files[0].name, "talk.flac");
        assert!(made.warnings.iter().any(|text| text.starts_with("The cover was left out. ")), "{:?}", made.warnings);
    }

    async fn what_cannot_be_made_says_why(database: &Database) {
        let house = House::open(database);
        let (caller, _) = house.account("ada").await;
        let text = upload(&house, &caller, "notes.txt", b"These are notes and no sound at all.\n".repeat(50)).await;
        let production =
            run(&house, database, &caller, Edit { input: Some(text), ..Edit::default() }).await;
        let (why, stage) = reason(&production);
        assert!(why.starts_with("notes.txt: This is not audio Soundpost can read: it looks like"), "{why}");
        assert_eq!(stage, Some(Stage::Processing));

        for (url, says) in [
            ("http://127.0.0.2/x.wav", "The address leads to 127.0.0.2, which is this machine itself."),
            ("http://169.254.169.254/latest/", "The address leads to 169.254.169.254, which is on the local link only."),
            ("ftp://example.com/x.wav", "Only addresses that begin with http:// or https:// can be asked."),
        ] {
            let edit = Edit { input: Some(Input::Address(url.to_owned())), ..Edit::default() };
            let production = run(&house, database, &caller, edit).await;
            let (why, stage) = reason(&production);
            assert!(why.starts_with(says), "{why}");
            assert_eq!(stage, Some(Stage::Fetching));
        }
    }

    async fn a_server_that_is_away_is_asked_again_later(database: &Database) {
        let house = House::open(database);
        let (caller, _) = house.account("ada").await;
        let wav = recording(&house);
        let host = server(move |asked, mut stream| {
            let wav = wav.clone();
            async move {
                match asked {
                    0 => stream.write_all(b"HTTP/1.1 503 Away\r\nconnection: close\r\n\r\n").await,
                    _ => respond(stream, "", &wav).await,
                }
            }
        })
        .await;
        let worker = Working::start(&house, database);
        let edit = Edit {
            input: Some(Input::Address(format!("{host}/talk.wav"))),
            outputs: vec![order("flac", "")],
            ..Edit::default()
        };
        let id = start(&house, &caller, edit).await;
        let subject = format!("production {id}");
        let put_off = async {
            loop {
                let jobs = store::jobs::list_by_subject(database.store(), &subject).await.unwrap();
                if let [job] = jobs.as_slice() && job.trouble.is_some() {
                    return job.clone();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let job = tokio::time::timeout(Duration::from_mins(1), put_off).await.unwrap();
        assert_eq!(job.trouble.as_deref(), Some("127.0.0.1 answers 503 Service Unavailable instead of a file."));
        let JobState::Waiting { due } = job.state else { panic!("{job:?}") };
        assert!(due > house.clock.now());
        assert_eq!(house.app.productions().find(&caller, id).await.unwrap().state, State::Waiting);
        house.clock.pass(crate::jobs::failures::BACK_OFF[0] * 2);
        let production = until(&house, &caller, id, |state| !state.is_running()).await;
        assert!(production.state.made().is_some(), "{:?}", production.state);
        worker.leave().await;
    }

    async fn whoever_stops_a_production_has_it_back(database: &Database) {
        let house = House::open(database);
        let (caller, _) = house.account("ada").await;
        let (worker, id) = under_way(&house, database, &caller).await;
        assert_eq!(house.app.productions().stop(&caller, id).await.unwrap().state, State::Stopping);
        let production = until(&house, &caller, id, |state| !state.is_running()).await;
        assert_eq!(production.state, State::Idle);
        worker.leave().await;
    }

    async fn a_production_that_is_removed_takes_its_job_along(database: &Database) {
        let house = House::open(database);
        let (caller, _) = house.account("ada").await;
        let (worker, id) = under_way(&house, database, &caller).await;
        house.app.productions().remove(&caller, id).await.unwrap();
        let gone = async {
            while store::jobs::counts(database.store(), house.clock.now()).await.unwrap() != Counts::default() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), gone).await.unwrap();
        worker.leave().await;
    }

    async fn a_production_whose_worker_was_killed_is_made_by_another(database: &Database) {
        let house = House::open(database);
        let (caller, _) = house.account("ada").await;
        let (first, id) = under_way(&house, database, &caller).await;
        // Nobody is asked, and nothing is said any more.
        first.running.abort();
        let _ = first.running.await;
        let second = Working::start(&house, database);
        house.clock.pass(Duration::from_secs(10));
        let production = until(&house, &caller, id, |state| !state.is_running()).await;
        assert_eq!(production.state.made().unwrap().files.len(), 1);
        let counts = store::jobs::counts(database.store(), house.clock.now()).await.unwrap();
        assert_eq!(counts, Counts::default());
        second.leave().await;
    }

    async fn a_worker_that_leaves_gives_its_production_to_the_next(database: &Database) {
        let house = House::open(database);
        let (caller, _) = house.account("ada").await;
        let (first, id) = under_way(&house, database, &caller).await;
        first.leave().await;
        assert_eq!(house.app.productions().find(&caller, id).await.unwrap().state, State::Waiting);
        let jobs = store::jobs::list_by_subject(database.store(), &format!("production {id}")).await.unwrap();
        assert_eq!(jobs[0].attempts, 0);
        let second = Working::start(&house, database);
        let production = until(&house, &caller, id, |state| !state.is_running()).await;
        assert!(production.state.made().is_some(), "{:?}", production.state);
        second.leave().await;
    }

    async fn no_room_and_no_recording_are_said_and_leave_nothing(database: &Database) {
        let rules = Rules { account_quota: Some(200_000), signup_open: true, ..Rules::default() };
        let house = House::with_rules(database, rules);
        let (caller, _) = house.account("ada").await;
        let input = upload(&house, &caller, "talk.wav", recording(&house)).await;
        let Input::File(file) = &input else { panic!("it was uploaded") };
        let key: BlobKey = file.key.parse().unwrap();
        // The recording takes nearly all there is.
        let edit = Edit { input: Some(input.clone()), outputs: vec![order("wav", "")], ..Edit::default() };
        let production = run(&house, database, &caller, edit).await;
        let (why, _) = reason(&production);
        assert!(why.starts_with("talk.wav has ") && why.contains("there is room for "), "{why}");
        house.app.sweeps().sweep().await.unwrap();
        let files: Vec<_> = futures_util::StreamExt::collect(house.blobs.list(None)).await;
        assert_eq!(files.len(), 1, "{files:?}");

        house.blobs.remove(&key).await.unwrap();
        let worker = Working::start(&house, database);
        house.app.productions().start(&caller, production.id).await.unwrap();
        let production = until(&house, &caller, production.id, |state| !state.is_running()).await;
        assert_eq!(reason(&production).0, "talk.wav is not in storage any more. Upload it again.");
        worker.leave().await;
    }

    async fn a_recording_keeps_its_own_loudness_where_that_is_wished(database: &Database) {
        let house = House::open(database);
        let (caller, _) = house.account("ada").await;
        let input = upload(&house, &caller, "talk.wav", recording(&house)).await;
        let algorithms = model::production::AlgorithmsEdit {
            normloudness: Some(false),
            leveler: Some(false),
            ..Default::default()
        };
        let edit = Edit { input: Some(input), outputs: vec![order("flac", "")], algorithms, ..Edit::default() };
        let production = run(&house, database, &caller, edit).await;
        let levels = &production.state.made().unwrap().report["levels"];
        let loudness = |side: &str| levels[side]["loudness"][0].as_f64().unwrap();
        assert!((loudness("input") - loudness("output")).abs() <= 0.2, "{levels}");
    }
}
