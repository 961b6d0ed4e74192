# transformer-encode: the reference, options, training under permutations and dropout; what all encoder filters share is tested in probe.bats.

# shellcheck disable=SC2094 # files are read twice, never written
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    gen-language --tokens 2 --count 3 | train-rnn --steps 20 --snapshots 0 --hidden 8 --rollouts 3 --samples 20 | partition > zoo.mp
    transformer-encode --new --hidden 12 --layers 2 --heads 3 --seed 7 < zoo.mp > fresh.mp
}

setup() {
    ln -s "$BATS_FILE_TMPDIR"/*.mp .
}

data() {
    rec-json --no-meta --arrays whole < "$1"
}

@test "transformer-encode: an encoder written by Python gives the reference embedding" {
    local golden=$ROOT/tests/golden/encoders stream=$ROOT/tests/python/encoder_stream.py
    python "$stream" write "$golden" parameter_transformer encoder.mp rnns.mp
    transformer-encode --model encoder.mp < rnns.mp > z.mp
    python "$stream" check "$golden" parameter_transformer z.mp
}

@test "transformer-encode: sizes from the paper and from options, embeddings of unit norm" {
    transformer-encode --new < zoo.mp > paper.mp
    transformer-encode --model paper.mp < zoo.mp > z.mp
    transformer-encode --new --hidden 12 --layers 2 --heads 3 --no-dropout < zoo.mp > undropped.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import numpy as np, read_stream
[paper], [own], [undropped], zoo, embeddings = (read_stream.records(f) for f in ("paper.mp", "fresh.mp", "undropped.mp", "zoo.mp", "z.mp"))
assert (paper["type"], paper["seed"]) == ("transformer", 1) and paper["config"] == {"z": 16, "hidden": 128, "layers": 6, "heads": 2}
tokens = sum(len(w) for name, w in zoo[0]["weights"].items() if "weight" in name) + 1
assert paper["weights"]["positional_encoding"].shape == (1, tokens, 128)
assert paper["weights"]["transformer.layers.5.linear1.weight"].shape == (512, 128)
assert (own["config"], own["seed"]) == ({"z": 16, "hidden": 12, "layers": 2, "heads": 3}, 7)
assert undropped["config"] == dict(own["config"], dropout=False)
assert own["weights"]["transformer.layers.1.self_attn.in_proj_weight"].shape == (36, 12)
assert len(embeddings) == len(zoo) == 6
for e in embeddings:
    assert e["encoder"] == {"type": "transformer", "seed": 1, "step": 0, "crc32": e["encoder"]["crc32"]} and abs(np.linalg.norm(e["z"]) - 1) < 1e-6
PYTHON
}

@test "transformer-encode: the size of the batch does not matter" {
    local batch
    transformer-encode --model fresh.mp < zoo.mp > whole.mp
    for batch in 1 4; do
        transformer-encode --model fresh.mp --batch "$batch" < zoo.mp > parts.mp
        cmp <(data whole.mp) <(data parts.mp)
    done
}

@test "transformer-encode: training under permutations and dropout is a function of the seed, whatever the threads" {
    local seed threads
    gen-language --tokens 2 --count 40 --first-run 9 | train-rnn --steps 2 --snapshots 0 --hidden 8 --rollouts 3 --samples 20 --quiet |
        partition > many.mp
    for seed in 1 2; do
        for threads in 1 2; do # a batch of two lanes
            emulate --fit fresh.mp --seed "$seed" --threads "$threads" --batch 40 --steps 3 --hidden 8 < many.mp > "$seed-$threads.mp"
        done
        cmp <(data "$seed-1.mp") <(data "$seed-2.mp")
    done
    run -1 cmp -s <(data 1-1.mp) <(data 2-1.mp)
}

@test "transformer-encode: heads that don't divide the width are refused, as options and in a record" {
    run -64 bash -c 'transformer-encode --new --hidden 10 --heads 3 < zoo.mp > /dev/null'
    [[ $output == "transformer-encode: 10 hidden units can't be shared out among 3 heads"* ]]
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import encoder_stream, read_stream
[e] = read_stream.records("fresh.mp")
e["config"]["heads"] = 5
encoder_stream.write("bad.mp", [e])
PYTHON
    run -65 bash -c 'transformer-encode --model bad.mp < zoo.mp > /dev/null'
    [[ $output == *"12 hidden units can't be shared out among 5 heads"* ]]
}

@test "transformer-encode: another type of encoder and damaged input exit 65, misuse 64" {
    constant-encode --new < zoo.mp > constant.mp
    run -65 bash -c 'transformer-encode --model constant.mp < zoo.mp > /dev/null'
    [[ $output == "transformer-encode: constant.mp: an encoder of type 'constant'"* ]]
    run -65 bash -c 'head -c 5000 zoo.mp | transformer-encode --model fresh.mp > /dev/null'
    run -65 bash -c 'transformer-encode --new < /dev/null > /dev/null'
    run -66 bash -c 'transformer-encode --model missing.mp < zoo.mp > /dev/null'
    run -64 transformer-encode --new --layers 0 < zoo.mp
    run -64 transformer-encode --new --mlp-hidden 3 < zoo.mp
    run -64 transformer-encode --traces --model fresh.mp < zoo.mp
}

@test "transformer-encode: a full disk exits 74, a closed pipe 141" {
    run -74 bash -c 'transformer-encode --model fresh.mp < zoo.mp > /dev/full'
    repeat 100 zoo.mp > many.mp
    set +o pipefail # that it closes is what is tried
    transformer-encode --model fresh.mp < many.mp | head -c 1 > /dev/null
    [[ ${PIPESTATUS[0]} == 141 ]]
}
