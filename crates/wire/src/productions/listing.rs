//! The query of a listing: how many, from where, how much of each.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::Ref;
use utoipa::openapi::schema::{AnyOfBuilder, Array, ArrayBuilder, ObjectBuilder, SchemaType, Type};

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

/// Productions in the envelope, as OpenAPI describes them.
#[derive(Clone, Debug, ToSchema)]
pub struct ProductionListReply {
    /// The HTTP status again.
    #[schema(example = 200)]
    pub status_code: u16,
    /// What is wrong with the request, by field.
    pub form_errors: FormErrors,
    /// A short name of what went wrong, for programs.
    pub error_code: Option<String>,
    /// What went wrong, in a sentence for people; empty when nothing did.
    pub error_message: String,
    /// Productions: all of each, the short form, or uuids alone, as the query asked.
    #[schema(schema_with = listed::<Production, MinimalProduction>)]
    pub data: Vec<Production>,
}

/// Presets in the envelope, as OpenAPI describes them.
#[derive(Clone, Debug, ToSchema)]
pub struct PresetListReply {
    /// The HTTP status again.
    #[schema(example = 200)]
    pub status_code: u16,
    /// What is wrong with the request, by field.
    pub form_errors: FormErrors,
    /// A short name of what went wrong, for programs.
    pub error_code: Option<String>,
    /// What went wrong, in a sentence for people; empty when nothing did.
    pub error_message: String,
    /// Presets: all of each, the short form, or uuids alone, as the query asked.
    #[schema(schema_with = listed::<Preset, MinimalPreset>)]
    pub data: Vec<Preset>,
}

/// A list of one of three forms. Not exactly one: an empty list is of all of them.
fn listed<T: ToSchema, M: ToSchema>() -> Array {
    let text = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
    let item =
        AnyOfBuilder::new().item(Ref::from_schema_name(T::name())).item(Ref::from_schema_name(M::name())).item(text);
    ArrayBuilder::new().items(item).build()
}

fn count(at: &mut At<'_>, value: &Value) -> Option<u32> {
    let number = scalar::number(at, value)?;
    if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) {
        return Some(number as u32);
    }
    at.wants("a whole number from 0", value);
    None
}
