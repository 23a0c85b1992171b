//! Progress for people: a bar with step, speed and time left on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use audio::produce::{Progress, Step, Watcher};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::stop;

/// Time between two looks at the bar.
const REFRESH: Duration = Duration::from_millis(100);

/// How bars look.
const BAR: &str = "{prefix:>10} {wide_bar} {percent:>3} % {msg}";
const BLOCKS: &str = "█▉▊▋▌▍▎▏ ";

/// Follows one job on standard error.
pub(crate) struct Display {
    shown: Mutex<Shown>,
    name: String,
    mode: Mode,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Bar,
    Lines,
    Nothing,
}

struct Shown {
    step: Option<Step>,
    bar: ProgressBar,
    since: Instant,
    last: Instant,
}

impl Display {
    /// A display for the recording of that name.
    pub(crate) fn new(name: &str, quiet: bool) -> Self {
        let mode = match quiet {
            true => Mode::Nothing,
            false if std::io::stderr().is_terminal() => Mode::Bar,
            false => Mode::Lines,
        };
        let bar = match mode {
            Mode::Bar => ProgressBar::with_draw_target(Some(1_000), ProgressDrawTarget::stderr()),
            Mode::Lines | Mode::Nothing => ProgressBar::hidden(),
        };
        if let Ok(style) = ProgressStyle::with_template(BAR) {
            bar.set_style(style.progress_chars(BLOCKS));
        }
        let now = now();
        Self { shown: Mutex::new(Shown { step: None, bar, since: now, last: now }), name: name.to_owned(), mode }
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        if let Ok(shown) = self.shown.lock() {
            shown.bar.finish_and_clear();
        }
    }
}

/// A bar for reading aloud: thousandths of the words. There is none where nobody looks.
pub(crate) fn speaking() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        anstream::eprintln!("Reading aloud");
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(1_000), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(BAR) {
        bar.set_style(style.progress_chars(BLOCKS));
    }
    bar.with_prefix("Reading")
}

impl Watcher for Display {
    fn progress(&self, progress: Progress) {
        if self.mode == Mode::Nothing {
            return;
        }
        // Whoever comes while another thread draws has nothing new to say.
        let Ok(mut shown) = self.shown.try_lock() else { return };
        let now = now();
        if shown.step != Some(progress.step) {
            shown.step = Some(progress.step);
            shown.since = now;
            if self.mode == Mode::Lines {
                anstream::eprintln!("{} {}", verb(progress.step), self.name);
            }
            shown.bar.set_prefix(verb(progress.step));
        } else if now - shown.last < REFRESH {
            return;
        }
        shown.last = now;
        let taken = (now - shown.since).as_secs_f64();
        let speed = progress.seconds / taken.max(0.001);
        let left = progress.of.map(|of| ((of - progress.seconds).max(0.0) / speed.max(0.001)).ceil() as u64);
        if let Some(of) = progress.of {
            shown.bar.set_position((progress.seconds / of.max(0.001) * 1_000.0) as u64);
        }
        let left = left.map(|left| format!(", {}:{:02} left", left / 60, left % 60)).unwrap_or_default();
        if taken > 0.2 {
            shown.bar.set_message(format!("{speed:.0}× real time{left}"));
        }
    }

    fn cancelled(&self) -> bool {
        stop::asked()
    }
}

fn verb(step: Step) -> &'static str {
    match step {
        Step::Measure => "Measuring",
        Step::Master => "Mastering",
        Step::Verify => "Verifying",
        Step::Correct => "Correcting",
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how fast it goes is a fact about the wall clock, and nothing depends on it"
)]
fn now() -> Instant {
    Instant::now()
}
