//! Whether the time of a compare tells where a guess is wrong: `cargo run --release -p protocols --example compare`.
//!
//! Guesses that are wrong in the first character and guesses that are wrong in the last one take turns as dice have it, and the times of
//! both are laid side by side (Welch's t, as Reparaz, Balasch and Verbauwhede have it in "Dude, is my code constant time?", 2017).
//! Beside them stands a compare that ends at the first difference, to show that the measurement would see one.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a measurement prints, and reads the clock")]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use protocols::jwt::{Unverified, sign};
use protocols::oauth1::{Secrets, SignatureMethod};
use protocols::oauth2::{Challenge, Verifier};

/// Batches of each kind of guess.
const BATCHES: usize = 20_000;

/// Compares in a batch: the clock is too coarse for one.
const IN_A_BATCH: usize = 50;

/// Of the sorted times of each kind those that count: above them is whatever else the machine did.
const COUNTED: usize = BATCHES * 9 / 10;

/// Beyond this the authors above call a difference proven.
const PROVEN: f64 = 4.5;

fn main() -> Result<(), Box<dyn Error>> {
    println!("{IN_A_BATCH} compares a batch, {BATCHES} batches of each kind, the fastest nine tenths of them.");
    let secrets = Secrets { consumer: "spx_1fJjkkpe9PiTw9KSulA8Ghct30vZz4HpdQ5c5b9cPF11A6CS6", token: "" };
    let base = "GET&https%3A%2F%2Fapi.example.com%2Fme&oauth_nonce%3D1";
    for method in [SignatureMethod::HmacSha1, SignatureMethod::HmacSha256, SignatureMethod::Plaintext] {
        let right = method.sign(base, &secrets);
        report(&format!("OAuth 1.0a, {}", method.name()), &wrong(&right), |guess| method.verify(base, &secrets, guess));
    }

    let token = sign(br#"{"alg":"HS256","typ":"JWT"}"#, br#"{"iss":"app"}"#, b"secret");
    let (signed, signature) = token.rsplit_once('.').ok_or("a token has parts")?;
    let tokens = wrong(signature).map(|signature| format!("{signed}.{signature}"));
    let is_right = |token: &Unverified| token.verify(b"secret").is_ok();
    report("signed request", &tokens, |guess| Unverified::parse(guess).is_ok_and(|token| is_right(&token)));

    let challenge = Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").ok_or("a challenge reads")?;
    let verifiers = wrong("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    report("verifier of PKCE", &verifiers, |guess| Verifier::parse(guess).is_some_and(|guess| challenge.fits(&guess)));

    let right = SignatureMethod::HmacSha1.sign(base, &secrets);
    let [first, _] = wrong(&right);
    let same = [first.clone(), first];
    report("for comparison: the same guess, twice", &same, |guess| {
        SignatureMethod::HmacSha1.verify(base, &secrets, guess)
    });
    report("for comparison: ends at the first difference", &wrong(&right), |guess| {
        guess.bytes().zip(right.bytes()).all(|(left, right)| black_box(left) == black_box(right))
    });
    Ok(())
}

/// The text with another first character, and with another one at its end that still reads as base64.
fn wrong(right: &str) -> [String; 2] {
    // The last character of base64 may have bits that count for nothing; the one before has none.
    let end = right.trim_end_matches('=').len();
    [0, end - 2].map(|place| {
        let mut wrong = right.as_bytes().to_vec();
        // Another letter for a letter: whoever reads the guess may take longer for a digit, which tells nothing of the secret.
        wrong[place] = match wrong[place] {
            letter @ (b'a'..=b'y' | b'A'..=b'Y' | b'0'..=b'8') => letter + 1,
            letter @ (b'z' | b'Z' | b'9') => letter - 1,
            _ => b'A',
        };
        String::from_utf8(wrong).unwrap_or_default()
    })
}

fn report(what: &str, guesses: &[String; 2], compare: impl Fn(&str) -> bool) {
    let mut times = [Vec::with_capacity(BATCHES), Vec::with_capacity(BATCHES)];
    let mut dice = 7_u64;
    let mut taken = 0;
    // Both kinds lie in the same place: where bytes lie takes longer or shorter, too.
    let mut guess = String::with_capacity(guesses[0].len());
    while times.iter().any(|times| times.len() < BATCHES) {
        // Numerical Recipes, section 7.1: good enough for whose turn it is.
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let which = usize::from(dice >> 63 == 1);
        guess.clear();
        guess.push_str(&guesses[which]);
        let start = Instant::now();
        for _ in 0..IN_A_BATCH {
            taken += usize::from(compare(black_box(&guess)));
        }
        let nanoseconds = start.elapsed().as_secs_f64() * 1e9 / IN_A_BATCH as f64;
        if times[which].len() < BATCHES {
            times[which].push(nanoseconds);
        }
    }
    let [first, last] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        mean_and_variance(&times[..COUNTED])
    });
    let t = (first.0 - last.0) / ((first.1 + last.1) / COUNTED as f64).sqrt();
    let verdict = if t.abs() < PROVEN { "no difference shown" } else { "A DIFFERENCE" };
    let wrongly = if taken == 0 { "" } else { ", AND A WRONG GUESS WAS TAKEN" };
    println!(
        "{what}: wrong at the start {:.2} ns, at the end {:.2} ns, t = {t:.1}: {verdict}{wrongly}",
        first.0, last.0
    );
}

fn mean_and_variance(times: &[f64]) -> (f64, f64) {
    let mean = times.iter().sum::<f64>() / times.len() as f64;
    let squares = times.iter().map(|time| (time - mean).powi(2));
    (mean, squares.sum::<f64>() / (times.len() - 1) as f64)
}
