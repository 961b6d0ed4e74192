# matrix-encode: NumPy's embeddings, options; what all encoder filters share is tested in probe.bats.

# shellcheck disable=SC2094,SC2154 # files are read twice, never written; bats sets stderr
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    gen-language --tokens 2 --count 2 | train-rnn --steps 20 --snapshots 0 --hidden 6 --rollouts 3 --samples 20 > zoo.mp
}

setup() {
    ln -s "$BATS_FILE_TMPDIR"/*.mp .
}

@test "matrix-encode: NumPy finds the same embeddings, of one matrix and of all, with one view and with four" {
    matrix-encode --new --vectors 3 --hidden 5 --z 4 --mlp-layers 1 --mlp-hidden 7 < zoo.mp > all.mp
    matrix-encode --new --vectors 3 --hidden 5 --z 4 --views 1 --matrix 4 < zoo.mp > one.mp
    local name
    for name in all one; do
        matrix-encode --model $name.mp < zoo.mp > $name.z.mp
    done
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import numpy as np, read_stream
zoo = read_stream.records("zoo.mp")
relu = lambda x: np.maximum(x, 0)
for name in ("all", "one"):
    [e] = read_stream.records(name + ".mp")
    w, c = {k: np.asarray(v, float) for k, v in e["weights"].items()}, e["config"]
    z = read_stream.records(name + ".z.mp")
    assert len(z) == len(zoo) == 4 and e["type"] == "matrix" and c["views"] == (4 if name == "all" else 1)
    for rnn, mine in zip(zoo, z):
        told = []
        for i, x in enumerate(rnn["weights"].values()):
            if x.ndim != 2 or f"probes.{i}.0" not in w:
                continue
            x = np.asarray(x, float)
            u = [w[f"probes.{i}.{v}"].T for v in range(c["views"])]
            views = [x @ u[0]] + ([x @ x.T @ u[1], x.T @ u[2], x.T @ x @ u[3]] if c["views"] == 4 else [])
            for v, s in enumerate(views):
                s = (s - s.mean()) / (s.std(ddof=1) + 1e-8) if c["views"] == 4 else s
                told.append(relu(w[f"projection.{i}.{v}"] @ s).T.ravel())
        y = np.concatenate(told)
        assert len(told) == (20 if name == "all" else 1)
        for j in range(c["mlp_layers"] + 1):
            y = w[f"output_transform.{2 * j}.weight"] @ (relu(y) if j else y) + w[f"output_transform.{2 * j}.bias"]
        assert np.abs(mine["z"] - y / np.linalg.norm(y)).max() < 1e-5, name
PYTHON
}

@test "matrix-encode: a matrix that is not there, and other numbers of views, are refused" {
    run -64 --separate-stderr matrix-encode --new --matrix 6 < zoo.mp
    [[ $stderr == *"matrix 6 of an RNN that has 5"* ]]
    run -64 --separate-stderr matrix-encode --new --views 2 < zoo.mp
    [[ $stderr == *"2 views of a matrix"* ]]
}

@test "matrix-encode: more features than can be counted are refused" {
    gen-language --tokens 2 | train-rnn --steps 1 --snapshots '' --layers 16 --hidden 2 --rollouts 1 --samples 1 > deep.mp
    run -64 --separate-stderr matrix-encode --new --vectors 256 --hidden 65536 < deep.mp
    [[ $stderr == *"256 vectors and 65536 hidden units for each of 33 matrices are too many"* ]]
}
