//! What is wanted of a production, in words for its page. Changing it is the business of the API and, later, the portal.

use model::production::{Draft, Input};

use super::super::words::{number, size};
use super::files::format_name;

/// Names and values, in the order in which sound goes.
pub(crate) fn settings(draft: &Draft) -> Vec<(&'static str, String)> {
    let algorithms = &draft.algorithms;
    let mut settings = Vec::new();
    match &draft.input {
        Some(Input::File(file)) => settings.push(("Recording", format!("{}, {}", file.name, size(file.size)))),
        Some(Input::Address(address)) => settings.push(("Recording", address.clone())),
        Some(Input::Article(address)) => settings.push(("Article", address.clone())),
        Some(Input::OnService { name, .. }) => settings.push(("Recording", name.clone())),
        None => {}
    }
    if algorithms.normloudness {
        let target = short(algorithms.loudnesstarget);
        let peak = short(algorithms.maxpeak);
        settings.push(("Loudness", format!("{target}\u{2009}LUFS, peaks under {peak}\u{2009}dBTP")));
    } else {
        settings.push(("Loudness", "left as it is".to_owned()));
    }
    let mut repairs = Vec::new();
    if algorithms.filtering {
        repairs.push("rumble and hum filtered where they are found");
    }
    if algorithms.leveler {
        repairs.push("quiet and loud voices brought together");
    }
    if algorithms.silence_cutter {
        repairs.push("long pauses shortened");
    }
    if !repairs.is_empty() {
        settings.push(("Sound", sentence(&repairs)));
    }
    if !draft.outputs.is_empty() {
        let outputs: Vec<_> = draft
            .outputs
            .iter()
            .map(|order| match order.bitrate {
                Some(kbit) => format!("{} {kbit}\u{2009}kbit/s", format_name(&order.format)),
                None => format_name(&order.format).to_owned(),
            })
            .collect();
        settings.push(("Formats", outputs.join(", ")));
    }
    if draft.review_before_publishing {
        settings.push(("Publishing", "after your review".to_owned()));
    }
    settings
}

/// Parts as one sentence without its stop, the first letter large.
fn sentence(parts: &[&str]) -> String {
    let text = parts.join("; ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Without decimals that say nothing.
fn short(value: f64) -> String {
    number(value, usize::from((value - value.round()).abs() > 0.05))
}

#[cfg(test)]
mod tests {
    use model::production::OutputOrder;

    use super::*;

    #[test]
    fn what_is_wanted_is_said_in_words() {
        let mut draft = Draft {
            outputs: vec![OutputOrder { format: "mp3".into(), bitrate: Some(128), ..OutputOrder::default() }],
            ..Draft::default()
        };
        draft.algorithms.leveler = false;
        let told: Vec<_> = settings(&draft)
            .into_iter()
            .map(|(name, value)| format!("{name}: {value}").replace('\u{2009}', " "))
            .collect();
        assert_eq!(
            told,
            [
                "Loudness: −16 LUFS, peaks under −1 dBTP",
                "Sound: Rumble and hum filtered where they are found",
                "Formats: MP3 128 kbit/s"
            ]
        );
    }
}
