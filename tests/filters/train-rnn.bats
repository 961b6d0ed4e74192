# train-rnn, at sizes that take seconds.

# shellcheck disable=SC2154 # bats sets stderr
load ../helper

# Short runs of two letters. $@: further options.
train_small() {
    train-rnn --steps 40 --snapshots 0,10,20 --hidden 8 --batch 8 --rollouts 5 --samples 50 "$@"
}

# Python with the data records of FILE as `records`: check FILE < the program
check() {
    PYTHONPATH=$ROOT/tests/python python -c 'import sys, numpy as np, read_stream
records = read_stream.records(sys.argv[1])
exec(sys.stdin.read())' "$1"
}

@test "train-rnn: every snapshot is a record, with everything in its place" {
    gen-language --tokens 2 --count 2 | train_small > zoo.mp
    check zoo.mp << 'PYTHON'
assert [(r["run"], r["step"]) for r in records] == [(run, step) for run in (0, 1) for step in (0, 10, 20, 40)]
for r in records:
    assert list(r) == ["kind", "run", "step", "seed", "task", "arch", "recipe", "weights", "metrics", "rollouts"]
    assert list(r["metrics"]) == ["loss", "accuracy", "accuracy_counts"]
    assert 0 <= r["metrics"]["accuracy"] <= r["metrics"]["accuracy_counts"] <= 1
    assert r["arch"] == {"cell": "lstm", "input": 4, "hidden": 8, "layers": 2, "output": 4} and r["seed"] == 1
    assert r["recipe"] == {"steps": 40, "batch": 8, "rate": [0.01, 0.003, 0.0003], "weight_decay": 1e-4, "rollouts": 5, "samples": 50}
    assert r["rollouts"]["inputs"].shape == (5, 22)
    assert np.abs(np.exp(r["rollouts"]["logits"]).sum(-1) - 1).max() < 1e-5
PYTHON
}

@test "train-rnn: loss falls, and an RNN of two letters learns its language in 1500 steps" {
    gen-language --offsets 0,1 --tokens 2 | train-rnn --steps 1500 --snapshots 0,500 > zoo.mp
    check zoo.mp << 'PYTHON'
loss, accuracy = ([r["metrics"][key] for r in records] for key in ("loss", "accuracy"))
print(loss, accuracy)
assert loss[0] > 1.2 and loss[1] < 0.2 and loss[2] < 0.15
assert accuracy[0] < 0.5 and accuracy[2] > 0.8
PYTHON
}

@test "train-rnn: the same bytes again, whatever the number of jobs" {
    gen-language --tokens 2 --count 4 | train_small > whole.mp
    gen-language --tokens 2 --count 4 | train_small > again.mp
    cmp whole.mp again.mp
    export -f train_small
    local jobs
    for jobs in 1 2; do
        seq 0 3 | parallel --plain --will-cite "-j$jobs" 'gen-language --tokens 2 --first-run {} | train_small' > "jobs$jobs.mp"
        rec-json --no-meta --arrays whole < "jobs$jobs.mp" | LC_ALL=C sort > "jobs$jobs"
        cmp "jobs$jobs" <(rec-json --no-meta --arrays whole < whole.mp | LC_ALL=C sort)
    done
}

@test "train-rnn: the seed is the task's, --seed wins" {
    gen-language --tokens 2 --seed 5 --offsets 0,1 > tasks.mp
    gen-language --tokens 2 --seed 6 --offsets 0,1 > others.mp
    train_small < tasks.mp > a.mp
    train_small --seed 5 < others.mp > b.mp
    train_small < others.mp > c.mp
    cmp <(rec-json --no-meta --kind rnn --arrays whole < a.mp) <(rec-json --no-meta --kind rnn --arrays whole < b.mp)
    run ! cmp -s <(rec-json --no-meta --kind rnn --arrays whole < a.mp) <(rec-json --no-meta --kind rnn --arrays whole < c.mp)
    [[ $(rec-json --kind rnn --no-meta < b.mp | grep -c '"seed":5') == 4 ]]
}

@test "train-rnn: sizes, snapshots and rates are options" {
    gen-language --tokens 2 | train-rnn --steps 30 --snapshots 7,30,31 --hidden 5 --layers 3 --rollouts 2 --samples 10 --batch 3 \
        --rate 0,0,0 --weight-decay 0 > zoo.mp
    check zoo.mp << 'PYTHON'
assert [r["step"] for r in records] == [7, 30]
assert records[0]["arch"] == {"cell": "lstm", "input": 4, "hidden": 5, "layers": 3, "output": 4}
assert all((records[1]["weights"][name] == array).all() for name, array in records[0]["weights"].items())
PYTHON
    gen-language --tokens 2 | train_small --snapshots '' > last.mp
    check last.mp <<< 'assert [r["step"] for r in records] == [40]'
}

@test "train-rnn: split and unknown keys are carried, other kinds pass through" {
    make_stream tasks.mp << 'PYTHON'
[{"kind": "note", "text": "hello"},
 {"kind": "task", "run": 3, "colour": [1, {"deep": None}], "seed": 9, "split": "ood",
  "task": {"family": "formal-language", "tokens": 2, "offsets": [0, -1], "length": 12, "max_n": 4, "more": 1.5}}]
PYTHON
    train_small --snapshots '' < tasks.mp > zoo.mp
    check zoo.mp << 'PYTHON'
note, rnn = records
assert note == {"kind": "note", "text": "hello"}
assert list(rnn) == ["kind", "run", "step", "seed", "split", "task", "arch", "recipe", "weights", "metrics", "rollouts", "colour"]
assert rnn["colour"] == [1, {"deep": None}] and rnn["split"] == "ood" and rnn["task"]["more"] == 1.5
assert rnn["rollouts"]["inputs"].shape == (5, 12)
PYTHON
}

@test "train-rnn: a run that diverges costs that run only: a skipped record, said, status 3, a whole stream that can be resumed" {
    gen-language --tokens 2 --count 2 > tasks.mp
    run -3 --separate-stderr bash -c 'train-rnn --steps 20 --rate 1e38,1e38,1e38 --rollouts 1 --samples 1 < tasks.mp > zoo.mp'
    [[ $stderr == *"train-rnn: run 0 has diverged at step "*"train-rnn: 2 runs have diverged"* ]]
    check zoo.mp << 'PYTHON'
assert [(r["kind"], r["run"], r["seed"]) for r in records] == [("skipped", 0, 1), ("skipped", 1, 1)]
assert all("diverged" in r["reason"] and r["recipe"]["steps"] == 20 and r["task"] and 0 < r["step"] <= 20 for r in records)
PYTHON
    [[ $(rec-info < zoo.mp) == *"kinds          skipped: 2"* && $(rec-info < zoo.mp) != *"runs "* ]]
    # It would diverge again: it is not tried again.
    run -3 --separate-stderr bash -c 'train-rnn --steps 20 --rate 1e38,1e38,1e38 --rollouts 1 --samples 1 --resume zoo.mp < tasks.mp > again.mp'
    [[ $stderr == "train-rnn: 2 runs have diverged"* ]]
    cmp <(rec-json --no-meta < zoo.mp) <(rec-json --no-meta < again.mp)
    # And what follows takes such a zoo as it takes others.
    train_small < tasks.mp | cat - zoo.mp | partition | probe --new > /dev/null
}

@test "train-rnn: damaged and unsuitable input exits 65 with file, record and byte" {
    gen-language --tokens 2 --count 2 > tasks.mp
    python "$ROOT/tests/faults/cut.py" tasks.mp 29 train-rnn --steps 1 --rollouts 1 --samples 1
    make_stream lock.mp <<< '[{"kind": "task", "run": 0, "seed": 1, "task": {"family": "lock", "bits": 4}}]'
    run -65 bash -c 'train-rnn < lock.mp > /dev/null'
    [[ $output == "train-rnn: standard input: record 2 (byte "*family ]]
    make_stream bad.mp <<< '[{"kind": "task", "run": 0, "task": {}}]'
    run -65 bash -c 'train-rnn < bad.mp > /dev/null'
    [[ $output == "train-rnn: standard input: record 2 (byte "*seed* ]]
}

@test "train-rnn: misuse exits 64" {
    gen-language > tasks.mp
    local misuse
    for misuse in --steps=0 --batch=0 --rate=0.1 --rate=1,2,3,4 --rate=a,b,c --rate=1,,3 --rate=1,2,nan --snapshots=5,5 --snapshots=-1 \
        --snapshots=1,x '--snapshots=,' --rollouts=0 --samples=-1 --weight-decay=2 operand; do
        run -64 train-rnn "$misuse" < tasks.mp
        [[ $output == train-rnn:* ]]
    done
}

@test "train-rnn: a full disk exits 74, a closed pipe 141 without a word" {
    gen-language --tokens 2 --count 3 > tasks.mp
    export -f train_small
    run -74 bash -c 'train_small < tasks.mp > /dev/full'
    set +o pipefail # that it closes is what is tried
    gen-language --tokens 2 --count 1000 | train_small 2> message | head -c 1 > /dev/null
    [[ ${PIPESTATUS[1]} == 141 && ! -s message ]]
}

@test "train-rnn: SIGTERM exits 75, and what is written is complete runs without an end" {
    gen-language --tokens 2 --count 1000 > tasks.mp
    # No function here: its shell would get the signal.
    train-rnn --steps 40 --snapshots 0,10,20 --hidden 8 --rollouts 5 < tasks.mp > zoo.mp 2> message 3>&- &
    local job=$! status=0
    while [[ $(stat -c %s zoo.mp) -lt 100000 ]]; do sleep 0.05; done
    kill -TERM "$job"
    wait "$job" || status=$?
    [[ $status == 75 && $(cat message) == "train-rnn: stopped in run "* ]]
    python - << 'PYTHON'
import msgpack
records = list(msgpack.Unpacker(open("zoo.mp", "rb")))
assert records[0]["kind"] == "meta" and records[-1]["kind"] == "rnn" and records[-1]["step"] == 40
assert len(records) % 4 == 1
PYTHON
}

@test "train-rnn: SIGTERM and SIGINT end it also while it waits for tasks, or for somebody to read" {
    local signal
    for signal in TERM INT; do
        python -c 'import signal, subprocess, sys, time
# A shell would have its jobs in the background ignore SIGINT.
job = subprocess.Popen(["train-rnn"], stdin=subprocess.PIPE, stdout=open("out.mp", "wb"), stderr=open("message", "wb"))
time.sleep(0.3)
job.send_signal(getattr(signal, "SIG" + sys.argv[1]))
sys.exit(0 if job.wait(5) == 75 else 1)' "$signal"
        [[ $(< message) == "train-rnn: standard input: record 1 (byte 0): stopped by a signal while it waited for input" ]]
    done
    gen-language --tokens 2 --count 100 > many.mp
    python -c 'import signal, subprocess, sys, time
options = "--steps 5 --hidden 8 --rollouts 100 --samples 5".split()
job = subprocess.Popen(["train-rnn", *options], stdin=open("many.mp", "rb"), stdout=subprocess.PIPE, stderr=open("message", "wb"))
ticks = lambda: open(f"/proc/{job.pid}/stat").read().split()[13:15]
before = None
while before != ticks(): # it works on, until the pipe is full
    before = ticks()
    time.sleep(1)
job.send_signal(signal.SIGTERM)
sys.exit(0 if job.wait(5) == 75 else 1)'
    [[ $(< message) == "train-rnn: standard output: stopped by a signal while nobody read it" ]]
    # Also when the pipe was full, or had room for a page, before there was something to write: a long history.
    rec-json < many.mp | sed "s/\"argv\":\[\"gen-language\"/&,\"$(printf 'x%.0s' {1..9000})\"/" | rec-json --reverse > history.mp
    python -c 'import os, signal, subprocess, sys, time
for pages in range(2):
    full, other = os.pipe()
    os.set_blocking(other, False)
    try:
        while True:
            os.write(other, bytes(4096))
    except BlockingIOError:
        os.set_blocking(other, True)
    os.read(full, 4096 * pages)
    job = subprocess.Popen(["train-rnn", "--steps", "1000000"], stdin=open("history.mp", "rb"), stdout=other, stderr=subprocess.DEVNULL)
    time.sleep(0.3)
    job.send_signal(signal.SIGTERM)
    assert job.wait(10) == 75, pages'
}

@test "train-rnn: --resume goes on where an output ends, wherever that is" {
    gen-language --tokens 2 --count 4 > tasks.mp
    train_small < tasks.mp > whole.mp
    rec-json --no-meta --arrays whole < whole.mp > wanted
    local size bytes
    size=$(stat -c %s whole.mp)
    for ((bytes = 1; bytes <= size; bytes += size / 9)); do
        head -c "$bytes" whole.mp > part.mp
        train_small --resume part.mp < tasks.mp > resumed.mp
        cmp wanted <(rec-json --no-meta --arrays whole < resumed.mp)
    done
    # Nothing is left to train.
    train_small --resume whole.mp < tasks.mp | cmp wanted <(rec-json --no-meta --arrays whole)
    # Other seeds, or other snapshots, are other runs.
    train_small --seed 2 < tasks.mp > other.mp
    train_small --resume other.mp < tasks.mp | cmp wanted <(rec-json --no-meta --arrays whole)
    train_small --snapshots 5 < tasks.mp > other.mp
    train_small --resume other.mp < tasks.mp | cmp wanted <(rec-json --no-meta --arrays whole)
    run -66 bash -c 'train-rnn --resume missing.mp < tasks.mp > /dev/null'
}

# Also read from YAML. The rollouts are recomputed from the weights, accuracies in their turn from strings that are sampled; a cut output is
# completed to the same bytes.
@test "train-rnn: every cell learns, answers as its weights say, and goes on after an interruption" {
    gen-language --offsets 0,1 --tokens 2 > task.mp
    gen-language --tokens 2 --count 2 > tasks.mp
    local cell size
    for cell in lstm gru rnn_tanh rnn_relu; do
        train-rnn --cell $cell --steps 600 --snapshots 0 --hidden 16 --rate 0.01,0.005,0.001 --rollouts 5 < task.mp > $cell.mp
        echo "train-rnn: {cell: $cell, layers: 3}" > $cell.yaml
        train_small --config $cell.yaml < tasks.mp > whole.mp
        size=$(stat -c %s whole.mp)
        head -c $((size * 2 / 3)) whole.mp > part.mp
        train_small --config $cell.yaml --resume part.mp < tasks.mp | cmp <(rec-json --no-meta --arrays whole < whole.mp) \
            <(rec-json --no-meta --arrays whole)
        [[ $(rec-info < whole.mp) == *"$cell 4 -> 3 x 8 -> 4: 8"* ]]
    done
    PYTHONPATH=$ROOT/tests/python python - << 'PYTHON'
import numpy as np, read_stream
from rnn_numpy import Reader, log_softmax

for cell in read_stream.CELLS: # names and shapes are checked by read_stream
    first, last = read_stream.records(f"{cell}.mp")
    assert first["arch"] == {"cell": cell, "input": 4, "hidden": 16, "layers": 2, "output": 4}
    print(cell, first["metrics"], last["metrics"])
    assert first["metrics"]["accuracy"] < 0.3 and last["metrics"]["accuracy"] > 0.8
    assert last["metrics"]["loss"] < 0.2 < 1 < first["metrics"]["loss"]
    reader = Reader(last)
    for tokens, stored in zip(last["rollouts"]["inputs"], last["rollouts"]["logits"]):
        answers, _ = reader.run(tokens[:-1])
        assert np.abs(log_softmax(answers) - stored).max() < 1e-5 * max(1, np.abs(stored).max()) # states of ReLU grow
PYTHON
}

@test "train-rnn: --resume refuses what was trained otherwise, and says what differs" {
    gen-language --tokens 2 --count 3 > tasks.mp
    train_small < tasks.mp > whole.mp
    head -c -40 whole.mp > cut.mp
    refused() { # MESSAGE OPTION...: with tasks.mp, cut.mp
        run -65 --separate-stderr bash -c 'train_small --resume "${old:-cut.mp}" "$@" < "${tasks:-tasks.mp}" > mixed.mp' _ "${@:2}"
        [[ $stderr == *"run 0: was trained otherwise: $1"* ]]
    }
    export -f train_small
    refused 'arch.hidden: 8 against 9' --hidden 9
    refused 'arch.layers: 2 against 1' --layers 1
    refused 'arch.cell: "lstm" against "gru"' --cell gru
    refused 'recipe.rate.0: 0.01 against 0.02' --rate 0.02,0.003,0.0003
    refused 'recipe.batch: 8 against 9' --batch 9
    refused 'recipe.weight_decay: 0.0001 against 0' --weight-decay 0
    refused 'recipe.rollouts: 5 against 6' --rollouts 6
    refused 'recipe.samples: 50 against 51' --samples 51
    refused 'recipe.steps: 40 against 41' --steps 41
    gen-language --tokens 4 --count 3 > others.mp
    tasks=others.mp refused 'task.tokens: 2 against 4'
    gen-language --tokens 2 --count 3 --max-n 5 > others.mp
    tasks=others.mp refused 'task.length: 22 against 12'
    partition < tasks.mp > others.mp
    tasks=others.mp refused 'it has no split'
    # An output of before there were recipes: what is there is compared.
    rec-json --arrays whole < whole.mp | python -c '
import json, sys
for line in sys.stdin:
    record = json.loads(line)
    record.pop("recipe", None)
    print(json.dumps(record))' | rec-json --reverse > old.mp
    old=old.mp refused 'arch.hidden: 8 against 9' --hidden 9
    old=old.mp refused 'it has 5 rollouts, not 6' --rollouts 6
    old=old.mp tasks=others.mp refused 'it has no split'
    train_small --resume old.mp < tasks.mp > resumed.mp
    check resumed.mp <<< 'assert len(records) == 12 and "recipe" not in records[0]'
}

@test "train-rnn: memory does not grow with the number of runs" {
    local count
    for count in 3 60; do
        gen-language --tokens 2 --count "$count" > tasks.mp
        python -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdin=open("tasks.mp"), stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' train-rnn --steps 2 --hidden 8 --samples 5 > "memory$count"
    done
    [[ $(< memory60) -lt $(($(< memory3) + 2000)) ]]
}

@test "train-rnn: --progress always tells nothing wrong, --quiet nothing" {
    gen-language --tokens 2 > tasks.mp
    export -f train_small
    run -0 --separate-stderr bash -c 'train_small --progress always < tasks.mp > /dev/null'
    [[ $stderr == "train-rnn: 41 steps in "*"run 0, step 40, loss "* ]]
    run -0 --separate-stderr bash -c 'train_small --progress always --quiet < tasks.mp > /dev/null'
    [[ -z $stderr ]]
}

@test "--init-seed: a shared start; --from: runs go on from others, and say from which" {
    gen-language --tokens 2 --max-n 4 --count 3 > tasks.mp
    small=(--steps 3 --hidden 6 --rollouts 2 --samples 4)
    train-rnn "${small[@]}" --snapshots 0 --init-seed 7 < tasks.mp > shared.mp
    train-rnn "${small[@]}" --snapshots 0 < tasks.mp > own.mp
    train-rnn --steps 150 --hidden 6 --layers 1 --cell gru --rollouts 2 --samples 4 --snapshots 0 < tasks.mp > zoo.mp
    rec-select --step last < zoo.mp > last.mp
    gen-language --tokens 2 --max-n 4 --count 4 --first-run 10 --seed 2 > others.mp
    train-rnn "${small[@]}" --snapshots 0 --from last.mp < others.mp > tuned.mp
    python << 'PYTHON'
import msgpack, msgpack_numpy, numpy as np
read = lambda name: [r for r in msgpack.Unpacker(open(name, "rb"), object_hook=msgpack_numpy.decode) if r["kind"] == "rnn"]
apart = lambda a, b: max(np.abs(a["weights"][k] - b["weights"][k]).max() for k in a["weights"])
# after one update of rate 0.01 (Adam: at most 0.01 a weight) runs of a shared start are still near
shared, own = [[r for r in read(name) if r["step"] == 0] for name in ("shared.mp", "own.mp")]
assert all(apart(shared[0], r) < 0.021 for r in shared[1:]) and all(apart(own[0], r) > 0.3 for r in own[1:])
assert shared[0]["recipe"]["init_seed"] == 7 and "init_seed" not in own[0]["recipe"]
last, tuned = read("last.mp"), read("tuned.mp")
for i, r in enumerate(r for r in tuned if r["step"] == 0):
    origin = last[i % 3]
    assert r["parent"] == {"run": origin["run"], "step": 150} and r["how"] == "trained on" and r["arch"] == origin["arch"]
    assert apart(r, origin) < 0.011, apart(r, origin)
    assert r["run"] == 10 + i and r["task"]["offsets"] != []
PYTHON
    # resumed: the same bytes; from another start: refused
    head -c -30 tuned.mp > cut.mp
    train-rnn "${small[@]}" --snapshots 0 --from last.mp --resume cut.mp < others.mp 2> /dev/null | rec-diff tuned.mp -
    run -65 --separate-stderr train-rnn "${small[@]}" --snapshots 0 --from <(rec-select --run 2 < last.mp) --resume cut.mp < others.mp
    [[ $stderr == *"was trained otherwise: recipe.start"* || $stderr == *"was trained otherwise: parent"* ]]
    # Also from an RNN of the same run and step with other weights, or from none.
    train-rnn --steps 150 --hidden 6 --layers 1 --cell gru --rollouts 2 --samples 4 --snapshots '' --init-seed 5 < tasks.mp > same-names.mp
    run -65 --separate-stderr train-rnn "${small[@]}" --snapshots 0 --from same-names.mp --resume cut.mp < others.mp
    [[ $stderr == *"was trained otherwise: recipe.start: "* ]]
    run -65 --separate-stderr train-rnn "${small[@]}" --layers 1 --cell gru --snapshots 0 --resume cut.mp < others.mp
    [[ $stderr == *"was trained otherwise: recipe.start: only in the first"* ]]
    head -c -30 shared.mp > cut.mp
    run -65 --separate-stderr train-rnn "${small[@]}" --snapshots 0 --init-seed 8 --resume cut.mp < tasks.mp
    [[ $stderr == *"init_seed"* ]]
    run -64 train-rnn --from last.mp --init-seed 1 < tasks.mp
    gen-language --tokens 3 > three.mp
    run -65 --separate-stderr train-rnn --from last.mp < three.mp
    [[ $stderr == *"has not the inputs and outputs of this task"* ]]
}
