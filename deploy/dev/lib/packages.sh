# shellcheck shell=bash
# Finds the programs that are needed and installs the missing ones from the distribution. When nothing is missing, apt is not called.

missing=()
reasons=()

# need PACKAGE REASON COMMAND...: notes the package unless one of the commands is there.
need() {
  local package=$1 reason=$2 command
  shift 2
  for command in "$@"; do
    if command -v "$command" >/dev/null 2>&1; then return 0; fi
  done
  missing+=("$package")
  reasons+=("  $package: $reason")
}

# need_file PACKAGE REASON FILE: as need, for a file.
need_file() {
  [ -e "$3" ] && return 0
  missing+=("$1")
  reasons+=("  $1: $2")
}

# The newest server programs, or those of version $1. Prints their folder.
postgres_programs() {
  local folder found=
  while IFS= read -r folder; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ] && [ -x "$folder/postgres" ] && [ -x "$folder/psql" ]; then
      found=$folder
    fi
  done < <({ find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -path "*/${1:-*}/bin" 2>/dev/null || true; } | sort -V)
  if [ -z "$found" ] && [ -z "${1:-}" ] && command -v initdb >/dev/null && command -v psql >/dev/null; then
    found=$(dirname -- "$(readlink -f -- "$(command -v initdb)")")
    [ -x "$found/pg_ctl" ] && [ -x "$found/postgres" ] && [ -x "$found/psql" ] || found=
  fi
  [ -n "$found" ] && printf '%s\n' "$found"
}

need_for_running() {
  need_file ca-certificates "certificates, to fetch the portal's own libraries" /etc/ssl/certs/ca-certificates.crt
  need util-linux "setpriv, setsid and flock, to run programs under other users" setpriv
  need python3 "runs workloads' supervisor and training scripts" /usr/bin/python3
  need bubblewrap "keeps workloads apart from each other" bwrap
  need jupyter-notebook "the notebook of the catalog" /usr/bin/jupyter-notebook
  need_file python3-pip "lets people install packages into their notebook's folder" /usr/lib/python3/dist-packages/pip
  if [ -z "${ConnectionStrings__Portal:-}" ] && ! postgres_programs >/dev/null; then
    missing+=(postgresql)
    reasons+=("  postgresql: the database server; the portal runs a private one of its own")
  fi
}

need_for_testing() {
  need_for_running
  if ! postgres_programs >/dev/null && [[ " ${missing[*]-} " != *" postgresql "* ]]; then
    missing+=(postgresql)
    reasons+=("  postgresql: the database server; the tests run a private one of their own")
  fi
  need prometheus "the monitoring service of the catalog; it is not started" prometheus
  need chromium "the browser of the end-to-end tests" chromium google-chrome chromium-browser
  need_file python3-aiosmtpd "the mail server of the tests" /usr/lib/python3/dist-packages/aiosmtpd
  need_file fonts-liberation "letters for the browser" /usr/share/fonts/truetype/liberation
}

# Installs what was noted; says what and why.
install_missing() {
  [ ${#missing[@]} -gt 0 ] || return 0
  local admin=()
  command -v apt-get >/dev/null ||
    fail "These programs are missing, and this machine has no apt-get to install them with:" "${reasons[@]}"
  if ! is_root; then
    command -v sudo >/dev/null ||
      fail "These packages are missing, and installing them takes root or sudo:" "${reasons[@]}" \
        "As root:  apt-get install --no-install-recommends ${missing[*]}"
    admin=(sudo)
    # Nobody can type a password without a terminal.
    [ -t 0 ] || admin+=(-n)
    "${admin[@]}" true ||
      fail "These packages are missing, and sudo was refused:" "${reasons[@]}" \
        "As root:  apt-get install --no-install-recommends ${missing[*]}"
  fi
  say "Installing from the distribution:" "${reasons[@]}"
  if [[ " ${missing[*]} " == *" postgresql "* ]]; then keep_postgres_stopped "${admin[@]}"; fi
  if [[ " ${missing[*]} " == *" prometheus "* ]]; then keep_services_stopped "${admin[@]}"; fi
  run_apt "${admin[@]}"
  if [[ " ${missing[*]} " == *" prometheus "* ]]; then allow_services "${admin[@]}"; fi
  if [[ " ${missing[*]} " == *" postgresql "* ]]; then restore_postgres_setting "${admin[@]}"; fi
  missing=()
}

# Debian's package starts a server of its own unless told otherwise beforehand. $@ is how to become root.
keep_postgres_stopped() {
  "$@" sh -s <<'ROOT'
set -eu
conf=/etc/postgresql-common/createcluster.conf
mkdir -p /etc/postgresql-common
if [ ! -e "$conf" ]; then
  printf '%s\n' '# Written by the portal before PostgreSQL was installed: it runs a server of its own.' 'create_main_cluster = false' >"$conf"
elif ! grep -Eq '^[[:space:]]*create_main_cluster[[:space:]]*=[[:space:]]*'"'?(false|off|no|0)" "$conf"; then
  cp -p "$conf" "$conf.before-portal"
  sed -i '/^[[:space:]]*create_main_cluster/d' "$conf"
  printf '%s\n' 'create_main_cluster = false' >>"$conf"
fi
ROOT
}

# Somebody's own setting is theirs again once the package is in.
restore_postgres_setting() {
  "$@" sh -c 'conf=/etc/postgresql-common/createcluster.conf; [ ! -e "$conf.before-portal" ] || mv "$conf.before-portal" "$conf"'
}

# A package that brings a service would start it, now and at every boot. $@ is how to become root.
keep_services_stopped() {
  "$@" sh -s <<'ROOT'
set -eu
policy=/usr/sbin/policy-rc.d
[ ! -e "$policy" ] || exit 0
printf '%s\n' '#!/bin/sh' '# Written by the portal while it installs packages.' 'exit 101' >"$policy"
chmod 0755 "$policy"
ROOT
}

allow_services() {
  "$@" sh -s <<'ROOT'
set -eu
policy=/usr/sbin/policy-rc.d
if grep -q 'Written by the portal' "$policy" 2>/dev/null; then rm -f "$policy"; fi
if [ -d /run/systemd/system ]; then systemctl --quiet disable prometheus; fi
ROOT
}

run_apt() {
  local log=$STATE/install.log
  local quiet=(env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 NEEDRESTART_SUSPEND=1 apt-get -q -y
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold)
  # A mirror that is down matters only when the packages cannot be had: the install below says so.
  "$@" "${quiet[@]}" update </dev/null >"$log" 2>&1 9>&- || true
  "$@" "${quiet[@]}" install --no-install-recommends "${missing[@]}" </dev/null >>"$log" 2>&1 9>&- && return 0
  tail -n 25 "$log" >&2
  fail "" "The installation failed (all of it: $log). To try by hand, as root:" \
    "  apt-get update && apt-get install --no-install-recommends ${missing[*]}"
}
