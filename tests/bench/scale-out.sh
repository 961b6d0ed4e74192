#!/usr/bin/env bash
# How much faster two jobs make a zoo than one: zoo-local with -j 1 and -j 2 in turn, medians of wall time. PAIRS=5 of them.
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
BIN=$(cd "${BIN:-$here/build/bin}" && pwd)
export PATH=$BIN:$PATH LC_ALL=C
pairs=${PAIRS:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat > "$work/zoo.yaml" << 'END'
experiment:
  runs: 32
  shard: 2
train-rnn: {steps: 200}
END

seconds() { # JOBS: makes a zoo anew
    local begin=$EPOCHREALTIME
    rm -rf "$work/zoo"
    "$here/pipelines/scale-out/zoo-local" "$work/zoo.yaml" "$work/zoo" -j "$1" > /dev/null
    awk -v begin="$begin" -v end="$EPOCHREALTIME" 'BEGIN { printf "%.3f\n", end - begin }'
}

median() {
    sort -n | awk '{ x[NR] = $1 } END { print NR % 2 ? x[(NR + 1) / 2] : (x[NR / 2] + x[NR / 2 + 1]) / 2 }'
}

seconds 2 > /dev/null # what is read for the first time
for ((i = 0; i < pairs; i++)); do
    seconds 1 >> "$work/one"
    seconds 2 >> "$work/two"
done
one=$(median < "$work/one") two=$(median < "$work/two")
awk -v one="$one" -v two="$two" -v pairs="$pairs" -v cores="$(nproc)" 'BEGIN {
    printf "zoo of 32 RNNs in 16 shards, %d pairs, %d cores: one job %.2f s, two jobs %.2f s: %.2f times as fast\n", pairs, cores, one, two, one / two }'
