//! Ctrl-C and SIGTERM: the job ends at once and takes its unfinished files with it.

use std::io::Read;
use std::process::{Command, Stdio};

use testkit::signal::{Dice, noise};
use testkit::{fixture, witness};

use crate::{folder, names};

#[test]
fn a_stopped_job_leaves_nothing_behind() {
    let work = folder();
    let recording = work.path().join("long.wav");
    let minute = noise(&mut Dice::new(1), 0.3, 44_100 * 60);
    fixture::write_wav(&recording, 44_100, &[minute.repeat(10)]).unwrap_or_default();
    for signal in ["INT", "TERM"] {
        let out = work.path().join(signal);
        let mut child = Command::new(assert_cmd::cargo::cargo_bin("soundpost"))
            .args(["produce", "--format", "mp3", "--format", "opus", "-o"])
            .arg(&out)
            .arg(&recording)
            .stderr(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{error}"));
        // The second step has begun once it is said, and with it the files.
        let mut said = String::new();
        let mut pipe = child.stderr.take().unwrap_or_else(|| panic!("no standard error"));
        let mut byte = [0];
        while !said.contains("Mastering") && pipe.read(&mut byte).unwrap_or(0) == 1 {
            said.push(char::from(byte[0]));
        }
        assert!(names(&out).iter().any(|name| name.starts_with(".soundpost-")), "{:?}", names(&out));
        witness::run("kill", &[&format!("-{signal}"), &child.id().to_string()]);
        let status = child.wait().unwrap_or_else(|error| panic!("{error}"));
        pipe.read_to_string(&mut said).unwrap_or_default();
        assert_eq!(status.code(), Some(1), "{said}");
        assert!(said.contains("Stopped on request."), "{said}");
        assert_eq!(names(&out), Vec::<String>::new());
    }
}
