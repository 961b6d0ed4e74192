#!/usr/bin/env bash
# How does an RNN count? The cell states of the units that do, while it reads the longest word of its language: a picture, counters.png, and
# on standard output the length up to which it counts right. Writes into the current directory; the filters and gnuplot have to be on PATH.
# STEPS: of training.
set -euo pipefail
export LC_ALL=C # numbers with points, in awk as well
STEPS=${STEPS:-3000}

gen-language --tokens 3 --max-n 12 --seed 5 | train-rnn --steps "$STEPS" --snapshots '' > rnn.mp
rnn-words --mass 0.9 < rnn.mp | rec-table --kind word text log_prob
rnn-states --counters --max-n 30 < rnn.mp > counters.mp
rec-table --kind counters --header reach count < counters.mp

# The states along the word that counters were looked for in, a column a unit; layer and unit of the counters choose among them.
rec-table --kind counters inputs < counters.mp | tr -d '[]' > word.txt
rnn-states --what c --inputs word.txt < rnn.mp > trace.mp
rec-json --no-meta < counters.mp | grep -oE '"layer":[0-9]+,"unit":[0-9]+' | tr -c '0-9\n' ' ' > units.txt
rec-json --no-meta --arrays whole < trace.mp | tr -d '\n' | sed -E 's/.*"c":\{"dtype":"<f4","shape":\[([0-9,]+)\],"data":\[([^]]*)\].*/\1,\2/' | tr ',' '\n' |
    awk 'FNR == NR { layer[NR] = $1; unit[NR] = $2; n = NR; next } { x[FNR - 4] = $1; if (FNR == 2) T = $1; if (FNR == 3) H = $1 }
        END { for (t = 0; t < T; t++) { line = t; for (i = 1; i <= n; i++) line = line "\t" x[layer[i] * T * H + t * H + unit[i]]; print line } }' \
        units.txt - > states.tsv
gnuplot << END
set terminal pngcairo size 900,420
set output "counters.png"
set xlabel "position in the word (0: BOS)"
set ylabel "cell state of the units that count"
set grid
plot for [i=2:$(($(wc -l < units.txt) + 1))] "states.tsv" using 1:i with linespoints pointtype 7 pointsize 0.5 notitle, 0 linecolor "gray" notitle
END
echo 'counters.png'
