//! One frame: a block of samples, each channel in the shortest form that was found (RFC 9639, section 9).

use pulp::{Arch, Simd, WithSimd};

use super::bits::{Bits, crc8, crc16};
use super::predict::{self, Analysis, Fit, PRECISION, Predictor};
use super::rice::{self, Plan, Planner};

/// Samples of a channel in every frame but the last.
pub(super) const BLOCK: usize = 4096;
/// Bits of a sample.
pub(super) const WIDTH: u32 = 16;

/// Makes frames. Keeps its room from frame to frame.
pub(super) struct FrameMaker {
    arch: Arch,
    rate: u32,
    analysis: Analysis,
    planner: Planner,
    mid: Vec<i32>,
    side: Vec<i32>,
    coded: [Coded; 2],
    spare: Vec<u32>,
    bits: Bits,
}

/// How two channels are told apart (RFC 9639, section 9.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stereo {
    LeftRight = 1,
    LeftSide = 8,
    SideRight = 9,
    MidSide = 10,
}

/// One channel as it will be written.
#[derive(Default)]
struct Coded {
    form: Form,
    folded: Vec<u32>,
}

#[derive(Clone, Copy, Default)]
enum Form {
    #[default]
    Constant,
    Verbatim,
    Fixed(usize, Plan),
    Fitted(Predictor, Plan),
}

/// What is expected of a channel before it is worked out.
#[derive(Clone, Copy)]
struct Outlook {
    fixed: (usize, f64),
    fit: Option<Fit>,
}

impl FrameMaker {
    pub(super) fn new(rate: u32) -> Self {
        Self {
            arch: Arch::new(),
            rate,
            analysis: Analysis::new(),
            planner: Planner::new(),
            mid: Vec::new(),
            side: Vec::new(),
            coded: Default::default(),
            spare: Vec::new(),
            bits: Bits::default(),
        }
    }

    /// Writes a frame of one or two channels of 1 to [`BLOCK`] samples of [`WIDTH`] bits and returns its bytes.
    pub(super) fn frame(&mut self, number: u64, channels: &[Vec<i32>]) -> &[u8] {
        self.arch.dispatch(Work { maker: self, number, channels });
        self.bits.bytes()
    }

    #[inline(always)]
    fn mono(&mut self, number: u64, samples: &[i32]) {
        let outlook = self.outlook(samples, WIDTH);
        self.code(0, samples, WIDTH, &outlook);
        self.header(number, samples.len(), 0);
        self.subframe(0, samples, WIDTH);
        self.end();
    }

    #[inline(always)]
    fn stereo(&mut self, number: u64, left: &[i32], right: &[i32]) {
        let (mut mid, mut side) = (std::mem::take(&mut self.mid), std::mem::take(&mut self.side));
        mid.clear();
        side.clear();
        mid.extend(left.iter().zip(right).map(|(l, r)| (l + r) >> 1));
        side.extend(left.iter().zip(right).map(|(l, r)| l - r));

        let l = self.outlook(left, WIDTH);
        let r = self.outlook(right, WIDTH);
        let m = self.outlook(&mid, WIDTH);
        let s = self.outlook(&side, WIDTH + 1);
        let mut best = (f64::INFINITY, Stereo::LeftRight);
        for (pair, stereo) in [
            ([l, r], Stereo::LeftRight),
            ([m, s], Stereo::MidSide),
            ([l, s], Stereo::LeftSide),
            ([s, r], Stereo::SideRight),
        ] {
            let bits = pair[0].bits() + pair[1].bits();
            if bits < best.0 {
                best = (bits, stereo);
            }
        }
        let pair: [(&[i32], u32, Outlook); 2] = match best.1 {
            Stereo::LeftRight => [(left, WIDTH, l), (right, WIDTH, r)],
            Stereo::LeftSide => [(left, WIDTH, l), (&side, WIDTH + 1, s)],
            Stereo::SideRight => [(&side, WIDTH + 1, s), (right, WIDTH, r)],
            Stereo::MidSide => [(&mid, WIDTH, m), (&side, WIDTH + 1, s)],
        };
        self.header(number, mid.len(), best.1 as u32);
        for (index, (samples, width, outlook)) in pair.into_iter().enumerate() {
            self.code(index, samples, width, &outlook);
            self.subframe(index, samples, width);
        }
        self.end();
        (self.mid, self.side) = (mid, side);
    }

    #[inline(always)]
    fn outlook(&mut self, samples: &[i32], width: u32) -> Outlook {
        Outlook { fixed: predict::best_fixed(samples, width), fit: self.analysis.fit(samples, width) }
    }

    /// Works out the shortest form of a channel.
    #[inline(always)]
    fn code(&mut self, index: usize, samples: &[i32], width: u32, outlook: &Outlook) {
        /// How much longer than another form one may be expected to be and still be tried.
        const DOUBT: f64 = 1.03;

        let coded = &mut self.coded[index];
        coded.form = Form::Verbatim;
        if samples.iter().all(|sample| Some(sample) == samples.first()) {
            coded.form = Form::Constant;
            return;
        }
        let mut least = u64::from(width) * samples.len() as u64;
        let predictor = outlook.fit.as_ref().and_then(Fit::round);
        if let (Some(fit), Some(predictor)) = (outlook.fit, predictor)
            && fit.bits < outlook.fixed.1 * DOUBT
        {
            predictor.residual(samples, &mut coded.folded);
            if let Some(plan) = self.planner.plan(&coded.folded, predictor.order) {
                let bits = plan.bits + (predictor.order as u32 * (width + PRECISION)) as u64 + 9;
                if bits < least {
                    least = bits;
                    coded.form = Form::Fitted(predictor, plan);
                }
            }
        }
        let (order, expected) = outlook.fixed;
        if predictor.is_none() || outlook.fit.is_none_or(|fit| expected < fit.bits * DOUBT) {
            predict::fixed_residual(order, samples, &mut self.spare);
            if let Some(plan) = self.planner.plan(&self.spare, order)
                && plan.bits + u64::from(order as u32 * width) < least
            {
                coded.form = Form::Fixed(order, plan);
                std::mem::swap(&mut coded.folded, &mut self.spare);
            }
        }
    }

    fn header(&mut self, number: u64, samples: usize, channels: u32) {
        let rate = match self.rate {
            44_100 => 9,
            48_000 => 10,
            _ => 0, // see STREAMINFO
        };
        let size = if samples == BLOCK { 12 } else { 7 };
        let bits = &mut self.bits;
        bits.clear();
        bits.put(0xFFF8, 16); // every block but the last has the same size
        bits.put(size, 4);
        bits.put(rate, 4);
        bits.put(channels, 4);
        bits.put(4 << 1, 4); // 16 bits per sample
        put_number(bits, number);
        if size == 7 {
            bits.put(samples as u32 - 1, 16);
        }
        bits.align();
        let sum = crc8(bits.bytes());
        bits.put(sum.into(), 8);
    }

    #[inline(always)]
    fn subframe(&mut self, index: usize, samples: &[i32], width: u32) {
        let Coded { form, folded } = &self.coded[index];
        let bits = &mut self.bits;
        let plain = match form {
            Form::Constant => {
                bits.put(0, 8);
                &samples[..1]
            }
            Form::Verbatim => {
                bits.put(1 << 1, 8);
                samples
            }
            Form::Fixed(order, _) => {
                bits.put((8 + *order as u32) << 1, 8);
                &samples[..*order]
            }
            Form::Fitted(predictor, _) => {
                bits.put((32 + predictor.order as u32 - 1) << 1, 8);
                &samples[..predictor.order]
            }
        };
        for &sample in plain {
            bits.put_signed(sample, width);
        }
        match form {
            Form::Constant | Form::Verbatim => {}
            Form::Fixed(order, plan) => rice::write(bits, plan, folded, *order),
            Form::Fitted(predictor, plan) => {
                bits.put(PRECISION - 1, 4);
                bits.put(predictor.shift, 5);
                for &coefficient in &predictor.coefficients[..predictor.order] {
                    bits.put_signed(coefficient, PRECISION);
                }
                rice::write(bits, plan, folded, predictor.order);
            }
        }
    }

    fn end(&mut self) {
        self.bits.align();
        let sum = crc16(self.bits.bytes());
        self.bits.put(sum.into(), 16);
        self.bits.align();
    }
}

/// A frame to be made. What hangs on it is compiled once for each kind of processor, as one function; a closure would
/// do only if the compiler cared to inline it.
struct Work<'a> {
    maker: &'a mut FrameMaker,
    number: u64,
    channels: &'a [Vec<i32>],
}

impl WithSimd for Work<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        match self.channels {
            [left, right, ..] => self.maker.stereo(self.number, left, right),
            [only] => self.maker.mono(self.number, only),
            [] => {}
        }
    }
}

impl Outlook {
    fn bits(&self) -> f64 {
        self.fit.map_or(self.fixed.1, |fit| fit.bits.min(self.fixed.1))
    }
}

/// Writes a frame number of up to 31 bits in the manner of UTF-8 (RFC 9639, section 9.1.5).
fn put_number(bits: &mut Bits, number: u64) {
    let number = number as u32 & 0x7FFF_FFFF;
    if number < 0x80 {
        bits.put(number, 8);
        return;
    }
    // With n bytes behind, the first has room for 6 − n bits, so there are 5n + 6 in all.
    let behind = (1..5).find(|n| number >> (5 * n + 6) == 0).unwrap_or(5);
    let mark = 0xFF & !(0x7F >> behind);
    bits.put(mark | (number >> (6 * behind)), 8);
    for index in (0..behind).rev() {
        bits.put(0x80 | ((number >> (6 * index)) & 0x3F), 8);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn frame_numbers_look_like_utf_8() {
        for number in [0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xFFFF, 0x1_0000, 0x10_FFFF] {
            let mut bits = Bits::default();
            put_number(&mut bits, number);
            bits.align();
            let text = char::from_u32(number as u32).unwrap().to_string();
            assert_eq!(bits.bytes(), text.as_bytes(), "{number:x}");
        }
        let mut bits = Bits::default();
        put_number(&mut bits, 0x7FFF_FFFF);
        bits.align();
        assert_eq!(bits.bytes(), [0xFD, 0xBF, 0xBF, 0xBF, 0xBF, 0xBF]);
    }

    #[test]
    fn silence_takes_no_room() {
        let mut maker = FrameMaker::new(48_000);
        assert!(maker.frame(0, &[vec![0; BLOCK], vec![0; BLOCK]]).len() < 16);
    }
}
