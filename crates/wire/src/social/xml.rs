//! XML as web frameworks of 2009 wrote it: dashes in names, `type` where a value is no text, `nil` where there is none.

use std::fmt::Write;

use serde_json::{Map, Value};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// A whole document.
pub(super) fn document(name: &str, values: &Map<String, Value>) -> String {
    let mut text = HEAD.to_owned();
    element(&mut text, 0, name, &Value::Object(values.clone()));
    text
}

/// What went wrong.
pub(super) fn errors(message: &str) -> String {
    format!("{HEAD}<errors>\n  <error>{}</error>\n</errors>\n", escape(message))
}

fn element(text: &mut String, depth: usize, name: &str, value: &Value) {
    let (indent, name) = ("  ".repeat(depth), name.replace('_', "-"));
    // Writing to a string cannot fail.
    let _ = match value {
        Value::Null => writeln!(text, "{indent}<{name} nil=\"true\"></{name}>"),
        Value::Bool(is) => writeln!(text, "{indent}<{name} type=\"boolean\">{is}</{name}>"),
        Value::Number(number) if number.is_f64() => writeln!(text, "{indent}<{name} type=\"float\">{number}</{name}>"),
        Value::Number(number) => writeln!(text, "{indent}<{name} type=\"integer\">{number}</{name}>"),
        Value::String(string) => writeln!(text, "{indent}<{name}>{}</{name}>", escape(string)),
        Value::Array(items) => {
            let _ = writeln!(text, "{indent}<{name} type=\"array\">");
            let each = name.strip_suffix('s').unwrap_or(&name);
            for item in items {
                element(text, depth + 1, each, item);
            }
            writeln!(text, "{indent}</{name}>")
        }
        Value::Object(fields) => {
            let _ = writeln!(text, "{indent}<{name}>");
            for (field, value) in fields {
                element(text, depth + 1, field, value);
            }
            writeln!(text, "{indent}</{name}>")
        }
    };
}

/// Text within an element. Characters that XML 1.0 has no way to write are left out.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\t' | '\n' | '\r' => escaped.push(character),
            character if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => {}
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_value_has_its_form() {
        let Value::Object(values) = json!({
            "user_id": 3, "full_name": "A & <B>\u{1}", "online": false, "bpm": 1.5, "city": null,
            "tracks": [{ "id": 1 }],
        }) else {
            return;
        };
        expect_test::expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <user>
              <user-id type="integer">3</user-id>
              <full-name>A &amp; &lt;B&gt;</full-name>
              <online type="boolean">false</online>
              <bpm type="float">1.5</bpm>
              <city nil="true"></city>
              <tracks type="array">
                <track>
                  <id type="integer">1</id>
                </track>
              </tracks>
            </user>
        "#]]
        .assert_eq(&document("user", &values));
    }
}
