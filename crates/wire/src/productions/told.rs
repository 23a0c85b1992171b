//! What others are told about productions, and what services answer.

use model::ProductionId;
use serde_json::Value;

use super::status;

/// Characters of an address that a service may answer with; longer ones are passed over.
const LONGEST_ADDRESS: usize = 2_048;

/// Files that one answer may name.
const MOST_FILES: usize = 100;

/// The body of the webhook of a production or preset, as a form: `uuid=…&status=3&status_string=Done`.
///
/// ```
/// let id = "0123456789abcdefABCDEF".parse()?;
/// assert_eq!(wire::productions::status_form(id, false), "uuid=0123456789abcdefABCDEF&status=2&status_string=Error");
/// # Ok::<(), model::NotAnId>(())
/// ```
pub fn status_form(production: ProductionId, is_done: bool) -> String {
    let number = if is_done { 3 } else { 2 };
    // Neither an id nor these words have anything in them that would be encoded.
    format!("uuid={production}&status={number}&status_string={}", status::text(number))
}

/// What a service answered: the page that it made of a production, and files. Whatever it answers, that is no error: what is not there,
/// or is no address, is passed over.
pub fn service_reply(body: &[u8]) -> (Option<String>, Vec<String>) {
    let Ok(Value::Object(said)) = serde_json::from_slice(body) else { return (None, Vec::new()) };
    let page = said.get("result_page_url").and_then(address);
    let files = match said.get("result_file_url") {
        Some(Value::Array(files)) => files.iter().take(MOST_FILES).filter_map(address).collect(),
        Some(file) => address(file).into_iter().collect(),
        None => Vec::new(),
    };
    (page, files)
}

fn address(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let is_plain =
        text.chars().count() <= LONGEST_ADDRESS && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    (is_plain && !rest.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(body: &str) -> (Option<String>, Vec<String>) {
        service_reply(body.as_bytes())
    }

    #[test]
    fn a_service_says_what_it_made() {
        let both = r#"{"result_page_url": "https://h.example/1", "result_file_url": "http://h.example/1.mp3"}"#;
        assert_eq!(heard(both), (Some("https://h.example/1".into()), vec!["http://h.example/1.mp3".into()]));
        let several = r#"{"result_file_url": ["https://h.example/a", 5, "https://h.example/b"]}"#;
        assert_eq!(heard(several), (None, vec!["https://h.example/a".into(), "https://h.example/b".into()]));
    }

    #[test]
    fn nothing_that_a_service_answers_is_an_error() {
        let long = format!(r#"{{"result_page_url": "https://h.example/{}"}}"#, "x".repeat(2_048));
        for body in [
            "",
            "ok",
            "[]",
            "null",
            "{",
            r#"{"result_page_url": null}"#,
            r#"{"result_page_url": "javascript:alert(1)"}"#,
            r#"{"result_page_url": "https://"}"#,
            r#"{"result_page_url": "https://h.example/a b", "result_file_url": {"a": 1}}"#,
            &long,
        ] {
            assert_eq!(heard(body), (None, vec![]), "{body}");
        }
        assert_eq!(service_reply(b"\xff\xfe"), (None, vec![]));
    }
}
