# Signatures by openssl, for the scripts beside this file, which source it. Secrets never become arguments of a program: whoever lists processes
# would see them. So HMAC-SHA256 is put together here from two rounds of SHA-256 (RFC 2104) instead of handing the key to `openssl dgst -hmac`.

# hex: standard input in hexadecimal digits.
hex() { od -An -v -tx1 | tr -d ' \n'; }

# base64url: standard input as JSON Web Tokens have it.
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# from_base64url: and back.
from_base64url() {
  local text; text=$(tr -- '-_' '+/')
  while [ $((${#text} % 4)) -ne 0 ]; do text+='='; done
  printf %s "$text" | openssl base64 -d -A
}

# key SECRET: the key in hexadecimal digits: of whsec_… what is behind it, of anything else its characters.
key() {
  case $1 in
    whsec_*) printf %s "${1#whsec_}" | openssl base64 -d -A | hex ;;
    *) printf %s "$1" | hex ;;
  esac
}

# hmac KEY: HMAC-SHA256 of standard input with a key in hexadecimal digits, as bytes.
hmac() {
  local key=$1 inner='' outer='' byte i
  [ ${#key} -le 128 ] || { echo 'a key of more than 64 bytes is not used here' >&2; return 1; }
  while [ ${#key} -lt 128 ]; do key+=00; done
  for ((i = 0; i < 128; i += 2)); do
    printf -v byte '\\x%02x' $((0x${key:i:2} ^ 0x36)); inner+=$byte
    printf -v byte '\\x%02x' $((0x${key:i:2} ^ 0x5c)); outer+=$byte
  done
  { printf "$outer"; { printf "$inner"; cat; } | openssl dgst -sha256 -binary; } | openssl dgst -sha256 -binary
}

# signature SECRET ID TIMESTAMP FILE: what stands in webhook-signature for the body in a file.
signature() { printf 'v1,%s' "$({ printf '%s.%s.' "$2" "$3"; cat "$4"; } | hmac "$(key "$1")" | openssl base64 -A)"; }

# token SECRET HEADER CLAIMS: a JSON Web Token.
token() {
  local signed; signed=$(printf %s "$2" | base64url).$(printf %s "$3" | base64url)
  printf '%s.%s' "$signed" "$(printf %s "$signed" | hmac "$(key "$1")" | base64url)"
}
