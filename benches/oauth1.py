"""Requests that are signed by OAuth 1.0a, as many as a measurement takes: made beforehand, each with a nonce of its own.

The person who allows the app something is played by a browser of urllib. Signing is after RFC 5849, section 3.4; it is checked by the
server that is measured, which answers 200 to nothing else.
"""

import base64
import hashlib
import hmac
import html
import http.cookiejar
import re
import secrets
import time
import urllib.parse
import urllib.request

# Sends a line of the file after the other; when all were sent it begins anew, which only a server that checks nothing answers well.
SCRIPT = """
local lines, at = {}, 0
for line in io.lines(os.getenv("SIGNED")) do lines[#lines + 1] = line end
request = function()
  at = at % #lines + 1
  return wrk.format("GET", nil, { Authorization = lines[at] })
end
"""


def quote(text):
    return urllib.parse.quote(text, safe="~")


class Signer:
    def __init__(self, client_id, client_secret):
        self.client_id, self.client_secret = client_id, client_secret
        self.token, self.token_secret = "", ""

    def header(self, method, url, **more):
        fields = {
            "oauth_consumer_key": self.client_id,
            "oauth_nonce": secrets.token_hex(12),
            "oauth_signature_method": "HMAC-SHA1",
            "oauth_timestamp": str(int(time.time())),
            "oauth_version": "1.0",
            **more,
        }
        if self.token:
            fields["oauth_token"] = self.token
        normal = "&".join(f"{quote(name)}={quote(value)}" for name, value in sorted(fields.items()))
        base = "&".join([method, quote(url), quote(normal)])
        key = f"{quote(self.client_secret)}&{quote(self.token_secret)}"
        signed = hmac.digest(key.encode(), base.encode(), hashlib.sha1)
        fields["oauth_signature"] = base64.b64encode(signed).decode()
        return "OAuth " + ", ".join(f'{name}="{quote(value)}"' for name, value in fields.items())

    def trade(self, url, **more):
        """Asks for a token, and goes on with it."""
        request = urllib.request.Request(url, b"", {"authorization": self.header("POST", url, **more)})
        with urllib.request.urlopen(request, timeout=60) as reply:
            told = dict(urllib.parse.parse_qsl(reply.read().decode()))
        self.token, self.token_secret = told["oauth_token"], told["oauth_token_secret"]


def allowed(address, client_id, client_secret, username, password):
    """A signer with an access token, once that person allowed it."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def page(url, form=None):
        data = None if form is None else urllib.parse.urlencode(form).encode()
        with browser.open(url, data, timeout=60) as reply:
            return reply.read().decode()

    def token(text):
        return re.search(r'name="csrf" value="([^"]+)"', text)[1]

    form = {"csrf": token(page(f"{address}/signin")), "username": username, "password": password}
    page(f"{address}/signin", form)
    signer = Signer(client_id, client_secret)
    signer.trade(f"{address}/oauth/request_token", oauth_callback="oob")
    asked = page(f"{address}/oauth/authorize?oauth_token={signer.token}")
    asked = asked[asked.rindex("<form") :]
    action = html.unescape(re.search(r'action="([^"]+)"', asked)[1])
    told = page(address + action, {"csrf": token(asked), "decision": "allow"})
    verifier = re.search(r'class="verifier"><code>([^<]+)<', told)[1]
    signer.trade(f"{address}/oauth/access_token", oauth_verifier=verifier)
    return signer
