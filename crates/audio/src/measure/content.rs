//! Speech, music or silence, second by second.

use super::hops::PER_SECOND;

/// What is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody talks.
    Speech,
    /// Music, or any other sound that goes on.
    Music,
    /// Nothing.
    Silence,
}

/// A stretch of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Beginning in milliseconds.
    pub start_ms: u64,
    /// End in milliseconds.
    pub end_ms: u64,
    /// What is heard.
    pub kind: Kind,
}

pub(super) const WINDOW: usize = 3 * PER_SECOND;

/// All candidates.
pub(super) fn features(powers: &[f32], bright: &[f32], persist: &[f32]) -> Vec<f64> {
    let n = powers.len();
    let mean = powers.iter().map(|p| f64::from(*p)).sum::<f64>() / n as f64;
    let mut db: Vec<f64> = powers.iter().map(|p| 10.0 * f64::from(*p).max(mean * 1e-5).max(1e-12).log10()).collect();
    let low50 = powers.iter().filter(|p| f64::from(**p) < 0.5 * mean).count() as f64 / n as f64;
    let low10 = powers.iter().filter(|p| f64::from(**p) < 0.1 * mean).count() as f64 / n as f64;
    let low02 = powers.iter().filter(|p| f64::from(**p) < 0.02 * mean).count() as f64 / n as f64;
    let flux = db.windows(2).map(|w| (w[1] - w[0]).abs()).sum::<f64>() / n as f64;
    let env: Vec<f64> = powers.iter().map(|p| f64::from(*p).sqrt()).collect();
    let me = env.iter().sum::<f64>() / n as f64;
    let band = |fast: usize, slow: usize, s: &[f64]| {
        let mut acc = 0.0;
        let mut c = 0;
        for i in slow..s.len() - slow {
            let f = s[i - fast / 2..i - fast / 2 + fast].iter().sum::<f64>() / fast as f64;
            let l = s[i - slow / 2..i - slow / 2 + slow].iter().sum::<f64>() / slow as f64;
            acc += (f - l) * (f - l);
            c += 1;
        }
        (acc / c as f64).sqrt()
    };
    let mod4 = band(7, 25, &env) / me;
    let mod_slow = band(25, 100, &env) / me;
    let mod4db = band(7, 25, &db);
    // brightness over audible hops
    let weights: Vec<bool> = powers.iter().map(|p| f64::from(*p) > 0.02 * mean).collect();
    let b: Vec<f64> = bright.iter().zip(&weights).filter(|(_, w)| **w).map(|(b, _)| f64::from(*b)).collect();
    let bm = b.iter().sum::<f64>() / b.len() as f64;
    let bs = (b.iter().map(|x| (x - bm) * (x - bm)).sum::<f64>() / b.len() as f64).sqrt();
    let bskew = b.iter().map(|x| (x - bm).powi(3)).sum::<f64>() / b.len() as f64;
    let bflux = b.windows(2).map(|w| (w[1] - w[0]).abs()).sum::<f64>() / b.len() as f64;
    let ps = persist.iter().map(|x| f64::from(*x)).sum::<f64>() / persist.len().max(1) as f64;
    let mut sp: Vec<f32> = persist.to_vec();
    sp.sort_by(f32::total_cmp);
    let pmed = f64::from(sp[sp.len() / 2]);
    db.sort_by(f64::total_cmp);
    let dyn_ = db[n * 9 / 10] - db[n / 10];
    vec![low50, low10, low02, flux, mod4, mod_slow, mod4db, bm, bs, bskew, bflux, ps, pmed, dyn_, 10.0 * mean.log10()]
}
