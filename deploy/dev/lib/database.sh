# shellcheck shell=bash
# The private PostgreSQL: reached only by a Unix socket, only with a password, never run as root.

DATABASE_STARTED=

find_database() {
  CLUSTER=$DATA/postgres/data
  DATABASE_LOG=$DATA/postgres/log
  local owner=
  if [ -d "$CLUSTER" ]; then owner=$(stat -c %U -- "$CLUSTER"); fi
  find_service_user ${owner:+"$owner"}
  local version=
  if [ -s "$CLUSTER/PG_VERSION" ]; then version=$(as_service cat "$CLUSTER/PG_VERSION"); fi
  PROGRAMS=$(postgres_programs "$version") ||
    fail "The database in $CLUSTER was made by PostgreSQL ${version:-(unknown)}, whose programs are not installed any more." \
      "Install postgresql-$version again, or move the data on with pg_upgrade."
}

# A socket's path has room for 107 bytes, and commas and the like have a meaning in PostgreSQL's setting.
find_socket() {
  local longest=107 name=/.s.PGSQL.5432 record=$STATE/socket-folder
  SOCKET=$DATA/postgres/run
  if [ $((${#SOCKET} + ${#name})) -le $longest ] && [[ $SOCKET =~ ^[A-Za-z0-9/._-]+$ ]]; then
    as_service mkdir -p -m 0700 "$SOCKET"
  else
    SOCKET=
    if [ -s "$record" ]; then SOCKET=$(<"$record"); fi
    if [[ $SOCKET != /tmp/portal-* ]] || ! as_service test -O "$SOCKET" -a -d "$SOCKET"; then
      SOCKET=$(as_service mktemp -d /tmp/portal-XXXXXXXX)
    fi
  fi
  printf '%s\n' "$SOCKET" >"$record"
}

database_is_running() { as_service "$PROGRAMS/pg_ctl" status -D "$CLUSTER" >/dev/null 2>&1; }

# A pid file left by a crash names a process that may be another's by now.
database_answers() {
  local tries
  for tries in 1 2 3 4 5 6 7 8 9 10; do
    if query postgres <<<'select 1' >/dev/null 2>&1; then return 0; fi
    sleep "0.$tries"
  done
  return 1
}

make_passwords() {
  local role
  for role in superuser owner app; do
    write_secret "$STATE/database-$role-password" random_hex
  done
}

make_cluster() {
  [ ! -s "$CLUSTER/PG_VERSION" ] || return 0
  say "Creating the database in $DATA/postgres."
  # Made aside and moved at the end: what an interrupted run leaves is not taken for a database.
  # shellcheck disable=SC2016 # expanded by the inner shell
  local script='set -eu; umask 077; rm -rf -- "$2.new"; cat >"$2.password"
    "$1/initdb" -D "$2.new" -U postgres -A scram-sha-256 --pwfile="$2.password" --locale=C -E UTF8
    rm -f -- "$2.password"
    printf "%s\n" "include = '"'portal.conf'"'" >>"$2.new/postgresql.conf"
    mv -- "$2.new" "$2"'
  if ! as_service sh -c "$script" - "$PROGRAMS" "$CLUSTER" <"$STATE/database-superuser-password" >"$STATE/initdb.log" 2>&1
  then
    cat -- "$STATE/initdb.log" >&2
    fail "PostgreSQL could not create its data folder $CLUSTER."
  fi
  rm -f -- "$STATE/initdb.log"
}

# How the portal and the migrations reach it.
name_databases() {
  APP_DATABASE="Host=$SOCKET;Port=5432;Database=portal;Username=portal;Password=$(<"$STATE/database-app-password")"
  OWNER_DATABASE="Host=$SOCKET;Port=5432;Database=portal;Username=portal_owner;Password=$(<"$STATE/database-owner-password")"
}

start_database() {
  make_passwords
  if [ ! -d "$DATA/postgres" ]; then
    mkdir -m 0700 -- "$DATA/postgres"
    if is_root; then chown "${SERVICE[1]#*=}:${SERVICE[2]#*=}" "$DATA/postgres"; fi
  fi
  find_socket
  make_cluster
  if ! database_is_running || ! database_answers; then
    as_service sh -c 'umask 077; cat >"$1"' - "$CLUSTER/portal.conf" <<CONF
# Written at every start by deploy/dev/up.
listen_addresses = ''
port = 5432
unix_socket_directories = '$SOCKET'
unix_socket_permissions = 0700
max_connections = 200
timezone = 'UTC'
log_timezone = 'UTC'
CONF
    as_service "$PROGRAMS/pg_ctl" start -s -w -t 60 -D "$CLUSTER" -l "$DATABASE_LOG" </dev/null || {
      as_service tail -n 20 "$DATABASE_LOG" >&2 || true
      fail "PostgreSQL did not start; its log is $DATABASE_LOG."
    }
    DATABASE_STARTED=yes
  fi
  make_roles
  name_databases
}

# Passwords travel in the environment, never as arguments, which every user of the machine can read.
query() (
  unset "${!PG@}"
  PGPASSWORD=$(<"$STATE/database-superuser-password")
  export PGPASSWORD PGCONNECT_TIMEOUT=10
  exec "$PROGRAMS/psql" -h "$SOCKET" -p 5432 -U postgres -d "$1" -X -A -t -q -v ON_ERROR_STOP=1 9>&-
)

# portal_owner owns the schema and migrates it; portal, which serves people, owns nothing.
make_roles() {
  query postgres <<SQL || fail "The database's roles could not be set up."
do \$\$ begin
  if not exists (select from pg_roles where rolname = 'portal_owner') then create role portal_owner login; end if;
  if not exists (select from pg_roles where rolname = 'portal') then create role portal login; end if;
end \$\$;
alter role portal_owner password '$(<"$STATE/database-owner-password")';
alter role portal password '$(<"$STATE/database-app-password")';
select 'create database portal owner portal_owner' where not exists (select from pg_database where datname = 'portal') \gexec
revoke all on database portal from public;
grant connect, temporary on database portal to portal;
SQL
  query portal <<SQL || fail "The database's schema could not be handed to its owner."
alter schema public owner to portal_owner;
revoke create on schema public from public;
SQL
}

stop_database() {
  [ -s "$CLUSTER/PG_VERSION" ] && database_is_running || return 0
  as_service "$PROGRAMS/pg_ctl" stop -s -w -t 60 -D "$CLUSTER" -m fast ||
    as_service "$PROGRAMS/pg_ctl" stop -s -w -t 30 -D "$CLUSTER" -m immediate ||
    ! database_is_running ||
    fail "PostgreSQL did not stop; its log is $DATABASE_LOG."
  # A socket's folder outside of the data folder is made anew at every start.
  local socket=
  if [ -s "$STATE/socket-folder" ]; then socket=$(<"$STATE/socket-folder"); fi
  if [[ $socket == /tmp/portal-* ]]; then
    as_service rmdir "$socket" 2>/dev/null || true
    rm -f -- "$STATE/socket-folder"
  fi
}
