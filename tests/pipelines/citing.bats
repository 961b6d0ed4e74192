# pipelines/citing: the experiment on lineage, small.

# shellcheck disable=SC2154
load ../helper

@test "make lineage: chains, derived and hidden RNNs are found, and a second call makes nothing" {
    run -0 make -C "$ROOT/pipelines/citing" lineage BIN="$RNNPIPE_BIN" RESULTS="$BATS_TEST_TMPDIR/r" JOBS=2 RUNS=8 STEPS=200 TUNED=100
    grep -qE '^arcs +roots +8 +8 ' <<< "$output"
    awk '$1 == "arcs" && $2 == "derived" { exit !($5 == 1) }' "$BATS_TEST_TMPDIR/r/lineage.txt"
    awk '$1 == "arcs-aligned" && $2 == "hidden" { exit !($5 > 0.8) }' "$BATS_TEST_TMPDIR/r/lineage.txt"
    awk '$1 == "arcs-dated" && $2 == "chains" { exit !($5 == 1) }' "$BATS_TEST_TMPDIR/r/lineage.txt"
    run -0 make -C "$ROOT/pipelines/citing" lineage BIN="$RNNPIPE_BIN" RESULTS="$BATS_TEST_TMPDIR/r" JOBS=2 RUNS=8 STEPS=200 TUNED=100
    [[ $output != *training* ]]
}

@test "every experiment keeps others out of its RESULTS" {
    mkdir r
    exec {lock}>> r/lock
    flock "$lock"
    local call
    for call in 'citing lineage' 'locks all' 'language -f transfer.mk' 'language -f interrogator.mk'; do
        # shellcheck disable=SC2086 # several words
        run -2 make -C "$ROOT"/pipelines/$call BIN="$RNNPIPE_BIN" RESULTS="$BATS_TEST_TMPDIR/r" JOBS=2 3>&-
        [[ $output == *"another make is at work in "*"/r: try again when it has ended"* ]] || { echo "$call: $output" && false; }
    done
}
