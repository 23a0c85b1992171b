//! What FTP servers say: replies, where data is to be had, and lists of files.
//!
//! Source: RFC 959 (replies, PASV), RFC 2428 (EPSV), RFC 3659 (MLSD, SIZE, MDTM). What belongs here: how it is read. What does
//! not: what is asked, and of whom.

use std::str::from_utf8;

/// Bytes of one reply, all of its lines. Greetings of several screens are known; none has so many.
pub const MOST_REPLY_BYTES: usize = 16 << 10;

/// Bytes of one line of a list. File systems end names at 255 bytes, paths at 4096.
pub const MOST_LINE_BYTES: usize = 8 << 10;

/// Characters of a reply's text that are kept.
const MOST_TEXT: usize = 200;

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its number, 100 to 599.
    pub code: u16,
    /// The beginning of its last line's text, without what cannot be printed.
    pub text: String,
}

/// Why something is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyFault {
    /// It does not begin with a number.
    #[error("the answer is not FTP")]
    NotFtp,
    /// It does not end.
    #[error("the answer is longer than any answer of FTP")]
    TooLong,
}

/// Reads the reply that the bytes begin with, and says how many of them it has. Nothing as long as its end is not there.
pub fn reply(held: &[u8]) -> Result<Option<(Reply, usize)>, ReplyFault> {
    let mut first: Option<u16> = None;
    let mut at = 0;
    while let Some(end) = held.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n')) {
        let line = &held[at..at + end];
        at += end + 1;
        if at > MOST_REPLY_BYTES {
            return Err(ReplyFault::TooLong);
        }
        let code = code(line);
        let code = match (first, code) {
            (None, None) => return Err(ReplyFault::NotFtp),
            (None, Some(code)) => code,
            // Lines between the first and the last of several may begin with anything, numbers among it.
            (Some(first), code) if code == Some(first) => first,
            (Some(_), _) => continue,
        };
        match line.get(3) {
            Some(b'-') => first = Some(code),
            None | Some(b' ' | b'\r') => {
                return Ok(Some((Reply { code, text: printable(line.get(4..).unwrap_or_default()) }, at)));
            }
            Some(_) if first.is_some() => {}
            Some(_) => return Err(ReplyFault::NotFtp),
        }
    }
    let begun = held.get(at..).unwrap_or_default();
    if first.is_none() && !begun.iter().take(3).all(u8::is_ascii_digit) {
        return Err(ReplyFault::NotFtp);
    }
    if held.len() >= MOST_REPLY_BYTES { Err(ReplyFault::TooLong) } else { Ok(None) }
}

fn code(line: &[u8]) -> Option<u16> {
    let digits = line.get(..3).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    from_utf8(digits).ok()?.parse().ok().filter(|code| (100..600).contains(code))
}

fn printable(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.trim().chars().filter(|c| !c.is_control()).take(MOST_TEXT).collect()
}

/// The port in a reply to `EPSV`: `Entering Extended Passive Mode (|||6446|)`. Any character may stand for the line.
pub fn extended_port(text: &str) -> Option<u16> {
    let inside = text.split_once('(')?.1.split_once(')')?.0;
    let line = inside.chars().next()?;
    let mut parts = inside.split(line);
    let port = parts.nth(3)?.parse().ok()?;
    (parts.next() == Some("") && parts.next().is_none()).then_some(port)
}

/// The port in a reply to `PASV`: `Entering Passive Mode (10,0,0,5,25,46)`. The address beside it is not read: data is fetched
/// from whoever was asked.
pub fn passive_port(text: &str) -> Option<u16> {
    // The parentheses are usual, and not in the standard.
    let begin = text.find(|c: char| c.is_ascii_digit())?;
    let numbers = text[begin..].split(|c: char| !c.is_ascii_digit() && c != ',').next()?;
    let numbers: Option<Vec<u8>> = numbers.split(',').map(|number| number.parse().ok()).collect();
    match numbers?.as_slice() {
        [_, _, _, _, high, low] => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}

/// A file in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Bytes.
    pub size: Option<u64>,
    /// When it was last changed, by the clock of Greenwich: `20260105120000`.
    pub changed: Option<String>,
}

/// A line of `MLSD`: `type=file;size=7;modify=20260105120000; a.wav`. Nothing for folders, for what is none, and for names that
/// are not UTF-8, by which they could not be asked for.
pub fn machine_entry(line: &[u8]) -> Option<Entry> {
    let line = from_utf8(line).ok()?.trim_end_matches(['\r', '\n']);
    let (facts, name) = line.split_once(' ')?;
    let mut entry = Entry { name: name.to_owned(), size: None, changed: None };
    let mut is_file = false;
    for (fact, value) in facts.split(';').filter_map(|fact| fact.split_once('=')) {
        match fact.to_ascii_lowercase().as_str() {
            "type" => is_file = value.eq_ignore_ascii_case("file"),
            "size" => entry.size = value.parse().ok(),
            "modify" => entry.changed = moment(value),
            _ => {}
        }
    }
    (is_file && !name.is_empty()).then_some(entry)
}

/// The moment in a fact `modify` or a reply to `MDTM`, fractions of seconds left out.
pub fn moment(text: &str) -> Option<String> {
    let whole = text.split('.').next()?;
    (whole.len() == 14 && whole.bytes().all(|byte| byte.is_ascii_digit())).then(|| whole.to_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> (u16, String, usize) {
        let (reply, used) = reply(text.as_bytes()).unwrap().unwrap();
        (reply.code, reply.text, used)
    }

    #[test]
    fn replies_of_one_line_and_of_several() {
        assert_eq!(read("220 Hello\r\nrest"), (220, "Hello".to_owned(), 11));
        assert_eq!(read("200\r\n"), (200, String::new(), 5));
        assert_eq!(read("200 \n"), (200, String::new(), 5));
        let many = "220-Welcome\r\n 220 not yet\r\n221 nor this\r\n220-nor here\r\nwords\r\n220 Go on\r\n";
        assert_eq!(read(many), (220, "Go on".to_owned(), many.len()));
        assert_eq!(read("550 a\u{1b}[31mb\u{7}\r\n").1, "a[31mb");
        for half in ["", "2", "220 Welc", "220-a\r\n220", "220-a\r\nb\r\n"] {
            assert_eq!(reply(half.as_bytes()), Ok(None), "{half}");
        }
    }

    #[test]
    fn what_is_no_reply_is_found_early() {
        for other in
            ["SSH-2.0-OpenSSH\r\n", "HTTP/1.1 200 OK\r\n", "22 a\r\n", "999 a\r\n", "220Hello\r\n", "\r\n", "S"]
        {
            assert_eq!(reply(other.as_bytes()), Err(ReplyFault::NotFtp), "{other}");
        }
        assert_eq!(reply(&vec![b'2'; 16 << 10]), Err(ReplyFault::TooLong));
        assert_eq!(reply("220-\r\n".repeat(4_000).as_bytes()), Err(ReplyFault::TooLong));
        let endless = [b"220-a\r\n".to_vec(), vec![b'x'; 20_000]].concat();
        assert_eq!(reply(&endless), Err(ReplyFault::TooLong));
    }

    #[test]
    fn ports_are_read() {
        assert_eq!(extended_port("Entering Extended Passive Mode (|||6446|)"), Some(6_446));
        assert_eq!(extended_port("ok (!!!1024!)."), Some(1_024));
        for wrong in ["", "(|||6446)", "(|||65536|)", "(||||)", "|||6446|", "(|1|1.2.3.4|a|)", "()"] {
            assert_eq!(extended_port(wrong), None, "{wrong}");
        }
        assert_eq!(passive_port("Entering Passive Mode (10,0,0,5,25,46)."), Some(25 * 256 + 46));
        assert_eq!(passive_port("=127,0,0,1,4,0"), Some(1_024));
        for wrong in ["", "(1,2,3,4,5)", "(1,2,3,4,5,6,7)", "(1,2,3,4,256,1)", "(1,2,3,4,,1)", "no port"] {
            assert_eq!(passive_port(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn lines_of_lists_are_read() {
        let entry =
            machine_entry(b"Type=file;Size=7;Modify=20260105120000.5;UNIX.mode=0644; a \xc3\xb6 b.wav\r\n").unwrap();
        assert_eq!((entry.name.as_str(), entry.size), ("a ö b.wav", Some(7)));
        assert_eq!(entry.changed.as_deref(), Some("20260105120000"));
        assert_eq!(machine_entry(b"type=file; ../x").unwrap().name, "../x");
        let wrong: [&[u8]; 6] =
            [b"", b"type=dir; a", b"type=cdir; .", b"type=file;size=1", b"type=file; ", b"type=file; \xff.wav"];
        for line in wrong {
            assert_eq!(machine_entry(line), None, "{line:?}");
        }
        assert_eq!(moment("2026"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, text in "(220[- ]|\r?\n|[0-9,|()]|.){0,40}") {
            let _ = (reply(&bytes), machine_entry(&bytes));
            let _ = (extended_port(&text), passive_port(&text), moment(&text), machine_entry(text.as_bytes()));
            if let Ok(Some((found, used))) = reply(text.as_bytes()) {
                prop_assert!((100..600).contains(&found.code) && used <= text.len());
            }
        }
    }
}
