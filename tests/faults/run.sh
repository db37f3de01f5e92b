#!/usr/bin/env bash
# Runs the quickstart under load through the faults a log has to survive. See README.md.
#
#     tests/faults/run.sh [--quick] [--list] [ROW..]
#
# QUICKSTART is the binary to run; else the example is built, optimized.
set -Eeuo pipefail
here=$(cd "$(dirname "$0")" && pwd)

usage() { sed -n '2,6s/^# \{0,1\}//p' "$0"; }
list=
for argument; do
    case $argument in
        --list) list=1 ;;
        --quick | [1-9] | 1[0-8] | 22) ;;
        --help | -h) usage; exit ;;
        *) printf 'no such row: %s\n' "$argument" >&2; usage >&2; exit 2 ;;
    esac
done
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
    echo "0 passed, 0 failed, 19 skipped: no python3 from 3.9 on"
    exit
fi
export PYTHONDONTWRITEBYTECODE=1
if [[ -n $list ]]; then
    exec python3 "$here/main.py" "" "" --list
fi
if [[ -z ${QUICKSTART:-} ]]; then
    (cd "$here/../.." && cargo build --locked --quiet --release --example quickstart)
    QUICKSTART=${CARGO_TARGET_DIR:-$here/../../target}/release/examples/quickstart
fi

scratch=$(mktemp -d "${TMPDIR:-/tmp}/flightlog-faults.XXXXXX")
# What is left where the runner itself died: processes of ours, frozen and mounted file systems, immutable files.
clean() {
    local pid place
    while read -r pid; do
        [[ $(readlink "/proc/$pid/exe" 2>/dev/null) != "$scratch"/* ]] || kill -KILL "$pid" 2>/dev/null || true
    done < <(cat "$scratch/pids" 2>/dev/null || true)
    while read -r place; do
        fsfreeze -u "$place" 2>/dev/null || true
        umount -l "$place" 2>/dev/null || true
    done < <(awk -v top="$scratch/" 'index($2, top) == 1 { print $2 }' /proc/self/mounts 2>/dev/null || true)
    chmod -R u+rwx "$scratch" 2>/dev/null || true
    rm -rf "$scratch" 2>/dev/null || { chattr -R -i "$scratch"; rm -rf "$scratch"; } 2>/dev/null || true
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
# Another user has to reach the binary.
chmod 711 "$scratch"
install -m 755 "$QUICKSTART" "$scratch/quickstart"
python3 "$here/main.py" "$scratch" "$scratch/quickstart" "$@" &
runner=$!
trap 'kill -TERM "$runner" 2>/dev/null || true; wait "$runner" || true; exit 130' INT TERM HUP
wait "$runner"
