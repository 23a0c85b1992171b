//! The query of a listing: how many, from where, how much of each.

use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::form_errors::{At, FormErrors};
use super::limits::MAX_LISTED;
use super::present::{MinimalPreset, MinimalProduction, Preset, Production};
use super::read::scalar;

/// What part of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// At most so many.
    pub limit: u32,
    /// So many passed over before.
    pub offset: u32,
    /// How much of each.
    pub detail: Detail,
}

/// How much of each thing in a list is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Everything.
    #[default]
    Full,
    /// What a list on a screen needs.
    Minimal,
    /// Its uuid alone.
    Uuid,
}

impl Listing {
    /// Reads a query's names and values; what is unknown is passed over.
    pub fn read<'q>(query: impl IntoIterator<Item = (&'q str, &'q str)>) -> Result<Self, FormErrors> {
        let mut errors = FormErrors::default();
        let (mut limit, mut offset, mut uuids, mut minimal) = (None, None, None, None);
        for (name, value) in query {
            let mut at = At::new(&mut errors, name, name);
            let value = Value::from(value);
            match name {
                "limit" => limit = count(&mut at, &value),
                "offset" => offset = count(&mut at, &value),
                "uuids_only" => uuids = scalar::truth(&mut at, &value),
                "minimal_data" => minimal = scalar::truth(&mut at, &value),
                _ => {}
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let detail = match (uuids, minimal) {
            (Some(true), _) => Detail::Uuid,
            (_, Some(true)) => Detail::Minimal,
            _ => Detail::Full,
        };
        Ok(Self { limit: limit.unwrap_or(MAX_LISTED).min(MAX_LISTED), offset: offset.unwrap_or_default(), detail })
    }
}

/// A thing in a list: all of it, the short form, or its uuid alone, as the query asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Listed<T, M> {
    /// All of it.
    Full(Box<T>),
    /// The short form.
    Minimal(M),
    /// Its uuid.
    Uuid(String),
}

/// A production in a list.
pub type ListedProduction = Listed<Production, MinimalProduction>;
/// A preset in a list.
pub type ListedPreset = Listed<Preset, MinimalPreset>;

impl<T: ToSchema, M: ToSchema> PartialSchema for Listed<T, M> {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
        AnyOfBuilder::new()
            .item(Ref::from_schema_name(T::name()))
            .item(Ref::from_schema_name(M::name()))
            .item(text)
            .description(Some("All of it, the short form, or its uuid alone, as the query asked."))
            .into()
    }
}

impl<T: ToSchema, M: ToSchema> ToSchema for Listed<T, M> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("Listed{}", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
        schemas.push((M::name().into_owned(), M::schema()));
        M::schemas(schemas);
    }
}

fn count(at: &mut At<'_>, value: &Value) -> Option<u32> {
    let number = scalar::number(at, value)?;
    if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) {
        return Some(number as u32);
    }
    at.wants("a whole number from 0", value);
    None
}
