#!/bin/sh
# What things cost, beside their budgets: instructions counted by valgrind, and allocations. Fails where one is more than
# a twentieth above; says which are a twentieth below.
#
#   benches/budgets.sh               all, in some two minutes
#   benches/budgets.sh --renew       writes what everything costs now to budgets.tsv, and a line for each to trend.tsv
#   benches/budgets.sh --spread 10   how far ten counts of the same are apart
#   benches/budgets.sh "CASE"        where the instructions of one case go, function by function
#
# Needs valgrind, and installs it with apt-get where it is missing.
set -eu
cd "$(dirname "$0")/.."

if ! command -v valgrind >/dev/null; then
    echo "valgrind is missing: it is installed"
    { apt-get update && apt-get install --yes --no-install-recommends valgrind; } >/dev/null
fi

case ${1-} in
"" | --*) exec cargo bench --locked --quiet --bench budgets -- "$@" ;;
esac

times=3000
bench=$(cargo bench --locked --bench budgets --no-run 2>&1 | sed -n 's/^ *Executable .*(\(.*\))$/\1/p')
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
valgrind --quiet --tool=callgrind --callgrind-out-file="$out/profile" "$bench" --case "$1" --times $times
echo "$times times, after a warm-up; functions of libc are in it"
callgrind_annotate --auto=no --threshold=95 "$out/profile"
callgrind_annotate --auto=no --threshold=100 --inclusive=yes "$out/profile" | grep flightlog | head -n 60
