//! The `moov` box: everything about a file but the sound itself (ISO 14496-12 §8; AAC as in ISO 14496-14 §5.6 and
//! 14496-1 §7.2.6; ALAC as in Apple's "ALACMagicCookieDescription"). Creation times are left at zero, "not said", so
//! that the same sound gives the same bytes on any day.

use super::chapters::Marks;
use super::ilst::{self, Gapless};
use super::tree::{Hole, Tree};
use super::{Coding, Sound};
use crate::tag::{ReplayGain, Tags};

/// Track numbers.
const SOUND: u32 = 1;
const TEXT: u32 = 2;

/// Ticks per second of the text track.
const MILLISECONDS: u32 = 1000;

/// Packed ISO 639-2 code "und" (ISO 14496-12 §8.4.2).
const UNDETERMINED: u16 = 0x55C4;

/// Track flags (ISO 14496-12 §8.3.2): enabled, in the movie, in the preview.
const PLAYED: u32 = 7;
const IN_MOVIE: u32 = 2;

/// Transformation that changes nothing (ISO 14496-12 §6.2.2).
const UNITY: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// What is known of a file when its sound is written, or is guessed before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Movie<'a> {
    pub(super) sound: &'a Sound,
    pub(super) tags: &'a Tags,
    pub(super) gain: Option<&'a ReplayGain>,
    /// Frames of sound without what the codec adds.
    pub(super) frames: u64,
    /// Packets of sound.
    pub(super) packets: u32,
    /// Bytes in all packets.
    pub(super) bytes: u64,
    /// Bytes in the largest packet.
    pub(super) largest: u16,
    /// Where the titles of the chapters are in the file.
    pub(super) titles_at: u64,
    /// Whether some packet lies beyond 4 GiB.
    pub(super) far: bool,
}

impl Movie<'_> {
    /// Builds the box.
    pub(super) fn tree(&self) -> Tree {
        let marks = Marks::within(&self.tags.chapters, self.length_ms());
        let mut tree = Tree::default();
        tree.boxed(*b"moov", |tree| {
            let version = version_for(self.frames);
            tree.full(*b"mvhd", version, 0, |tree| {
                tree.versioned(version, 0).versioned(version, 0).u32(self.sound.rate).versioned(version, self.frames);
                tree.u32(0x1_0000).u16(0x0100).zeros(10);
                unity(tree);
                tree.zeros(24).u32(TEXT + 1);
            });
            self.sound_track(tree, &marks);
            if !marks.is_empty() {
                self.text_track(tree, &marks);
            }
            ilst::user_data(tree, self.tags, &marks, self.gain, self.gapless());
        });
        tree
    }

    /// Number of runs of packets whose place is told.
    pub(super) fn runs(&self) -> u32 {
        self.packets.div_ceil(self.sound.packets_per_run())
    }

    fn length_ms(&self) -> u64 {
        (u128::from(self.frames) * 1000 / u128::from(self.sound.rate)) as u64
    }

    /// Frames that the last packet is told to hold: what is missing to the end. What it holds beyond is not sound.
    fn last_frames(&self) -> u32 {
        let all = u64::from(self.sound.delay) + self.frames;
        let before = u64::from(self.packets.saturating_sub(1)) * u64::from(self.sound.packet_frames);
        // A single packet of a single tick is taken by ffmpeg for sound that is not coded at all; the edit list cuts
        // the second.
        let least = if self.packets == 1 { 2 } else { 1 };
        all.saturating_sub(before).clamp(least, u64::from(self.sound.packet_frames)) as u32
    }

    /// Frames in all packets, as far as they are told of.
    fn media_length(&self) -> u64 {
        match self.packets.checked_sub(1) {
            Some(before) => u64::from(before) * u64::from(self.sound.packet_frames) + u64::from(self.last_frames()),
            None => 0,
        }
    }

    fn gapless(&self) -> Option<Gapless> {
        (self.sound.delay > 0 && self.packets > 0).then(|| Gapless {
            delay: self.sound.delay,
            padding: self.sound.packet_frames - self.last_frames(),
            frames: self.frames,
        })
    }

    fn sound_track(&self, tree: &mut Tree, marks: &Marks) {
        tree.boxed(*b"trak", |tree| {
            self.track_header(tree, SOUND, PLAYED);
            if self.frames > 0 {
                edits(tree, &[(self.frames, i64::from(self.sound.delay))]);
            }
            if !marks.is_empty() {
                tree.boxed(*b"tref", |tree| tree.boxed(*b"chap", |tree| _ = tree.u32(TEXT)));
            }
            tree.boxed(*b"mdia", |tree| {
                media_header(tree, self.sound.rate, self.media_length());
                handler(tree, *b"soun", "Sound");
                tree.boxed(*b"minf", |tree| {
                    tree.full(*b"smhd", 0, 0, |tree| _ = tree.u32(0));
                    data_in_this_file(tree);
                    tree.boxed(*b"stbl", |tree| self.sound_table(tree));
                });
            });
        });
    }

    fn sound_table(&self, tree: &mut Tree) {
        let sound = self.sound;
        tree.full(*b"stsd", 0, 0, |tree| {
            tree.u32(1);
            tree.boxed(sound.coding.name(), |tree| {
                tree.zeros(6).u16(1).zeros(8).u16(sound.channels).u16(16).u32(0).u32(sound.rate << 16);
                match &sound.coding {
                    Coding::Aac { config, bitrate } => {
                        tree.full(*b"esds", 0, 0, |tree| self.aac_descriptor(tree, config, *bitrate));
                    }
                    Coding::Alac => tree.full(*b"alac", 0, 0, |tree| self.alac_cookie(tree)),
                }
            });
        });
        let last = self.last_frames();
        let times = match self.packets {
            0 => vec![],
            1 => vec![(1, last)],
            some if last == sound.packet_frames => vec![(some, last)],
            many => vec![(many - 1, sound.packet_frames), (1, last)],
        };
        pairs(tree, *b"stts", &times);
        let per_run = sound.packets_per_run();
        let (whole, rest) = (self.packets / per_run, self.packets % per_run);
        let mut runs = Vec::new();
        if whole > 0 {
            runs.push((1, per_run));
        }
        if rest > 0 {
            runs.push((whole + 1, rest));
        }
        packets_in_runs(tree, &runs);
        tree.full(*b"stsz", 0, 0, |tree| {
            tree.u32(0).u32(self.packets).hole(Hole::PacketSizes, u64::from(self.packets) * 4);
        });
        let runs = self.runs();
        if self.far {
            tree.full(*b"co64", 0, 0, |tree| _ = tree.u32(runs).hole(Hole::Offsets64, u64::from(runs) * 8));
        } else {
            tree.full(*b"stco", 0, 0, |tree| _ = tree.u32(runs).hole(Hole::Offsets32, u64::from(runs) * 4));
        }
        if sound.delay > 0 && self.packets > 0 {
            // A decoder that starts in the middle needs the packet before (ISO 14496-12 §10.1, "roll").
            tree.full(*b"sgpd", 1, 0, |tree| _ = tree.put(b"roll").u32(2).u32(1).put(&(-1i16).to_be_bytes()));
            tree.full(*b"sbgp", 0, 0, |tree| _ = tree.put(b"roll").u32(1).u32(self.packets).u32(1));
        }
    }

    /// Bits per second over all packets.
    fn average_bitrate(&self) -> u32 {
        let frames = u128::from(self.packets) * u128::from(self.sound.packet_frames);
        let bits = u128::from(self.bytes) * 8 * u128::from(self.sound.rate);
        u32::try_from(bits / frames.max(1)).unwrap_or(u32::MAX)
    }

    /// ES descriptor (ISO 14496-1 §7.2.6.5); each descriptor is short enough for a length of one byte.
    fn aac_descriptor(&self, tree: &mut Tree, config: &[u8], bitrate: u32) {
        let specific = config.len() as u8;
        tree.u8(3).u8(3 + 2 + 13 + 2 + specific + 3).u16(0).u8(0);
        // Object type 0x40: MPEG-4 audio; stream type 5: audio, with the reserved bit set.
        tree.u8(4).u8(13 + 2 + specific).u8(0x40).u8(5 << 2 | 1);
        tree.put(&u32::from(self.largest).to_be_bytes()[1..]).u32(bitrate).u32(self.average_bitrate());
        tree.u8(5).u8(specific).put(config);
        tree.u8(6).u8(1).u8(2);
    }

    /// ALACSpecificConfig with the tuning that Apple's encoder uses and `alac-encoder` keeps.
    fn alac_cookie(&self, tree: &mut Tree) {
        let Sound { rate, channels, packet_frames, .. } = *self.sound;
        tree.u32(packet_frames).u8(0).u8(16).u8(40).u8(10).u8(14).u8(channels as u8).u16(255);
        tree.u32(u32::from(self.largest)).u32(self.average_bitrate()).u32(rate);
    }

    fn text_track(&self, tree: &mut Tree, marks: &Marks) {
        tree.boxed(*b"trak", |tree| {
            // Not enabled: it is shown as a list of chapters, not as subtitles.
            self.track_header(tree, TEXT, IN_MOVIE);
            let wait = (u128::from(marks.first_ms()) * u128::from(self.sound.rate) / 1000) as u64;
            if wait > 0 {
                edits(tree, &[(wait, -1), (self.frames.saturating_sub(wait), 0)]);
            } else {
                edits(tree, &[(self.frames, 0)]);
            }
            tree.boxed(*b"mdia", |tree| {
                media_header(tree, MILLISECONDS, marks.lengths_ms().map(u64::from).sum());
                handler(tree, *b"text", "Chapters");
                tree.boxed(*b"minf", |tree| {
                    // QuickTime File Format, "Base Media Information Header" and "Text Media Information".
                    tree.boxed(*b"gmhd", |tree| {
                        tree.full(*b"gmin", 0, 0, |tree| _ = tree.u16(0x40).u16(0x8000).u16(0x8000).u16(0x8000).u32(0));
                        tree.boxed(*b"text", unity);
                    });
                    data_in_this_file(tree);
                    tree.boxed(*b"stbl", |tree| self.text_table(tree, marks));
                });
            });
        });
    }

    fn text_table(&self, tree: &mut Tree, marks: &Marks) {
        tree.full(*b"stsd", 0, 0, |tree| {
            tree.u32(1);
            // QuickTime File Format, "Text Sample Description": all looks left at their defaults, no font name.
            tree.boxed(*b"text", |tree| _ = tree.zeros(6).u16(1).u32(1).zeros(39).u8(0));
        });
        let times: Vec<_> = marks.lengths_ms().map(|length| (1, length)).collect();
        pairs(tree, *b"stts", &times);
        packets_in_runs(tree, &[(1, marks.count())]);
        tree.full(*b"stsz", 0, 0, |tree| {
            tree.u32(0).u32(marks.count());
            marks.sizes().for_each(|size| _ = tree.u32(size));
        });
        tree.full(*b"co64", 0, 0, |tree| _ = tree.u32(1).u64(self.titles_at));
    }

    fn track_header(&self, tree: &mut Tree, track: u32, flags: u32) {
        let version = version_for(self.frames);
        tree.full(*b"tkhd", version, flags, |tree| {
            tree.versioned(version, 0).versioned(version, 0).u32(track).u32(0).versioned(version, self.frames);
            let volume = if track == SOUND { 0x0100 } else { 0 };
            tree.zeros(8).u16(0).u16(0).u16(volume).u16(0);
            unity(tree);
            tree.u32(0).u32(0);
        });
    }
}

/// The box version whose times are wide enough.
fn version_for(ticks: u64) -> u8 {
    u8::from(ticks > u64::from(u32::MAX))
}

/// An edit list (ISO 14496-12 §8.6.6): for so many frames of the movie, play from that tick of the media; -1: nothing.
fn edits(tree: &mut Tree, edits: &[(u64, i64)]) {
    let version = edits.iter().map(|(length, _)| version_for(*length)).max().unwrap_or(0);
    tree.boxed(*b"edts", |tree| {
        tree.full(*b"elst", version, 0, |tree| {
            tree.u32(edits.len() as u32);
            for &(length, from) in edits {
                tree.versioned(version, length);
                if version == 0 {
                    tree.u32(from as u32)
                } else {
                    tree.u64(from as u64)
                };
                tree.u16(1).u16(0);
            }
        });
    });
}

fn media_header(tree: &mut Tree, ticks_per_second: u32, length: u64) {
    let version = version_for(length);
    tree.full(*b"mdhd", version, 0, |tree| {
        tree.versioned(version, 0).versioned(version, 0).u32(ticks_per_second).versioned(version, length);
        tree.u16(UNDETERMINED).u16(0);
    });
}

fn handler(tree: &mut Tree, kind: [u8; 4], name: &str) {
    tree.full(*b"hdlr", 0, 0, |tree| _ = tree.u32(0).put(&kind).zeros(12).put(name.as_bytes()).u8(0));
}

fn data_in_this_file(tree: &mut Tree) {
    tree.boxed(*b"dinf", |tree| {
        tree.full(*b"dref", 0, 0, |tree| {
            tree.u32(1);
            tree.full(*b"url ", 0, 1, |_| ());
        });
    });
}

fn pairs(tree: &mut Tree, kind: [u8; 4], pairs: &[(u32, u32)]) {
    tree.full(kind, 0, 0, |tree| {
        tree.u32(pairs.len() as u32);
        for &(first, second) in pairs {
            tree.u32(first).u32(second);
        }
    });
}

/// From run so and so on (counted from 1), each has so many packets.
fn packets_in_runs(tree: &mut Tree, runs: &[(u32, u32)]) {
    tree.full(*b"stsc", 0, 0, |tree| {
        tree.u32(runs.len() as u32);
        for &(from, packets) in runs {
            tree.u32(from).u32(packets).u32(1);
        }
    });
}

fn unity(tree: &mut Tree) {
    for value in UNITY {
        tree.u32(value);
    }
}
