//! What organizations are told about their narrations.

use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    r#type: &'a str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    player_id: &'a str,
    player_url: &'a str,
    url: &'a str,
    organization_user_id: Option<&'a str>,
    organization_publication_id: Option<&'a str>,
    duration: Option<f64>,
    error: Option<&'a str>,
}

/// The body of `player.ready` and `player.failed`, made of the facts that were kept when it happened; none where they make no sense.
///
/// ```
/// let fact = serde_json::json!({
///     "type": "player.failed", "at_ms": 1_764_000_000_123_i64, "player": "P", "player_url": "https://s.example/p/P",
///     "url": "https://a.example/", "user": "u-1", "publication": null, "length_ms": null, "error": "It was empty.",
/// });
/// let expected = concat!(
///     r#"{"type":"player.failed","timestamp":"2025-11-24T16:00:00.123Z","data":{"playerId":"P","playerUrl":"https://s.example/p/P","#,
///     r#""url":"https://a.example/","organizationUserId":"u-1","organizationPublicationId":null,"duration":null,"error":"It was empty."}}"#,
/// );
/// assert_eq!(wire::narration::player_told(&fact).as_deref(), Some(expected));
/// ```
pub fn player_told(fact: &Value) -> Option<String> {
    let text = |name: &str| fact.get(name).and_then(Value::as_str);
    let at = fact.get("at_ms").and_then(Value::as_i64)?;
    let told = Told {
        r#type: text("type")?,
        timestamp: super::iso(model::Time::from_ms(at)),
        data: Data {
            player_id: text("player")?,
            player_url: text("player_url")?,
            url: text("url")?,
            organization_user_id: text("user"),
            organization_publication_id: text("publication"),
            duration: fact.get("length_ms").and_then(Value::as_u64).map(|ms| ms as f64 / 1_000.0),
            error: text("error"),
        },
    };
    serde_json::to_string(&told).ok()
}
