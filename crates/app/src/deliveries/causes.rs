//! What is told, to whom, and when that is decided: in the transaction of the cause, as facts.

use model::delivery::{DeliveryKind, Receiver};
use model::service::{Placing, Target};
use model::{AccountId, AppId, DeliveryId, Production, ReceiverId};
use serde_json::{Value, json};
use store::Tx;
use store::deliveries::NewDelivery;

use super::Deliveries;
use crate::AppError;

/// Somebody to tell, and what.
pub(crate) struct Tell {
    pub(crate) owner: AccountId,
    pub(crate) kind: DeliveryKind,
    /// What the receiver is among those of one owner and kind.
    pub(crate) key: String,
    pub(crate) url: String,
    pub(crate) app: Option<AppId>,
    pub(crate) is_ordered: bool,
    pub(crate) subject: String,
    pub(crate) fact: Value,
}

impl Deliveries<'_> {
    /// Promises to tell somebody something, as part of a transaction.
    pub(crate) async fn promise(&self, tx: &Tx, tell: Tell) -> Result<DeliveryId, AppError> {
        let now = self.0.now();
        let receiver = Receiver {
            id: ReceiverId::new(now, self.0.dice()),
            owner: tell.owner,
            kind: tell.kind,
            key: tell.key,
            url: tell.url.clone(),
            app: tell.app,
            is_ordered: tell.is_ordered,
            failing: None,
            disabled: None,
            disabled_why: None,
            created: now,
        };
        let receiver = store::receivers::keep(tx, &receiver).await?;
        if tell.is_ordered {
            store::receivers::lock(tx, receiver.id).await?;
        }
        let id = DeliveryId::new(now, self.0.dice());
        let new = NewDelivery {
            id,
            receiver: receiver.id,
            owner: tell.owner,
            app: tell.app,
            kind: tell.kind,
            subject: tell.subject,
            fact: tell.fact,
            url: tell.url,
            is_ordered: tell.is_ordered,
            given_up: receiver.disabled_why,
        };
        store::deliveries::insert(tx, now, &[new]).await?;
        Ok(id)
    }

    /// A production is done, or did not work: its webhook hears of it.
    pub(crate) async fn tell_webhook(&self, tx: &Tx, production: &Production) -> Result<(), AppError> {
        let Some(url) = production.draft.webhook.clone().filter(|url| !url.is_empty()) else { return Ok(()) };
        let is_done = production.state.made().is_some();
        // Whoever gets the first webhook of an account finds a secret to check it by.
        if store::webhook_secrets::list(tx, production.owner, self.0.now()).await?.is_empty() {
            self.add_key(tx, production.owner).await?;
        }
        let tell = Tell {
            owner: production.owner,
            kind: DeliveryKind::Webhook,
            key: url.clone(),
            url,
            app: None,
            is_ordered: false,
            subject: production.id.to_string(),
            fact: json!({ "production": production.id, "is_done": is_done }),
        };
        self.promise(tx, tell).await?;
        Ok(())
    }

    /// A production is done, and published: the apps among its services hear of it.
    pub(crate) async fn tell_services(&self, tx: &Tx, production: &Production) -> Result<(), AppError> {
        // In one order for everybody, so that no two transactions wait for each other.
        let mut wanted = production.draft.all_services();
        wanted.sort_unstable();
        for id in wanted {
            // It may have been removed since it was chosen.
            let Some(service) = store::services::find(tx, id).await? else { continue };
            if service.owner != production.owner {
                continue;
            }
            let Target::App(app) = service.target else { continue };
            let placing = Placing {
                production: production.id,
                service: id,
                success: None,
                trouble: String::new(),
                result_page: None,
                result_urls: Vec::new(),
            };
            store::services::place(tx, &placing).await?;
            let tell = Tell {
                owner: production.owner,
                kind: DeliveryKind::Service,
                key: id.to_string(),
                url: app.webhook_url,
                app: Some(app.app),
                is_ordered: false,
                subject: production.id.to_string(),
                fact: json!({
                    "production": production.id, "run": production.run, "service": id, "custom_data": app.custom_data,
                }),
            };
            self.promise(tx, tell).await?;
        }
        Ok(())
    }
}
