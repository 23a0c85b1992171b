//! The portal's API: organizations and what belongs to them, productions, narrations and deliveries, for people in a browser and for personal keys.
//!
//! What belongs here: how they are asked for and shown. Who may is decided by the verbs, as for every surface.

mod belongings;
mod deliveries;
mod narrations;
mod organization_changes;
mod organizations;
mod productions;
mod scalars;
mod shelf;

use std::sync::LazyLock;

use app::{Caller, Via};
use async_graphql::{
    Context, EmptySubscription, ErrorExtensions, ID, MergedObject, Object, Request, Schema, SchemaBuilder, SimpleObject,
};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http::header::CACHE_CONTROL;

use crate::caller::{self, peer};
use crate::http::body::{self, media_type};
use crate::http::ceilings;
use crate::http::problem::Problem;
use crate::http::rate::Who;
use crate::settings::Web;

use deliveries::{DeliveryChanges, DeliveryQuestions};
use narrations::{NarrationChanges, NarrationQuestions};
use organization_changes::OrganizationChanges;
use organizations::OrganizationQuestions;
use productions::{ProductionChanges, ProductionQuestions};

/// Bytes of a question.
const MOST: usize = 256 << 10;

/// How deep a question may go, and how much it may ask for: each field is one, and a list counts its fields as often as it may be long.
const DEEPEST: usize = 12;
const DEAREST: usize = 20_000;

/// How deep a question about the schema may go, where such are answered: tools ask for all of it at once, fifteen deep.
const DEEPEST_ABOUT: usize = 20;

/// What can be asked for.
#[derive(Default, MergedObject)]
struct Query(ViewerQuestions, OrganizationQuestions, NarrationQuestions, ProductionQuestions, DeliveryQuestions);

/// What can be changed.
#[derive(Default, MergedObject)]
struct Mutation(OrganizationChanges, NarrationChanges, ProductionChanges, DeliveryChanges);

/// Whoever asks, asked for.
#[derive(Default)]
struct ViewerQuestions;

#[Object]
impl ViewerQuestions {
    /// Whoever asks.
    #[expect(clippy::unused_async, reason = "questions are asked in this way")]
    async fn viewer(&self, context: &Context<'_>) -> async_graphql::Result<Viewer> {
        let (_, caller) = asking(context)?;
        Ok(Viewer { id: scalars::id(&caller.account.id), username: caller.account.username.to_string() })
    }
}

/// Somebody who asks.
#[derive(SimpleObject)]
struct Viewer {
    id: ID,
    username: String,
}

/// That something was done, in a sentence.
#[derive(SimpleObject)]
struct Message {
    message: String,
}

impl Message {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

type Portal = Schema<Query, Mutation, EmptySubscription>;

/// The address of the portal's API.
pub(crate) fn router() -> Router<Web> {
    Router::new().route("/graphql", post(answer))
}

/// The schema, for a question. What is in it may be asked for on a machine where somebody develops, and nowhere else.
fn schema(is_development: bool, question: &str) -> &'static Portal {
    static OPEN: LazyLock<Portal> = LazyLock::new(|| bounded(DEEPEST).finish());
    static ABOUT: LazyLock<Portal> = LazyLock::new(|| bounded(DEEPEST_ABOUT).finish());
    static CLOSED: LazyLock<Portal> = LazyLock::new(|| bounded(DEEPEST).disable_introspection().finish());
    match (is_development, question.contains("__schema")) {
        (true, false) => &OPEN,
        (true, true) => &ABOUT,
        (false, _) => &CLOSED,
    }
}

fn bounded(deepest: usize) -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .limit_depth(deepest)
        .limit_complexity(DEAREST)
}

/// The schema in GraphQL's own language, as it is committed.
pub(crate) fn sdl() -> String {
    schema(true, "").sdl()
}

async fn answer(State(web): State<Web>, request: axum::extract::Request) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    ceilings::check(&parts)?;
    let recognised = caller::recognise(&web, &parts).await;
    let who = match &recognised {
        Ok(Some(caller)) => Who::Account(caller.account.id),
        Ok(None) | Err(_) => Who::peer(peer::of(&parts)),
    };
    web.limiter().count(who)?;
    // A password is not sent with every question: whoever has one signs in.
    let caller = recognised?.filter(|caller| caller.via != Via::Password).ok_or_else(|| {
        Problem::unauthenticated("Sign in, or send a personal API key. A name with a password is not taken here.")
    })?;
    if media_type(&parts.headers) != "application/json" {
        return Err(Problem::unsupported("The body is JSON: {\"query\": …, \"variables\": …}.").into());
    }
    let bytes = body::whole(&parts.headers, body, MOST).await?;
    let question = read(&bytes).map_err(|error| {
        let message = format!("The body is no question of GraphQL: {error}.");
        Problem::new(http::StatusCode::BAD_REQUEST, "invalid", message)
    })?;
    let schema = schema(web.is_development(), &question.query);
    let mut answer = schema.execute(question.data(shelf::shelves(&web, &caller)).data(web).data(caller)).await;
    // What the question itself is wrong in, the verbs never hear of.
    for error in answer.errors.iter_mut().filter(|error| error.extensions.is_none()) {
        error.extensions.get_or_insert_default().set("code", "invalid");
    }
    Ok(([(CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

/// One question: an object. Lists of them are not taken, so that what each may cost is what all cost.
fn read(bytes: &[u8]) -> Result<Request, serde_json::Error> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(bytes)?;
    serde_json::from_value(object.into())
}

/// Why a question was not answered at all.
struct Refused(Problem);

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Problem { status, code, message, headers, .. } = self.0;
        let error = serde_json::json!({ "message": message, "extensions": { "code": code } });
        (status, *headers, Json(serde_json::json!({ "data": null, "errors": [error] }))).into_response()
    }
}

/// Who asks, and what they ask with.
fn asking<'c>(context: &'c Context<'_>) -> async_graphql::Result<(&'c Web, &'c Caller)> {
    Ok((context.data::<Web>()?, context.data::<Caller>()?))
}

/// A refusal, with its code and the first field that is wrong.
fn refused(error: impl Into<Problem>) -> async_graphql::Error {
    let Problem { code, message, fields, .. } = error.into();
    let said: Vec<_> = fields.iter().flat_map(|(_, messages)| messages.iter().map(String::as_str)).collect();
    let message = if message.is_empty() { said.join(" ") } else { message };
    let first = fields.iter().next().map(|(field, _)| field.to_owned());
    async_graphql::Error::new(message).extend_with(|_, more| {
        more.set("code", code);
        if let Some(field) = first {
            more.set("field", field);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As deep as the question that tools ask when they begin: what an argument's type is of, nine times over.
    #[tokio::test]
    async fn tools_are_told_the_schema_where_somebody_develops() {
        let types = format!("{}name{}", "ofType { ".repeat(9), " }".repeat(9));
        let question =
            format!("{{ __schema {{ types {{ name fields {{ name args {{ name type {{ {types} }} }} }} }} }} }}");
        let told = schema(true, &question).execute(&*question).await;
        assert!(told.errors.is_empty(), "{:?}", told.errors);
        assert!(told.data.to_string().contains("createOrganization"));
        let closed = schema(false, &question).execute(&*question).await;
        assert!(!closed.data.to_string().contains("createOrganization"));
        let deeper = question.replace("ofType { name", &format!("{}name{}", "ofType { ".repeat(7), " }".repeat(6)));
        assert!(!schema(true, &deeper).execute(&*deeper).await.errors.is_empty());
    }
}
