# dws-encode: deep weight space networks; what it shares with the other encoder filters is tested in probe.bats.
load ../helper

setup() {
    gen-language --tokens 2 --count 2 | train-rnn --steps 10 --snapshots 0 --hidden 8 --rollouts 3 --samples 20 > zoo.mp
}

@test "dws-encode: unit vectors, by seed" {
    dws-encode --new --channels 5 --layers 2 --mlp-hidden 7 --z 6 --seed 2 < zoo.mp > encoder.mp
    dws-encode --model encoder.mp < zoo.mp > z.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import numpy as np, read_stream
[encoder], zoo, embeddings = (read_stream.records(f) for f in ("encoder.mp", "zoo.mp", "z.mp"))
assert encoder["type"] == "dws" and len(embeddings) == len(zoo) == 4
assert encoder["config"] == {"z": 6, "channels": 5, "layers": 2, "mlp_hidden": 7, "mlp_layers": 1}
assert encoder["weights"]["np_model.2.h2h_layer_1_rc.weight"].shape == (5, 50)
assert all(abs(np.linalg.norm(e["z"]) - 1) < 1e-6 for e in embeddings)
assert np.abs(embeddings[0]["z"] - embeddings[-1]["z"]).max() > 1e-4
PYTHON
    dws-encode --new --channels 5 --layers 2 --mlp-hidden 7 --z 6 --seed 2 < zoo.mp | cmp - encoder.mp
    dws-encode --new --channels 5 --layers 2 --mlp-hidden 7 --z 6 < zoo.mp > other.mp
    run -1 rec-diff encoder.mp other.mp # without the history, which differs in any case
    dws-encode --model encoder.mp --batch 1 < zoo.mp > one-by-one.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import numpy as np, read_stream
a, b = (read_stream.records(f) for f in ("z.mp", "one-by-one.mp"))
assert all((x["z"] == y["z"]).all() for x, y in zip(a, b))
PYTHON
}

@test "dws-encode: the paper's sizes are the defaults" {
    dws-encode --new < zoo.mp > encoder.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import read_stream
[encoder] = read_stream.records("encoder.mp")
assert encoder["config"] == {"z": 16, "channels": 48, "layers": 4, "mlp_hidden": 128, "mlp_layers": 1}
PYTHON
}

@test "dws-encode: a model through a pipe, trained by emulate" {
    dws-encode --new --channels 4 --layers 2 < zoo.mp | dws-encode --model - --data zoo.mp > z.mp
    python "$ROOT/tests/python/read_stream.py" z.mp > list
    [[ $(grep -c ^embedding list) == 4 ]]
    dws-encode --new --channels 4 --layers 2 < zoo.mp > fresh.mp
    emulate --fit fresh.mp --steps 3 --batch 4 --hidden 8 < zoo.mp > trained.mp
    dws-encode --model trained.mp < zoo.mp > trained-z.mp
    [[ $(rec-table --kind embedding run < z.mp | wc -l) == 4 ]]
    rec-npy --kind embedding z < z.mp > z.npy
    rec-npy --kind embedding z < trained-z.mp > trained-z.npy
    run -1 cmp -s z.npy trained-z.npy
}

@test "dws-encode: another type of encoder and damaged input exit 65, misuse 64" {
    dws-encode --new --channels 4 --layers 1 < zoo.mp > encoder.mp
    constant-encode --new < zoo.mp > constant.mp
    run -65 bash -c 'dws-encode --model constant.mp < zoo.mp > /dev/null'
    [[ $output == "dws-encode: constant.mp: an encoder of type 'constant'"* ]]
    run -65 bash -c 'head -c 5000 zoo.mp | dws-encode --model encoder.mp > /dev/null'
    run -65 bash -c 'dws-encode --new < /dev/null > /dev/null'
    run -64 dws-encode --new --hidden 3 < zoo.mp
    run -64 dws-encode --new --layers 0 < zoo.mp
}

@test "dws-encode: a full disk exits 74, a closed pipe 141" {
    dws-encode --new --channels 4 --layers 1 < zoo.mp > encoder.mp
    run -74 bash -c 'dws-encode --model encoder.mp < zoo.mp > /dev/full'
    repeat 400 zoo.mp > many.mp
    set +o pipefail # that it closes is what is tried
    dws-encode --model encoder.mp < many.mp | head -c 1 > /dev/null
    [[ ${PIPESTATUS[0]} == 141 ]]
}
