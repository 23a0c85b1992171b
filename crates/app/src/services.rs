//! Places that recordings come from and productions go to, of both kinds. How an app connects itself is here, how a store is kept in
//! `stores.rs`.

use std::collections::HashMap;

use model::delivery::DeliveryKind;
use model::production::Input;
use model::registered_app;
use model::service::{AppTarget, MOST_CUSTOM_DATA, Placing, ShownService, Target};
use model::{AccountId, AppId, AuditKind, Draft, Production, ProductionId, RegisteredApp, Service, ServiceId};
use store::{Page, Tx};

use crate::apps::is_web_address;
use crate::callers::{Caller, Scope, Via};
use crate::{App, AppError, Invalid};

/// Characters of what a service is called.
const NAME_LENGTH: usize = 200;

/// Characters of an address.
const URL_LENGTH: usize = 2_048;

/// Services that one account may have.
const MOST_SERVICES: u64 = 500;

/// Apps on the page of external services.
const MOST_LISTED: u64 = 500;

/// Places that recordings come from and productions go to.
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
            Err(AppError::Conflict(_)) => self.put(caller.account.id, &app, &said).await,
            done => done,
        }
    }

    async fn put(&self, owner: AccountId, app: &RegisteredApp, said: &Connect) -> Result<ShownService, AppError> {
        let now = self.0.now();
        let target = Target::App(AppTarget {
            app: app.id,
            webhook_url: said.webhook_url.clone(),
            custom_data: said.custom_data.clone(),
        });
        let tx = self.0.begin().await?;
        let service = if let Some(known) = store::services::find_named(&tx, owner, app.id, &said.display_name).await? {
            let service = Service { target, changed: now, ..known };
            store::services::update(&tx, &service, None).await?;
            let kind = DeliveryKind::Service;
            if let Some(known) = store::receivers::find_by_key(&tx, owner, kind, service.id.as_str()).await? {
                store::receivers::move_to(&tx, known.id, &said.webhook_url).await?;
            }
            service
        } else {
            self.refuse_full(&tx, owner).await?;
            let id = ServiceId::new(now, self.0.dice());
            let service = Service { id, owner, name: said.display_name.clone(), target, created: now, changed: now };
            store::services::insert(&tx, &service, None).await?;
            service
        };
        tx.commit().await?;
        Ok(shown(service, Some(app)))
    }

    /// Refuses one more than an account may have.
    pub(crate) async fn refuse_full(&self, tx: &Tx, owner: AccountId) -> Result<(), AppError> {
        if store::services::count(tx, owner).await? < MOST_SERVICES {
            return Ok(());
        }
        Err(AppError::Conflict(format!(
            "This account has {MOST_SERVICES} services, and no more than that are kept. Remove some first."
        )))
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
        if matches!(caller.via, Via::App { app, .. } if service.app().is_none_or(|own| own.app != app)) {
            return Err(NONE);
        }
        let kind = DeliveryKind::Service;
        if let Some(receiver) = store::receivers::find_by_key(&tx, service.owner, kind, id.as_str()).await? {
            store::receivers::remove(&tx, receiver.id).await?;
        }
        self.0.stores().note(&tx, &service, AuditKind::StoreRemoved).await?;
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
        let mut apps: HashMap<AppId, RegisteredApp> = HashMap::new();
        for id in services.iter().filter_map(|service| service.app().map(|app| app.app)) {
            if !apps.contains_key(&id)
                && let Some(app) = store::apps::find(self.0.store(), id).await?
            {
                apps.insert(id, app);
            }
        }
        Ok(services
            .into_iter()
            .map(|service| {
                let app = service.app().and_then(|app| apps.get(&app.app));
                shown(service, app)
            })
            .collect())
    }

    /// Whether an app hears of a production.
    pub(crate) async fn has_app(&self, tx: &Tx, production: &Production) -> Result<bool, AppError> {
        let wanted = production.draft.all_services();
        if wanted.is_empty() {
            return Ok(false);
        }
        let known = store::services::list(tx, production.owner).await?;
        Ok(known.iter().any(|service| service.app().is_some() && wanted.contains(&service.id)))
    }

    /// Refuses services that are nobody's or somebody else's, and recordings on what is no store.
    pub(crate) async fn check(&self, tx: &Tx, owner: AccountId, draft: &Draft) -> Result<(), AppError> {
        let sources = [("service", &draft.input), ("image", &draft.cover)];
        let sources = sources.into_iter().filter_map(|(field, input)| match input {
            Some(Input::OnService { service, .. }) => Some((field, *service, true)),
            _ => None,
        });
        let targets = draft.all_services().into_iter().map(|id| ("outgoing_services", id, false));
        let wanted: Vec<_> = targets.chain(sources).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let known = store::services::list(tx, owner).await?;
        for (field, id, is_source) in wanted {
            let Some(service) = known.iter().find(|service| service.id == id) else {
                let message = format!(
                    "There is no service {id} in this account. Those that there are, /api/services.json lists."
                );
                return Err(AppError::invalid(field, message));
            };
            if is_source && service.store().is_none() {
                let message = format!("The service {id} is an app, and has no recordings. They come from stores.");
                return Err(AppError::invalid(field, message));
            }
        }
        Ok(())
    }
}

pub(crate) const NONE: AppError = AppError::NotFound("service");

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
    let display_name = checked_name(&said.display_name, &mut wrong);
    let mut find = |field: &str, message: String| wrong.push(Invalid { field: field.to_owned(), message });
    if let Err(why) = check_address(&said.webhook_url) {
        find("webhook_url", why);
    }
    if said.custom_data.as_ref().is_some_and(|data| data.len() > MOST_CUSTOM_DATA) {
        find("custom_data", format!("There are at most {MOST_CUSTOM_DATA} bytes of it."));
    }
    if wrong.is_empty() { Ok(Connect { display_name, ..said }) } else { Err(AppError::Invalid(wrong)) }
}

/// A service's name on one line, and what is wrong with it.
pub(crate) fn checked_name(name: &str, wrong: &mut Vec<Invalid>) -> String {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let message = match name.chars().count() {
        0 => Some("Say what people are to see the service as.".to_owned()),
        length if length > NAME_LENGTH => {
            Some(format!("A name has at most {NAME_LENGTH} characters. This one has {length}."))
        }
        _ => None,
    };
    wrong.extend(message.map(|message| Invalid { field: "display_name".to_owned(), message }));
    name
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

/// A service as people see it. An app is not found only where it was removed a moment ago.
pub(crate) fn shown(service: Service, app: Option<&RegisteredApp>) -> ShownService {
    let display_name = app.map_or_else(|| service.name.clone(), |app| format!("{}: {}", app.name, service.name));
    ShownService { service, display_name, placing: None }
}
