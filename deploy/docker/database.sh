#!/bin/sh
# Runs once, when the database is made: the portal's own role, which may read and write rows but owns nothing.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$PORTAL_DATABASE_PASSWORD" -U "$POSTGRES_USER" -d "$POSTGRES_DB" <<'SQL'
create role portal login password :'password';
revoke all on database portal from public;
grant connect, temporary on database portal to portal;
revoke create on schema public from public;
SQL
