# pipelines/language/recipes.mk and shared-start.mk, small: every lever and every reader in a table; a second call makes nothing.

load ../helper

setup() {
    cat > tiny.yaml << 'END'
gen-language: {tokens: 2, max-n: 4}
train-rnn: {steps: 8, snapshots: [], rollouts: 3, samples: 10, hidden: 4}
probe: {hidden: 8, mlp-hidden: 8, length: 4}
dws-encode: {channels: 2, layers: 2}
transformer-encode: {hidden: 4, layers: 1}
emulate: {hidden: 8, steps: 4, batch: 8, validate-every: 2}
END
}

# MAKEFILE [VARIABLE=VALUE]...
small() {
    make -C "$ROOT/pipelines/language" -f "$1" CONFIG="$PWD/tiny.yaml" BIN="$RNNPIPE_BIN" RESULTS="$PWD/r" JOBS=2 RUNS=12 "${@:2}"
}

@test "make recipes: a line for each lever and encoder, the least validation loss of each; a second call makes nothing" {
    run -0 small recipes.mk SEEDS="1 2" ENCODERS=interactive
    awk 'NR > 1 { n++; levers[$1]; bad += !($3 == 2 && $6 <= $5 && $5 <= $7 && $8 > 0 && $8 < $7) } END { exit !(n == 11 && length(levers) == 11 && !bad) }' r/recipes.txt
    # By the logs themselves: the best of each seed, the mean of both.
    [[ $(for seed in 1 2; do rec-table --kind log split loss < r/average/interactive-$seed/model.mp | awk '$1 == "validation"' | sort -k2g | head -n 1; done |
        awk '{ sum += $2 } END { printf "%.4f", sum / 2 }') == $(awk '$1 == "average" { print $5 }' r/recipes.txt) ]]
    cksum r/*/*/model.mp > before
    run -0 small recipes.mk SEEDS="1 2" ENCODERS=interactive
    [[ $output != *emulate:* ]]
    cksum r/*/*/model.mp | cmp before -
    run -2 small recipes.mk LEVERS="averag base"
    [[ $output == *"unknown lever 'averag'"* ]]
    run -0 small recipes.mk -n LEVERS="talk base" ENCODERS="linear interactive" SEEDS=4 # a lever of one encoder only
    [[ $(grep -o 'emulate: .*(' <<< "$output" | sort | xargs) == 'emulate: interactive-4, base ( emulate: interactive-4, talk ( emulate: linear-4, base (' ]]
    run -0 make -C "$ROOT/pipelines/language" -f recipes.mk -n RESULTS="$PWD/none"
    [[ ! -e none ]]
}

@test "make recipes: those that read, too: their own levers, and no entropy of probes" {
    run -0 small recipes.mk SEEDS=1 ENCODERS="stats" LEVERS="standardise parts smooth-parts" EMULATE="--steps 2"
    awk 'NR > 1 { n++; bad += !($2 == "stats" && $11 == "-" && $5 > 0 && $12 ~ /^[0-9]+$/) } END { exit !(n == 3 && !bad) }' r/recipes.txt
    for lever in standardise parts smooth-parts; do
        rec-json --kind encoder < r/$lever/stats-1/model.mp > $lever.json
        rec-table --kind log step < r/$lever/stats-1/model.mp | sort -n | tail -n 1 | found -x 2
    done
    grep -q '"standardised":true' standardise.json
    run -1 grep -q per_gate standardise.json
    grep -q '"per_gate":true' parts.json
    run -1 cmp -s <(rec-json --kind encoder --no-meta < r/parts/stats-1/model.mp) <(rec-json --kind encoder --no-meta < r/smooth-parts/stats-1/model.mp)
}

@test "make shared-start: every reader, start and way of learning; the zoos differ in their starts alone" {
    run -0 small shared-start.mk SEEDS=1 LABEL_STEPS=2
    awk 'NR > 1 && $1 != "majority" { n++; kinds[$1]; starts[$2]; bad += !($8 >= 0 && $8 <= 1 && ($3 == "labels" ? $5 == "-" : $5 > 0)) }
        END { exit !(n == 12 * 2 * 2 * 2 && length(kinds) == 12 && length(starts) == 2 && !bad) }' r/shared-start.txt
    cmp <(rec-table run split task.offsets < r/zoo-shared.mp) <(rec-table run split task.offsets < r/zoo-independent.mp)
    run -1 cmp -s <(rec-json --no-meta < r/zoo-shared.mp) <(rec-json --no-meta < r/zoo-independent.mp)
}
