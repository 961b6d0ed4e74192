#!/usr/bin/env bats

load ../helper

@test "gen-series: periods uniform in the logarithm, dampings uniform; what is fixed is fixed" {
    gen-series --count 600 > tasks.mp
    python - tasks.mp << 'PYTHON'
import sys, msgpack, numpy as np
t = [r["task"] for r in msgpack.Unpacker(open(sys.argv[1], "rb")) if r["kind"] == "task"]
u = np.log(np.array([x["period"] for x in t]) / 4) / np.log(6)
v = (np.array([x["damping"] for x in t]) - 0.8) / 0.19
for a in (u, v): # Kolmogorov-Smirnov at about 1 in 1,000
    assert len(a) == 600 and a.min() >= 0 and a.max() < 1
    assert np.abs(np.sort(a) - np.arange(600) / 600).max() < 1.95 / np.sqrt(600)
assert abs(np.corrcoef(u, v)[0, 1]) < 0.14 and {x["length"] for x in t} == {60} and {x["family"] for x in t} == {"series"}
PYTHON
    gen-series --count 20 --period 12 > twelve.mp
    [ "$(rec-table --kind task task.period < twelve.mp | sort -u)" = 12.0 ]
    [ "$(rec-table --kind task task.damping < twelve.mp)" = "$(rec-table --kind task task.damping < <(gen-series --count 20))" ]
    gen-series --count 2 --damping 0.5 --length 7 | rec-table --kind task task.damping task.length | sort -u | tr '\t' ' ' > fixed
    [ "$(cat fixed)" = '0.5 7' ]
}

@test "gen-series: RNNs learn to predict, no better than can be; inputs have the process's variance and correlations, answers are NumPy's" {
    gen-series --period 10 --damping 0.95 --length 40 > task.mp
    train-rnn --steps 600 --hidden 12 --layers 2 --snapshots 0 --rollouts 500 < task.mp > zoo.mp
    rec-table --kind rnn step metrics.excess metrics.r2 metrics.evaluation_loss < zoo.mp > metrics
    awk '$1 == 0 && $2 > 3 { a = 1 } $1 == 600 && $2 < 1.4 && $2 > 0.99 && $3 > 0.8 { b = 1 } END { exit !(a && b) }' metrics
    run ! grep -q '"accuracy"' <(rec-json < zoo.mp)
    for cell in gru rnn_tanh; do
        train-rnn --cell "$cell" --steps 200 --hidden 12 --layers 1 --snapshots 200 < task.mp | rec-table --kind rnn metrics.excess | awk '$1 > 2.5 { exit 1 }'
    done
    python - zoo.mp << 'PYTHON'
import sys, msgpack, msgpack_numpy, numpy as np
r = [r for r in msgpack.Unpacker(open(sys.argv[1], "rb"), object_hook=msgpack_numpy.decode) if r["kind"] == "rnn"][-1]
w, x, y, m, t = r["weights"], r["rollouts"]["inputs"].astype(float), r["rollouts"]["logits"].astype(float), r["metrics"], r["task"]
assert x.shape == y.shape == (500, 40, 1)
a1, a2 = 2 * t["damping"] * np.cos(2 * np.pi / t["period"]), -t["damping"] ** 2
rho = [1, a1 / (1 - a2)]
rho += [a1 * rho[1] + a2]
noise = 1 - a1 * rho[1] - a2 * rho[2]
assert abs(m["evaluation_loss"] / noise - m["excess"]) < 1e-9
x = x[..., 0]
assert abs((x ** 2).mean() - 1) < 0.1 and abs((x[:, 0] ** 2).mean() - 1) < 0.25 # stationary from the first number on
for lag in (1, 2):
    assert abs((x[:, lag:] * x[:, :-lag]).mean() - rho[lag]) < 0.1
e = x[:, 2:] - a1 * x[:, 1:-1] - a2 * x[:, :-2]
assert abs(e.var() / noise - 1) < 0.05 and abs((e[:, 1:] * e[:, :-1]).mean()) < 0.03 * noise + 0.01
sigmoid = lambda a: 1 / (1 + np.exp(-a))
h = [np.zeros((500, 12))] * 2
c = [np.zeros((500, 12))] * 2
for k in range(40):
    inputs = x[:, k:k + 1]
    for l in range(2):
        a = inputs @ w[f"lstm.weight_ih_l{l}"].T + h[l] @ w[f"lstm.weight_hh_l{l}"].T + w[f"lstm.bias_ih_l{l}"] + w[f"lstm.bias_hh_l{l}"]
        i, f, g, o = (a[:, 12 * n:12 * (n + 1)] for n in range(4))
        c[l] = sigmoid(f) * c[l] + sigmoid(i) * np.tanh(g)
        inputs = h[l] = sigmoid(o) * np.tanh(c[l])
    assert np.abs(inputs @ w["linear.weight"].T + w["linear.bias"] - y[:, k]).max() < 5e-3 # halves
PYTHON
}

@test "gen-series: partition keeps long periods apart; emulation by mse and prediction of numbers work" {
    gen-series --count 500 | partition > tasks.mp
    rec-table --kind task split task.period < tasks.mp > splits
    awk '($1 == "ood") != ($2 > 18)' splits | wc -l | found -x 0
    awk '{ n[$1]++ } END { exit !(n["validation"] > 45 && n["validation"] < 110 && n["ood"] > 50) }' splits
    partition --ood 0.5 < tasks.mp | rec-table --kind task split task.period | awk '($1 == "ood") != ($2 > 24 / sqrt(6)) { exit 1 }'
    rec-select --sample 0.05 < tasks.mp | train-rnn --steps 100 --hidden 8 --layers 1 --snapshots 100 --rollouts 20 --samples 50 > zoo.mp
    probe --new --hidden 16 < zoo.mp > fresh.mp
    emulate --fit fresh.mp --criterion mse --steps 30 --hidden 16 < zoo.mp > model.mp
    emulate --model model.mp < zoo.mp | rec-table --kind emulation loss | awk '!($1 > 0 && $1 < 100) { exit 1 }'
    probe --model model.mp < zoo.mp | classify --fit task.period,task.damping --steps 20 > predictors.mp
    classify --model predictors.mp < <(probe --model model.mp < zoo.mp) | rec-table --kind prediction predictor.target truth predicted > predictions
    [ -s predictions ]
}

@test "gen-series: shards, misuse, damage" {
    gen-series --count 30 > whole.mp
    { gen-series --count 10 && gen-series --first-run 10 --count 20; } > parts.mp
    [ "$(rec-json < parts.mp | grep '"task"')" = "$(rec-json < whole.mp | grep '"task"')" ]
    local misuse
    for misuse in --period=1 --period=x --period=1001 --damping=1 --damping=-1 --damping=nan --length=0 --length=4097 operand; do
        run -64 bash -c "gen-series $misuse 2> message"
        [ -z "$output" ]
        grep -q '^gen-series: ' message
    done
    gen-series | rec-json | sed 's/"damping":[0-9.]*/"damping":1/' | rec-json --reverse > wrong.mp
    run -65 bash -c 'train-rnn --steps 1 < wrong.mp > /dev/null'
    [[ "$output" == *damping* ]]
    run -74 bash -c 'gen-series > /dev/full'
    run -0 gen-series --version
}
