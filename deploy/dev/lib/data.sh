# shellcheck shell=bash
# Where database and workload folders live, and who may enter them.

# Sets SERVICE, the words that run a command as PostgreSQL's user: nobody but the caller when that is an ordinary user.
find_service_user() {
  SERVICE=()
  is_root || return 0
  local user
  for user in "$@" postgres nobody; do
    if [ "$user" != root ] && id -u "$user" >/dev/null 2>&1; then
      SERVICE=(setpriv "--reuid=$(id -u "$user")" "--regid=$(id -g "$user")" --clear-groups --)
      return 0
    fi
  done
  fail "PostgreSQL does not run as root, and this machine has neither a user 'postgres' nor 'nobody'."
}

# A clean environment and a folder that every user can enter.
as_service() {
  (cd / && exec env -i PATH="$PATH" LC_ALL=C TZ=UTC "${SERVICE[@]}" "$@" 9>&-)
}

# Can the service user enter the folder that will hold the data? Asked of its nearest existing parent.
service_can_enter() {
  local folder=$1
  while [ ! -d "$folder" ]; do folder=$(dirname -- "$folder"); done
  as_service test -x "$folder"
}

recorded_data() {
  if [ -s "$STATE/data-folder" ]; then cat -- "$STATE/data-folder"; fi
}

# Sets DATA. $PORTAL_DATA wins, then what an earlier run settled on, then the repository's .data/.
choose_data() {
  if [ -n "${PORTAL_DATA:-}" ]; then
    DATA=$(readlink -m -- "$PORTAL_DATA")
  else
    DATA=$(recorded_data)
    DATA=${DATA:-$STATE}
  fi
}

# Creates DATA, or moves the default out of a folder that the service user cannot enter.
settle_data() {
  local installation=$STATE/installation
  write_secret "$installation" random_hex
  choose_data
  if [ "$DATA" = "$STATE" ] && is_root && ! service_can_enter "$ROOT"; then
    DATA=/var/lib/portal
    # Another clone of the repository keeps its data there.
    if [ -s "$DATA/installation" ] && ! cmp -s "$DATA/installation" "$installation"; then
      DATA=/var/lib/portal-$(cut -c1-8 "$installation")
    fi
    say "Only root can enter $ROOT, but PostgreSQL and workloads never run as root:" \
      "their data goes to $DATA (PORTAL_DATA chooses another folder; tokens and keys stay in $STATE)."
  fi
  # Other users may pass through it to their folders, and no more: every secret in it is 0600.
  if is_root && [ "$DATA" = "$STATE" ]; then chmod 0711 "$STATE"; else chmod 0700 "$STATE"; fi
  if [ ! -d "$DATA" ]; then
    local mode=0700
    if is_root; then mode=0711; fi
    if ! mkdir -p -- "$(dirname -- "$DATA")" || ! mkdir -m "$mode" -- "$DATA"; then
      fail "Cannot create the data folder $DATA (PORTAL_DATA)."
    fi
  fi
  service_can_enter "$DATA" ||
    fail "PostgreSQL's user cannot enter $DATA or a folder above it, and PostgreSQL never runs as root." \
      "Set PORTAL_DATA to a folder that it can enter."
  claim_data "$installation"
}

# One data folder belongs to one clone: its keys open nothing else.
claim_data() {
  if [ -s "$DATA/installation" ]; then
    cmp -s "$DATA/installation" "$1" ||
      fail "$DATA holds the data of another clone of this repository. Choose another folder with PORTAL_DATA," \
        "or bring that clone's .data/ here."
  else
    cp -- "$1" "$DATA/installation"
  fi
  if [ "$DATA" = "$STATE" ]; then
    rm -f -- "$STATE/data-folder"
  else
    printf '%s\n' "$DATA" >"$STATE/data-folder"
  fi
}
