//! An export as a tar archive that is written while it is sent: a piece at a time, and of each file as much as the network takes.

use std::collections::VecDeque;
use std::io;

use app::leaving::Piece;
use app::{App, AppError, Caller};
use bytes::Bytes;
use futures_util::stream::{BoxStream, try_unfold};
use futures_util::{Stream, StreamExt};
use tar::{EntryType, Header};

/// Bytes that everything in an archive is filled up to.
const BLOCK: u64 = 512;

/// Bytes of a name that fit in a header; longer ones go before it.
const SHORT_NAME: usize = 100;

/// Where in the archive we are.
struct Writing {
    app: App,
    caller: Caller,
    pieces: VecDeque<Piece>,
    /// Productions that were looked up.
    after: u64,
    open: Option<Open>,
    is_over: bool,
}

/// A file that is being sent.
struct Open {
    bytes: BoxStream<'static, io::Result<Bytes>>,
    left: u64,
    padding: usize,
}

/// The archive: what is there first, and then productions for as long as there are any.
pub(super) fn stream(app: App, caller: Caller, first: Vec<Piece>) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let writing = Writing { app, caller, pieces: first.into(), after: 0, open: None, is_over: false };
    try_unfold(writing, |mut writing| async move {
        let next = writing.next().await?;
        Ok(next.map(|bytes| (bytes, writing)))
    })
}

impl Writing {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        if let Some(open) = &mut self.open {
            if open.left == 0 {
                let padding = Bytes::from(vec![0; open.padding]);
                self.open = None;
                return Ok(Some(padding));
            }
            // An archive that ends in the middle is better than one that lies about a file.
            let bytes = open.bytes.next().await.ok_or_else(|| io::Error::other("a file is shorter than it was"))??;
            open.left =
                open.left.checked_sub(bytes.len() as u64).ok_or_else(|| io::Error::other("a file has grown"))?;
            return Ok(Some(bytes));
        }
        if self.pieces.is_empty() && !self.is_over {
            let (found, pieces) =
                self.app.leaving().go_on_exporting(&self.caller, self.after).await.map_err(|error| failed(&error))?;
            self.after += found;
            self.pieces.extend(pieces);
        }
        match self.pieces.pop_front() {
            Some(Piece::Document { name, bytes }) => {
                let mut all = head(&name, bytes.len() as u64)?;
                all.extend_from_slice(&bytes);
                all.resize(all.len() + padding(bytes.len() as u64), 0);
                Ok(Some(all.into()))
            }
            Some(Piece::File { name, key, size }) => match self.app.files().open(&key, None).await {
                Ok(blob) => {
                    let bytes = blob.bytes.map(|piece| piece.map_err(io::Error::other)).boxed();
                    self.open = Some(Open { bytes, left: size, padding: padding(size) });
                    Ok(Some(head(&name, size)?.into()))
                }
                // Removed since it was looked up: there is nothing to take along.
                Err(AppError::NotFound(_)) => Ok(Some(Bytes::new())),
                Err(error) => Err(failed(&error)),
            },
            None if self.is_over => Ok(None),
            // POSIX.1-1988, section 10.1.1: two blocks of zeros are the end.
            None => {
                self.is_over = true;
                Ok(Some(Bytes::from_static(&[0; 2 * BLOCK as usize])))
            }
        }
    }
}

fn failed(error: &AppError) -> io::Error {
    tracing::info!(%error, "an export was cut short");
    io::Error::other("the export was cut short")
}

/// What stands before the bytes of a file.
fn head(name: &str, size: u64) -> io::Result<Vec<u8>> {
    let mut all = Vec::with_capacity(BLOCK as usize);
    let mut header = Header::new_gnu();
    if name.len() > SHORT_NAME {
        // A name that is too long is a file of its own before it, with a zero at its end.
        let mut before = Header::new_gnu();
        before.set_path("././@LongLink")?;
        before.set_entry_type(EntryType::GNULongName);
        before.set_size(name.len() as u64 + 1);
        before.set_mode(0o600);
        before.set_cksum();
        all.extend_from_slice(before.as_bytes());
        all.extend_from_slice(name.as_bytes());
        all.push(0);
        all.resize(all.len() + padding(name.len() as u64 + 1), 0);
        let mut end = SHORT_NAME;
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        header.set_path(&name[..end])?;
    } else {
        header.set_path(name)?;
    }
    header.set_size(size);
    header.set_mode(0o600);
    header.set_cksum();
    all.extend_from_slice(header.as_bytes());
    Ok(all)
}

fn padding(size: u64) -> usize {
    (size.next_multiple_of(BLOCK) - size) as usize
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use super::*;

    #[test]
    fn long_names_come_back_whole() {
        for name in ["a.json".to_owned(), format!("productions/{}/made/{}.mp3", "a".repeat(22), "ü".repeat(100))] {
            let mut all = head(&name, 3).unwrap();
            all.extend_from_slice(b"abc");
            all.resize(all.len() + padding(3), 0);
            let mut archive = tar::Archive::new(&all[..]);
            let entry = archive.entries().unwrap().next().unwrap().unwrap();
            assert_eq!((entry.path_bytes().into_owned(), entry.size()), (name.into_bytes(), 3));
        }
    }

    #[test]
    fn a_file_of_many_gigabytes_has_its_size() {
        let all = head("long.wav", 20_000_000_000).unwrap();
        let header = Header::from_byte_slice(&all);
        assert_eq!(header.entry_size().unwrap(), 20_000_000_000);
    }
}
