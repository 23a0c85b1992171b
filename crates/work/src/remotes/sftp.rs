//! Stores by SFTP, version 3 as OpenSSH speaks it (draft-ietf-secsh-filexfer-02), in a connection of SSH.
//!
//! Several pieces are under way at once, since each has to be asked for; how many is fixed, and so is the memory. A file is put
//! under the name of a part and renamed, so that nobody sees half of it.

mod door;

use futures_util::stream::{FuturesOrdered, StreamExt};
use model::remote::Sftp;
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::client::rawsession::SftpResult;
use russh_sftp::protocol::{FileAttributes, OpenFlags, Packet, StatusCode};
use tokio::io::AsyncReadExt;

use self::door::Door;
use super::files::Gathered;
use super::moving::{Sink, Source};
use super::{Checked, PROBE, Remnant, RemoteError, Way, in_folder};

/// Bytes of a piece: what every server takes (the draft, section 3).
const PIECE: u32 = 32_000;

/// Pieces that are under way at once.
const UNDER_WAY: usize = 32;

/// Answers to one list that are read; OpenSSH's have a hundred files each.
const MOST_ANSWERS: usize = 1_000;

/// The bits of a file's mode that say what it is, and those of a plain file (POSIX).
const KIND: u32 = 0o170_000;
const PLAIN: u32 = 0o100_000;
const LINK: u32 = 0o120_000;

pub(super) async fn check(way: &Way<'_>, at: &Sftp) -> Result<Checked, RemoteError> {
    let door = Door::open(way, at, true).await?;
    let host_key = Some(door.host_key().to_owned());
    let may_read = match opened(&door, at).await {
        Ok(handle) => {
            door.ask(door.sftp.close(handle)).await?.map_err(|error| door.meaning(&error, "listing the folder"))?;
            true
        }
        Err(RemoteError::Denied { .. }) => false,
        Err(error) => return Err(error),
    };
    way.remains.are(Remnant::File(way.part.clone()));
    let part = in_folder(&at.path, &way.part);
    let may_write = match written(&door, &part, PROBE).await {
        Ok(()) => {
            door.ask(door.sftp.remove(part)).await?.map_err(|error| door.meaning(&error, "removing a file"))?;
            true
        }
        Err(RemoteError::Denied { .. }) if may_read => false,
        Err(error) => return Err(error),
    };
    way.remains.take();
    door.leave().await;
    Ok(Checked { may_read, may_write, host_key })
}

async fn written(door: &Door<'_>, path: &str, bytes: &[u8]) -> Result<(), RemoteError> {
    let handle = created(door, path).await?;
    for done in [
        door.ask(door.sftp.write(handle.as_str(), 0, bytes.to_vec())).await?,
        door.ask(door.sftp.close(handle.as_str())).await?,
    ] {
        done.map_err(|error| door.meaning(&error, "writing a file"))?;
    }
    Ok(())
}

/// A new file; an old one of that name is none of ours.
async fn created(door: &Door<'_>, path: &str) -> Result<String, RemoteError> {
    let flags = OpenFlags::CREATE | OpenFlags::WRITE | OpenFlags::EXCLUDE;
    let opened = door.ask(door.sftp.open(path, flags, FileAttributes::empty())).await?;
    opened.map(|opened| opened.handle).map_err(|error| match error {
        SftpError::Status(status) if status.status_code == StatusCode::NoSuchFile => door.no_folder(),
        error => door.meaning(&error, "writing a file"),
    })
}

async fn opened(door: &Door<'_>, at: &Sftp) -> Result<String, RemoteError> {
    let path = if at.path.is_empty() { "." } else { &at.path };
    let opened = door.ask(door.sftp.opendir(path)).await?;
    opened.map(|opened| opened.handle).map_err(|error| match error {
        SftpError::Status(status) if matches!(status.status_code, StatusCode::NoSuchFile | StatusCode::Failure) => {
            door.no_folder()
        }
        error => door.meaning(&error, "listing the folder"),
    })
}

pub(super) async fn list(way: &Way<'_>, at: &Sftp, found: &mut Gathered) -> Result<(), RemoteError> {
    let door = Door::open(way, at, false).await?;
    let handle = opened(&door, at).await?;
    for _ in 0..MOST_ANSWERS {
        let answer = match door.ask(door.sftp.readdir(handle.as_str())).await? {
            Ok(answer) => answer,
            Err(error) if is_end(&error) => {
                door.leave().await;
                return Ok(());
            }
            Err(error) => return Err(door.meaning(&error, "listing the folder")),
        };
        if answer.files.is_empty() {
            // Would be asked for ever.
            return Ok(());
        }
        for file in &answer.files {
            let kind = file.attrs.permissions.map(|mode| mode & KIND);
            let changed = file.attrs.mtime.map(|seconds| model::Time::from_ms(i64::from(seconds) * 1_000));
            // A link may lead to a file; what it is, is seen when it is fetched.
            let is_file = kind.is_none_or(|kind| matches!(kind, PLAIN | LINK));
            if is_file && !found.take(&file.filename, file.attrs.size.filter(|_| kind != Some(LINK)), changed) {
                return Ok(());
            }
        }
    }
    found.cut();
    Ok(())
}

pub(super) async fn fetch(way: &Way<'_>, at: &Sftp, name: &str, sink: &mut Sink<'_>) -> Result<(), RemoteError> {
    let door = Door::open(way, at, false).await?;
    let wrong = |error: SftpError| match error {
        SftpError::Status(status) if status.status_code == StatusCode::NoSuchFile => {
            RemoteError::NoFile { host: at.host.clone(), name: name.to_owned() }
        }
        error => door.meaning(&error, "reading a file"),
    };
    let opening = door.sftp.open(in_folder(&at.path, name), OpenFlags::READ, FileAttributes::empty());
    let handle = door.ask(opening).await?.map_err(wrong)?.handle;
    let about = door.ask(door.sftp.fstat(handle.as_str())).await?.map_err(wrong)?.attrs;
    sink.expect(about.size)?;
    let (sftp, handle) = (&door.sftp, handle.as_str());
    let (mut under_way, mut asked, mut have) = (FuturesOrdered::new(), 0_u64, 0_u64);
    loop {
        while under_way.len() < UNDER_WAY {
            let from = asked;
            under_way.push_back(async move { sftp.read(handle, from, PIECE).await });
            asked += u64::from(PIECE);
        }
        let Some(piece) = way.hear(&at.host, under_way.next()).await? else { break };
        let piece = match piece {
            Ok(piece) if piece.data.is_empty() => return Err(RemoteError::broken_off(&at.host)),
            Ok(piece) => piece.data,
            Err(error) if is_end(&error) => break,
            Err(error) => return Err(wrong(error)),
        };
        if piece.len() > PIECE as usize {
            return Err(door.strange("more than was asked for", "a piece of a file"));
        }
        sink.take(&piece).await?;
        have += piece.len() as u64;
        if piece.len() < PIECE as usize {
            // Fewer bytes than were asked for: what was asked for behind them has a gap before it, so it is asked for again.
            under_way = FuturesOrdered::new();
            asked = have;
        }
    }
    drop(under_way);
    sink.finish()?;
    door.leave().await;
    Ok(())
}

pub(super) async fn put(way: &Way<'_>, at: &Sftp, name: &str, source: &Source<'_>) -> Result<(), RemoteError> {
    let door = Door::open(way, at, false).await?;
    way.remains.are(Remnant::File(way.part.clone()));
    let part = in_folder(&at.path, &way.part);
    let created = created(&door, &part).await?;
    let (sftp, handle) = (&door.sftp, created.as_str());
    let mut file = source.file().await?;
    let (mut under_way, mut sent, mut taken) = (FuturesOrdered::new(), 0_u64, 0_u64);
    let wrong = |error: &SftpError| door.meaning(error, "writing a file");
    loop {
        let mut piece = Vec::with_capacity(PIECE as usize);
        (&mut file).take(u64::from(PIECE)).read_to_end(&mut piece).await.map_err(RemoteError::Read)?;
        let length = piece.len() as u64;
        if length > 0 {
            let from = sent;
            under_way.push_back(async move { sftp.write(handle, from, piece).await.map(|_| length) });
            sent += length;
        }
        let most = if length > 0 { UNDER_WAY } else { 0 };
        while under_way.len() > most {
            if let Some(done) = way.hear(&at.host, under_way.next()).await? {
                taken += done.map_err(|error| wrong(&error))?;
                source.moved(taken);
            }
        }
        if length == 0 {
            break;
        }
    }
    drop(under_way);
    door.ask(door.sftp.close(handle)).await?.map_err(|error| wrong(&error))?;
    rename(&door, part, in_folder(&at.path, name)).await?;
    way.remains.take();
    door.leave().await;
    Ok(())
}

/// Renames, and replaces what has the name: at once where the server can do that, as OpenSSH's can.
async fn rename(door: &Door<'_>, from: String, to: String) -> Result<(), RemoteError> {
    let wrong = |error: &SftpError| door.meaning(error, "renaming a file");
    let mut names = Vec::new();
    for name in [&from, &to] {
        names.extend((name.len() as u32).to_be_bytes());
        names.extend(name.as_bytes());
    }
    let done: SftpResult<Packet> = door.ask(door.sftp.extended("posix-rename@openssh.com", names)).await?;
    match done {
        Ok(Packet::Status(status)) if status.status_code == StatusCode::Ok => return Ok(()),
        Ok(Packet::Status(status)) if status.status_code != StatusCode::OpUnsupported => {
            return Err(wrong(&status.into()));
        }
        Err(error) if !matches!(&error, SftpError::Status(status) if status.status_code == StatusCode::OpUnsupported) =>
        {
            return Err(wrong(&error));
        }
        _ => {}
    }
    if door.ask(door.sftp.rename(from.as_str(), to.as_str())).await?.is_ok() {
        return Ok(());
    }
    // Version 3 refuses to replace. It may not be there either, and then the second try says what is wrong.
    let _ = door.ask(door.sftp.remove(to.as_str())).await?;
    door.ask(door.sftp.rename(from, to)).await?.map(drop).map_err(|error| wrong(&error))
}

pub(super) async fn remove(way: &Way<'_>, at: &Sftp, name: &str) -> Result<(), RemoteError> {
    // Where no key is known it was a test that left something behind.
    let door = Door::open(way, at, at.host_key.is_none()).await?;
    match door.ask(door.sftp.remove(in_folder(&at.path, name))).await? {
        Err(SftpError::Status(status)) if status.status_code == StatusCode::NoSuchFile => Ok(()),
        done => done.map(drop).map_err(|error| door.meaning(&error, "removing a file")),
    }
}

fn is_end(error: &SftpError) -> bool {
    matches!(error, SftpError::Status(status) if status.status_code == StatusCode::Eof)
}
