#!/bin/sh
# Checks the dependencies against deny.toml: bans, licenses, sources; known vulnerabilities where they can be looked up.
set -eu
version=0.20.2

PATH=$PATH:$PWD/.tools/bin
if ! command -v cargo-deny >/dev/null; then
    # A debug build takes half the time of a release build, and the check still takes one second.
    cargo install --quiet --debug --locked --root .tools --target-dir .tools/target "cargo-deny@$version"
    rm -rf .tools/target
fi

cargo deny --locked check --hide-inclusion-graph bans licenses sources

# The advisory database is a git repository elsewhere, so a machine without that network leaves this check out.
if cargo deny fetch db >/dev/null 2>&1; then
    cargo deny --locked check --disable-fetch advisories
else
    echo "left out: known vulnerabilities (cargo deny check advisories): the advisory database cannot be reached"
fi
