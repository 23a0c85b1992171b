#!/usr/bin/env bash
# Verifies a delivery that was saved: its Standard Webhooks headers, and the JSON Web Token where it is a service's.
#
#   CLIENT_SECRET=… ./verify.sh HEADERS BODY      what an external service got
#   WEBHOOK_SECRET=… ./verify.sh HEADERS BODY     what a plain webhook got
#
# HEADERS is a file with `name: value` on each line, in any order and case; BODY has the bytes of the body, not one more. Both secrets may
# be there, and CLIENT_SECRET_BEFORE and WEBHOOK_SECRET_BEFORE beside them. What was saved is old, so its time is told and not judged;
# a receiver refuses what is older than five minutes.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/signing.sh"

[ $# -eq 2 ] || { echo 'usage: verify.sh HEADERS BODY' >&2; exit 2; }
headers=$1 body=$2
stop() { echo "No: $*" >&2; exit 1; }

# header NAME: its value; nothing where it is missing.
header() { tr -d '\r' <"$headers" | awk -v name="$1" 'BEGIN { FS = ":" } tolower($1) == name { sub(/^[^:]*:[ \t]*/, ""); print; exit }'; }
id=$(header webhook-id) timestamp=$(header webhook-timestamp) signatures=$(header webhook-signature) kind=$(header content-type)
[ -n "$id" ] && [ -n "$timestamp" ] && [ -n "$signatures" ] || stop 'webhook-id, webhook-timestamp and webhook-signature are not all there.'
[[ $timestamp =~ ^[0-9]{1,12}$ ]] || stop 'webhook-timestamp is no number of seconds.'

case ${kind%%;*} in
  application/jwt) secrets=("${CLIENT_SECRET:-}" "${CLIENT_SECRET_BEFORE:-}") ;;
  *) secrets=("${WEBHOOK_SECRET:-}" "${WEBHOOK_SECRET_BEFORE:-}") ;;
esac

# One of the signatures has to be right, by one of the secrets. Nobody measures how long this takes, so it compares as shells do; a receiver
# compares in constant time.
fits() {
  local secret one
  for secret in "${secrets[@]}"; do
    [ -n "$secret" ] || continue
    for one in $signatures; do
      [ "$one" != "$(signature "$secret" "$id" "$timestamp" "$body")" ] || return 0
    done
  done
  return 1
}
fits || stop 'none of the signatures fits this body, id and timestamp.'
echo "The headers are right. Sent $(($(date +%s) - timestamp)) seconds ago as $id."

if [ "${kind%%;*}" != application/jwt ]; then cat "$body"; echo; exit; fi

IFS=. read -r header claims signed more < <(cat "$body"; echo)
[ -n "$signed" ] && [ -z "$more" ] || stop 'the body is no JSON Web Token.'
# HS256 and nothing else: the token does not choose how it is checked.
algorithm=$(printf %s "$header" | from_base64url | jq -r '.alg // "nothing"')
[ "$algorithm" = HS256 ] || stop "the token says that it is signed with $algorithm."
for secret in "${secrets[@]}"; do
  [ -n "$secret" ] || continue
  if [ "$signed" = "$(printf '%s.%s' "$header" "$claims" | hmac "$(key "$secret")" | base64url)" ]; then
    echo 'The token is right. It claims:'
    printf %s "$claims" | from_base64url
    echo
    exit
  fi
done
stop 'the token is not signed with a secret of this app.'
