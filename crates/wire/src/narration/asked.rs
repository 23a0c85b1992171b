//! What the body of `POST /audyo` says.

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// The body of a request for a narration, as JSON or as a form. Names that are not known are passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Asked {
    /// The address of the article.
    #[schema(example = "https://news.example/harbour")]
    pub url: String,
    /// Where to say that it is ready, in place of the organization's own addresses.
    #[schema(nullable)]
    pub webhook_url: Option<String>,
    /// Who is to read, as `soundpost voices list` names them.
    #[schema(nullable)]
    pub voice: Option<String>,
    /// What it is to be called, in place of what the page says.
    #[schema(nullable)]
    pub title: Option<String>,
    /// The language of the article, in place of what the page says.
    #[schema(nullable)]
    pub language: Option<String>,
    /// A link to hide in the sound. Not built yet: refused.
    #[schema(nullable)]
    pub soundlink: Option<Value>,
}

impl Asked {
    /// What a form says. Of several pairs with one name the last one counts.
    pub fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        let mut asked = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "url" => asked.url = value,
                "webhookUrl" => asked.webhook_url = Some(value),
                "voice" => asked.voice = Some(value),
                "title" => asked.title = Some(value),
                "language" => asked.language = Some(value),
                "soundlink" => asked.soundlink = Some(Value::String(value)),
                _ => {}
            }
        }
        asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_and_json_say_the_same() {
        let json = r#"{"url":"https://a.example/","webhookUrl":"https://h.example/","voice":"v","other":[1]}"#;
        let pairs = [
            ("url", "x"),
            ("url", "https://a.example/"),
            ("webhookUrl", "https://h.example/"),
            ("voice", "v"),
            ("z", "1"),
        ];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        assert_eq!(serde_json::from_str::<Asked>(json).ok(), Some(Asked::from_pairs(pairs)));
        assert_eq!(serde_json::from_str::<Asked>("{}").ok(), Some(Asked::default()));
        assert!(serde_json::from_str::<Asked>(r#"{"url":7}"#).is_err());
    }
}
