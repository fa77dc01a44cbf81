#!/bin/sh
# The programs that are the benchmark's limits. They are installed where that needs no question (root on a Debian);
# elsewhere the benchmark leaves them out, and this says so.
set -eu

# command, Debian package
programs='wrk wrk
h2load nghttp2-client'

missing() {
    echo "$programs" | while read -r command package; do
        command -v "$command" >/dev/null || echo "$package"
    done
}

if [ -n "$(missing)" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2046  # one word per package
    { apt-get update -qq && apt-get install -qq --yes --no-install-recommends $(missing); } >/dev/null 2>&1 ||
        echo "apt-get could not install: $(missing)"
fi

for package in $(missing); do
    echo "left out: the limits that need the package $package: it is not installed"
done
