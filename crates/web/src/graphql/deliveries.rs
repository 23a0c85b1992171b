//! Deliveries as the portal sees them, and sending them once more.

use app::deliveries::{Filter, Told, Whose};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use model::{Attempt, Delivery as Kept, DeliveryKind as Kind, DeliveryState as State, ProductionId};

use super::scalars::{Moment, id, page, read, rows};
use super::{Message, asking, refused};

/// Deliveries, asked for.
#[derive(Default)]
pub(super) struct DeliveryQuestions;

#[Object]
impl DeliveryQuestions {
    /// What others were told for whoever asks, newest first. For browsers that are signed in.
    #[graphql(complexity = "rows(first) * child_complexity")]
    async fn deliveries(
        &self,
        context: &Context<'_>,
        filter: Option<DeliveryFilter>,
        first: Option<i32>,
        offset: Option<i32>,
    ) -> async_graphql::Result<Vec<Delivery>> {
        let (web, caller) = asking(context)?;
        let all = web.app().deliveries().list(Whose::Account(caller), read_filter(filter), page(first, offset)?).await;
        Ok(all.map_err(refused)?.into_iter().map(Delivery::from).collect())
    }

    /// One of them, with what was sent and what was answered.
    async fn delivery(&self, context: &Context<'_>, id: ID) -> async_graphql::Result<DeliveryDetails> {
        let (web, caller) = asking(context)?;
        let id = read(&id, "delivery")?;
        let told = web.app().deliveries().find(Whose::Account(caller), id).await.map_err(refused)?;
        Ok(DeliveryDetails::from(told))
    }

    /// How many `replayDeliveries` would send once more.
    #[graphql(complexity = "50")]
    async fn replayable_deliveries(
        &self,
        context: &Context<'_>,
        filter: Option<DeliveryFilter>,
    ) -> async_graphql::Result<u64> {
        let (web, caller) = asking(context)?;
        web.app().deliveries().count(Whose::Account(caller), read_filter(filter)).await.map_err(refused)
    }

    /// What others were told of a production, first to last, at most a hundred.
    #[graphql(complexity = "100 * child_complexity")]
    async fn production_deliveries(
        &self,
        context: &Context<'_>,
        production_id: ID,
    ) -> async_graphql::Result<Vec<DeliveryDetails>> {
        let (web, caller) = asking(context)?;
        let id: ProductionId = read(&production_id, "production")?;
        let told = web.app().deliveries().of_production(caller, id).await.map_err(refused)?;
        Ok(told.into_iter().map(DeliveryDetails::from).collect())
    }
}

/// Deliveries, sent once more.
#[derive(Default)]
pub(super) struct DeliveryChanges;

#[Object]
impl DeliveryChanges {
    /// Sends one delivery once more.
    async fn replay_delivery(&self, context: &Context<'_>, delivery_id: ID) -> async_graphql::Result<Message> {
        let (web, caller) = asking(context)?;
        let id = read(&delivery_id, "delivery")?;
        web.app().deliveries().replay(Whose::Account(caller), id).await.map_err(refused)?;
        Ok(Message::new("It is sent once more."))
    }

    /// Sends all that ended and are meant once more.
    async fn replay_deliveries(
        &self,
        context: &Context<'_>,
        filter: Option<DeliveryFilter>,
    ) -> async_graphql::Result<Message> {
        let (web, caller) = asking(context)?;
        let sent = web.app().deliveries().replay_all(Whose::Account(caller), read_filter(filter)).await;
        Ok(Message::new(format!("{} deliveries are sent once more.", sent.map_err(refused)?)))
    }
}

/// Which deliveries are meant.
#[derive(Default, InputObject)]
pub(super) struct DeliveryFilter {
    /// Caused at that moment or later.
    since: Option<Moment>,
    /// Only such as were given up.
    #[graphql(default)]
    given_up: bool,
    kind: Option<DeliveryKind>,
}

pub(super) fn read_filter(filter: Option<DeliveryFilter>) -> Filter {
    let DeliveryFilter { since, given_up, kind } = filter.unwrap_or_default();
    let kind = kind.map(|kind| match kind {
        DeliveryKind::Service => Kind::Service,
        DeliveryKind::Webhook => Kind::Webhook,
        DeliveryKind::Player => Kind::Player,
    });
    Filter { since: since.map(|Moment(time)| time), given_up, kind, ..Filter::default() }
}

/// Who was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum DeliveryKind {
    /// An app's external service.
    Service,
    /// An address that a production or preset names.
    Webhook,
    /// An organization, of a narration.
    Player,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum DeliveryState {
    /// It is sent soon, or tried again later.
    Waiting,
    Sending,
    Delivered,
    /// It is not tried again.
    GivenUp,
}

/// Something that somebody was told.
#[derive(SimpleObject)]
pub(super) struct Delivery {
    /// The `webhook-id`, too.
    id: ID,
    kind: DeliveryKind,
    url: String,
    state: DeliveryState,
    attempts: u32,
    /// Why the last attempt did not work.
    trouble: Option<String>,
    created_at: Moment,
}

impl From<Kept> for Delivery {
    fn from(told: Kept) -> Self {
        let state = match told.state {
            State::Waiting(_) | State::Held => DeliveryState::Waiting,
            State::Sending => DeliveryState::Sending,
            State::Delivered(_) => DeliveryState::Delivered,
            State::GivenUp(_) => DeliveryState::GivenUp,
        };
        let kind = match told.kind {
            Kind::Service => DeliveryKind::Service,
            Kind::Webhook => DeliveryKind::Webhook,
            Kind::Player => DeliveryKind::Player,
        };
        Self {
            id: id(&told.id),
            kind,
            url: told.url,
            state,
            attempts: told.attempts,
            trouble: told.trouble,
            created_at: told.created.into(),
        }
    }
}

/// Something that somebody was told, with what was sent and what was answered.
#[derive(SimpleObject)]
pub(super) struct DeliveryDetails {
    delivery: Delivery,
    /// What is sent, as text, as long as it is kept.
    body: Option<String>,
    content_type: Option<String>,
    /// First to last.
    attempts: Vec<DeliveryAttempt>,
}

impl From<Told> for DeliveryDetails {
    fn from(told: Told) -> Self {
        let (content_type, body) =
            told.body.map(|body| (body.content_type, String::from_utf8_lossy(&body.bytes).into_owned())).unzip();
        Self {
            delivery: told.delivery.into(),
            body,
            content_type,
            attempts: told.attempts.into_iter().map(DeliveryAttempt::from).collect(),
        }
    }
}

/// One attempt to tell it.
#[derive(SimpleObject)]
pub(super) struct DeliveryAttempt {
    number: u32,
    began_at: Moment,
    /// Seconds until it ended.
    duration: f64,
    /// The status of the answer, where there was one.
    status: Option<u16>,
    /// What came of it, in words.
    reason: String,
    /// The beginning of what was answered, as text.
    answer: String,
}

impl From<Attempt> for DeliveryAttempt {
    fn from(attempt: Attempt) -> Self {
        Self {
            number: attempt.number,
            began_at: attempt.began.into(),
            duration: attempt.took.as_secs_f64(),
            status: attempt.status,
            reason: attempt.reason,
            answer: String::from_utf8_lossy(&attempt.body).into_owned(),
        }
    }
}
