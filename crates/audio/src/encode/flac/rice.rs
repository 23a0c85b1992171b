//! The cheapest way to write a residual: how finely it is cut into partitions, and the Rice parameter of each
//! (RFC 9639, section 9.2.7).

use super::bits::Bits;

/// Finest cut: 2⁶ partitions, of 64 samples in a whole block.
const FINEST: u32 = 6;
/// Parameters 0 to 14; 15 in four bits would mean "not coded".
const PARAMETERS: usize = 15;
/// Parameters as counted: one more, since sixteen lanes are two registers of eight.
const LANES: usize = 16;
/// Residuals this wide, folded, are never worth coding in a format of 16 bits; below it no sum can overflow.
const TOO_WIDE: u32 = 1 << 23;
/// Samples whose costs are added up before they join the rest.
const RUN: usize = 256;

/// Costs of each partition with each parameter, in bits.
type Costs = [[u32; LANES]; 1 << FINEST];

/// How a residual is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Length in bits of the coded residual with its header.
    pub(super) bits: u64,
    cut: u32,
    parameters: [u8; 1 << FINEST],
}

/// Room to work in, kept from block to block.
pub(super) struct Planner {
    costs: Box<Costs>,
}

impl Planner {
    pub(super) fn new() -> Self {
        Self { costs: Box::new([[0; LANES]; 1 << FINEST]) }
    }

    /// Finds the cheapest plan for folded residuals (see [`fold`]) of a block whose first samples, as many as the
    /// predictor's order, are stored plainly. Of the plans with up to 64 partitions it is exactly the best one.
    /// There is none if the residual is so wide that it is not worth writing.
    #[inline(always)]
    pub(super) fn plan(&mut self, folded: &[u32], order: usize) -> Option<Plan> {
        if folded.iter().fold(0, |all, &value| all | value) >= TOO_WIDE {
            return None;
        }
        let block = folded.len() + order;
        // Every partition has the same share of the block; the first must have more than the plain samples.
        let finest =
            (0..=FINEST).rev().find(|&cut| block.is_multiple_of(1 << cut) && block >> cut > order).unwrap_or(0);
        for (costs, range) in self.costs.iter_mut().zip(partitions(block, order, finest)) {
            *costs = count(&folded[range]);
        }

        let mut best = Plan { bits: u64::MAX, cut: 0, parameters: [0; 1 << FINEST] };
        for cut in (0..=finest).rev() {
            let mut plan = Plan { bits: 6, cut, parameters: [0; 1 << FINEST] };
            for ((costs, parameter), range) in
                self.costs.iter().zip(&mut plan.parameters).zip(partitions(block, order, cut))
            {
                let (bits, at) = cheapest(costs, range.len());
                plan.bits += 4 + bits;
                *parameter = at;
            }
            if plan.bits < best.bits {
                best = plan;
            }
            // Half as many partitions: each costs what its two halves cost.
            for index in 0..(1 << cut) / 2 {
                for lane in 0..LANES {
                    self.costs[index][lane] =
                        self.costs[2 * index][lane].saturating_add(self.costs[2 * index + 1][lane]);
                }
            }
        }
        Some(best)
    }
}

/// Writes folded residuals as planned.
#[inline(always)]
pub(super) fn write(bits: &mut Bits, plan: &Plan, folded: &[u32], order: usize) {
    bits.put(0, 2); // four-bit parameters
    bits.put(plan.cut, 4);
    for (range, &parameter) in partitions(folded.len() + order, order, plan.cut).zip(&plan.parameters) {
        bits.put(parameter.into(), 4);
        for &value in &folded[range] {
            bits.put_rice(value, parameter.into());
        }
    }
}

/// Folds a number with a sign into one without: 0, −1, 1, −2 … become 0, 1, 2, 3 …
#[inline(always)]
pub(super) fn fold(residual: i32) -> u32 {
    ((residual << 1) ^ (residual >> 31)) as u32
}

/// Where the partitions lie in the residual, which lacks the first `order` samples of the block.
fn partitions(block: usize, order: usize, cut: u32) -> impl Iterator<Item = std::ops::Range<usize>> {
    let share = block >> cut;
    (0..1usize << cut)
        .map(move |index| (index * share).saturating_sub(order)..((index + 1) * share).saturating_sub(order))
}

/// Adds up, for every parameter, the zeros in front of the ones.
#[inline(always)]
fn count(folded: &[u32]) -> [u32; LANES] {
    let mut all = [0u32; LANES];
    for run in folded.chunks(RUN) {
        let mut some = [0u32; LANES];
        for &value in run {
            for (lane, sum) in some.iter_mut().enumerate() {
                *sum += value >> lane;
            }
        }
        for (sum, some) in all.iter_mut().zip(some) {
            *sum = sum.saturating_add(some);
        }
    }
    all
}

/// The best parameter of a partition, and its cost in bits.
#[inline(always)]
fn cheapest(zeros: &[u32; LANES], samples: usize) -> (u64, u8) {
    let mut best = (u64::MAX, 0);
    for (parameter, &zeros) in zeros.iter().enumerate().take(PARAMETERS) {
        let bits = u64::from(zeros) + (samples * (1 + parameter)) as u64;
        if bits < best.0 {
            best = (bits, parameter as u8);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use testkit::signal::Dice;

    use super::*;

    #[test]
    fn folding_keeps_small_numbers_small() {
        assert_eq!([0, -1, 1, -2, i32::MAX, i32::MIN].map(fold), [0, 1, 2, 3, u32::MAX - 1, u32::MAX]);
    }

    #[test]
    fn the_plan_tells_the_length_that_is_written() {
        let mut dice = Dice::new(1);
        let mut planner = Planner::new();
        for (block, order, width) in
            [(4096, 8, 10), (4096, 0, 1), (1, 0, 5), (1000, 12, 16), (64, 12, 3), (4095, 2, 22), (13, 12, 4)]
        {
            let folded: Vec<u32> =
                (order..block).map(|at| (dice.next_u64() as u32) >> (32 - width) >> (at * 3 / block)).collect();
            let plan = planner.plan(&folded, order).unwrap();
            let mut bits = Bits::default();
            write(&mut bits, &plan, &folded, order);
            bits.align();
            assert_eq!(bits.bytes().len() as u64, plan.bits.div_ceil(8), "{block} {order} {width}");
        }
    }

    #[test]
    fn loud_and_quiet_parts_get_their_own_parameters() {
        let mut dice = Dice::new(2);
        let folded: Vec<u32> = (0..4096).map(|at| dice.next_u64() as u32 >> if at < 2048 { 30 } else { 18 }).collect();
        let plan = Planner::new().plan(&folded, 0).unwrap();
        // Two and fourteen bits of entropy per sample, and less than one bit of overhead.
        assert!(plan.bits < 2048 * (2 + 14) + 4096, "{}", plan.bits);
    }

    #[test]
    fn refuses_what_is_not_worth_it() {
        assert!(Planner::new().plan(&[0, TOO_WIDE, 0], 0).is_none());
    }
}
