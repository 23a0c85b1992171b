//! How deliveries, their bodies, their attempts, and who is at them lie in the database.

use model::Time;
use model::delivery::{Attempt, Delivery, DeliveryKind, DeliveryState};
use sea_orm::entity::prelude::*;

use crate::StoreError;
use crate::document;
use crate::error::corrupt;

pub(crate) const WAITING: &str = "waiting";
pub(crate) const HELD: &str = "held";
pub(crate) const SENDING: &str = "sending";
pub(crate) const DELIVERED: &str = "delivered";
pub(crate) const GIVEN_UP: &str = "given up";

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
#[sea_orm(table_name = "deliveries")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: String,
    pub(crate) receiver: String,
    pub(crate) owner: String,
    pub(crate) app: Option<String>,
    pub(crate) kind: String,
    pub(crate) subject: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) fact: Json,
    pub(crate) url: String,
    pub(crate) host: String,
    pub(crate) is_ordered: bool,
    pub(crate) state: String,
    /// When it is tried, or when it came to its end.
    pub(crate) due_ms: i64,
    pub(crate) attempts: i64,
    pub(crate) tries: i64,
    pub(crate) token: Option<String>,
    pub(crate) trouble: Option<String>,
    pub(crate) created_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub(crate) mod body {
    //! How the body of a delivery lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "delivery_bodies")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) delivery: String,
        pub(crate) content_type: String,
        pub(crate) body: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod attempt {
    //! How an attempt lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
    #[sea_orm(table_name = "delivery_attempts")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) delivery: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) number: i64,
        pub(crate) began_ms: i64,
        pub(crate) took_ms: i64,
        pub(crate) status: Option<i64>,
        pub(crate) reason: String,
        pub(crate) address: Option<String>,
        #[sea_orm(column_type = "JsonBinary")]
        pub(crate) headers: Json,
        pub(crate) body: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod worker {
    //! How a worker that delivers lies in the database.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "delivery_workers")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) token: String,
        pub(crate) until_ms: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl TryFrom<Model> for Delivery {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let wrong = |why: &dyn std::fmt::Display| corrupt("deliveries", &row.id, why);
        let at = Time::from_ms(row.due_ms);
        let state = match row.state.as_str() {
            WAITING => DeliveryState::Waiting(at),
            HELD => DeliveryState::Held,
            SENDING => DeliveryState::Sending,
            DELIVERED => DeliveryState::Delivered(at),
            GIVEN_UP => DeliveryState::GivenUp(at),
            _ => return Err(wrong(&"it is in no known state")),
        };
        Ok(Self {
            id: row.id.parse().map_err(|why| wrong(&why))?,
            receiver: row.receiver.parse().map_err(|why| wrong(&why))?,
            owner: row.owner.parse().map_err(|why| wrong(&why))?,
            app: row.app.as_deref().map(str::parse).transpose().map_err(|why| wrong(&why))?,
            kind: DeliveryKind::from_word(&row.kind).ok_or_else(|| wrong(&"it is of no known kind"))?,
            attempts: row.attempts.try_into().map_err(|why| wrong(&why))?,
            tries: row.tries.try_into().map_err(|why| wrong(&why))?,
            is_ordered: row.is_ordered,
            subject: row.subject,
            fact: row.fact,
            url: row.url,
            state,
            trouble: row.trouble,
            created: Time::from_ms(row.created_ms),
        })
    }
}

impl TryFrom<attempt::Model> for Attempt {
    type Error = StoreError;

    fn try_from(row: attempt::Model) -> Result<Self, StoreError> {
        let wrong = |why: std::num::TryFromIntError| corrupt("delivery_attempts", &row.delivery, why);
        Ok(Self {
            number: row.number.try_into().map_err(wrong)?,
            began: Time::from_ms(row.began_ms),
            took: std::time::Duration::from_millis(row.took_ms.try_into().map_err(wrong)?),
            status: row.status.map(u16::try_from).transpose().map_err(wrong)?,
            headers: document::read("delivery_attempts", &row.delivery, row.headers)?,
            reason: row.reason,
            address: row.address,
            body: row.body.unwrap_or_default(),
        })
    }
}
