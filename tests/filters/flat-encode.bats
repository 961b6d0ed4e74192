# flat-encode: the reference, options, training under permutations; what all encoder filters share is tested in probe.bats.

# shellcheck disable=SC2094 # files are read twice, never written
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    gen-language --tokens 2 --count 3 | train-rnn --steps 20 --snapshots 0 --hidden 8 --rollouts 3 --samples 20 | partition > zoo.mp
    flat-encode --new --seed 7 < zoo.mp > fresh.mp
}

setup() {
    ln -s "$BATS_FILE_TMPDIR"/*.mp .
}

data() {
    rec-json --no-meta --arrays whole < "$1"
}

@test "flat-encode: an encoder written by Python gives the reference embedding" {
    local golden=$ROOT/tests/golden/encoders stream=$ROOT/tests/python/encoder_stream.py
    python "$stream" write "$golden" flat encoder.mp rnns.mp
    flat-encode --model encoder.mp < rnns.mp > z.mp
    python "$stream" check "$golden" flat z.mp
}

@test "flat-encode: sizes from the paper and from options, embeddings of unit norm" {
    flat-encode --new --hidden 6 --layers 2 --z 5 < zoo.mp > own.mp
    flat-encode --new < zoo.mp | flat-encode --model - --data zoo.mp > z.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import numpy as np, read_stream
[paper], [own], zoo, embeddings = (read_stream.records(f) for f in ("fresh.mp", "own.mp", "zoo.mp", "z.mp"))
P = sum(w.size for w in zoo[0]["weights"].values())
assert (paper["type"], paper["seed"]) == ("flat", 7) and paper["config"] == {"z": 16, "hidden": 128, "layers": 3}
assert [w.shape for name, w in paper["weights"].items() if "weight" in name] == [(128, P), (128, 128), (128, 128), (16, 128)]
assert own["config"] == {"z": 5, "hidden": 6, "layers": 2} and own["weights"]["mlp_model.4.weight"].shape == (5, 6)
assert len(embeddings) == len(zoo) == 6
for e in embeddings:
    assert e["encoder"] == {"type": "flat", "seed": 1, "step": 0, "crc32": e["encoder"]["crc32"]} and abs(np.linalg.norm(e["z"]) - 1) < 1e-6
PYTHON
}

@test "flat-encode: training under permutations is a function of the seed, whatever the threads" {
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

@test "flat-encode: another type of encoder and damaged input exit 65, misuse 64" {
    stats-encode --new --mlp-hidden 4 < zoo.mp > stats.mp
    run -65 bash -c 'flat-encode --model stats.mp < zoo.mp > /dev/null'
    [[ $output == "flat-encode: stats.mp: an encoder of type 'stats'"* ]]
    run -65 bash -c 'head -c 5000 zoo.mp | flat-encode --model fresh.mp > /dev/null'
    run -65 bash -c 'flat-encode --new < /dev/null > /dev/null'
    run -66 bash -c 'flat-encode --model missing.mp < zoo.mp > /dev/null'
    run -64 flat-encode --new --layers 0 < zoo.mp
    run -64 flat-encode --new --mlp-hidden 3 < zoo.mp
    run -64 flat-encode --traces --model fresh.mp < zoo.mp
}

@test "flat-encode: a full disk exits 74, a closed pipe 141" {
    run -74 bash -c 'flat-encode --model fresh.mp < zoo.mp > /dev/full'
    repeat 400 zoo.mp > many.mp
    set +o pipefail # that it closes is what is tried
    flat-encode --model fresh.mp < many.mp | head -c 1 > /dev/null
    [[ ${PIPESTATUS[0]} == 141 ]]
}

@test "flat-encode: --standardise takes the training split's mean and deviation, of all of the zoo; --ordered keeps units where they are" {
    gen-language --tokens 2 --count 30 --first-run 9 | train-rnn --steps 2 --snapshots 0 --hidden 4 --rollouts 3 --samples 20 | partition > half.mp
    cat half.mp <(gen-language --tokens 2 --count 9 --first-run 70 | train-rnn --steps 2 --snapshots 0 --hidden 4 --rollouts 3 --samples 20 | partition) > two.mp
    flat-encode --new --standardise --standardise-z --ordered < two.mp > standard.mp
    flat-encode --model standard.mp < two.mp > z.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import numpy as np, read_stream
[e], zoo = read_stream.records("standard.mp"), read_stream.records("two.mp")
assert e["config"]["standardised"] is True and e["config"]["ordered"] is True and e["config"]["standardise_z"] is True
x = np.array([np.concatenate([np.asarray(w, "f8").ravel() for w in r["weights"].values()]) for r in zoo if r["split"] == "train"])
assert len(x) < len(zoo)
assert np.allclose(e["weights"]["standard.shift"], x.mean(0), atol=1e-6) and np.allclose(e["weights"]["standard.scale"] * x.std(0), 1, atol=1e-3)
assert not e["weights"]["z.shift"].any() and (e["weights"]["z.scale"] == 1).all()
PYTHON
    emulate --fit standard.mp --steps 3 --batch 8 --hidden 8 < two.mp > model.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import read_stream
fresh, trained = (read_stream.records(f)[0]["weights"] for f in ("standard.mp", "model.mp"))
assert (fresh["standard.shift"] == trained["standard.shift"]).all() and trained["z.shift"].any() and (trained["z.scale"] != 1).any()
PYTHON
    # Trained further it follows z from where it is.
    emulate --fit model.mp --steps 100 --batch 8 < two.mp > longer.mp
    emulate --fit longer.mp --rate 0 --steps 1 --batch 4 < two.mp > further.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import numpy as np, read_stream
longer, further = (read_stream.records(f)[0]["weights"] for f in ("longer.mp", "further.mp"))
off = np.abs(further["z.scale"] / longer["z.scale"] - 1)
assert 0 < off.max() < 0.05, off
PYTHON
    run -65 bash -c 'rec-select --split validation < half.mp | flat-encode --new --standardise > none.mp'
    [[ $output == *"no record of split 'train' to standardise by"* ]]
    gen-language --tokens 3 | train-rnn --steps 2 --snapshots '' --hidden 4 --rollouts 3 --samples 20 | partition > other.mp
    run -65 bash -c 'cat two.mp other.mp | flat-encode --new --standardise > none.mp'
    [[ $output == *"the RNN does not fit the flat encoder"* ]]
    cat two.mp other.mp | flat-encode --new --standardise --skip-bad 2> said | cmp <(flat-encode --new --standardise < two.mp | rec-json --no-meta --arrays whole) <(rec-json --no-meta --arrays whole)
    grep -q 'is left out: the RNN does not fit the flat encoder' said
}

@test "flat-encode: weights that are so large that z has no norm are told" {
    flat-encode --new --z 4 < zoo.mp > fresh.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import encoder_stream, read_stream
zoo = read_stream.records("zoo.mp")
zoo[1]["weights"] = {name: w * 0 + w.dtype.type(3e38) for name, w in zoo[1]["weights"].items()}
encoder_stream.write("large.mp", zoo)
PYTHON
    run -65 --separate-stderr bash -c 'flat-encode --model fresh.mp < large.mp > z.mp'
    [[ $stderr == *"run $(rec-table --kind rnn run < large.mp | sed -n 2p), step $(rec-table --kind rnn step < large.mp | sed -n 2p): it has no embedding of norm 1 "* ]]
}
