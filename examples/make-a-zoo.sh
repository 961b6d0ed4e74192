#!/usr/bin/env bash
# Makes a zoo of RNNs with GNU parallel, a job for each RNN, and shows how well they have learned.
# The filters have to be on PATH. Writes zoo.mp into the current directory. Sizes: RUNS=100 STEPS=2000 make-a-zoo.sh
set -euo pipefail
export LC_ALL=C # numbers with points, in awk as well
runs=${RUNS:-16} steps=${STEPS:-500}

# The task and the training of a run are a function of its number and the seed, so the zoo is the same for any number of jobs.
# A job that fails leaves no end record, so partition would refuse its output: no half of a run gets into the zoo.
seq 0 $((runs - 1)) |
    parallel --keep-order --halt now,fail=1 "gen-language --tokens 2 --first-run {} | train-rnn --steps $steps" |
    partition > zoo.mp

echo "$runs RNNs, by split and step: snapshots, mean and best share of generated strings that are in the language"
rec-table --kind rnn split step metrics.accuracy < zoo.mp |
    awk '{ key = sprintf("%-12s%6d", $1, $2); n[key]++; sum[key] += $3; if ($3 > best[key]) best[key] = $3 }
        END { for (key in n) printf "%s%6d%8.3f%8.3f\n", key, n[key], sum[key] / n[key], best[key] }' | sort
