# constant-encode: the baseline; what it shares with the other encoder filters is tested in probe.bats.
load ../helper

setup() {
    gen-language --tokens 2 --count 2 | train-rnn --steps 10 --snapshots 0 --hidden 8 --rollouts 3 --samples 20 > zoo.mp
}

@test "constant-encode: one unit vector for all RNNs, by seed" {
    constant-encode --new --z 5 --seed 2 < zoo.mp > encoder.mp
    constant-encode --model encoder.mp < zoo.mp > z.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import numpy as np, read_stream
[encoder], zoo, embeddings = (read_stream.records(f) for f in ("encoder.mp", "zoo.mp", "z.mp"))
assert encoder["type"] == "constant" and encoder["config"] == {"z": 5} and len(embeddings) == len(zoo) == 4
z = encoder["weights"]["z"]
for e in embeddings:
    assert e["encoder"] == {"type": "constant", "seed": 2, "step": 0, "crc32": e["encoder"]["crc32"]}
    assert np.allclose(e["z"], z / np.linalg.norm(z), atol=1e-6)
PYTHON
    constant-encode --new --z 5 --seed 2 < zoo.mp | cmp - encoder.mp
    constant-encode --new --z 5 < zoo.mp > other.mp
    run -1 rec-diff encoder.mp other.mp # without the history, which differs in any case
}

@test "constant-encode: a model through a pipe" {
    constant-encode --new < zoo.mp | constant-encode --model - --data zoo.mp > z.mp
    python "$ROOT/tests/python/read_stream.py" z.mp > list
    [[ $(grep -c ^embedding list) == 4 ]]
}

@test "constant-encode: another type of encoder and damaged input exit 65, misuse 64" {
    constant-encode --new < zoo.mp > encoder.mp
    probe --new --hidden 4 --mlp-hidden 4 < zoo.mp > probe.mp
    run -65 bash -c 'constant-encode --model probe.mp < zoo.mp > /dev/null'
    [[ $output == "constant-encode: probe.mp: an encoder of type 'interactive'"* ]]
    run -65 bash -c 'head -c 5000 zoo.mp | constant-encode --model encoder.mp > /dev/null'
    run -65 bash -c 'constant-encode --new < /dev/null > /dev/null'
    run -64 constant-encode --new --hidden 3 < zoo.mp
    run -64 constant-encode --traces --model encoder.mp < zoo.mp
}

@test "constant-encode: a full disk exits 74, a closed pipe 141" {
    constant-encode --new < zoo.mp > encoder.mp
    run -74 bash -c 'constant-encode --model encoder.mp < zoo.mp > /dev/full'
    repeat 400 zoo.mp > many.mp
    set +o pipefail # that it closes is what is tried
    constant-encode --model encoder.mp < many.mp | head -c 1 > /dev/null
    [[ ${PIPESTATUS[0]} == 141 ]]
}
