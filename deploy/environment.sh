#!/bin/sh
# Makes .venv and installs one hash-locked requirements file into it, then the `assay` command.
# Nothing but Python 3.11+ is needed; a second run with the same file does nothing slow.
set -eu
lock=$1
"$PYTHON" - <<'PY' || exit 1
import sys
if sys.version_info < (3, 11):
    sys.exit(f"Assay needs Python 3.11 or later; this is {sys.version.split()[0]}. "
             "Name another one: make run PYTHON=python3.12")
try:
    import ensurepip, venv
except ImportError:
    sys.exit("This Python cannot make virtual environments. On Debian: apt-get install python3-venv")
PY
if [ ! -x .venv/bin/python ]; then
  echo "Making the environment in .venv …"
  "$PYTHON" -m venv .venv
fi
echo "Installing what $lock names (hashes checked) …"
.venv/bin/python -m pip install --disable-pip-version-check --quiet --progress-bar off \
  --require-hashes -r "$lock"
.venv/bin/python -m pip install --disable-pip-version-check --quiet \
  --no-deps --no-build-isolation --no-index -e .
