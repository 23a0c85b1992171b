//! Loops that are compiled twice: for any processor, and for those that multiply and add in one step. Filters are chains in
//! which every value waits for the one before it, and a product and a sum in one step halve the wait.
//!
//! What belongs here: the choice between the two. The loops are where they are used.

#![expect(
    clippy::inline_always,
    reason = "the inner loops have to be compiled into the function that is compiled twice"
)]

/// A loop over samples.
pub(crate) trait Loop {
    /// What comes of it.
    type Output;

    /// Runs it. Implementations are `#[inline(always)]`; with `FUSED` set, [`multiply_add`] is one instruction.
    fn run<const FUSED: bool>(self) -> Self::Output;
}

/// Runs a loop in the form that suits the processor at hand.
#[inline]
pub(crate) fn run<L: Loop>(job: L) -> L::Output {
    #[cfg(target_arch = "x86_64")]
    {
        use pulp::{Arch, NullaryFnOnce};

        struct Fused<L>(L);

        impl<L: Loop> NullaryFnOnce for Fused<L> {
            type Output = L::Output;

            #[inline(always)]
            fn call(self) -> L::Output {
                self.0.run::<true>()
            }
        }

        match Arch::new() {
            Arch::V3(processor) => processor.vectorize(Fused(job)),
            _ => job.run::<false>(),
        }
    }
    // Every 64-bit ARM can do it.
    #[cfg(target_arch = "aarch64")]
    {
        job.run::<true>()
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        job.run::<false>()
    }
}

/// `a · b + c`, rounded once where that is one instruction. Without one it would be a slow call.
#[inline(always)]
pub(crate) fn multiply_add<const FUSED: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// [`multiply_add`] of single precision.
#[inline(always)]
pub(crate) fn multiply_add_f32<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}
