//! Finding phrases in the loudness of a recording, and the gain each of them needs.

use std::ops::Range;

use super::{BLOCKS_PER_SECOND, SilenceCutting, Strength};
use crate::measure::loudness::{integrated, lufs, power};
use crate::measure::{Kind, Span, rank};

/// Blocks of quiet that end a phrase: 0.3 s, longer than the stop of a consonant.
const PAUSE: usize = 3;

/// A phrase longer than this is split at its softest place, so that a long monologue can drift back to the level.
const LONGEST_PHRASE: usize = 5 * BLOCKS_PER_SECOND;

/// Seconds after which a neighbouring phrase counts 1/e as much.
const NEIGHBOUR_SECONDS: f64 = 2.5;

/// Difference in level, dB, after which a neighbour counts 1/e as much: it is probably another voice.
const NEIGHBOUR_DB: f64 = 6.0;

/// How far neighbours are looked at, in phrases. Beyond it their weight is below a percent.
const NEIGHBOURS: usize = 12;

/// Distances from the common level below this are left alone, dB.
const DEAD_ZONE_DB: f64 = 0.5;

/// Passes and width (blocks to each side) of the smoothing of the finished curve: about 0.7 s in all.
const SMOOTHING: (usize, usize) = (2, 2);

/// A run of blocks that gets one gain.
struct Phrase {
    blocks: Range<usize>,
    level: f64,
    kind: Kind,
}

impl Phrase {
    fn middle(&self) -> f64 {
        (self.blocks.start + self.blocks.end) as f64 * 0.5 / BLOCKS_PER_SECOND as f64
    }
}

/// Loudness in LUFS under which a block counts as a pause: a little over the noise between words, but never so high
/// that soft speech falls under it.
pub(super) fn gate(powers: &[f32]) -> f64 {
    let whole = integrated(powers);
    if !whole.is_finite() {
        return f64::INFINITY;
    }
    let sounding = || powers.iter().copied().filter(|power| lufs(f64::from(*power)) > -100.0);
    let Some(quiet) = rank::at(sounding, sounding().count() / 10) else { return f64::INFINITY };
    (lufs(f64::from(quiet)) + 8.0).clamp(whole - 35.0, whole - 10.0)
}

/// The gain curve, or nothing where no gain differs from 0 dB by a tenth.
pub(super) fn gains(powers: &[f32], content: &[Span], gate: f64, strength: Strength) -> Vec<f32> {
    if strength == Strength::OFF {
        return Vec::new();
    }
    let phrases = find(powers, content, gate);
    let Some(common) = common_level(&phrases) else { return Vec::new() };
    let wanted: Vec<f32> = (0..phrases.len()).map(|index| gain_of(&phrases, index, common, strength) as f32).collect();
    if wanted.iter().all(|gain| gain.abs() < 0.1) {
        return Vec::new();
    }
    let mut curve = draw(&phrases, &wanted, powers.len());
    let (passes, reach) = SMOOTHING;
    for _ in 0..passes {
        smooth(&mut curve, reach);
    }
    curve
}

/// The level that phrases are brought to: that of the voices where people talk for a good part of the time, so that a
/// loud jingle does not set it, or else that of everything. In LUFS.
fn common_level(phrases: &[Phrase]) -> Option<f64> {
    let total = |of: &dyn Fn(&Phrase) -> bool| phrases.iter().filter(|p| of(p)).map(|p| p.blocks.len()).sum::<usize>();
    let spoken = |phrase: &Phrase| phrase.kind != Kind::Music;
    let mostly_talk = total(&spoken) * 4 >= total(&|_| true);
    let counted = || phrases.iter().filter(|phrase| spoken(phrase) || !mostly_talk);
    let (sum, blocks) = counted().fold((0.0, 0.0), |(sum, blocks), phrase| {
        let length = phrase.blocks.len() as f64;
        (sum + power(phrase.level) * length, blocks + length)
    });
    Some(lufs(sum / blocks)).filter(|level| level.is_finite())
}

/// Pauses that are to be shortened, as the milliseconds to leave out.
pub(super) fn long_pauses(powers: &[f32], gate: f64, cutting: SilenceCutting) -> Vec<Range<u64>> {
    let ms = 1_000 / BLOCKS_PER_SECOND as u64;
    let mut cuts = Vec::new();
    for pause in runs(powers.len(), |block| lufs(f64::from(powers[block])) < gate) {
        let length = pause.len() as u64 * ms;
        if length > cutting.longer_than_ms.max(cutting.keep_ms) {
            let start = pause.start as u64 * ms + cutting.keep_ms / 2;
            cuts.push(start..start + length - cutting.keep_ms);
        }
    }
    cuts
}

/// Maximal runs of indices for which `inside` holds.
fn runs(length: usize, inside: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for index in (0..length).filter(|index| inside(*index)) {
        match found.last_mut() {
            Some(run) if run.end == index => run.end += 1,
            _ => found.push(index..index + 1),
        }
    }
    found
}

fn find(powers: &[f32], content: &[Span], gate: f64) -> Vec<Phrase> {
    let mut spoken: Vec<Range<usize>> = Vec::new();
    for run in runs(powers.len(), |block| lufs(f64::from(powers[block])) >= gate) {
        match spoken.last_mut() {
            Some(phrase) if run.start - phrase.end < PAUSE => phrase.end = run.end,
            _ => spoken.push(run),
        }
    }
    let mut phrases = Vec::new();
    for run in spoken {
        // Where music begins or ends, so does a phrase.
        for (blocks, kind) in split_by_content(run, content) {
            match kind {
                Kind::Music => phrases.push(blocks),
                _ => split_long(powers, blocks, &mut phrases),
            }
        }
    }
    phrases
        .into_iter()
        .map(|blocks| Phrase {
            level: lufs(mean_of_loud(&powers[blocks.clone()], gate)),
            kind: kind_at(content, usize::midpoint(blocks.start, blocks.end)),
            blocks,
        })
        .collect()
}

/// Mean power of the blocks that are not themselves pauses.
fn mean_of_loud(powers: &[f32], gate: f64) -> f64 {
    let (sum, count) = powers
        .iter()
        .map(|power| f64::from(*power))
        .filter(|power| lufs(*power) >= gate)
        .fold((0.0, 0u32), |(sum, count), power| (sum + power, count + 1));
    sum / f64::from(count.max(1))
}

fn block_of(ms: u64) -> usize {
    (ms as usize * BLOCKS_PER_SECOND) / 1_000
}

fn kind_at(content: &[Span], block: usize) -> Kind {
    let after = content.partition_point(|span| block_of(span.end_ms) <= block);
    content.get(after).map_or(Kind::Speech, |span| span.kind)
}

fn split_by_content(run: Range<usize>, content: &[Span]) -> Vec<(Range<usize>, Kind)> {
    let mut parts: Vec<(Range<usize>, Kind)> = Vec::new();
    let mut at = run.start;
    let first = content.partition_point(|span| block_of(span.end_ms) <= run.start);
    for span in &content[first..] {
        let end = block_of(span.end_ms).min(run.end);
        if end > at {
            // Silence inside a phrase is only a soft word; it belongs to its neighbour.
            match parts.last_mut() {
                Some((before, kind)) if *kind == span.kind || span.kind == Kind::Silence => before.end = end,
                _ => parts.push((at..end, span.kind)),
            }
            at = end;
        }
        if at >= run.end {
            break;
        }
    }
    if at < run.end {
        match parts.last_mut() {
            Some((before, _)) => before.end = run.end,
            None => parts.push((run, Kind::Speech)),
        }
    }
    parts
}

fn split_long(powers: &[f32], blocks: Range<usize>, into: &mut Vec<Range<usize>>) {
    let mut rest = blocks;
    while rest.len() > LONGEST_PHRASE {
        let earliest = rest.start + LONGEST_PHRASE / 2;
        let latest = rest.start + LONGEST_PHRASE;
        let softest = (earliest..latest).min_by(|a, b| powers[*a].total_cmp(&powers[*b])).unwrap_or(latest);
        into.push(rest.start..softest);
        rest.start = softest;
    }
    into.push(rest);
}

fn gain_of(phrases: &[Phrase], index: usize, common: f64, strength: Strength) -> f64 {
    let phrase = &phrases[index];
    let share = if phrase.kind == Kind::Music { strength.music } else { strength.speech };
    let from = index.saturating_sub(NEIGHBOURS);
    let to = (index + NEIGHBOURS + 1).min(phrases.len());
    let (mut sum, mut weights) = (0.0, 0.0);
    for other in &phrases[from..to] {
        if other.kind != phrase.kind || !other.level.is_finite() {
            continue;
        }
        let far = (other.middle() - phrase.middle()).abs() / NEIGHBOUR_SECONDS;
        let unlike = (other.level - phrase.level) / NEIGHBOUR_DB;
        let weight = other.blocks.len() as f64 * (-far - unlike * unlike).exp();
        sum += weight * other.level;
        weights += weight;
    }
    if weights <= 0.0 {
        return 0.0;
    }
    let distance = common - sum / weights;
    let beyond = distance.signum() * (distance.abs() - DEAD_ZONE_DB).max(0.0);
    (beyond * share).clamp(-strength.most_cut_db, strength.most_boost_db)
}

/// Phrases hold their gain; between them the curve moves to the next one, and in a long pause it rests on the lower of
/// both, so that noise is not brought up.
fn draw(phrases: &[Phrase], gains: &[f32], blocks: usize) -> Vec<f32> {
    let move_in = BLOCKS_PER_SECOND / 2;
    let mut curve = vec![0.0; blocks];
    let mut before: Option<(usize, f32)> = None;
    for (phrase, gain) in phrases.iter().zip(gains) {
        curve[phrase.blocks.clone()].fill(*gain);
        let (start, last) = before.unwrap_or((0, *gain));
        let rest = last.min(*gain);
        let gap = phrase.blocks.start - start;
        let ramp = (gap / 2).min(move_in).max(1);
        for (n, block) in curve[start..phrase.blocks.start].iter_mut().enumerate() {
            let down = ((n + 1) as f32 / ramp as f32).min(1.0);
            let up = ((gap - n) as f32 / ramp as f32).min(1.0);
            let leaving = last + (rest - last) * down;
            let coming = gain + (rest - gain) * up;
            *block = if n * 2 < gap { leaving } else { coming };
        }
        before = Some((phrase.blocks.end, *gain));
    }
    if let Some((end, gain)) = before {
        curve[end..].fill(gain);
    }
    curve
}

/// A moving average over `reach` blocks to each side, in place.
fn smooth(curve: &mut [f32], reach: usize) {
    let width = 2 * reach + 1;
    let mut window = std::collections::VecDeque::with_capacity(width);
    let at = |curve: &[f32], index: usize| curve[index.min(curve.len() - 1)];
    for index in 0..curve.len() {
        if index == 0 {
            window.extend((0..width).map(|n| at(curve, n.saturating_sub(reach))));
        } else {
            window.pop_front();
            window.push_back(at(curve, index + reach));
        }
        curve[index] = window.iter().sum::<f32>() / width as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Plan;
    use super::*;

    /// Powers for stretches of (seconds, LUFS).
    fn powers(stretches: &[(f64, f64)]) -> Vec<f32> {
        stretches
            .iter()
            .flat_map(|(seconds, level)| std::iter::repeat_n(power(*level) as f32, (seconds * 10.0) as usize))
            .collect()
    }

    fn conversation() -> Vec<f32> {
        let turn = [(3.0, -20.0), (0.6, -70.0), (3.0, -32.0), (0.6, -70.0)];
        powers(&turn.repeat(10))
    }

    #[test]
    fn a_quiet_guest_comes_up_and_the_loud_host_stays() {
        let plan = Plan::new(&conversation(), &[], Strength::SPEECH, None);
        let host = plan.gains_db()[72 + 15];
        let guest = plan.gains_db()[72 + 36 + 15];
        assert!((-3.0..0.5).contains(&host), "{host}");
        assert!((5.0..12.0).contains(&guest), "{guest}");
    }

    #[test]
    fn pauses_are_not_brought_up() {
        let mut recording = powers(&[(5.0, -20.0), (10.0, -75.0), (5.0, -32.0), (10.0, -75.0), (5.0, -20.0)]);
        recording.extend(conversation());
        let plan = Plan::new(&recording, &[], Strength::SPEECH, None);
        let (pause, guest) = (plan.gains_db()[100], plan.gains_db()[175]);
        assert!(pause < 0.5 && guest > 4.0, "pause {pause}, guest {guest}");
    }

    #[test]
    fn music_keeps_its_dynamics() {
        let piece = powers(&[(4.0, -30.0), (4.0, -18.0), (4.0, -30.0), (4.0, -18.0)]);
        let span = Span { start_ms: 0, end_ms: 16_000, kind: Kind::Music };
        let plan = Plan::new(&piece, &[span], Strength::SPEECH, None);
        let spread = plan.gains_db().iter().fold((0f32, 0f32), |(low, high), x| (low.min(*x), high.max(*x)));
        assert!(spread.1 - spread.0 < 0.1, "{spread:?}");
    }

    #[test]
    fn an_even_recording_is_left_alone() {
        assert!(Plan::new(&powers(&[(60.0, -23.0)]), &[], Strength::SPEECH, None).gains_db().is_empty());
    }

    #[test]
    fn silence_nothing_and_one_block_are_no_trouble() {
        for recording in [vec![], vec![0.0; 50], vec![0.1]] {
            assert!(Plan::new(&recording, &[], Strength::FIRM, None).gains_db().is_empty());
        }
    }

    #[test]
    fn long_pauses_are_shortened_and_moments_move() {
        let recording = powers(&[(5.0, -20.0), (4.0, -80.0), (5.0, -20.0)]);
        let cutting = SilenceCutting { longer_than_ms: 2_000, keep_ms: 1_000 };
        let plan = Plan::new(&recording, &[], Strength::OFF, Some(cutting));
        assert_eq!((plan.cuts_ms().len(), plan.cuts_ms()[0].clone()), (1, 5_500..8_500));
        assert_eq!(plan.removed_ms(), 3_000);
        assert_eq!([0, 5_500, 7_000, 8_500, 14_000].map(|ms| plan.output_ms(ms)), [0, 5_500, 5_500, 5_500, 11_000]);
        assert!(plan.is_cut(6_000 * 48, 48_000) && !plan.is_cut(9_000 * 48, 48_000));
    }
}
