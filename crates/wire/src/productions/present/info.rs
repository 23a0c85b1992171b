//! What can be asked for, for clients that draw forms: the tables, and only what of them is built.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Number, Value};
use utoipa::ToSchema;

use super::text::plain;
use crate::productions::algorithms::{ALGORITHMS, Algorithm, AlgorithmKind};
use crate::productions::formats::{FORMATS, Format, Offer, Rates};
use crate::productions::services::EXTERNAL;
use crate::productions::status::STATUSES;
use crate::productions::stores::STORE_KINDS;

/// All parts at once.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Info {
    /// Files that can be made, by format.
    #[schema(value_type = BTreeMap<String, FormatInfo>)]
    pub output_files: Named<FormatInfo>,
    /// File name endings by format.
    #[schema(value_type = BTreeMap<String, Vec<String>>)]
    pub file_endings: Named<Vec<&'static str>>,
    /// Kinds of services that can be connected.
    #[schema(value_type = BTreeMap<String, ServiceTypeInfo>)]
    pub service_types: Named<ServiceTypeInfo>,
    /// Algorithms by name.
    #[schema(value_type = BTreeMap<String, AlgorithmInfo>)]
    pub algorithms: Named<AlgorithmInfo>,
    /// Status numbers, each with its words.
    #[schema(value_type = BTreeMap<String, String>)]
    pub production_status: Named<&'static str>,
}

impl Info {
    /// What this build can do.
    pub fn of(offer: Offer) -> Self {
        Self {
            output_files: format_infos(offer),
            file_endings: file_endings(offer),
            service_types: service_types(),
            algorithms: algorithm_infos(),
            production_status: production_status(),
        }
    }
}

/// Things by name, in an order of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct Named<T>(pub Vec<(String, T)>);

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// A file that can be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FormatInfo {
    /// Its name for people.
    pub display_name: &'static str,
    /// `lossy`, `lossless` or `description`.
    pub r#type: &'static str,
    /// File name endings without the dot, the usual one first.
    #[schema(value_type = Vec<String>)]
    pub endings: Vec<&'static str>,
    /// Kilobits per second to choose from, as text; left out where there is nothing to choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub bitrates: Option<Vec<String>>,
    /// The bitrates for people, in the same order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub bitrate_strings: Option<Vec<String>>,
    /// The usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub default_bitrate: Option<String>,
}

/// A kind of service that can be connected.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ServiceTypeInfo {
    /// Its name for people.
    pub display_name: &'static str,
    /// What can be chosen for it.
    #[schema(value_type = Option<Object>)]
    pub parameters: Option<Value>,
}

/// An algorithm that can be chosen.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlgorithmInfo {
    /// Its name for people.
    pub display_name: &'static str,
    /// `checkbox` or `select`.
    pub r#type: &'static str,
    /// What it is when nothing is said.
    pub default_value: Value,
    /// What it does; empty where the name says it.
    pub description: &'static str,
    /// The algorithm that it refines.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub belongs_to: Option<&'static str>,
    /// What to choose from; left out for a checkbox. Numbers between these are taken as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub options: Option<Vec<AlgorithmOption>>,
}

/// Something to choose.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlgorithmOption {
    /// Its name for people.
    pub display_name: String,
    /// What to send.
    pub value: Value,
}

/// Kinds of services, each with what is said about one.
fn service_types() -> Named<ServiceTypeInfo> {
    let external = ServiceTypeInfo { display_name: "External service", parameters: None };
    let stores = STORE_KINDS.iter().map(|kind| {
        let info = ServiceTypeInfo { display_name: kind.name, parameters: Some(kind.parameters()) };
        (kind.word.to_owned(), info)
    });
    Named(std::iter::once((EXTERNAL.to_owned(), external)).chain(stores).collect())
}

/// Files that can be made, by format.
pub fn format_infos(offer: Offer) -> Named<FormatInfo> {
    Named(offered(offer).map(|format| (format.name.to_owned(), format_info(format))).collect())
}

/// File name endings by format.
pub fn file_endings(offer: Offer) -> Named<Vec<&'static str>> {
    Named(offered(offer).map(|format| (format.name.to_owned(), format.endings.to_vec())).collect())
}

/// Algorithms by name.
pub fn algorithm_infos() -> Named<AlgorithmInfo> {
    let usual = serde_json::to_value(model::production::Algorithms::default()).unwrap_or_default();
    let built = ALGORITHMS.iter().filter(|algorithm| algorithm.built);
    Named(built.map(|algorithm| (algorithm.name.to_owned(), algorithm_info(algorithm, &usual))).collect())
}

/// Status numbers, each with its words.
pub fn production_status() -> Named<&'static str> {
    Named(STATUSES.iter().enumerate().map(|(number, text)| (number.to_string(), *text)).collect())
}

fn offered(offer: Offer) -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().filter(move |format| format.is_offered(offer))
}

fn format_info(format: &'static Format) -> FormatInfo {
    let bitrates = format.bitrates();
    let some = |texts: Vec<String>| (!texts.is_empty()).then_some(texts);
    let about = if matches!(format.rates, Rates::Steps(..)) { "" } else { "~" };
    // Kilobits per second make 0.45 megabytes in an hour.
    let megabytes = |rate: u32| (f64::from(rate) * 0.45).ceil();
    FormatInfo {
        display_name: format.title,
        r#type: format.kind,
        endings: format.endings.to_vec(),
        bitrate_strings: some(
            bitrates.iter().map(|rate| format!("{about}{rate} kbps (~{} MB/h)", megabytes(*rate))).collect(),
        ),
        bitrates: some(bitrates.iter().map(u32::to_string).collect()),
        default_bitrate: format.usual_bitrate().map(|rate| rate.to_string()),
    }
}

fn algorithm_info(algorithm: &Algorithm, usual: &Value) -> AlgorithmInfo {
    let usual = &usual[algorithm.name];
    let (r#type, default_value, options) = match algorithm.kind {
        AlgorithmKind::Switch => ("checkbox", usual.clone(), None),
        AlgorithmKind::Words(words) => {
            let option = |(word, title): &(&str, &str)| AlgorithmOption {
                display_name: (*title).to_owned(),
                value: Value::from(*word),
            };
            let first = words.first().map_or(Value::Null, |(word, _)| Value::from(*word));
            ("select", first, Some(words.iter().map(option).collect()))
        }
        AlgorithmKind::Number { unit, options, .. } => {
            let option = |number: &f64| {
                let number: Number = plain(*number);
                AlgorithmOption { display_name: format!("{number} {unit}").replace('-', "−"), value: number.into() }
            };
            let usual = usual.as_f64().map_or(Value::Null, |number| plain(number).into());
            ("select", usual, Some(options.iter().map(option).collect()))
        }
    };
    AlgorithmInfo {
        display_name: algorithm.title,
        r#type,
        default_value,
        description: algorithm.description,
        belongs_to: algorithm.belongs_to,
        options,
    }
}
