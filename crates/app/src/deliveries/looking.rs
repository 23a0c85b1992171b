//! What people see of what others were told, and what they can do about it.

use model::delivery::Receiver;
use model::{Attempt, Delivery, DeliveryId, ProductionId, ReceiverId};
use protocols::webhook::WebhookKey;
use store::Page;
use store::deliveries::{Body, Filter};

use super::{Deliveries, OVERLAP};
use crate::AppError;
use crate::apps::OwnApp;
use crate::callers::{Caller, Operator};
use crate::organizations::Seen;
use crate::sessions::own_session;

/// A delivery with everything that is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The delivery.
    pub delivery: Delivery,
    /// Who is told; nothing where it is gone.
    pub receiver: Option<Receiver>,
    /// The bytes that are sent, once they are made and as long as they are kept.
    pub body: Option<Body>,
    /// The attempts, first to last.
    pub attempts: Vec<Attempt>,
}

/// Whose deliveries are meant.
#[derive(Clone, Copy, Debug)]
pub enum Whose<'a> {
    /// Everybody's.
    Everybody(&'a Operator),
    /// Those that an account caused.
    Account(&'a Caller),
    /// Those that an app is told, whoever caused them.
    App(&'a OwnApp),
    /// Those that an organization is told of its narrations, for its admins.
    Organization(&'a Seen),
}

impl Whose<'_> {
    /// A filter that lets nobody else's through.
    fn narrow(self, filter: Filter) -> Result<Filter, AppError> {
        Ok(match self {
            Self::Everybody(_) => filter,
            Self::Account(caller) => {
                own_session(caller)?;
                Filter { owner: Some(caller.account.id), ..filter }
            }
            Self::App(app) => Filter { app: Some(app.get().id), ..filter },
            Self::Organization(seen) => {
                seen.admin()?;
                Filter { owner: Some(seen.organization().account), ..filter }
            }
        })
    }
}

const NONE: AppError = AppError::NotFound("delivery");

impl Deliveries<'_> {
    /// What others were told about a production, first to last, at most a hundred.
    pub async fn of_production(&self, caller: &Caller, id: ProductionId) -> Result<Vec<Told>, AppError> {
        self.0.productions().glance(caller, id).await?;
        let mut all = Vec::new();
        for delivery in store::deliveries::list_of_subject(self.0.store(), id.as_str(), Page::first(100)).await? {
            all.push(self.told(delivery).await?);
        }
        Ok(all)
    }

    /// What others were told, newest first.
    pub async fn list(&self, whose: Whose<'_>, filter: Filter, page: Page) -> Result<Vec<Delivery>, AppError> {
        Ok(store::deliveries::list(self.0.store(), &whose.narrow(filter)?, page).await?)
    }

    /// One delivery with everything about it.
    pub async fn find(&self, whose: Whose<'_>, id: DeliveryId) -> Result<Told, AppError> {
        let filter = whose.narrow(Filter::default())?;
        let found = store::deliveries::find(self.0.store(), id).await?;
        let found = found.filter(|delivery| {
            filter.owner.is_none_or(|owner| owner == delivery.owner)
                && (filter.app.is_none() || filter.app == delivery.app)
        });
        self.told(found.ok_or(NONE)?).await
    }

    async fn told(&self, delivery: Delivery) -> Result<Told, AppError> {
        let store = self.0.store();
        let receiver = store::receivers::find(store, delivery.receiver).await?;
        let body = store::deliveries::body(store, delivery.id).await?;
        let attempts = store::deliveries::attempts(store, delivery.id).await?;
        Ok(Told { delivery, receiver, body, attempts })
    }

    /// Sends one delivery once more.
    pub async fn replay(&self, whose: Whose<'_>, id: DeliveryId) -> Result<(), AppError> {
        let filter = whose.narrow(Filter::default())?;
        self.find(whose, id).await?;
        if self.again(&filter, Some(id)).await? == 0 {
            return Err(AppError::Conflict(
                "This delivery cannot be sent again: it is on its way, or its body is not kept any more.".to_owned(),
            ));
        }
        Ok(())
    }

    /// How many of those that are meant would be sent once more.
    pub async fn count(&self, whose: Whose<'_>, filter: Filter) -> Result<u64, AppError> {
        Ok(store::deliveries::count_ended(self.0.store(), &whose.narrow(filter)?).await?)
    }

    /// Sends all that are meant once more, and says how many those are.
    pub async fn replay_all(&self, whose: Whose<'_>, filter: Filter) -> Result<u64, AppError> {
        self.again(&whose.narrow(filter)?, None).await
    }

    async fn again(&self, filter: &Filter, only: Option<DeliveryId>) -> Result<u64, AppError> {
        let tx = self.0.begin().await?;
        let count = store::deliveries::replay(&tx, filter, only, self.0.now()).await?;
        tx.commit().await?;
        Ok(count)
    }

    /// Tells a receiver things again that was disabled.
    pub async fn enable(&self, caller: &Caller, id: ReceiverId) -> Result<(), AppError> {
        own_session(caller)?;
        let tx = self.0.begin().await?;
        if !store::receivers::enable(&tx, caller.account.id, id).await? {
            return Err(AppError::NotFound("receiver"));
        }
        Ok(tx.commit().await?)
    }

    /// Gives the caller's account another secret for the webhooks of its productions, to be shown once; the old one signs beside it for a
    /// day.
    pub async fn rotate(&self, caller: &Caller) -> Result<WebhookKey, AppError> {
        own_session(caller)?;
        let tx = self.0.begin().await?;
        store::webhook_secrets::expire(&tx, caller.account.id, self.0.now() + OVERLAP).await?;
        let key = self.add_key(&tx, caller.account.id).await?;
        tx.commit().await?;
        Ok(key)
    }
}
