#!/bin/sh
# System calls for each line of a log file, ours and tracing-appender's.
#
#   benches/syscalls.sh              the table
#   benches/syscalls.sh "CASE"       which calls one case makes
#
# Needs strace; downloads nothing that `cargo bench` does not need.
set -eu
cd "$(dirname "$0")/.."

entries=400000
# Slow enough that nobody waits for anything: what a quiet service logs.
slow="--entries 20000 --pace 10000"
calls=write,writev,pwrite64,futex,sched_yield,newfstatat,fstat,statx,pread64,openat,rename,renameat,renameat2,unlinkat,flock,fsync,fdatasync

bench=$(cargo bench --all-features --bench files --no-run 2>&1 | sed -n 's/^ *Executable .*(\(.*\))$/\1/p')
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

run() {
    strace -f -c --seccomp-bpf -e "trace=$calls" -o "$out/calls" "$bench" "$@" >"$out/told"
}

if [ $# -gt 0 ]; then
    run --case "$1" --entries $entries
    cat "$out/told" "$out/calls"
    exit
fi

row() {
    name=$1
    shift
    run --case "$name" "$@"
    awk -v name="$name$pace" '
        FNR == NR { lines = $1; dropped = $5; next }
        NF >= 5 && $4 ~ /^[0-9]+$/ && $NF != "total" { all += $4; by[$NF] = $4 }
        END {
            printf "%-58s | %8d | %8.4f | %8.4f | %8.4f | %8.4f | %7d\n", name, lines, all / lines,
                by["write"] / lines, by["futex"] / lines, (all - by["write"] - by["futex"]) / lines, dropped
        }' "$out/told" "$out/calls"
}

printf '%-58s | %8s | %8s | %8s | %8s | %8s | %7s\n' "calls for each line" lines all write futex others dropped
"$bench" --cases | grep -v 'no log' | while read -r name; do
    pace=
    row "$name" --entries $entries
done
for name in "3 fields, log entry" "3 fields, JSON formatter, appender"; do
    pace=", 10,000 a second"
    row "$name" $slow
done
