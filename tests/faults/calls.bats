# Calls that fail, by a preloaded library (tests/faults/fail.c): not in the sanitized build, whose own allocator has to come first.

load ../helper
load files

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    make_files
}

# calls FILTER...: all its cases, with all calls failing one after another
calls() {
    cp "$BATS_FILE_TMPDIR"/* .
    python "$ROOT/tests/faults/calls.py" "$RNNPIPE_BIN/../tests/faults/fail.so" "$@"
}

@test "failing calls: gen-language, train-rnn, partition" {
    calls gen-language train-rnn partition
}

@test "failing calls: probe" {
    calls probe
}

@test "failing calls: emulate, with checkpoints" {
    calls emulate
}

@test "failing calls: classify" {
    calls classify
}

@test "failing calls: score, project" {
    calls score project
}

@test "failing calls: rec-json, rec-table" {
    calls rec-json rec-table
}
