#!/bin/sh
# What flightlog takes, beside other tools, on a log of a given size in megabytes (default 300).
#
#   benches/cli/compare.sh [MEGABYTES]
#
# CPU seconds (user + system) and peak memory, the best of five; everything reads from the page cache. DuckDB is measured
# where `python3 -c 'import duckdb'` works, other tools where they are installed.
set -eu
cd "$(dirname "$0")/../.."
megabytes=${1:-300}
target=${CARGO_TARGET_DIR:-target}
logs=$target/cli-log-$megabytes
cargo build --release --features cli --bin flightlog
[ -e "$logs/errors.log" ] || cargo bench --features cli --bench cli -- "$logs" "$megabytes"
flightlog=$target/release/flightlog
log=$logs/api.log
ids=$(head -n 2 "$log" | tail -n 1 | sed 's/.*"request_id":"\([^"]*\)".*/\1/')
middle=$(tail -c +"$(($(wc -c < "$log") / 2))" "$log" | head -n 2 | tail -n 1 | sed 's/.*"timestamp":"\([^"]*\)".*/\1/')
ls -l "$log" "$logs/errors.log"

measure() {
    what=$1
    shift
    best=$(for _ in 1 2 3 4 5; do
        # Piped on, for some tools stop early where nobody looks.
        { /usr/bin/time -o /dev/fd/3 -f '%U %S %e %M' "$@" | cat > /dev/null; } 3>&1
    done | awk '{ print $1 + $2, $3, $4 }' | sort -n | head -n 1)
    printf '%-44s %s\n' "$what" "$best"
}

printf '%-44s %s\n' '' 'CPU s, wall s, peak KB'
measure 'wc -l' wc -l "$log"
measure 'grep -c' grep -c '"status_code":500' "$log"
measure 'flightlog stats' "$flightlog" -d "$log" stats
measure 'flightlog --status 5xx --json, all' "$flightlog" -d "$log" --status 5xx --json -n 100000000
measure 'flightlog --where, of both entries' "$flightlog" -d "$log" --where 'status_code>=500 and request_body.model="m1"'
measure 'flightlog, the last 50' "$flightlog" -d "$logs"
measure 'flightlog --errors-only -n 100' "$flightlog" -d "$logs" --errors-only -n 100
measure 'flightlog --since, in the middle' "$flightlog" -d "$logs" --since "$middle" --until "$middle"
measure 'flightlog show ID' "$flightlog" -d "$logs" show "$ids"
if command -v jq > /dev/null; then
    measure "jq 'select(.status_code>=500)'" jq -c 'select(.status_code>=500)' "$log"
fi
if command -v jaq > /dev/null; then
    measure "jaq 'select(.status_code>=500)'" jaq -c 'select(.status_code>=500)' "$log"
fi
if command -v agrind > /dev/null; then
    measure 'angle-grinder' agrind '* | json | where type == "response" | count, p50(duration_ms), p99(duration_ms) by endpoint' -f "$log"
fi
if python3 -c 'import duckdb' 2> /dev/null; then
    measure 'DuckDB, percentiles by endpoint' python3 -c "
import duckdb, sys
duckdb.sql('''SELECT endpoint, count(*), quantile_cont(duration_ms, [0.5, 0.9, 0.99, 0.999]), max(duration_ms),
    count(*) FILTER (status_code >= 500) FROM read_json('$log', format = 'newline_delimited', columns = {
    type: 'VARCHAR', endpoint: 'VARCHAR', status_code: 'SMALLINT', duration_ms: 'DOUBLE'})
    WHERE type = 'response' GROUP BY endpoint''').show()"
    measure 'python3, DuckDB started and nothing done' python3 -c 'import duckdb; duckdb.sql("SELECT 1").show()'
fi
