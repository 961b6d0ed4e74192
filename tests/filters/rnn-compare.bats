# rnn-compare: what NumPy computes; pairs; equality by test and by answers; other cells and widths.

# shellcheck disable=SC2154 # bats sets stderr
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    gen-language --tokens 2 --max-n 4 --count 3 | train-rnn --steps 200 --snapshots 0,100,200 --hidden 8 --rollouts 6 --samples 10 > zoo.mp
    gen-language --tokens 2 --max-n 4 --count 3 | train-rnn --steps 200 --snapshots 0,100,200 --hidden 11 --layers 1 --cell gru --rollouts 6 --samples 10 > other.mp
}

setup() {
    ln -s "$BATS_FILE_TMPDIR"/*.mp .
}

check() { # < a program
    PYTHONPATH=$ROOT/tests/python python -c 'import sys, numpy as np
from read_stream import records
from rnn_numpy import Reader, log_softmax
def cka(x, y, debias):
    n = len(x)
    x, y = x - x.mean(0), y - y.mean(0)
    def square(a, b):
        s = ((a.T @ b) ** 2).sum()
        if debias:
            p, q = (a ** 2).sum(1), (b ** 2).sum(1)
            s += -n / (n - 2) * (p * q).sum() + p.sum() * q.sum() / ((n - 1) * (n - 2))
        return s
    return square(x, y) / np.sqrt(square(x, x) * square(y, y))
exec(sys.stdin.read())'
}

@test "rnn-compare: answers, states and weights, also of other cells and widths" {
    rnn-compare --with zoo.mp --sequences 3 --by-position < other.mp > cross.mp
    rnn-compare --chain --sequences 6 < zoo.mp > chain.mp
    check << 'PYTHON'
by = lambda file: {(r["run"], r["step"]): r for r in records(file, "rnn")}
zoo, other = by("zoo.mp"), by("other.mp")

def verify(pair, a, b, count):
    tokens = np.concatenate([r["rollouts"]["inputs"][:count, :-1] for r in (a, b)])
    runs = [[Reader(r).run(row) for row in tokens] for r in (a, b)]
    p, q = (log_softmax([y for y, _ in run]).reshape(-1, 4) for run in runs)
    h = [np.array([s[-1]["h"] for _, states in run for s in states]) for run in runs]
    tv, m = abs(np.exp(p) - np.exp(q)).sum(1) / 2, pair["metrics"]
    kl = (np.exp(p) * (p - q)).sum(1)
    assert pair["positions"] == len(p) == tokens.size
    expected = {"total_variation": tv.mean(), "total_variation_max": tv.max(), "kl": kl.mean(), "kl_max": kl.max(),
                "kl_reverse": (np.exp(q) * (q - p)).sum(1).mean(), "agreement": (p.argmax(1) == q.argmax(1)).mean(),
                "cka": cka(*h, False), "cka_debiased": cka(*h, True)}
    if a["arch"] == b["arch"]:
        u, v = (np.concatenate([w.ravel() for w in r["weights"].values()]).astype(float) for r in (a, b))
        expected["cosine"] = u @ v / np.linalg.norm(u) / np.linalg.norm(v)
    assert m.keys() == expected.keys(), (pair, expected)
    for key, value in expected.items():
        assert abs(m[key] - value) < 2e-4 * max(1, value), (key, m[key], value)
    if "by_position" in pair:
        assert abs(pair["by_position"] - tv.reshape(len(tokens), -1).mean(0)).max() < 1e-4

cross, chain = records("cross.mp", "pair"), records("chain.mp", "pair")
assert len(cross) == len(other) == 9 and len(chain) == 6
for pair in cross:
    key = pair["run"], pair["step"]
    assert pair["a"] == pair["b"] == {"run": key[0], "step": key[1]}
    verify(pair, zoo[key], other[key], 3)
for pair in chain:
    assert pair["a"]["run"] == pair["b"]["run"] == pair["run"] and pair["b"]["step"] == pair["step"]
    verify(pair, zoo[pair["run"], pair["a"]["step"]], zoo[pair["run"], pair["step"]], 6)
assert sorted({(p["a"]["step"], p["step"]) for p in chain}) == sorted({(s, t) for s, t in zip(*[sorted({k[1] for k in zoo})[i:] for i in (0, 1)])})
PYTHON
}

@test "rnn-compare --dynamics: linear systems and angles as NumPy's, none between an RNN and itself with other units, nothing unless asked" {
    rnn-compare --with zoo.mp --sequences 4 --dynamics 6 < other.mp > cross.mp
    rec-select --run 1 --step 200 < zoo.mp > one.mp
    rnn-perturb --permute --rescale --copies 3 < one.mp | rnn-compare --with one.mp --dynamics 8 > self.mp
    check << 'PYTHON'
by = lambda file: {(r["run"], r["step"]): r for r in records(file, "rnn")}
zoo, other = by("zoo.mp"), by("other.mp")
scaled = lambda x, rank: (lambda u, s: u[:, :min(rank, (s ** 2 > 1e-9 * (s ** 2).sum()).sum())] * np.sqrt(len(x)))(*np.linalg.svd(x - x.mean(0), full_matrices=False)[:2])
cosine = lambda x, y: np.arccos(np.clip((x * y).sum() / np.linalg.norm(x) / np.linalg.norm(y), -1, 1))

def system(record, tokens, u, rank):
    states, first = [], []
    for row in tokens:
        run = [np.concatenate([v for layer in s for k, v in layer.items() if k in "hc"]) for s in Reader(record).run(row)[1]]
        first += [len(states) + i for i in range(len(run))]
        states += [np.zeros_like(run[0])] + run
    x, first = scaled(np.array(states), rank), np.array(first)
    z = np.hstack([x[first], u])
    z, y = z - z.mean(0), x[first + 1] - x[first + 1].mean(0)
    ab = np.linalg.lstsq(z, y, rcond=None)[0].T
    return ab[:, :x.shape[1]], ab[:, x.shape[1]:], 1 - ((y - z @ ab.T) ** 2).sum() / (y ** 2).sum()

def reach(a, b):
    blocks, left, right = [b], b, b
    for _ in range(1, len(a)):
        left, right = a @ left, a.T @ right
        blocks += [left, right]
    return np.hstack(blocks)

for pair in records("cross.mp", "pair"):
    a, b = (z[pair["run"], pair["step"]] for z in (zoo, other))
    tokens = np.concatenate([r["rollouts"]["inputs"][:4, :-1] for r in (a, b)])
    u = scaled(np.eye(4)[tokens.ravel()], 4)
    (a1, b1, r1), (a2, b2, r2) = (system(r, tokens, u, 6) for r in (a, b))
    k1, k2, m = reach(a1, b1), reach(a2, b2), pair["metrics"]
    left, _, right = np.linalg.svd(k1 @ k2.T)
    c = left @ right
    assert m["dynamics_rank"] == len(a1) == len(a2) == 6
    for key, value in {"dynamics": cosine(k1, c @ k2), "dynamics_state": cosine(a1, c @ a2 @ c.T), "dynamics_input": cosine(b1, c @ b2),
                       "dynamics_r2": min(r1, r2)}.items():
        assert abs(m[key] - value) < 1e-4, (pair["run"], pair["step"], key, m[key], value)

assert len(records("self.mp", "pair")) == 3
for pair in records("self.mp", "pair"):
    m = pair["metrics"]
    assert m["dynamics_rank"] == 8 and max(m["dynamics"], m["dynamics_state"], m["dynamics_input"]) < 1e-4, m
PYTHON
    rnn-compare --with one.mp --dynamics 200 < one.mp | rec-table --kind pair metrics.dynamics_rank | awk '!($1 > 8 && $1 <= 32) { exit 1 }'
    rnn-compare --chain < zoo.mp > chain.mp
    run -0 rec-json < chain.mp
    [[ $output != *dynamics* ]]
}

# Units at 1 or -1 whatever is read: there is nothing to be alike. And nothing moves any more after the first step.
@test "rnn-compare: of states that do not move there is no CKA, and no dynamics" {
    rec-select --run 1 --step 200 < zoo.mp > one.mp
    rec-select --run 1 --step 200 < other.mp > another.mp
    printf '%s\n' '0 1 2 3 1 0 2' '3 3 1 0 0 2 1 1 2 0' > in.txt
    for file in one another; do
        python - $file.mp > still-$file.mp << 'PYTHON'
import sys, zlib, msgpack, msgpack_numpy, numpy as np
meta, r = [r for r in msgpack.Unpacker(open(sys.argv[1], "rb"), object_hook=msgpack_numpy.decode) if r["kind"] in ("meta", "rnn")]
N = {"one.mp": 5, "another.mp": 3}[sys.argv[1]]
w = {"rnn.weight_ih_l0": (N, 4), "rnn.weight_hh_l0": (N, N), "rnn.bias_ih_l0": (N,), "rnn.bias_hh_l0": (N,), "linear.weight": (4, N), "linear.bias": (4,)}
r["weights"] = {k: np.zeros(v, "<f4") for k, v in w.items()}
r["weights"]["rnn.bias_ih_l0"][:] = np.linspace(-0.7, 0.4, N)
r["arch"] = {"cell": "rnn_tanh", "input": 4, "hidden": N, "layers": 1, "output": 4}
data = b"".join(msgpack.packb(x, default=msgpack_numpy.encode) for x in (meta, r))
sys.stdout.buffer.write(data + msgpack.packb({"kind": "end", "records": 2, "crc32": zlib.crc32(data)}))
PYTHON
    done
    for pair in 'still-one still-another' 'still-one another' 'one still-another'; do
        rnn-compare --with "${pair#* }.mp" --inputs in.txt --dynamics 3 < "${pair% *}.mp" > still.mp
        check <<< 'm, = (r["metrics"] for r in records("still.mp", "pair"))
assert "agreement" in m and m["dynamics_rank"] == 1 and not any(k.startswith(("cka", "dynamics")) for k in m.keys() - {"dynamics_rank"}), m'
    done
    rnn-compare --with another.mp --inputs in.txt --dynamics 3 < one.mp > moving.mp
    run -0 rec-json < moving.mp
    [[ $output == *'"cka"'*'"cka_debiased"'*'"dynamics"'*'"dynamics_r2"'* ]]
}

@test "rnn-compare: --by pairs RNNs of other runs that agree in a field" {
    cat zoo.mp other.mp | rec-json --arrays whole | python -c '
import sys, json
n = 0
for line in sys.stdin:
    r = json.loads(line)
    if r["kind"] == "rnn":
        r["run"], n = n, n + 1
    print(json.dumps(r))' | rec-json --reverse > renamed.mp
    rnn-compare --by task.offsets < <(rec-select --where 'step = 200' < renamed.mp) > pairs.mp
    check << 'PYTHON'
rnns = {r["run"]: r for r in records("renamed.mp", "rnn") if r["step"] == 200}
expected = {(a, b) for a in rnns for b in rnns if a < b and rnns[a]["task"]["offsets"] == rnns[b]["task"]["offsets"]}
assert {(p["a"]["run"], p["b"]["run"]) for p in records("pairs.mp", "pair")} == expected and len(expected) >= 3
PYTHON
    run -65 rnn-compare --by task.offsets --limit 2 < <(rec-select --where 'step = 200' < renamed.mp)
    [[ $output == *"more than 2 pairs (--limit)" ]]
    run -65 rnn-compare --by no.field < zoo.mp
}

@test "rnn-compare: the same answers after float16, not after training on; 0 and 1 as exit status" {
    python << 'PYTHON'
import sys, os
sys.path.insert(0, os.environ["ROOT"] + "/tests/python")
import numpy as np, encoder_stream
from read_stream import records
rnns = [r for r in records("zoo.mp", "rnn") if r["step"] == 200]
encoder_stream.write("half.mp", [{**r, "weights": {k: w.astype("f2").astype("f4") for k, w in r["weights"].items()}} for r in rnns])
encoder_stream.write("before.mp", [{**r, "step": 200} for r in records("zoo.mp", "rnn") if r["step"] == 0])
PYTHON
    rec-select --step 200 < zoo.mp > last.mp
    rnn-compare --with last.mp --within 0.01 --same < half.mp > same.mp
    [[ $(rec-table --kind pair same < same.mp | sort -u) == 1 ]]
    run -1 --separate-stderr rnn-compare --with last.mp --within 1e-9 < half.mp
    run -1 --separate-stderr rnn-compare --with last.mp --same < before.mp
    rnn-compare --with last.mp < half.mp > plain.mp
    run -65 rnn-compare --with last.mp < <(rec-select --first 1 < zoo.mp)
    [[ $output == *"no RNN of run 0 and step 0 in last.mp" ]]
    rec-select --first 1 < zoo.mp > one.mp
    [[ $(rnn-compare --with one.mp < last.mp | rec-table --kind pair a.run a.step | sort -u) == $'0\t0' ]] # one reference is everybody's
}

# Losses of the ends are those of rnn-landscape, whose evaluation set is the same.
@test "rnn-compare --path: flat from an RNN to itself; a permuted copy is joined once aligned; a trained bend avoids what is in a line's way" {
    gen-language --tokens 2 --max-n 4 | rec-json > task.json
    for run in 0 1; do sed "s/\"run\":0/\"run\":$run/" task.json | rec-json --reverse | train-rnn --steps 300 --snapshots 100 --hidden 8 --rollouts 4 --samples 10; done > runs.mp
    rec-select --step 300 < runs.mp > last.mp
    rec-select --run 0 < last.mp > one.mp
    rnn-perturb --permute --rescale --shift-bias 0.3 < one.mp > hidden.mp
    rnn-compare --with one.mp --path linear --points 5 < one.mp > self.mp
    rnn-compare --with one.mp --path bezier --bend-steps 0 --points 3 < one.mp > unbent.mp
    rnn-compare --with one.mp --path linear --points 5 < hidden.mp > copy.mp
    rnn-compare --by task.offsets --path linear --points 9 < last.mp > line.mp
    rnn-compare --by task.offsets --path bezier --points 9 --bend-steps 400 < last.mp > curve.mp
    rnn-compare --by task.offsets --path bezier --points 9 --bend-steps 400 < last.mp | cmp - curve.mp
    rnn-landscape --batch 128 --batches 4 --draws 10 < last.mp > landscape.mp
    rec-select --run 1 < last.mp | rnn-align --to one.mp > line_aligned.mp
    python << 'PYTHON'
import os, sys
sys.path.insert(0, os.environ["ROOT"] + "/tests/python")
import numpy as np
from read_stream import records
own, unbent, copy, line, curve = (records(f + ".mp", "pair")[0] for f in ("self", "unbent", "copy", "line", "curve"))
fixed = [r["metrics"]["loss_fixed"] for r in records("landscape.mp", "rnn")]
a, b = (np.concatenate([w.ravel() for w in r["weights"].values()]).astype(float) for r in records("last.mp", "rnn"))
for pair in (own, unbent, copy, line, curve):
    m = pair["metrics"]
    for suffix in ("", "_aligned"):
        t, loss, error = (np.array(pair["path" + suffix][k]) for k in ("t", "loss", "error"))
        assert (t == np.linspace(0, 1, len(t))).all() and abs(loss[0] - fixed[0]) < 1e-5
        assert abs(m["barrier" + suffix] - (loss - (1 - t) * loss[0] - t * loss[-1]).max()) < 1e-12
        mean = (error[0] + error[-1]) / 2
        assert abs(m["connectivity" + suffix] - (mean - error[abs(error - mean).argmax()])) < 1e-9
    assert m["length_aligned"] < m["length"] + 1e-5
# aligned with itself an RNN stays as it is, and so does its cosine; the vector is that of the length: all weights, biases apart
assert abs(own["metrics"]["cosine_aligned"] - own["metrics"]["cosine"]) < 1e-6
aligned, = records("line_aligned.mp", "rnn")
b_aligned = np.concatenate([w.ravel() for w in aligned["weights"].values()]).astype(float)
m = line["metrics"]
assert abs(m["cosine"] - a @ b / np.linalg.norm(a) / np.linalg.norm(b)) < 1e-6
assert abs(m["cosine_aligned"] - a @ b_aligned / np.linalg.norm(a) / np.linalg.norm(b_aligned)) < 1e-6
assert abs(m["length_aligned"] - np.linalg.norm(a - b_aligned)) < 1e-4
assert abs(m["cosine_aligned"] - aligned["alignment"]["cosine_after"]) > 1e-4
for pair in (own, unbent):
    assert pair["metrics"]["barrier"] < 1e-6 and pair["metrics"]["length"] == 0 and pair["metrics"]["connectivity"] == 0
m = copy["metrics"]
assert m["barrier"] > 0.2 and m["barrier_aligned"] < 1e-4 and m["length_aligned"] < 1e-4 and m["connectivity_aligned"] == 0 and m["cosine_aligned"] > 0.9999, m
assert abs(line["metrics"]["length"] - np.linalg.norm(a - b)) < 1e-3
assert abs(line["path"]["loss"][-1] - fixed[1]) < 1e-5 and curve["path"]["loss"][-1] == line["path"]["loss"][-1]
assert line["metrics"]["barrier"] > 0.1 and curve["metrics"]["barrier"] < 0.5 * line["metrics"]["barrier"], (line["metrics"], curve["metrics"])
PYTHON
    gen-language --tokens 2 --max-n 4 --seed 9 | train-rnn --steps 5 --snapshots '' --hidden 8 --rollouts 2 --samples 4 > elsewhere.mp
    run -65 rnn-compare --with elsewhere.mp --path linear < one.mp
    [[ $output == *"RNNs of two tasks"* ]]
    run -65 rnn-compare --with other.mp --path linear < zoo.mp
    [[ $output == *"no path leads"* ]]
    run -65 rnn-compare --by task.offsets --path bezier --bend-rate 1e30 < last.mp
    [[ $output == *"diverges"* ]]
    run -64 rnn-compare --chain --path round < zoo.mp
}

@test "rnn-compare --same: words of both are cut at one length; both have to say words" {
    PYTHONPATH=$ROOT/tests/python python -c 'from make_rnns import write
from read_stream import records
r = [r for r in records("zoo.mp") if r["kind"] == "rnn"][2]
del r["rollouts"]
write("known.mp", [r])
del r["task"]
write("free.mp", [r])'
    # Without EOS no word ends: one task says where rows do, the other RNN has none.
    run -0 rnn-compare --same --bos 2 --eos -1 --with known.mp < free.mp
    run -0 rnn-compare --same --bos 2 --eos -1 --with free.mp < known.mp
    gen-regular --symbols 2 | train-rnn --steps 4 --snapshots '' --hidden 4 --rollouts 2 --samples 4 > regular.mp
    PYTHONPATH=$ROOT/tests/python python -c 'from make_rnns import write
from read_stream import records
r = [r for r in records("regular.mp") if r["kind"] == "rnn"][0]
del r["rollouts"]
write("judges.mp", [r])
del r["task"]
write("writes.mp", [r])' # two symbols and two verdicts: without the task it looks like a generator
    printf '0 1 0\n' > inputs
    for with in judges writes; do
        run -65 rnn-compare --same --inputs inputs --bos -1 --eos -1 --with $with.mp < "$([[ $with == judges ]] && echo writes || echo judges).mp"
        [[ $output == *"says no words"* ]]
    done
}

@test "rnn-compare: unlike RNNs, damage, misuse" {
    gen-language --tokens 3 --max-n 4 | train-rnn --steps 2 --snapshots '' --hidden 4 --rollouts 2 --samples 4 > three.mp
    run -65 rnn-compare --with three.mp < zoo.mp
    [[ $output == *"can't be compared: "*"inputs"* ]]
    run -65 rnn-compare --chain < <(head -c -1 zoo.mp)
    run -66 rnn-compare --with missing.mp < zoo.mp
    run -64 rnn-compare < zoo.mp
    run -64 rnn-compare --chain --by step < zoo.mp
    run -74 bash -c 'rnn-compare --chain < zoo.mp > /dev/full'
}
