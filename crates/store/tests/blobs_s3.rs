//! Storage on S3, against a server that speaks it.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use store::{BlobError, BlobKey, BlobOptions, Blobs};
use testkit::s3::S3;

/// More than two parts of a multipart upload.
const LONG: usize = 20_000_003;

fn key(text: &str) -> BlobKey {
    text.parse().unwrap()
}

/// Bytes that differ from place to place.
fn noise(length: usize) -> Vec<u8> {
    let mut dice = testkit::signal::Dice::new(1);
    (0..length.div_ceil(8)).flat_map(|_| dice.next_u64().to_le_bytes()).take(length).collect()
}

fn pieces(bytes: &[u8]) -> impl futures_util::Stream<Item = io::Result<Bytes>> + Send + use<> {
    let pieces: Vec<_> = bytes.chunks(100_000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    stream::iter(pieces)
}

async fn read(blobs: &Blobs, name: &str, range: Option<std::ops::Range<u64>>) -> Result<Vec<u8>, BlobError> {
    let bytes: Vec<Bytes> = blobs.get(&key(name), range).await?.bytes.try_collect().await?;
    Ok(bytes.concat())
}

#[tokio::test]
async fn what_is_put_comes_back() {
    let s3 = S3::start().await;
    let blobs = Blobs::open(&s3.options()).unwrap();
    let short = blobs
        .put_stream(&key("p/1/talk.txt"), pieces(b"The quick brown fox jumps over the lazy dog"), 43)
        .await
        .unwrap();
    assert_eq!(short, 43);
    assert_eq!(read(&blobs, "p/1/talk.txt", Some(4..9)).await.unwrap(), b"quick");
    assert_eq!(read(&blobs, "p/1/talk.txt", Some(40..999)).await.unwrap(), b"dog");
    assert!(matches!(read(&blobs, "p/1/talk.txt", Some(43..44)).await, Err(BlobError::OutOfRange { size: 43 })));

    let bytes = noise(LONG);
    let long = blobs.put_stream(&key("p/2"), pieces(&bytes), u64::MAX).await.unwrap();
    assert_eq!(long, LONG as u64);
    assert!(read(&blobs, "p/2", None).await.unwrap() == bytes);
    assert!(read(&blobs, "p/2", Some(3_000_000..9_000_001)).await.unwrap() == bytes[3_000_000..9_000_001]);

    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy");
    assert_eq!(blobs.fetch_to(&key("p/2"), &copy).await.unwrap(), LONG as u64);
    assert_eq!(blobs.put_file(&copy, &key("p/3")).await.unwrap().size, long);
    let joined = blobs.join(&[key("p/1/talk.txt"), key("p/2")], &key("joined")).await.unwrap();
    assert_eq!(joined, LONG as u64 + 43);
    blobs.put_stream(&key("empty"), pieces(b""), 0).await.unwrap();
    assert_eq!(read(&blobs, "empty", None).await.unwrap(), b"");

    let mut listed: Vec<_> = blobs.list(Some(&key("p"))).try_collect().await.unwrap();
    listed.sort();
    assert_eq!(listed, [(key("p/1/talk.txt"), 43), (key("p/2"), LONG as u64), (key("p/3"), LONG as u64)]);
    assert_eq!(blobs.list(None).try_collect::<Vec<_>>().await.unwrap().len(), 5);

    for name in ["p/1/talk.txt", "p/2", "p/3", "joined", "empty", "never"] {
        blobs.remove(&key(name)).await.unwrap();
    }
    assert!(matches!(blobs.get(&key("p/2"), None).await, Err(BlobError::NotFound)));
    blobs.check().await.unwrap();
    assert_eq!(blobs.list(None).try_collect::<Vec<_>>().await.unwrap(), []);
}

#[tokio::test]
async fn nobody_sees_half_a_file() {
    let s3 = S3::start().await;
    let blobs = Blobs::open(&s3.options()).unwrap();
    for length in [100, LONG] {
        let cut = pieces(&noise(length)).chain(stream::iter([Err(io::Error::other("the connection is gone"))]));
        assert!(matches!(blobs.put_stream(&key("f"), cut, u64::MAX).await, Err(BlobError::Interrupted(_))));
        let limit = length as u64 - 1;
        let long = blobs.put_stream(&key("f"), pieces(&noise(length)), limit).await;
        assert!(matches!(long, Err(BlobError::TooLarge { .. })));
        assert!(matches!(blobs.get(&key("f"), None).await, Err(BlobError::NotFound)));
    }
    assert!(!s3.files().iter().any(|name| name.ends_with("/f")), "{:?}", s3.files());
}

#[tokio::test]
async fn a_server_that_refuses_or_is_away_is_told_apart() {
    let s3 = S3::start().await;
    let wrong = BlobOptions { secret_key: Some("wrong".to_owned()), ..s3.options() };
    let wrong = Blobs::open(&wrong).unwrap();
    assert!(matches!(wrong.check().await, Err(BlobError::Refused(_))));
    assert!(matches!(wrong.put_stream(&key("f"), pieces(&noise(LONG)), u64::MAX).await, Err(BlobError::Refused(_))));

    let blobs = Blobs::open(&s3.options()).unwrap();
    blobs.check().await.unwrap();
    let plain = BlobOptions { allow_http: false, ..s3.options() };
    assert!(Blobs::open(&plain).unwrap().check().await.is_err(), "nothing goes out in the clear unasked");
    let elsewhere = BlobOptions { endpoint: Some("http://127.0.0.1:9".to_owned()), ..s3.options() };
    assert!(matches!(Blobs::open(&elsewhere).unwrap().check().await, Err(BlobError::Unavailable(_))));
}
