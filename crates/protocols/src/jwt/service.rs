//! What a service is told when a production is done: a token with two claims, whose bytes others compare.

use serde_json::Value;

use super::sign;

/// The header, byte for byte: PyJWT wrote names in this order when this interface was made, and its readers saw no
/// other.
pub const SERVICE_HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

/// The claims: `uuid` of the production, then `custom_data` if the service gave any. Kept as text so that every attempt
/// sends the same.
///
/// ```
/// use protocols::jwt::service_claims;
///
/// assert_eq!(service_claims("deigtvDv8jH6NaK52Z5eXH", None), r#"{"uuid":"deigtvDv8jH6NaK52Z5eXH"}"#);
/// assert_eq!(service_claims("u", Some("a \"b\"")), r#"{"uuid":"u","custom_data":"a \"b\""}"#);
/// ```
pub fn service_claims(uuid: &str, custom_data: Option<&str>) -> String {
    let text = |text: &str| Value::from(text).to_string();
    let custom_data = custom_data.map(|data| format!(",\"custom_data\":{}", text(data))).unwrap_or_default();
    format!("{{\"uuid\":{}{custom_data}}}", text(uuid))
}

/// The body: the claims signed with the app's secret.
pub fn service_token(claims: &str, client_secret: &str) -> String {
    sign(SERVICE_HEADER.as_bytes(), claims.as_bytes(), client_secret.as_bytes())
}
