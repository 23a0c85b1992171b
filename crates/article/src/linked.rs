//! What a page says of its article in JSON-LD, with the words of schema.org.
//!
//! What belongs here: finding the article among the things that a page speaks of, and reading what is said of it. What counts more than this is
//! told in `about`.

use serde_json::{Map, Value};

use crate::tree::Tree;

/// Kinds of things that are read, by their names without what stands before "Article".
const ARTICLES: &[&str] =
    &["Article", "BlogPosting", "LiveBlogPosting", "Report", "SocialMediaPosting", "Review", "TechArticle"];

/// Bytes of one statement, at the most.
const LONGEST: usize = 1 << 20;

/// Things that are looked at, at the most.
const MOST_THINGS: usize = 2_000;

/// What is said of the article. What is not said is empty.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Linked {
    pub(crate) title: String,
    pub(crate) authors: Vec<String>,
    pub(crate) site: String,
    pub(crate) section: String,
    pub(crate) summary: String,
    pub(crate) language: String,
    pub(crate) published: String,
    pub(crate) image: String,
    /// Whether everybody may read all of it.
    pub(crate) free: Option<bool>,
}

/// Reads what a page says.
pub(crate) fn of(tree: &Tree) -> Linked {
    let scripts = tree.within(Tree::ROOT).filter(|id| {
        tree.name(*id) == "script"
            && tree.attribute(*id, "type").is_some_and(|kind| kind.to_ascii_lowercase().contains("ld+json"))
    });
    let mut linked = Linked::default();
    let mut found = false;
    for script in scripts.take(20) {
        let text = tree.all_text(script);
        if text.len() > LONGEST {
            continue;
        }
        let text = text
            .trim()
            .trim_start_matches("<![CDATA[")
            .trim_start_matches("<!--")
            .trim_end_matches("]]>")
            .trim_end_matches("-->");
        let Ok(value) = serde_json::from_str::<Value>(text.trim().trim_end_matches(';')) else { continue };
        // One statement may refer to people and sites that stand beside the article.
        let things = things(&value);
        if let Some(article) = things.iter().find(|thing| kinds(thing).any(is_article)).filter(|_| !found) {
            found = true;
            let site = linked.site;
            linked = about(article, &things);
            if linked.site.is_empty() {
                linked.site = site;
            }
        }
        let named =
            things.iter().find(|thing| kinds(thing).any(|kind| kind == "WebSite")).map(|site| text_of(site, "name"));
        if let Some(name) = named.filter(|_| linked.site.is_empty()) {
            linked.site = name;
        }
    }
    linked
}

fn about(article: &Map<String, Value>, things: &[&Map<String, Value>]) -> Linked {
    let name_of = |value: &Value| names(value, things);
    let first = |names: &[&str]| {
        names.iter().map(|name| text_of(article, name)).find(|text| !text.is_empty()).unwrap_or_default()
    };
    Linked {
        title: first(&["headline", "name"]),
        authors: ["author", "creator"]
            .iter()
            .filter_map(|name| article.get(*name))
            .map(name_of)
            .find(|names| !names.is_empty())
            .unwrap_or_default(),
        site: article.get("publisher").map(name_of).and_then(|names| names.into_iter().next()).unwrap_or_default(),
        section: first(&["articleSection"]),
        summary: first(&["description", "abstract"]),
        language: first(&["inLanguage"]),
        published: first(&["datePublished", "dateCreated"]),
        image: article.get("image").and_then(|image| address(image, things)).unwrap_or_default(),
        free: article.get("isAccessibleForFree").and_then(|free| match free {
            Value::Bool(free) => Some(*free),
            Value::String(free) => Some(!free.to_ascii_lowercase().ends_with("false")),
            _ => None,
        }),
    }
}

/// All things that a statement speaks of, the outer ones first.
fn things(value: &Value) -> Vec<&Map<String, Value>> {
    let mut things = Vec::new();
    let mut to_see = std::collections::VecDeque::from([value]);
    while let Some(value) = to_see.pop_front() {
        match value {
            Value::Array(values) => to_see.extend(values),
            Value::Object(thing) => {
                things.push(thing);
                to_see.extend(thing.values().filter(|value| value.is_array() || value.is_object()));
            }
            _ => {}
        }
        if things.len() >= MOST_THINGS {
            break;
        }
    }
    things
}

fn kinds(thing: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let kinds = match thing.get("@type") {
        Some(Value::Array(kinds)) => kinds.as_slice(),
        Some(kind) => std::slice::from_ref(kind),
        None => &[],
    };
    kinds.iter().filter_map(Value::as_str).map(|kind| kind.rsplit(['/', ':']).next().unwrap_or(kind))
}

fn is_article(kind: &str) -> bool {
    ARTICLES.contains(&kind) || kind.ends_with("Article")
}

/// What a thing says under a name: a text, or the first of several.
fn text_of(thing: &Map<String, Value>, name: &str) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(inner) => {
            ["@value", "name", "alternateName"].iter().find_map(|name| inner.get(*name)?.as_str().map(str::to_owned))
        }
        _ => None,
    };
    match thing.get(name) {
        Some(Value::Array(values)) => values.iter().find_map(text),
        Some(value) => text(value),
        None => None,
    }
    .unwrap_or_default()
}

/// The names of people, or of an organisation, said here or elsewhere in the same statement.
fn names(value: &Value, things: &[&Map<String, Value>]) -> Vec<String> {
    match value {
        Value::String(name) => vec![name.clone()],
        Value::Array(values) => values.iter().take(20).filter_map(|value| one_name(value, things)).collect(),
        value => one_name(value, things).into_iter().collect(),
    }
}

fn one_name(value: &Value, things: &[&Map<String, Value>]) -> Option<String> {
    match value {
        Value::String(name) => Some(name.clone()),
        Value::Object(thing) => Some(text_of(same(thing, things), "name")).filter(|name| !name.is_empty()),
        _ => None,
    }
}

/// The thing that is meant where only its `@id` stands.
fn same<'a>(thing: &'a Map<String, Value>, things: &[&'a Map<String, Value>]) -> &'a Map<String, Value> {
    let id = thing.get("@id").filter(|_| thing.len() == 1);
    let meant = id.and_then(|id| things.iter().find(|other| other.len() > 1 && other.get("@id") == Some(id)));
    meant.copied().unwrap_or(thing)
}

fn address(value: &Value, things: &[&Map<String, Value>]) -> Option<String> {
    match value {
        Value::String(address) => Some(address.clone()),
        Value::Array(values) => {
            values.first().filter(|first| !first.is_array()).and_then(|first| address(first, things))
        }
        Value::Object(thing) => {
            ["url", "contentUrl"].iter().find_map(|name| same(thing, things).get(*name)?.as_str().map(str::to_owned))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use super::*;

    fn linked(json: &str) -> Linked {
        of(&crate::parse::tree(&format!("<script type='application/ld+json'>{json}</script>")).unwrap())
    }

    #[test]
    fn things_that_stand_elsewhere_are_found() {
        let found = linked(
            r##"{"@context": "https://schema.org", "@graph": [
                {"@type": "WebSite", "name": "The Coast Ledger"},
                {"@type": ["Thing", "NewsArticle"], "headline": "Tides", "author": [{"@id": "#ada"}, {"@type": "Person", "name": "Charles"}],
                 "image": [{"@type": "ImageObject", "url": "/a.jpg"}], "datePublished": "2026-11-21", "articleSection": ["Coast", "Sea"], "isAccessibleForFree": "False"},
                {"@type": "Person", "@id": "#ada", "name": "Ada"}]}"##,
        );
        let expected = Linked {
            title: "Tides".into(),
            authors: vec!["Ada".into(), "Charles".into()],
            site: "The Coast Ledger".into(),
            section: "Coast".into(),
            published: "2026-11-21".into(),
            image: "/a.jpg".into(),
            free: Some(false),
            ..Linked::default()
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn what_makes_no_sense_says_nothing() {
        for json in ["", "{", "[1, null, [[]]]", "{\"@type\": 7}", "{\"@type\": \"Recipe\", \"name\": \"Soup\"}"] {
            assert_eq!(linked(json), Linked::default(), "{json}");
        }
        assert_eq!(linked(&format!("{}{}", "[".repeat(5000), "]".repeat(5000))), Linked::default());
    }
}
