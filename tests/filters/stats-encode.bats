# stats-encode: the reference, options; what all encoder filters share is tested in probe.bats.

# shellcheck disable=SC2094 # files are read twice, never written
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    gen-language --tokens 2 --count 3 | train-rnn --steps 20 --snapshots 0 --hidden 8 --rollouts 3 --samples 20 > zoo.mp
    stats-encode --new --seed 7 < zoo.mp > fresh.mp
}

setup() {
    ln -s "$BATS_FILE_TMPDIR"/*.mp .
}

@test "stats-encode: an encoder written by Python gives the reference embedding" {
    local golden=$ROOT/tests/golden/encoders stream=$ROOT/tests/python/encoder_stream.py
    python "$stream" write "$golden" layerwise_statistics encoder.mp rnns.mp
    stats-encode --model encoder.mp < rnns.mp > z.mp
    python "$stream" check "$golden" layerwise_statistics z.mp
}

@test "stats-encode: sizes from the paper and from options, embeddings of unit norm" {
    stats-encode --new --mlp-hidden 6 --mlp-layers 2 --z 5 < zoo.mp > own.mp
    stats-encode --new < zoo.mp | stats-encode --model - --data zoo.mp > z.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import numpy as np, read_stream
[paper], [own], zoo, embeddings = (read_stream.records(f) for f in ("fresh.mp", "own.mp", "zoo.mp", "z.mp"))
assert (paper["type"], paper["seed"]) == ("stats", 7) and paper["config"] == {"z": 16, "mlp_hidden": 128, "mlp_layers": 1}
assert {name: w.shape for name, w in paper["weights"].items()} == {
    "mlp_model.0.weight": (128, 70), "mlp_model.0.bias": (128,), "mlp_model.2.weight": (16, 128), "mlp_model.2.bias": (16,)}
assert own["config"] == {"z": 5, "mlp_hidden": 6, "mlp_layers": 2} and own["weights"]["mlp_model.4.weight"].shape == (5, 6)
assert len(embeddings) == len(zoo) == 6
for e in embeddings:
    assert e["encoder"] == {"type": "stats", "seed": 1, "step": 0, "crc32": e["encoder"]["crc32"]} and abs(np.linalg.norm(e["z"]) - 1) < 1e-6
assert np.abs(embeddings[0]["z"] - embeddings[3]["z"]).max() > 1e-4
PYTHON
}

@test "stats-encode: --per-gate and --per-input take statistics of parts, which emulate trains on and records keep" {
    stats-encode --new --per-gate --per-input --standardise < zoo.mp > parts.mp
    emulate --fit parts.mp --steps 2 --hidden 8 --layers 1 < zoo.mp > trained.mp
    stats-encode --model trained.mp < zoo.mp > z.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import read_stream
[fresh], trained = read_stream.records("parts.mp"), read_stream.records("trained.mp")[0]
# weight_ih_l0: 4 gates x 4 inputs; 7 more parameters of layers: 4 gates; the read-out: 4 outputs each
for e in fresh, trained:
    assert e["weights"]["mlp_model.0.weight"].shape == (128, 7 * (16 + 7 * 4 + 4 + 4)) and e["weights"]["standard.shift"].shape == (364,)
    assert e["config"] == {"z": 16, "mlp_hidden": 128, "mlp_layers": 1, "standardised": True, "per_gate": True, "per_input": True}
assert len(read_stream.records("z.mp")) == 6
PYTHON
}

@test "stats-encode: the order of hidden units makes no difference" {
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import numpy as np, encoder_stream, read_stream
zoo = read_stream.records("zoo.mp")
order = np.array([3, 1, 7, 0, 6, 5, 2, 4])
rows = np.concatenate([8 * gate + order for gate in range(4)])
for r in zoo:
    w = r["weights"]
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        w[f"lstm.{name}_l1"] = w[f"lstm.{name}_l1"][rows].copy()
    w["lstm.weight_hh_l1"] = w["lstm.weight_hh_l1"][:, order].copy()
    w["linear.weight"] = w["linear.weight"][:, order].copy()
encoder_stream.write("permuted.mp", zoo)
PYTHON
    stats-encode --model fresh.mp < zoo.mp > z.mp
    stats-encode --model fresh.mp < permuted.mp > same.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import numpy as np, read_stream
pairs = list(zip(read_stream.records("z.mp"), read_stream.records("same.mp"), strict=True))
assert len(pairs) == 6 and all(np.abs(a["z"] - b["z"]).max() <= 1e-5 for a, b in pairs)
PYTHON
}

@test "stats-encode: another type of encoder and damaged input exit 65, misuse 64" {
    flat-encode --new --hidden 4 < zoo.mp > flat.mp
    run -65 bash -c 'stats-encode --model flat.mp < zoo.mp > /dev/null'
    [[ $output == "stats-encode: flat.mp: an encoder of type 'flat'"* ]]
    run -65 bash -c 'head -c 5000 zoo.mp | stats-encode --model fresh.mp > /dev/null'
    run -65 bash -c 'stats-encode --new < /dev/null > /dev/null'
    run -66 bash -c 'stats-encode --model missing.mp < zoo.mp > /dev/null'
    run -64 stats-encode --new --hidden 3 < zoo.mp
    run -64 stats-encode --traces --model fresh.mp < zoo.mp
}

@test "stats-encode: a full disk exits 74, a closed pipe 141" {
    run -74 bash -c 'stats-encode --model fresh.mp < zoo.mp > /dev/full'
    repeat 400 zoo.mp > many.mp
    set +o pipefail # that it closes is what is tried
    stats-encode --model fresh.mp < many.mp | head -c 1 > /dev/null
    [[ ${PIPESTATUS[0]} == 141 ]]
}
