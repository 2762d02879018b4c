#!/usr/bin/env bash
# Installs EFA's driver and libraries from an installer that a step before has fetched and checked. Argument: its archive.
set -euo pipefail
archive=$1
folder=$(mktemp --directory)
trap 'rm --recursive --force "$folder"' EXIT
tar --extract --file "$archive" --directory "$folder" --strip-components=1
cd "$folder"
./efa_installer.sh --yes
rm "$archive"
