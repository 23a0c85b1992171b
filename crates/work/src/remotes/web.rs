//! What S3 and WebDAV have in common: requests whose bodies stream out of a file, and answers that are read within bounds.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use reqwest::{Body, Response};
use tokio::io::AsyncReadExt;
use tokio::sync::watch;
use tokio::time::timeout;

use super::moving::{PIECE, Sink, Source};
use super::{RemoteError, Way};
use crate::outbound::{OutboundError, Target};

/// Sends a request with a body that is here, and waits for the head of its answer.
pub(super) async fn ask(
    way: &Way<'_>,
    target: &Target,
    method: Method,
    mut headers: HeaderMap,
    body: Bytes,
) -> Result<Response, RemoteError> {
    // Some servers refuse a PUT that does not say that it is empty.
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    let asked = way.outbound.open_with(target, method, headers, Some(body.into()));
    passed_on(target, way.hear(target.host(), asked).await??)
}

/// Puts a file, piece by piece, and waits for the head of the answer. The store is silent when it takes no piece for too long.
pub(super) async fn put_file(
    way: &Way<'_>,
    target: &Target,
    mut headers: HeaderMap,
    source: &Source<'_>,
) -> Result<Response, RemoteError> {
    headers.insert(CONTENT_LENGTH, HeaderValue::from(source.size()));
    let (tell, mut told) = watch::channel(0_u64);
    let failed = Arc::<Mutex<Option<std::io::Error>>>::default();
    let file = source.file().await?;
    let pieces =
        stream::try_unfold((file, 0_u64, tell, Arc::clone(&failed)), |(mut file, sent, tell, failed)| async move {
            let mut piece = vec![0; PIECE];
            match file.read(&mut piece).await {
                Ok(0) => Ok(None),
                Ok(read) => {
                    piece.truncate(read);
                    let sent = sent + read as u64;
                    // Nobody listens any more when the answer is there already.
                    let _ = tell.send(sent);
                    Ok(Some((Bytes::from(piece), (file, sent, tell, failed))))
                }
                Err(error) => {
                    *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    // What goes on is told by the other side of this; here it only ends the request.
                    Err(std::io::Error::other("the file cannot be read"))
                }
            }
        });
    let asked = way.outbound.open_with(target, Method::PUT, headers, Some(Body::wrap_stream(pieces)));
    tokio::pin!(asked);
    let mut sending = true;
    let answer = loop {
        tokio::select! {
            biased;
            answer = &mut asked => break answer,
            changed = timeout(way.silence, told.changed()), if sending => match changed {
                Ok(Ok(())) => source.moved(*told.borrow_and_update()),
                // All of it is sent; the answer has its own time.
                Ok(Err(_)) => sending = false,
                Err(_) => return Err(silent(way, target.host())),
            },
            () = tokio::time::sleep(way.silence), if !sending => return Err(silent(way, target.host())),
        }
    };
    if let Some(error) = failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(RemoteError::Read(error));
    }
    passed_on(target, answer?)
}

/// The beginning of an answer's body, and whether it is all of it. Answers are UTF-8, and where they are not it does not matter.
pub(super) async fn text(
    way: &Way<'_>,
    target: &Target,
    mut answer: Response,
    most: usize,
) -> Result<(String, bool), RemoteError> {
    let mut body = Vec::new();
    while let Some(piece) = piece(way, target, &mut answer).await? {
        if body.len() + piece.len() > most {
            body.extend(piece.iter().take(most - body.len()));
            return Ok((String::from_utf8_lossy(&body).into_owned(), false));
        }
        body.extend_from_slice(&piece);
    }
    Ok((String::from_utf8_lossy(&body).into_owned(), true))
}

/// Streams an answer's body into a sink.
pub(super) async fn receive(
    way: &Way<'_>,
    target: &Target,
    mut answer: Response,
    sink: &mut Sink<'_>,
) -> Result<(), RemoteError> {
    if answer.headers().contains_key(http::header::CONTENT_ENCODING) {
        return Err(OutboundError::Compressed { host: target.host().to_owned() }.into());
    }
    sink.expect(answer.content_length())?;
    while let Some(piece) = piece(way, target, &mut answer).await? {
        sink.take(&piece).await?;
    }
    sink.finish()
}

async fn piece(way: &Way<'_>, target: &Target, answer: &mut Response) -> Result<Option<Bytes>, RemoteError> {
    let piece = way.hear(target.host(), answer.chunk()).await?;
    piece.map_err(|error| OutboundError::of(&error, target.host()).into())
}

/// Redirects are not followed: the password would go along to whoever is named.
fn passed_on(target: &Target, answer: Response) -> Result<Response, RemoteError> {
    // S3 says in its answer where the bucket is.
    let says_more = answer.headers().contains_key("x-amz-bucket-region");
    if answer.status().is_redirection() && answer.status() != StatusCode::NOT_MODIFIED && !says_more {
        return Err(RemoteError::PassedOn { host: target.host().to_owned() });
    }
    Ok(answer)
}

fn silent(way: &Way<'_>, host: &str) -> RemoteError {
    OutboundError::Silent { host: host.to_owned(), seconds: way.silence.as_secs() }.into()
}
