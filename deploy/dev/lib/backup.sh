# shellcheck shell=bash
# What a backup is made of: database.dump, workloads.tar.gz and a manifest, and apart from them the key that opens its secrets.

BACKUP_FORMAT=1

# The newest change of the schema that this version of the portal knows.
known_schema() {
  local file newest=
  for file in "$ROOT"/migrations/Migrations/[0-9]*_*.cs; do
    case $file in *.Designer.cs) ;; *) newest=$(basename -- "$file" .cs) ;; esac
  done
  printf '%s' "$newest"
}

# key_print FILE: tells keys apart and does not help to guess one: they are 32 random bytes.
key_print() { printf 'portal master key %s' "$(tr -d ' \r\n' <"$1")" | sha256sum | cut -d' ' -f1; }

# manifest_value NAME: from the manifest of $BACKUP.
manifest_value() { sed -n "s/^$1=//p" "$BACKUP/manifest" | head -n 1; }

refuse_own_database() {
  [ -z "${ConnectionStrings__Portal:-}" ] ||
    fail "The portal's database is one of your own (ConnectionStrings__Portal): use its own backups; README says what else to keep."
}

# program NAME ARGUMENTS...: one of PostgreSQL's programs, as its superuser, on the private database.
program() (
  unset "${!PG@}"
  PGPASSWORD=$(<"$STATE/database-superuser-password")
  export PGPASSWORD PGCONNECT_TIMEOUT=10
  local name=$1
  shift
  exec "$PROGRAMS/$name" -h "$SOCKET" -p 5432 -U postgres "$@" 9>&-
)
