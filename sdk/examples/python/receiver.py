"""A podcast host in one file, to start from: it connects to Soundpost in people's names, hears of their finished productions, and publishes them.

    python3 receiver.py

The README beside this folder says which settings it reads and what each step is for. Standing behind it, in the order of this file: settings;
what it remembers (SQLite); what it asks of Soundpost; what it believes; what it publishes; and the pages that it answers.
"""

import base64
import concurrent.futures
import contextlib
import hashlib
import hmac
import html
import http.server
import json
import os
import pathlib
import re
import secrets
import sqlite3
import sys
import threading
import time
import traceback
import urllib.parse

import jwt
import requests
from standardwebhooks import Webhook, WebhookVerificationError

# --- settings ---------------------------------------------------------------------------------------------------------

SOUNDPOST = os.environ["SOUNDPOST"].rstrip("/")
CLIENT_ID = os.environ["CLIENT_ID"]
# While a secret is replaced there are two, and either is right.
CLIENT_SECRETS = [os.environ[name] for name in ("CLIENT_SECRET", "CLIENT_SECRET_BEFORE") if os.environ.get(name)]
# The characters of a client_secret are the key of a service's signatures; plain webhooks have one that begins with whsec_.
SERVICE_KEYS = [Webhook(secret.encode()) for secret in CLIENT_SECRETS]
PLAIN_KEYS = [Webhook(os.environ[name]) for name in ("WEBHOOK_SECRET", "WEBHOOK_SECRET_BEFORE") if os.environ.get(name)]
LISTEN = os.environ.get("LISTEN", "127.0.0.1:9000")
PUBLIC_URL = os.environ.get("PUBLIC_URL", f"http://{LISTEN}").rstrip("/")
DATA_DIR = pathlib.Path(os.environ.get("DATA_DIR", "receiver-data"))
REFRESH_DAYS = float(os.environ.get("REFRESH_DAYS", "30"))

SCOPES = "production.read service.connect profile"
# The token of a service with the 64 KiB of custom_data that there may be, every character of it escaped, has less.
MOST_BODY = 1 << 20
MOST_AUDIO = 2 << 30
# Soundpost waits a minute. Whoever is not done by then says so before it hangs up.
PATIENCE = 50
# Soundpost can send again what is a month old. What was answered is remembered for longer.
REMEMBERED_DAYS = 60
IS_UUID = re.compile(r"[0-9A-Za-z]{22}")


def say(text):
    print(text, flush=True)


class NotNow(Exception):
    """Something is in the way. The sender is told so, and comes again."""


class Refused(Exception):
    """Not from Soundpost, or not for us: a status and a reason."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status


# --- what is remembered -----------------------------------------------------------------------------------------------


class Memory:
    """Connections and answers."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        # There are tokens in it, so only this user may read it.
        os.close(os.open(folder / "receiver.db", os.O_CREAT | os.O_RDWR, 0o600))
        self.lock = threading.Lock()
        self.database = sqlite3.connect(folder / "receiver.db", check_same_thread=False, isolation_level=None)
        self.database.row_factory = sqlite3.Row
        # An answer that was given must still be known after the power failed.
        self.database.execute("PRAGMA synchronous = FULL")
        self.database.executescript("""
            CREATE TABLE IF NOT EXISTS connections (id TEXT PRIMARY KEY, account TEXT, show TEXT, username TEXT,
              access_token TEXT, refresh_token TEXT, expires REAL, UNIQUE (account, show));
            CREATE TABLE IF NOT EXISTS answers (webhook_id TEXT PRIMARY KEY, status INTEGER, body TEXT, given REAL);
            CREATE TABLE IF NOT EXISTS episodes (production TEXT PRIMARY KEY, title TEXT, show TEXT);
        """)
        self.run("DELETE FROM answers WHERE given < ?", time.time() - REMEMBERED_DAYS * 86400)

    def run(self, sql, *values):
        with self.lock:
            return self.database.execute(sql, values).fetchall()

    def connection(self, id):
        rows = self.run("SELECT * FROM connections WHERE id = ?", id)
        return rows[0] if rows else None

    def answer(self, webhook_id):
        rows = self.run("SELECT status, body FROM answers WHERE webhook_id = ?", webhook_id)
        return tuple(rows[0]) if rows else None


# --- what is asked of Soundpost ---------------------------------------------------------------------------------------


class Bearer(requests.auth.AuthBase):
    """The header goes along to Soundpost and to nobody that it redirects to, which requests sees to."""

    def __init__(self, token):
        self.token = token

    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def tokens(**form):
    """Trades a code or a refresh token."""
    reply = requests.post(f"{SOUNDPOST}/oauth2/token/", data=form, auth=(CLIENT_ID, CLIENT_SECRETS[0]), timeout=(10, 30))
    found = reply.json()
    if not reply.ok:
        raise NotNow(f"Soundpost gives no token: {found.get('error')}: {found.get('error_description')}")
    return found["access_token"], found["refresh_token"], time.time() + found["expires_in"]


class Account:
    """Somebody's account at Soundpost, by a connection."""

    # A refresh token works once, and whoever sends it twice loses the connection. So only one at a time may send one.
    # With several processes this has to be a lock that they share.
    refreshing = threading.Lock()

    def __init__(self, memory, id):
        self.memory, self.id = memory, id

    def token(self, refused=None):
        """A token that works for a while yet, and that is not the one that was refused."""
        with self.refreshing:
            kept = self.memory.connection(self.id)
            soon = kept["expires"] - time.time() < REFRESH_DAYS * 86400
            if not soon and kept["access_token"] != refused:
                return kept["access_token"]
            new = tokens(grant_type="refresh_token", refresh_token=kept["refresh_token"])
            self.memory.run("UPDATE connections SET access_token = ?, refresh_token = ?, expires = ? WHERE id = ?", *new, self.id)
            say(f"refreshed {kept['username']}")
            return new[0]

    def get(self, url):
        """Asks for something, with a fresh token if need be; the caller closes the reply."""
        # The token is Soundpost's: nobody else sees it, whatever a reply says.
        if not url.startswith(f"{SOUNDPOST}/"):
            raise NotNow(f"{url} is not at Soundpost")
        token = self.token()
        reply = requests.get(url, auth=Bearer(token), timeout=(10, 30), stream=True)
        if reply.status_code == 401:
            reply.close()
            reply = requests.get(url, auth=Bearer(self.token(refused=token)), timeout=(10, 30), stream=True)
        if not reply.ok:
            reply.close()
            raise NotNow(f"Soundpost answers {reply.status_code} for {url}")
        return reply


def connect(memory, code, verifier, show):
    """Makes of a code a connection, and of the connection a service at Soundpost. The same show again is the same connection."""
    access, refresh, expires = tokens(grant_type="authorization_code", code=code, redirect_uri=f"{PUBLIC_URL}/back", code_verifier=verifier)
    me = requests.get(f"{SOUNDPOST}/api/user.json", auth=Bearer(access), timeout=(10, 30))
    me.raise_for_status()
    me = me.json()["data"]
    memory.run(
        "INSERT INTO connections VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, show) DO UPDATE SET"
        " username = excluded.username, access_token = excluded.access_token, refresh_token = excluded.refresh_token, expires = excluded.expires",
        secrets.token_urlsafe(16), me["user_id"], show, me["username"], access, refresh, expires,
    )
    (kept,) = memory.run("SELECT id FROM connections WHERE account = ? AND show = ?", me["user_id"], show)
    # custom_data comes back inside the signed token, so it can be believed; a part of the address could not.
    service = {"display_name": show, "webhook_url": f"{PUBLIC_URL}/hooks/service", "custom_data": kept["id"]}
    reply = requests.post(f"{SOUNDPOST}/api/service/connect.json", json=service, auth=Bearer(access), timeout=(10, 30))
    found = reply.json()
    if not reply.ok:
        raise NotNow(f"Soundpost does not connect: {found['error_message']} {found['form_errors']}")
    say(f"connected {me['username']}: {show}")
    return found["data"]["display_name"]


# --- what is believed -------------------------------------------------------------------------------------------------


def check_headers(headers, body, keys):
    """Standard Webhooks over the bytes that came: somebody who has the secret sent them, and within the last five minutes. The webhook-id."""
    # Each once, so that what is checked is what is used, also where a forger writes a header twice.
    signed = {name: headers.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    for key in keys:
        # The library stumbles over some of the odd things that a forger may write: that is a no as well.
        with contextlib.suppress(WebhookVerificationError, ValueError):
            # No JSON: the body of a service is a token, and that of a plain webhook a form.
            key.verify(body, signed, json_parse=False)
            return signed["webhook-id"]
    raise Refused(401, "The headers webhook-id, webhook-timestamp and webhook-signature do not fit the body, or are too old.")


def check_token(body):
    """What a JSON Web Token claims, if it is signed by HS256 and nothing else, with the app's secret."""
    for secret in CLIENT_SECRETS:
        with contextlib.suppress(jwt.InvalidTokenError):
            # The algorithm is ours to say. Asking the token for it would let it say "none".
            return jwt.decode(body, secret, algorithms=["HS256"])
    raise Refused(401, "The token is not signed with the secret of this app.")


# --- what is published ------------------------------------------------------------------------------------------------


def publish(memory, published, production, connection):
    """Fetches a production and publishes it. Doing it twice is the same as doing it once: what it is called follows from the production."""
    kept = memory.connection(connection)
    if not kept:
        raise NotNow("Nobody here has this connection. Connect the show again.")
    account = Account(memory, connection)
    with account.get(f"{SOUNDPOST}/api/production/{production}.json") as reply:
        details = reply.json()["data"]
    whole = (file for file in details["output_files"] if file["format"] == "mp3" and not file["split_on_chapters"])
    file = next(whole, None)
    if not file or not file["download_url"]:
        raise NotNow("The production has no MP3 at the moment. It may have been started again.")
    fetch(account, file, published / f"{production}.mp3")
    title = details["metadata"]["title"] or production
    write(published / f"{production}.html", page(title, f"""
        <h1>{html.escape(title)}</h1>
        <p>{html.escape(kept["show"])}</p>
        <p>{html.escape(details["metadata"]["summary"])}</p>
        <audio controls src="{production}.mp3"></audio>
    """).encode())
    memory.run("INSERT OR REPLACE INTO episodes VALUES (?, ?, ?)", production, title, kept["show"])
    address = f"{PUBLIC_URL}/episodes/{production}"
    say(f"published {production}: {address}")
    return 200, json.dumps({"result_page_url": address, "result_file_url": f"{address}.mp3"})


def fetch(account, file, target):
    """Streams a file to its place. It appears there whole or not at all."""
    if file["size"] > MOST_AUDIO:
        raise NotNow(f"{file['filename']} has {file['size']} bytes, and at most {MOST_AUDIO} are taken.")
    part = target.with_suffix(f".{secrets.token_hex(4)}.part")
    digest, size = hashlib.md5(usedforsecurity=False), 0
    try:
        with account.get(file["download_url"]) as reply, open(part, "wb") as disk:
            for chunk in reply.iter_content(1 << 16):
                size += len(chunk)
                if size > file["size"]:
                    break
                digest.update(chunk)
                disk.write(chunk)
            disk.flush()
            os.fsync(disk.fileno())
        if (size, digest.hexdigest()) != (file["size"], file["checksum"]):
            raise NotNow(f"{file['filename']} did not arrive as it was sent.")
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def write(target, content):
    part = target.with_suffix(f".{secrets.token_hex(4)}.part")
    try:
        with open(part, "wb") as disk:
            disk.write(content)
            disk.flush()
            os.fsync(disk.fileno())
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


class Once:
    """Does what a delivery asks for once, however often it comes, and gives every copy the same answer."""

    def __init__(self, memory):
        self.memory, self.lock, self.running = memory, threading.Lock(), {}
        self.workers = concurrent.futures.ThreadPoolExecutor(max_workers=4)

    def answer(self, webhook_id, work):
        with self.lock:
            if known := self.memory.answer(webhook_id):
                say(f"told again {webhook_id}")
                return known
            job = self.running.get(webhook_id)
            if job is None:
                job = self.running[webhook_id] = self.workers.submit(self.work, webhook_id, work)
        try:
            return job.result(timeout=PATIENCE)
        except concurrent.futures.TimeoutError:
            # It goes on meanwhile; the next copy finds it done.
            raise NotNow("This takes longer than a minute. Ask again soon.") from None

    def work(self, webhook_id, work):
        try:
            status, body = work()
            # After the work and not before: a crash in between does it again, which changes nothing; the other way round it would be lost.
            self.memory.run("INSERT INTO answers VALUES (?, ?, ?, ?)", webhook_id, status, body, time.time())
            return status, body
        except requests.RequestException:
            raise NotNow("Soundpost cannot be reached from here.") from None
        except OSError as error:
            raise NotNow(f"It cannot be kept here: {error.strerror}.") from error
        finally:
            with self.lock:
                del self.running[webhook_id]


# --- pages ------------------------------------------------------------------------------------------------------------


def page(title, body):
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title><body>{body}</body></html>'


class Handler(http.server.BaseHTTPRequestHandler):
    # Seconds that a silent connection is kept.
    timeout = 30
    memory = once = published = None

    def do_GET(self):
        self.guarded({"/": self.index, "/back": self.back}, self.episode)

    def do_POST(self):
        self.guarded({"/connect": self.connect, "/hooks/service": self.service, "/hooks/plain": self.plain}, self.nothing)

    def guarded(self, routes, other):
        try:
            routes.get(self.path.partition("?")[0], other)()
        except Refused as error:
            say(f"refused {self.path.partition('?')[0]}: {error}")
            self.reply(error.status, str(error), "text/plain")
        except (NotNow, requests.RequestException) as error:
            say(f"not now: {error}")
            # Soundpost shows the first words of an answer to whoever looks at the delivery.
            self.reply(503, str(error), "text/plain", {"Retry-After": "30"})
        except OSError:
            # Whoever asked is gone.
            self.close_connection = True
        except Exception:
            traceback.print_exc()
            self.reply(500, "Something is wrong here.", "text/plain")

    def body(self, kind):
        """The bytes that came, of the kind that is due; not more than are read."""
        if self.headers.get_content_type() != kind:
            raise Refused(415, f"This address takes {kind}.")
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"[0-9]{1,12}", length):
            raise Refused(411, "The request does not say how long it is.")
        if int(length) > MOST_BODY:
            raise Refused(413, f"At most {MOST_BODY} bytes are taken.")
        return self.rfile.read(int(length))

    def reply(self, status, body=b"", kind="text/html", more=()):
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        headers = {"Content-Type": f"{kind}; charset=utf-8" if kind.startswith("text/") else kind, "X-Content-Type-Options": "nosniff"}
        # What people wrote into a title is text, and stays it.
        headers["Content-Security-Policy"] = "default-src 'none'; media-src 'self'; frame-ancestors 'none'"
        for name, value in {**headers, **dict(more)}.items():
            self.send_header(name, value)
        # 204 has no body, and says nothing of its length either (RFC 9110 §8.6).
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing: addresses have codes in them that log files should not keep."""

    # From here on in the order in which somebody meets them.

    def index(self):
        # A real host has its own sign-in in front of this page.
        episodes = self.memory.run("SELECT production, title, show FROM episodes ORDER BY rowid")
        rows = "".join(f'<li><a href="/episodes/{row["production"]}">{html.escape(row["title"])}</a>, {html.escape(row["show"])}' for row in episodes)
        self.reply(200, page("A podcast host", f"""
            <h1>A podcast host</h1>
            <form method="post" action="/connect"><label>Name of the show <input name="show" required maxlength="100"></label>
            <button>Connect to Soundpost</button></form><ul>{rows}</ul>
        """))

    def connect(self):
        if self.headers.get("Origin", PUBLIC_URL) != PUBLIC_URL:
            raise Refused(403, f"This form is sent from {PUBLIC_URL} and from nowhere else.")
        form = urllib.parse.parse_qs(self.body("application/x-www-form-urlencoded").decode(errors="replace"))
        show = form.get("show", [""])[0].strip()
        if not 0 < len(show) <= 100:
            raise Refused(400, "A show has a name of at most 100 characters.")
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        question = urllib.parse.urlencode({
            "response_type": "code", "client_id": CLIENT_ID, "redirect_uri": f"{PUBLIC_URL}/back", "scope": SCOPES,
            "state": state, "code_challenge": challenge, "code_challenge_method": "S256",
        })
        # What was begun in this browser can only be ended in this browser.
        started = f"{state}.{verifier}.{base64.urlsafe_b64encode(show.encode()).rstrip(b'=').decode()}"
        secure = "; Secure" if PUBLIC_URL.startswith("https:") else ""
        self.reply(303, more={
            "Location": f"{SOUNDPOST}/oauth2/authorize/?{question}",
            "Set-Cookie": f"connecting={started}; Path=/back; Max-Age=600; HttpOnly; SameSite=Lax{secure}",
        })

    def back(self):
        answer = dict(urllib.parse.parse_qsl(self.path.partition("?")[2]))
        cookie = re.search(r"(?:^|; )connecting=([\w-]+)\.([\w-]+)\.([\w-]+)(?:;|$)", self.headers.get("Cookie", ""), re.ASCII)
        state, verifier, show = cookie.groups() if cookie else ("", "", "")
        if not state or not hmac.compare_digest(state.encode(), answer.get("state", "").encode()) or answer.get("iss") != SOUNDPOST:
            raise Refused(400, "This is the answer to a question that this browser did not ask. Begin again.")
        if "error" in answer:
            raise Refused(403, f"Soundpost says: {answer.get('error_description', answer['error'])}")
        show = base64.urlsafe_b64decode(show + "=" * (-len(show) % 4)).decode()
        name = connect(self.memory, answer.get("code", ""), verifier, show)
        done = page("Connected", f"<h1>Connected</h1><p>Soundpost calls it “{html.escape(name)}”. Choose it in a production or preset.</p>")
        self.reply(200, done, more={"Set-Cookie": "connecting=; Path=/back; Max-Age=0; HttpOnly"})

    def service(self):
        """A finished production."""
        body = self.body("application/jwt")
        webhook_id = check_headers(self.headers, body, SERVICE_KEYS)
        claims = check_token(body)
        production, connection = claims.get("uuid"), claims.get("custom_data")
        if not isinstance(production, str) or not IS_UUID.fullmatch(production) or not isinstance(connection, str):
            raise Refused(400, "The token names no production, or no connection.")
        status, answer = self.once.answer(webhook_id, lambda: publish(self.memory, self.published, production, connection))
        self.reply(status, answer, "application/json")

    def plain(self):
        """What a production or preset tells the address in its `webhook`."""
        body = self.body("application/x-www-form-urlencoded")
        webhook_id = check_headers(self.headers, body, PLAIN_KEYS)
        form = dict(urllib.parse.parse_qsl(body.decode()))

        def work():
            # Here goes what is to happen: 3 is done, 2 did not work.
            say(f"webhook {form.get('uuid')}: {form.get('status')} {form.get('status_string')}")
            return 204, ""

        status, answer = self.once.answer(webhook_id, work)
        self.reply(status, answer)

    def episode(self):
        # In real life a web server serves this folder, with ranges and caches.
        found = re.fullmatch(r"/episodes/([0-9A-Za-z]{22})(\.mp3)?", self.path)
        path = found and self.published / f"{found[1]}{found[2] or '.html'}"
        if not path or not path.is_file():
            return self.nothing()
        with open(path, "rb") as file:
            self.send_response(200)
            self.send_header("Content-Type", "audio/mpeg" if found[2] else "text/html; charset=utf-8")
            self.send_header("Content-Length", str(os.fstat(file.fileno()).st_size))
            self.send_header("Content-Security-Policy", "default-src 'none'; media-src 'self'; frame-ancestors 'none'")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            while chunk := file.read(1 << 16):
                self.wfile.write(chunk)

    def nothing(self):
        self.reply(404, "There is nothing here.", "text/plain")


def main():
    if not CLIENT_SECRETS:
        sys.exit("CLIENT_SECRET is not set.")
    memory = Memory(DATA_DIR)
    published = DATA_DIR / "published"
    published.mkdir(exist_ok=True)
    # Left behind by a crash.
    for part in published.glob("*.part"):
        part.unlink()
    Handler.memory, Handler.once, Handler.published = memory, Once(memory), published
    host, _, port = LISTEN.rpartition(":")
    server = http.server.ThreadingHTTPServer((host, int(port)), Handler)
    server.daemon_threads = True
    say(f"listening on {PUBLIC_URL}")
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
