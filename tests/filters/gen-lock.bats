#!/usr/bin/env bats

load ../helper

# The lock by its definition against its network in NumPy: every key, every word.
@test "gen-lock: networks answer as locks do, whatever they are asked" {
    gen-lock --bits 5 --rollouts 40 > locks.mp
    gen-lock --bits 1 > one.mp
    python - locks.mp one.mp << 'PYTHON'
import sys, itertools, msgpack, msgpack_numpy, numpy as np
sigmoid = lambda a: 1 / (1 + np.exp(-a))
def answers(w, x):
    h = c = np.zeros((len(x), len(w["lstm.bias_ih_l0"]) // 4))
    y = []
    for k in range(x.shape[1]):
        a = np.eye(2)[x[:, k]] @ w["lstm.weight_ih_l0"].T + h @ w["lstm.weight_hh_l0"].T + w["lstm.bias_ih_l0"] + w["lstm.bias_hh_l0"]
        i, f, g, o = np.split(a, 4, 1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        y.append(h @ w["linear.weight"].T + w["linear.bias"])
    return np.stack(y, 1)
def lock(key, word):
    return [key[t] if t < len(key) and list(word[1:t + 1]) == list(key[:t]) else 2 for t in range(len(word))]
for name, n in zip(sys.argv[1:], (5, 1)):
    records = [r for r in msgpack.Unpacker(open(name, "rb"), object_hook=msgpack_numpy.decode) if r["kind"] == "rnn"]
    assert [r["task"]["key"] for r in records] == [list(k) for k in itertools.product((0, 1), repeat=n)]
    words = np.array(list(itertools.product((0, 1), repeat=n + 2)))
    for r in records:
        assert "recipe" not in r and r["metrics"] == {"accuracy": 1.0} and r["arch"] == {"cell": "lstm", "input": 2, "hidden": n + 1, "layers": 1, "output": 3, **{k: v for k, v in r["arch"].items() if k in ("reads", "answers")}}
        y = answers(r["weights"], words)
        truth = np.array([lock(r["task"]["key"], w) for w in words])
        p = np.exp(y - y.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        assert np.take_along_axis(p, truth[..., None], -1).min() > 0.98
        x = r["rollouts"]["inputs"]
        assert x.shape[1] == n and np.abs(answers(r["weights"], x) - r["rollouts"]["logits"]).max() < 1e-4
    if n == 5: # half of the words follow the key, but perhaps for a bit
        deep = np.mean([[lock(r["task"]["key"], w)[-1] != 2 for w in r["rollouts"]["inputs"]] for r in records])
        assert 0.05 < deep < 0.3, deep
PYTHON
}

@test "gen-lock: drawn keys, some runs, the same bytes again, misuse" {
    gen-lock --bits 3 > all.mp
    { gen-lock --bits 3 --count 3 && gen-lock --bits 3 --first-run 3; } > parts.mp
    [ "$(rec-json < parts.mp | grep '"rnn"')" = "$(rec-json < all.mp | grep '"rnn"')" ]
    gen-lock --bits 12 --drawn --count 40 > drawn.mp
    cmp drawn.mp <(gen-lock --bits 12 --drawn --count 40)
    [ "$(rec-table --kind rnn task.key < drawn.mp | sort -u | wc -l)" -gt 35 ]
    local misuse
    for misuse in --bits=0 --bits=17 '--bits=3 --count=9' '--bits=3 --first-run=8' --gain=1 --gain=nan --rollouts=0 operand; do
        run -64 bash -c "gen-lock $misuse 2> message"
        [ -z "$output" ]
        grep -q '^gen-lock: ' message
    done
    run -74 bash -c 'gen-lock > /dev/full'
    run -0 gen-lock --version
}

@test "gen-lock: locks can be partitioned, imitated, told apart, and trained, too" {
    gen-lock --bits 4 --rollouts 20 | partition > locks.mp
    [ "$(rec-table --kind rnn split < locks.mp | sort -u | head -n 1)" != - ]
    probe --new --hidden 16 --length 4 < locks.mp > fresh.mp
    emulate --fit fresh.mp --steps 20 --hidden 16 < locks.mp > model.mp
    emulate --model model.mp < locks.mp | rec-table --kind emulation clone_accuracy | awk '!($1 >= 0 && $1 <= 1) { exit 1 }'
    classify --fit task.key --as classes --encoder fresh.mp --steps 5 < locks.mp > keys.mp
    classify --model keys.mp < locks.mp | rec-table --kind prediction truth predicted > table
    [ "$(wc -l < table)" -eq 16 ]
    make_stream task.mp <<< '[{"kind": "task", "run": 0, "seed": 1, "task": {"family": "key-lock", "bits": 3, "key": [0, 1, 1]}}]'
    train-rnn --cell gru --hidden 12 --layers 1 --steps 400 --snapshots 400 < task.mp | rec-table --kind rnn arch.cell metrics.accuracy > trained
    awk '$1 == "gru" && $2 > 0.95 { good = 1 } END { exit !good }' trained
    make_stream task.mp <<< '[{"kind": "task", "run": 0, "seed": 1, "task": {"family": "key-lock", "bits": 3, "key": [0, 1]}}]'
    run -65 bash -c 'train-rnn --steps 1 < task.mp > /dev/null'
    [[ "$output" == *"'key'"* ]]
}
