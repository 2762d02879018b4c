#!/usr/bin/env bash
# The EFA module belongs to the kernel that runs: a machine with EFA interfaces could load it.
set -euo pipefail
modprobe --dry-run efa
modinfo --field vermagic efa | grep --quiet --fixed-strings "$(uname --kernel-release)"
