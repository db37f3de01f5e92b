#!/usr/bin/env bash
# Makes pages with `flightlog report` and holds them against HTML, axe-core and a browser. See README.md.
#
#     tests/report/run.sh [FOLDER]
#
# FLIGHTLOG is the binary to run; else it is built. CHROMIUM is the browser; else it is looked for, and installed with
# apt-get where that is possible. The rest comes from PyPI once, under target/. With FOLDER the pages and pictures of them
# are left there, to be looked at.
set -Eeuo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$here/../../target}
source "$here/../python.sh"

case ${1:-} in
    --help | -h) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit ;;
    -*) printf 'no such argument: %s\n' "$1" >&2; exit 2 ;;
esac

# A browser: the first of these names that there is.
find_browser() {
    local name
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" && return
    done
    return 1
}
browser=${CHROMIUM:-$(find_browser || true)}
if [[ -z $browser && $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    echo "installing chromium"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >/dev/null || true
    apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null || true
    browser=$(find_browser || true)
fi
if [[ -z $browser ]]; then
    echo "no browser: install chromium (on Debian and Ubuntu: apt install chromium), or say where it is with CHROMIUM" >&2
    exit 1
fi

tools=$target/report-tools
environment "$tools" "$here/requirements.txt" --no-deps
if [[ -z ${FLIGHTLOG:-} ]]; then
    (cd "$here/../.." && cargo build --locked --quiet --features cli --bin flightlog)
    FLIGHTLOG=$target/debug/flightlog
fi

scratch=$(mktemp -d "${TMPDIR:-/tmp}/flightlog-report.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
unset "${!LOG_@}" NO_COLOR
pages=${1:-$scratch/pages}
mkdir -p "$pages"
for size in 20000 1; do
    mkdir "$scratch/$size"
    python3 "$here/log.py" "$scratch/$size" "$size"
    "$FLIGHTLOG" report --log-dir "$scratch/$size" -o "$pages/$size.html"
done
"$tools/bin/python" "$here/check.py" "$browser" "$pages" "$pages"/*.html
