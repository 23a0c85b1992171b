//! Stores in buckets of S3, over the one HTTP client. Requests are signed here (`protocols::sigv4`), each with its body.
//!
//! What is small is put at once, everything else in parts. A file in a bucket is whole or not there; parts that nothing came of
//! are thrown away.

mod asked;

use bytes::Bytes;
use http::StatusCode;
use model::remote::S3;
use protocols::bucket;
use tokio::io::AsyncReadExt;

use self::asked::{Bucket, Question};
use super::files::{Gathered, media_type, timestamp};
use super::moving::{Sink, Source};
use super::{Checked, PROBE, Remnant, RemoteError, Way, web};

/// Bytes of a list that are read. A thousand files with the longest names have 1.5 MiB.
const MOST_LIST: usize = 4 << 20;

/// Bytes of other answers that are read.
const MOST_ANSWER: usize = 64 << 10;

/// Bytes of a part, and of what is put at once. Amazon wants 5 MiB at least; one part is in memory at a time.
const PART: u64 = 8 << 20;

/// Parts that a file may have (Amazon S3 User Guide, "Amazon S3 multipart upload limits").
const MOST_PARTS: u64 = 10_000;

/// Bytes that a part may have here, since it is in memory: files up to 640 GB.
const MOST_PART: u64 = 64 << 20;

/// Lists that are asked for, a thousand files each.
const MOST_PAGES: usize = 20;

pub(super) async fn check(way: &Way<'_>, at: &S3) -> Result<Checked, RemoteError> {
    let bucket = Bucket::open(way, at)?;
    let may_read = match page(&bucket, None, 1).await {
        Ok(_) => true,
        Err(RemoteError::Denied { .. }) => false,
        Err(error) => return Err(error),
    };
    way.remains.are(Remnant::File(way.part.clone()));
    let key = bucket.key(&way.part);
    let question = Question { body: Bytes::from_static(PROBE), ..Question::new("PUT", &key) };
    let may_write = match bucket.ask_and_read(&question, "writing a file", &way.part).await {
        Ok(_) => {
            remove(way, at, &way.part).await?;
            true
        }
        Err(RemoteError::Denied { .. }) if may_read => false,
        Err(error) => return Err(error),
    };
    way.remains.take();
    Ok(Checked { may_read, may_write, host_key: None })
}

pub(super) async fn list(way: &Way<'_>, at: &S3, found: &mut Gathered) -> Result<(), RemoteError> {
    let bucket = Bucket::open(way, at)?;
    let folder = bucket.key("");
    let mut next = None;
    for _ in 0..MOST_PAGES {
        let page = page(&bucket, next.as_deref(), 1_000).await?;
        for file in &page.files {
            let Some(name) = file.key.strip_prefix(&folder) else { continue };
            if !found.take(name, file.size, timestamp(&file.changed)) {
                return Ok(());
            }
        }
        if !page.whole {
            break;
        }
        next = page.next;
        if next.is_none() {
            return Ok(());
        }
    }
    found.cut();
    Ok(())
}

async fn page(bucket: &Bucket<'_>, next: Option<&str>, most: usize) -> Result<bucket::Page, RemoteError> {
    let (folder, most) = (bucket.key(""), most.to_string());
    let mut query =
        vec![("list-type", "2"), ("delimiter", "/"), ("prefix", folder.as_str()), ("max-keys", most.as_str())];
    query.extend(next.map(|next| ("continuation-token", next)));
    let question = Question { query: &query, ..Question::new("GET", "") };
    let answer = bucket.ask(&question).await?;
    let status = answer.status();
    let text = bucket.read(answer, MOST_LIST, "listing the bucket", "").await?;
    bucket::page(&text).ok_or_else(|| bucket.strange(status, "a list of files by S3"))
}

pub(super) async fn fetch(way: &Way<'_>, at: &S3, name: &str, sink: &mut Sink<'_>) -> Result<(), RemoteError> {
    let bucket = Bucket::open(way, at)?;
    let key = bucket.key(name);
    let answer = bucket.ask(&Question::new("GET", &key)).await?;
    if answer.status() != StatusCode::OK {
        let status = answer.status();
        bucket.read(answer, MOST_ANSWER, "reading a file", name).await?;
        return Err(bucket.strange(status, "a file"));
    }
    web::receive(way, &bucket.target(&key, &[])?, answer, sink).await
}

pub(super) async fn put(way: &Way<'_>, at: &S3, name: &str, source: &Source<'_>) -> Result<(), RemoteError> {
    let bucket = Bucket::open(way, at)?;
    let key = bucket.key(name);
    let mut headers = vec![("content-type", media_type(name))];
    headers.extend(at.acl.map(|acl| ("x-amz-acl", acl.word())));
    let mut file = source.file().await?;
    if source.size() <= PART {
        let body = part(&mut file, PART).await?;
        let question = Question { headers: &headers, body, ..Question::new("PUT", &key) };
        bucket.ask_and_read(&question, "writing a file", name).await?;
        source.moved(source.size());
        return Ok(());
    }
    let begin = Question { query: &[("uploads", "")], headers: &headers, ..Question::new("POST", &key) };
    let begun = bucket.ask_and_read(&begin, "writing a file", name).await?;
    let id = bucket::upload_id(&begun).ok_or_else(|| bucket.strange(StatusCode::OK, "the beginning of an upload"))?;
    way.remains.are(Remnant::Upload { key: key.clone(), id: id.clone() });
    let tags = parts(&bucket, &key, &id, &mut file, source).await?;
    let query = [("uploadId", id.as_str())];
    let finish = Question { query: &query, body: bucket::complete(&tags).into(), ..Question::new("POST", &key) };
    let said = bucket.ask_and_read(&finish, "writing a file", name).await?;
    // It may turn out not to work when it has begun to answer that it does.
    if let Some(code) = bucket::error_code(&said) {
        return Err(bucket.meaning(StatusCode::OK, Some(&code), "writing a file", name));
    }
    way.remains.take();
    Ok(())
}

/// Puts the parts, one after the other, and gives their tags.
async fn parts(
    bucket: &Bucket<'_>,
    key: &str,
    id: &str,
    file: &mut tokio::fs::File,
    source: &Source<'_>,
) -> Result<Vec<String>, RemoteError> {
    let size = source.size().div_ceil(MOST_PARTS).clamp(PART, MOST_PART);
    let (mut tags, mut sent) = (Vec::new(), 0);
    loop {
        let body = part(file, size).await?;
        if body.is_empty() {
            return Ok(tags);
        }
        sent += body.len() as u64;
        let number = (tags.len() + 1).to_string();
        let query = [("partNumber", number.as_str()), ("uploadId", id)];
        let answer = bucket.ask(&Question { query: &query, body, ..Question::new("PUT", key) }).await?;
        let status = answer.status();
        let tag = answer.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        bucket.read(answer, MOST_ANSWER, "writing a file", "").await?;
        tags.push(tag.ok_or_else(|| bucket.strange(status, "the tag of a part"))?);
        source.moved(sent);
    }
}

async fn part(file: &mut tokio::fs::File, most: u64) -> Result<Bytes, RemoteError> {
    let mut body = Vec::new();
    file.take(most).read_to_end(&mut body).await.map_err(RemoteError::Read)?;
    Ok(body.into())
}

pub(super) async fn remove(way: &Way<'_>, at: &S3, name: &str) -> Result<(), RemoteError> {
    let bucket = Bucket::open(way, at)?;
    let key = bucket.key(name);
    bucket.ask_and_read(&Question::new("DELETE", &key), "removing a file", name).await.map(drop)
}

pub(super) async fn abort(way: &Way<'_>, at: &S3, key: &str, id: &str) -> Result<(), RemoteError> {
    let bucket = Bucket::open(way, at)?;
    let query = [("uploadId", id)];
    let question = Question { query: &query, ..Question::new("DELETE", key) };
    bucket.ask_and_read(&question, "giving an upload up", key).await.map(drop)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use std::time::Duration;

    use model::{Clock, RemoteSecret, Time};

    use super::super::Remains;
    use super::*;
    use crate::outbound::{Options, Outbound, Roots};

    struct Noon;

    impl Clock for Noon {
        fn now(&self) -> Time {
            Time::from_ms(1_767_614_400_000)
        }
    }

    /// No test can ask Amazon; where it would be asked can be seen.
    #[test]
    fn buckets_are_named_where_servers_look_for_them() {
        let options = Options { roots: Roots::Only(Vec::new()), ..Options::new("".parse().unwrap()) };
        let (outbound, remains) = (Outbound::new(options).unwrap(), Remains::default());
        let secret = RemoteSecret::SecretKey { secret_key: "s".to_owned() };
        let way = Way {
            outbound: &outbound,
            secret: &secret,
            silence: Duration::from_secs(1),
            clock: &Noon,
            part: String::new(),
            remains: &remains,
        };
        for (bucket, region, endpoint, address) in [
            ("b", None, None, "https://b.s3.us-east-1.amazonaws.com/in/a%20b.wav?uploads="),
            ("b", Some("eu-central-1"), None, "https://b.s3.eu-central-1.amazonaws.com/in/a%20b.wav?uploads="),
            ("b.c", None, None, "https://s3.us-east-1.amazonaws.com/b.c/in/a%20b.wav?uploads="),
            ("b", None, Some("https://s3.example:9000/"), "https://s3.example:9000/b/in/a%20b.wav?uploads="),
            ("b", None, Some("http://s3.example/under/"), "http://s3.example/under/b/in/a%20b.wav?uploads="),
        ] {
            let at = S3 {
                bucket: bucket.to_owned(),
                region: region.map(str::to_owned),
                endpoint: endpoint.map(str::to_owned),
                path: "/in//".to_owned(),
                access_key: "AK".to_owned(),
                acl: None,
                base_url: None,
            };
            let asked = Bucket::open(&way, &at).unwrap();
            let target = asked.target(&asked.key("a b.wav"), &[("uploads", "")]).unwrap();
            assert_eq!(target.url().as_str(), address);
        }
    }
}
