# shellcheck shell=bash
# The portal's own process.

PID_FILE=$STATE/portal.pid

# Sets RUNNING_PID and RUNNING_PORT when this repository's portal lives; a pid alone may have become somebody else's.
portal_is_running() {
  local start
  [ -s "$PID_FILE" ] && read -r RUNNING_PID start RUNNING_PORT <"$PID_FILE" || return 1
  [ "$(process_start "$RUNNING_PID" || true)" = "$start" ]
}

# with_environment NAME=VALUE... -- COMMAND...: becomes the command, with these variables and nothing of the caller's but what a
# program needs to find its way (and the Section__Key and OTEL_… variables that configure the portal), and with default signal handling:
# bash starts background jobs with Ctrl-C ignored, which every workload would inherit.
with_environment() {
  local name
  while IFS= read -r name; do
    case $name in
      PATH | HOME | USER | LOGNAME | TZ | TMPDIR | DOTNET_ROOT | OTEL_* | *__*) ;;
      SSL_CERT_FILE | SSL_CERT_DIR | [Hh][Tt][Tt][Pp]_[Pp][Rr][Oo][Xx][Yy] | [Hh][Tt][Tt][Pp][Ss]_[Pp][Rr][Oo][Xx][Yy] | [Nn][Oo]_[Pp][Rr][Oo][Xx][Yy]) ;;
      *) export -n "${name?}" ;;
    esac
  done < <(compgen -e)
  while [ "$1" != -- ]; do
    export "${1?}"
    shift
  done
  shift
  exec env --default-signal "$@" 9>&-
}

database_variables() {
  if [ -n "${ConnectionStrings__Portal:-}" ]; then
    DATABASE_VARIABLES=("ConnectionStrings__PortalOwner=${ConnectionStrings__PortalOwner:-$ConnectionStrings__Portal}")
  else
    DATABASE_VARIABLES=("ConnectionStrings__PortalOwner=$OWNER_DATABASE")
  fi
}

migrate() {
  local log=$STATE/migrations.log
  database_variables
  (with_environment "${DATABASE_VARIABLES[@]}" DOTNET_ENVIRONMENT=Production -- \
    "$DOTNET" "$BUILD/migrations/Portal.Migrations.dll") </dev/null >"$log" 2>&1 && return 0
  tail -n 40 "$log" >&2
  fail "" "The database could not be brought up to date; everything it said: $log"
}

random_key() { head -c 32 /dev/urandom | base64; }

make_master_key() {
  # A key from configuration needs no file.
  [ -z "${Portal__MasterKey:-}" ] || return 0
  if [ ! -s "$STATE/master.key" ] && [ -e "$STATE/admin-token" ]; then
    fail "$STATE/master.key is gone, and with it the way to read what the database keeps secret." \
      "Put it back from your backup. To go on without (secrets and sign-ins are lost): remove $STATE/admin-token and start again."
  fi
  write_secret "$STATE/master.key" random_key
}

# start_portal: in a session of its own, so that Ctrl-C reaches this script alone, which then stops things in order.
# Its output goes to the terminal, or with DETACH to the log file.
start_portal() {
  local variables=(
    "ConnectionStrings__Portal=${ConnectionStrings__Portal:-${APP_DATABASE:-}}"
    "Portal__Port=$PORT"
    "Portal__AppsPort=$APPS_PORT"
    "Portal__KeyFolder=$STATE"
    "Local__DataFolder=$DATA/local"
    "ASPNETCORE_ENVIRONMENT=Production"
    "DOTNET_gcServer=0"
  )
  local program=(setsid "$DOTNET" "$BUILD/portal/Portal.Web.dll")
  # The portal has no use for the owner's rights.
  unset ConnectionStrings__PortalOwner
  if [ -n "$DETACH" ]; then
    if [ -f "$STATE/portal.log" ]; then mv -- "$STATE/portal.log" "$STATE/portal.log.1"; fi
    (umask 077 && : >"$STATE/portal.log")
    (cd -- "$BUILD/portal" && with_environment "${variables[@]}" -- "${program[@]}") </dev/null >>"$STATE/portal.log" 2>&1 &
  else
    (cd -- "$BUILD/portal" && with_environment "${variables[@]}" -- "${program[@]}") </dev/null &
  fi
  PORTAL_PID=$!
  printf '%s %s %s\n' "$PORTAL_PID" "$(process_start "$PORTAL_PID" || true)" "$PORT" >"$PID_FILE"
}

wait_until_ready() {
  local tries=600
  until [ "$(http_status "$PORT" /readyz)" = 200 ]; do
    if ! process_start "$PORTAL_PID" >/dev/null; then
      # Somebody may have taken a port since it was looked at.
      require_free_ports
      show_log_tail
      say "The portal ended before it was ready." >&2
      return 1
    fi
    if [ $((tries -= 1)) -le 0 ]; then
      show_log_tail
      say "The portal was not ready within two minutes (GET http://127.0.0.1:$PORT/readyz)." >&2
      return 1
    fi
    sleep 0.2
  done
}

show_log_tail() {
  [ -n "$DETACH" ] || return 0
  tail -n 40 -- "$STATE/portal.log" >&2
  say "" "All of it: $STATE/portal.log" >&2
}

announce() {
  say "" "The portal is ready:  http://localhost:$1"
  if [ -s "$STATE/admin-password" ] && [ ! -e "$STATE/admin-announced" ]; then
    say "" "The first administrator, shown this once:" \
      "  e-mail    ${Portal__AdminEmail:-admin@portal.local}" \
      "  password  $(<"$STATE/admin-password")"
    if [ -s "$STATE/admin-token" ]; then say "  token     $(<"$STATE/admin-token")"; fi
    say "They are kept in $STATE/admin-password and $STATE/admin-token."
    : >"$STATE/admin-announced"
  fi
}

stop_portal() {
  if ! portal_is_running; then
    rm -f -- "$PID_FILE"
    return 0
  fi
  kill -TERM "$RUNNING_PID" 2>/dev/null || true
  if ! wait_until_gone 30 "$RUNNING_PID"; then
    say "The portal did not stop within 30 seconds; it is killed."
    kill -KILL "$RUNNING_PID" 2>/dev/null || true
    wait_until_gone 5 "$RUNNING_PID" || fail "Process $RUNNING_PID, the portal, could not be killed."
  fi
  rm -f -- "$PID_FILE"
}
