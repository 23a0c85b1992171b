//! `soundpost admin queue`: what waits, what did not work, and what is done about that.

use std::fmt::Write;

use app::{App, Page};
use model::JobId;
use serde_json::{Value, json};
use store::jobs::{Job, JobState};

use super::{Answer, MOST, lines, said};
use crate::cli::Queue;
use crate::failure::Failure;

/// Does what the operator asks.
pub(super) async fn run(app: &App, queue: Queue) -> Result<Answer, Failure> {
    match queue {
        Queue::Show { .. } => show(app).await,
        Queue::List { .. } => list(app).await,
        Queue::Revive { id: Some(id), .. } => {
            let id = parse(&id)?;
            app.queue().revive(id).await.map_err(said)?;
            Ok(Answer { json: json!({ "revived": 1, "left": 0 }), text: "It is tried again.".to_owned() })
        }
        Queue::Revive { id: None, .. } => {
            let all = app.queue().revive_all().await.map_err(said)?;
            let text = format!("{} are tried again. {} are left: nobody waits for them.", all.revived, all.left);
            Ok(Answer { json: json!({ "revived": all.revived, "left": all.left }), text })
        }
        Queue::Drop { id, .. } => {
            let id = parse(&id)?;
            app.queue().remove(id).await.map_err(said)?;
            Ok(Answer { json: json!({ "id": id }), text: "Dropped.".to_owned() })
        }
    }
}

async fn show(app: &App) -> Result<Answer, Failure> {
    let counts = app.queue().counts().await.map_err(said)?;
    let dead = app.queue().list_dead(Page::first(MOST)).await.map_err(said)?;
    let waits = counts.oldest_ready.map(|oldest| app.now().since(oldest).as_secs());
    let dead_json = dead.iter().filter_map(|job| match &job.state {
        JobState::Dead { since, reason } => Some(json!({
            "id": job.id, "kind": job.kind, "subject": job.subject, "since_ms": since, "reason": reason,
        })),
        _ => None,
    });
    let json = json!({
        "ready": counts.ready, "later": counts.later, "leased": counts.leased, "dead": counts.dead,
        "oldest_waits_s": waits, "dead_jobs": dead_json.collect::<Value>(),
    });
    let mut text = format!(
        "{} ready, {} later, {} being done, {} did not work",
        counts.ready, counts.later, counts.leased, counts.dead
    );
    for job in &dead {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{}", line(job, ""));
    }
    Ok(Answer { json, text })
}

async fn list(app: &App) -> Result<Answer, Failure> {
    let now = app.now();
    let jobs = app.queue().list(Page::first(MOST)).await.map_err(said)?;
    let json = jobs.iter().map(|job| {
        let mut json = json!({
            "id": job.id, "kind": job.kind, "subject": job.subject, "attempts": job.attempts,
            "max_attempts": job.max_attempts, "trouble": job.trouble, "enqueued_ms": job.enqueued,
        });
        let state = match &job.state {
            JobState::Waiting { due } if *due <= now => json!({ "state": "ready", "due_ms": due }),
            JobState::Waiting { due } => json!({ "state": "later", "due_ms": due }),
            JobState::Leased { worker, until, progress, .. } => json!({
                "state": "leased", "worker": worker, "until_ms": until,
                "progress": progress.as_ref().map(|progress| progress.fraction),
            }),
            JobState::Dead { since, reason } => json!({ "state": "dead", "since_ms": since, "reason": reason }),
        };
        if let (Value::Object(json), Value::Object(state)) = (&mut json, state) {
            json.extend(state);
        }
        json
    });
    let text = jobs.iter().map(|job| match &job.state {
        JobState::Waiting { due } if *due <= now => line(job, "ready   "),
        JobState::Waiting { .. } => line(job, "later   "),
        JobState::Leased { .. } => line(job, "leased  "),
        JobState::Dead { .. } => line(job, "dead    "),
    });
    Ok(Answer { json: json.collect(), text: lines(text, "Nothing waits.") })
}

fn line(job: &Job, state: &str) -> String {
    let (subject, trouble) = (job.subject.as_deref().unwrap_or("-"), job.trouble.as_deref().unwrap_or_default());
    format!("{state}{}  {}  {subject}  {trouble}", job.id, job.kind).trim_end().to_owned()
}

fn parse(id: &str) -> Result<JobId, Failure> {
    id.parse().map_err(|error| Failure::WrongUse(format!("“{id}” is no job's id: {error}.")))
}
