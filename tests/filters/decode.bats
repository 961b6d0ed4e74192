# decode: the weights that NumPy finds, records, embeddings of others.

# shellcheck disable=SC2154 # bats sets output and stderr
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    gen-language --tokens 2 --max-n 4 --count 16 | train-rnn --steps 200 --snapshots 50 --hidden 6 --layers 1 --init-seed 3 --rollouts 3 --samples 10 |
        partition > zoo.mp
    flat-encode --new --ordered --standardise --z 5 --hidden 8 < zoo.mp > fresh.mp
    autoencode --fit fresh.mp --steps 200 --hidden 16 --layers 2 < zoo.mp > model.mp
    flat-encode --model model.mp < zoo.mp > z.mp
}

setup() {
    ln -s "$BATS_FILE_TMPDIR"/*.mp .
}

@test "decode: NumPy makes the same weights; what is told of an RNN, and whose it was" {
    decode --model model.mp < z.mp > again.mp
    decode --model - --data z.mp < model.mp | rec-json --no-meta --arrays whole | cmp - <(rec-json --no-meta --arrays whole < again.mp)
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import numpy as np
from read_stream import records
[d] = records("model.mp", "decoder")
w = {k: np.asarray(v, float) for k, v in d["weights"].items()}
for old, z, new in zip(records("zoo.mp", "rnn"), records("z.mp"), records("again.mp"), strict=True):
    y = np.asarray(z["z"], float)
    for j in range(3):
        y = w[f"mlp.{2 * j}.weight"] @ y + w[f"mlp.{2 * j}.bias"]
        y = np.maximum(y, 0) if j < 2 else y
    at = 0
    assert new["kind"] == "rnn" and list(new["weights"]) == list(old["weights"])
    for k, (name, x) in enumerate(new["weights"].items()):
        assert x.shape == old["weights"][name].shape
        expected = w["mean"][at:at + x.size] + w["deviation"][k] * y[at:at + x.size]
        assert abs(x.ravel() - expected).max() < 1e-5, name
        at += x.size
    for key in ("run", "step", "seed", "split", "task", "arch"):
        assert new[key] == old[key], key
    assert new["parent"] == {"run": old["run"], "step": old["step"]} and new["how"] == "decode"
    assert not {"metrics", "rollouts", "z", "encoder", "recipe"} & set(new)
PYTHON
    # They are RNNs as any others, and like those that they stand for.
    rnn-rollout --count 3 --samples 20 < again.mp | rec-table metrics.accuracy | awk '!($1 >= 0 && $1 <= 1) { exit 1 }'
    rnn-compare --with zoo.mp < again.mp | rec-table --kind pair metrics.agreement > alike
    rnn-compare --with <(rec-select --first 1 < zoo.mp) < again.mp | rec-table --kind pair metrics.agreement > others
    paste alike others | awk '{ a += $1; b += $2 } END { exit !(NR == 32 && a > 1.1 * b) }'
}

@test "decode: embeddings of another encoder, of another size, without z; models without a decoder; damage and misuse" {
    flat-encode --model fresh.mp < zoo.mp > others.mp
    run -65 decode --model model.mp < others.mp
    [[ $output == *"the embedding is by 'flat' of seed 1, step 0,"*"but the decoder decodes those of 'flat' of seed 1, step "* ]]
    make_stream small.mp <<< '[{"kind": "embedding", "run": 1, "z": np.ones(4, "<f4")}, {"kind": "embedding", "run": 2, "z": np.ones(5, "<f4")}]'
    run -65 decode --model model.mp < small.mp
    [[ $output == *"z of 4 numbers, not 5" ]]
    run -0 --separate-stderr bash -c 'decode --model model.mp --skip-bad < small.mp > some.mp'
    [[ $(rec-table --kind rnn run < some.mp) == 2 && $(rec-table --kind skipped run < some.mp) == 1 ]]
    run -65 decode --model fresh.mp < z.mp
    [[ $output == *"no decoder record"* ]]
    run -65 decode --model <(head -c -1 model.mp) < z.mp
    run -65 decode --model model.mp < <(head -c -1 z.mp)
    rec-json --arrays whole < model.mp | sed '/"kind":"decoder"/s/"hidden":16/"hidden":60000/' | rec-json --reverse > larger.mp
    run -65 decode --model larger.mp < z.mp
    run -64 decode < z.mp
    run -64 decode --model - < z.mp
    run -66 decode --model missing.mp < z.mp
    run -74 bash -c 'decode --model model.mp < z.mp > /dev/full'
}
