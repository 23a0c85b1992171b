//! `soundpost admin org`: organizations, from the operator's side.

use app::organizations::{By, NewKey};
use app::{App, Operator, Page};
use model::{Organization, OrganizationId, Time};
use serde_json::{Value, json};

use super::{Answer, MOST, lines, said};
use crate::cli::{self, OrgDomain, OrgKey, OrgWebhook};
use crate::failure::Failure;

/// Does what is asked about organizations.
pub(super) async fn run(app: &App, asked: cli::Org) -> Result<Answer, Failure> {
    let operator = Operator::at_the_console();
    let (by, organizations) = (By::Operator(&operator), app.organizations());
    match asked {
        cli::Org::Create { name, admin, .. } => {
            let admin = app.accounts().find(&admin).await.map_err(said)?;
            let made = organizations.create_for(&operator, &name, &admin).await.map_err(said)?;
            let key = organizations.generate_key(by, made.id).await.map_err(said)?;
            Ok(Answer {
                json: json!({ "id": made.id, "public_key": key.key.public, "private_key": key.private.reveal() }),
                text: format!("id           {}\n{}", made.id, pair(&key)),
            })
        }
        cli::Org::List { .. } => {
            let all = organizations.all(&operator, Page::first(MOST)).await.map_err(said)?;
            let text = all.iter().map(|organization| format!("{}  {}", organization.id, organization.name));
            let json = all.iter().map(|organization| json!({ "id": organization.id, "name": organization.name }));
            Ok(Answer { json: json.collect(), text: lines(text, "No organizations yet.") })
        }
        cli::Org::Show { id, .. } => {
            let id = read(&id)?;
            let organization = organizations.any(&operator, id).await.map_err(said)?;
            let described = describe(app, by, &organization).await?;
            Ok(Answer { text: in_words(&organization.name, &described), json: described })
        }
        cli::Org::Key(OrgKey::Generate { org, .. }) => {
            Ok(answer(&organizations.generate_key(by, read(&org)?).await.map_err(said)?))
        }
        cli::Org::Key(OrgKey::Regenerate { org, at_once, .. }) => {
            Ok(answer(&organizations.regenerate_key(by, read(&org)?, at_once).await.map_err(said)?))
        }
        cli::Org::Domain(OrgDomain::Add { org, domain, .. }) => {
            let allowed = organizations.add_domain(by, read(&org)?, &domain).await.map_err(said)?;
            Ok(Answer {
                json: json!({ "id": allowed.id, "domain": allowed.domain }),
                text: format!("Pages of {} may use the public keys now.", allowed.domain),
            })
        }
        cli::Org::Domain(OrgDomain::Remove { org, domain, .. }) => {
            let org = read(&org)?;
            let known = organizations.domains(by, &[org]).await.map_err(said)?;
            let known = known.into_iter().find(|known| known.domain.as_str() == domain);
            let known = known.ok_or_else(|| Failure::Failed(format!("{domain} is none of its domains.")))?;
            organizations.remove_domain(by, org, known.id).await.map_err(said)?;
            Ok(Answer { json: json!({ "domain": domain }), text: format!("Pages of {domain} are refused now.") })
        }
        cli::Org::Webhook(OrgWebhook::Add { org, url, .. }) => {
            let org = read(&org)?;
            let webhook = organizations.add_webhook(by, org, &url).await.map_err(said)?;
            let secret = organizations.webhook_secret(by, org).await.map_err(said)?;
            Ok(Answer {
                text: format!("id      {}\nsecret  {}", webhook.id, secret.reveal()),
                json: json!({ "id": webhook.id, "secret": secret.reveal() }),
            })
        }
        cli::Org::Webhook(OrgWebhook::Remove { org, url, .. }) => {
            let org = read(&org)?;
            let known = organizations.webhooks(by, &[org]).await.map_err(said)?;
            let known = known.into_iter().find(|known| known.url == url);
            let known = known.ok_or_else(|| Failure::Failed(format!("{url} is none of its addresses.")))?;
            organizations.remove_webhook(by, org, known.id).await.map_err(said)?;
            Ok(Answer { json: json!({ "url": url }), text: format!("{url} hears of nothing new.") })
        }
    }
}

/// An organization as it is described, for people.
fn in_words(name: &str, described: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = |list: &str| described[list].as_array().cloned().unwrap_or_default();
    let mut lines = vec![
        name.to_owned(),
        format!("id              {}", text(&described["id"])),
        format!("webhook secret  {}", text(&described["webhook_secret"])),
    ];
    lines.extend(of("keys").iter().map(|key| {
        let [public, private, status] = ["public_key", "private_key", "status"].map(|field| text(&key[field]));
        format!("key             {public}  {private}  {status}")
    }));
    lines.extend(of("domains").iter().map(|domain| format!("domain          {}", text(domain))));
    lines.extend(of("webhooks").iter().map(|webhook| format!("webhook         {}", text(&webhook["url"]))));
    lines.join("\n")
}

fn read(text: &str) -> Result<OrganizationId, Failure> {
    text.parse().map_err(|error| Failure::WrongUse(format!("“{text}” is no organization's id: {error}.")))
}

fn pair(key: &NewKey) -> String {
    format!("public_key   {}\nprivate_key  {}", key.key.public, key.private.reveal())
}

fn answer(key: &NewKey) -> Answer {
    Answer {
        json: json!({
            "id": key.key.id, "public_key": key.key.public, "private_key": key.private.reveal(),
        }),
        text: pair(key),
    }
}

async fn describe(app: &App, by: By<'_>, organization: &Organization) -> Result<Value, Failure> {
    let (organizations, id, now) = (app.organizations(), organization.id, app.now());
    let keys = organizations.keys(by, &[id]).await.map_err(said)?;
    let keys = keys.iter().map(|key| {
        json!({
            "id": key.id, "public_key": key.public, "private_key": format!("{}…", key.hint),
            "status": if key.is_live(now) { "LIVE" } else { "REVOKED" }, "revokes_ms": key.revokes.map(Time::as_ms),
            "created_ms": key.created,
        })
    });
    let domains = organizations.domains(by, &[id]).await.map_err(said)?;
    let webhooks = organizations.webhooks(by, &[id]).await.map_err(said)?;
    let secret = organizations.webhook_secret(by, id).await.map_err(said)?;
    Ok(json!({
        "id": id,
        "name": organization.name,
        "homepage_url": organization.homepage,
        "created_ms": organization.created,
        "keys": keys.collect::<Vec<_>>(),
        "domains": domains.iter().map(|allowed| allowed.domain.as_str()).collect::<Vec<_>>(),
        "webhooks": webhooks.iter().map(|webhook| json!({ "id": webhook.id, "url": webhook.url })).collect::<Vec<_>>(),
        "webhook_secret": secret.reveal(),
    }))
}
