#!/usr/bin/env bash
# What is asking worth? An emulator that is told what an interactive encoder found out about an RNN, and one that is told nothing.
# The filters have to be on PATH. Works in a temporary directory. Sizes: RUNS=60 STEPS=800 SEEDS="1 2" compare-encoders.sh
set -euo pipefail
export LC_ALL=C # numbers with points, in awk as well
runs=${RUNS:-60} steps=${STEPS:-800} seeds=${SEEDS:-1 2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# RNNs for training, and others to be judged by: all of these are made validation.
gen-language --tokens 2 --max-n 6 --count "$runs" | train-rnn --steps 300 --snapshots 150 --hidden 16 > zoo.mp
gen-language --tokens 2 --max-n 6 --first-run 1000 --count $((runs / 3)) | train-rnn --steps 300 --snapshots 150 --hidden 16 |
    partition --validation 1 --ood 0 > new.mp

for seed in $seeds; do
    probe --new --seed "$seed" --hidden 32 --mlp-hidden 32 --length 12 < zoo.mp > "interactive.$seed.mp"
    constant-encode --new --seed "$seed" < zoo.mp > "constant.$seed.mp"
done

# Training and judging are the same for every encoder; a model may come from standard input, the zoo is then named by --data.
fit="emulate --fit {} --hidden 32 --batch 32 --rate 3e-3 --anneal 0.5 --clip 1 --condition every --steps $steps < zoo.mp"
parallel "$fit | emulate --model - --data new.mp > {.}.emulations" ::: interactive.*.mp constant.*.mp

# The loss: how far the emulator is from the RNNs; clone |diff|: how much better or worse than the RNN its imitation speaks.
cat ./*.emulations | score
