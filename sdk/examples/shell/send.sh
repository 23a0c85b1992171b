#!/usr/bin/env bash
# Sends a receiver what Soundpost would send it, signed, so that it can be tried without a Soundpost.
#
#   CLIENT_SECRET=… ./send.sh http://127.0.0.1:9000/hooks/service '{"uuid":"…","custom_data":"…"}'
#   WEBHOOK_SECRET=… ./send.sh http://127.0.0.1:9000/hooks/plain 'uuid=…&status=3&status_string=Done'
#
# WEBHOOK_ID sends under that id, once more if it was sent before; AGE is for how many seconds the request has been under way. Prints
# status and answer; succeeds where the receiver said yes.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/signing.sh"

[ $# -eq 2 ] || { echo 'usage: send.sh ADDRESS CLAIMS|FORM' >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
case $2 in
  '{'*)
    secret=${CLIENT_SECRET:?} kind=application/jwt
    # Byte for byte the header that Soundpost writes.
    token "$secret" '{"typ":"JWT","alg":"HS256"}' "$2" >"$folder/body"
    ;;
  *)
    secret=${WEBHOOK_SECRET:?} kind=application/x-www-form-urlencoded
    printf %s "$2" >"$folder/body"
    ;;
esac
id=${WEBHOOK_ID:-try_$(openssl rand -hex 8)}
timestamp=$(($(date +%s) - ${AGE:-0}))
status=$(curl -sS -o "$folder/answer" -w '%{http_code}' --max-time 60 "$1" --data-binary @"$folder/body" \
  -H "Content-Type: $kind" -H "webhook-id: $id" -H "webhook-timestamp: $timestamp" \
  -H "webhook-signature: $(signature "$secret" "$id" "$timestamp" "$folder/body")")
echo "$status"
cat "$folder/answer"
echo
case $status in 200 | 201 | 203 | 204) ;; *) exit 1 ;; esac
