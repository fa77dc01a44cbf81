#!/bin/sh
# Runs the tests of libraries that were written for httpx: libraries.sh PYTHON
# They are installed into an environment of their own, with httpx, which they ask for; then the wheel from dist.
set -eu
directory=.venv-libraries requirements=requirements/libraries.txt

if ! said=$(scripts/venv.sh "$directory" "$1" "$requirements" 2>&1); then
    # Whether it is the index that cannot be reached, or something else: one small package answers that.
    if "$directory/bin/python" -m pip download --quiet --no-deps --no-cache-dir --retries 1 --dest "$directory/probe" \
        "$(grep '^sniffio==' "$requirements")" >/dev/null 2>&1; then
        echo "$said" >&2
        exit 1
    fi
    echo "left out: tests of libraries that use httpx: the Python package index cannot be reached"
    exit 0
fi
"$directory/bin/python" -m pip install --quiet --no-deps --force-reinstall dist/httparallel-*.whl
"$directory/bin/python" tests/libraries -q
