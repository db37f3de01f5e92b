#!/bin/sh
# All that BENCHMARKS.md has tables of, in one go: instructions, time and memory of a request, and a server under load,
# beside what others cost.
#
#   benches/run.sh            measures, and prints the tables as Markdown: a quarter of an hour on two idle cores
#   benches/run.sh --write    also puts them into BENCHMARKS.md and README.md
#   benches/run.sh --quick    a look: few rounds, no instructions; two minutes
#
# Needs valgrind for instructions, wrk and taskset for the server; what is missing is said and left out. Log files are
# written below TMPDIR; /dev/shm keeps a slow disk out of the figures. Downloads nothing that `cargo bench` does not need.
set -eu
cd "$(dirname "$0")/.."

mode=${1-}
case $mode in
"" | --write | --quick) ;;
*) sed -n 's/^# \{0,1\}//; 2,9p' "$0" >&2; exit 2 ;;
esac

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

machine() {
    echo
    echo "| machine | |"
    echo "|---|---|"
    echo "| date | $(date -u +%Y-%m-%d) |"
    echo "| version | $(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)$(git describe --always --dirty 2>/dev/null | sed 's/^/, commit /') |"
    echo "| processor | $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores |"
    echo "| kernel | $(uname -srm) |"
    echo "| rustc | $(rustc --version | sed 's/^rustc //') |"
    echo "| log files on | $(stat -f -c %T "${TMPDIR:-/tmp}") |"
    echo "| load before | $(cut -d' ' -f1 /proc/loadavg) |"
}

# Built before anything is measured, so that nothing is built while something is.
cargo bench --all-features --bench overhead --bench peak --bench http --no-run >&2
machine | tee "$out/machine"

bench() {
    name=$1
    shift
    cargo bench --quiet --all-features --bench "$name" -- "$@" | tee -a "$out/all"
}

look=
[ "$mode" != --quick ] || look=--quick
instructions=
if [ "$mode" != --quick ]; then
    if command -v valgrind >/dev/null; then
        instructions=--instructions
    else
        echo "
Instructions are not counted: there is no \`valgrind\`; \`apt-get install valgrind\` brings it" | tee -a "$out/all"
    fi
fi
# Without quotes: what is empty is no argument.
bench overhead $instructions $look
bench peak
bench http $look

[ "$mode" = --write ] || exit 0

# What is met and what is not stands before the tables that say so.
awk -v goals="$out/goals" -v tables="$out/tables" '
    /^### / { to = /^### Goals/ ? goals : tables }
    { print > (to ? to : tables) }
' "$out/all"
# The first table, which the README shows too.
awk '/^### / { count++; next } count == 1 && /^\|/' "$out/tables" >"$out/json"

# put FILE NAME: what is in $out/NAME, between the comments of that name.
put() {
    awk -v name="$2" -v text="$out/$2" '
        $0 == "<!-- end of " name " -->" { inside = 0 }
        !inside { print }
        $0 == "<!-- " name " -->" {
            inside = 1
            print ""
            # Without the blank lines at both ends.
            while ((getline line < text) > 0) {
                if (line == "") { blank = 1; continue }
                if (blank && begun) print ""
                print line
                begun = 1
                blank = 0
            }
            print ""
        }
    ' "$1" >"$out/page"
    cat "$out/page" >"$1"
}
put BENCHMARKS.md machine
put BENCHMARKS.md goals
put BENCHMARKS.md tables
put README.md json
