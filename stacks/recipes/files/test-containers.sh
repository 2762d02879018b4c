#!/usr/bin/env bash
# What starts a job's container is there and runs as an ordinary user would run it.
set -euo pipefail
enroot version
test -r /etc/enroot/enroot.conf
find /usr/local/lib /usr/lib64 -name spank_pyxis.so | grep --quiet .
