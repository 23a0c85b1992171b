//! How many signatures of OAuth 1.0a one core checks in a second: `cargo run --release -p protocols --example verify`.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a measurement prints, and reads the clock")]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use protocols::oauth1::{Channel, Draft, RawRequest, Secrets, SignatureMethod, SignedRequest, Stamp};

/// Rounds of each measurement; the fastest counts, since others use the machine too.
const ROUNDS: usize = 7;

/// Requests in a round.
const REQUESTS: usize = 100_000;

fn main() -> Result<(), Box<dyn Error>> {
    let secrets = Secrets {
        consumer: "spx_1fJjkkpe9PiTw9KSulA8Ghct30vZz4HpdQ5c5b9cPF11A6CS6",
        token: "sp1s_1fJjkkpe9PiTw9KSulA8Ghct30vZz4HpdQ5c5b9cPF11A6CS6",
    };
    let draft = Draft {
        query: Some("limit=50&offset=100&order=created_at&q=field+recordings"),
        token: Some("sp1a_1fJjkkpe9PiTw9KSulA8Ghct30vZz4HpdQ5c5b9cPF11A6CS6"),
        stamp: Some(Stamp { seconds: 1_700_000_000, nonce: "rV97AaiYtG7hS3DV9fmYGsXopHhiFfygLoGAMcCYck4" }),
        version: Some("1.0"),
        ..Draft::new("GET", "https", "api.example.com", "/v1/tracks.json", "spa_1fJjkkpe9PiTw9KSulA8Gh11A6CS")
    };
    let header = draft.authorization(&secrets)?;
    let raw = RawRequest {
        method: draft.method,
        scheme: draft.scheme,
        host: draft.host,
        path: draft.path,
        query: draft.query,
        authorization: Some(&header),
        content_type: None,
        body: b"",
        channel: Channel::Private,
    };
    let base_string = draft.base_string()?;
    let signature = SignatureMethod::HmacSha1.sign(&base_string, &secrets);
    println!("A header of {} bytes, a base string of {}.", header.len(), base_string.len());

    report("signature alone", || {
        SignatureMethod::HmacSha1.verify(black_box(&base_string), &secrets, black_box(&signature))
    });
    report("whole: header read, base string built, signature compared", || {
        let request = SignedRequest::gather(black_box(&raw)).ok().flatten();
        request.is_some_and(|request| request.verify(&secrets).is_ok() && request.token().is_some())
    });
    Ok(())
}

fn report(what: &str, verify: impl Fn() -> bool) {
    let round = || {
        let start = Instant::now();
        let right = (0..REQUESTS).filter(|_| verify()).count();
        (start.elapsed(), right == REQUESTS)
    };
    let rounds: Vec<_> = (0..ROUNDS).map(|_| round()).collect();
    let all_right = rounds.iter().all(|(_, right)| *right);
    let fastest = rounds.iter().map(|(time, _)| time.as_secs_f64()).fold(f64::INFINITY, f64::min);
    let verdict = if all_right { "all right" } else { "SOME WERE WRONG" };
    println!("{what}: {:.0} a second, {verdict}", REQUESTS as f64 / fastest);
}
