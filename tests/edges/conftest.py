"""Doors and bodies of the other suites, for what is asked of all of them at once."""

import sys
from pathlib import Path

for folder in ("bad_input", "feedback"):
    sys.path.append(str(Path(__file__).parents[1] / folder))
