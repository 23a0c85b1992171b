//! Publishing targets: apps that connected themselves for somebody.

use std::collections::HashMap;

use model::delivery::DeliveryKind;
use model::registered_app;
use model::service::{MOST_CUSTOM_DATA, Placing, ShownService};
use model::{AccountId, Draft, ProductionId, RegisteredApp, Service, ServiceId};
use store::{Page, StoreError, Tx};

use crate::apps::is_web_address;
use crate::callers::{Caller, Scope, Via};
use crate::{App, AppError, Invalid};

/// Characters of what an app calls a service.
const NAME_LENGTH: usize = 200;

/// Characters of an address.
const URL_LENGTH: usize = 2_048;

/// Services that one account may have.
const MOST_SERVICES: u64 = 500;

/// Apps on the page of external services.
const MOST_LISTED: u64 = 500;

/// Publishing targets.
pub struct Services<'a>(pub(crate) &'a App);

/// What an app says when it connects itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connect {
    /// Where it is told.
    pub webhook_url: String,
    /// What it calls itself here, beside its own name.
    pub display_name: String,
    /// What it wants to have back with each webhook.
    pub custom_data: Option<String>,
}

impl Services<'_> {
    /// An app connects itself for whoever allowed it to. The same name again gives the same service another address and other data;
    /// what is on its way keeps the old ones.
    pub async fn connect(&self, caller: &Caller, said: Connect) -> Result<ShownService, AppError> {
        caller.may(Scope::ServiceConnect)?;
        let Via::App { app, .. } = caller.via else {
            return Err(AppError::Forbidden(
                "A service is connected by an app, with the access token that somebody allowed it. Register one at /developer.".to_owned(),
            ));
        };
        let app = store::apps::find(self.0.store(), app).await?.ok_or(AppError::NotFound("app"))?;
        may_connect(&app, caller.account.id)?;
        let said = checked(said)?;
        // Whoever connects the same name at the same moment was first, and then it is there to be changed.
        match self.put(caller.account.id, &app, &said).await {
            Err(AppError::Store(StoreError::Conflict)) => self.put(caller.account.id, &app, &said).await,
            done => done,
        }
    }

    async fn put(&self, owner: AccountId, app: &RegisteredApp, said: &Connect) -> Result<ShownService, AppError> {
        let now = self.0.now();
        let tx = self.0.begin().await?;
        let service = if let Some(known) = store::services::find_named(&tx, owner, app.id, &said.display_name).await? {
            let service = Service {
                webhook_url: said.webhook_url.clone(),
                custom_data: said.custom_data.clone(),
                changed: now,
                ..known
            };
            store::services::update(&tx, &service).await?;
            let kind = DeliveryKind::Service;
            if let Some(known) = store::receivers::find_by_key(&tx, owner, kind, service.id.as_str()).await? {
                store::receivers::move_to(&tx, known.id, &service.webhook_url).await?;
            }
            service
        } else {
            if store::services::count(&tx, owner).await? >= MOST_SERVICES {
                return Err(AppError::Conflict(format!(
                    "This account has {MOST_SERVICES} services, and no more than that are kept. Remove some first."
                )));
            }
            let service = Service {
                id: ServiceId::new(now, self.0.dice()),
                owner,
                app: app.id,
                name: said.display_name.clone(),
                webhook_url: said.webhook_url.clone(),
                custom_data: said.custom_data.clone(),
                created: now,
                changed: now,
            };
            store::services::insert(&tx, &service).await?;
            service
        };
        tx.commit().await?;
        Ok(shown(service, app, None))
    }

    /// The services of the caller, those first that were connected first.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<ShownService>, AppError> {
        caller.may(Scope::ProductionRead)?;
        self.of(caller.account.id).await
    }

    /// One of them.
    pub async fn find(&self, caller: &Caller, id: ServiceId) -> Result<ShownService, AppError> {
        let found = self.list(caller).await?.into_iter().find(|shown| shown.service.id == id);
        found.ok_or(NONE)
    }

    /// Forgets a service. What was to be told there is not told any more.
    pub async fn remove(&self, caller: &Caller, id: ServiceId) -> Result<(), AppError> {
        caller.may(Scope::ProductionWrite)?;
        let tx = self.0.begin().await?;
        let service = store::services::find(&tx, id).await?.filter(|service| service.owner == caller.account.id);
        let service = service.ok_or(NONE)?;
        // An app may take away what is its own, and nothing else.
        if matches!(caller.via, Via::App { app, .. } if app != service.app) {
            return Err(NONE);
        }
        let kind = DeliveryKind::Service;
        if let Some(receiver) = store::receivers::find_by_key(&tx, service.owner, kind, id.as_str()).await? {
            store::receivers::remove(&tx, receiver.id).await?;
        }
        store::services::remove(&tx, id).await?;
        Ok(tx.commit().await?)
    }

    /// Apps that anybody may connect, for the page that lists them.
    pub async fn listed(&self) -> Result<Vec<RegisteredApp>, AppError> {
        let all = store::apps::list(self.0.store(), Page::first(MOST_LISTED)).await?;
        Ok(all.into_iter().filter(|app| app.services == registered_app::Services::Public).collect())
    }

    /// The services of productions of an account, and how it went there. Who may see the productions may see this.
    pub async fn beside(
        &self,
        owner: AccountId,
        productions: &[ProductionId],
    ) -> Result<HashMap<ProductionId, Vec<ShownService>>, AppError> {
        let services = self.of(owner).await?;
        if services.is_empty() {
            return Ok(HashMap::new());
        }
        let mut placings: HashMap<(ProductionId, ServiceId), Placing> = HashMap::new();
        for placing in store::services::placings(self.0.store(), productions).await? {
            placings.insert((placing.production, placing.service), placing);
        }
        let beside = |production: &ProductionId| {
            let placed = services.iter().map(|shown| {
                let placing = placings.get(&(*production, shown.service.id)).cloned();
                ShownService { placing, ..shown.clone() }
            });
            (*production, placed.collect())
        };
        Ok(productions.iter().map(beside).collect())
    }

    async fn of(&self, owner: AccountId) -> Result<Vec<ShownService>, AppError> {
        let services = store::services::list(self.0.store(), owner).await?;
        let mut apps = HashMap::new();
        let mut all = Vec::with_capacity(services.len());
        for service in services {
            if !apps.contains_key(&service.app)
                && let Some(app) = store::apps::find(self.0.store(), service.app).await?
            {
                apps.insert(service.app, app);
            }
            if let Some(app) = apps.get(&service.app) {
                all.push(shown(service, app, None));
            }
        }
        Ok(all)
    }

    /// Refuses services that are nobody's or somebody else's.
    pub(crate) async fn check(&self, tx: &Tx, owner: AccountId, draft: &Draft) -> Result<(), AppError> {
        let wanted: Vec<_> = draft.outputs.iter().flat_map(|order| &order.services).chain(&draft.services).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let known = store::services::list(tx, owner).await?;
        let unknown = wanted.into_iter().find(|id| !known.iter().any(|service| service.id == **id));
        unknown.map_or(Ok(()), |id| {
            let message =
                format!("There is no service {id} in this account. Those that there are, /api/services.json lists.");
            Err(AppError::invalid("outgoing_services", message))
        })
    }
}

const NONE: AppError = AppError::NotFound("service");

fn may_connect(app: &RegisteredApp, account: AccountId) -> Result<(), AppError> {
    if app.services == registered_app::Services::Pending && app.owner != account {
        return Err(AppError::Forbidden(format!(
            "The app {} is not approved for external services yet, so only its owner can connect it. Ask the operator of this server to \
             approve it.",
            app.name
        )));
    }
    if app.is_public {
        return Err(AppError::Forbidden(
            "An app without a secret cannot be a service, since its webhooks could not be signed.".to_owned(),
        ));
    }
    Ok(())
}

fn checked(said: Connect) -> Result<Connect, AppError> {
    let mut wrong = Vec::new();
    let mut find = |field: &str, message: String| wrong.push(Invalid { field: field.to_owned(), message });
    let display_name = said.display_name.split_whitespace().collect::<Vec<_>>().join(" ");
    match display_name.chars().count() {
        0 => find("display_name", "Say what people are to see the service as.".to_owned()),
        length if length > NAME_LENGTH => {
            find("display_name", format!("A name has at most {NAME_LENGTH} characters. This one has {length}."));
        }
        _ => {}
    }
    if let Err(why) = check_address(&said.webhook_url) {
        find("webhook_url", why);
    }
    if said.custom_data.as_ref().is_some_and(|data| data.len() > MOST_CUSTOM_DATA) {
        find("custom_data", format!("There are at most {MOST_CUSTOM_DATA} bytes of it."));
    }
    if wrong.is_empty() { Ok(Connect { display_name, ..said }) } else { Err(AppError::Invalid(wrong)) }
}

/// Whether something can be told there, as far as an address says so itself.
pub(crate) fn check_address(url: &str) -> Result<(), String> {
    if url.len() > URL_LENGTH {
        return Err(format!("An address has at most {URL_LENGTH} characters."));
    }
    if !is_web_address(url) {
        return Err("This takes an address that begins with https:// or http:// and names a host.".to_owned());
    }
    Ok(())
}

fn shown(service: Service, app: &RegisteredApp, placing: Option<Placing>) -> ShownService {
    let display_name = format!("{}: {}", app.name, service.name);
    ShownService { service, display_name, placing }
}
