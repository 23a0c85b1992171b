//! What an organization hears of its narrations.

use model::Narration;
use model::delivery::DeliveryKind;
use model::production::Made;
use serde_json::json;
use store::Tx;

use super::{NONE, Narrations};
use crate::AppError;
use crate::deliveries::Tell;

impl Narrations<'_> {
    /// Promises to tell that a narration can be heard, or why not: to the address that its request named, or else to the organization's own.
    pub(super) async fn tell(
        &self,
        tx: &Tx,
        narration: &Narration,
        outcome: Result<&Made, &String>,
    ) -> Result<(), AppError> {
        let organization = store::organizations::find(tx, narration.organization).await?.ok_or(NONE)?;
        let addresses = if let Some(address) = &narration.wish.webhook {
            vec![address.clone()]
        } else {
            let own = store::organization_keys::webhooks(tx, &[organization.id]).await?;
            own.into_iter().map(|webhook| webhook.url).collect()
        };
        if addresses.is_empty() {
            return Ok(());
        }
        let user = store::publications::find_user_of(tx, organization.id, narration.owner).await?;
        let publication = store::publications::theirs(tx, narration.publication).await?;
        let fact = json!({
            "type": if outcome.is_ok() { "player.ready" } else { "player.failed" },
            "at_ms": self.0.now().as_ms(),
            "player": narration.id,
            "player_url": format!("{}/p/{}", self.0.rules().public_url.trim_end_matches('/'), narration.id),
            "url": narration.address,
            "user": user.map(|user| user.theirs),
            "publication": publication,
            "length_ms": outcome.ok().map(|made| made.length_ms),
            "error": outcome.err(),
        });
        for url in addresses {
            let tell = Tell {
                owner: organization.account,
                kind: DeliveryKind::Player,
                key: url.clone(),
                url,
                app: None,
                is_ordered: false,
                subject: narration.id.to_string(),
                fact: fact.clone(),
            };
            self.0.deliveries().promise(tx, tell).await?;
        }
        Ok(())
    }
}
