#!/usr/bin/env bash
# The driver talks to every GPU that the PCI bus shows, and no GPU has reported an error since the machine started.
set -euo pipefail
on_the_bus=$(lspci -d 10de: -n | grep --count --extended-regexp ' 030[02]: ' || true)
known=$(nvidia-smi --list-gpus | wc --lines)
if [[ $on_the_bus -lt 1 || $known -ne $on_the_bus ]]; then
  echo "GPUs on the bus: $on_the_bus, known to the driver: $known" >&2
  exit 1
fi
# Read whole first: a pipe that grep leaves early fails, and the error would count as none.
log=$(dmesg)
if grep 'NVRM: Xid' <<< "$log" >&2; then
  exit 1
fi
