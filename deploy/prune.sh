#!/bin/sh
# Takes out of a checkout that was set up what only building and testing need. For images: there is no way back.
set -eu
cd "$(dirname "$0")/.."

# Without the dependencies of development, and the rooms that are built by now, nothing asks for most of what is installed.
npm pkg delete devDependencies
npm pkg set --json 'workspaces=["wire", "prisma", "api"]'
npm prune --omit=dev --ignore-scripts

find api wire prisma \( -name '*.test.ts' -o -name 'testing*.ts' \) -delete
find node_modules \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete
# Prisma's query compiler for every database but ours.
find node_modules/@prisma/client/runtime -name 'query_compiler_*' ! -name 'query_compiler_fast_bg.postgresql.*' -delete
# Of Node, agents get the program and its licence.
rm -rf node_modules/node-*/include node_modules/node-*/share
# What set-up remembers, and what npm does.
rm -rf node_modules/.cache node_modules/.package-lock.json
