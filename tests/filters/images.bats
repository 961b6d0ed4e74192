# What reads images: train-rnn and emulate on tasks of sequential MNIST, from images to the judgement of clones. The images are made here:
# clocks' hands that point in ten ways.

# shellcheck disable=SC2154 # bats sets stderr
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    python "$ROOT/tests/python/fake_digits.py" data/hands 400
    # Twelve runs, so that each split has some; from hardly trained snapshots on.
    gen-smnist --data hands --count 12 | train_small --snapshots 0,40 --steps 80 | partition --ood 0.3 --validation 0.3 > zoo.mp
}

setup() {
    ln -s "$BATS_FILE_TMPDIR"/{data,zoo.mp} .
}

train_small() {
    train-rnn --steps 20 --snapshots 0,10 --hidden 16 --layers 1 --batch 16 --rollouts 5 --samples 60 "$@"
}

# Python with the data records of FILE as `records`: check FILE < the program
check() {
    PYTHONPATH=$ROOT/tests/python python -c 'import sys, numpy as np, read_stream, fake_digits
records = read_stream.records(sys.argv[1])
exec(sys.stdin.read())' "$1"
}

# The data records of FILE as text: all but the history.
data() {
    rec-json --no-meta --arrays whole < "$1"
}

@test "images: every snapshot is a record, with everything in its place" {
    gen-smnist --data hands --tile 7 --count 2 --seed 5 | train_small > some.mp
    check some.mp << 'PYTHON'
assert [(r["run"], r["step"]) for r in records] == [(run, step) for run in (0, 1) for step in (0, 10, 20)]
for r in records:
    assert list(r) == ["kind", "run", "step", "seed", "task", "arch", "recipe", "weights", "metrics", "rollouts"]
    m = r["metrics"]
    assert list(m) == ["loss", "accuracy", "train_accuracy", "train_loss", "evaluation_loss", "generalisation_gap"]
    assert 0 <= m["accuracy"] <= 1 and 0 <= m["train_accuracy"] <= 1 and min(m["train_loss"], m["evaluation_loss"]) > 0
    assert m["generalisation_gap"] == m["evaluation_loss"] - m["train_loss"]
    assert r["arch"] == {"cell": "lstm", "input": 49, "hidden": 16, "layers": 1, "output": 10} and r["seed"] == 5
    inputs, logits = r["rollouts"]["inputs"], r["rollouts"]["logits"]
    assert inputs.shape == (5, 17, 49) and logits.shape == (5, 17, 10) and inputs.dtype == logits.dtype == np.float16
    assert not inputs[:, 0].any() and inputs[:, 1:].std(axis=(1, 2)).min() > 0.1
PYTHON
}

@test "images: rollouts are training images, upright at no rotation, with the answers of the record's weights" {
    gen-smnist --data hands --rotation 0 | train_small --rollouts 30 > some.mp
    check some.mp << 'PYTHON'
pixels, labels = fake_digits.images(400)
mixed = 0x58a849af6cbf585a ^ 0x5ca118cb4d828a5e
tiles = pixels.reshape(-1, 7, 4, 7, 4).transpose(0, 1, 3, 2, 4).reshape(-1, 49, 16)
known = ((tiles / 255 - 0.1307) / 0.3081)
sigmoid = lambda x: 1 / (1 + np.exp(-x))
for r in records:
    w, inputs = r["weights"], r["rollouts"]["inputs"].astype(float)
    for x, logits in zip(inputs, r["rollouts"]["logits"]):
        distance = np.abs(known - x[1:]).max(axis=(1, 2))
        assert distance.min() < 2e-3 and (int(distance.argmin()) ^ mixed) % 10 < 8
        h = c = np.zeros(16)
        for t in range(50):
            z = w["lstm.weight_ih_l0"] @ x[t] + w["lstm.bias_ih_l0"] + w["lstm.weight_hh_l0"] @ h + w["lstm.bias_hh_l0"]
            i, f, g, o = z.reshape(4, 16)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            assert np.abs(w["linear.weight"] @ h + w["linear.bias"] - logits[t]).max() < 0.02
PYTHON
}

@test "images: loss falls, and an RNN tells the digits of images it was not trained on" {
    gen-smnist --data hands --weight-decay 0.001 --seed 3 | train-rnn --steps 400 --snapshots 0,200 --hidden 16 > some.mp
    check some.mp << 'PYTHON'
first, middle, last = (r["metrics"] for r in records)
print(first, middle, last)
assert first["loss"] > 2.1 and abs(first["evaluation_loss"] - np.log(10)) < 0.2 and first["accuracy"] < 0.4
assert middle["train_loss"] < first["train_loss"] - 0.5
assert last["evaluation_loss"] < 1.5 and last["accuracy"] > 0.9 and last["train_accuracy"] > 0.9
PYTHON
}

@test "images: weight decay is the task's" {
    gen-smnist --data hands --weight-decay 0.1 > tasks.mp
    gen-smnist --data hands --weight-decay 0 > others.mp
    train_small < tasks.mp > a.mp
    train_small --weight-decay 0.5 < tasks.mp > b.mp
    train_small < others.mp > c.mp
    cmp <(data a.mp) <(data b.mp)
    [[ $(rec-table --kind rnn metrics.loss < a.mp) != "$(rec-table --kind rnn metrics.loss < c.mp)" ]]
}

@test "images: the same bytes from packed files, another directory, and any number of jobs" {
    gen-smnist --data hands --count 3 | train_small > plain.mp
    python "$ROOT/tests/python/fake_digits.py" packed/hands 400 gz
    gen-smnist --data hands --count 3 | train_small --images packed/hands > packed.mp
    cmp <(data plain.mp) <(data packed.mp)
    local run
    for run in 2 0 1; do
        gen-smnist --data hands --first-run "$run" | train_small
    done > jobs.mp
    cmp <(data plain.mp | LC_ALL=C sort) <(data jobs.mp | LC_ALL=C sort)
}

@test "images: files with rows as columns, as EMNIST's, are read the other way round, where the task says so" {
    python - "$ROOT/tests/python" << 'PYTHON'
import sys
sys.path.insert(0, sys.argv[1])
import os, fake_digits
pixels, labels = fake_digits.images(400)
os.makedirs("lying")
fake_digits.write("lying", "emnist-digits-train-images-idx3-ubyte", (2051, 400, 28, 28), pixels.transpose(0, 2, 1).copy(), True)
fake_digits.write("lying", "emnist-digits-train-labels-idx1-ubyte", (2049, 400), labels, True)
PYTHON
    gen-smnist --data hands --rotation 30 | train_small > upright.mp
    gen-smnist --data hands --rotation 30 --transposed > tasks.mp
    [[ $(rec-table task.transposed < tasks.mp) == 1 ]]
    train_small --images lying < tasks.mp > lying.mp
    cmp <(data upright.mp) <(data lying.mp | sed 's/,"transposed":true//')
    gen-smnist --data hands --rotation 30 | train_small --images lying > wrong.mp
    run ! cmp -s <(data upright.mp) <(data wrong.mp)
    # Clones are judged by the same images.
    constant-encode --new < upright.mp > fresh.mp
    emulate --fit fresh.mp --images data/hands --steps 2 --clones 20 --hidden 8 < upright.mp > clone.mp
    cmp <(emulate --model clone.mp --images data/hands --clones 20 < upright.mp | rec-table run step metrics.clone_accuracy) \
        <(emulate --model clone.mp --images lying --clones 20 < lying.mp | rec-table run step metrics.clone_accuracy)
}

@test "images: languages and images in one stream, and --resume" {
    {
        gen-smnist --data hands
        gen-language --tokens 2 --first-run 1
        gen-smnist --data hands --first-run 2
    } > tasks.mp
    train_small < tasks.mp > whole.mp
    [[ $(rec-table --kind rnn run task.family < whole.mp | uniq -c | awk '{ print $1, $2, $3 }') == "3 0 sequential-mnist
3 1 formal-language
3 2 sequential-mnist" ]]
    local bytes size
    size=$(stat -c %s whole.mp)
    for ((bytes = size / 5; bytes < size; bytes += size / 5)); do
        head -c "$bytes" whole.mp > part.mp
        train_small --resume part.mp --quiet < tasks.mp > resumed.mp
        cmp <(data whole.mp) <(data resumed.mp)
    done
    # Other images make another zoo: one pixel, one label.
    local changed byte
    export -f train_small
    for changed in images-idx3 labels-idx1; do
        rm -rf other && cp -r data/hands other
        byte=$(od -An -tu1 -j 40 -N 1 "other/train-$changed-ubyte")
        printf "\\x$(((byte + 1) % 10))" | dd of="other/train-$changed-ubyte" bs=1 seek=40 conv=notrunc status=none
        run -65 --separate-stderr bash -c 'train_small --images other --resume part.mp < tasks.mp > /dev/null'
        [[ $stderr == *"run 0: was trained otherwise: recipe.images: "* ]]
    done
}

@test "images: missing ones exit 66, damaged ones and too few 65, and the file is named" {
    gen-smnist --data nowhere > tasks.mp
    run -66 bash -c 'train-rnn < tasks.mp > /dev/null'
    [[ $output == 'train-rnn: data/nowhere/train-images-idx3-ubyte: '* ]]
    run -66 bash -c 'train-rnn --images elsewhere < tasks.mp > /dev/null'
    [[ $output == 'train-rnn: elsewhere/train-images-idx3-ubyte: '* ]]
    mkdir cut
    head -c 5000 data/hands/train-images-idx3-ubyte > cut/train-images-idx3-ubyte
    cp data/hands/train-labels-idx1-ubyte cut
    run -65 bash -c 'train-rnn --images cut < tasks.mp > /dev/null'
    [[ $output == 'train-rnn: cut/train-images-idx3-ubyte: '* ]]
    # Neither are RNNs left out, for whose images the file is damaged.
    for filter in 'rnn-rollout --metrics' rnn-landscape; do
        # shellcheck disable=SC2086 # a filter and its options
        run -65 --separate-stderr $filter --skip-bad --images cut < zoo.mp
        [[ $stderr == "${filter%% *}: cut/train-images-idx3-ubyte: byte 5000: the file ends"* ]] || { echo "$filter: $stderr" && false; }
    done
    python "$ROOT/tests/python/fake_digits.py" few 1
    run -65 bash -c 'train-rnn --images few < tasks.mp > /dev/null'
    [[ $output == train-rnn:*'too few'* ]]
}

@test "images: a run that diverges is left out, said, and exits 3" {
    gen-smnist --data hands > tasks.mp
    run -3 --separate-stderr bash -c 'train-rnn --steps 20 --rate 1e38,1e38,1e38 --rollouts 1 --samples 1 < tasks.mp > some.mp'
    [[ $stderr == *"train-rnn: run 0 has diverged at step "* ]]
    check some.mp <<< 'assert [(r["kind"], r["run"]) for r in records] == [("skipped", 0)]'
}

@test "images: every encoder learns from such a zoo, with an emulator; clones are judged" {
    local encoder
    for encoder in 'probe' 'probe --non-interactive' 'probe --linear --probes 2' 'stats-encode' 'flat-encode --hidden 8' \
        'transformer-encode --layers 1 --hidden 8' 'dws-encode --channels 2 --layers 1' 'constant-encode'; do
        [[ $encoder != probe* ]] || encoder+=' --hidden 16 --mlp-hidden 8'
        echo "$encoder"
        # shellcheck disable=SC2086 # words
        $encoder --new < zoo.mp > fresh.mp
        emulate --fit fresh.mp --hidden 16 --steps 3 --batch 8 < zoo.mp > model.mp
        emulate --model model.mp --rollouts 2 --clones 20 < zoo.mp > emulations.mp
        check emulations.mp << 'PYTHON'
assert len(records) == 36 and all(r["kind"] == "emulation" for r in records)
assert all(0 <= r["clone_accuracy"] <= 1 and r["accuracy"] == r["metrics"]["accuracy"] and 0 < r["loss"] < 1 for r in records)
PYTHON
        score --format tsv < emulations.mp > scores
        [[ $(wc -l < scores) -ge 2 ]]
        "${encoder%% *}" --model model.mp < zoo.mp > z.mp
        check z.mp <<< 'assert len(records) == 36 and all(abs(np.linalg.norm(r["z"]) - 1) < 1e-5 for r in records)'
    done
    probe --new < zoo.mp > fresh.mp
    check fresh.mp <<< 'assert records[0]["config"]["length"] == 50 and not records[0]["config"]["softmax"]'
}

@test "images: an emulator of one RNN, trained for long, clones it" {
    # The images point in ten ways, so a clone that knew nothing would get a tenth of them right.
    gen-smnist --data hands --rotation 0 --weight-decay 0.001 | train-rnn --steps 400 --snapshots '' --hidden 16 --samples 60 > one.mp
    constant-encode --new < one.mp | emulate --fit - --data one.mp --hidden 24 --layers 1 --steps 1500 --batch 1 --rate 0.01 --clip 1 > model.mp
    emulate --model model.mp --clones 60 < one.mp > emulation.mp
    check emulation.mp << 'PYTHON'
print(records[0]["accuracy"], records[0]["clone_accuracy"], records[0]["loss"])
assert records[0]["accuracy"] > 0.9 and records[0]["clone_accuracy"] > 0.5
PYTHON
}

@test "images: without them the loss is judged all the same, and one note says so" {
    constant-encode --new < zoo.mp | emulate --fit - --data zoo.mp --hidden 8 --steps 1 --batch 4 > model.mp
    emulate --model model.mp --clones 0 < zoo.mp > wanted.mp 2> message
    [[ ! -s message ]]
    run -66 bash -c 'emulate --model model.mp --images nowhere < zoo.mp > /dev/null'
    [[ $output == emulate:*nowhere/train-images-idx3-ubyte* ]]
    rm data
    emulate --model model.mp < zoo.mp > found.mp 2> message
    cmp <(data wanted.mp) <(data found.mp)
    [[ $(wc -l < message) == 1 && $(< message) == emulate:*data/hands/train-images-idx3-ubyte*--images* ]]
    check found.mp <<< 'assert len(records) == 36 and not any("clone_accuracy" in r for r in records)'
}
