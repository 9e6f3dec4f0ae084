# What both tests of the package are written with: source it.
# shellcheck shell=bash
steps=0
failed=0

# step WHAT COMMAND...: the step is ok if the command ends with 0; otherwise what it has written follows.
step() {
    local what=$1 output
    shift
    steps=$((steps + 1))
    if output=$("$@" 2>&1); then
        echo "ok $steps: $what"
    else
        failed=$((failed + 1))
        printf 'NOT OK %s: %s\n%s\n' "$steps" "$what" "$(tail -n 25 <<<"$output" | sed 's/^/    /')"
    fi
}

# Waits up to 20 s (40 of a slow machine) until a command ends with 0.
eventually() {
    local tries
    for tries in $(seq 200); do
        "$@" && return
        sleep 0.1
    done
    echo "not in time, after $tries tries: $*"
    return 1
}

equal() { [ "$1" = "$2" ] || { echo "expected '$2', found '$1'"; return 1; }; }
contains() { grep -qF -- "$2" <<<"$1" || { echo "no '$2' in: $1"; return 1; }; }
