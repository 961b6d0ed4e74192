# pipelines/language/transfer.mk, small: encoders that have seen LSTMs of one width are given others.

# shellcheck disable=SC2154 # bats sets stderr
load ../helper

@test "make transfer: a table of every encoder, kind, predictor and split; a second call makes nothing" {
    cat > tiny.yaml << 'END'
gen-language: {tokens: 2, max-n: 4}
train-rnn: {steps: 8, snapshots: [], rollouts: 3, samples: 10}
probe: {hidden: 8, mlp-hidden: 8, length: 4}
emulate: {hidden: 8, steps: 4, batch: 8, validate-every: 2}
classify: {steps: 5, hidden: 8}
END
    transfer() { make -C "$ROOT/pipelines/language" -f transfer.mk CONFIG="$PWD/tiny.yaml" BIN="$RNNPIPE_BIN" RESULTS="$PWD/accuracy" JOBS=2 RUNS=12 SEEDS="1 2"; }
    run -0 transfer
    [[ -s accuracy/transfer.png && $(file -b accuracy/transfer.png) == PNG* ]]
    awk 'NR > 1 && $1 != "majority" { n++; kinds[$2]; encoders[$1]; bad += !($5 >= 0 && $5 <= 1 && $9 >= 0) }
        END { exit !(n == 2 * 5 * 2 * 2 && length(kinds) == 5 && length(encoders) == 2 && !bad) }' accuracy/transfer.txt
    # What has been seen is not trained again: both predictors of LSTMs of 32 units are the same one.
    awk '$2 == "lstm-32" { seen[$1, $4] = seen[$1, $4] " " $5 } END { for (i in seen) { split(seen[i], v, " "); if (v[1] != v[2]) exit 1 } }' accuracy/transfer.txt
    rec-info < accuracy/zoo-gru-32.mp | found 'gru 4 -> 2 x 32 -> 4'
    cksum accuracy/*.mp accuracy/*/*.mp > before
    run -0 transfer
    [[ $output != *emulate* ]]
    cksum accuracy/*.mp accuracy/*/*.mp | cmp before -
}
