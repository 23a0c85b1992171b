#!/usr/bin/env python3
"""Measures the server beside other programs, in one run, on this machine.

    python3 benches/serve.py            print the tables
    python3 benches/serve.py --write    and put them into docs/explanation/server-figures.md

Everything goes over loopback, for a bounded time. Programs that are compared run in turn; ratios are medians over the pairs. What
the system charges a process for memory is read from /proc (VmHWM, the largest resident set).
"""

import argparse
import atexit
import contextlib
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import oauth1  # noqa: E402
from produce import BENCH, MATERIAL, MEBIBYTE, TARGET, TOP, Report, machine  # noqa: E402

FIGURES = TOP / "docs" / "explanation" / "server-figures.md"
# Where the figures of other measurements begin.
BY_HAND = "## The queue"
# How long each run of wrk takes, and requests that are signed for one of them.
SECONDS = 8
MOST_SIGNED = 300_000
PASSWORD = "correct horse battery staple"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(url):
    for _ in range(200):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=2).read()
            return
        time.sleep(0.05)
    sys.exit(f"bench: {url} does not answer")


class House:
    """A server of its own, on SQLite, with an account; `more` are settings as environment."""

    def __init__(self, soundpost, more=None):
        self.soundpost = soundpost
        self.folder = tempfile.TemporaryDirectory(dir=BENCH)
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        plain = {name: value for name, value in os.environ.items() if not name.startswith("SOUNDPOST_")}
        self.environment = plain | {
            "SOUNDPOST_DATA_DIR": self.folder.name,
            "SOUNDPOST_LISTEN": f"127.0.0.1:{port}",
            "SOUNDPOST_RATE_LIMIT": "off",
            "SOUNDPOST_LOG": "warn",
            **(more or {}),
        }
        self.process = subprocess.Popen([soundpost, "serve"], env=self.environment, stdin=subprocess.DEVNULL)
        # Whatever goes wrong below, no server is left behind.
        atexit.register(self.process.kill)
        wait_for(self.address + "/readyz")
        self.command("admin", "user", "create", "--username", "ada", "--password-stdin", input=PASSWORD)
        self.key = json.loads(self.command("admin", "token", "create", "--user", "ada", "--json"))["access_token"]

    def command(self, *arguments, input=""):
        done = subprocess.run([self.soundpost, *arguments], env=self.environment, input=input, capture_output=True, text=True, check=True)
        return done.stdout

    def get(self, path):
        request = urllib.request.Request(self.address + path, headers={"authorization": f"Bearer {self.key}"})
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)

    def send(self, recording, *fields):
        command = ["curl", "-fsS", "-H", f"Authorization: Bearer {self.key}", "-F", f"input_file=@{recording}"]
        for field in fields:
            command += ["-F", field]
        done = subprocess.run([*command, self.address + "/api/simple/productions.json"], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)["data"]["uuid"]

    def memory(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.folder.cleanup()


def requests_per_second(url, *more, environment=None):
    command = ["wrk", "-t1", "-c32", f"-d{SECONDS}s", *more, url]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in told:
        sys.exit(f"bench: {url} did not answer as it should:\n{told}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])


def with_bearer(url, key):
    return requests_per_second(url, "-H", f"Authorization: Bearer {key}")


def signed(signer, url):
    """Requests that are signed one by one, before the clock runs: no more of them are answered than there are."""
    with tempfile.NamedTemporaryFile("w", dir=BENCH) as lines, tempfile.NamedTemporaryFile("w", dir=BENCH, suffix=".lua") as script:
        for _ in range(MOST_SIGNED):
            lines.write(signer.header("GET", url) + "\n")
        lines.flush()
        script.write(oauth1.SCRIPT)
        script.flush()
        return requests_per_second(url, "-s", script.name, environment=os.environ | {"SIGNED": lines.name})


def bench_reads(report, soundpost, bare, runs):
    house = House(soundpost)
    uuid = house.send(TOP / "fixtures" / "speech" / "austen-0870.flac")
    port = free_port()
    peer = subprocess.Popen([bare, f"127.0.0.1:{port}"], stdin=subprocess.DEVNULL)
    wait_for(f"http://127.0.0.1:{port}/")
    keys = json.loads(house.command("admin", "app", "create", "--owner", "ada", "--name", "Bench", "--json"))
    app = keys["client_id"]
    signer = oauth1.allowed(house.address, app, keys["client_secret"], "ada", PASSWORD)
    token = json.loads(house.command("admin", "token", "create", "--user", "ada", "--app", app, "--json"))["access_token"]
    address = f"{house.address}/api/production/{uuid}/status.json"
    pairs, by_token, by_signature = [], [], []
    for run in range(runs + 1):
        ours = with_bearer(address, house.key)
        theirs = requests_per_second(f"http://127.0.0.1:{port}/")
        tokens = with_bearer(address, token)
        signatures = signed(signer, f"{house.address}/me")
        # Sending a header of its own with each request costs wrk a good part of what it can do, whoever answers.
        likewise = signed(signer, f"http://127.0.0.1:{port}/")
        if run:
            pairs.append((ours, theirs))
            by_token.append((tokens, theirs))
            by_signature.append((signatures, likewise))
    peer.send_signal(signal.SIGTERM)
    peer.wait()
    house.end()
    report.say()
    report.say("## Reads")
    report.table("requests a second", "soundpost, SQLite", "a bare axum handler", "ratio", "goal")
    rows = [
        ("status reads with an API key", pairs, 0.4),
        ("status reads with an access token of OAuth 2.0", by_token, 0.4),
        ("`GET /me` signed by OAuth 1.0a, each once", by_signature, 0.2),
    ]
    for name, measured, goal in rows:
        found = statistics.median(a / b for a, b in measured)
        row = [f"{statistics.median(a for a, _ in measured):.0f}", f"{statistics.median(b for _, b in measured):.0f}", f"{found:.3f}"]
        report.row(name, *row, at_least(report, name, found, goal))
    report.say()
    report.say("wrk with one thread and 32 connections shares the two cores with the server.")


def bench_upload(report, soundpost):
    house = House(soundpost)
    size = 1_000_000_000
    with tempfile.NamedTemporaryFile(dir=BENCH, suffix=".wav") as file:
        file.truncate(size)
        before = house.memory()
        begun = time.perf_counter()
        house.send(file.name)
        wall = time.perf_counter() - begun
        grown = (house.memory() - before) / MEBIBYTE
    house.end()
    report.say()
    report.say("## Uploading 1 GB")
    report.table("", "found", "goal")
    report.row("memory beyond an idle server", f"{grown:.1f} MiB", report.goal("memory of an upload", grown, 64, " MiB"))
    report.row("wall", f"{wall:.1f} s", "")


def bench_production(report, soundpost, runs):
    house = House(soundpost)

    def over_http():
        begun = time.perf_counter()
        uuid = house.send(MATERIAL, "action=start")
        while (status := house.get(f"/api/production/{uuid}/status.json")["data"]["status"]) != 3:
            if status == 2:
                sys.exit("bench: the production did not work")
            time.sleep(0.05)
        return time.perf_counter() - begun

    def by_command():
        begun = time.perf_counter()
        with tempfile.TemporaryDirectory(dir=BENCH) as folder:
            subprocess.run([soundpost, "produce", "-q", MATERIAL, "-o", folder], check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - begun

    pairs = [(over_http(), by_command()) for _ in range(runs + 1)][1:]
    house.end()
    found = statistics.median(a / b for a, b in pairs)
    report.say()
    report.say("## Ten minutes of sound, uploaded and mastered")
    report.table("", "over HTTP", "soundpost produce", "ratio", "goal")
    row = [f"{statistics.median(a for a, _ in pairs):.2f} s", f"{statistics.median(b for _, b in pairs):.2f} s", f"{found:.3f}"]
    report.row("wall", *row, report.goal("a production over HTTP", found, 1.1, ""))


def at_least(report, name, found, limit):
    if found < limit:
        report.missed.append(name)
    return f"≥ {limit:g}: {'reached' if found >= limit else '**missed**'}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--runs", type=int, default=3, help="pairs of runs for each comparison (3)")
    arguments.add_argument("--only", choices=["reads", "upload", "production"], action="append", help="some of the measurements")
    arguments.add_argument("--write", action="store_true", help="put the tables into docs/explanation/server-figures.md")
    wish = arguments.parse_args()
    if wish.write and wish.only:
        arguments.error("--write is for the whole bench")
    BENCH.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, Path(__file__).with_name("produce.py"), "--material"], check=True)
    soundpost = (TARGET / "release" / "soundpost").resolve()
    bare = (TARGET / "release" / "examples" / "bare").resolve()
    for program in (soundpost, bare):
        if not program.exists():
            sys.exit(f"bench: {program} is not there. Run: make bench")
    report = Report()
    report.say("# Figures of the server")
    report.say()
    report.say(f"Measured on {date.today().isoformat()} with {machine()}, by `make bench` (`benches/serve.py`), {wish.runs} pairs after one that does not count; times and")
    report.say("ratios are medians.")
    only = wish.only or ["reads", "upload", "production"]
    if "reads" in only:
        bench_reads(report, soundpost, bare, wish.runs)
    if "upload" in only:
        bench_upload(report, soundpost)
    if "production" in only:
        bench_production(report, soundpost, wish.runs)
    if wish.write:
        # What is measured by other means stands at the end of the page, and stays.
        kept = FIGURES.read_text().partition(BY_HAND)
        FIGURES.write_text("\n".join(report.lines) + "\n\n" + kept[1] + kept[2])
    if report.missed:
        sys.exit("bench: missed: " + ", ".join(report.missed))


if __name__ == "__main__":
    main()
