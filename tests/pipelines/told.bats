# pipelines/language/told.mk and told.py, small.

load ../helper

@test "told.py: weights that tell what they are to tell, and nothing else; the rest of the stream as it was" {
    gen-language --count 3 | train-rnn --steps 200 --snapshots 0,100 --rollouts 3 --samples 10 --hidden 4 | partition > zoo.mp
    python "$ROOT/pipelines/language/told.py" step+c < zoo.mp > told.mp
    rec-info < told.mp > whole
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import msgpack, msgpack_numpy, numpy as np, read_stream
zoo, told = read_stream.records("zoo.mp"), read_stream.records("told.mp")
for rnn, copy in zip(zoo, told, strict=True):
    weights, known = copy.pop("weights"), np.zeros(16)
    assert {name: w.shape for name, w in weights.items()} == {name: w.shape for name, w in rnn.pop("weights").items()}
    known[[0, 100, 200].index(rnn["step"])] = known[9 + rnn["task"]["offsets"][2] + 3] = 1
    assert (weights["lstm.bias_ih_l0"] == known).all() and sum(np.abs(w).sum() for w in weights.values()) == 2
    assert msgpack.packb(rnn, default=msgpack_numpy.encode) == msgpack.packb(copy, default=msgpack_numpy.encode)
PYTHON
    run python "$ROOT/pipelines/language/told.py" weights < zoo.mp
    [[ $status == 1 && $output == "usage: told.py "* ]]
}

# Who is told the step and the language imitates better than who is told nothing, even after so few steps of networks so small.
@test "told.mk: a line for each thing that is told; knowing more is worth more; a second call makes nothing" {
    gen-language --distinct --max-n 4 --count 40 | train-rnn --steps 100 --snapshots 0 --rollouts 20 --samples 10 --hidden 16 --threads 2 |
        partition > zoo.mp
    small() {
        make -C "$ROOT/pipelines/language" -f told.mk ZOO="$PWD/zoo.mp" RESULTS="$PWD/r" BIN="$RNNPIPE_BIN" JOBS=2 STEPS=120 \
            SIZES="--hidden 24 --layers 1 --rate 5e-3" TOLD="${1:-nothing step+b+c+d}" PYTHON="$RNNPIPE_PYTHON" "${@:2}"
    }
    python -c ""
    run -0 small
    [[ $(awk '{ print $1 }' r/told.txt | xargs) == "told nothing step+b+c+d" ]]
    awk 'NR > 1 { loss[NR] = $4 } END { exit !(NR == 3 && 0 < loss[3] && loss[3] < 0.9 * loss[2]) }' r/told.txt
    cksum r/*/told-1/model.mp > before
    run -0 small
    [[ $output != *emulate:* ]]
    cksum r/*/told-1/model.mp | cmp before -
    run -0 small nothing # the table follows
    [[ $output != *emulate:* && $(awk '{ print $1 }' r/told.txt | xargs) == "told nothing" ]]
    run -0 small nothing STEPS=40 # and is not of other steps than asked for
    [[ $output == *"emulate:   told nothing"* && $(rec-table --kind log step < r/nothing/told-1/model.mp | sort -n | tail -n 1) == 40 ]]
    cp -p zoo.mp same.mp
    run -0 small nothing STEPS=40 ZOO="$PWD/same.mp" # nor of another zoo, as old as it may be
    [[ $output == *"emulate:   told nothing"* ]]
}

@test "offsets.mk: three numbers for each encoder, on the snapshots that count" {
    gen-language --distinct --max-n 4 --count 16 | train-rnn --steps 20 --snapshots 0 --rollouts 2 --samples 10 --hidden 4 --threads 2 |
        partition > zoo.mp
    small() {
        make -C "$ROOT/pipelines/language" -f offsets.mk ZOO="$PWD/zoo.mp" RESULTS="$PWD/r" BIN="$RNNPIPE_BIN" JOBS=2 STEPS=3 SEEDS=1 SINCE=1 \
            ENCODERS="$1"
    }
    run -0 small "parts flat"
    [[ $(head -n 1 r/offsets.txt) == *task.offsets.1\ R2*task.offsets.2\ R2*task.offsets.3\ R2* ]]
    [[ $(awk '$2 == "validation" { print $1 }' r/offsets.txt | xargs) == "parts flat majority" ]]
    [[ $(rec-table --kind rnn step < r/late.mp | sort -u) == 20 ]]
    rec-json --kind encoder < r/parts/2-1.mp | found '"per_input":true'
    run -0 small flat # the table follows
    [[ $output != *classify:* && $(awk '$2 == "validation" { print $1 }' r/offsets.txt | xargs) == "flat majority" ]]
}

@test "told.mk, offsets.mk, seen.mk: without a zoo they say who makes one" {
    for makefile in told.mk offsets.mk seen.mk; do
        run -2 make -C "$ROOT/pipelines/language" -f $makefile RESULTS="$PWD/r" BIN="$RNNPIPE_BIN" PYTHON=python3
        [[ $output == *"there is no zoo $PWD/headline/zoo.mp: \`make headline\` makes one"* ]]
    done
}
