#!/usr/bin/env bash
# Which language does an RNN speak? Found out by asking it: an encoder learns, without labels, what to ask, and is then put before new RNNs.
# The filters have to be on PATH. Works in a temporary directory. Sizes: RUNS=60 STEPS=1000 interrogate.sh
set -euo pipefail
export LC_ALL=C # numbers with points, in awk as well
runs=${RUNS:-60} steps=${STEPS:-1000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# RNNs that have learned one of the six languages a^n b^(n+m), m = -3 .. 2; and a third as many that nobody below is trained on.
gen-language --tokens 2 --max-n 6 --count "$runs" | train-rnn --steps 300 --snapshots 150 --hidden 16 > zoo.mp
gen-language --tokens 2 --max-n 6 --first-run 1000 --count $((runs / 3)) | train-rnn --steps 300 --snapshots 300 --hidden 16 > new.mp

probe --new --hidden 32 --mlp-hidden 32 --length 12 < zoo.mp > fresh.mp
emulate --fit fresh.mp --hidden 32 --steps "$steps" --batch 32 --rate 3e-3 --anneal 0.5 --clip 1 --condition every < zoo.mp > probe.mp
probe --model probe.mp < zoo.mp | classify --fit task > predictor.mp
probe --model probe.mp < new.mp | classify --model predictor.mp > predictions.mp

printf 'RNNs\tm\tanswer\n'
rec-table truth.0 predicted.0 < predictions.mp | sort -n | uniq -c | awk -v OFS='\t' '{ print $1, $2, $3 }'
rec-table truth.0 predicted.0 < predictions.mp | awk '$1 == $2 { n++ } END { print n + 0 " of " NR " right" }'
