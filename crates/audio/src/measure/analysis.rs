//! Temporary.
use super::{content, hops::Hops, hum::HumFinder, levels::Levels, loudness::*};
use crate::Block;
/// x
pub struct Analyser;
/// x
pub struct Analysis;

#[test]
#[ignore]
fn dump() {
    use realfft::RealFftPlanner;
    let path = std::env::var("RAW").unwrap();
    let bytes = std::fs::read(path).unwrap();
    let x: Vec<f32> = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let rate = std::env::var("RATE").unwrap().parse::<u32>().unwrap();
    let block = Block::from_channels(vec![x]);
    let mut hops = Hops::new(rate, 1);
    let mut powers = Powers::new(rate, &[1.0]);
    let mut hum = HumFinder::new(rate);
    let (mut p, mut b, mut s) = (vec![], vec![], vec![]);
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(256);
    let win = super::hum::hann(256);
    let mut low: Vec<f32> = vec![];
    let mut last: Vec<f32> = vec![0.0; 129];
    let mut last_b = 0.0f32;
    let _ = Levels::new();
    hops.split(&block, |block, range| {
        p.push(powers.process(block, &range) as f32);
        let m = &block.channel(0)[range];
        let e: f32 = m.iter().map(|x| x * x).sum();
        let d: f32 = m.windows(2).map(|w| (w[1] - w[0]) * (w[1] - w[0])).sum();
        if e > 1e-9 {
            last_b = ((d / e).max(1e-9).sqrt() * rate as f32 / std::f32::consts::TAU).log2();
        }
        b.push(last_b);
        low.extend_from_slice(hum.process(m));
        while low.len() >= 256 {
            let mut i: Vec<f32> = low.drain(..256).zip(&win).map(|(a, b)| a * b).collect();
            let mut o = fft.make_output_vec();
            fft.process(&mut i, &mut o).unwrap();
            let mag: Vec<f32> = o.iter().map(|c| c.norm_sqr().sqrt().sqrt()).collect();
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            let sim = dot(&mag, &last) / (dot(&mag, &mag) * dot(&last, &last) + 1e-20).sqrt();
            s.push((p.len(), sim));
            last = mag;
        }
    });
    eprintln!("HUM {:?}", hum.finish());
    let mut t = 0;
    while t + content::WINDOW <= p.len() {
        let ps: Vec<f32> = s.iter().filter(|(k, _)| *k >= t && *k < t + content::WINDOW).map(|x| x.1).collect();
        let f = content::features(&p[t..t + content::WINDOW], &b[t..t + content::WINDOW], &ps);
        eprintln!("F {}", f.iter().map(|x| format!("{x:.4}")).collect::<Vec<_>>().join(","));
        t += 100;
    }
}
