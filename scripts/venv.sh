#!/bin/sh
# Makes a virtual environment, or brings one up to date:  venv.sh DIRECTORY PYTHON REQUIREMENTS
set -eu
directory=$1 python=$2 requirements=$3

if [ -z "$python" ]; then
    echo "httparallel needs CPython 3.11 or newer with the venv module; none was found." >&2
    exit 1
fi
if [ ! -x "$directory/bin/python" ]; then
    "$python" -m venv "$directory"
fi
"$directory/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements"
