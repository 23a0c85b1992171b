//! Channels of numbers over time, cut in sixteen pieces that lie side by side: what layers work on.
//!
//! What belongs here: the container, its margins, and the way from and to planes. Layers are beside it.
//!
//! Frame `lane · lines + line` is number `lane` of a line. So frames that lie a dilation apart lie as many whole lines apart, whatever the dilation
//! is; a line is a cache line, and nothing ever has to be moved within a vector. In planes, sorting frames by where a tap finds them and putting
//! results back took a sixth of the time. What lies before the first line of a piece is the end of the piece before: that is
//! what margins are for.

use std::ops::Range;

use super::signal::Signal;

/// Numbers in a line, which is a cache line of 64 bytes.
pub(super) const LANES: usize = 16;

/// Memory that begins on the border of a cache line.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    data: Vec<f32>,
    first: usize,
    lines: usize,
}

impl Sheet {
    /// Room for so many lines. What is in them afterwards is anything. Memory that was there once stays: it would have to be cleared each time it comes back.
    pub(super) fn resize(&mut self, lines: usize) {
        let length = (lines + 1) * LANES;
        if self.data.len() < length {
            self.data.resize(length, 0.0);
            self.first = self.data.as_ptr().align_offset(LANES * size_of::<f32>()).min(LANES);
        }
        self.lines = lines;
    }

    pub(super) fn get(&self) -> &[f32] {
        &self.data[self.first..][..self.lines * LANES]
    }

    pub(super) fn get_mut(&mut self) -> &mut [f32] {
        &mut self.data[self.first..][..self.lines * LANES]
    }

    fn lines(&self) -> &[[f32; LANES]] {
        self.get().as_chunks().0
    }

    fn lines_mut(&mut self) -> &mut [[f32; LANES]] {
        self.get_mut().as_chunks_mut().0
    }
}

/// Channels × frames of 32-bit floats.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    pub(super) channels: usize,
    pub(super) frames: usize,
    /// Frames of each piece. There are at least `frames` in all pieces together; those beyond are zero.
    pub(super) lines: usize,
    /// Lines before and after each channel, for what its neighbours in time are.
    margin: usize,
    /// How many of them are known, before and after.
    known: [usize; 2],
    /// Lines from a channel to the next: an odd number, since channels that are a power of two apart would all want the same few places of the cache.
    stride: usize,
    data: Sheet,
}

impl Lanes {
    /// The same memory for another shape. What is in it afterwards is anything.
    pub(super) fn reshape(&mut self, channels: usize, frames: usize, lines: usize, margin: usize) {
        debug_assert!(frames <= lines * LANES);
        (self.channels, self.frames, self.lines, self.margin) = (channels, frames, lines, margin);
        self.known = [0; 2];
        self.stride = (lines + 2 * margin) | 1;
        self.data.resize(channels * self.stride);
    }

    /// The shape of another, with so many channels.
    pub(super) fn reshape_as(&mut self, other: &Self, channels: usize) {
        self.reshape(channels, other.frames, other.lines, other.margin);
    }

    /// Takes frames `range` of every channel of a signal, with such a margin around each channel.
    pub(super) fn load(&mut self, from: &Signal, range: Range<usize>, margin: usize) {
        let lines = range.len().div_ceil(LANES);
        self.reshape(from.channels, range.len(), lines, margin);
        for channel in 0..from.channels {
            let row = &from.row(channel)[range.clone()];
            let to = self.channel_mut(channel);
            for lane in 0..LANES {
                let piece = row.get(lane * lines..).unwrap_or_default();
                for (line, value) in to.iter_mut().zip(piece.iter().copied().chain(std::iter::repeat(0.0))) {
                    line[lane] = value;
                }
            }
        }
    }

    /// Writes frames `range`, each times `scale`, over those of a signal from `at` on.
    pub(super) fn store(&self, range: Range<usize>, scale: f32, to: &mut Signal, at: usize) {
        for channel in 0..self.channels {
            let from = self.channel(channel);
            let to = &mut to.row_mut(channel)[at..at + range.len()];
            for lane in 0..LANES {
                let first = lane * self.lines;
                let begin = range.start.clamp(first, first + self.lines);
                let end = range.end.clamp(begin, first + self.lines);
                let piece = to.iter_mut().skip(begin - range.start.min(begin)).take(end - begin);
                for (to, line) in piece.zip(&from[begin - first..]) {
                    *to = line[lane] * scale;
                }
            }
        }
    }

    /// One channel, without its margins.
    pub(super) fn channel(&self, channel: usize) -> &[[f32; LANES]] {
        &self.data.lines()[channel * self.stride + self.margin..][..self.lines]
    }

    /// One channel, without its margins, to write.
    pub(super) fn channel_mut(&mut self, channel: usize) -> &mut [[f32; LANES]] {
        let (first, lines) = (channel * self.stride + self.margin, self.lines);
        &mut self.data.lines_mut()[first..][..lines]
    }

    /// One channel, from so many lines before its first one on, with its margin after.
    pub(super) fn around(&self, channel: usize, before: usize) -> &[[f32; LANES]] {
        let first = channel * self.stride;
        &self.data.lines()[first + self.margin - before..first + self.stride]
    }

    /// Makes at least so many lines of the margins known.
    pub(super) fn surround(&mut self, [before, after]: [usize; 2]) {
        debug_assert!(before.max(after) <= self.margin);
        let known = self.known;
        for channel in 0..self.channels {
            for line in known[0]..before {
                self.copy_line(channel, -1 - line as isize);
            }
            for line in known[1]..after {
                self.copy_line(channel, (self.lines + line) as isize);
            }
        }
        self.known = [known[0].max(before), known[1].max(after)];
    }

    /// Whether so many lines of the margins are known.
    pub(super) fn knows(&self, [before, after]: [usize; 2]) -> bool {
        self.known[0] >= before && self.known[1] >= after
    }

    /// Fills a line of the margin: each number of it is in another piece, where it is at all.
    fn copy_line(&mut self, channel: usize, line: isize) {
        let lines = self.lines as isize;
        let (shift, from) = (line.div_euclid(lines), line.rem_euclid(lines));
        let first = channel * self.stride + self.margin;
        let source = self.data.lines()[first.saturating_add_signed(from)];
        let to = &mut self.data.lines_mut()[first.saturating_add_signed(line)];
        let by = shift.unsigned_abs().min(LANES);
        if shift < 0 {
            to[..by].fill(0.0);
            to[by..].copy_from_slice(&source[..LANES - by]);
        } else {
            to[..LANES - by].copy_from_slice(&source[by..]);
            to[LANES - by..].fill(0.0);
        }
    }

    /// Makes everything beyond the last frame zero.
    pub(super) fn trim(&mut self) {
        let (frames, lines) = (self.frames, self.lines);
        if frames == lines * LANES {
            return;
        }
        for channel in 0..self.channels {
            let to = self.channel_mut(channel);
            for lane in frames / lines..LANES {
                for line in &mut to[frames.saturating_sub(lane * lines)..] {
                    line[lane] = 0.0;
                }
            }
        }
    }

    /// Replaces this by some channels of another, in that order.
    pub(super) fn copy(&mut self, other: &Self, channels: impl ExactSizeIterator<Item = usize>) {
        self.reshape_as(other, channels.len());
        for (to, from) in channels.enumerate() {
            self.channel_mut(to).copy_from_slice(other.channel(from));
        }
    }

    /// Changes every number, those of which nobody knows what they are, too.
    pub(super) fn change(&mut self, change: impl Fn(f32) -> f32) {
        self.known = [0; 2];
        self.data.get_mut().iter_mut().for_each(|value| *value = change(*value));
    }

    /// Changes every number from a channel on by the one in the same place of another, beginning with one of its channels.
    pub(super) fn combine(&mut self, at: usize, other: &Self, from: usize, change: impl Fn(f32, f32) -> f32) {
        self.known = [0; 2];
        for channel in 0..(self.channels - at).min(other.channels - from) {
            let mine = self.channel_mut(at + channel).as_flattened_mut();
            for (mine, theirs) in mine.iter_mut().zip(other.channel(from + channel).as_flattened()) {
                *mine = change(*mine, *theirs);
            }
        }
    }

    /// The channels before and from one on, as they lie in memory, with their margins.
    pub(super) fn split(&self, channel: usize) -> (&[f32], &[f32]) {
        self.data.get().split_at(channel * self.stride * LANES)
    }

    /// All numbers, with margins.
    pub(super) fn all_mut(&mut self) -> &mut [f32] {
        self.known = [0; 2];
        self.data.get_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting(channels: usize, frames: usize) -> Signal {
        let numbers: Vec<f32> = (0..channels * frames).map(|at| at as f32 + 1.0).collect();
        Signal::from_planes(channels, frames, &numbers)
    }

    #[test]
    fn what_is_loaded_is_stored() {
        for frames in [1, 15, 16, 17, 100, 640] {
            let signal = counting(3, frames);
            let mut lanes = Lanes::default();
            lanes.load(&signal, 0..frames, 2);
            let mut back = Signal::from_planes(3, frames, &[]);
            lanes.store(0..frames, 1.0, &mut back, 0);
            for channel in 0..3 {
                assert_eq!(back.row(channel), signal.row(channel));
            }
            // A part of it to another place, twice as large.
            let (part, at) = (frames / 3..frames - frames / 4, 1);
            let mut back = Signal::from_planes(3, frames + 1, &[]);
            lanes.store(part.clone(), 2.0, &mut back, at);
            let wanted: Vec<f32> = signal.row(1)[part.clone()].iter().map(|value| value * 2.0).collect();
            assert_eq!(back.row(1)[at..at + part.len()], wanted);
            assert_eq!(back.row(1)[at + part.len()..].iter().sum::<f32>(), 0.0);
        }
    }

    #[test]
    fn margins_are_what_comes_before_and_after() {
        for (frames, margin) in [(1, 40), (16, 3), (33, 40), (200, 13)] {
            let signal = counting(2, frames);
            let mut lanes = Lanes::default();
            lanes.load(&signal, 0..frames, margin);
            lanes.surround([1, 0]);
            lanes.surround([margin, margin]);
            assert!(lanes.knows([margin, margin]));
            for (line, found) in lanes.around(1, margin).iter().take(lanes.lines + 2 * margin).enumerate() {
                for (lane, &found) in found.iter().enumerate() {
                    let frame = (lane * lanes.lines + line).checked_sub(margin);
                    let wanted = frame.and_then(|frame| signal.row(1).get(frame)).copied().unwrap_or(0.0);
                    assert_eq!(found, wanted, "{frames} frames, line {line}, lane {lane}");
                }
            }
        }
    }

    #[test]
    fn nothing_is_beyond_the_end() {
        for frames in [0, 1, 17, 30, 32] {
            let mut lanes = Lanes::default();
            lanes.reshape(1, frames, 2, 0);
            lanes.channel_mut(0).as_flattened_mut().fill(1.0);
            lanes.trim();
            assert_eq!(lanes.channel(0).as_flattened().iter().sum::<f32>(), frames as f32);
            let mut signal = Signal::from_planes(1, frames, &[]);
            lanes.store(0..frames, 1.0, &mut signal, 0);
            assert!(signal.row(0).iter().all(|&value| value == 1.0));
        }
    }
}
