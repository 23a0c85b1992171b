//! Names of the files of a production: as they were ordered, without folders, and no two the same.

use std::collections::HashSet;

use model::production::OutputOrder;

/// Bytes that a stem may have: endings, suffixes and numbers still fit what file systems take.
const LONGEST_STEM: usize = 180;

/// Names given so far.
pub(super) struct Names {
    stem: String,
    /// In lower case: some systems take `A.mp3` and `a.mp3` for one file.
    taken: HashSet<String>,
}

impl Names {
    /// Names that begin with the basename, or where there is none with the recording's own name.
    pub(super) fn new(basename: &str, recording: &str) -> Self {
        let stem = if basename.trim().is_empty() {
            recording.rsplit_once('.').map_or(recording, |(stem, _)| stem)
        } else {
            basename
        };
        Self { stem: plain(stem), taken: HashSet::new() }
    }

    /// The name of one file. `middle` stands before the ending of files that are no sound: `talk.chapters.json`.
    pub(super) fn give(&mut self, order: &OutputOrder, middle: &str, ending: &str, kbps: Option<u32>) -> String {
        let wanted = if order.filename.trim().is_empty() {
            format!("{}{}{middle}.{ending}", self.stem, suffix(&order.suffix))
        } else {
            plain(&order.filename)
        };
        let (stem, ending) = wanted.rsplit_once('.').unwrap_or((&wanted, ending));
        let rate = kbps.map(|kbps| format!("-{kbps}k")).unwrap_or_default();
        let told_apart = format!("{stem}-{}{rate}", order.format);
        let numbered = (2..).map(|number| format!("{told_apart}-{number}.{ending}"));
        let names = [wanted.clone(), format!("{told_apart}.{ending}")].into_iter().chain(numbered);
        // There are always more numbers than files.
        names.into_iter().find(|name| self.taken.insert(name.to_lowercase())).unwrap_or(wanted)
    }
}

/// A suffix as it stands in the middle of a name, where dots and spaces may stay.
fn suffix(text: &str) -> String {
    text.chars().filter(|c| !forbidden(*c)).take(60).collect()
}

/// A name without folders, unseen characters and leading dots, never empty, short enough.
fn plain(text: &str) -> String {
    let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: String = last.chars().filter(|c| !forbidden(*c)).collect();
    let seen = seen.trim_matches(|c: char| c.is_whitespace() || c == '.');
    if seen.is_empty() {
        return "recording".to_owned();
    }
    let (stem, ending) = seen.rsplit_once('.').filter(|(_, ending)| ending.len() <= 16).unwrap_or((seen, ""));
    let end = stem.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= LONGEST_STEM).last();
    let stem = stem.get(..end.unwrap_or(0)).unwrap_or_default();
    if ending.is_empty() { stem.to_owned() } else { format!("{stem}.{ending}") }
}

fn forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '/' | '\\' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn order(format: &str, suffix: &str, filename: &str) -> OutputOrder {
        OutputOrder {
            format: format.to_owned(),
            suffix: suffix.to_owned(),
            filename: filename.to_owned(),
            ..OutputOrder::default()
        }
    }

    #[test]
    fn no_two_files_have_one_name() {
        let mut names = Names::new("", "my.talk.wav");
        assert_eq!(names.give(&order("mp3", "", ""), "", "mp3", Some(128)), "my.talk.mp3");
        assert_eq!(names.give(&order("mp3", "", ""), "", "mp3", Some(64)), "my.talk-mp3-64k.mp3");
        assert_eq!(names.give(&order("mp3", "", ""), "", "mp3", Some(64)), "my.talk-mp3-64k-2.mp3");
        assert_eq!(names.give(&order("mp3", "-low", ""), "", "mp3", Some(64)), "my.talk-low.mp3");
        assert_eq!(names.give(&order("flac", "", "MY.TALK.mp3"), "", "flac", None), "MY.TALK-flac.mp3");
        assert_eq!(names.give(&order("stats", "", ""), ".stats", "json", None), "my.talk.stats.json");
    }

    #[test]
    fn names_stay_where_they_belong() {
        for (basename, recording, name) in [
            ("episode 1", "x.wav", "episode 1.mp3"),
            ("../../etc/passwd", "x.wav", "passwd.mp3"),
            ("", "..", "recording.mp3"),
            (" . ", "..", "recording.mp3"),
            ("a\u{202e}b\n", "", "ab.mp3"),
            ("", "talk", "talk.mp3"),
        ] {
            assert_eq!(Names::new(basename, recording).give(&order("mp3", "", ""), "", "mp3", None), name);
        }
        assert_eq!(Names::new("", "x.wav").give(&order("mp3", "/../../y", ""), "", "mp3", None), "x....y.mp3");
        assert_eq!(Names::new("", "x.wav").give(&order("mp3", "", "/tmp/../a.mp3"), "", "mp3", None), "a.mp3");
    }

    proptest! {
        #[test]
        fn no_name_leads_anywhere(basename in ".{0,300}", filename in ".{0,300}", suffix in ".{0,100}") {
            let mut names = Names::new(&basename, "talk.wav");
            for order in [order("mp3", &suffix, ""), order("mp3", "", &filename), order("mp3", "", &filename)] {
                let name = names.give(&order, "", "mp3", Some(320));
                prop_assert!(!name.contains(['/', '\\', '\0']) && !name.starts_with('.') && name.len() < 1_000);
            }
        }
    }
}
