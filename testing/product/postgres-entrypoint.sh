#!/bin/bash
# What of the official image's interface docker-compose.yml relies on, for Debian's PostgreSQL: POSTGRES_USER,
# POSTGRES_DB, POSTGRES_PASSWORD_FILE, data below /var/lib/postgresql, no network while it sets itself up.
set -eu
data=/var/lib/postgresql/17/docker
as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"; }

chown postgres:postgres /var/lib/postgresql
if [ ! -s "$data/PG_VERSION" ]; then
  password=$(mktemp)
  install -o postgres -m 0400 "$POSTGRES_PASSWORD_FILE" "$password"
  as_postgres initdb --pgdata "$data" --username "$POSTGRES_USER" --encoding UTF8 --auth-local trust \
    --auth-host scram-sha-256 --pwfile "$password" --no-sync
  rm "$password"
  echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
  as_postgres pg_ctl --pgdata "$data" --wait --options "-c listen_addresses= -k /tmp" start
  as_postgres psql --host /tmp --username "$POSTGRES_USER" --dbname postgres --command "CREATE DATABASE \"$POSTGRES_DB\""
  as_postgres pg_ctl --pgdata "$data" --wait stop
fi
exec setpriv --reuid=postgres --regid=postgres --init-groups -- postgres -D "$data" -c listen_addresses='*' -k /tmp
