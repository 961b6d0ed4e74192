# rnn-perturb: networks made from others.

# shellcheck disable=SC2154,SC2016
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    gen-language --tokens 2 --max-n 4 --count 2 | train-rnn --steps 200 --snapshots 0,200 --hidden 8 --rollouts 3 --samples 10 > zoo.mp
}

setup() {
    cp "$BATS_FILE_TMPDIR"/zoo.mp .
}

@test "NumPy finds what was done; the record says so" {
    rnn-perturb --noise 0.1 --first-run 10 --copies 2 < zoo.mp > noise.mp
    rnn-perturb --quantise 4 --first-run 20 < zoo.mp > quantised.mp
    rnn-perturb --prune 0.5 --first-run 30 < zoo.mp > pruned.mp
    rnn-perturb --merge zoo.mp --share 0.75 --first-run 40 < zoo.mp > merged.mp
    rnn-perturb --permute --rescale --shift-bias 0.5 --first-run 50 < zoo.mp > hidden.mp
    python << 'PYTHON'
import msgpack, msgpack_numpy, numpy as np
def read(name):
    return [r for r in msgpack.Unpacker(open(name, "rb"), object_hook=msgpack_numpy.decode) if r["kind"] == "rnn"]
zoo = read("zoo.mp")
def pairs(name, first, copies=1):
    made = read(name)
    assert [r["run"] for r in made] == list(range(first, first + copies * len(zoo)))
    for i, r in enumerate(made):
        old = zoo[i // copies]
        assert r["parent"] == {"run": old["run"], "step": old["step"]} and r["step"] == old["step"] and r["task"] == old["task"]
        yield old, r
for old, new in pairs("noise.mp", 10, 2):
    d = np.concatenate([((new["weights"][k] - w) / w.std()).ravel() for k, w in old["weights"].items() if w.std() > 0])
    assert abs(d.std() - 0.1) < 0.01 and new["how"] == "noise 0.1" and "rollouts" not in new and "metrics" not in new
for old, new in pairs("quantised.mp", 20):
    for k, w in old["weights"].items():
        s = np.abs(w).max() / 7
        assert np.abs(new["weights"][k] - np.round(w / s) * s).max() < 1e-6
for old, new in pairs("pruned.mp", 30):
    m = [k for k, w in old["weights"].items() if w.ndim == 2]
    z = np.concatenate([new["weights"][k].ravel() == 0 for k in m])
    assert abs(z.mean() - 0.5) < 0.01
for old, new in pairs("merged.mp", 40):
    assert new["second"] == {"run": zoo[0]["run"], "step": zoo[0]["step"]} and "second" not in read("noise.mp")[0]
    for k, w in old["weights"].items():
        assert np.abs(new["weights"][k] - (0.75 * w + 0.25 * zoo[0]["weights"][k])).max() < 1e-6
sigmoid = lambda x: 1 / (1 + np.exp(-x))
def run(r, x):
    w, N = r["weights"], r["arch"]["hidden"]
    for l in range(r["arch"]["layers"]):
        h, c, y = np.zeros(N), np.zeros(N), []
        for t in x:
            a = w[f"lstm.weight_ih_l{l}"] @ t + w[f"lstm.bias_ih_l{l}"] + w[f"lstm.weight_hh_l{l}"] @ h + w[f"lstm.bias_hh_l{l}"]
            i, f, g, o = np.split(a, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            y.append(h)
        x = y
    return np.array(x) @ w["linear.weight"].T + w["linear.bias"]
for old, new in pairs("hidden.mp", 50):
    x = np.eye(4)[[2, 0, 1, 1, 3, 0]]
    assert np.abs(run(old, x) - run(new, x)).max() < 1e-5
    assert np.abs(old["weights"]["linear.weight"] - new["weights"]["linear.weight"]).max() > 0.1
    assert new["metrics"] == old["metrics"] and (new["rollouts"]["logits"] == old["rollouts"]["logits"]).all()
    assert new["how"] == "permute, rescale, shift-bias 0.5"
PYTHON
    rnn-perturb --noise 0.1 --first-run 10 --copies 2 < zoo.mp | cmp - noise.mp
    rnn-perturb --seed 2 --noise 0.1 --first-run 10 --copies 2 < zoo.mp > other.mp
    run -1 rec-diff noise.mp other.mp # without the history, which differs in any case
}

@test "what is perturbed once more gets other noise; what was told of units' places is gone" {
    rnn-align < zoo.mp > aligned.mp
    rnn-perturb --noise 0.5 < aligned.mp > once.mp
    rnn-perturb --noise 0.5 < once.mp > twice.mp
    python << 'PYTHON'
import msgpack, msgpack_numpy, numpy as np
def read(name):
    return [r for r in msgpack.Unpacker(open(name, "rb"), object_hook=msgpack_numpy.decode) if r["kind"] == "rnn"]
flat = lambda r: np.concatenate([w.ravel() for w in r["weights"].values()])
for a, b, c in zip(read("aligned.mp"), read("once.mp"), read("twice.mp")):
    assert abs(np.corrcoef(flat(b) - flat(a), flat(c) - flat(b))[0, 1]) < 0.2
    assert "alignment" in a and "alignment" not in b
PYTHON
}

@test "unsuitable input and options are refused and named" {
    run -64 --separate-stderr rnn-perturb --quantise 1 < zoo.mp
    [[ $stderr == *"at least 2 bits"* ]]
    gen-language --tokens 3 | train-rnn --steps 1 --snapshots 0 --hidden 4 --rollouts 1 --samples 1 > other.mp
    run -65 --separate-stderr rnn-perturb --merge other.mp < zoo.mp
    [[ $stderr == *"another architecture than that of other.mp"* ]]
    run -64 --separate-stderr rnn-perturb --quantize 3 < zoo.mp
    [[ $stderr == "rnn-perturb: unknown option '--quantize' (did you mean '--quantise'?)"* ]]
    run -64 --separate-stderr rnn-perturb --zzzz < zoo.mp
    [[ $stderr == "rnn-perturb: unknown option '--zzzz'"$'\n'* ]]
    run -66 rnn-perturb --merge none.mp < zoo.mp
    run -65 --separate-stderr rnn-perturb --merge <(rec-select --run 9 < zoo.mp) < zoo.mp
    [[ $stderr == *"there is no rnn record"* ]]
    run -65 rnn-perturb < <(head -c -1 zoo.mp)
}
