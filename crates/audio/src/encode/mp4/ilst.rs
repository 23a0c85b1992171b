//! What is said beside the sound, as iTunes stores it: `moov/udta` with its `meta/ilst` list (QuickTime File Format,
//! "User Data Atoms" and "Metadata"; four-letter names as iTunes writes and other programs read them).

use model::Metadata;

use super::chapters::Marks;
use super::tree::{Hole, Tree};
use crate::tag::vorbis_comment::ENCODER;
use crate::tag::{ReplayGain, Tags, at_most, location_text, summary_text};

/// Well-known types of values (QuickTime File Format, "Well-Known Types").
const IMPLICIT: u32 = 0;
const UTF8: u32 = 1;
const JPEG: u32 = 13;
const PNG: u32 = 14;

/// Longest short description that iTunes takes, in bytes.
const SHORT: usize = 255;

/// Packed ISO 639-2 code "und" (QuickTime File Format, "Language Code Values").
const UNDETERMINED: u16 = 0x55C4;

/// What a player needs to leave out of AAC what is not sound.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gapless {
    /// Frames in front.
    pub(super) delay: u32,
    /// Frames behind.
    pub(super) padding: u32,
    /// Frames between the two.
    pub(super) frames: u64,
}

/// Adds the user data of a movie.
pub(super) fn user_data(
    tree: &mut Tree,
    tags: &Tags,
    marks: &Marks,
    gain: Option<&ReplayGain>,
    gapless: Option<Gapless>,
) {
    tree.boxed(*b"udta", |tree| {
        tree.full(*b"meta", 0, 0, |tree| {
            tree.full(*b"hdlr", 0, 0, |tree| {
                tree.u32(0).put(b"mdirappl").zeros(9);
            });
            tree.boxed(*b"ilst", |tree| {
                descriptive(tree, tags);
                if let Some(gapless) = gapless {
                    // The format is not published; this is what iTunes writes and all readers know.
                    let Gapless { delay, padding, frames } = gapless;
                    let value = format!(" 00000000 {delay:08X} {padding:08X} {frames:016X}{}", " 00000000".repeat(8));
                    freeform(tree, "iTunSMPB", &value);
                }
                if let Some(gain) = gain {
                    freeform(tree, "replaygain_track_gain", &gain.gain_text().unwrap_or_default());
                    freeform(tree, "replaygain_track_peak", &gain.peak_text().unwrap_or_default());
                }
            });
        });
        marks.nero(tree);
        if let Some(place) = &tags.metadata.location {
            let place = location_text(place);
            tree.boxed(*b"\xA9xyz", |tree| {
                tree.u16(place.len() as u16).u16(UNDETERMINED).put(place.as_bytes());
            });
        }
    });
}

fn descriptive(tree: &mut Tree, tags: &Tags) {
    let said = &tags.metadata;
    let summary = summary_text(tags);
    let short = if said.subtitle.is_empty() { summary.as_ref() } else { &said.subtitle };
    for (kind, value) in [
        (*b"\xA9nam", said.title.as_str()),
        (*b"\xA9ART", &said.artist),
        (*b"\xA9alb", &said.album),
        (*b"\xA9gen", &said.genre),
        (*b"\xA9day", &said.year),
        (*b"desc", at_most(short, SHORT)),
        (*b"ldes", &summary),
        (*b"cprt", &said.license),
        (*b"keyw", &said.tags.join(", ")),
        (*b"\xA9too", ENCODER),
        (*b"\xA9lyr", tags.lyrics.as_deref().unwrap_or_default()),
    ] {
        text(tree, kind, value);
    }
    if let Some((number, of)) = track_number(said) {
        tree.boxed(*b"trkn", |tree| data(tree, IMPLICIT, |tree| _ = tree.u16(0).u16(number).u16(of).u16(0)));
    }
    for (name, value) in [
        ("SUBTITLE", &said.subtitle),
        ("PUBLISHER", &said.publisher),
        ("WEBSITE", &said.url),
        ("LICENSE", &said.license_url),
    ] {
        freeform(tree, name, value);
    }
    if let Some(cover) = &tags.cover {
        let kind = if cover.mime == "image/png" { PNG } else { JPEG };
        let bytes = &cover.bytes;
        tree.boxed(*b"covr", |tree| {
            data(tree, kind, |tree| _ = tree.hole(Hole::Shared(bytes.clone()), bytes.len() as u64));
        });
    }
}

/// `7` or `7/12` as numbers. What is not written so has no place in MP4.
fn track_number(said: &Metadata) -> Option<(u16, u16)> {
    let (number, of) = said.track.split_once('/').unwrap_or((&said.track, "0"));
    Some((number.trim().parse().ok()?, of.trim().parse().ok()?))
}

fn text(tree: &mut Tree, kind: [u8; 4], value: &str) {
    if !value.is_empty() {
        tree.boxed(kind, |tree| data(tree, UTF8, |tree| _ = tree.put(value.as_bytes())));
    }
}

/// A field under a name of its own, in the name space in which everybody looks.
fn freeform(tree: &mut Tree, name: &str, value: &str) {
    if !value.is_empty() {
        tree.boxed(*b"----", |tree| {
            tree.full(*b"mean", 0, 0, |tree| _ = tree.put(b"com.apple.iTunes"));
            tree.full(*b"name", 0, 0, |tree| _ = tree.put(name.as_bytes()));
            data(tree, UTF8, |tree| _ = tree.put(value.as_bytes()));
        });
    }
}

fn data(tree: &mut Tree, kind: u32, value: impl FnOnce(&mut Tree)) {
    tree.boxed(*b"data", |tree| {
        tree.u32(kind).u32(0);
        value(tree);
    });
}
