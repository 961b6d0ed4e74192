#!/usr/bin/env bash
# What import-rnn takes for FILES (1,000) files of each kind, copies of those in tests/golden/import: one process reads them all; of three
# times the shortest.
set -euo pipefail
export LC_ALL=C
golden=$(cd "$(dirname "$0")/../golden/import" && pwd)
BIN=${BIN:-build/bin}
PATH=$(cd "$BIN" && pwd):$PATH
files=${FILES:-1000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

TIMEFORMAT='%U %S %R'
for file in lstm_linear.pt lstm_linear.safetensors lstm_linear_compressed.npz keras2_model.h5 torch_export.onnx; do
    mkdir copies
    mapfile -t copies < <(seq -f "copies/%g.${file##*.}" "$files")
    tee "${copies[@]}" < "$golden/$file" > /dev/null
    for _ in 1 2 3; do
        { time import-rnn "${copies[@]}" > rnns.mp 2> notes; } 2>> taken
    done
    sort -g -k 3 taken | awk -v name="$file" -v n="$files" -v bytes="$(stat -c %s "$golden/$file")" 'NR == 1 {
        printf "%-28s %7d bytes: %4d files in %5.2f s, %6.3f ms of processor a file\n", name, bytes, n, $3, 1000 * ($1 + $2) / n }'
    rm -rf copies taken
done
