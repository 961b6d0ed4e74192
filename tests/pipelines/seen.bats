# pipelines/language/seen.mk, small.

load ../helper

@test "seen.mk: which RNNs it looks at, and their losses; other snapshots are of the same runs; a second call makes nothing" {
    cat > small.yaml << 'YAML'
gen-language:
  tokens: 3
  distinct: true
  max-n: 4
train-rnn:
  steps: 40
  snapshots: [0, 20]
  rollouts: 20
  samples: 10
  hidden: 8
YAML
    gen-language --config small.yaml --count 20 | train-rnn --config small.yaml | partition --config small.yaml > zoo.mp
    flat-encode --new < zoo.mp | emulate --fit - --data zoo.mp --steps 4 --validate-every 2 --hidden 8 --layers 1 > flat.mp
    constant-encode --new < zoo.mp | emulate --fit - --data zoo.mp --steps 4 --validate-every 2 --hidden 8 --layers 1 > constant.mp
    small() {
        make -C "$ROOT/pipelines/language" -f seen.mk ZOO="$PWD/zoo.mp" RESULTS="$PWD/r" BIN="$RNNPIPE_BIN" JOBS=2 CONFIG="$PWD/small.yaml" RUNS=6 NEW=20 \
            SINCE=20 BETWEEN=10,30 MODELS="${1:-flat=$PWD/flat.mp nothing=$PWD/constant.mp}"
    }
    run -0 small
    gen-language --config small.yaml --count 1 | train-rnn --config small.yaml --snapshots 10,30 > other.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import numpy as np
from read_stream import records
zoo = records("zoo.mp", "rnn")
split = {r["run"]: r["split"] for r in zoo}
names = lambda file: [(r["run"], r["step"]) for r in records(f"r/{file}.mp")]
first = [run for run in range(6) if split[run] == "train"]
assert names("known") == [(run, step) for run in first for step in (20, 40)] and 0 < len(first) < 6
assert names("siblings") == [(run, step) for run in first for step in (10, 30)]
assert names("unseen") == [(run, step) for run in split if split[run] == "validation" for step in (20, 40)]
new, seen = records("r/new-runs.mp"), {tuple(r["task"]["offsets"]) for r in zoo if r["split"] == "train"}
assert new and all(20 <= r["run"] < 26 and r["step"] in (20, 40) and r["split"] == "train" for r in new)
# The same runs: what an RNN becomes does not depend on which of its steps are kept.
end, other = ([r for r in records(f, "rnn") if (r["run"], r["step"]) == (0, 40)][0]["weights"] for f in ("zoo.mp", "other.mp"))
assert all((end[k] == other[k]).all() for k in end)
lines = [line.split() for line in open("r/seen.txt")]
assert lines[0] == ["model", "RNNs", "of", "count", "loss"]
assert [line[:2] for line in lines[1:]] == [[m, k] for m in ("flat", "nothing") for k in ("known", "siblings", "new-runs", "unseen")]
for model, kind, count, loss in lines[1:]:
    losses = [r["loss"] for r in records(f"r/{model}/{kind}.mp", "emulation")]
    assert int(count) == len(losses) == len(names(kind)) and abs(float(loss) - np.mean(losses)) < 1e-4, (model, kind)
PYTHON
    run -0 small
    [[ $output != *train-rnn:* ]]
    run -0 small "nothing=$PWD/constant.mp" # the table follows
    [[ $output != *train-rnn:* && $(awk '{ print $1 }' r/seen.txt | xargs) == "model nothing nothing nothing nothing" ]]
}
