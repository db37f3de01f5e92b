#!/usr/bin/env bash
# Asks examples/llm_server.rs with the official openai and anthropic clients for Python. See README.md.
#
#     tests/llm/run.sh
#
# LLM_SERVER is the binary to run; else the example is built. The clients are installed from PyPI once, under target/.
set -Eeuo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$here/../../target}
source "$here/../python.sh"

case ${1:-} in
    "") ;;
    --help | -h) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit ;;
    *) printf 'no such argument: %s\n' "$1" >&2; exit 2 ;;
esac

clients=$target/llm-clients
environment "$clients" "$here/requirements.txt"
if [[ -z ${LLM_SERVER:-} ]]; then
    (cd "$here/../.." && cargo build --locked --quiet --example llm_server)
    LLM_SERVER=$target/debug/examples/llm_server
fi

scratch=$(mktemp -d "${TMPDIR:-/tmp}/flightlog-llm.XXXXXX")
server=
clean() {
    [[ -z $server ]] || kill -KILL "$server" 2>/dev/null || true
    rm -rf "$scratch"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

unset "${!LOG_@}" "${!OPENAI_@}" "${!ANTHROPIC_@}" RUST_LOG
: >"$scratch/stderr"
PORT=0 LOG_DIR="$scratch/logs" LOG_CONSOLE=off "$LLM_SERVER" 2>"$scratch/stderr" </dev/null &
server=$!
address=
for _ in {1..300}; do
    address=$(sed -n 's|^listening on http://||p' "$scratch/stderr")
    [[ -z $address ]] || break
    kill -0 "$server" 2>/dev/null || { cat "$scratch/stderr" >&2; exit 1; }
    sleep 0.1
done
[[ -n $address ]] || { echo "it does not say where it listens" >&2; exit 1; }

"$clients/bin/python" "$here/check.py" "$address" "$scratch/told.json"
kill -TERM "$server"
wait "$server"
server=
"$clients/bin/python" "$here/log.py" "$scratch/told.json" "$scratch/logs/api.log"
