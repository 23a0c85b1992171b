#!/usr/bin/env bash
# Connects an app for somebody by OAuth 2.0 with PKCE, and makes it a place to publish to: what /connect and /back of the receivers do, by hand.
#
#   SOUNDPOST=https://… CLIENT_ID=… CLIENT_SECRET=… ./connect.sh 'My Family Podcast' https://host.example/hooks/service show-17
#
# It prints where to go and reads the address that the browser came back to; that page need not exist. BACK is what the app is registered with
# (http://127.0.0.1:9000/back). The tokens go to a file for this user alone (TOKENS, tokens.json here), which fetch.sh reads.
set -euo pipefail
[ $# -ge 2 ] || { echo 'usage: connect.sh NAME WEBHOOK-ADDRESS [CUSTOM-DATA]' >&2; exit 2; }
: "${SOUNDPOST:?}" "${CLIENT_ID:?}" "${CLIENT_SECRET:?}"
back=${BACK:-http://127.0.0.1:9000/back}
encoded() { jq -rn --arg text "$1" '$text | @uri'; }

verifier=$(openssl rand -hex 32)
challenge=$(printf %s "$verifier" | openssl dgst -sha256 -binary | openssl base64 -A | tr '+/' '-_' | tr -d '=')
state=$(openssl rand -hex 16)
scope='production.read service.connect profile'
echo "Open $SOUNDPOST/oauth2/authorize/?response_type=code&client_id=$CLIENT_ID&redirect_uri=$(encoded "$back")&scope=$(encoded "$scope")&state=$state&code_challenge=$challenge&code_challenge_method=S256"
echo 'Paste the address that you came back to:'
read -r answer

# parameter NAME: of that address. Codes and states are made of characters that nobody has to encode.
parameter() { printf '%s\n' "$answer" | sed -nE "s/^[^?]*[?](.*&)?$1=([^&#]*).*/\2/p"; }
[ "$(parameter state)" = "$state" ] || { echo 'This is the answer to another question.' >&2; exit 1; }
[ "$(parameter iss)" = "$(encoded "$SOUNDPOST")" ] || [ "$(parameter iss)" = "$SOUNDPOST" ] || { echo 'This is the answer of another server.' >&2; exit 1; }
[ -n "$(parameter code)" ] || { echo 'There is no code in it: the person said no.' >&2; exit 1; }

umask 077
# Secrets go to curl by a pipe, since everybody on a machine may list arguments.
curl -fsS "$SOUNDPOST/oauth2/token/" -K <(printf 'user = "%s:%s"\n' "$CLIENT_ID" "$CLIENT_SECRET") --data @- >"${TOKENS:-tokens.json}" <<END
grant_type=authorization_code&code=$(parameter code)&redirect_uri=$(encoded "$back")&code_verifier=$verifier
END
token=$(jq -r .access_token "${TOKENS:-tokens.json}")
jq -n --arg name "$1" --arg address "$2" --arg data "${3:-}" \
  '{display_name: $name, webhook_url: $address} + if $data == "" then {} else {custom_data: $data} end' |
  curl -fsS "$SOUNDPOST/api/service/connect.json" -K <(printf 'header = "Authorization: Bearer %s"\n' "$token") \
    -H 'Content-Type: application/json' --data-binary @- | jq -r '"\(.data.uuid) is \(.data.display_name)"'
