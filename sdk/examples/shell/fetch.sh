#!/usr/bin/env bash
# Fetches the MP3 of a production with the tokens that connect.sh left, and renews them where they have run out.
#
#   SOUNDPOST=https://… CLIENT_ID=… CLIENT_SECRET=… ./fetch.sh UUID FILE.mp3
#
# One at a time: a refresh token works once, and whoever sends it twice loses the connection.
set -euo pipefail
[ $# -eq 2 ] || { echo 'usage: fetch.sh UUID FILE.mp3' >&2; exit 2; }
: "${SOUNDPOST:?}" "${CLIENT_ID:?}" "${CLIENT_SECRET:?}"
tokens=${TOKENS:-tokens.json}
umask 077

# bearer: curl's settings with the token of the moment.
bearer() { printf 'header = "Authorization: Bearer %s"\n' "$(jq -r .access_token "$tokens")"; }

# renew: trades the refresh token for a new pair. The file is replaced at once, since the old pair is worth nothing any more.
renew() {
  curl -fsS "$SOUNDPOST/oauth2/token/" -K <(printf 'user = "%s:%s"\n' "$CLIENT_ID" "$CLIENT_SECRET") --data @- >"$tokens.new" <<END
grant_type=refresh_token&refresh_token=$(jq -r .refresh_token "$tokens")
END
  mv "$tokens.new" "$tokens"
}

details() { curl -sS -o "$1" -w '%{http_code}' -K <(bearer) "$SOUNDPOST/api/production/$uuid.json"; }
uuid=$1
[[ $uuid =~ ^[0-9A-Za-z]{22}$ ]] || { echo 'This is no uuid.' >&2; exit 2; }
answer=$(mktemp)
trap 'rm -f "$answer" "$2.part"' EXIT
status=$(details "$answer")
if [ "$status" = 401 ]; then renew; status=$(details "$answer"); fi
[ "$status" = 200 ] || { echo "Soundpost answers $status." >&2; exit 1; }

file=$(jq -c 'first(.data.output_files[] | select(.format == "mp3" and (.split_on_chapters | not)))' "$answer")
url=$(jq -r .download_url <<<"$file")
# The token is Soundpost's, and goes nowhere else.
case $url in "$SOUNDPOST"/*) ;; *) echo "$url is not at Soundpost." >&2; exit 1 ;; esac
# The file may lie at a store, where curl is sent on to. It leaves the token behind then (from 7.58 on).
curl -fsSL --max-filesize 2147483648 -K <(bearer) -o "$2.part" "$url"
[ "$(openssl dgst -md5 -r "$2.part" | cut -d ' ' -f 1)" = "$(jq -r .checksum <<<"$file")" ] || { echo 'The file did not arrive as it was sent.' >&2; exit 1; }
mv "$2.part" "$2"
echo "$2 has $(jq -r .size <<<"$file") bytes: $(jq -r '.data.metadata.title' "$answer")"
