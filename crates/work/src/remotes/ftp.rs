//! Stores by FTP (RFC 959, 2428, 3659), with TLS (RFC 4217) or without.
//!
//! Written here and not taken from a crate: a line that does not end and a list that does not either have to be bounded, data has
//! to come from the address that was checked, and both are three pages of code. A file is put under the name of a part and
//! renamed, so that nobody sees half of it.

mod talk;

use model::remote::{Ftp, FtpTls};
use protocols::ftp::{Entry, MOST_LINE_BYTES, machine_entry, moment};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use self::talk::{Duplex, Talk};
use super::files::{Gathered, check_name, ftp_moment, is_recording};
use super::moving::{PIECE, Sink, Source};
use super::{Checked, PROBE, Remnant, RemoteError, Way};

/// Bytes of a list that are read: some fifty thousand files.
const MOST_LIST: usize = 8 << 20;

/// Files that are asked for one by one, where the server has no list that says more than names.
const MOST_ASKED: usize = 500;

pub(super) async fn check(way: &Way<'_>, at: &Ftp) -> Result<Checked, RemoteError> {
    let mut talk = enter(way, at).await?;
    let mut gathered = Gathered::new(1);
    let may_read = match names(&mut talk, &mut gathered).await {
        Ok(()) => true,
        Err(RemoteError::Denied { .. }) => false,
        Err(error) => return Err(error),
    };
    way.remains.are(Remnant::File(way.part.clone()));
    let may_write = match written(&mut talk, &way.part).await {
        Ok(()) => {
            let said = talk.ask("DELE", &way.part).await?;
            talk.expect(&said, "removing a file")?;
            true
        }
        Err(RemoteError::Denied { .. }) if may_read => false,
        Err(error) => return Err(error),
    };
    way.remains.take();
    talk.leave().await;
    Ok(Checked { may_read, may_write, host_key: None })
}

async fn written(talk: &mut Talk<'_>, name: &str) -> Result<(), RemoteError> {
    let mut data = talk.data("STOR", name, "writing a file").await?;
    talk.hear(data.write_all(PROBE)).await?.map_err(|_| talk.broken_off())?;
    let ended = ended(talk, data).await;
    talk.finish("writing a file").await?;
    ended
}

pub(super) async fn list(way: &Way<'_>, at: &Ftp, found: &mut Gathered) -> Result<(), RemoteError> {
    let mut talk = enter(way, at).await?;
    names(&mut talk, found).await?;
    talk.leave().await;
    Ok(())
}

/// `MLSD` where there is one; else the names alone, and what is to be known of each.
async fn names(talk: &mut Talk<'_>, found: &mut Gathered) -> Result<(), RemoteError> {
    const WHAT: &str = "listing the folder";
    let data = match talk.data("MLSD", "", WHAT).await {
        Ok(data) => data,
        Err(RemoteError::Strange { .. }) => return plain_names(talk, found).await,
        Err(error) => return Err(error),
    };
    let mut goes_on = true;
    let whole = lines(talk, data, |line| {
        if let Some(Entry { name, size, changed }) = machine_entry(line) {
            goes_on = found.take(&name, size, changed.as_deref().and_then(ftp_moment));
        }
        goes_on
    })
    .await?;
    // Who is not listened to until the end says that it broke off.
    if !whole {
        if goes_on {
            found.cut();
        }
        return talk.hear_out().await;
    }
    talk.finish(WHAT).await
}

async fn plain_names(talk: &mut Talk<'_>, found: &mut Gathered) -> Result<(), RemoteError> {
    const WHAT: &str = "listing the folder";
    let data = match talk.data("NLST", "", WHAT).await {
        Ok(data) => data,
        // Some servers say of an empty folder that there is no file in it.
        Err(RemoteError::NoFile { .. }) => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    let mut tricks = Vec::new();
    let whole = lines(talk, data, |line| {
        let name = String::from_utf8_lossy(line);
        let name = name.trim_end_matches('\r');
        // Some servers put the folder before each name.
        let name = name.strip_prefix("./").unwrap_or(name);
        if is_recording(name) {
            if check_name(name).is_ok() { &mut names } else { &mut tricks }.push(name.to_owned());
        }
        names.len() + tricks.len() < MOST_ASKED
    })
    .await?;
    if whole {
        talk.finish(WHAT).await?;
    } else {
        talk.hear_out().await?;
    }
    for name in tricks {
        found.take(&name, None, None);
    }
    for name in names {
        let size = talk.ask("SIZE", &name).await?;
        // Folders have no size.
        if size.code == 550 {
            continue;
        }
        let changed = talk.ask("MDTM", &name).await?;
        let changed = (changed.code == 213).then(|| moment(&changed.text)).flatten();
        let size = (size.code == 213).then(|| size.text.parse().ok()).flatten();
        if !found.take(&name, size, changed.as_deref().and_then(ftp_moment)) {
            return Ok(());
        }
    }
    if !whole {
        found.cut();
    }
    Ok(())
}

/// Reads lines until there are no more, or nobody wants more. Whether all were read.
async fn lines(
    talk: &Talk<'_>,
    mut data: Box<dyn Duplex>,
    mut each: impl FnMut(&[u8]) -> bool,
) -> Result<bool, RemoteError> {
    let (mut held, mut piece, mut read) = (Vec::new(), vec![0; PIECE], 0);
    loop {
        let count = talk.read(&mut data, &mut piece).await?;
        read += count;
        held.extend_from_slice(&piece[..count]);
        let mut at = 0;
        while let Some(end) = held[at..].iter().position(|byte| *byte == b'\n') {
            if !each(&held[at..at + end]) {
                return Ok(false);
            }
            at += end + 1;
        }
        held.drain(..at);
        if count == 0 {
            return Ok(held.is_empty() || each(&held));
        }
        if held.len() > MOST_LINE_BYTES || read > MOST_LIST {
            return Ok(false);
        }
    }
}

pub(super) async fn fetch(way: &Way<'_>, at: &Ftp, name: &str, sink: &mut Sink<'_>) -> Result<(), RemoteError> {
    let mut talk = enter(way, at).await?;
    let size = talk.ask("SIZE", name).await?;
    sink.expect((size.code == 213).then(|| size.text.parse().ok()).flatten())?;
    let mut data = talk.data("RETR", name, "reading a file").await.map_err(|error| match error {
        RemoteError::NoFile { host, .. } => RemoteError::NoFile { host, name: name.to_owned() },
        error => error,
    })?;
    let mut piece = vec![0; PIECE];
    loop {
        let read = talk.read(&mut data, &mut piece).await?;
        if read == 0 {
            break;
        }
        sink.take(&piece[..read]).await?;
    }
    drop(data);
    // The end of the data may be that of the connection; the reply says whether it was.
    talk.finish("reading a file").await?;
    sink.finish()?;
    talk.leave().await;
    Ok(())
}

pub(super) async fn put(way: &Way<'_>, at: &Ftp, name: &str, source: &Source<'_>) -> Result<(), RemoteError> {
    const WHAT: &str = "writing a file";
    let mut talk = enter(way, at).await?;
    way.remains.are(Remnant::File(way.part.clone()));
    let mut data = talk.data("STOR", &way.part, WHAT).await?;
    let (mut file, mut piece, mut sent) = (source.file().await?, vec![0; PIECE], 0);
    loop {
        let read = file.read(&mut piece).await.map_err(RemoteError::Read)?;
        if read == 0 {
            break;
        }
        if talk.hear(data.write_all(&piece[..read])).await?.is_err() {
            // The server hung up on the data, and may say why: that there is no room.
            drop(data);
            talk.finish(WHAT).await?;
            return Err(talk.broken_off());
        }
        sent += read as u64;
        source.moved(sent);
    }
    let ended = ended(&talk, data).await;
    talk.finish(WHAT).await?;
    ended?;
    // A connection that is cut looks like the end of the file to the server.
    let size = talk.ask("SIZE", &way.part).await?;
    if size.code == 213 && size.text.parse() != Ok(sent) {
        return Err(talk.broken_off());
    }
    rename(&mut talk, &way.part, name).await?;
    way.remains.take();
    talk.leave().await;
    Ok(())
}

/// Ends data that was sent: with TLS by its own word first, so that the server can tell an end from a cut. Then waits until the
/// server has ended it, too. With TLS it sends something of its own, and a connection that is dropped with that unread is reset:
/// what was still on its way would be lost, and the server would take what it has for all of it.
async fn ended(talk: &Talk<'_>, mut data: Box<dyn Duplex>) -> Result<(), RemoteError> {
    talk.hear(data.shutdown()).await?.map_err(|_| talk.broken_off())?;
    let mut nothing = tokio::io::sink();
    // How it ends is all the same; the reply and the size tell whether all of it is there.
    let _ = talk.hear(tokio::io::copy(&mut (&mut data).take(PIECE as u64), &mut nothing)).await;
    Ok(())
}

/// Renames, and replaces what has the name.
async fn rename(talk: &mut Talk<'_>, from: &str, to: &str) -> Result<(), RemoteError> {
    const WHAT: &str = "renaming a file";
    for _ in 0..2 {
        let said = talk.ask("RNFR", from).await?;
        talk.expect(&said, WHAT)?;
        let said = talk.ask("RNTO", to).await?;
        if said.code / 100 == 2 {
            return Ok(());
        }
        // Some servers do not replace. If it is not that, the second try says what it is.
        if talk.ask("DELE", to).await?.code / 100 != 2 {
            return talk.expect(&said, WHAT);
        }
    }
    Err(RemoteError::Denied { host: talk.host().to_owned(), what: WHAT })
}

pub(super) async fn remove(way: &Way<'_>, at: &Ftp, name: &str) -> Result<(), RemoteError> {
    let mut talk = enter(way, at).await?;
    let said = talk.ask("DELE", name).await?;
    // It may never have come to be.
    if said.code != 550 {
        talk.expect(&said, "removing a file")?;
    }
    talk.leave().await;
    Ok(())
}

/// Connects, signs in and goes to the folder.
async fn enter<'a>(way: &'a Way<'a>, at: &'a Ftp) -> Result<Talk<'a>, RemoteError> {
    let mut talk = Talk::open(way, at).await?;
    talk.sign_in(at).await?;
    if at.tls != FtpTls::None {
        for (command, argument) in [("PBSZ", "0"), ("PROT", "P")] {
            let said = talk.ask(command, argument).await?;
            talk.expect(&said, "encrypting data")?;
        }
    }
    // Images are bytes; a server may begin with texts, and changes line ends in them.
    let said = talk.ask("TYPE", "I").await?;
    talk.expect(&said, "transferring bytes")?;
    // RFC 2640; a server that does not know it has UTF-8 anyway, or never.
    talk.ask("OPTS", "UTF8 ON").await?;
    if !at.path.is_empty() {
        let said = talk.ask("CWD", &at.path).await?;
        if said.code / 100 != 2 {
            return Err(RemoteError::NoFolder { host: at.host.clone(), what: "folder", path: at.path.clone() });
        }
    }
    Ok(talk)
}
