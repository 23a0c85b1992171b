//! `soundpost admin`: what an operator does without a browser.

mod apps;
mod deliveries;
mod organizations;
mod queue;

use std::io::{IsTerminal, Read};

use app::accounts::NewAccount;
use app::{App, AppError, Operator, Page, ScopeSet, Scopes};
use serde_json::{Value, json};

use super::open;
use super::output::print;
use crate::cli::{self, Admin, Common, Deliveries, Org, OrgDomain, OrgKey, OrgWebhook, Queue, Sandbox, Token, User};
use crate::failure::Failure;
use crate::house::{House, Schema};

/// Bytes of a password that standard input may give.
const LONGEST_PASSWORD: u64 = 4_096;

/// Accounts or jobs that are listed at most.
const MOST: u64 = 1_000;

/// What is said in the end: for programs, and for people.
struct Answer {
    json: Value,
    text: String,
}

/// Does what the operator asks.
pub(crate) fn run(admin: Admin) -> Result<(), Failure> {
    let common = common(&admin).clone();
    let live = open::settings(&common.house)?;
    let in_sandbox = common.sandbox || matches!(admin, Admin::Sandbox(_));
    let settings = if in_sandbox { live.sandboxed() } else { live };
    crate::telemetry::start(&settings);
    let answer = open::wait(async {
        let house = House::open(&settings, Schema::Migrate).await?;
        match admin {
            Admin::User(user) => do_user(&house.app, user).await,
            Admin::App(asked) => apps::run(&house.app, asked).await,
            Admin::Org(asked) => organizations::run(&house.app, asked).await,
            Admin::Sandbox(Sandbox::Reset { .. }) => {
                house.app.reset(&Operator::at_the_console()).await.map_err(said)?;
                Ok(Answer { json: json!({ "reset": true }), text: "The sandbox is empty.".to_owned() })
            }
            Admin::Token(token) => do_token(&house.app, token).await,
            Admin::Queue(queue) => queue::run(&house.app, queue).await,
            Admin::Deliveries(asked) => deliveries::run(&house.app, asked).await,
        }
    })?;
    let text = if common.json { answer.json.to_string() } else { answer.text };
    print(format!("{text}\n").as_bytes())
}

fn common(admin: &Admin) -> &Common {
    match admin {
        Admin::User(
            User::Create { common, .. }
            | User::List { common }
            | User::DropFactors { common, .. }
            | User::Password { common, .. },
        )
        | Admin::Token(Token::Create { common, .. } | Token::List { common, .. } | Token::Revoke { common, .. })
        | Admin::App(
            cli::App::Create { common, .. }
            | cli::App::List { common }
            | cli::App::Approve { common, .. }
            | cli::App::Rotate { common, .. }
            | cli::App::Remove { common, .. },
        )
        | Admin::Org(
            Org::Create { common, .. }
            | Org::List { common }
            | Org::Show { common, .. }
            | Org::Key(OrgKey::Generate { common, .. } | OrgKey::Regenerate { common, .. })
            | Org::Domain(OrgDomain::Add { common, .. } | OrgDomain::Remove { common, .. })
            | Org::Webhook(OrgWebhook::Add { common, .. } | OrgWebhook::Remove { common, .. }),
        )
        | Admin::Sandbox(Sandbox::Reset { common })
        | Admin::Deliveries(
            Deliveries::List { common, .. } | Deliveries::Show { common, .. } | Deliveries::Replay { common, .. },
        )
        | Admin::Queue(
            Queue::Show { common } | Queue::List { common } | Queue::Revive { common, .. } | Queue::Drop { common, .. },
        ) => common,
    }
}

async fn do_user(app: &App, user: User) -> Result<Answer, Failure> {
    match user {
        User::Create { username, email, password_stdin, admin, .. } => {
            let password = read_password(password_stdin)?;
            let new = NewAccount { username, email, password, is_admin: admin };
            let account = app.accounts().create(new).await.map_err(said)?;
            Ok(Answer {
                json: json!({ "id": account.id, "username": account.username }),
                text: format!("{} can sign in now.", account.username),
            })
        }
        User::List { .. } => {
            let accounts = app.accounts().list(Page::first(MOST)).await.map_err(said)?;
            let json = accounts.iter().map(|account| {
                json!({
                    "id": account.id, "username": account.username, "email": account.email, "admin": account.is_admin,
                    "created_ms": account.created,
                })
            });
            let text = accounts.iter().map(|account| {
                let role = if account.is_admin { "  runs the house" } else { "" };
                format!("{}  {}{role}", account.id, account.username)
            });
            Ok(Answer { json: json.collect(), text: lines(text, "No accounts yet.") })
        }
        User::DropFactors { username, .. } => {
            let account = app.accounts().find(&username).await.map_err(said)?;
            app.factors().reset(&account).await.map_err(said)?;
            Ok(Answer {
                json: json!({ "username": username }),
                text: format!("{username} signs in by password alone now, and was signed out everywhere."),
            })
        }
        User::Password { username, password_stdin, .. } => {
            let password = read_password(password_stdin)?;
            app.accounts().set_password(&username, password).await.map_err(said)?;
            Ok(Answer {
                json: json!({ "username": username }),
                text: format!("{username} has another password, and was signed out everywhere."),
            })
        }
    }
}

async fn do_token(app: &App, token: Token) -> Result<Answer, Failure> {
    match token {
        Token::Create { user, app: Some(client_id), scope, .. } => {
            let account = app.accounts().find(&user).await.map_err(said)?;
            let scopes = match Scopes::parse(&scope).map_err(said)? {
                Scopes::All => ScopeSet::ALL,
                Scopes::Only(scopes) => scopes,
            };
            let client = app.apps().any(&Operator::at_the_console(), apps::id(&client_id)?).await.map_err(said)?;
            let token = app.oauth2().issue(&Operator::at_the_console(), client.get(), &account, scopes).await;
            let token = token.map_err(said)?.access_token;
            Ok(Answer { json: json!({ "access_token": token.reveal() }), text: token.reveal().to_owned() })
        }
        Token::Create { user, name, scope, app: None, .. } => {
            let account = app.accounts().find(&user).await.map_err(said)?;
            let scopes = Scopes::parse(&scope).map_err(said)?;
            let (row, key) = app.api_keys().create(&account, &name, &scopes, None).await.map_err(said)?;
            Ok(Answer { json: json!({ "access_token": key.reveal(), "id": row.id }), text: key.reveal().to_owned() })
        }
        Token::List { user, .. } => {
            let account = app.accounts().find(&user).await.map_err(said)?;
            let keys = app.api_keys().list(&account).await.map_err(said)?;
            let json = keys.iter().map(|key| {
                json!({
                    "id": key.id, "name": key.name, "scope": key.scopes, "created_ms": key.created, "used_ms": key.used,
                })
            });
            let text = keys.iter().map(|key| format!("{}  {}", key.id, key.name));
            Ok(Answer { json: json.collect(), text: lines(text, "No keys.") })
        }
        Token::Revoke { user, id, .. } => {
            let account = app.accounts().find(&user).await.map_err(said)?;
            let id = id.parse().map_err(|error| Failure::WrongUse(format!("“{id}” is no key's id: {error}.")))?;
            app.api_keys().remove(&account, id, None).await.map_err(said)?;
            Ok(Answer { json: json!({ "id": id }), text: "Revoked.".to_owned() })
        }
    }
}

fn lines(each: impl Iterator<Item = String>, none: &str) -> String {
    let all: Vec<_> = each.collect();
    if all.is_empty() { none.to_owned() } else { all.join("\n") }
}

/// A password: asked for without showing it, or a line of standard input without its line break.
fn read_password(from_stdin: bool) -> Result<String, Failure> {
    let cannot = |error: std::io::Error| Failure::Failed(format!("The password cannot be read: {error}."));
    if !from_stdin {
        if !std::io::stdin().is_terminal() {
            return Err(Failure::WrongUse(
                "Say --password-stdin to have the password read from standard input.".to_owned(),
            ));
        }
        return rpassword::prompt_password("Password: ").map_err(cannot);
    }
    let mut text = String::new();
    std::io::stdin().take(LONGEST_PASSWORD).read_to_string(&mut text).map_err(cannot)?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    Ok(password.strip_suffix('\r').unwrap_or(password).to_owned())
}

/// What verbs say, for somebody at a command line.
fn said(error: AppError) -> Failure {
    match error {
        AppError::Invalid(fields) => {
            let all: Vec<_> = fields.into_iter().map(|field| field.message).collect();
            Failure::WrongUse(all.join(" "))
        }
        AppError::Store(cause) => crate::house::failed("The database does not answer as it should", &cause),
        other => Failure::Failed(other.to_string()),
    }
}
