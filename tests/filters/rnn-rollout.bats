# rnn-rollout: what NumPy computes from the weights, for every cell; what RNNs read; what train-rnn itself would have written.

# shellcheck disable=SC2154 # bats sets stderr
load ../helper

check() { # < a program
    PYTHONPATH=$ROOT/tests/python python -c 'import sys, numpy as np
from read_stream import records
from rnn_numpy import Reader, log_softmax
exec(sys.stdin.read())'
}

make() { # FILE < records as Python expressions: rnn(CELL, run, ...), one a line
    PYTHONPATH=$ROOT/tests/python python -c 'import sys, make_rnns
from make_rnns import rnn
make_rnns.write(sys.argv[1], [eval(line) for line in sys.stdin if line.strip()])' "$1"
}

@test "rnn-rollout: of RNNs that train-rnn has made, the rollouts and metrics that it gave them" {
    for cell in lstm gru; do
        gen-language --tokens 2 --max-n 4 --count 2 | train-rnn --cell "$cell" --steps 30 --snapshots 10 --hidden 6 --rollouts 4 --samples 30
    done > zoo.mp
    rnn-rollout --count 4 --samples 30 < zoo.mp > again.mp
    rec-diff zoo.mp again.mp
    rnn-rollout --count 4 --no-metrics < zoo.mp | rec-diff zoo.mp -
    rnn-rollout --count 4 --seed 2 < zoo.mp > other.mp
    run -1 rec-diff zoo.mp other.mp
    check << 'PYTHON'
zoo, other = records("zoo.mp"), records("other.mp")
assert all(a["metrics"]["loss"] == b["metrics"]["loss"] and list(a) == list(b) for a, b in zip(zoo, other))
assert any(a["metrics"]["accuracy"] != b["metrics"]["accuracy"] for a, b in zip(zoo, other))
PYTHON
}

@test "rnn-rollout: answers are those of NumPy, for every cell: strings of its own, noise, tokens, files" {
    PYTHONPATH=$ROOT/tests/python python "$ROOT/tests/python/make_rnns.py" tokens.mp
    make numbers.mp << 'END'
rnn("gru", 1, inputs=1, outputs=1, hidden=9, layers=2)
rnn("lstm", 2, inputs=1, outputs=1)
rnn("rnn_tanh", 3, inputs=1, outputs=1, hidden=4)
rnn("rnn_relu", 4, inputs=1, outputs=1, hidden=5)
END
    make taggers.mp << 'END'
rnn("gru", 5, inputs=7, outputs=3, reads="tokens")
rnn("lstm", 6, inputs=4, outputs=4, answers="numbers")
END
    rnn-rollout --count 12 --length 9 < tokens.mp > said.mp
    rnn-rollout --count 150 --length 6 --bos 3 < tokens.mp > begun.mp
    rnn-rollout --count 130 --noise normal --mean 2 --deviation 3 < numbers.mp > noise.mp
    rnn-rollout --count 5 --length 7 --noise uniform --range -2:5 < numbers.mp > uniform.mp
    rnn-rollout --count 20 < taggers.mp > tagged.mp
    python -c 'import numpy as np; np.save("x.npy", np.arange(12, dtype="f8").reshape(2, 6, 1) / 7); np.save("t.npy", [[0, 3, 2], [1, 1, 0]])'
    rnn-rollout --inputs x.npy < numbers.mp > filed.mp
    rnn-rollout --inputs t.npy < taggers.mp > tokens-filed.mp
    rnn-rollout --inputs t.npy < tokens.mp > own.mp
    gen-regular --count 2 | train-rnn --steps 3 --snapshots '' --hidden 4 --rollouts 2 --samples 5 > regular.mp
    rnn-rollout --count 2 --samples 5 < regular.mp | rec-diff regular.mp -
    rnn-rollout --count 4 --length 12 < regular.mp > acceptors.mp
    for file in own acceptors noise; do probe --new --hidden 4 --length 3 < "$file.mp" > /dev/null; done # they can be read
    printf '0 3 2\n1,1,0\n' > t.txt
    rnn-rollout --inputs t.txt < taggers.mp | rec-diff tokens-filed.mp -
    check << 'PYTHON'
def verify(path, rows, steps, says=False, size=None):
    for r in records(path):
        x, y = r["rollouts"]["inputs"], r["rollouts"]["logits"]
        tokens = x.ndim == 2
        assert x.shape[:2] == (rows, steps + says) and y.shape == (rows, steps, r["arch"]["output"]) and y.dtype == np.float32, x.shape
        assert x.dtype == (np.uint8 if tokens else np.float32)
        for i in sorted({0, 1, rows - 1}):
            answers, _ = Reader(r).run([int(t) for t in x[i, :steps]] if tokens else x[i])
            expected = log_softmax(answers) if says else answers
            assert np.abs(expected - y[i]).max() < 2e-5 * max(1, np.abs(expected).max()), (path, r["arch"], np.abs(expected - y[i]).max())
    return records(path)
for r in verify("said.mp", 12, 9, says=True):
    assert (r["rollouts"]["inputs"][:, 0] == np.arange(12) % 5).all() and len(np.unique(r["rollouts"]["inputs"][:, 1:])) == 5
x = verify("begun.mp", 150, 6, says=True)[0]["rollouts"]
assert (x["inputs"][:, 0] == 3).all()
share, p = np.bincount(x["inputs"][:, 1], minlength=5) / 150, np.exp(x["logits"][0, 0])
assert np.abs(share - p).max() < 0.15, (share, p)  # tokens come as often as the RNN says
noise = np.concatenate([r["rollouts"]["inputs"].ravel() for r in verify("noise.mp", 130, 50)])
assert abs(noise.mean() - 2) < 0.1 and abs(noise.std() - 3) < 0.1
uniform = np.concatenate([r["rollouts"]["inputs"].ravel() for r in verify("uniform.mp", 5, 7)])
assert uniform.min() >= -2 and uniform.max() <= 5 and uniform.max() - uniform.min() > 6
verify("tagged.mp", 20, 41)
for r in records("own.mp"):  # given tokens, and then what the RNN thinks likeliest
    x, y = r["rollouts"]["inputs"], r["rollouts"]["logits"]
    assert x[:, :3].tolist() == [[0, 3, 2], [1, 1, 0]] and (x[:, 3] == y[:, -1].argmax(-1)).all()
    assert np.abs(Reader(r).run([0, 3, 2])[0] - y[0]).max() < 1e-4
for r in records("acceptors.mp"):
    assert r["rollouts"]["inputs"].shape == (4, 12) and r["rollouts"]["logits"].shape == (4, 12, 2)
    assert np.abs(Reader(r).run([int(t) for t in r["rollouts"]["inputs"][1]])[0] - r["rollouts"]["logits"][1]).max() < 1e-4
for r in verify("filed.mp", 2, 6):
    assert np.allclose(r["rollouts"]["inputs"].ravel() * 7, np.arange(12), atol=1e-5)
for r in verify("tokens-filed.mp", 2, 3):
    assert r["rollouts"]["inputs"].tolist() == [[0, 3, 2], [1, 1, 0]]
PYTHON
}

@test "rnn-rollout: then anybody's RNNs can be emulated: forecasts by squared error, taggers" {
    local cells=(lstm gru rnn_tanh rnn_relu)
    for run in 1 2 3 4 5 6 7 8; do echo "rnn('${cells[run % 4]}', $run, inputs=1, outputs=1, hidden=$((run + 3)), split='train')"; done | make numbers.mp
    rnn-rollout --count 8 --length 12 --noise normal < numbers.mp > forecasts.mp
    probe --new --hidden 8 --mlp-hidden 8 --length 5 < forecasts.mp > fresh.mp
    emulate --fit fresh.mp --steps 300 --hidden 12 --batch 8 --rate 1e-2 --validate-every 100 < forecasts.mp > model.mp
    emulate --model model.mp < forecasts.mp > judged.mp
    probe --model model.mp --traces < forecasts.mp > z.mp
    run -65 emulate --fit fresh.mp --steps 3 --criterion kl < forecasts.mp
    [[ $output == *"the RNNs answer with numbers, which criterion mse compares"* ]]
    check << 'PYTHON'
model, zoo = records("model.mp"), records("forecasts.mp")
y = np.concatenate([r["rollouts"]["logits"].ravel() for r in zoo])
emulator = next(r for r in model if r["kind"] == "emulator")
assert abs(emulator["variance"] / y.var() - 1) < 1e-5
curve = [r["loss"] for r in model if r["kind"] == "log"]
judged = [r["loss"] for r in records("judged.mp")]
print(curve, np.mean(judged))
assert curve[-1] < 0.5 * curve[0] and abs(np.mean(judged) - curve[-1]) < 0.3 and np.mean(judged) < 0.6  # 1: a constant
low, high = next(r for r in model if r["kind"] == "encoder")["config"]["range"]
x = zoo[0]["rollouts"]["inputs"].astype(float)
assert np.allclose([low, high], np.quantile(x, [0.005, 0.995]), atol=1e-6)
probes = np.concatenate([r["probes"]["inputs"].ravel() for r in records("z.mp")])
assert low <= probes.min() and probes.max() <= high and len(np.unique(probes)) > 10
PYTHON
    for run in 1 2 3; do echo "rnn('gru', $run, inputs=7, outputs=3, reads='tokens', split='train')"; done | make taggers.mp
    rnn-rollout --count 8 --length 12 < taggers.mp > tagged.mp
    probe --new --hidden 8 --mlp-hidden 8 --length 5 < tagged.mp > fresh.mp
    for criterion in total_variation ce; do
        emulate --fit fresh.mp --steps 40 --hidden 12 --batch 3 --rate 1e-2 --criterion "$criterion" < tagged.mp > model.mp
        emulate --model model.mp --criterion "$criterion" < tagged.mp | rec-table loss > /dev/null
    done
    run -65 emulate --fit fresh.mp --steps 3 --criterion mse < tagged.mp
    [[ $output == *"criterion mse compares numbers, but the RNNs answer with classes"* ]]
}

@test "rnn-rollout: what does not go" {
    make numbers.mp <<< 'rnn("gru", 1, inputs=2, outputs=1)'
    make tokens.mp <<< 'rnn("gru", 1)'
    run -65 rnn-rollout < numbers.mp
    [[ $output == *"record 2 "*"--inputs FILE or --noise has to tell" ]]
    run -65 rnn-rollout --noise normal < tokens.mp
    [[ $output == *"reads tokens"* ]]
    run -65 rnn-rollout --bos 5 < tokens.mp
    [[ $output == *"knows tokens 0 .. 4"* ]]
    run -65 rnn-rollout --bos 0 < numbers.mp
    [[ $output == *"does not tell tokens"* ]]
    run -0 --separate-stderr bash -c 'rnn-rollout --noise uniform --range 2:3 < tokens.mp > out.mp'
    [[ $stderr == 'rnn-rollout: --range has no effect on RNNs that read tokens: all are as likely' ]]
    run -0 --separate-stderr bash -c 'rnn-rollout --noise uniform --range 2:3 < numbers.mp > out.mp'
    [[ -z $stderr ]]
    # Rollouts have a byte for a token; so emulate says that, and not that rnn-rollout would help. Whoever needs no rollouts goes on.
    make many.mp <<< 'rnn("gru", 1, inputs=257, outputs=257)
rnn("lstm", 2, inputs=257, outputs=257)'
    for given in '' --noise=uniform; do
        run -65 rnn-rollout $given < many.mp
        [[ $output == *"record 2 "*"an RNN of 257 tokens: rollouts have bytes for tokens, so at most 256 of them" ]]
    done
    probe --new --hidden 8 < many.mp > fresh.mp
    run -65 emulate --fit fresh.mp --steps 1 < many.mp
    [[ $output == *"257 outputs, at most 255 can be emulated" ]]
    [[ $(probe --model fresh.mp < many.mp | rec-table --kind embedding run | paste -sd ' ') == '1 2' ]]
    rnn-compare --chain < many.mp | rec-info --quiet
    gen-language --count 1 --max-n 4 | train-rnn --steps 1 --snapshots '' --hidden 4 --rollouts 1 --samples 4 --quiet |
        rec-json --arrays whole | sed '/"kind":"rnn"/s/"step":1,/"step":4294967298,/' | rec-json --reverse > far.mp
    run -65 rnn-rollout < far.mp
    [[ $output == *"record 2 "*"more steps than train-rnn trains for (2147483647): what it would read is not known" ]]
    run -64 rnn-rollout --noise uniform --inputs x < numbers.mp
    run -64 rnn-rollout --noise uniform --range 3:1 < numbers.mp
    run -64 rnn-rollout --inputs x --count 3 < numbers.mp
    run -66 rnn-rollout --inputs /nowhere/x.npy < numbers.mp
    python -c 'import numpy as np
np.save("three.npy", np.zeros((2, 6, 3))); np.save("big.npy", np.array([[0, 7]])); np.save("text.npy", np.array(["a"])); np.save("none.npy", np.zeros((0, 3, 2)))
np.save("floats.npy", np.zeros((2, 3))); np.save("good.npy", np.zeros((2, 6, 2)))'
    for file in three none text; do
        run -65 rnn-rollout --inputs "$file.npy" < numbers.mp
        [[ $output == *"$file.npy: "* ]]
    done
    for file in big floats; do
        run -65 rnn-rollout --inputs "$file.npy" < tokens.mp
        [[ $output == *"$file.npy: "* ]]
    done
    head -c 200 good.npy > cut.npy
    run -65 rnn-rollout --inputs cut.npy < numbers.mp
    [[ $output == *"the file ends before its array does" ]]
    printf '1 2\n\n1 2\n3 4\n' > uneven.txt
    run -65 rnn-rollout --inputs uneven.txt < numbers.mp
    [[ $output == *"sequence 2 has 2 steps, the first one 1"* ]]
}
