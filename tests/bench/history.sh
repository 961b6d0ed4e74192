#!/usr/bin/env bash
# What history costs in streams of many segments: a zoo of SEGMENTS (1,000) RNNs, each from a job of its own with three programs in its history, beside the same RNNs in
# one segment. For each stage: processor seconds (user and system) on either, and the bytes that its output has more for each further segment. An encoder and a predictor
# made from the many segments are models with a long history of their own, which must not come back in what is made with them.
set -euo pipefail
export LC_ALL=C
BIN=${BIN:-build/bin}
PATH=$(cd "$BIN" && pwd):$PATH
segments=${SEGMENTS:-1000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

gen-language --tokens 2 | train-rnn --steps 1 --snapshots '' --hidden 2 --layers 1 --rollouts 1 --samples 1 > one.mp
python3 - "$segments" << 'PYTHON'
import sys, zlib
def text(s): return (bytes([0xa0 | len(s)]) if len(s) < 32 else bytes([0xd9, len(s)])) + s.encode()
def u32(n): return b"\xce" + n.to_bytes(4, "big")
def entry(program, *argv):
    return b"\x83" + text("program") + text(program) + text("version") + text("0.1.0") + text("argv") + bytes([0x91 + len(argv)]) + b"".join(map(text, [program, *argv]))
def meta(i):
    history = entry("gen-language", "--first-run", str(i), "--count", "1") + entry("train-rnn", "--steps", "300") + entry("partition")
    return (b"\x85" + text("kind") + text("meta") + text("format") + b"\x01" + text("program") + text("partition") + text("version") + text("0.1.0")
            + text("history") + b"\x93" + history)
def finish(f, body, n):
    f.write(body + b"\x83" + text("kind") + text("end") + text("records") + u32(n) + text("crc32") + u32(zlib.crc32(body)))
data = open("one.mp", "rb").read()
record = data[data.index(b"\xa4kind\xa3rnn") - 1:data.rindex(b"\x83\xa4kind\xa3end")]
records = [record.replace(b"\xa3run\x00", b"\xa3run" + u32(i)) for i in range(int(sys.argv[1]))]
with open("many.mp", "wb") as many, open("single.mp", "wb") as single:
    for i, r in enumerate(records): finish(many, meta(i) + r, 2)
    finish(single, meta(0) + b"".join(records), len(records) + 1)
PYTHON
probe --new --hidden 4 --length 2 --mlp-hidden 4 --z 2 < many.mp > fresh.mp

TIMEFORMAT='%U %S'
stage() { # NAME INPUT OUTPUT COMMAND...: INPUT and OUTPUT name files for many segments, with one- before it those for one
    local name=$1 input=$2 output=$3 one many
    shift 3
    one=$({ time "$@" < "one-$input" > "one-$output" 2> /dev/null; } 2>&1)
    many=$({ time "$@" < "$input" > "$output" 2> /dev/null; } 2>&1)
    awk -v name="$name" -v one="$one" -v many="$many" -v n="$segments" -v bytes="$(($(stat -c %s "$output") - $(stat -c %s "one-$output")))" 'BEGIN {
        split(one, a, " "); split(many, b, " ")
        printf "%-34s %6.2f s of one segment, %+6.2f s of %d; %+9d bytes, %5.1f a segment\n", name, a[1] + a[2], b[1] + b[2] - a[1] - a[2], n, bytes, bytes / n }'
}
mv single.mp one-many.mp
stage 'partition' many.mp zoo.mp partition
stage 'emulate --fit' zoo.mp model.mp emulate --quiet --fit fresh.mp --steps 2 --hidden 4
stage 'probe --model' zoo.mp z.mp probe --model model.mp
stage 'emulate --model' zoo.mp e.mp emulate --model model.mp
stage 'classify --fit' z.mp predictor.mp classify --quiet --fit metrics.accuracy --steps 2 --hidden 2
stage 'classify --fit --encoder' zoo.mp both.mp classify --quiet --fit metrics.accuracy --encoder model.mp --steps 2 --hidden 2
stage 'classify --model' z.mp p.mp classify --model predictor.mp
stage 'nearest' z.mp n.mp nearest --zoo z.mp
