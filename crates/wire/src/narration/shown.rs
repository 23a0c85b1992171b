//! What this surface answers.

use model::ProductionId;
use serde::Serialize;
use utoipa::ToSchema;

/// The answer to a request for a narration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Requested {
    /// Where it is heard. The page works from now on, and says how far it is.
    #[schema(example = "https://sound.example/p/0Tt3sQ1a7Jd0xYc2Gf9LmN")]
    pub player_url: String,
    /// What it is called.
    #[schema(value_type = String)]
    pub player_id: ProductionId,
}

/// A way into the editor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Edited {
    /// To be opened by the person's browser within five minutes, once.
    pub editor_url: String,
}

/// What there is to hear or say at a player's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StatusName {
    /// It is being made.
    Generating,
    /// It can be heard.
    Ready,
    /// It did not work.
    Error,
}

/// A player, for programs.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlayerShown {
    /// What it is called.
    #[schema(value_type = String)]
    pub player_id: ProductionId,
    /// Where it is heard.
    pub player_url: String,
    /// The compact form, for an iframe of 124 pixels' height.
    pub embed_url: String,
    /// The address of the article.
    pub url: String,
    /// What there is to hear or say.
    pub status: StatusName,
    /// How much of the way is behind, 0 to 1.
    pub progress: f64,
    /// What the article is called.
    pub title: String,
    /// The sound, where there is some.
    #[schema(nullable)]
    pub audio_url: Option<String>,
    /// Its length in seconds.
    #[schema(nullable)]
    pub duration: Option<f64>,
    /// What is heard when, as WebVTT.
    #[schema(nullable)]
    pub transcript_url: Option<String>,
    /// Why there is nothing to hear, in a sentence.
    #[schema(nullable)]
    pub error: Option<String>,
    /// What the organization calls who asked for it.
    #[schema(nullable)]
    pub organization_user_id: Option<String>,
    /// When it was asked for.
    pub created_at: String,
    /// When it was last changed.
    pub updated_at: String,
}

/// How far a narration is, for its page: `/p/{id}/state` and the events of `/p/{id}/events`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Playing {
    /// What there is to hear or say.
    pub status: StatusName,
    /// How much of the way is behind, 0 to 100.
    pub percent: u8,
    /// What is being done: `fetching`, `writing`, `speaking`, `mastering`.
    pub step: &'static str,
    /// The same in a sentence.
    pub sentence: String,
    /// How long it takes still, in a sentence; empty where that is not known.
    pub left: String,
    /// The segment that is being spoken, from 0.
    pub segment: Option<usize>,
    /// How many there are.
    pub segments: usize,
    /// Counts changes of the text.
    pub revision: u32,
    /// What is finished of the sound, drawn: amplitudes from its beginning on, the furthest 7f, two digits each. Empty where there is none yet.
    pub bars: String,
}

/// What oEmbed consumers hear of a player: the `rich` type of oembed.com, section 2.3.4.4.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Oembed {
    /// `rich`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// `1.0`.
    pub version: &'static str,
    /// What the article is called.
    pub title: String,
    /// Who wrote it, where that is known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author_name: String,
    /// What it appears in.
    pub provider_name: String,
    /// Where that is.
    pub provider_url: String,
    /// Seconds for which this may be kept.
    pub cache_age: u32,
    /// What to put into a page.
    pub html: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

impl Oembed {
    /// The same in XML, as oembed.com asks for beside JSON.
    pub fn to_xml(&self) -> String {
        let mut xml = "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\n<oembed>\n".to_owned();
        let (cache_age, width, height) = (self.cache_age.to_string(), self.width.to_string(), self.height.to_string());
        let fields = [
            ("type", self.kind),
            ("version", self.version),
            ("title", &self.title),
            ("author_name", &self.author_name),
            ("provider_name", &self.provider_name),
            ("provider_url", &self.provider_url),
            ("cache_age", &cache_age),
            ("html", &self.html),
            ("width", &width),
            ("height", &height),
        ];
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            xml.extend(["  <", name, ">"]);
            for letter in value.chars() {
                match letter {
                    '&' => xml.push_str("&amp;"),
                    '<' => xml.push_str("&lt;"),
                    '>' => xml.push_str("&gt;"),
                    '"' => xml.push_str("&quot;"),
                    // XML 1.0 has no other control characters.
                    letter if letter.is_control() && letter != '\n' && letter != '\t' => xml.push(' '),
                    letter => xml.push(letter),
                }
            }
            xml.extend(["</", name, ">\n"]);
        }
        xml.push_str("</oembed>\n");
        xml
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_has_nothing_in_it_that_is_markup() {
        let oembed = Oembed {
            kind: "rich",
            version: "1.0",
            title: "A <b> & \"c\"\u{1}".to_owned(),
            author_name: String::new(),
            provider_name: "News".to_owned(),
            provider_url: "https://sound.example".to_owned(),
            cache_age: 60,
            html: "<iframe></iframe>".to_owned(),
            width: 600,
            height: 124,
        };
        let xml = oembed.to_xml();
        assert!(xml.contains("<title>A &lt;b&gt; &amp; &quot;c&quot; </title>"), "{xml}");
        assert!(xml.contains("<html>&lt;iframe&gt;&lt;/iframe&gt;</html>") && !xml.contains("author_name"), "{xml}");
    }
}
