#!/bin/sh
# Lists the CPythons that can run httparallel, one per minor version, oldest first:
#     3.12<TAB>/path/to/python3.12
# Looked at: python3 and python3.11 ... python3.15 on PATH, and everything pyenv has installed.
set -eu

# Left out by the probe: other implementations, versions below 3.11, interpreters without venv and pip,
# and free-threaded builds, which cannot load an abi3 extension.
probe='
import ensurepip, sys, sysconfig, venv
if sys.implementation.name != "cpython" or sys.version_info < (3, 11) or sysconfig.get_config_var("Py_GIL_DISABLED"):
    sys.exit(1)
major, minor, patch = sys.version_info[:3]
# The second field makes the newest patch release of a minor version sort first.
print(f"{minor:03}\t{999 - patch:03}\t{major}.{minor}\t{sys._base_executable}")
'

candidates() {
    for name in python3 python3.11 python3.12 python3.13 python3.14 python3.15; do
        command -v "$name" || true
    done
    for path in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3; do
        if [ -x "$path" ]; then echo "$path"; fi
    done
}

tab=$(printf '\t')
# A pyenv shim whose version is not selected exits with an error here and is skipped like any other failure.
candidates | while read -r python; do
    "$python" -c "$probe" 2>/dev/null </dev/null || true
done | sort -t "$tab" -k1,1 -k2,2 -s | awk -F '\t' '!seen[$1]++ { print $3 "\t" $4 }'
