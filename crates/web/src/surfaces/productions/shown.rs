//! A production as it is shown, with how it went at its services.

use app::Caller;
use model::Production;
use wire::productions::Production as Shown;

use super::reply::Refused;
use crate::settings::Web;

/// Shows a production of the caller; `warnings` are about this one request.
pub(super) async fn shown(
    web: &Web,
    caller: &Caller,
    production: &Production,
    warnings: &[String],
) -> Result<Shown, Refused> {
    let shown = Shown::of(production, warnings, web);
    if production.draft.all_services().is_empty() {
        return Ok(shown);
    }
    // Whoever made this production may see it, whatever else the credential is good for.
    let beside = web.app().services().beside(caller.account.id, &[production.id]).await?;
    Ok(shown.with_services(beside.get(&production.id).map_or(&[], Vec::as_slice)))
}
