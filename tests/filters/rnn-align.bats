# rnn-align: the order and signs of units.

# shellcheck disable=SC2154,SC2016
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    gen-language --tokens 2 --max-n 4 --count 2 | train-rnn --steps 300 --snapshots 100,300 --rollouts 1 --samples 10 > zoo.mp
}

setup() {
    cp "$BATS_FILE_TMPDIR"/zoo.mp .
}

@test "hidden copies come back, bit for bit but for the biases, strangers do not" {
    rec-select --run 0 --step 300 < zoo.mp > original.mp
    rnn-perturb --permute --rescale --shift-bias 1 --copies 5 < original.mp | rnn-align --to original.mp > aligned.mp
    python << 'PYTHON'
import msgpack, msgpack_numpy, numpy as np
def read(name):
    return [r for r in msgpack.Unpacker(open(name, "rb"), object_hook=msgpack_numpy.decode) if r["kind"] == "rnn"]
original, = read("original.mp")
aligned = read("aligned.mp")
assert len(aligned) == 5
for r in aligned:
    a = r["alignment"]
    assert a["cosine_before"] < 0.3 and a["cosine_after"] > 0.999999 and a["distance_before"] > 1 and a["distance_after"] < 1e-4
    assert all(sorted(row) == list(range(32)) for row in a["units"].tolist()) and (np.abs(a["scales"]) == 1).all() and (a["scales"] < 0).any()
    for k, w in original["weights"].items():
        assert np.array_equal(w, r["weights"][k]) or ("bias" in k and np.abs(w - r["weights"][k]).max() < 1e-5), k
PYTHON
    # a noisy hidden copy, and another run of the same step
    rnn-perturb --noise 0.5 --permute --rescale < original.mp | rnn-align --to original.mp | rec-table alignment.cosine_after > noisy
    rec-select --run 1 --step 300 < zoo.mp | rnn-align --to original.mp | rec-table alignment.cosine_after > stranger
    awk 'NR == FNR { noisy = $1; next } { exit !(noisy > 0.85 && $1 < 0.7) }' noisy stranger
    # without --to the first one is the reference
    rnn-align < zoo.mp | rec-table alignment.cosine_after | awk 'NR == 1 { exit !($1 > 0.999999) }'
}

@test "snapshots of a run come no farther from each other, whatever the cell; the function stays" {
    for cell in rnn_relu rnn_tanh; do
        gen-regular --count 3 --tomita 3,4,6 --length 14 --seed 3 | train-rnn --cell $cell --hidden 8 --steps 500 --snapshots 100,500 --rollouts 4 --samples 10 > $cell.mp
        for run in 0 1 2; do
            rec-select --run $run --step 100 < $cell.mp > to.mp
            rnn-align --to to.mp < $cell.mp > aligned.mp
            rec-table alignment.distance_before alignment.distance_after < aligned.mp | awk '$2 > $1 * (1 + 1e-6) { exit 1 }'
            rnn-compare --with $cell.mp --within 1e-4 < aligned.mp > /dev/null
        done
    done
}

@test "unsuitable input is refused and named" {
    gen-language --tokens 3 | train-rnn --steps 1 --snapshots 0 --hidden 4 --rollouts 1 --samples 1 > other.mp
    run -65 --separate-stderr rnn-align --to other.mp < zoo.mp
    [[ $stderr == *"another architecture"* ]]
    run -66 rnn-align --to none.mp < zoo.mp
    run -65 --separate-stderr rnn-align --to <(rec-select --run 9 < zoo.mp) < zoo.mp
    [[ $stderr == *"there is no rnn record"* ]]
    run -65 rnn-align < <(head -c -1 zoo.mp)
}
