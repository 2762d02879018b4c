"""The pack as `--policy-pack policies` starts it: with this folder as the working directory and first on sys.path."""

import sys
from pathlib import Path

# The pack's own packages stand beside this folder, not in it.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from policies.pack.server import main

main()
