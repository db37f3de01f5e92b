#!/bin/sh
# What threads of ours do together, in every order in which they may run: the models that stand beside the code, in
# `writer/tests/models.rs` and others of that name. They run the code itself, with loom's locks in place of the standard
# library's.
#
#   tests/models.sh             all, in a minute, the build included
#   tests/models.sh a_flush     those with this in their name
#
# LOOM_MAX_PREEMPTIONS=3 looks further; LOOM_LOG=1 and LOOM_LOCATION=1 tell how it came to what failed.
set -eu
cd "$(dirname "$0")/.."

# The flag is for our crate alone, so that nothing else is built anew.
program=$(cargo rustc --locked --quiet --lib --profile test --message-format=json -- --cfg flightlog_loom |
    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
[ -n "$program" ] || { echo "failed: no tests were built" >&2; exit 1; }
models=$("$program" --list | sed -n 's/: test$//p' | grep '::models::' | grep -e "${1-}")
# shellcheck disable=SC2086
exec "$program" --exact $models
