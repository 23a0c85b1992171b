//! `soundpost admin app`: apps, from the operator's side.

use app::apps::{AppDraft, Approval, Keeps, Rotation};
use app::{App, Operator, Page};
use model::registered_app::Services;
use model::{AppId, RegisteredApp};
use serde_json::{Value, json};

use super::{Answer, MOST, lines, said};
use crate::cli;
use crate::failure::Failure;

/// Does what is asked about apps.
pub(super) async fn run(app: &App, asked: cli::App) -> Result<Answer, Failure> {
    let operator = Operator::at_the_console();
    match asked {
        cli::App::Create { owner, name, about, homepage, redirect_uris, oauth1_callback, scope, public, .. } => {
            let owner = app.accounts().find(&owner).await.map_err(said)?;
            let draft = AppDraft { name, about, homepage, redirect_uris, oauth1_callback, scopes: scope };
            let keeps = if public { Keeps::Nothing } else { Keeps::ASecret };
            let (made, secret) = app.apps().create(&owner, draft, keeps).await.map_err(said)?;
            let secret = secret.map(|secret| secret.reveal().to_owned());
            let shown = secret.as_deref().unwrap_or("none: it has to use PKCE");
            Ok(Answer {
                text: format!("client_id      {}\nclient_secret  {shown}", made.id),
                json: json!({ "client_id": made.id, "client_secret": secret }),
            })
        }
        cli::App::List { .. } => {
            let apps = app.apps().list_all(&operator, Page::first(MOST)).await.map_err(said)?;
            let text = apps.iter().map(|app| format!("{}  {}  {}", app.id, app.services.word(), app.name));
            Ok(Answer { json: apps.iter().map(described).collect(), text: lines(text, "No apps yet.") })
        }
        cli::App::Approve { client_id, external_services, encoding, oauth10, password, .. } => {
            let approval = Approval {
                services: external_services.as_deref().and_then(Services::from_word),
                may_encode: encoding.then_some(true),
                may_oauth10: oauth10.then_some(true),
                may_password: password.then_some(true),
            };
            let approved = app.apps().approve(&operator, id(&client_id)?, approval).await.map_err(said)?;
            let now = match approved.services {
                Services::Pending => "only its owner can connect it as a service",
                Services::Hidden => "anybody who finds it can connect it as a service",
                Services::Public => "it is listed, and anybody can connect it as a service",
            };
            let homepage = match (approved.services, &approved.homepage) {
                (Services::Public, None) => " It has no homepage, so nothing in the list leads to it.",
                _ => "",
            };
            let text = format!("{} is approved: {now}.{homepage}", approved.name);
            Ok(Answer { json: described(&approved), text })
        }
        cli::App::Rotate { client_id, at_once, .. } => {
            let own = app.apps().any(&operator, id(&client_id)?).await.map_err(said)?;
            let rotation = if at_once { Rotation::AtOnce } else { Rotation::Overlapping };
            let secret = app.apps().rotate(&own, rotation).await.map_err(said)?;
            Ok(Answer {
                json: json!({ "client_id": own.get().id, "client_secret": secret.reveal() }),
                text: secret.reveal().to_owned(),
            })
        }
        cli::App::Remove { client_id, .. } => {
            let own = app.apps().any(&operator, id(&client_id)?).await.map_err(said)?;
            let (id, name) = (own.get().id, own.get().name.clone());
            app.apps().remove(own).await.map_err(said)?;
            Ok(Answer { json: json!({ "client_id": id }), text: format!("{name} is removed.") })
        }
    }
}

/// Reads an app's id.
pub(super) fn id(text: &str) -> Result<AppId, Failure> {
    text.parse().map_err(|error| Failure::WrongUse(format!("“{text}” is no client_id: {error}.")))
}

fn described(app: &RegisteredApp) -> Value {
    json!({
        "client_id": app.id, "name": app.name, "owner": app.owner, "redirect_uris": app.redirect_uris,
        "oauth1_callback": app.oauth1_callback, "scope": app.scopes, "public": app.is_public,
        "external_services": app.services.word(), "encoding": app.may_encode, "oauth10": app.may_oauth10,
        "password": app.may_password, "created_ms": app.created,
    })
}
