#!/bin/sh
# Other people's servers and proxies that some tests talk to. They are installed where that needs no question
# (root on a Debian); elsewhere the tests that need them are skipped, and this says which.
set -eu

# command, Debian package, what is tested against it
peers='nginx      nginx           a production HTTP/1.1 and TLS server
nghttpd    nghttp2-server  an HTTP/2 server that is not built on our own HTTP/2 library
tinyproxy  tinyproxy       an HTTP proxy
microsocks microsocks      a SOCKS5 proxy
stunnel    stunnel4        TLS around a proxy'

# Debian puts servers into sbin, which the PATH of a plain user may lack.
PATH=$PATH:/usr/sbin:/usr/local/sbin

missing() {
    echo "$peers" | while read -r command package purpose; do
        command -v "$command" >/dev/null || echo "$command $package $purpose"
    done
}

if [ -n "$(missing)" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    packages=$(missing | awk '{ print $2 }')
    # RUNLEVEL=1 keeps the packages' own services from starting: the tests start the servers they need.
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
    # shellcheck disable=SC2086  # one word per package
    { apt-get update -qq && apt-get install -qq --yes --no-install-recommends $packages; } >/dev/null 2>&1 ||
        echo "apt-get could not install: $packages"
fi

missing | while read -r command _ purpose; do
    echo "left out: tests against $command ($purpose): it is not installed"
done
echo "$peers" | while read -r command _; do
    if command -v "$command" >/dev/null; then echo "found: $command"; fi
done
