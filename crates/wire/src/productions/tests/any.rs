//! Whatever comes, it is read or refused with a reason, and never a panic.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ALL, read};
use crate::productions::{Form, Listing, preset, production, webhook};

/// Names that mean something, so that values get as far as their readers.
const NAMES: [&str; 40] = [
    "preset",
    "preset_name",
    "metadata",
    "output_basename",
    "chapters",
    "input_file",
    "service",
    "image",
    "output_files",
    "algorithms",
    "outgoing_services",
    "webhook",
    "review_before_publishing",
    "action",
    "reset_data",
    "multi_input_files",
    "is_multitrack",
    "speech_recognition",
    "title",
    "year",
    "url",
    "tags",
    "location",
    "latitude",
    "longitude",
    "format",
    "bitrate",
    "ending",
    "filename",
    "start",
    "uuid",
    "leveler",
    "levelermode",
    "loudnesstarget",
    "maxpeak",
    "denoiseamount",
    "soundlink",
    "filler_cutter",
    "hipfilter",
    "summary",
];

fn name() -> impl Strategy<Value = String> {
    prop_oneof![4 => prop::sample::select(NAMES.as_slice()).prop_map(str::to_owned), 1 => any::<String>()]
}

fn value() -> impl Strategy<Value = Value> {
    const WORDS: [&str; 9] =
        ["true", "mp3", "psc", "−1", "1e999", "0:10", "http://a.example", "deigtvDv8jH6NaK52Z5eXH", "start"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        any::<String>().prop_map(Value::from),
        prop::sample::select(WORDS.as_slice()).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::from),
            btree_map(name(), inner, 0..8).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused(value in value()) {
        let body = value.to_string();
        for result in [production(body.as_bytes(), ALL), preset(body.as_bytes(), ALL)] {
            if let Err(errors) = result {
                prop_assert!(errors.iter().count() > 0 && errors.iter().all(|(_, said)| !said.is_empty()));
            }
        }
        let _ = webhook(body.as_bytes());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        if let Err(errors) = production(&bytes, ALL) {
            prop_assert!(!errors.is_empty());
        }
    }

    #[test]
    fn any_form_is_read_or_refused(fields in vec((name(), any::<String>()), 0..30)) {
        let mut form = Form::new(ALL);
        for (name, value) in &fields {
            form.text(name, value);
        }
        if let Err(errors) = form.finish() {
            prop_assert!(!errors.is_empty());
        }
        let _ = Listing::read(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    }

    /// What is shown can be sent again, and means the same.
    #[test]
    fn metadata_comes_back(title in "[^\\p{C}\\p{Z}]{1,20}", year in "[0-9]{4}", tags in vec("[a-z]{1,8}", 0..5), north in -90.0..90.0) {
        let mut draft = model::Draft::default();
        let body = json!({"metadata": {"title": title, "year": year, "tags": tags, "location": {"latitude": north, "longitude": 0}}});
        draft.apply(read(&body.to_string()).unwrap().edit);
        let shown = json!({"metadata": crate::productions::Metadata::from(&draft.metadata)});
        let mut again = model::Draft::default();
        again.apply(read(&shown.to_string()).unwrap().edit);
        prop_assert_eq!(again, draft);
    }
}
