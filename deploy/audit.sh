#!/bin/sh
# Asks the public advisory database about every version in requirements.lock. What could not be asked about is a
# failure: without --strict, a machine without internet would be told that all is well.
set -u
told=$(.venv/bin/pip-audit --strict --require-hashes --disable-pip -r requirements.lock --progress-spinner off 2>&1)
code=$?
case "$told" in
  *"could not be audited"* | *ConnectionError* | *"Failed to"* | *Timeout*)
    echo "$told" | tail -n 1
    echo "Nothing is known: the advisory database was not reached, or does not know these packages from here." >&2
    echo "Run it again where the internet can be reached; an internal mirror does not pass advisories on." >&2
    exit 2 ;;
esac
echo "$told"
exit $code
