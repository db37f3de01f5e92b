#!/bin/sh
# What recording costs a request, with instructions counted by valgrind.
#
#   benches/overhead.sh                  other loggers, other requests: what BENCHMARKS.md has tables of
#   benches/overhead.sh --settings       the flight log with one thing or another set
#   benches/overhead.sh --instruments    the table of instruments: timers, caches, events, calls, streams
#   benches/overhead.sh "CASE"           where the instructions of one case go, function by function
#
# Needs valgrind; downloads nothing that `cargo bench` does not need.
set -eu
cd "$(dirname "$0")/.."

case ${1-} in
"" | --settings | --instruments) exec cargo bench --all-features --bench overhead -- "$@" --instructions ;;
esac

rounds=600
bench=$(cargo bench --all-features --bench overhead --no-run 2>&1 | sed -n 's/^ *Executable .*(\(.*\))$/\1/p')
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
valgrind --quiet --tool=callgrind --callgrind-out-file="$out/profile" "$bench" --case "$1" --rounds $rounds --requests 10
echo "$rounds rounds of 10 requests, after a warm-up of 300"
callgrind_annotate --auto=no --threshold=95 "$out/profile"
callgrind_annotate --auto=no --threshold=100 --inclusive=yes "$out/profile" | grep flightlog | head -n 60
