//! What is written into files beside the sound: fields, chapters, cover, ReplayGain. How a file format stores them is
//! in the files below and beside the encoders; what they say, so that all formats say the same, is here.

pub mod cover;
pub mod id3;
pub(crate) mod vorbis_comment;

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use model::{Chapters, Location, Metadata};

/// Everything that is said in a file beside its sound.
#[derive(Clone, Debug, Default)]
pub struct Tags {
    /// Descriptive fields. Empty strings are not written.
    pub metadata: Metadata,
    /// Chapter marks.
    pub chapters: Chapters,
    /// Cover picture.
    pub cover: Option<Cover>,
    /// Lyrics or transcript as plain text.
    pub lyrics: Option<String>,
}

/// A cover picture whose first bytes were checked: see [`Cover::parse`].
#[derive(Clone, Debug)]
pub struct Cover {
    /// `image/jpeg` or `image/png`.
    pub mime: &'static str,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// The file as it was given.
    pub bytes: Arc<[u8]>,
}

/// Measured loudness of what is in the file, for ReplayGain and R128 tags.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReplayGain {
    /// Integrated loudness in LUFS, or negative infinity for silence.
    pub loudness: f64,
    /// Greatest true peak, linear, 1.0 = full scale.
    pub peak: f64,
}

/// Loudness to which players turn a track that has a gain, in LUFS. ReplayGain 2.0 specification, "Reference level".
const REPLAYGAIN_REFERENCE: f64 = -18.0;

impl ReplayGain {
    /// Decibels by which a player should turn this track up, as text of always the same length: `-02.00 dB`. `None` for
    /// silence, which has no loudness: a number would be wrong there.
    pub fn gain_text(&self) -> Option<String> {
        let gain = REPLAYGAIN_REFERENCE - self.loudness;
        // Rounded first, and with a zero added that has a plus, so that no "-00.00" comes out.
        let gain = (gain * 100.0).round() / 100.0 + 0.0;
        // Two digits before the point are enough: the meter's own gate is at -70 LUFS.
        gain.is_finite().then(|| format!("{:+06.2} dB", gain.clamp(-99.99, 99.99)))
    }

    /// The greatest true peak, linear, as text of always the same length: `0.891251`. `None` where there is no gain
    /// either, and for a peak that is not a number.
    pub fn peak_text(&self) -> Option<String> {
        (self.loudness.is_finite() && self.peak.is_finite()).then(|| format!("{:.6}", self.peak.clamp(0.0, 9.999_999)))
    }
}

/// The summary as every format writes it: with the list of chapters below it if that was asked for.
///
/// ```
/// use audio::tag::{Tags, summary_text};
/// use model::{Chapter, Chapters};
///
/// let mut tags = Tags::default();
/// tags.metadata.summary = "A talk.".into();
/// tags.metadata.append_chapters = true;
/// tags.chapters = Chapters::new(vec![Chapter { start_ms: 3_725_000, title: "Questions".into(), url: None }]);
/// assert_eq!(summary_text(&tags), "A talk.\n\n01:02:05 Questions");
/// ```
pub fn summary_text(tags: &Tags) -> Cow<'_, str> {
    let summary = tags.metadata.summary.as_str();
    if !tags.metadata.append_chapters || tags.chapters.is_empty() {
        return Cow::Borrowed(summary);
    }
    let mut text = summary.trim_end().to_owned();
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    for (index, mark) in tags.chapters.as_slice().iter().enumerate() {
        let seconds = mark.start_ms / 1000;
        let separator = if index == 0 { "" } else { "\n" };
        // Writing into a String cannot fail.
        let _ = write!(text, "{separator}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        if !mark.title.is_empty() {
            text.push(' ');
            text.push_str(&mark.title);
        }
    }
    Cow::Owned(text)
}

/// A place as ISO 6709, Annex H writes it, degrees with four decimals (about 11 m): `+48.8577+002.2950/`.
pub fn location_text(location: &Location) -> String {
    format!("{:+08.4}{:+09.4}/", location.latitude, location.longitude)
}

/// The longest beginning of a text that fits into so many bytes and ends between two characters.
pub(crate) fn at_most(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use model::Chapter;

    use super::*;

    fn tags(summary: &str, append_chapters: bool) -> Tags {
        let mark = |start_ms, title: &str| Chapter { start_ms, title: title.into(), url: None };
        Tags {
            metadata: Metadata { summary: summary.into(), append_chapters, ..Metadata::default() },
            chapters: Chapters::new(vec![mark(0, "Opening"), mark(61_999, ""), mark(360_000_000, "The end")]),
            ..Tags::default()
        }
    }

    #[test]
    fn chapters_are_appended_only_when_asked() {
        assert_eq!(summary_text(&tags("About.", false)), "About.");
        assert_eq!(summary_text(&tags("About.\n", true)), "About.\n\n00:00:00 Opening\n00:01:01\n100:00:00 The end");
        assert_eq!(summary_text(&tags("", true)), "00:00:00 Opening\n00:01:01\n100:00:00 The end");
    }

    #[test]
    fn gain_text_has_one_length_and_none_for_silence() {
        let text = |loudness, peak| {
            let gain = ReplayGain { loudness, peak };
            (gain.gain_text(), gain.peak_text())
        };
        assert_eq!(text(-16.0, 0.891_250_9), (Some("-02.00 dB".into()), Some("0.891251".into())));
        assert_eq!(text(-17.999, 1.0), (Some("+00.00 dB".into()), Some("1.000000".into())));
        assert_eq!(text(-69.5, 1.5), (Some("+51.50 dB".into()), Some("1.500000".into())));
        assert_eq!(text(1e9, 1e9), (Some("-99.99 dB".into()), Some("9.999999".into())));
        assert_eq!(text(f64::NEG_INFINITY, 0.0), (None, None));
        assert_eq!(text(f64::NAN, f64::NAN), (None, None));
    }

    #[test]
    fn places_are_written_with_fixed_digits() {
        let place = |latitude, longitude| location_text(&Location { latitude, longitude });
        assert_eq!(place(48.8577, 2.295), "+48.8577+002.2950/");
        assert_eq!(place(-5.0, -170.25), "-05.0000-170.2500/");
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(at_most("Größe", 3), "Gr");
        assert_eq!(at_most("Größe", 4), "Grö");
        assert_eq!(at_most("Größe", 99), "Größe");
    }
}
