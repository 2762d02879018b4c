"""Runs the stand-in `kubernetes` provider the way Pulumi runs a plugin folder."""

import sys
from pathlib import Path

# The interpreter that Pulumi picks may not have the package installed; the folder lies inside it.
sys.path.append(str(Path(__file__).resolve().parents[4]))

from herd.cloud.kubernetes.provider.__main__ import main

main(sys.argv[1:])
