# rnn-states: what NumPy computes, for all cells; inputs of all kinds; counters.

# shellcheck disable=SC2154 # bats sets stderr
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    for cell in lstm gru rnn_tanh rnn_relu; do
        gen-language --tokens 2 --max-n 4 --count 2 | train-rnn --cell "$cell" --steps 20 --snapshots '' --hidden 5 --rollouts 3 --samples 10
    done > zoo.mp
    gen-language --tokens 2 --max-n 6 --count 2 --seed 3 | train-rnn --steps 800 --snapshots '' --hidden 12 --rollouts 2 --samples 10 > trained.mp
}

setup() {
    ln -s "$BATS_FILE_TMPDIR"/*.mp .
}

check() { # < a program
    PYTHONPATH=$ROOT/tests/python python -c 'import sys, numpy as np
from read_stream import records
from rnn_numpy import Reader
exec(sys.stdin.read())'
}

@test "rnn-states: h, c, gates and answers over rollouts, for every cell" {
    rnn-states --what h,c,gates,answers --sequences 2 < zoo.mp > traces.mp
    rnn-states --what gates < zoo.mp | rec-json --arrays whole > gates.json
    check << 'PYTHON'
rnns, traces = records("zoo.mp", "rnn"), records("traces.mp", "trace")
assert len(traces) == 2 * len(rnns)
for i, t in enumerate(traces):
    rnn = rnns[i // 2]
    assert t["run"] == rnn["run"] and t["task"] == rnn["task"] and t["sequence"] == i % 2 and "weights" not in t
    assert (t["inputs"] == rnn["rollouts"]["inputs"][i % 2, :-1]).all()
    answers, states = Reader(rnn).run(t["inputs"])
    assert abs(t["answers"] - answers).max() < 1e-5
    for name in ["h", "gates"] + ["c"] * (rnn["arch"]["cell"] == "lstm"):
        expected = np.array([[s[layer][name] for s in states] for layer in range(2)])
        assert t[name].shape == expected.shape and abs(t[name] - expected).max() < 1e-5, name
    assert ("c" in t) == (rnn["arch"]["cell"] == "lstm")
PYTHON
    [[ $(grep -c '"gates":{' gates.json) == 24 && $(grep -c '"h":' gates.json) == 0 ]]
}

@test "rnn-states: given inputs: lines, rows of numbers; without rollouts its own words" {
    printf '# two sequences\n2 0 0 1\n2,1\n' > tokens
    rnn-states --inputs tokens < zoo.mp > given.mp
    [[ $(rec-table --kind trace inputs < given.mp | sort -u | tr '\n' ' ') == '[2,0,0,1] [2,1] ' ]]
    PYTHONPATH=$ROOT/tests/python python -c '
import encoder_stream, read_stream
zoo = read_stream.records("zoo.mp", "rnn")[:1]
bare = [{k: v for k, v in r.items() if k != "rollouts"} for r in zoo]
encoder_stream.write("bare.mp", bare)'
    rnn-states --sequences 7 < bare.mp > own.mp
    rnn-states --sequences 7 < bare.mp | cmp - own.mp
    check << 'PYTHON'
own = records("own.mp", "trace")
assert len(own) == 7 and all(t["inputs"][0] == 2 and (t["inputs"][1:] != 3).all() and len(t["inputs"]) <= 10 for t in own)
PYTHON
    run -65 rnn-states --inputs <(echo 2 7) < zoo.mp
    [[ $output == *"token 7 for an RNN that knows 0 .. 3" ]]
    run -65 rnn-states --inputs <(echo 2 x) < zoo.mp
    [[ $output == *"line 1: "* ]]
    run -65 rnn-states --inputs /dev/null < zoo.mp
    run -66 rnn-states --inputs missing < zoo.mp
    run -64 rnn-states --what h,z < zoo.mp
}

@test "rnn-states: counters and the length up to which the RNN counts" {
    rnn-states --counters --max-n 9 < trained.mp > counters.mp
    check << 'PYTHON'
for r, c in zip(records("trained.mp", "rnn"), records("counters.mp", "counters")):
    offset, reader = r["task"]["offsets"][1], Reader(r)
    def right(n):
        word = [0] * n + [1] * (n + offset) + [3]
        answers, _ = reader.run([2] + word[:-1])
        return all(answers[t].argmax() == word[t] for t in range(n + 1, len(word)))
    reach = -1
    for n in range(max(0, -offset), 10):
        if not right(n):
            break
        reach = n
    assert c["reach"] == reach and reach >= 2, (c["reach"], reach)
    n = 5  # the longest word that it was trained on
    assert list(c["inputs"]) == ([2] + [0] * n + [1] * (n + offset))[: r["task"]["length"]]
    _, states = reader.run(c["inputs"])
    blocks, found = [(0, 1, n)] + [(1, n + 1, n + offset)] * (n + offset >= 4), {}
    for layer in range(2):
        for unit in range(12):
            fits = []
            for token, first, length in blocks:
                y, x = np.array([states[t][layer]["c"][unit] for t in range(first, first + length)]), np.arange(length)
                fits.append((token, first, length, np.polyfit(x, y, 1)[0], np.corrcoef(x, y)[0, 1] ** 2))
            strong = [f[3] for f in fits if f[4] > 0.98 and abs(f[3]) > 0.15]
            if min(strong, default=0) < 0 < max(strong, default=0):
                found[layer, unit] = fits
    assert {(u["layer"], u["unit"]) for u in c["counters"]} == found.keys() and c["count"] == len(found)
    for u in c["counters"]:
        for b, f in zip(u["blocks"], found[u["layer"], u["unit"]]):
            assert (b["token"], b["first"], b["length"]) == f[:3] and abs(b["slope"] - f[3]) < 1e-5 and abs(b["r2"] - f[4]) < 1e-5
assert sum(c["count"] for c in records("counters.mp", "counters")) > 0
PYTHON
    sed_family() { rec-json --arrays whole | sed 's/formal-language/something/' | rec-json --reverse; }
    run -65 bash -c "$(declare -f sed_family); sed_family < trained.mp | rnn-states --counters"
}

@test "rnn-states: inputs that no RNN reads are refused, as text and as NumPy's files" {
    python -c 'import numpy as np
np.save("huge.npy", np.array([[2147483647]], "i4")); np.save("beyond.npy", np.array([[65536]])); np.save("below.npy", np.array([[0, -1]]))'
    for file in huge beyond below; do
        run -65 rnn-states --inputs "$file.npy" < zoo.mp
        [[ $output == *"$file.npy: sequence 1: "*" is no token" ]]
    done
    run -65 rnn-states --inputs <(echo 65536) < zoo.mp
    [[ $output == *"line 1: 65536 is no token" ]]
    gen-series --count 1 | train-rnn --steps 2 --snapshots '' --hidden 3 --rollouts 2 --quiet > series.mp
    [[ $(rec-table arch.input < series.mp) == 1 ]]
    python -c 'import numpy as np
np.save("nan.npy", np.array([[[0], [np.nan]]])); np.save("double.npy", np.array([[[1e39]]]))'
    for file in nan double; do
        run -65 rnn-states --inputs "$file.npy" < series.mp
        [[ $output == *"$file.npy: sequence 1: a number that is not finite, or beyond single precision" ]]
    done
    run -65 rnn-states --inputs <(printf '1\n1e39\n') < series.mp
    [[ $output == *"line 2: what is no number" ]]
}

@test "rnn-states: damage, full disks" {
    run -65 rnn-states < <(head -c -1 zoo.mp)
    run -74 bash -c 'rnn-states < zoo.mp > /dev/full'
    run -64 rnn-states zoo.mp
}
