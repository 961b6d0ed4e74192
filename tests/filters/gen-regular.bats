#!/usr/bin/env bats

load ../helper

@test "gen-regular: automata are minimal, connected, balanced, and share is what counting all words gives" {
    gen-regular --count 120 --seed 3 > two.mp
    gen-regular --count 40 --symbols 4 --states 5 --length 12 > four.mp
    [ "$(gen-regular --count 60 --states 4-6 | rec-table --kind task task.states | sort -u | tr '\n' ' ')" = '4 5 6 ' ]
    python - two.mp four.mp << 'PYTHON'
import sys, itertools, msgpack
def accepts(t, word):
    q = 0
    for s in word:
        q = t["transitions"][q][s]
    return t["accepting"][q]
seen = set()
for name in sys.argv[1:]:
    tasks = [r["task"] for r in msgpack.Unpacker(open(name, "rb")) if r["kind"] == "task"]
    for t in tasks:
        n, k = t["states"], t["symbols"]
        assert t["family"] == "regular-language" and len(t["transitions"]) == len(t["accepting"]) == n and t["length"] == (30 if k == 2 else 12)
        order = [0]
        for q in order:
            order += [r for r in dict.fromkeys(t["transitions"][q]) if r not in order]
        assert order == list(range(n)), "numbered breadth first, all reachable"
        words = [w for l in range(n) for w in itertools.product(range(k), repeat=l)] if k == 2 else \
                [w for l in range(5) for w in itertools.product(range(k), repeat=l)]
        rows = set()
        for q in range(n):
            def ends(w, q=q):
                for s in w:
                    q = t["transitions"][q][s]
                return t["accepting"][q]
            rows.add(tuple(ends(w) for w in words))
        assert len(rows) == n, "no two states are alike"
        states = {0: 1.0}
        for _ in range(10):
            after = {}
            for q, p in states.items():
                for r in t["transitions"][q]:
                    after[r] = after.get(r, 0) + p / k
            states = after
        share = sum(p for q, p in states.items() if t["accepting"][q])
        assert abs(share - t["share"]) < 1e-12 and 0.1 <= share <= 0.9
        if k == 2 and n <= 3:
            assert abs(share - sum(accepts(t, w) for w in itertools.product((0, 1), repeat=10)) / 1024) < 1e-12
        seen.add(n)
assert seen == set(range(2, 9)), seen
PYTHON
}

@test "gen-regular: Tomita's grammars are what their definitions say, on all words of up to ten symbols" {
    gen-regular --tomita 1,2,3,4,5,6,7 --count 7 > tomita.mp
    python - tomita.mp << 'PYTHON'
import sys, itertools, re, msgpack
def third(w): # no odd run of 1s right before an odd run of 0s
    runs = [(c, len(list(g))) for c, g in itertools.groupby(w)]
    return not any(a == "1" and m % 2 and n % 2 for (a, m), (b, n) in zip(runs, runs[1:]))
language = {1: lambda w: re.fullmatch("1*", w), 2: lambda w: re.fullmatch("(10)*", w), 3: third, 4: lambda w: "000" not in w,
            5: lambda w: w.count("0") % 2 == 0 == w.count("1") % 2, 6: lambda w: (w.count("0") - w.count("1")) % 3 == 0,
            7: lambda w: re.fullmatch("0*1*0*1*", w)}
tasks = [r["task"] for r in msgpack.Unpacker(open(sys.argv[1], "rb")) if r["kind"] == "task"]
assert [t["tomita"] for t in tasks] == list(range(1, 8))
for t in tasks:
    for word in ("".join(w) for l in range(11) for w in itertools.product("01", repeat=l)):
        q = 0
        for s in word:
            q = t["transitions"][q][int(s)]
        assert t["accepting"][q] == bool(language[t["tomita"]](word)), (t["tomita"], word)
PYTHON
    gen-regular --tomita 6,2 --first-run 1 --count 3 | rec-table --kind task run task.tomita | tr '\t\n' ' ,' > turns
    [ "$(cat turns)" = '1 2,2 6,3 2,' ]
}

# Everything that train-rnn tells of an acceptor follows from the record: words, verdicts, answers. Words of both kinds are equally frequent.
@test "gen-regular: RNNs learn to recognise; their rollouts and cells are NumPy's" {
    gen-regular --tomita 4 > four.mp
    train-rnn --steps 700 --hidden 16 --layers 1 --snapshots 0 --rollouts 200 < four.mp > learnt.mp
    [ "$(rec-table --kind rnn step metrics.accuracy metrics.accuracy_long < learnt.mp | awk '$1 == 700 && $2 > 0.95 && $3 > 0.95' | wc -l)" -eq 1 ]
    train-rnn --steps 200 --hidden 12 --layers 1 --cell gru --snapshots 200 < four.mp > gru.mp
    [ "$(rec-table --kind rnn arch.cell arch.reads < gru.mp | tr '\t' ' ')" = 'gru -' ] || [ "$(rec-table --kind rnn arch.cell < gru.mp)" = gru ]
    python - learnt.mp << 'PYTHON'
import sys, msgpack, msgpack_numpy, numpy as np
r = [r for r in msgpack.Unpacker(open(sys.argv[1], "rb"), object_hook=msgpack_numpy.decode) if r["kind"] == "rnn"][-1]
t, w, x, y = r["task"], r["weights"], r["rollouts"]["inputs"], r["rollouts"]["logits"]
assert x.shape == (200, 30) and x.max() == 1 and y.shape == (200, 30, 2)
sigmoid = lambda a: 1 / (1 + np.exp(-a))
H = r["arch"]["hidden"]
h = c = np.zeros((200, H))
for k in range(30):
    a = np.eye(2)[x[:, k]] @ w["lstm.weight_ih_l0"].T + h @ w["lstm.weight_hh_l0"].T + w["lstm.bias_ih_l0"] + w["lstm.bias_hh_l0"]
    i, f, g, o = (a[:, H * n:H * (n + 1)] for n in range(4))
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    assert np.abs(h @ w["linear.weight"].T + w["linear.bias"] - y[:, k]).max() < 1e-4
q = np.zeros(200, int)
for k in range(30):
    q = np.array(t["transitions"])[q, x[:, k]]
truth = np.array(t["accepting"])[q]
assert ((y[:, -1].argmax(1) == 1) == truth).mean() > 0.95
assert 0.2 < truth.mean() < 0.5, truth.mean() # a uniform word of 30 symbols is accepted by one in seven; half of the others are
PYTHON
}

@test "gen-regular: partition keeps the automata of most states apart, imitation and prediction work" {
    gen-regular --count 400 | partition > tasks.mp
    rec-table --kind task split task.states < tasks.mp > splits
    awk '($1 == "ood") != ($2 == 8)' splits | wc -l | found -x 0
    awk '{ n[$1]++ } END { exit !(n["validation"] > 35 && n["validation"] < 85 && n["train"] > 250) }' splits
    partition --ood 'task.states >= 6' < tasks.mp | rec-table --kind task split task.states | awk '($1 == "ood") != ($2 >= 6) { exit 1 }'
    rec-select --sample 0.06 < tasks.mp | train-rnn --steps 100 --hidden 12 --layers 1 --snapshots 100 --rollouts 20 --samples 100 > zoo.mp
    probe --new --hidden 16 < zoo.mp > fresh.mp
    emulate --fit fresh.mp --steps 30 --hidden 16 < zoo.mp > model.mp
    emulate --model model.mp < zoo.mp > imitated.mp
    [ "$(rec-table --kind emulation clone_accuracy < imitated.mp | awk '$1 >= 0 && $1 <= 1' | wc -l)" -eq "$(rec-table --kind rnn run < zoo.mp | wc -l)" ]
    probe --model model.mp < zoo.mp | classify --fit task.states,task.share --steps 20 > predictors.mp
    [ "$(rec-table --kind predictor target < predictors.mp | tr '\n' ' ')" = 'task.states task.share ' ]
}

@test "gen-regular: shards put together are the whole; misuse exits 64 and writes nothing" {
    gen-regular --count 30 > whole.mp
    { gen-regular --count 10 && gen-regular --first-run 10 --count 20; } > parts.mp
    [ "$(rec-json < parts.mp | grep '"task"')" = "$(rec-json < whole.mp | grep '"task"')" ]
    local misuse
    for misuse in --states=1 --states=9 --states=0 --states=x --states=5-4 --states=2-9 --states=4294967298 --states=2-4294967300 --states=3-4x --states=3- --states= --symbols=1 --symbols=5 --length=0 --length=513 --tomita=0 --tomita=8 --tomita=1,,2 --tomita= '--tomita=1 --symbols=3' operand; do
        run -64 bash -c "gen-regular $misuse 2> message"
        [ -z "$output" ]
        grep -q '^gen-regular: ' message
    done
    run -74 bash -c 'gen-regular --count 10 > /dev/full'
    run -0 gen-regular --version
}

@test "gen-regular: what is no automaton exits 65 and names the key" {
    local change
    gen-regular --tomita 5 | rec-json > five.json
    for change in 's/"transitions":\[\[[0-9]/"transitions":[[9/ transition' 's/"states":4/"states":3/ transitions' 's/"accepting":\[true/"accepting":[1/ accepting' \
        's/"symbols":2/"symbols":7/ symbols' 's/"length":30/"length":0/ length'; do
        sed "${change% *}" five.json | rec-json --reverse > wrong.mp
        run -65 bash -c 'train-rnn --steps 1 < wrong.mp > /dev/null'
        [[ "$output" == *"${change##* }"* ]]
    done
}
