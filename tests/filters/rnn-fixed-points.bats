# rnn-fixed-points: a flip-flop's memory, points and eigenvalues by NumPy, slow points, misuse.

# shellcheck disable=SC2154 # bats sets output and stderr
load ../helper

# Three units that keep a bit each: h' = tanh(2 h + 6 u), u a pulse of -1 or 1, or 0. At rest h = tanh(2 h): 0 or +-0.9575, so 27 points.
flip_flop() {
    make_stream flip-flop.mp << 'RECORDS'
[{"kind": "rnn", "run": 3, "step": 5, "note": "kept", "arch": {"cell": "rnn_tanh", "input": 3, "hidden": 3, "layers": 1, "output": 3, "reads": "numbers", "answers": "numbers"},
  "weights": {"rnn.weight_ih_l0": 6 * np.eye(3, dtype="<f4"), "rnn.weight_hh_l0": 2 * np.eye(3, dtype="<f4"), "rnn.bias_ih_l0": np.zeros(3, "<f4"),
              "rnn.bias_hh_l0": np.zeros(3, "<f4"), "linear.weight": np.eye(3, dtype="<f4"), "linear.bias": np.zeros(3, "<f4")}}]
RECORDS
    RANDOM=7
    for _ in {1..40}; do printf '%d 0 0\n0 %d 0\n0 0 %d\n0 0 0\n\n' $((RANDOM % 2 * 2 - 1)) $((RANDOM % 2 * 2 - 1)) $((RANDOM % 2 * 2 - 1)); done > pulses.txt
}

@test "rnn-fixed-points: the eight stable points of a three-bit flip-flop, and the unstable ones between" {
    flip_flop
    rnn-fixed-points --inputs pulses.txt --starts 400 --noise 0.5 < flip-flop.mp > points.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import itertools, numpy as np
from read_stream import records
points = records("points.mp", "fixed_point")
rest = 1.0
for _ in range(200):
    rest = np.tanh(2 * rest)
stable = {tuple(np.sign(p["h"][0]).astype(int)) for p in points if p["stable"]}
assert len([p for p in points if p["stable"]]) == 8 and stable == set(itertools.product((-1, 1), repeat=3))
assert 8 < len(points) <= 27 and sum(p["starts"] for p in points) == 400
for p in points:
    h = np.asarray(p["h"][0], float)
    target = rest * np.round(h / rest)
    assert p["h"].shape == (1, 3) and "c" not in p and abs(h - target).max() < 1e-5 and p["q"] < 1e-10
    slopes = sorted(2 * (1 - target ** 2), reverse=True)
    assert abs(p["eigenvalues"][:, 0] - slopes).max() < 1e-3 and not p["eigenvalues"][:, 1].any() and p["stable"] == (slopes[0] < 1)
    assert (p["run"], p["step"], p["note"]) == (3, 5, "kept") and list(p["input"]) == [0, 0, 0]
assert [p["starts"] for p in points] == sorted((p["starts"] for p in points), reverse=True)
PYTHON
    # What attracts the state: nothing but the eight.
    rnn-fixed-points --inputs pulses.txt --starts 400 --noise 0.5 --settle 200 < flip-flop.mp | rec-table --kind fixed_point stable starts |
        awk '$1 != 1 { exit 1 } { n += $2 } END { exit !(NR == 8 && n == 400) }'
    # While a pulse is held there is one point.
    [[ $(rnn-fixed-points --inputs pulses.txt --input 1,-1,1 --starts 100 --noise 0.5 < flip-flop.mp | rec-table --kind fixed_point stable starts) == $'1\t100' ]]
}

@test "rnn-fixed-points: F(x) = x and the Jacobian's eigenvalues by NumPy, of every cell, for each token" {
    gen-language --tokens 2 --max-n 4 > task.mp
    for cell in lstm gru rnn_tanh rnn_relu; do
        train-rnn --cell $cell --steps 100 --snapshots '' --hidden 6 --layers 2 --rollouts 5 --samples 10 < task.mp > $cell.mp
        rnn-fixed-points --starts 12 < $cell.mp > $cell.points.mp
        rnn-fixed-points --starts 12 < $cell.mp | cmp - $cell.points.mp
    done
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import numpy as np
from read_stream import records
from rnn_numpy import Reader
seen = 0
for cell in ("lstm", "gru", "rnn_tanh", "rnn_relu"):
    [rnn] = records(cell + ".mp", "rnn")
    points, reader = records(cell + ".points.mp", "fixed_point"), Reader(rnn)
    keys = ("h", "c") if cell == "lstm" else ("h",)
    assert len({p["input"] for p in points}) >= (1 if cell == "rnn_relu" else 2), cell
    for p in points:
        def F(x, token=p["input"]):
            x = x.reshape(2, len(keys), 6)
            after, _ = reader.step([{k: x[l, i] for i, k in enumerate(keys)} for l in range(2)], token)
            return np.array([[s[k] for k in keys] for s in after]).ravel()
        x = np.array([[np.asarray(p[k][l], float) for k in keys] for l in range(2)]).ravel()
        q = ((x - F(x)) ** 2).sum() / 2
        assert q < 2e-10 and abs(p["q"] - q) < 1e-10, (cell, q)
        J = np.array([(F(x + 1e-5 * e) - F(x - 1e-5 * e)) / 2e-5 for e in np.eye(len(x))]).T
        mine, told = np.linalg.eigvals(J), p["eigenvalues"][:, 0] + 1j * p["eigenvalues"][:, 1]
        assert abs(abs(told[0]) - abs(mine).max()) < 5e-3 * max(1, abs(mine).max()), (cell, told[0], abs(mine).max())
        assert abs(told.sum() - mine.sum()) < 2e-2 and p["stable"] == (abs(told[0]) < 1)
        assert (np.diff(abs(told)) <= 1e-12).all()
        seen += 1
assert seen >= 10
PYTHON
}

@test "rnn-fixed-points: slow points are found when asked for; unsuitable input and misuse" {
    flip_flop
    gen-language --tokens 2 --max-n 4 | train-rnn --steps 300 --snapshots '' --hidden 6 --rollouts 5 --samples 10 > zoo.mp
    rnn-fixed-points --starts 20 --max-q 1 < zoo.mp > slow.mp
    rnn-fixed-points --starts 20 < zoo.mp > fixed.mp
    [[ $(rec-table --kind fixed_point q < slow.mp | wc -l) -ge $(rec-table --kind fixed_point q < fixed.mp | wc -l) ]]
    run -65 rnn-fixed-points < flip-flop.mp
    [[ $output == *"--inputs has to tell what it reads" ]]
    run -65 rnn-fixed-points --inputs pulses.txt --input 1,2 < flip-flop.mp
    [[ $output == *"nor a row of 3 numbers" ]]
    run -65 rnn-fixed-points --input 4 < zoo.mp
    [[ $output == *"nor a list of tokens below 4" ]]
    for list in 1.5 0,4 0,x '0,' ',0' 0,1,2,3,0 zero; do
        run -65 rnn-fixed-points --input "$list" < zoo.mp
        [[ $output == *"--input $list: not 'all', nor a list of tokens below 4" ]]
    done
    for list in 1,2,x 1,2,3,4 '1,2,3,' all; do
        run -65 rnn-fixed-points --inputs pulses.txt --input "$list" < flip-flop.mp
        [[ $output == *"--input $list: not 'zero', nor a row of 3 numbers" ]]
    done
    # Without a task: the tokens that begin and end words can be told, as the message says.
    PYTHONPATH=$ROOT/tests/python python -c 'from make_rnns import rnn, write
write("own.mp", [rnn("gru", 2, inputs=4, outputs=4)])'
    run -65 rnn-fixed-points < own.mp
    [[ $output == *"--bos and --eos can"* ]]
    rnn-fixed-points --starts 4 --max-q 1 --bos 2 --eos 3 --max-length 6 < own.mp | rec-info --quiet
    run -65 rnn-fixed-points < <(head -c -1 zoo.mp)
    run -66 rnn-fixed-points --inputs missing.txt < zoo.mp
    run -64 rnn-fixed-points --starts 0 < zoo.mp
    run -74 bash -c 'rnn-fixed-points --starts 2 < zoo.mp > /dev/full'
}
