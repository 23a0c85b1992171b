//! Storage in a folder: whole or not at all, and what happens when there is no room.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io;
use std::path::Path;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use store::{BlobError, BlobKey, BlobOptions, Blobs};

fn key(text: &str) -> BlobKey {
    text.parse().unwrap()
}

fn pieces(pieces: &[&'static str]) -> impl futures_util::Stream<Item = io::Result<Bytes>> + Send + use<> {
    stream::iter(pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect::<Vec<_>>())
}

fn files(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                names.push(entry.path().strip_prefix(folder).unwrap().display().to_string());
            }
        }
    }
    names.sort();
    names
}

async fn text(blobs: &Blobs, name: &str, range: Option<std::ops::Range<u64>>) -> Result<String, BlobError> {
    let bytes: Vec<Bytes> = blobs.get(&key(name), range).await?.bytes.try_collect().await?;
    Ok(String::from_utf8(bytes.concat()).unwrap())
}

fn opened() -> (tempfile::TempDir, Blobs) {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(&BlobOptions::folder(folder.path())).unwrap();
    (folder, blobs)
}

#[tokio::test]
async fn what_is_put_comes_back() {
    let (folder, blobs) = opened();
    let kept = blobs
        .put_stream(&key("p/1/talk.txt"), pieces(&["The quick brown fox ", "jumps over the lazy dog"]), 43)
        .await
        .unwrap();
    assert_eq!(kept, 43);
    assert_eq!(files(folder.path()), ["p/1/talk.txt"]);
    assert_eq!(text(&blobs, "p/1/talk.txt", None).await.unwrap(), "The quick brown fox jumps over the lazy dog");
    assert_eq!(text(&blobs, "p/1/talk.txt", Some(4..9)).await.unwrap(), "quick");
    assert_eq!(text(&blobs, "p/1/talk.txt", Some(40..999)).await.unwrap(), "dog");
    assert!(matches!(text(&blobs, "p/1/talk.txt", Some(43..44)).await, Err(BlobError::OutOfRange { size: 43 })));
    assert_eq!(blobs.size(&key("p/1/talk.txt")).await.unwrap(), 43);

    let copy = folder.path().join("copy");
    assert_eq!(blobs.fetch_to(&key("p/1/talk.txt"), &copy).await.unwrap(), 43);
    let kept = blobs.put_file(&copy, &key("p/2")).await.unwrap();
    assert_eq!((kept.size, kept.md5.as_str()), (43, "9e107d9d372bb6826bd81d3542a419d6"), "as in every book");
    std::fs::remove_file(copy).unwrap();
    let empty = blobs.put_stream(&key("empty"), pieces(&[]), 0).await.unwrap();
    assert_eq!((empty, text(&blobs, "empty", None).await.unwrap().as_str()), (0, ""));

    let joined = blobs.join(&[key("p/2"), key("empty"), key("p/1/talk.txt")], &key("joined")).await.unwrap();
    assert_eq!((joined, blobs.size(&key("joined")).await.unwrap()), (86, 86));
    assert!(matches!(blobs.join(&[key("p/2"), key("gone")], &key("x")).await, Err(BlobError::NotFound)));

    let mut listed: Vec<_> = blobs.list(Some(&key("p"))).try_collect().await.unwrap();
    listed.sort();
    assert_eq!(listed, [(key("p/1/talk.txt"), 43), (key("p/2"), 43)]);
    assert_eq!(blobs.list(None).try_collect::<Vec<_>>().await.unwrap().len(), 4);
    assert_eq!(blobs.list(Some(&key("nowhere"))).try_collect::<Vec<_>>().await.unwrap(), []);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let (_folder, blobs) = opened();
    blobs.put_stream(&key("p/1"), pieces(&["x"]), 9).await.unwrap();
    for name in ["q", "p/2", "p", "p/1/2"] {
        assert!(matches!(blobs.get(&key(name), None).await, Err(BlobError::NotFound)), "{name}");
        assert!(matches!(blobs.size(&key(name)).await, Err(BlobError::NotFound)), "{name}");
        assert!(matches!(blobs.fetch_to(&key(name), Path::new("/dev/null")).await, Err(BlobError::NotFound)), "{name}");
    }
    blobs.remove(&key("q")).await.unwrap();
    blobs.remove(&key("p/1/2")).await.unwrap();
    assert_eq!(text(&blobs, "p/1", None).await.unwrap(), "x");
}

#[tokio::test]
async fn folders_come_and_go_with_their_files() {
    let (folder, blobs) = opened();
    blobs.put_stream(&key("a/b/c"), pieces(&["1"]), 9).await.unwrap();
    blobs.put_stream(&key("a/d"), pieces(&["2"]), 9).await.unwrap();
    blobs.remove(&key("a/b/c")).await.unwrap();
    assert!(!folder.path().join("a/b").exists() && folder.path().join("a").exists());
    blobs.remove(&key("a/d")).await.unwrap();
    assert!(!folder.path().join("a").exists() && folder.path().exists());
}

#[tokio::test]
async fn nobody_sees_half_a_file() {
    let (folder, blobs) = opened();
    let cut = pieces(&["half"]).chain(stream::iter([Err(io::Error::other("the connection is gone"))]));
    assert!(matches!(blobs.put_stream(&key("f"), cut, 99).await, Err(BlobError::Interrupted(_))));
    assert!(matches!(
        blobs.put_stream(&key("f"), pieces(&["four", "five!"]), 8).await,
        Err(BlobError::TooLarge { limit: 8 })
    ));
    assert_eq!(files(folder.path()), [""; 0]);

    // While it comes, and when whoever waits for it goes away.
    let coming = pieces(&["half"]).chain(stream::pending());
    let name = key("f");
    let putting = blobs.put_stream(&name, coming, 99);
    assert!(tokio::time::timeout(std::time::Duration::from_millis(50), putting).await.is_err());
    assert!(matches!(blobs.get(&key("f"), None).await, Err(BlobError::NotFound)));
    assert_eq!(files(folder.path()), [""; 0]);

    // What a process that was killed leaves behind goes when its key does.
    std::fs::write(folder.path().join(".partial/p+1+f"), "half").unwrap();
    assert_eq!(blobs.list(None).try_collect::<Vec<_>>().await.unwrap(), []);
    blobs.remove(&key("p/1/f")).await.unwrap();
    assert_eq!(files(folder.path()), [""; 0]);
}

#[tokio::test]
async fn a_file_that_is_put_again_is_replaced_whole() {
    let (_folder, blobs) = opened();
    blobs.put_stream(&key("f"), pieces(&["old"]), 9).await.unwrap();
    let cut = pieces(&["new"]).chain(stream::iter([Err(io::Error::other("gone"))]));
    assert!(blobs.put_stream(&key("f"), cut, 9).await.is_err());
    assert_eq!(text(&blobs, "f", None).await.unwrap(), "old");
    blobs.put_stream(&key("f"), pieces(&["new"]), 9).await.unwrap();
    assert_eq!(text(&blobs, "f", None).await.unwrap(), "new");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_may_write_the_same_at_once() {
    let (folder, blobs) = opened();
    let name = key("p/f");
    let (first, wait) = tokio::sync::oneshot::channel::<()>();
    let slow = pieces(&["a slow ", "writer"]).chain(stream::once(async move {
        _ = wait.await;
        Ok(Bytes::from_static(b" ends"))
    }));
    let (putting, kept) = (blobs.clone(), name.clone());
    let slow = tokio::spawn(async move { putting.put_stream(&kept, Box::pin(slow), 99).await });
    while files(folder.path()).is_empty() {
        tokio::task::yield_now().await;
    }
    // What others do meanwhile is whole at once, and nobody's bytes are in anybody else's.
    blobs.put_stream(&name, pieces(&["quick"]), 99).await.unwrap();
    assert_eq!(text(&blobs, "p/f", None).await.unwrap(), "quick");
    let cut = pieces(&["half"]).chain(stream::iter([Err(io::Error::other("gone"))]));
    assert!(blobs.put_stream(&name, cut, 99).await.is_err());
    first.send(()).unwrap();
    slow.await.unwrap().unwrap();
    assert_eq!(text(&blobs, "p/f", None).await.unwrap(), "a slow writer ends");
    assert_eq!(files(folder.path()), ["p/f"]);

    let bytes: &'static str = Box::leak("0123456789abcdef".repeat(1 << 12).into_boxed_str());
    let crowd = (0..64).map(|_| {
        let (blobs, name) = (blobs.clone(), name.clone());
        tokio::spawn(async move { blobs.put_stream(&name, pieces(&[bytes]), 1 << 20).await })
    });
    let mut kept = 0;
    for each in crowd.collect::<Vec<_>>() {
        match each.await.unwrap() {
            Ok(_) => kept += 1,
            Err(error) => assert!(matches!(error, BlobError::Unavailable(_)), "{error}"),
        }
    }
    assert!(kept > 0);
    assert_eq!(text(&blobs, "p/f", None).await.unwrap(), bytes);
    assert_eq!(files(folder.path()), ["p/f"]);
    // Those that fail take nothing from those that do not, as long as no more than eight write at once.
    let mixed = (0..8).map(|number| {
        let (blobs, name) = (blobs.clone(), name.clone());
        tokio::spawn(async move {
            for _ in 0..50 {
                if number % 2 == 0 {
                    blobs.put_stream(&name, pieces(&[bytes]), 1 << 20).await.unwrap();
                } else {
                    let cut = pieces(&["half"]).chain(stream::iter([Err(io::Error::other("gone"))]));
                    assert!(matches!(blobs.put_stream(&name, cut, 99).await, Err(BlobError::Interrupted(_))));
                }
            }
        })
    });
    for each in mixed.collect::<Vec<_>>() {
        each.await.unwrap();
    }
    assert_eq!(files(folder.path()), ["p/f"]);
    // What a crash left behind, one of several writers' too.
    std::fs::write(folder.path().join(".partial/p+f.~3"), "half").unwrap();
    blobs.remove(&name).await.unwrap();
    assert_eq!(files(folder.path()), [""; 0]);
}

#[tokio::test]
async fn a_full_disk_is_told_from_other_trouble() {
    let (folder, blobs) = opened();
    // Whatever is written there, the kernel says that there is no space left.
    std::os::unix::fs::symlink("/dev/full", folder.path().join(".partial/p+f")).unwrap();
    let long: &'static str = Box::leak("x".repeat(1 << 20).into_boxed_str());
    assert!(matches!(blobs.put_stream(&key("p/f"), pieces(&[long]), 1 << 30).await, Err(BlobError::Full)));
    assert_eq!(files(folder.path()), [""; 0]);
    std::os::unix::fs::symlink("/dev/full", folder.path().join(".partial/p+f")).unwrap();
    assert!(matches!(blobs.put_stream(&key("p/f"), pieces(&["short"]), 99).await, Err(BlobError::Full)));
    assert!(matches!(blobs.fetch_to(&key("p/f"), Path::new("/dev/full")).await, Err(BlobError::NotFound)));
    blobs.check().await.unwrap();
    assert_eq!(files(folder.path()), [""; 0]);
    std::fs::remove_dir_all(folder.path()).unwrap();
    assert!(matches!(blobs.check().await, Err(BlobError::Unavailable(_))));
}

#[test]
fn an_address_that_names_no_storage_is_refused() {
    for url in ["", "/a/folder", "ftp://host/x", "file://host/x", "s3:", "s3:///x"] {
        assert!(matches!(Blobs::open(&BlobOptions::new(url)), Err(BlobError::Address(_))), "{url}");
    }
}
