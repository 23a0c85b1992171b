//! Clients that mean no good, or whose line breaks: refused with a status, nothing kept, and the server answers the next.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;

use serde_json::Value;
use testkit::database::Database;

use crate::server::{Client, Premises, Running, recording, wait_until};

const SIMPLE: &str = "POST /api/simple/productions.json HTTP/1.1\r\nhost: s.example\r\n";
const FORM: &str = "content-type: multipart/form-data; boundary=frontier\r\n";
const FILE: &str = "--frontier\r\ncontent-disposition: form-data; name=\"input_file\"; filename=\"talk.wav\"\r\n\r\n";

/// A server that takes a megabyte, and somebody with an account.
struct Target {
    premises: Premises,
    server: Running,
    key: String,
}

impl Target {
    fn new(database: &Database) -> Self {
        let premises = Premises::new(database).with("SOUNDPOST_UPLOAD_LIMIT", "1 MB");
        let key = premises.account("ada");
        let server = premises.serve(&["--no-workers"]);
        Self { premises, server, key }
    }

    /// The beginning of an upload.
    fn begun(&self, framing: &str) -> TcpStream {
        let mut stream = self.premises.connect();
        let head = format!("{SIMPLE}authorization: Bearer {}\r\n{FORM}{framing}\r\n\r\n", self.key);
        assert!(say(&mut stream, head.as_bytes()));
        stream
    }

    /// Nothing was kept, nothing fell over, and the next is served.
    fn is_well(&self) {
        let client = Client::new(&self.premises, &self.key);
        let (status, list) = client.get("/api/productions.json").unwrap_or_default();
        assert_eq!((status, &list["data"]), (200, &Value::Array(vec![])), "{}", self.server.log());
        let folder = self.premises.folder().join("data/files");
        wait_until("nothing is in storage", || files_below(&folder) == 0);
        let log = self.server.log();
        assert!(!log.contains("panicked") && !log.contains("fell over"), "{log}");
    }
}

/// Says something; whether it was listened to.
fn say(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    stream.write_all(bytes).is_ok()
}

/// The status of the reply, or nothing where the server hung up.
fn status(stream: &mut TcpStream) -> Option<u16> {
    let mut head = Vec::new();
    let mut piece = [0; 512];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(bytes) => head.extend_from_slice(&piece[..bytes]),
            Err(error) => {
                assert_ne!(error.kind(), ErrorKind::WouldBlock, "the server says nothing for a minute");
                break;
            }
        }
    }
    String::from_utf8_lossy(&head).split(' ').nth(1)?.parse().ok()
}

fn files_below(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let each = |path: std::path::PathBuf| if path.is_dir() { files_below(&path) } else { 1 };
    entries.flatten().map(|entry| each(entry.path())).sum()
}

testkit::both_databases! {
    async fn a_form_that_says_it_has_ten_gigabytes_is_refused_at_once(database: &Database) {
        let target = Target::new(database);
        let mut stream = target.begun("content-length: 10000000000");
        assert_eq!(status(&mut stream), Some(413));
        target.is_well();
    }

    async fn a_stream_without_a_length_is_refused_at_the_limit(database: &Database) {
        let target = Target::new(database);
        let mut stream = target.begun("transfer-encoding: chunked");
        let chunk = |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
        assert!(say(&mut stream, &chunk(FILE.as_bytes())));
        // The limit, and then until nobody listens: far from the end in any case.
        let (piece, mut said) = (chunk(&vec![7; 64 << 10]), 0);
        while said < 1_000 && say(&mut stream, &piece) {
            said += 1;
        }
        assert!(said >= 15, "refused after {said} pieces of 64 KiB, before the limit");
        assert!(said < 1_000, "the server listened to 64 MB of a file of at most 1 MB");
        // It says why before it hangs up; what was sent after that may be what is heard of in its place.
        assert!(matches!(status(&mut stream), Some(413) | None));
        target.is_well();
    }

    async fn a_hundred_megabytes_before_the_body_are_not_listened_to(database: &Database) {
        let target = Target::new(database);
        let mut stream = target.premises.connect();
        assert!(say(&mut stream, SIMPLE.as_bytes()));
        let (field, mut said) = (format!("x-long: {}\r\n", "a".repeat(8_000)), 0);
        while said < 12_500 && say(&mut stream, field.as_bytes()) {
            said += 1;
        }
        assert!(said < 12_500, "the server listened to 100 MB of headers");
        assert!(matches!(status(&mut stream), Some(431) | None));
        target.is_well();
    }

    async fn a_hundred_megabytes_of_fields_are_not_listened_to(database: &Database) {
        let target = Target::new(database);
        let mut stream = target.begun("transfer-encoding: chunked");
        let field = b"--frontier\r\ncontent-disposition: form-data; name=\"title\"\r\n\r\n";
        let text = [&field[..], &vec![b'a'; 1_000_000], b"\r\n"].concat();
        let chunk = [format!("{:x}\r\n", text.len()).as_bytes(), &text, b"\r\n"].concat();
        let mut said = 0;
        while said < 100 && say(&mut stream, &chunk) {
            said += 1;
        }
        if said == 100 {
            // All of it was read over: then the form is at its end, and wrong.
            say(&mut stream, b"10\r\n--frontier--\r\n\r\n\r\n0\r\n\r\n");
        }
        assert!(matches!(status(&mut stream), Some(400 | 413) | None));
        target.is_well();
    }

    async fn a_line_that_breaks_leaves_nothing(database: &Database) {
        let target = Target::new(database);
        for framing in ["content-length: 900000", "transfer-encoding: chunked"] {
            let mut stream = target.begun(framing);
            let is_chunked = framing.starts_with("transfer");
            let bytes = [FILE.as_bytes(), &vec![7; 300_000]].concat();
            let length = format!("{:x}\r\n", bytes.len() + 1_000);
            assert!(say(&mut stream, if is_chunked { length.as_bytes() } else { b"" }) && say(&mut stream, &bytes));
            stream.shutdown(Shutdown::Both).unwrap_or_default();
            drop(stream);
            target.is_well();
        }
    }

    async fn no_name_leads_out_of_where_it_belongs(database: &Database) {
        let target = Target::new(database);
        let client = Client::new(&target.premises, &target.key);
        let outside = target.premises.folder().join("outside.wav");
        let traversal = "../".repeat(12) + outside.to_str().unwrap_or_default();
        let fields = [("output_basename", traversal.as_str()), ("title", traversal.as_str())];
        let body = recording(0.2);
        // A name that climbs is no error in a title; in the name of files it is refused, or it climbs nowhere.
        let (status, reply) = client.simple(&fields, &body).unwrap_or_default();
        if status == 200 {
            let basename = reply["data"]["output_basename"].as_str().unwrap_or_default();
            assert!(!basename.contains('/'), "{basename}");
        } else {
            assert_eq!((status, reply["form_errors"]["output_basename"].is_array()), (400, true), "{reply}");
        }
        assert!(!outside.exists());
        let (_, reply) = client.simple(&[], &body).unwrap_or_default();
        let uuid = reply["data"]["uuid"].as_str().unwrap_or_default().to_owned();
        for path in [
            "/../../etc/passwd".to_owned(),
            "/docs/..%2f..%2fsoundpost.db".to_owned(),
            "/assets/..%2f..%2fdata%2fsecret.key".to_owned(),
            "//etc/passwd".to_owned(),
            "/%2e%2e/%2e%2e/etc/passwd".to_owned(),
            format!("/api/download/audio-result/{uuid}/..%2f..%2fsoundpost.db"),
            format!("/api/download/audio-result/{uuid}/../../../soundpost.db"),
            format!("/api/download/audio-result/..%2f{uuid}/talk.mp3"),
            format!("/api/production/{uuid}%2f..%2f{uuid}.json"),
        ] {
            let mut stream = target.premises.connect();
            let request = format!("GET {path} HTTP/1.1\r\nhost: s.example\r\nauthorization: Bearer {}\r\n\r\n", target.key);
            assert!(say(&mut stream, request.as_bytes()));
            assert_eq!(self::status(&mut stream), Some(404), "{path}");
        }
    }
}
