#!/usr/bin/env bash
# Sends a receiver of your own what a forger might, and says what it took. Do this before strangers do.
#
#   CLIENT_SECRET=… ./check.sh http://127.0.0.1:9000/hooks/service
#   WEBHOOK_SECRET=… ./check.sh http://127.0.0.1:9000/hooks/plain
#
# Which of the two it is, is told by the secret that is set. Every request is made of a right one with one thing wrong in it. Fails if one of
# them is answered with anything but 4xx, or if nobody answers. It speaks of a production that nobody has.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/signing.sh"

[ $# -eq 1 ] || { echo 'usage: check.sh ADDRESS' >&2; exit 2; }
address=$1 now=$(date +%s) other=another-secret-of-more-than-32-characters
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
claims='{"uuid":"0000000000000000000000","custom_data":"forged"}' header='{"typ":"JWT","alg":"HS256"}'
if [ -n "${CLIENT_SECRET:-}" ]; then
  secret=$CLIENT_SECRET kind=application/jwt
  body=$(token "$secret" "$header" "$claims")
else
  secret=${WEBHOOK_SECRET:?} kind=application/x-www-form-urlencoded
  body='uuid=0000000000000000000000&status=3&status_string=Done'
fi
failed=0

# sign SECRET ID TIMESTAMP BODY: what stands in webhook-signature.
sign() { printf %s "$4" >"$folder/signed"; signature "$1" "$2" "$3" "$folder/signed"; }

# expect_no WHAT BODY ID TIMESTAMP SIGNATURE [OPTION-OF-CURL…]; with MAY_HANG_UP a receiver may also close the line instead of answering.
expect_no() {
  local what=$1 status code=0 headers=()
  printf %s "$2" >"$folder/body"
  # A header without a value would be sent as none.
  [ -z "$3" ] || headers+=(-H "webhook-id: $3")
  [ -z "$4" ] || headers+=(-H "webhook-timestamp: $4")
  [ -z "$5" ] || headers+=(-H "webhook-signature: $5")
  shift 5
  status=$(curl -sS -o /dev/null -w '%{http_code}' --max-time 10 "$address" --data-binary @"$folder/body" -H "Content-Type: $kind" -H 'Expect:' "${headers[@]}" "$@" 2>"$folder/trouble") || code=$?
  case $status/$code/${MAY_HANG_UP:-} in
    4??/*) echo "refused ($status): $what" ;;
    # Empty reply, and failures to send and to receive, as curl numbers them.
    000/5[256]/yes) echo "refused (hung up): $what" ;;
    *) echo "NOT REFUSED ($status): $what"; cat "$folder/trouble"; failed=1 ;;
  esac
}

right() { sign "$secret" "$1" "$now" "$body"; }
expect_no 'no signature at all' "$body" '' '' ''
expect_no 'a signature made up' "$body" check_1 "$now" "v1,$(openssl rand -base64 32)"
expect_no 'signed with another secret' "$body" check_2 "$now" "$(sign "$other" check_2 "$now" "$body")"
expect_no 'a body that was changed' "${body}x" check_3 "$now" "$(right check_3)"
expect_no 'an id that was changed' "$body" check_5 "$now" "$(right check_4)"
expect_no 'sent an hour ago' "$body" check_6 "$((now - 3600))" "$(sign "$secret" check_6 "$((now - 3600))" "$body")"
expect_no 'sent an hour from now' "$body" check_7 "$((now + 3600))" "$(sign "$secret" check_7 "$((now + 3600))" "$body")"
expect_no 'a time that was changed' "$body" check_8 "$((now - 1))" "$(right check_8)"
expect_no 'a time that is no number' "$body" check_9 soon "$(sign "$secret" check_9 soon "$body")"
expect_no 'a signature of another version' "$body" check_10 "$now" "$(right check_10 | sed 's/^v1,/v2,/')"
expect_no 'a signature cut short' "$body" check_11 "$now" "$(right check_11 | head -c 20)"
expect_no 'odd characters where signatures belong' "$body" check_12 "$now" 'v1 v1, ,v1,v1,,é'
# Whoever believes that waits for it, and the memory of the machine with them.
MAY_HANG_UP=yes expect_no 'something that says it has a hundred gigabytes' "$body" check_13 "$now" "$(right check_13)" -H 'Content-Length: 100000000000'

# The headers of these are right: it is the token that is not. Only whoever has the secret could send them, so this is the second lock of the door.
if [ "$kind" = application/jwt ]; then
  signed=$(printf %s "$header" | base64url).$(printf %s "$claims" | base64url)
  for forged in \
    "a token that another secret signed=$(token "$other" "$header" "$claims")" \
    "a token that nobody signed (alg none)=$(printf %s '{"typ":"JWT","alg":"none"}' | base64url).$(printf %s "$claims" | base64url)." \
    "a token that says HS512=$(token "$secret" '{"typ":"JWT","alg":"HS512"}' "$claims")" \
    "a token that says RS256=$(token "$secret" '{"typ":"JWT","alg":"RS256"}' "$claims")" \
    "a token without its signature=$signed." \
    "a token of two parts=$signed" \
    "a token without a production=$(token "$secret" "$header" '{"custom_data":"forged"}')" \
    "a production that is a path=$(token "$secret" "$header" '{"uuid":"../../../../etc/passwd","custom_data":"forged"}')" \
    'no token=nothing of the kind'; do
    id=check_$(openssl rand -hex 8)
    expect_no "${forged%%=*}" "${forged#*=}" "$id" "$now" "$(sign "$secret" "$id" "$now" "${forged#*=}")"
  done
fi
[ "$failed" -eq 0 ] && echo 'All of it was refused.'
