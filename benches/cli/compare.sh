#!/bin/sh
# What flightlog takes, beside other tools, on a log of a given size in megabytes (default 300).
#
#   benches/cli/compare.sh [MEGABYTES]
#
# Everything reads from the page cache; the figures are those of measure.py, best of nine (ROUNDS), as rows of a table. The
# logs are made in a temporary directory, with another of LARGE megabytes (1000), of which one exchange in 10,000 fails.
# DuckDB is measured where `$PYTHON -c 'import duckdb'` works, other tools where they are installed, instructions where
# valgrind is. FLIGHTLOG and BENCH name binaries that are built already.
set -eu
cd "$(dirname "$0")/../.."
megabytes=${1:-300}
rounds=${ROUNDS:-9}
python=${PYTHON:-python3}
if [ -z "${FLIGHTLOG:-}" ]; then
    cargo build --release --features cli --bin flightlog
    FLIGHTLOG=${CARGO_TARGET_DIR:-target}/release/flightlog
fi
if [ -z "${BENCH:-}" ]; then
    # Its path, so that cargo is no part of what is measured. The first time everything is built that tests and benches need.
    echo 'building what makes the logs and counts their lines: minutes, the first time' >&2
    BENCH=$(cargo bench --features cli --bench cli --no-run 2>&1 | sed -n 's/.*Executable.*(\(.*\))/\1/p')
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$BENCH" "$dir/logs" "$megabytes"
"$BENCH" "$dir/rare" "${LARGE:-1000}" 10000
log=$dir/logs/api.log
moment() { tail -c +"$(($(wc -c < "$1") / 2))" "$1" | head -n 2 | tail -n 1 | sed 's/.*"timestamp":"\([^"]*\)".*/\1/'; }
id=$(head -n 2 "$log" | tail -n 1 | sed 's/.*"request_id":"\([^"]*\)".*/\1/')
middle=$(moment "$log")
rare_middle=$(moment "$dir/rare/api.log")
set -- \
    'newlines counted with memchr' "$BENCH newlines $log" \
    '`wc -l`' "wc -l $log" \
    '`flightlog stats`, api.log' "$FLIGHTLOG -d $log stats" \
    '`flightlog stats`, api.log and errors.log' "$FLIGHTLOG -d $dir/logs stats"
if command -v jq > /dev/null; then
    mkdir "$dir/sorted"
    jq -cS . "$log" > "$dir/sorted/api.log"
    set -- "$@" '`flightlog stats`, keys sorted by `jq -cS`' "$FLIGHTLOG -d $dir/sorted stats"
fi
set -- "$@" \
    '`flightlog doctor`' "$FLIGHTLOG -d $dir/logs doctor" \
    '`flightlog --status 5xx --json`, all' "$FLIGHTLOG -d $log --status 5xx --json -n 100000000" \
    '`flightlog --where`, of both entries' "$FLIGHTLOG -d $log --where 'status_code>=500 and request_body.model=\"m1\"'" \
    '`flightlog --version`' "$FLIGHTLOG --version" \
    '`flightlog`, the last 50' "$FLIGHTLOG -d $dir/logs" \
    '`flightlog --errors-only -n 100`' "$FLIGHTLOG -d $dir/logs --errors-only -n 100" \
    '`flightlog --since --until`, the middle' "$FLIGHTLOG -d $dir/logs --since $middle --until $middle" \
    '`flightlog show ID`, the first' "$FLIGHTLOG -d $dir/logs show $id" \
    'large: `flightlog`, the last 50' "$FLIGHTLOG -d $dir/rare" \
    'large: `flightlog --errors-only -n 100`' "$FLIGHTLOG -d $dir/rare --errors-only -n 100" \
    'large, api.log alone: `--errors-only -n 10`' "$FLIGHTLOG -d $dir/rare/api.log --errors-only -n 10" \
    'large: `flightlog --since --until`, the middle' "$FLIGHTLOG -d $dir/rare --since $rare_middle --until $rare_middle"
echo '| | CPU ms | first byte ms | wall ms | peak KiB |'
echo '|---|---:|---:|---:|---:|'
"$python" benches/cli/measure.py "$rounds" "$@"

# Others take seconds: once, to count errors and durations by endpoint as `stats` does, or to find the errors alone.
set --
if command -v jq > /dev/null; then set -- "$@" '`jq`, errors' "jq -c 'select(.status_code>=500)' $log"; fi
if command -v jaq > /dev/null; then set -- "$@" '`jaq`, errors' "jaq -c 'select(.status_code>=500)' $log"; fi
if command -v hl > /dev/null; then set -- "$@" '`hl`, errors' "hl -P --raw -q 'status_code>=500' $log"; fi
if command -v agrind > /dev/null; then
    set -- "$@" 'angle-grinder, percentiles by endpoint' \
        "agrind '* | json | where type == \"response\" | count, p50(duration_ms), p99(duration_ms) by endpoint' -f $log"
fi
if "$python" -c 'import duckdb' 2> /dev/null; then
    cat > "$dir/duck.py" << 'EOF'
import duckdb, sys
duckdb.sql(f'''SELECT endpoint, count(*), quantile_cont(duration_ms, [0.5, 0.9, 0.99, 0.999]), max(duration_ms),
    count(*) FILTER (status_code >= 500) FROM read_json('{sys.argv[1]}', format = 'newline_delimited', columns = {{
    type: 'VARCHAR', endpoint: 'VARCHAR', status_code: 'SMALLINT', duration_ms: 'DOUBLE'}})
    WHERE type = 'response' GROUP BY endpoint''').show()
EOF
    set -- "$@" 'DuckDB in Python, percentiles by endpoint' "$python $dir/duck.py $log" \
        'DuckDB in Python, started and nothing done' "$python -c 'import duckdb; duckdb.sql(\"SELECT 1\").show()'"
fi
[ "$#" -eq 0 ] || "$python" benches/cli/measure.py 2 "$@"

if command -v valgrind > /dev/null; then
    instructions() {
        valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 > /dev/null |
            sed -n 's/,//g; s/.*refs: *//p'
    }
    bytes=$(wc -c < "$log")
    for what in newlines stats; do
        case $what in
        newlines) count=$(instructions "$BENCH" newlines "$log") ;;
        stats) count=$(instructions "$FLIGHTLOG" -d "$log" stats) ;;
        esac
        echo "$what: $count instructions, $(awk "BEGIN { printf \"%.2f\", $count / $bytes }") for each byte of api.log"
    done
fi
ls -l "$dir"/*/*.log | awk '{ print $5, $NF }'
