"""What apps do with other people's libraries for OAuth, only the base address changed.

    oauth.py ADDRESS USERNAME PASSWORD CLIENT_ID CLIENT_SECRET

requests-oauthlib and Authlib, each with OAuth 2.0 and 1.0a, against a server that runs. The person at the browser is played by a
session of requests that fills in the pages' forms.
"""

import html
import os
import re
import sys

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the server of the test is on this machine, without TLS
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import authlib.integrations.requests_client as authlib  # noqa: E402
import requests  # noqa: E402
import requests_oauthlib  # noqa: E402

address, username, password, client_id, client_secret = sys.argv[1:]
BACK = "https://podhost.example/back"


def token_of(page):
    return re.search(r'name="csrf" value="([^"]+)"', page).group(1)


def sign_in():
    browser = requests.Session()
    page = browser.get(f"{address}/signin").text
    form = {"csrf": token_of(page), "username": username, "password": password}
    answer = browser.post(f"{address}/signin", data=form, allow_redirects=False)
    assert answer.status_code == 303, (answer.status_code, answer.text)
    return browser


browser = sign_in()


def answer(url, decision="allow"):
    """What the person at the browser is answered with after a decision."""
    page = browser.get(url)
    assert page.status_code == 200 and "asks to work with your Soundpost" in page.text, (page.status_code, page.text)
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    # The last form of the page; the first one signs out.
    form = page.text[page.text.rindex("<form") :]
    action = html.unescape(re.search(r'action="([^"]+)"', form).group(1))
    sent = {"csrf": token_of(form), "decision": decision}
    return browser.post(f"{address}{action}", data=sent, allow_redirects=False)


def sent_back(url, decision="allow"):
    done = answer(url, decision)
    assert done.status_code == 303, (done.status_code, done.text)
    return done.headers["location"]


def oauth2_by_requests_oauthlib():
    app = requests_oauthlib.OAuth2Session(client_id, redirect_uri=BACK, scope=["production.read", "profile"])
    url, _ = app.authorization_url(f"{address}/oauth2/authorize/")
    token = app.fetch_token(f"{address}/oauth2/token/", authorization_response=sent_back(url), client_secret=client_secret)
    assert token["token_type"] == "bearer" and token["user_name"] == username, token
    assert app.get(f"{address}/api/user.json").json()["data"]["username"] == username
    assert app.get(f"{address}/api/productions.json").status_code == 200
    assert app.post(f"{address}/api/productions.json", json={}).status_code == 403
    old = token["access_token"]
    token = app.refresh_token(f"{address}/oauth2/token/", client_id=client_id, client_secret=client_secret)
    assert token["access_token"] != old
    assert app.get(f"{address}/me").json()["username"] == username
    try:
        url, _ = app.authorization_url(f"{address}/oauth2/authorize/")
        app.fetch_token(f"{address}/oauth2/token/", authorization_response=sent_back(url, "refuse"), client_secret=client_secret)
        sys.exit("a refusal was not told")
    except Exception as error:  # the library names its errors after the words of the protocol
        assert "access_denied" in str(error), error


def oauth2_by_authlib():
    app = authlib.OAuth2Session(client_id, client_secret, scope="profile", redirect_uri=BACK, code_challenge_method="S256")
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    metadata = requests.get(f"{address}/.well-known/oauth-authorization-server", timeout=10).json()
    assert metadata["issuer"] == address and metadata["code_challenge_methods_supported"] == ["S256"], metadata
    url, state = app.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
    app.fetch_token(metadata["token_endpoint"], authorization_response=sent_back(url), code_verifier=verifier, state=state)
    assert app.get(f"{address}/me").json()["username"] == username
    told = app.introspect_token(metadata["introspection_endpoint"], token=app.token["access_token"]).json()
    assert told["active"] and told["client_id"] == client_id and told["scope"] == "profile", told
    app.revoke_token(metadata["revocation_endpoint"], token=app.token["refresh_token"])
    assert app.get(f"{address}/me").status_code == 401


def oauth1_by_requests_oauthlib():
    for signature_type in ["AUTH_HEADER", "QUERY", "BODY"]:
        app = requests_oauthlib.OAuth1Session(client_id, client_secret, callback_uri=BACK, signature_type=signature_type)
        app.fetch_request_token(f"{address}/oauth/request_token")
        app.parse_authorization_response(sent_back(app.authorization_url(f"{address}/oauth/authorize")))
        app.fetch_access_token(f"{address}/v1/oauth/access_token/")
        if signature_type != "BODY":  # the library signs a body only where there is one
            assert app.get(f"{address}/me/").json()["username"] == username
            assert f"<username>{username}</username>" in app.get(f"{address}/me.xml").text
            assert app.get(f"{address}/oauth/test_request?a=1&a=&b=%C3%A4%20%2B").text == "a=&a=1&b=%C3%A4+%2B"
    app = requests_oauthlib.OAuth1Session(client_id, client_secret, callback_uri="oob", signature_method="HMAC-SHA256")
    app.fetch_request_token(f"{address}/oauth/request_token")
    page = answer(app.authorization_url(f"{address}/oauth/authorize"))
    typed = re.search(r'class="verifier"><code>([^<]+)<', page.text).group(1)
    app.fetch_access_token(f"{address}/oauth/access_token", verifier=typed.lower())
    assert app.get(f"{address}/me").json()["username"] == username


def oauth1_by_authlib():
    app = authlib.OAuth1Session(client_id, client_secret, redirect_uri=BACK)
    app.fetch_request_token(f"{address}/oauth/request_token")
    app.parse_authorization_response(sent_back(app.create_authorization_url(f"{address}/oauth/authorize")))
    token = app.fetch_access_token(f"{address}/oauth/access_token")
    assert app.get(f"{address}/me").json()["username"] == username
    # The same token, traded for one of OAuth 2.0; the old one is worth nothing then.
    traded = {"grant_type": "oauth1_token", "client_id": client_id, "client_secret": client_secret, "oauth_token": token["oauth_token"]}
    answered = requests.post(f"{address}/oauth2/token/", files={name: (None, value) for name, value in traded.items()}, timeout=10)
    assert answered.status_code == 200, answered.text
    bearer = {"Authorization": f"bearer {answered.json()['access_token']}"}
    assert requests.get(f"{address}/me", headers=bearer, timeout=10).json()["username"] == username
    assert app.get(f"{address}/me").status_code == 401


def nobody():
    assert requests.get(f"{address}/me", timeout=10).status_code == 401
    assert requests.get(f"{address}/users/{username}", timeout=10).json()["permalink"] == username
    refused = requests.get(f"{address}/me", auth=(username, password), timeout=10)
    assert refused.status_code == 401 and "sandbox" in refused.text, refused.text


for each in [oauth2_by_requests_oauthlib, oauth2_by_authlib, oauth1_by_requests_oauthlib, oauth1_by_authlib, nobody]:
    each()
    print(each.__name__, "works")
