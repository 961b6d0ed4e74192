#!/usr/bin/env bash
# History in streams of many segments: predicting from embeddings of a zoo of SEGMENTS (1,000) segments, each with a history of its own, by a predictor that was made from
# all of them. Prints the seconds that it takes beyond predicting from the same embeddings in one segment, and the bytes that history takes in the output, a segment: both
# grow with the number of segments, as the predictor's whole history stands in each of them.
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
def pack_str(s): return (bytes([0xa0 | len(s)]) if len(s) < 32 else bytes([0xd9, len(s)])) + s
data = open("one.mp", "rb").read()
at = data.index(b"\xa4kind\xa3rnn") - 1
end = data.rindex(b"\x83\xa4kind\xa3end")
record = data[at:end]
def u32(n): return b"\xce" + n.to_bytes(4, "big")
with open("many.mp", "wb") as many, open("single.mp", "wb") as single:
    def meta(i):
        entry = b"\x83" + pack_str(b"program") + pack_str(b"train-rnn") + pack_str(b"version") + pack_str(b"0") + pack_str(b"argv") + b"\x92" + pack_str(b"train-rnn") + pack_str(b"--first-run %d" % i)
        return b"\x85" + pack_str(b"kind") + pack_str(b"meta") + pack_str(b"format") + b"\x01" + pack_str(b"program") + pack_str(b"train-rnn") + pack_str(b"version") + pack_str(b"0") + pack_str(b"history") + b"\x91" + entry
    def finish(f, body, n): f.write(body + b"\x83" + pack_str(b"kind") + pack_str(b"end") + pack_str(b"records") + u32(n) + pack_str(b"crc32") + u32(zlib.crc32(body)))
    for i in range(int(sys.argv[1])):
        finish(many, meta(i) + record, 2)
    finish(single, meta(0) + record * int(sys.argv[1]), int(sys.argv[1]) + 1)
PYTHON
probe --new --hidden 4 --length 2 --mlp-hidden 4 --z 2 < many.mp > model.mp
TIMEFORMAT=%R
probe --model model.mp < single.mp > one-z.mp
probe --model model.mp < many.mp > z.mp
classify --quiet --fit accuracy --steps 2 --hidden 2 < z.mp > predictor.mp
one=$( { time classify --model predictor.mp < one-z.mp > one-p.mp; } 2>&1)
all=$( { time classify --model predictor.mp < z.mp > p.mp; } 2>&1)
echo "$segments segments: $(awk "BEGIN { print $all - $one }") s more than one ($one s); $((($(stat -c %s p.mp) - $(stat -c %s one-p.mp)) / segments)) bytes a segment; predictor $(stat -c %s predictor.mp) bytes"
