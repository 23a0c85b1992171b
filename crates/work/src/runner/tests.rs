//! The runner against a real queue, with bodies that do as their job says: finish, wait, panic, ignore that they are to stop.

#![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use model::JobId;
use serde_json::json;
use store::jobs::{Fate, Job, JobState, NewJob, Priority};
use testkit::database::{Database, SeededDice};
use testkit::house::TestClock;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use super::*;

const LEASE: Duration = Duration::from_mins(1);
const LATER: Duration = Duration::from_mins(10);

/// Does as the job says.
struct Obedient {
    store: Store,
    clock: Arc<TestClock>,
    /// What happened, in order.
    heard: Mutex<Vec<String>>,
    happened: Notify,
    now: AtomicUsize,
    most: AtomicUsize,
    go: Notify,
}

impl Obedient {
    fn say(&self, what: String) {
        self.heard.lock().unwrap().push(what);
        self.happened.notify_waiters();
    }

    /// Waits until something happened so often.
    async fn until(&self, what: &str, times: usize) {
        let heard = async {
            loop {
                let happened = self.happened.notified();
                if self.heard.lock().unwrap().iter().filter(|heard| *heard == what).count() >= times {
                    return;
                }
                happened.await;
            }
        };
        let in_time = timeout(Duration::from_mins(1), heard).await.is_ok();
        assert!(in_time, "{what} did not happen, but {:?}", self.heard.lock().unwrap());
    }
}

impl Body for Obedient {
    fn kind(&self) -> &'static str {
        "obey"
    }

    fn run(self: Arc<Self>, task: Arc<Task>) -> BoxFuture<'static, Result<(), Failure>> {
        Box::pin(async move {
            let order = task.job.payload["do"].as_str().unwrap_or_default().to_owned();
            let together = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(together, Ordering::SeqCst);
            self.say(format!("begin {order}"));
            let done = match order.as_str() {
                "finish" => Ok(()),
                "finish together" => {
                    self.go.notified().await;
                    Ok(())
                }
                "panic" => panic!("the body was told to"),
                "fail" => Err(Failure::Never("It cannot be done.".to_owned())),
                "later" => Err(Failure::Later("It can be done later.".to_owned())),
                "wait" => {
                    task.report_drawn(0.4, "drawing", &[0, 127]);
                    task.report(0.5, "waiting");
                    Err(Failure::Stopped(task.stopping().await))
                }
                _ => std::future::pending().await,
            };
            self.now.fetch_sub(1, Ordering::SeqCst);
            if done.is_ok() {
                let tx = self.store.begin().await.unwrap();
                assert!(store::jobs::ack(&tx, &task.job).await.unwrap());
                tx.commit().await.unwrap();
                self.say("done".to_owned());
            }
            done
        })
    }

    fn end<'a>(&'a self, task: &'a Task, failure: &'a Failure) -> BoxFuture<'a, Result<(), AppError>> {
        Box::pin(async move {
            let (job, now) = (&task.job, self.clock.now());
            let tx = self.store.begin().await?;
            match failure {
                Failure::Later(why) => {
                    assert_eq!(store::jobs::fail_later(&tx, job, now, now + LATER, why).await?, Fate::Again);
                }
                Failure::Never(why) => assert!(store::jobs::fail_never(&tx, job, now, why).await?),
                Failure::Stopped(Why::Leaving) => assert!(store::jobs::hand_back(&tx, job, now).await?),
                Failure::Stopped(_) => assert!(store::jobs::ack(&tx, job).await?),
            }
            tx.commit().await?;
            let short = if let Failure::Never(_) = failure { "Never".to_owned() } else { format!("{failure:?}") };
            self.say(format!("end {short}"));
            Ok(())
        })
    }
}

struct Bench {
    store: Store,
    clock: Arc<TestClock>,
    dice: Arc<SeededDice>,
    body: Arc<Obedient>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl Bench {
    fn start(database: &Database, at_once: usize, patience: Duration) -> Self {
        let store = database.store().clone();
        let (clock, dice) = (Arc::new(TestClock::default()), Arc::new(SeededDice::new(3)));
        let body = Arc::new(Obedient {
            store: store.clone(),
            clock: Arc::clone(&clock),
            heard: Mutex::default(),
            happened: Notify::new(),
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            go: Notify::new(),
        });
        let options =
            RunnerOptions { worker: "test".to_owned(), lease: LEASE, poll: Duration::from_millis(50), patience };
        let lane = Lane { name: "test", at_once, bodies: vec![Arc::<Obedient>::clone(&body)] };
        let runner = Runner::new(
            store.clone(),
            Arc::<TestClock>::clone(&clock),
            Arc::<SeededDice>::clone(&dice),
            options,
            vec![lane],
        );
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(runner.run(async {
            let _ = stopped.await;
        }));
        Self { store, clock, dice, body, stop, running }
    }

    async fn order(&self, what: &str) -> JobId {
        let now = self.clock.now();
        let id = JobId::new(now, &*self.dice);
        let job = NewJob {
            kind: "obey",
            payload: json!({ "do": what }),
            priority: Priority::Normal,
            due: now,
            unique: None,
            subject: Some("the test".to_owned()),
            max_attempts: 3,
        };
        let tx = self.store.begin().await.unwrap();
        let _ = store::jobs::enqueue(&tx, now, id, job).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    async fn find(&self, id: JobId) -> Option<Job> {
        store::jobs::find(&self.store, id).await.unwrap()
    }

    async fn leave(self) -> Store {
        let _ = self.stop.send(());
        timeout(Duration::from_mins(1), self.running).await.unwrap().unwrap();
        self.store
    }
}

testkit::both_databases! {
    async fn a_job_is_done_once_and_forgotten(database: &Database) {
        let bench = Bench::start(database, 1, LEASE);
        let id = bench.order("finish").await;
        bench.body.until("done", 1).await;
        assert_eq!(bench.find(id).await, None);
        bench.leave().await;
    }

    async fn no_more_run_at_once_than_the_lane_has_room_for(database: &Database) {
        let bench = Bench::start(database, 2, LEASE);
        for _ in 0..5 {
            bench.order("finish together").await;
        }
        bench.body.until("begin finish together", 2).await;
        for done in 1..=5 {
            bench.body.go.notify_one();
            bench.body.until("done", done).await;
        }
        assert_eq!(bench.body.most.load(Ordering::SeqCst), 2);
        bench.leave().await;
    }

    async fn a_panic_is_a_failure_with_a_reference_and_the_worker_lives(database: &Database) {
        let bench = Bench::start(database, 1, LEASE);
        let id = bench.order("panic").await;
        bench.body.until("end Never", 1).await;
        let Some(Job { state: JobState::Dead { reason, .. }, .. }) = bench.find(id).await else { panic!("not dead") };
        assert!(reason.contains(id.as_str()) && !reason.contains("told to"), "{reason}");
        bench.order("finish").await;
        bench.body.until("done", 1).await;
        bench.leave().await;
    }

    async fn a_failure_is_tried_again_in_its_time_or_never(database: &Database) {
        let bench = Bench::start(database, 1, LEASE);
        let never = bench.order("fail").await;
        bench.body.until("end Never", 1).await;
        assert!(matches!(bench.find(never).await.unwrap().state, JobState::Dead { .. }));
        let later = bench.order("later").await;
        bench.body.until("end Later(\"It can be done later.\")", 1).await;
        let job = bench.find(later).await.unwrap();
        assert_eq!((job.state, job.attempts), (JobState::Waiting { due: TestClock::START + LATER }, 1));
        bench.clock.pass(LATER);
        bench.body.until("begin later", 2).await;
        bench.leave().await;
    }

    async fn whoever_is_asked_to_cancel_hears_of_it(database: &Database) {
        let bench = Bench::start(database, 1, LEASE);
        let id = bench.order("wait").await;
        bench.body.until("begin wait", 1).await;
        let tx = bench.store.begin().await.unwrap();
        assert_eq!(store::jobs::ask_cancel(&tx, "the test").await.unwrap().asked, 1);
        tx.commit().await.unwrap();
        bench.body.until("end Stopped(Cancelled)", 1).await;
        assert_eq!(bench.find(id).await, None);
        bench.leave().await;
    }

    async fn a_lost_lease_ends_the_work_and_nothing_is_said(database: &Database) {
        let bench = Bench::start(database, 1, LEASE);
        let id = bench.order("wait").await;
        bench.body.until("begin wait", 1).await;
        // Another worker, by whose clock the lease is over.
        let other = ClaimOptions { kinds: &["obey"], worker: "other", lease: LEASE };
        let far = bench.clock.now() + LEASE * 10;
        let stolen = store::jobs::claim(&bench.store, &other, far, "another token").await.unwrap().unwrap();
        assert_eq!((stolen.id, stolen.attempt), (id, 2));
        let body = Arc::clone(&bench.body);
        let gone = async {
            while body.now.load(Ordering::SeqCst) > 0 {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_mins(1), gone).await.unwrap();
        let store = bench.leave().await;
        assert_eq!(*body.heard.lock().unwrap(), ["begin wait"]);
        let job = store::jobs::find(&store, id).await.unwrap().unwrap();
        assert!(matches!(job.state, JobState::Leased { worker, .. } if worker == "other"));
    }

    async fn who_leaves_gives_back_and_no_attempt_is_counted(database: &Database) {
        let bench = Bench::start(database, 2, Duration::from_millis(200));
        let waiting = bench.order("wait").await;
        let stubborn = bench.order("ignore everything").await;
        bench.body.until("begin wait", 1).await;
        bench.body.until("begin ignore everything", 1).await;
        let body = Arc::clone(&bench.body);
        let store = bench.leave().await;
        body.until("end Stopped(Leaving)", 2).await;
        for id in [waiting, stubborn] {
            let job = store::jobs::find(&store, id).await.unwrap().unwrap();
            assert!(matches!(job.state, JobState::Waiting { due } if due <= TestClock::START), "{job:?}");
            assert_eq!(job.attempts, 0);
        }
        assert_eq!(store::jobs::counts(&store, TestClock::START).await.unwrap().ready, 2);
    }

    async fn progress_is_carried_by_the_signs_of_life(database: &Database) {
        let bench = Bench::start(database, 1, LEASE);
        bench.order("wait").await;
        let progress = async {
            loop {
                if let Some(progress) = store::jobs::progress_of(&bench.store, "the test").await.unwrap() {
                    return progress;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        let progress = timeout(Duration::from_mins(1), progress).await.unwrap();
        // What was drawn stays where the next stage draws nothing.
        let (stage, amplitudes) = (progress.stage.as_str(), progress.amplitudes.as_slice());
        assert_eq!((progress.fraction, stage, amplitudes), (0.5, "waiting", [0, 127].as_slice()));
        bench.leave().await;
    }
}
