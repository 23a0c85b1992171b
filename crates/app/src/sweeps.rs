//! What has to be cleared away: expired sessions and uploads, files that nothing refers to, results past their time.
//!
//! Each sweep does a bounded amount and says whether there is more. Several at once do no harm.

use std::time::Duration;

use store::productions::StateName;

use crate::narrations::{REMEMBERED_FOR as REQUESTS_FOR, RENDERED_FOR, rendering_key};
use crate::productions::remove;
use crate::{App, AppError};

/// What one sweep does at most.
const AT_ONCE: u64 = 200;

/// How long a file may be written before it counts as left behind.
const WRITING: Duration = Duration::from_hours(24);

/// How long authorization codes are kept after their end.
const SPENT_FOR: Duration = Duration::from_hours(30 * 24);

/// How long dead jobs are kept for people to look at.
const DEAD_FOR: Duration = Duration::from_hours(30 * 24);

/// How long deliveries are kept after they came to their end, with their bodies and what was answered.
const TOLD_FOR: Duration = Duration::from_hours(30 * 24);

/// How long an answer waits for whoever asked; they do not listen for as long.
const HEARD_FOR: Duration = Duration::from_mins(10);

/// How long is kept what happened around accounts.
const REMEMBERED_FOR: Duration = Duration::from_hours(90 * 24);

/// What has to be cleared away.
pub struct Sweeps<'a>(pub(crate) &'a App);

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files that were removed from storage.
    pub files: usize,
    /// Resumable uploads that were given up.
    pub uploads: usize,
    /// Productions past their time.
    pub productions: usize,
    /// Sounds of segments that nobody used for a while.
    pub renderings: usize,
    /// Whether there is more to do right away.
    pub more: bool,
}

impl Sweeps<'_> {
    /// Clears away what can be, up to a bound.
    pub async fn sweep(&self) -> Result<Swept, AppError> {
        let uploads = self.expire().await?;
        let productions = self.retire().await?;
        let files = self.remove_files().await?;
        let renderings = self.remove_renderings().await?;
        let most = usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
        let more = [files, uploads, productions, renderings].contains(&most);
        Ok(Swept { files, uploads, productions, renderings, more })
    }

    /// Forgets sessions, counts and uploads whose time is over.
    async fn expire(&self) -> Result<usize, AppError> {
        let now = self.0.now();
        let tx = self.0.begin().await?;
        store::sessions::remove_expired(&tx, now).await?;
        store::throttles::remove_expired(&tx, now).await?;
        store::nonces::remove_expired(&tx, now).await?;
        store::oauth1::remove_expired(&tx, now).await?;
        // What was spent is kept for a while, so that somebody who comes with it again is found out.
        store::oauth2::remove_expired(&tx, now - SPENT_FOR, now).await?;
        store::apps::remove_expired_secrets(&tx, now).await?;
        store::challenges::remove_expired(&tx, now).await?;
        store::letters::remove_expired(&tx, now).await?;
        store::audit::remove_before(&tx, now - REMEMBERED_FOR).await?;
        store::jobs::remove_dead_before(&tx, now - DEAD_FOR).await?;
        store::deliveries::remove_before(&tx, now - TOLD_FOR, AT_ONCE).await?;
        store::webhook_secrets::remove_expired(&tx, now).await?;
        store::answers::remove_before(&tx, now - HEARD_FOR).await?;
        store::organizations::remove_expired_invitations(&tx, now).await?;
        store::editor_passes::remove_expired(&tx, now).await?;
        store::narrations::forget_requests_before(&tx, now - REQUESTS_FOR).await?;
        let expired = store::uploads::list_expired(&tx, now, AT_ONCE).await?;
        for upload in &expired {
            store::files::doom(&tx, &upload.parts, now).await?;
            store::uploads::remove(&tx, upload.id).await?;
        }
        store::files::doom_abandoned(&tx, now - WRITING, AT_ONCE, now).await?;
        tx.commit().await?;
        Ok(expired.len())
    }

    /// Removes productions that nobody changed for as long as the operator keeps them.
    async fn retire(&self) -> Result<usize, AppError> {
        let Some(retention) = self.0.rules().retention else { return Ok(0) };
        let now = self.0.now();
        let mut retired = 0;
        for state in [StateName::Done, StateName::Outdated, StateName::Failed, StateName::Idle] {
            let old = store::productions::list_by_state(self.0.store(), state, now - retention, AT_ONCE).await?;
            for production in old {
                let tx = self.0.begin().await?;
                let Some(production) = store::productions::find_for_update(&tx, production.id).await? else { continue };
                // It may have been changed since it was listed.
                if production.changed < now - retention && !production.state.is_running() {
                    remove(&tx, &production, now).await?;
                    tx.commit().await?;
                    retired += 1;
                }
            }
        }
        Ok(retired)
    }

    /// Removes doomed files from storage, and then forgets them: in this order, so that a crash forgets nothing.
    async fn remove_files(&self) -> Result<usize, AppError> {
        let doomed = store::files::list_doomed(self.0.store(), AT_ONCE).await?;
        for key in &doomed {
            self.0.blobs().remove(key).await?;
            let tx = self.0.begin().await?;
            store::files::forget(&tx, key).await?;
            tx.commit().await?;
        }
        Ok(doomed.len())
    }

    /// Removes sound of segments that nobody used for a while. It can be made again.
    async fn remove_renderings(&self) -> Result<usize, AppError> {
        let old = store::renderings::list_unused(self.0.store(), self.0.now() - RENDERED_FOR, AT_ONCE).await?;
        for key in &old {
            self.0.blobs().remove(&rendering_key(key)?).await?;
            let tx = self.0.begin().await?;
            store::renderings::forget(&tx, key).await?;
            tx.commit().await?;
        }
        Ok(old.len())
    }
}
