#!/bin/bash
# Invents the password that the control plane and its PostgreSQL in docker-compose.yml know each other by: once, and in
# files, since an environment is shown by every inspection of a container.
set -eu
cd /run/serverkit
[ ! -s database-url ] || exit 0
rm -f ./*.new
umask 0377
password=$(node --print 'require("node:crypto").randomBytes(24).toString("hex")')
printf '%s' "$password" >database-password.new
printf 'postgresql://serverkit:%s@postgres:5432/serverkit' "$password" >database-url.new
mv -f database-password.new database-password
# Last: with it, everything is there.
mv -f database-url.new database-url
