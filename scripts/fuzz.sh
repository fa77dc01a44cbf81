#!/bin/sh
# Builds the fuzz targets and runs each:  fuzz.sh [RUNS [TARGET...]]
#
# Without arguments: a short run from the seeds in fuzz/corpus, the same every time. With a number of runs, what
# is made up differs from time to time, and the inputs that reach new code are kept for the next time.
# An input that fails is written to fuzz/artifacts; `cargo fuzz run TARGET FILE`, or the program with the file as
# its argument, repeats it.
set -eu
short_runs=20000
runs=${1:-$short_runs}
[ $# = 0 ] || shift

host=$(rustc --print host-tuple)
directory=${CARGO_TARGET_DIR:-$PWD/target}/fuzz

if ! command -v "${CXX:-c++}" >/dev/null; then
    echo "left out: fuzzing: libFuzzer is built with a C++ compiler, and there is none"
    exit 0
fi

# What cargo-fuzz passes to a nightly compiler, without the sanitizer: all that the stable one takes. The targets
# look for broken properties in safe code, and those panic.
coverage='-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing'
export RUSTFLAGS="${RUSTFLAGS:-} $coverage"

# `--target` keeps the flags away from build scripts.
in_fuzz() {
    command=$1
    shift
    cargo "$command" --locked --manifest-path fuzz/Cargo.toml --target-dir "$directory" --target "$host" "$@"
}
in_fuzz clippy --release --quiet -- -D warnings
in_fuzz build --release --bins

[ $# -gt 0 ] || set -- response request decode url headers socks no_proxy sse credentials
kept=$directory/corpus
if [ "$runs" = "$short_runs" ]; then
    seed=1
    kept=$(mktemp -d)
    trap 'rm -rf "$kept"' EXIT
fi
mkdir -p fuzz/artifacts
for target in "$@"; do
    mkdir -p "$kept/$target"
    echo "fuzzing: $target, $runs runs"
    log=$directory/$target.log
    if ! "$directory/$host/release/$target" -runs="$runs" -seed="${seed:-0}" -max_len=2048 -timeout=10 \
        -rss_limit_mb=512 -artifact_prefix="fuzz/artifacts/$target-" \
        "$kept/$target" "fuzz/corpus/$target" >"$log" 2>&1
    then
        tail -n 60 "$log"
        exit 1
    fi
done
