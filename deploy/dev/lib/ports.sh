# shellcheck shell=bash
# Who listens where on this machine, without any tool that a fresh one lacks.

# listener PORT: the inode of a socket that listens on loopback or on all addresses at that port; fails when there is none.
listener() {
  local hex local_address state inode
  hex=$(printf '%04X' "$1")
  while read -r _ local_address _ state _ _ _ _ _ inode _; do
    if [ "$state" = 0A ] && [ "${local_address##*:}" = "$hex" ]; then
      case ${local_address%:*} in
        00000000 | ??????7F | 00000000000000000000000000000000 | 00000000000000000000000001000000 | 0000000000000000FFFF0000??????7F)
          printf '%s' "$inode"
          return 0
          ;;
      esac
    fi
  done < <(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null)
  return 1
}

# What holds the socket with this inode, as far as this user may know.
holder() {
  local descriptor pid
  descriptor=$(find /proc/[0-9]*/fd -maxdepth 1 -lname "socket:\[$1\]" -print -quit 2>/dev/null || true)
  [ -n "$descriptor" ] || return 0
  pid=${descriptor#/proc/}
  pid=${pid%%/*}
  printf '%s, process %s' "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c1-80 | sed 's/ *$//')" "$pid"
}

valid_port() { [[ $1 =~ ^[1-9][0-9]{0,4}$ ]] && [ "$1" -le 65535 ]; }

choose_ports() {
  PORT=${PORTAL_PORT:-5080}
  valid_port "$PORT" || fail "PORTAL_PORT is '$PORT'; it takes a port number, such as 5080."
  APPS_PORT=${PORTAL_APPS_PORT:-$((PORT + 1))}
  valid_port "$APPS_PORT" || fail "The port of the workloads' pages would be '$APPS_PORT'; set PORTAL_APPS_PORT to a port number."
  [ "$PORT" != "$APPS_PORT" ] || fail "PORTAL_PORT and PORTAL_APPS_PORT are both $PORT; they must differ."
}

require_free_ports() {
  require_free "$PORT" "the portal" "PORTAL_PORT=$((PORT + 100 <= 65534 ? PORT + 100 : 5180)) deploy/dev/up"
  require_free "$APPS_PORT" "the workloads' pages" "PORTAL_APPS_PORT=$((APPS_PORT + 100 <= 65535 ? APPS_PORT + 100 : 5181)) deploy/dev/up"
}

require_free() {
  local inode who
  inode=$(listener "$1") || return 0
  who=$(holder "$inode")
  fail "Port $1, which $2 would use, is taken${who:+ by: $who}." "Free it, or choose another, for instance:  $3"
}

# http_status PORT PATH: the status code of a GET on loopback; nothing when nobody answers.
http_status() (
  { exec 8<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || exit 0
  printf 'GET %s HTTP/1.1\r\nHost: localhost:%s\r\nConnection: close\r\n\r\n' "$2" "$1" >&8 2>/dev/null || exit 0
  IFS= read -r -t 5 line <&8 || exit 0
  line=${line#* }
  printf '%s' "${line%% *}"
)
