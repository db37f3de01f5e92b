# To be sourced: a virtual environment for tests that are written in Python.

export PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1

# environment FOLDER REQUIREMENTS [OPTION...]: makes it once, with what the file asks for, from PyPI or the index that pip is
# told of. Exits where that is not possible, and says what to do.
environment() {
    local folder=$1 requirements=$2
    shift 2
    if ! python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
        echo "no python3 from 3.9 on with venv: install it (on Debian and Ubuntu: apt install python3 python3-venv)" >&2
        exit 1
    fi
    cmp -s "$requirements" "$folder/requirements.txt" && return
    rm -rf "$folder"
    python3 -m venv "$folder"
    if ! "$folder/bin/pip" install --quiet "$@" -r "$requirements"; then
        rm -rf "$folder"
        echo "$requirements cannot be installed: it comes from PyPI, or from the index that pip is told of" >&2
        exit 1
    fi
    cp "$requirements" "$folder/requirements.txt"
}
