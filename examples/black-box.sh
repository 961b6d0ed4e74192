#!/usr/bin/env bash
# black-box.sh: what language does a shell script speak? It answers through a pipe, and no RNN is near it; from the embedding of its answers
# a predictor that was trained on RNNs tells the language. Writes into the current directory; the filters have to be on PATH.
# RUNS and STEPS make it smaller: how many RNNs, and how long interrogator and emulator are trained.
set -euo pipefail
export LC_ALL=C # numbers with points, in awk as well
RUNS=${RUNS:-60} STEPS=${STEPS:-1000}

# The program, which speaks { a^n b^(n+1) }: a line comes with a number for each of a, b, BOS and EOS, the most of which goes to the token
# that is meant; a line goes back with a number for each that could be next, the logarithm of its probability but for a constant. An empty
# line means: from the beginning.
cat > black-box << 'END'
#!/usr/bin/env bash
a=0 b=0
while read -r -a given; do
    if [[ ${#given[@]} == 0 ]]; then
        a=0 b=0
        continue
    fi
    token=0
    for ((i = 0; i < 4; i++)); do
        printf -v given[i] '%.6f' "${given[i]}"
        [[ ${given[i]} > ${given[token]} ]] && token=$i
    done
    case $token in 0) a=$((a + 1)) ;; 1) b=$((b + 1)) ;; esac
    if ((b > a)); then
        echo -9 -9 -9 0 # as many b as there should be: the end
    elif ((b > 0)); then
        echo -9 0 -9 -9
    elif ((a > 4)); then
        echo -9 0 -9 -9
    else
        echo -0.2 -1.7 -9 -9
    fi
done
END
chmod +x black-box

part=$(((RUNS + 3) / 4)) # of four jobs
seq 0 "$part" $((RUNS - 1)) | parallel -k "gen-language --tokens 2 --max-n 6 --first-run {} --count $part | train-rnn --steps 300 --snapshots 150 --hidden 16" > zoo.mp
probe --new --linear --length 12 --mlp-hidden 32 < zoo.mp > fresh.mp
emulate --fit fresh.mp --hidden 32 --batch 32 --steps "$STEPS" --rate 3e-3 --anneal 0.5 --clip 1 --condition every < zoo.mp > probe.mp
probe --model probe.mp < zoo.mp | classify --fit task > predictor.mp

probe --model probe.mp --ask ./black-box > z.mp
rec-json --arrays whole < z.mp | sed 's/"kind":"embedding",/&"task":{"family":"formal-language","tokens":2,"offsets":[0,1],"length":14,"max_n":6},/' |
    rec-json --reverse | classify --model predictor.mp | rec-table --kind prediction truth predicted
