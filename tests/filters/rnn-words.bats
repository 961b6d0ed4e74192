# rnn-words: the words that NumPy finds by trying everything, minimal automata, the truth, limits.

# shellcheck disable=SC2154 # bats sets stderr
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    gen-language --tokens 2 --max-n 4 --count 3 | train-rnn --steps 400 --snapshots 0,400 --hidden 10 --rollouts 3 --samples 20 > zoo.mp
}

setup() {
    ln -s "$BATS_FILE_TMPDIR"/*.mp .
}

check() { # < a program; records(file, kind) reads records, zoo are the RNNs
    PYTHONPATH=$ROOT/tests/python python -c 'import sys, numpy as np
from read_stream import records
from rnn_numpy import Reader, log_softmax
zoo = {(r["run"], r["step"]): r for r in records("zoo.mp", "rnn")}
exec(sys.stdin.read())'
}

@test "rnn-words: the most probable words, their probabilities, the mass, the truth" {
    rnn-words --mass 0.9 < zoo.mp > words.mp
    rnn-words --threshold 0.2 --max-length 5 < zoo.mp > threshold.mp
    check << 'PYTHON'
def words_of(rnn, floor, threshold, most):
    """Every word whose probability is at least floor and whose steps are at least threshold: tokens -> (log-probability, open)."""
    reader, found, queue = Reader(rnn), {}, [((), None, 2, 0.0)]
    while queue:
        tokens, state, token, log_p = queue.pop()
        if len(tokens) == most:
            found[tokens] = (log_p, True)
            continue
        state, y = reader.step(state, token)
        for t, p in enumerate(log_softmax(y)):
            if p >= np.log(threshold) and log_p + p >= np.log(floor):
                if t == 3:
                    found[tokens] = (log_p + p, False)
                else:
                    queue.append((tokens + (t,), state, t, log_p + p))
    return found

for key, rnn in zoo.items():
    of = lambda file, kind: [r for r in records(file, kind) if (r["run"], r["step"]) == key]
    offset, length = rnn["task"]["offsets"][1], rnn["task"]["length"]
    listed, [summary] = of("words.mp", "word"), of("words.mp", "words")
    logs = [w["log_prob"] for w in listed]
    assert logs == sorted(logs, reverse=True) and abs(np.exp(logs).sum() - summary["mass"]) < 1e-9 and summary["words"] == len(listed)
    assert not summary["truncated"] and summary["mass"] - np.exp(logs[-1]) < 0.9 <= summary["mass"]
    if rnn["step"] == 400:  # an untrained one has too many words to try them all
        all_words = words_of(rnn, np.exp(logs[-1]) * 0.999, 1e-300, length - 1)
        assert {tuple(w["tokens"]) for w in listed} <= all_words.keys() and len(all_words) == len(listed)
        for w in listed:
            log_p, is_open = all_words[tuple(w["tokens"])]
            assert abs(w["log_prob"] - log_p) < 1e-4 and w.get("open", False) == is_open
            assert w["text"] == "".join("ab<>"[t] for t in w["tokens"])
    truth = {"a" * n + "b" * (n + offset) for n in range(max(0, -offset), 4)}
    right = {w["text"] for w in listed} & truth
    assert all(w["right"] == (w["text"] in truth) for w in listed)
    assert (summary["right"], summary["missing"], summary["extra"]) == (len(right), len(truth - right), len(listed) - len(right))
    assert set(summary["missed"]) == truth - right and summary["task"] == rnn["task"] and "weights" not in summary
    expected = words_of(rnn, 1e-300, 0.2, 5)
    got = {tuple(w["tokens"]): w["log_prob"] for w in of("threshold.mp", "word")}
    assert got.keys() == expected.keys() and all(abs(p - expected[w][0]) < 1e-4 for w, p in got.items())
assert any(r["step"] == 400 and r["missing"] == r["extra"] == 0 for r in records("words.mp", "words"))
PYTHON
}

@test "rnn-words: automata of words are those of Myhill and Nerode; the same as Graphviz reads it" {
    rnn-words --automaton --threshold 0.05 --max-prefixes 300 < zoo.mp > words.mp
    rnn-words --dot --threshold 0.05 --max-prefixes 300 < zoo.mp > words.dot
    check << 'PYTHON'
import re
dots = open("words.dot").read().split("digraph")[1:]
automata = records("words.mp", "automaton")
assert len(automata) == len(dots) == len(zoo)
for a, dot in zip(automata, dots):
    words = [tuple(w["tokens"]) for w in records("words.mp", "word") if (w["run"], w["step"]) == (a["run"], a["step"])]
    # The states of the minimal automaton without a dead one are the different sets of what may follow a prefix.
    prefixes = {w[:k] for w in words for k in range(len(w) + 1)} or {()}
    assert a["states"] == len({frozenset(w[len(p):] for w in words if w[: len(p)] == p) for p in prefixes})
    assert a["transitions"].shape == (a["states"], 4) and a["answers"].shape == (a["states"],) and a["alphabet"] == ["a", "b", "<", ">"]
    def accepts(word):
        state = a["start"]
        for t in word:
            state = a["transitions"][state, t]
            if state < 0:
                return False
        return a["answers"][state] == 1
    assert all(accepts(w) for w in words)
    # Acyclic: the words that it accepts can be counted.
    count = lambda s: int(a["answers"][s] == 1) + sum(count(n) for n in a["transitions"][s] if n >= 0)
    assert count(0) == len(words)
    arrows = re.findall(r'^  (\d+) -> (\d+) \[label="(.*)"\];$', dot, re.M)
    assert sum(len(letters.split(", ")) for _, _, letters in arrows) == (a["transitions"] >= 0).sum()
    assert all(a["transitions"][int(s), a["alphabet"].index(x)] == int(to) for s, to, letters in arrows for x in letters.split(", "))
    assert len(re.findall("doublecircle", dot)) == (a["answers"] == 1).sum()
PYTHON
}

@test "rnn-words: merged states of a generator predict as it does" {
    rec-select --step 400 < zoo.mp > trained.mp
    rnn-words --merge --tolerance 0.1 --error 0.005 < trained.mp > merged.mp
    rnn-words --merge --tolerance 0.1 --error 0.005 < trained.mp | cmp - merged.mp
    check << 'PYTHON'
for a in records("merged.mp", "automaton"):
    assert a["error"] <= 0.02 and not a["truncated"] and a["states"] < 60 and a["p"].shape == (a["states"], 4)
    reader, rng, differ, positions = Reader(zoo[a["run"], a["step"]]), np.random.default_rng(1), 0, 0
    for _ in range(60):  # its own words: the automaton's next letters against the RNN's
        state, token, at = None, 2, 0
        for _ in range(a["task"]["length"] - 1):
            state, y = reader.step(state, token)
            p = np.exp(log_softmax(y))
            positions += 1
            differ += at >= 0 and abs(a["p"][at] - p).max() > 0.11
            token = rng.choice(4, p=p / p.sum())
            if token == 3 or at < 0:
                break
            at = a["transitions"][at, token]
    assert differ / positions < 0.03, (differ, positions)
    assert all((a["answers"][s] == 1) == (a["p"][s, 3] >= 0.01) for s in range(a["states"]))
PYTHON
}

@test "rnn-words: the same bytes again; other records pass; the limit is told" {
    make_stream note.mp <<< '[{"kind": "note", "text": "kept"}]'
    cat zoo.mp note.mp | rnn-words --max-prefixes 5 > words.mp 2> message
    cat zoo.mp note.mp | rnn-words --max-prefixes 5 --quiet | rec-diff words.mp -
    [[ $(rec-table --kind note text < words.mp) == kept ]]
    [[ $(rec-table --kind words truncated prefixes < words.mp | sort -u) == $'1\t5' ]]
    grep -q '^rnn-words: run 0, step 0: stopped after 5 prefixes, with 0\.[0-9]* of the probability$' message
}

@test "rnn-words: RNNs of unknown tasks want --bos and --eos; what is no token is refused" {
    rec-select --first 1 --step 400 < zoo.mp | rec-json --arrays whole | sed 's/formal-language/something/' | rec-json --reverse > other.mp
    run -65 --separate-stderr rnn-words < other.mp
    [[ $stderr == *"--bos and --eos"* ]]
    rnn-words --bos 2 --eos 3 --max-length 9 < other.mp | rec-table --kind word tokens log_prob > unknown
    rec-select --first 1 --step 400 < zoo.mp | rnn-words | rec-table --kind word tokens log_prob | cmp - unknown
    run -65 rnn-words --bos 4 --eos 3 < other.mp
    run -64 rnn-words --mass 2 < zoo.mp
    run -64 rnn-words zoo.mp
    run -65 rnn-words < <(head -c -1 zoo.mp)
    run -74 bash -c 'rnn-words < zoo.mp > /dev/full'
    run -74 bash -c 'rnn-words --dot < zoo.mp > /dev/full'
}

@test "rnn-words: RNNs of numbers have no words; a task tells nothing of an RNN of another shape" {
    gen-series | train-rnn --steps 2 --snapshots '' --hidden 4 --rollouts 2 --samples 2 > series.mp
    run -65 rnn-words --bos -1 --eos -1 < series.mp
    [[ $output == *"run 0, step 2: it reads numbers, so it has no words" ]]
    PYTHONPATH=$ROOT/tests/python python -c 'from make_rnns import rnn, write
from read_stream import records
task = next(r["task"] for r in records("zoo.mp") if r["kind"] == "rnn")
write("wide.mp", [rnn("gru", 2, inputs=10, outputs=10, task=task)])'
    run -65 rnn-words < wide.mp
    [[ $output == *"--bos and --eos can"* ]]
    rnn-words --bos 2 --eos 3 --max-prefixes 50 < wide.mp > words.mp
    [[ $(rec-table --kind words words right < words.mp) =~ ^[0-9]+$'\t?'$ ]]
    run -65 rnn-states --counters --bos 2 --eos 3 < wide.mp
    [[ $output == *"the task is none of a language that counts" ]]
}

@test "rnn-words: a trained acceptor's automaton is its language's minimal one, whatever the cell" {
    for cell in lstm gru; do gen-regular --tomita 1,4 --count 2 | train-rnn --cell $cell --steps 600 --snapshots '' --hidden 16 --rollouts 2; done > acceptors.mp
    rnn-words < acceptors.mp > automata.mp
    rnn-words --dot < acceptors.mp > automata.dot
    [[ $(grep -c '^digraph' automata.dot) == 4 ]]
    check << 'PYTHON'
exact = 0
for a, rnn in zip(records("automata.mp", "automaton"), records("acceptors.mp", "rnn")):
    language = {1: lambda w: 0 not in w, 4: lambda w: "000" not in "".join(map(str, w))}[a["task"]["tomita"]]
    assert a["alphabet"] == ["0", "1"] and a["transitions"].shape == (a["states"], 2) and (a["transitions"] >= 0).all()
    def run(word):
        state = 0
        for t in word:
            state = a["transitions"][state, t]
        return a["answers"][state]
    rng, reader, wrong, differs = np.random.default_rng(1), Reader(rnn), 0, 0
    for _ in range(100):
        word = [int(rng.random() < 0.8) for _ in range(12)]
        answers, _ = reader.run(word)
        for t in range(12):
            wrong += run(word[: t + 1]) != language(word[: t + 1])
            differs += run(word[: t + 1]) != answers[t].argmax()
    assert differs <= 12  # what the RNN does is what the automaton says
    assert a["right"] == (a["states"] == a["true_states"] == {1: 2, 4: 4}[a["task"]["tomita"]] and wrong == 0)
    exact += a["right"]
    if "counterexample" in a:
        answers, _ = reader.run(a["counterexample"])
        assert answers[-1].argmax() != run(a["counterexample"])
assert exact >= 3
PYTHON
}
