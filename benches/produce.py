#!/usr/bin/env python3
"""Measures soundpost beside other programs, in one run, on the same files.

    python3 benches/produce.py            print the tables
    python3 benches/produce.py --write    and put them into docs/explanation/figures.md
    python3 benches/produce.py --soak     twelve hours of sound, past 4 GiB, instead; with --write, as the page's last table

Times are those of the operating system for the whole process and its children (wait4): CPU is user plus system, memory
the largest resident set; a process inherits the peak of the one that starts it, so nothing under this script's own 17 MiB or
so can be told. Programs that are compared run in turn, so that what else the machine does hits both, and the
ratio is the median over the pairs. Only the standard library of Python is used.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
import wave
from dataclasses import dataclass
from datetime import date
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", TOP / "target"))
BENCH = TARGET / "bench"
MATERIAL = BENCH / "mixed-10min.wav"
FIGURES = TOP / "docs" / "explanation" / "figures.md"

RATE = 44_100
LOUDNESS = -16.0
CEILING = -1.0
# Two results are equally loud when they are this close, in LU.
EQUAL = 0.2
MEBIBYTE = 1 << 20

SPEECH = Path("/usr/share/games/fillets-ng/sound")
FILLETS_MUSIC = Path("/usr/share/games/fillets-ng/music")
WESNOTH = Path("/usr/share/games/wesnoth")


# --- running and measuring --------------------------------------------------------------------------------------------


@dataclass
class Cost:
    """What one run took."""

    wall: float
    cpu: float
    memory: int


def run(command):
    """Runs a command to its end and says what it took. Anything but success ends the bench with the command's last words."""
    log = BENCH / "last.log"
    with log.open("wb") as out:
        begun = time.perf_counter()
        child = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        words = log.read_text(errors="replace").strip().splitlines()[-8:]
        sys.exit(f"bench: {' '.join(str(part) for part in command)}\nended with {child.returncode}:\n" + "\n".join(words))
    # Linux counts the resident set in kibibytes.
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def pairs(first, second, runs):
    """Runs two commands in turn, after one run of each that does not count, and gives the costs of both."""
    run(first)
    run(second)
    costs = [(run(first), run(second)) for _ in range(runs)]
    return [a for a, _ in costs], [b for _, b in costs]


def median(costs, what):
    return statistics.median(getattr(cost, what) for cost in costs)


def ratio(ours, theirs, what):
    return statistics.median(getattr(a, what) / getattr(b, what) for a, b in zip(ours, theirs))


def loudness_of(path):
    """Integrated loudness (LUFS) and true peak (dBTP) as ffmpeg's ebur128 reads them."""
    command = ["ffmpeg", "-hide_banner", "-nostats", "-i", path, "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"]
    told = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stderr
    summary = told[told.rindex("Summary:"):]
    integrated = float(re.search(r"I:\s+(-?[\d.]+) LUFS", summary)[1])
    peak = float(re.search(r"Peak:\s+(-?[\d.]+) dBFS", summary)[1])
    return integrated, peak


def length_of(path):
    told = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(path)], capture_output=True, text=True, check=True
    )
    return float(told.stdout)


# --- material ---------------------------------------------------------------------------------------------------------


def samples_of(path, seconds=None):
    """A file as 16-bit stereo at 44.1 kHz."""
    cut = ["-t", str(seconds)] if seconds else []
    command = ["ffmpeg", "-v", "error", "-i", str(path), *cut, "-ac", "2", "-ar", str(RATE), "-f", "s16le", "-"]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout


def mixed_material():
    """Ten minutes of real sound, speech and music in turn, as one WAV file; made once."""
    if MATERIAL.exists():
        return
    lines = sorted(SPEECH.glob("*/en/*.ogg"))
    music = sorted(WESNOTH.glob("*/data/core/music/*.ogg")) + sorted(FILLETS_MUSIC.glob("*.ogg"))
    # Pieces of a few seconds are signals of the game, not music.
    music = [piece for piece in music if length_of(piece) > 60]
    if not lines or not music:
        sys.exit("bench: the recorded speech and music are missing. Run: tools/setup bench")
    frame = 4
    wanted = 600 * RATE * frame
    pause = bytes(int(0.4 * RATE) * frame)
    scratch = MATERIAL.with_suffix(".part")
    with wave.open(str(scratch), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(RATE)
        written = 0
        turn = 0
        line = 0
        while written < wanted:
            # 50 s of one piece, from its beginning, then about 50 s of spoken lines.
            part = [samples_of(music[turn * 5 % len(music)], seconds=50)]
            spoken = 0
            while spoken < 50 * RATE * frame:
                said = samples_of(lines[line % len(lines)])
                line += 1
                part += [said, pause]
                spoken += len(said) + len(pause)
            block = b"".join(part)[: wanted - written]
            out.writeframes(block)
            written += len(block)
            turn += 1
    scratch.rename(MATERIAL)


def repeated(path, seconds, name):
    """A recording over and over until it is so long, as WAV or, past 4 GiB, RF64."""
    longer = BENCH / name
    if not longer.exists():
        scratch = longer.with_suffix(".part")
        command = ["ffmpeg", "-v", "error", "-y", "-stream_loop", "-1", "-i", path, "-t", seconds, "-c", "copy", "-rf64", "auto", "-f", "wav", scratch]
        run(command)
        scratch.rename(longer)
    return longer


# --- the programs -----------------------------------------------------------------------------------------------------


def produce(soundpost, source, folder, *formats):
    command = [soundpost, "produce", source, "-o", folder, "--loudness", f"{LOUDNESS:g}"]
    for wanted in formats:
        command += ["--format", wanted]
    return command


def only_output(folder, ending):
    found = sorted(folder.glob(f"*.{ending}"))
    if len(found) != 1:
        sys.exit(f"bench: {folder} should hold one .{ending} file, and holds {len(found)}")
    return found[0]


TWO_PASSES = r"""set -eu
source=$1 output=$2 target=$3 ceiling=$4
told=$(ffmpeg -hide_banner -nostats -i "$source" -af "loudnorm=I=$target:TP=$ceiling:LRA=11:print_format=json" -f null - 2>&1)
value() { printf '%s\n' "$told" | sed -n "s/.*\"$1\" : \"\([^\"]*\)\".*/\1/p"; }
ffmpeg -v error -y -i "$source" -af "loudnorm=I=$target:TP=$ceiling:LRA=11:measured_I=$(value input_i):measured_TP=$(value input_tp):measured_LRA=$(value input_lra):measured_thresh=$(value input_thresh):offset=$(value target_offset):linear=true" -ar 44100 -c:a libmp3lame -b:a 128k "$output"
"""


def two_passes(source, output, target, ceiling):
    """ffmpeg's two-pass loudnorm into libmp3lame, as one shell script."""
    return ["sh", "-c", TWO_PASSES, "two-passes", source, output, f"{target:.2f}", f"{ceiling:.2f}"]


def equal_two_passes(source, output):
    """The same, asked for what makes its *encoded* result as loud as ours and no higher: a result off the target is no peer."""
    target, ceiling = LOUDNESS, CEILING
    for _ in range(6):
        run(two_passes(source, output, target, ceiling))
        loudness, peak = loudness_of(output)
        loud_enough = abs(loudness - LOUDNESS) <= EQUAL
        low_enough = peak <= CEILING
        if loud_enough and low_enough:
            break
        if not loud_enough:
            target += LOUDNESS - loudness
        if not low_enough:
            ceiling = max(ceiling - (peak - CEILING) - 0.05, -9.0)
    return two_passes(source, output, target, ceiling), (loudness, peak), (target, ceiling)


# --- tables -----------------------------------------------------------------------------------------------------------


class Report:
    """Lines of Markdown, and whether all goals were reached."""

    def __init__(self):
        self.lines = []
        self.missed = []

    def say(self, line=""):
        self.lines.append(line)
        print(line, flush=True)

    def table(self, *heads):
        self.say()
        self.say("| " + " | ".join(heads) + " |")
        self.say("|" + "---|" * len(heads))

    def row(self, *cells):
        self.say("| " + " | ".join(cells) + " |")

    def goal(self, name, found, limit, unit):
        """A cell that says whether `found` is at or under `limit`."""
        if found > limit:
            self.missed.append(name)
        return f"≤ {limit:g}{unit}: {'reached' if found <= limit else '**missed**'}"


def machine():
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    version = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=True).stdout.split()[2]
    return f"{os.cpu_count()} cores of {model}, ffmpeg {version}"


def bench_produce(report, soundpost, source, runs):
    ours = BENCH / "ours"
    theirs = BENCH / "theirs.mp3"
    their_command, (their_loudness, their_peak), (target, ceiling) = equal_two_passes(source, theirs)
    our_command = produce(soundpost, source, ours, "mp3:128")
    a, b = pairs(our_command, their_command, runs)
    our_loudness, our_peak = loudness_of(only_output(ours, "mp3"))

    report.say()
    report.say("## Ten minutes to an MP3 of 128 kbit/s")
    report.table("", "soundpost", "ffmpeg, two passes", "ratio", "goal")
    for name, what, limit in [("CPU", "cpu", 0.20), ("wall", "wall", 0.12)]:
        found = ratio(a, b, what)
        report.row(name, f"{median(a, what):.2f} s", f"{median(b, what):.2f} s", f"{found:.3f}", report.goal(f"{name} of ten minutes", found, limit, ""))
    report.row("memory", f"{median(a, 'memory') / MEBIBYTE:.1f} MiB", f"{median(b, 'memory') / MEBIBYTE:.1f} MiB", f"{ratio(a, b, 'memory'):.3f}", "")
    report.row("loudness of the MP3", f"{our_loudness:.1f} LUFS", f"{their_loudness:.1f} LUFS", "", f"both {LOUDNESS:g} ± {EQUAL:g}")
    report.row("true peak of the MP3", f"{our_peak:.1f} dBTP", f"{their_peak:.1f} dBTP", "", f"both ≤ {CEILING:g}")
    report.say()
    report.say(f"For that ffmpeg was asked for {target:.2f} LUFS and {ceiling:.2f} dBTP. Our time includes decoding the MP3 again to verify it; ffmpeg's does not.")
    for name, loudness, peak in [("soundpost", our_loudness, our_peak), ("ffmpeg", their_loudness, their_peak)]:
        # ebur128 prints one decimal: half of one is the most it can be off.
        if abs(loudness - LOUDNESS) > EQUAL + 0.05 or peak > CEILING + 0.05:
            report.missed.append(f"equal loudness and peak ({name})")


def bench_scan(report, soundpost, source, runs):
    theirs = ["ffmpeg", "-v", "error", "-nostats", "-i", source, "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"]
    a, b = pairs([soundpost, "measure", source], theirs, runs)
    report.say()
    report.say("## Loudness and true peak of ten minutes")
    report.table("", "soundpost measure", "ffmpeg ebur128=peak=true", "ratio", "goal")
    for name, what in [("CPU", "cpu"), ("wall", "wall")]:
        found = ratio(a, b, what)
        report.row(name, f"{median(a, what):.2f} s", f"{median(b, what):.2f} s", f"{found:.3f}", report.goal(f"{name} of the scan", found, 0.35, ""))


def bench_peaks(report, soundpost, source, runs):
    report.say()
    report.say("## Waveform data of ten minutes")
    if not shutil.which("audiowaveform"):
        report.say()
        report.say("audiowaveform is not installed here and not in this distribution, so there is nothing to compare with.")
        return
    theirs = ["audiowaveform", "-i", source, "-o", BENCH / "theirs.dat", "-z", "256", "-b", "8"]
    a, b = pairs([soundpost, "measure", "--peaks", BENCH / "ours.dat", source], theirs, runs)
    report.table("", "soundpost measure --peaks", "audiowaveform", "ratio", "goal")
    for name, what in [("CPU", "cpu"), ("wall", "wall")]:
        found = ratio(a, b, what)
        report.row(name, f"{median(a, what):.2f} s", f"{median(b, what):.2f} s", f"{found:.3f}", report.goal(f"{name} of the waveform", found, 1.0, ""))


def bench_outputs(report, soundpost, source, runs):
    formats = ["mp3:128", "aac:96", "opus:64", "vorbis:96", "flac"]
    folder = BENCH / "outputs"

    # All of these runs share one processor. Seconds of CPU are only comparable on equally busy ones: two threads of one core
    # slow each other down, and so most encoders, which have one thread, would be measured with a core to themselves, and
    # all five together without.
    def cost(*wanted):
        return statistics.median(run(["taskset", "--cpu-list", "0", *produce(soundpost, source, folder, *wanted)]).cpu for _ in range(runs))

    # What an encoder costs is what its output adds to a run. A run makes at least one file, so what is left without any is found
    # from two: a second WAV costs what the first did, its verification included.
    wav = cost("wav")
    base = wav - (cost("wav", "wav-24bit") - wav)
    single = {wanted: cost(wanted) - base for wanted in formats}
    together = cost(*formats)
    encoders = sum(single.values())
    report.say()
    report.say("## Five outputs at once")
    report.say()
    report.say("All of these runs were kept on one processor: two busy threads of one core slow each other down, and five encoders at once keep")
    report.say("both busy where one alone would leave the other idle. Seconds would not be comparable otherwise.")
    report.table("output", "CPU of its encoder and verification")
    for wanted, seconds in single.items():
        report.row(wanted, f"{seconds:.2f} s")
    report.row("sum", f"{encoders:.2f} s")
    report.row("everything else (a run that writes one WAV, less what a second one adds)", f"{base:.2f} s")
    report.row("**five at once, whole run**", f"**{together:.2f} s**")
    report.say()
    over = (together - base) / encoders
    report.say(f"Without everything else, five at once take {over:.3f} times the sum of their encoders; {report.goal('five outputs', over, 1.15, '')}.")
    report.say(f"The whole run, everything else included, takes {together / encoders:.3f} times that sum.")


def bench_memory(report, soundpost, source):
    report.say()
    report.say("## Memory")
    report.table("input", "wall", "CPU", "largest resident set", "goal")
    for hours in (1 / 6, 1, 6):
        name = "ten minutes" if hours < 1 else f"{hours} h"
        longer = source if hours < 1 else repeated(source, int(hours * 3600), f"mixed-{hours}h.wav")
        found = run(produce(soundpost, longer, BENCH / "memory", "mp3:128"))
        mebibytes = found.memory / MEBIBYTE
        report.row(name, f"{found.wall:.1f} s", f"{found.cpu:.1f} s", f"{mebibytes:.1f} MiB", report.goal(f"memory of {name}", mebibytes, 32, " MiB"))
        if longer is not source:
            longer.unlink()


def soak(report, soundpost, source):
    hours = 12
    report.say("## Twelve hours")
    report.say()
    report.say(f"Measured on {date.today().isoformat()} with {machine()}, by `make soak`: twelve hours of the same material as RF64, to MP3 and WAV.")
    longer = repeated(source, hours * 3600, "mixed-12h.wav")
    size = longer.stat().st_size
    # Copied packet by packet it comes out a little longer or shorter than was asked for.
    seconds = length_of(longer)
    if size <= 1 << 32:
        sys.exit(f"bench: the input has {size} bytes, and should have more than 4 GiB")
    folder = BENCH / "soak"
    shutil.rmtree(folder, ignore_errors=True)
    found = run(produce(soundpost, longer, folder, "mp3:128", "wav"))
    report.table("", "found", "goal")
    mebibytes = found.memory / MEBIBYTE
    report.row("input", f"{size / (1 << 30):.2f} GiB", "> 4 GiB")
    report.row("wall", f"{found.wall:.0f} s", "")
    report.row("CPU", f"{found.cpu:.0f} s", "")
    report.row("largest resident set", f"{mebibytes:.1f} MiB", report.goal("memory", mebibytes, 32, " MiB"))
    for ending in ("mp3", "wav"):
        output = only_output(folder, ending)
        off = abs(length_of(output) - seconds)
        report.row(f"length of the {ending}, off by", f"{off:.3f} s", report.goal(f"length of the {ending}", off, 0.1, " s"))
        loudness, peak = loudness_of(output)
        report.row(f"loudness of the {ending}", f"{loudness:.1f} LUFS", report.goal(f"loudness of the {ending}", abs(loudness - LOUDNESS), EQUAL + 0.05, " LU off"))
        report.row(f"true peak of the {ending}", f"{peak:.1f} dBTP", report.goal(f"true peak of the {ending}", peak, CEILING + 0.05, " dBTP"))
    longer.unlink()
    shutil.rmtree(folder)


def figures():
    """The page of figures as it stands: what the bench wrote, and what the soak wrote behind it."""
    page = FIGURES.read_text() if FIGURES.exists() else ""
    bench, heading, soaked = page.partition("## Twelve hours\n")
    return bench.rstrip("\n") + "\n", heading + soaked


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--soundpost", type=Path, default=TARGET / "release" / "soundpost", help="the program to measure")
    arguments.add_argument("--runs", type=int, default=5, help="pairs of runs for each comparison (5)")
    arguments.add_argument("--only", choices=["produce", "scan", "peaks", "outputs", "memory"], action="append", help="some of the comparisons")
    arguments.add_argument("--write", action="store_true", help="put the tables into docs/explanation/figures.md")
    arguments.add_argument("--soak", action="store_true", help="twelve hours instead")
    arguments.add_argument("--material", action="store_true", help="only make the ten minutes of sound")
    wish = arguments.parse_args()
    if wish.write and wish.only:
        arguments.error("--write is for the whole bench")
    BENCH.mkdir(parents=True, exist_ok=True)
    if wish.material:
        mixed_material()
        return
    if not wish.soundpost.exists():
        sys.exit(f"bench: {wish.soundpost} is not there. Run: cargo build --release -p soundpost")
    soundpost = wish.soundpost.resolve()
    report = Report()
    # In a process of its own, so that the memory this takes is not taken for that of what is measured.
    subprocess.run([sys.executable, __file__, "--material"], check=True)
    source = MATERIAL
    bench, soaked = figures()
    if wish.soak:
        soak(report, soundpost, source)
        if wish.write:
            FIGURES.write_text(bench + "\n" + "\n".join(report.lines) + "\n")
    else:
        report.say("# Figures")
        report.say()
        report.say(f"Measured on {date.today().isoformat()} with {machine()}, by `make bench` (`benches/produce.py`): programs that are compared ran in turn,")
        report.say(f"{wish.runs} pairs after one that does not count; times and ratios are medians. The material is ten minutes of 44.1 kHz stereo, spoken lines and music in turn, from")
        report.say("the Debian packages fillets-ng-data and wesnoth-1.16-music.")
        only = wish.only or ["produce", "scan", "peaks", "outputs", "memory"]
        if "produce" in only:
            bench_produce(report, soundpost, source, wish.runs)
        if "scan" in only:
            bench_scan(report, soundpost, source, wish.runs)
        if "peaks" in only:
            bench_peaks(report, soundpost, source, wish.runs)
        if "outputs" in only:
            bench_outputs(report, soundpost, source, wish.runs)
        if "memory" in only:
            bench_memory(report, soundpost, source)
        if wish.write:
            FIGURES.write_text("\n".join(report.lines) + "\n" + (f"\n{soaked}" if soaked else ""))
    if report.missed:
        sys.exit("bench: missed: " + ", ".join(report.missed))


if __name__ == "__main__":
    main()
