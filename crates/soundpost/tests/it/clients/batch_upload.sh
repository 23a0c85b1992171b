#!/usr/bin/env bash
# What the public shell scripts do, with curl and nothing that reads JSON: a recording by the simple form, as somebody with a password
# and as somebody with a key; its status until it is done; its file.
#
#   batch_upload.sh ADDRESS NAME PASSWORD KEY RECORDING FOLDER
set -euo pipefail
address=$1 name=$2 password=$3 key=$4 recording=$5 folder=$6

# text FIELD, number FIELD: the first of that name in the JSON that comes in.
text() { grep -oE "\"$1\": ?\"[^\"]*\"" | head -n 1 | sed -E 's/^[^:]*: ?"(.*)"$/\1/'; }
number() { grep -oE "\"$1\": ?[0-9]+" | head -n 1 | grep -oE '[0-9]+$'; }

take() { # take TITLE CREDENTIALS…
  local title=$1 uuid status file
  shift
  uuid=$(curl -fsS -X POST "$address/api/simple/productions.json" "$@" \
    -F "title=$title" -F "summary=<$0" -F "input_file=@$recording" -F action=start | text uuid)
  for _ in $(seq 600); do
    status=$(curl -fsS "$address/api/production/$uuid/status.json" "$@" | number status)
    case $status in 2) echo "$uuid did not work" >&2; exit 1 ;; 3) break ;; esac
    sleep 0.1
  done
  [ "$status" = 3 ] || { echo "$uuid is not done after a minute" >&2; exit 1; }
  file=$(curl -fsS "$address/api/production/$uuid.json" "$@" | text download_url)
  curl -fsSL -o "$folder/$title.mp3" "$file?bearer_token=$key"
}

take password -u "$name:$password"
take key -u "$name:$key"
take bearer -H "Authorization: Bearer $key"
