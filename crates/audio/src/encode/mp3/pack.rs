//! Lays frames out as one legal stream: bitrates, padding, and the bit reservoir through which a frame's data may begin
//! in the bytes of frames before it.
//!
//! Where the data came from makes no difference here. All that counts is how many bytes each frame needs, which is why
//! frames of several encoders can stand in one stream.
//!
//! Law: ISO/IEC 11172-3:1993, 2.4.2.7 (`main_data_begin`) and 2.4.3.1 (padding).

use std::collections::VecDeque;
use std::ops::Range;

use super::frame::{Format, Frame, Rate};

/// Where a stream stands between two frames.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// Bytes that earlier frames left over for the next.
    reservoir: usize,
    /// How far behind its bitrate the stream may still fall before a frame is padded: bytes times the sample rate.
    slack: u32,
}

impl Standing {
    /// Where the stream stands after a frame of the given bitrate and data, and whether that frame is padded. `None` when
    /// the data does not fit.
    fn after(self, format: &Format, index: u8, data: usize) -> Option<(Self, bool)> {
        let (slack, padded) = match format.bitrate() {
            // Padding belongs to constant bitrates; elsewhere a frame takes the bitrate that holds it.
            Rate::Variable(_) => (self.slack, false),
            Rate::Constant(_) => {
                let short = format.frame_remainder(index);
                match self.slack.checked_sub(short) {
                    Some(slack) => (slack, false),
                    None => (self.slack + format.rate() - short, true),
                }
            }
        };
        let length = format.frame_length(index) + usize::from(padded);
        let room = self.reservoir + area(format, length);
        let reservoir = room.checked_sub(data)?.min(format.reservoir_limit(length));
        Some((Self { reservoir, slack }, padded))
    }
}

/// A stream being written.
pub(super) struct Packer {
    format: Format,
    /// Bitrate index of all frames; none when it varies.
    index: Option<u8>,
    standing: Standing,
    /// Bytes not given out yet.
    bytes: Vec<u8>,
    /// Room for data in `bytes` that was not used yet, oldest first.
    areas: VecDeque<Range<usize>>,
    /// Bytes of all frames so far.
    length: u64,
}

impl Packer {
    /// An empty stream.
    pub(super) fn new(format: Format) -> Self {
        let index = match format.bitrate() {
            Rate::Constant(kbps) => format.bitrate_index(kbps),
            Rate::Variable(_) => None,
        };
        // The first frame is not padded (as LAME does it).
        let slack = index.map_or(0, |index| format.frame_remainder(index));
        let standing = Standing { reservoir: 0, slack };
        Self { format, index, standing, bytes: Vec::new(), areas: VecDeque::new(), length: 0 }
    }

    /// Bitrate indices with which frames of these data lengths can follow, or `None` when they cannot.
    ///
    /// A variable bitrate is the smallest that holds the frame and lets all later ones be held.
    pub(super) fn plan(&self, data: &[usize]) -> Option<Vec<u8>> {
        let mut standing = self.standing;
        let mut plan = Vec::with_capacity(data.len());
        if let Some(index) = self.index {
            for &data in data {
                standing = standing.after(&self.format, index, data)?.0;
                plan.push(index);
            }
            return Some(plan);
        }
        // What must be left over before each frame even if it and all later ones take the greatest bitrate.
        let greatest = self.format.bitrates().len() as u8;
        let most = area(&self.format, self.format.frame_length(greatest));
        let mut needs = vec![0; data.len() + 1];
        for (at, &data) in data.iter().enumerate().rev() {
            needs[at] = (data + needs[at + 1]).saturating_sub(most);
        }
        for (&data, &need) in data.iter().zip(needs.iter().skip(1)) {
            let (index, after) = (1..=greatest).find_map(|index| {
                let (after, _) = standing.after(&self.format, index, data)?;
                (after.reservoir >= need).then_some((index, after))
            })?;
            standing = after;
            plan.push(index);
        }
        Some(plan)
    }

    /// Bytes of all frames so far.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Adds a frame with a bitrate index out of [`Packer::plan`]. Nothing happens, and the answer is false, when the data
    /// does not fit.
    pub(super) fn add(&mut self, mut frame: Frame, data: &[u8], index: u8) -> bool {
        let Some((after, padded)) = self.standing.after(&self.format, index, data.len()) else {
            return false;
        };
        frame.header[2] = (frame.header[2] & 0x0d) | index << 4 | u8::from(padded) << 1;
        frame.set_main_data_begin(&self.format, self.standing.reservoir);
        let length = self.format.frame_length(index) + usize::from(padded);
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(&frame.header);
        self.bytes.extend_from_slice(&frame.side[..self.format.side_length()]);
        let room = self.bytes.len()..begin + length;
        self.bytes.resize(begin + length, 0);

        self.areas.push_back(room);
        for &byte in data {
            while self.areas.front().is_some_and(|area| area.start == area.end) {
                self.areas.pop_front();
            }
            if let Some(area) = self.areas.front_mut() {
                self.bytes[area.start] = byte;
                area.start += 1;
            }
        }
        // More than the reservoir may hold stays filled with zeros, in the oldest room first.
        let mut stuffing = self.areas.iter().map(Range::len).sum::<usize>().saturating_sub(after.reservoir);
        while stuffing > 0 {
            let Some(area) = self.areas.front_mut() else { break };
            let skipped = stuffing.min(area.len());
            area.start += skipped;
            stuffing -= skipped;
            if area.start == area.end {
                self.areas.pop_front();
            }
        }
        self.length += length as u64;
        self.standing = after;
        true
    }

    /// Moves the bytes that will not change any more to the end of `into`.
    pub(super) fn take(&mut self, into: &mut Vec<u8>) {
        let settled = self.areas.iter().find(|area| area.start < area.end).map_or(self.bytes.len(), |area| area.start);
        into.extend(self.bytes.drain(..settled));
        for area in &mut self.areas {
            *area = area.start.saturating_sub(settled)..area.end.saturating_sub(settled);
        }
    }

    /// Moves everything to the end of `into`.
    pub(super) fn finish(&mut self, into: &mut Vec<u8>) {
        self.areas.clear();
        into.append(&mut self.bytes);
    }
}

/// Bytes for data in a frame of the given length.
fn area(format: &Format, length: usize) -> usize {
    length.saturating_sub(4 + format.side_length())
}
