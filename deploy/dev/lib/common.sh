# shellcheck shell=bash
# Sourced by deploy/dev/up, down and test: words to the person, folders, secrets, processes.

say() { printf '%s\n' "$@"; }

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# Nothing ends silently: an unforeseen failure names its place.
set -E
trap 'printf "deploy/dev: failed in %s, line %s: %s\n" "${BASH_SOURCE[0]##*/}" "$LINENO" "$BASH_COMMAND" >&2' ERR

is_root() { [ "$(id -u)" -eq 0 ]; }

# The repository, wherever the script was called from and through whatever link.
ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../../.." && pwd -P)

# Tokens, keys, logs and the built portal. Always in the repository; see data.sh for database and workloads.
STATE=$ROOT/.data

umask 022
unset CDPATH
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOME=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
export PATH HOME

make_state_folder() {
  if [ -e "$STATE" ] && [ ! -O "$STATE" ]; then
    fail "$STATE belongs to $(stat -c %U "$STATE"), who set the portal up here; run this as $(stat -c %U "$STATE")," \
      "or stop the portal as that user and remove the folder."
  fi
  [ -d "$STATE" ] || (umask 077 && mkdir -- "$STATE") || fail "Cannot create $STATE."
}

LOCKED=

# One up or down at a time for this repository. Whatever is left running must not inherit descriptor 9.
take_lock() {
  [ -z "$LOCKED" ] || return 0
  LOCKED=yes
  exec 9>"$STATE/lock"
  flock -n 9 && return 0
  say "Another deploy/dev command is at work here; waiting for it."
  flock -w 300 9 || fail "It did not finish within five minutes."
}

release_lock() {
  exec 9>&-
  LOCKED=
}

# write_secret FILE COMMAND...: what the command prints goes to a new file that only its owner can read; an existing file stays.
write_secret() {
  local file=$1
  shift
  [ -s "$file" ] || (umask 077 && "$@" >"$file.new" && mv -- "$file.new" "$file")
}

random_hex() { head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

# process_start PID: the start time of a living process (with the pid, its identity); fails for a dead one or a zombie.
process_start() {
  local stat fields
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  read -r -a fields <<<"${stat##*) }"
  case ${fields[0]:-X} in Z | X) return 1 ;; esac
  printf '%s' "${fields[19]}"
}

# wait_until_gone SECONDS PID...: true once none of them lives.
wait_until_gone() {
  local tries=$(($1 * 10)) pid living
  shift
  while :; do
    living=
    for pid in "$@"; do
      if process_start "$pid" >/dev/null; then
        living=yes
        break
      fi
    done
    [ -n "$living" ] || return 0
    [ $((tries -= 1)) -ge 0 ] || return 1
    sleep 0.1
  done
}
