#!/usr/bin/env bash
# Are turned digits harder to read? RNNs that read images tile by tile, three for each of four angles, and their accuracy during training.
# The filters have to be on PATH, the images in data/mnist (make data) or in IMAGES, a directory. Sizes: RUNS=10 STEPS=2000 rotated-digits.sh
set -euo pipefail
export LC_ALL=C # numbers with points, in awk as well
runs=${RUNS:-3} steps=${STEPS:-500} images=${IMAGES:-data/mnist}

# A stream may be put together of several: every one has its own end.
for angle in 0 45 90 180; do
    gen-smnist --rotation "$angle" --tile 7 --weight-decay 0 --count "$runs"
done |
    train-rnn --images "$images" --steps "$steps" --snapshots $((steps / 10)),$((steps / 3)) --rollouts 1 --samples 2000 > digits.mp

printf 'angle\tstep\tRNNs\taccuracy\n'
rec-table --kind rnn task.rotation step metrics.accuracy < digits.mp |
    awk -v OFS='\t' '{ key = $1 OFS $2; n[key]++; sum[key] += $3 } END { for (key in n) print key, n[key], sum[key] / n[key] }' | sort -n -k 1 -k 2
