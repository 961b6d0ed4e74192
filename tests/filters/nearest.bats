# nearest: what NumPy finds by sorting; encoders that differ; streams.

# shellcheck disable=SC2154 # bats sets stderr
load ../helper

setup() {
    make_stream z.mp << 'RECORDS'
[{"kind": "embedding", "run": i // 4, "step": i % 4, "note": "kept", "encoder": {"type": "x", "seed": 1, "step": 2}, "z": r.standard_normal(5).astype("<f4")}
 for r in [np.random.default_rng(1)] for i in range(20)] + [{"kind": "log", "step": 1}]
RECORDS
    make_stream zoo.mp << 'RECORDS'
[{"kind": "embedding", "run": i // 4, "step": i % 4, "task": {"family": "f", "n": i}, "arch": {"cell": "gru"}, "split": "train", "weight": 3,
  "encoder": {"type": "x", "seed": 1, "step": 2}, "z": r.standard_normal(5).astype("<f4")} for r in [np.random.default_rng(2)] for i in range(300)]
RECORDS
}

@test "nearest: the relatives are those that NumPy sorts out" {
    nearest --zoo zoo.mp -k 7 < z.mp > near.mp
    nearest --zoo z.mp --count 3 --other-runs < z.mp > others.mp
    nearest --zoo z.mp --count 30 < z.mp > all.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import numpy as np
from read_stream import read
def records(path):
    [segment] = read(path)
    return segment[1:-1]
def check(path, pool, k, allowed):
    found = records(path)
    assert [r["kind"] for r in found] == ["embedding"] * 20 + ["log"]
    for r in found[:20]:
        order = sorted((float(np.linalg.norm(r["z"].astype(float) - q["z"].astype(float))), i) for i, q in enumerate(pool) if allowed(r, q))[:k]
        assert len(r["nearest"]) == len(order) and r["note"] == "kept" and list(r)[-1] == "nearest"
        for n, (distance, i) in zip(r["nearest"], order):
            assert abs(n.pop("distance") - distance) < 1e-6
            assert n == {key: pool[i][key] for key in ("run", "step", "split", "task", "arch") if key in pool[i]}
import read_stream
read_stream.CHECKS.clear()
zoo, z = records("zoo.mp"), records("z.mp")[:20]
check("near.mp", zoo, 7, lambda r, q: True)  # other RNNs, as they have tasks, though runs and steps are the same numbers
check("others.mp", z, 3, lambda r, q: r["run"] != q["run"])
check("all.mp", z, 30, lambda r, q: (r["run"], r["step"]) != (q["run"], q["step"]))
PYTHON
    # Of another seed: another RNN, though run and step are the same numbers; of equally near ones, the first.
    local seed
    for seed in 5 6; do rec-json --arrays whole < z.mp | sed 's/"run":/"seed":5,"name":"of '"$seed"'",&/' | rec-json --reverse; done > seeds.mp
    [[ $(nearest --zoo seeds.mp -k 1 < z.mp | rec-table --kind embedding nearest.0.distance nearest.0.name | sort -u) == $'0.0\tof 5' ]]
    nearest --zoo zoo.mp -k 7 < near.mp | rec-diff near.mp - # relatives that are there are found anew
    cat z.mp z.mp | nearest --zoo <(cat zoo.mp zoo.mp) -k 1 > two.mp
    [[ $(rec-table --kind embedding run < two.mp | wc -l) == 40 && $(rec-json < two.mp | grep -c '"kind":"meta"') == 2 ]]
}

@test "nearest: files of one name that were imported apart are different RNNs, unless they do or weigh the same" {
    for n in 1 2 3; do
        make_stream $n.mp <<< "[{'kind': 'embedding', 'run': 0, 'step': s, 'name': 'model.pt', 'n': $n,
            'z': np.array([1, $((n == 3)) * 1e-6, $((n == 2)) * 0.1 + s], '<f4')} for s in (0, 1)]"
    done
    cat [123].mp > three.mp
    rec-select --where 'n = 1, step = 0' < 1.mp > one.mp
    nearest --zoo three.mp -k 9 < one.mp | rec-table nearest > near
    [[ $(grep -o '"step":[01]' near | paste -sd ,) == '"step":0,"step":1,"step":1,"step":1' ]] # 3's is the same but for rounding
    nearest --zoo three.mp -k 9 --other-runs < one.mp | rec-json | grep -o '"nearest":.*' > near
    [[ $(grep -o '"distance":0.1[0-9]*' near) == '"distance":0.1'* && $(grep -o distance near | wc -l) == 1 ]]
    PYTHONPATH=$ROOT/tests/python python -c '
from make_rnns import rnn, write
a, b = rnn("gru", 0, name="model.pt"), rnn("gru", 0, name="model.pt")
b["weights"]["linear.bias"][0] += 1e-5
write("a.mp", [a]), write("b.mp", [b])'
    cat a.mp b.mp > ab.mp
    [[ $(nearest --weights --zoo ab.mp < a.mp | rec-table --kind rnn nearest.0.run nearest.1.run) == $'0\t?' ]]
}

@test "nearest: embeddings by another encoder, or none, exit 65; misuse 64" {
    local bad
    for bad in '"encoder": {"type": "x", "seed": 2, "step": 2}, "z": np.ones(5, "<f4")' '"z": np.ones(4, "<f4")' '"z": np.array([1, 2, 3, 4, np.nan], "<f4")' '"a": 1'; do
        make_stream bad.mp <<< "[{'kind': 'embedding', 'run': 1, $bad}]"
        run -65 --separate-stderr nearest --zoo bad.mp < z.mp
        [[ -z $output && $stderr == "nearest: bad.mp: record 2 "* ]]
    done
    make_stream none.mp <<< '[{"kind": "log", "step": 1}]'
    run -65 nearest --zoo none.mp < z.mp
    run -66 nearest --zoo missing.mp < z.mp
    run -64 nearest < z.mp
    run -64 nearest --zoo - < z.mp
    run -65 nearest --zoo zoo.mp < <(head -c -1 z.mp)
    run -65 nearest --zoo <(head -c -1 zoo.mp) < z.mp
    run -74 bash -c 'nearest --zoo zoo.mp < z.mp > /dev/full'
}

@test "nearest --weights: RNNs by the distance of their weights, and not those of another architecture" {
    gen-language --tokens 2 --count 5 | train-rnn --steps 20 --snapshots 0,10 --hidden 5 --layers 1 --rollouts 2 --samples 4 > rnns.mp
    rec-select --run 0-1 < rnns.mp > some.mp
    nearest --weights --zoo rnns.mp --count 4 < some.mp > near.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import numpy as np
from read_stream import records
flat = lambda r: np.concatenate([np.asarray(w, float).ravel() for w in r["weights"].values()])
zoo, near = records("rnns.mp", "rnn"), records("near.mp", "rnn")
assert len(near) == 6
for r in near:
    order = sorted((float(np.linalg.norm(flat(r) - flat(q))), q["run"], q["step"]) for q in zoo if (q["run"], q["step"]) != (r["run"], r["step"]))[:4]
    found = [(n["distance"], n["run"], n["step"]) for n in r["nearest"]]
    assert [f[1:] for f in found] == [o[1:] for o in order] and max(abs(f[0] - o[0]) for f, o in zip(found, order)) < 1e-4
PYTHON
    gen-language --tokens 2 | train-rnn --steps 2 --snapshots '' --hidden 6 --layers 1 --rollouts 2 --samples 4 > wide.mp
    run -65 nearest --weights --zoo wide.mp < some.mp
    [[ $output == *"an RNN of another architecture than those on standard input" ]]
    run -65 nearest --weights --zoo z.mp < some.mp
    [[ $output == *"no rnn record in it" ]]
}
