"""The population of tests/access and the lasting world of tests/bad_input."""

import sys
from pathlib import Path

sys.path.extend(str(Path(__file__).parents[1] / folder) for folder in ("access", "bad_input"))
