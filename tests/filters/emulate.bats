# emulate: training, going on after interruptions, judging.

# The scripts of bash -c expand in the inner shell; bats sets stderr; files are read twice, never written.
# shellcheck disable=SC2016,SC2154,SC2094
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    # RNNs of six tasks, from hardly trained ones on: they differ enough for z to matter.
    gen-language --tokens 2 --count 24 | train-rnn --steps 150 --snapshots 0,10,50 --hidden 12 --rollouts 20 --samples 50 --quiet | partition > zoo.mp
    probe --new --hidden 24 --length 8 --mlp-hidden 16 --seed 7 < zoo.mp > fresh.mp
    emulate --fit fresh.mp --steps 6 --batch 40 --hidden 10 --validate-every 3 < zoo.mp > model.mp
}

setup() {
    ln -s "$BATS_FILE_TMPDIR"/*.mp .
}

# A few steps of the same training. $@: further options.
fit() {
    emulate --fit fresh.mp --steps 6 --batch 40 --hidden 10 --validate-every 3 "$@"
}

# Python with the data records of FILE as `records`: check FILE < the program
check() {
    PYTHONPATH=$ROOT/tests/python python -c 'import sys, numpy as np, read_stream
records = read_stream.records(sys.argv[1])
exec(sys.stdin.read())' "$1"
}

# The data records of FILE as text: all but the history.
data() {
    rec-json --no-meta --arrays whole < "$1"
}

# Waits until process $1 catches SIGTERM: it trains by then.
trains() {
    local caught
    for _ in {1..1000}; do
        caught=$(awk '$1 == "SigCgt:" { print $2 }' "/proc/$1/status")
        ((0x$caught & 0x4000)) && return
        sleep 0.01
    done
    return 1
}

# Waits until the checkpoint is of a later step than $1, and sets step.
gets_beyond() {
    for _ in {1..1000}; do
        [[ ! -e state.mp ]] || step=$(rec-json --no-meta < state.mp | sed 's/.*"kind":"checkpoint".*"step":\([0-9]*\),"encoder_step".*/\1/') || true
        ((${step:-0} > $1)) && return
        sleep 0.01
    done
    return 1
}

# A zoo with one record changed by Python: changed FILE < statements about r, the fourth record
changed() {
    PYTHONPATH=$ROOT/tests/python python -c 'import sys, numpy as np, encoder_stream, read_stream
records = read_stream.records("zoo.mp")
r = records[3]
for name in r["weights"]: r["weights"][name] = r["weights"][name].copy()
for name in r.get("rollouts", {}): r["rollouts"][name] = r["rollouts"][name].copy()
exec(sys.stdin.read())
encoder_stream.write(sys.argv[1], records)' "$1"
}

@test "emulate: encoder, emulator and the training curve" {
    check model.mp << 'PYTHON'
encoder, emulator, *log = records
assert (encoder["kind"], encoder["type"], encoder["seed"], emulator["kind"], emulator["seed"]) == ("encoder", "interactive", 7, "emulator", 7)
assert encoder["step"] == emulator["step"] in (3, 6) and encoder["arch"] == emulator["arch"] == read_stream.records("zoo.mp")[0]["arch"]
assert emulator["config"] == {"z": 16, "hidden": 10, "layers": 2, "condition": "bos"}
assert {name: w.shape for name, w in emulator["weights"].items()} == {
    "embedding_projection.weight": (10, 16), "embedding_projection.bias": (10,), "input_projection.weight": (10, 4), "input_projection.bias": (10,),
    **{f"lstm.{name}_l{layer}": shape for layer in (0, 1)
       for name, shape in (("weight_ih", (40, 10)), ("weight_hh", (40, 10)), ("bias_ih", (40,)), ("bias_hh", (40,)))},
    "output_projection.weight": (4, 10), "output_projection.bias": (4,)}
assert [(r["kind"], r["step"], r["split"]) for r in log] == [("log", s, split) for s in (3, 6) for split in ("train", "validation", "ood")]
assert all(0 < r["loss"] < 1 and "seconds" not in r for r in log)
fresh = read_stream.records("fresh.mp")[0]
assert any((fresh["weights"][name] != w).any() for name, w in encoder["weights"].items())
PYTHON
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import zlib, read_stream
entries = read_stream.read("model.mp")[0][0]["history"]
history = [h["program"] for h in entries]
assert history[-1] == "emulate" and {"gen-language", "train-rnn", "partition", "probe"} == set(history[:-1]), history
assert [h.get("models") for h in entries] == [None] * (len(entries) - 1) + [[zlib.crc32(open("fresh.mp", "rb").read())]]
PYTHON
    fit --timing < zoo.mp > timing.mp
    check timing.mp <<< 'assert all(r["seconds"] > 0 for r in records if r["kind"] == "log")'
}

@test "emulate: the loss falls, and well below that of an encoder that says nothing" {
    constant-encode --new --seed 7 < zoo.mp > constant.mp
    local condition encoder
    for condition in bos every; do
        for encoder in fresh constant; do
            emulate --fit "$encoder.mp" --condition "$condition" --steps 400 --batch 24 --rate 5e-3 --clip 1 --hidden 24 --validate-every 50 \
                < zoo.mp > "$encoder-$condition.mp"
            emulate --model "$encoder-$condition.mp" < zoo.mp > "$encoder-emulations.mp"
        done
        CONDITION=$condition check fresh-emulations.mp << 'PYTHON'
import os
constant = read_stream.records("constant-emulations.mp")
def mean(emulations, split, key="loss"):
    return np.mean([r[key] for r in emulations if r["split"] == split])
for split in ("train", "validation", "ood"):
    print(split, mean(records, split), mean(constant, split))
    assert mean(records, split) < 0.75 * mean(constant, split)
log = [r["loss"] for r in read_stream.records(f"fresh-{os.environ['CONDITION']}.mp") if r["kind"] == "log" and r["split"] == "train"]
assert log[-1] < 0.5 * log[0], log
PYTHON
    done
}

@test "emulate: an emulation has all of its rnn record but weights and rollouts" {
    emulate --model model.mp < zoo.mp > emulations.mp
    check emulations.mp << 'PYTHON'
zoo = read_stream.records("zoo.mp")
encoder = read_stream.records("model.mp")[0]
assert len(records) == len(zoo) == 96
for e, rnn in zip(records, zoo):
    assert list(e) == [key for key in rnn if key not in ("weights", "rollouts")] + ["encoder", "criterion", "loss", "kl_reverse", "accuracy", "clone_accuracy", "clones"]
    assert all(e[key] == rnn[key] for key in e if key in rnn and key != "kind") and e["kind"] == "emulation"
    assert e["encoder"] == {"type": "interactive", "seed": 7, "step": encoder["step"], "crc32": read_stream.zlib.crc32(b"".join(w.tobytes() for w in encoder["weights"].values()))}
    assert 0 < e["loss"] < 1 and e["accuracy"] == rnn["metrics"]["accuracy"] and 0 <= e["clone_accuracy"] <= 1
    p = e["accuracy"]
    assert e["criterion"] == "total_variation" and max(64, 4000 * p * (1 - p)) <= e["clones"] + 1e-6 <= max(65, 4000 * p * (1 - p) + 1)
assert len({e["loss"] for e in records}) > 90
PYTHON
    emulate --model model.mp --clones 0 --criterion kl_reverse < zoo.mp > reverse.mp
    check reverse.mp << 'PYTHON'
assert [r["loss"] for r in records] == [e["kl_reverse"] for e in read_stream.records("emulations.mp")]
assert all(r["loss"] == r["kl_reverse"] for r in records)
PYTHON
    emulate --model model.mp --clones 0 --rollouts 1 --criterion kl < zoo.mp > others.mp
    check others.mp << 'PYTHON'
before = read_stream.records("emulations.mp")
assert all("clone_accuracy" not in r and r["loss"] != e["loss"] for r, e in zip(records, before))
PYTHON
    score < emulations.mp > table
    [[ $(< table) == *interactive*validation* ]]
}

@test "emulate: --label names the row of score, instead of the encoder's type or an older label" {
    emulate --model model.mp < zoo.mp > emulations.mp
    emulate --model model.mp --label 'mine, twice' < zoo.mp > labelled.mp
    cmp <(data labelled.mp | sed 's/"label":"mine, twice",//') <(data emulations.mp)
    [[ $(cat emulations.mp labelled.mp | score --format tsv | cut -f 1 | uniq | paste -sd :) == 'encoder:interactive:mine, twice' ]]
    rec-json --arrays whole < zoo.mp | sed 's/^{"kind":"rnn",/&"label":"old",/' | rec-json --reverse > old.mp
    emulate --model model.mp < old.mp | score --format tsv | found '^old'
    emulate --model model.mp --label new < old.mp > new.mp
    [[ $(rec-table label < new.mp | sort -u) == new ]]
    run -64 bash -c 'emulate --model model.mp --label "" < zoo.mp > none.mp'
    [[ $output == *'--label is a text of 1 .. 63 bytes'* ]]
    run -64 bash -c $'emulate --model model.mp --label "a\tb" < zoo.mp > none.mp'
    [[ $output == *'without control characters'* ]]
}

# An independent emulator over the records as Python reads them.
@test "emulate: losses agree with NumPy's emulator, given the embeddings of probe" {
    emulate --fit fresh.mp --steps 3 --hidden 10 --condition every < zoo.mp > every.mp
    local model
    for model in model every; do
        emulate --model "$model.mp" --rollouts 3 < zoo.mp > emulations.mp
        probe --model "$model.mp" < zoo.mp > z.mp
        MODEL=$model.mp check emulations.mp << 'PYTHON'
import os
emulator = read_stream.records(os.environ["MODEL"], "emulator")[0]
w = {name: x.astype(float) for name, x in emulator["weights"].items()}
def linear(name, x): return x @ w[name + ".weight"].T + w[name + ".bias"]
def sigmoid(x): return 1 / (1 + np.exp(-x))
for e, z, rnn in zip(records[::9], read_stream.records("z.mp")[::9], read_stream.records("zoo.mp")[::9]):
    tokens, logits = rnn["rollouts"]["inputs"][:3, :-1], rnn["rollouts"]["logits"][:3].astype(float)
    x = linear("input_projection", np.eye(4)[tokens])
    x[:, slice(None) if emulator["config"]["condition"] == "every" else 0] += linear("embedding_projection", z["z"].astype(float))
    for layer in (0, 1):
        h = c = np.zeros((3, 10))
        for t in range(x.shape[1]):
            gates = x[:, t] @ w[f"lstm.weight_ih_l{layer}"].T + h @ w[f"lstm.weight_hh_l{layer}"].T + w[f"lstm.bias_ih_l{layer}"] + w[f"lstm.bias_hh_l{layer}"]
            i, f, g, o = np.split(gates, 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            x[:, t] = h
    q = np.exp(linear("output_projection", x))
    q /= q.sum(-1, keepdims=True)
    assert abs(0.5 * np.abs(np.exp(logits) - q).sum(-1).mean() - e["loss"]) < 1e-5
PYTHON
    done
}

@test "emulate: same input, options and seed, same bytes; threads and pipes change nothing" {
    fit < zoo.mp | cmp - model.mp
    fit < <(cat zoo.mp) | cmp - model.mp
    cmp <(data model.mp) <(fit --threads 2 < zoo.mp | rec-json --no-meta --arrays whole)
    fit --seed 8 < zoo.mp > other.mp
    run -1 cmp -s <(data model.mp) <(data other.mp)
    check other.mp <<< 'assert records[0]["seed"] == 7 and records[1]["seed"] == 8'
    emulate --model model.mp < zoo.mp > emulations.mp
    emulate --model model.mp < zoo.mp | cmp - emulations.mp
    emulate --model model.mp --seed 2 < zoo.mp > other.mp
    check other.mp << 'PYTHON'
before = read_stream.records("emulations.mp")
assert [r["loss"] for r in records] == [r["loss"] for r in before] and [r["clone_accuracy"] for r in records] != [r["clone_accuracy"] for r in before]
PYTHON
}

@test "emulate: models on standard input, the zoo by name; zoos of two segments" {
    fit --fit - --data zoo.mp < fresh.mp > piped.mp
    cmp <(data model.mp) <(data piped.mp)
    emulate --model model.mp < zoo.mp > emulations.mp
    emulate --model - --data zoo.mp < model.mp > piped.mp
    cmp <(data emulations.mp) <(data piped.mp)
    probe --model model.mp < zoo.mp > z.mp
    fit < zoo.mp | probe --model - --data zoo.mp > piped.mp
    cmp <(data z.mp) <(data piped.mp)
    cat zoo.mp zoo.mp | emulate --model model.mp > twice.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import read_stream
assert [len(s) for s in read_stream.read("twice.mp")] == [98, 98]
PYTHON
}

@test "emulate: records of other kinds pass through, in order" {
    changed mixed.mp <<< 'records[40:] = [{"kind": "note", "text": "hello"}] + records[40:45] + [{"kind": "note"}]'
    emulate --model model.mp < mixed.mp > emulations.mp
    check emulations.mp << 'PYTHON'
assert [r["kind"] for r in records] == ["emulation"] * 40 + ["note"] + ["emulation"] * 5 + ["note"]
PYTHON
    fit < mixed.mp > /dev/null
}

@test "emulate: a model with an emulator is trained further" {
    emulate --fit model.mp --steps 4 --batch 40 --hidden 99 --condition every --validate-every 2 < zoo.mp > further.mp
    check further.mp << 'PYTHON'
before = read_stream.records("model.mp")
for a, b in zip(before[:2], records[:2]):
    assert b["config"] == a["config"] and b["step"] in (a["step"] + 2, a["step"] + 4) and b["seed"] == a["seed"]
    assert max(np.abs(b["weights"][name] - a["weights"][name]).max() for name in a["weights"]) < 0.01
PYTHON
}

@test "emulate: killed in the middle, it goes on to the same bytes" {
    local training=(emulate --fit fresh.mp --steps 3000 --batch 4 --hidden 10 --validate-every 300 --checkpoint state.mp --checkpoint-every 20)
    "${training[@]}" < zoo.mp > whole.mp
    rm state.mp
    local signal pid code step
    for signal in KILL TERM INT; do
        step=0
        for _ in 1 2; do
            env --default-signal=INT "${training[@]}" < zoo.mp > part.mp 2> message 3>&- & # bash has its background jobs ignore INT
            pid=$!
            trains "$pid"
            gets_beyond "$step"
            kill -s "$signal" "$pid"
            code=0
            wait "$pid" || code=$?
            gets_beyond -1
            echo "$signal at step $step: $code, $(< message)"
            [[ ! -s part.mp ]]
            if [[ $signal == KILL ]]; then
                [[ $code == 137 ]]
            else
                [[ $code == 75 && $(< message) == "emulate: interrupted at step "*"state.mp"* ]]
            fi
        done
        "${training[@]}" < zoo.mp > resumed.mp
        cmp <(data whole.mp) <(data resumed.mp)
        rm state.mp
    done
    [[ ! -e state.mp.tmp ]]
}

@test "emulate: a training that has ended goes on when --steps is raised, as if it had never ended" {
    local training=(emulate --fit fresh.mp --batch 8 --hidden 10 --validate-every 30 --patience 3) ended
    "${training[@]}" --steps 100 < zoo.mp > whole.mp
    # At a validation, between two, and where no checkpoint was due.
    for ended in 60 50 7; do
        "${training[@]}" --steps "$ended" --checkpoint state.mp --checkpoint-every 50 < zoo.mp > part.mp
        [[ $(rec-json < state.mp | sed -n 's/.*"step":\([0-9]*\),.*/\1/p' | head -n 1) == "$ended" ]]
        "${training[@]}" --steps 100 --checkpoint state.mp < zoo.mp > resumed.mp
        cmp <(data whole.mp) <(data resumed.mp)
        rm state.mp
    done
}

@test "emulate: the rate that progress tells is of the steps that this program has made" {
    local training=(emulate --fit fresh.mp --batch 8 --hidden 10 --steps 20 --checkpoint state.mp --progress always)
    run -0 --separate-stderr bash -c '"$@" < zoo.mp > whole.mp' _ "${training[@]}"
    [[ $stderr =~ ^'emulate: 20 steps in '[0-9]+' s, '([0-9.]+)/s ]]
    awk -v rate="${BASH_REMATCH[1]}" 'BEGIN { exit !(rate > 0) }'
    run -0 --separate-stderr bash -c '"$@" < zoo.mp > again.mp' _ "${training[@]}"
    [[ $stderr == 'emulate: 20 steps in '*' s, 0.00/s'* ]]
}

@test "emulate: without a checkpoint an interruption says that nothing is saved" {
    emulate --fit fresh.mp < zoo.mp > /dev/null 2> message 3>&- &
    local pid=$! code=0
    trains "$pid"
    kill "$pid"
    wait "$pid" || code=$?
    cat message;     [[ $code == 75 && $(< message) == *"nothing saved: see --checkpoint" ]]
}

@test "emulate: a checkpoint of something else, a damaged one, and one that can't be written" {
    fit --checkpoint state.mp < zoo.mp > /dev/null
    fit --checkpoint state.mp < zoo.mp | cmp <(data model.mp) <(rec-json --no-meta --arrays whole)
    fit --checkpoint state.mp --steps 7 < zoo.mp > /dev/null
    local before
    before=$(cksum < state.mp)
    refused() {
        run -65 bash -c '"$@" --checkpoint state.mp > /dev/null' _ "$@"
        [[ $output == "emulate: state.mp: record 2 "*"other data, networks or options" ]]
    }
    changed other.mp <<< 'r["weights"]["linear.bias"][0] += 0.5'
    refused emulate --fit fresh.mp --steps 7 --batch 40 --hidden 10 --validate-every 3 --data other.mp
    refused emulate --fit fresh.mp --steps 7 --batch 40 --hidden 10 --validate-every 2 --data zoo.mp
    refused emulate --fit fresh.mp --steps 7 --batch 40 --hidden 11 --validate-every 3 --data zoo.mp
    refused emulate --fit model.mp --steps 7 --batch 40 --validate-every 3 --data zoo.mp
    [[ $(cksum < state.mp) == "$before" ]]
    cp state.mp good.mp
    head -c 20000 good.mp > state.mp
    run -65 fit --checkpoint state.mp < zoo.mp
    : > state.mp
    run -65 fit --checkpoint state.mp < zoo.mp
    cp --remove-destination zoo.mp state.mp
    run -65 fit --checkpoint state.mp < zoo.mp
    [[ $output == *"no checkpoint"* ]]
    run -74 bash -c 'emulate --fit fresh.mp --steps 1 --checkpoint /nowhere/state.mp < zoo.mp > /dev/null'
    [[ $output == "emulate: /nowhere/state.mp"* ]]
    run -64 emulate --fit fresh.mp --checkpoint - < zoo.mp
}

@test "emulate: unsuitable zoos exit 65 and name the RNN" {
    unsuitable() { # MESSAGE < statements
        changed other.mp
        run -65 bash -c 'emulate --fit fresh.mp --steps 2 < other.mp > /dev/null'
        [[ $output == "emulate: standard input: run 0, step 150: $1"* ]]
        run -65 bash -c 'emulate --model model.mp < other.mp > /dev/null'
        [[ $output == "emulate: standard input: record 5 (byte "*"): $1"* || $output == *"): run 0, step 150: $1"* ]]
    }
    unsuitable 'rnn record: no rollouts' <<< 'del r["rollouts"]'
    unsuitable "weights: 'linear.bias' has a number that is not finite (nan, item 0)" <<< 'r["weights"]["linear.bias"][0] = np.nan'
    unsuitable "weights: 'lstm.weight_hh_l0' has a number that is not finite (-inf, " <<< 'r["weights"]["lstm.weight_hh_l0"][3, 4] = -np.inf'
    changed other.mp <<< 'r["rollouts"]["logits"][1, 2, 3] = np.nan'
    run -65 bash -c 'emulate --fit fresh.mp --steps 2 < other.mp > /dev/null'
    [[ $output == *"run 0, step 150: rollouts: a logit is not finite" ]]
    run -65 bash -c 'emulate --model model.mp < other.mp > /dev/null'
    [[ $output == *"record 5 "*"rollouts: a logit is not finite" ]]
    changed other.mp <<< 'r["rollouts"]["inputs"][0, 1] = 4'
    run -65 bash -c 'emulate --fit fresh.mp --steps 2 < other.mp > /dev/null'
    [[ $output == *"record 5 "*"token 4 is outside 0 .. 3" ]]
    changed other.mp <<< 'r["rollouts"] = {"inputs": r["rollouts"]["inputs"][:, :9], "logits": r["rollouts"]["logits"][:, :8]}'
    run -65 bash -c 'emulate --fit fresh.mp --steps 2 < other.mp > /dev/null'
    [[ $output == *"run 0, step 150: rollouts of different lengths"* ]]
    emulate --model model.mp < other.mp > /dev/null # one by one they are all right
    gen-language --tokens 3 | train-rnn --steps 2 --snapshots '' --hidden 9 --rollouts 2 --samples 5 > three.mp
    run -65 bash -c 'emulate --fit fresh.mp < three.mp > /dev/null'
    [[ $output == *"the RNN does not fit the interactive encoder: inputs 5 and 4, outputs 5 and 4" ]]
    run -65 bash -c 'emulate --model model.mp < three.mp > /dev/null'
    [[ $output == *"inputs 5 and 4, outputs 5 and 4" ]]
    # The one that doesn't fit is named, wherever it stands.
    partition < three.mp | cat zoo.mp - > both.mp
    run -65 bash -c 'emulate --fit fresh.mp < both.mp > /dev/null'
    [[ $output == "emulate: standard input: run 0, step 2: the RNN does not fit "* ]]
    run -65 --separate-stderr bash -c 'classify --fit accuracy --encoder fresh.mp < both.mp > /dev/null'
    [[ $stderr =~ 'classify: standard input: byte '([0-9]+)': the RNN does not fit ' && ${BASH_REMATCH[1]} -gt $(stat -c %s zoo.mp) ]]
    # An encoder that takes any: then it is the emulator that doesn't fit.
    constant-encode --new < zoo.mp > constant.mp
    run -65 bash -c 'emulate --fit constant.mp < both.mp > /dev/null'
    [[ $output == "emulate: standard input: run 0, step 2: the RNN does not fit the emulator: inputs 5 and 4, outputs 5 and 4" ]]
    emulate --fit constant.mp --skip-bad --steps 2 --hidden 8 --layers 1 < both.mp > constant-model.mp
    run -65 bash -c 'emulate --model constant-model.mp < both.mp > /dev/null'
    [[ $output =~ 'record '[0-9]+' (byte '[0-9]+'): the RNN does not fit the emulator: inputs 5 and 4' ]]
    emulate --model constant-model.mp --skip-bad --clones 0 < both.mp > judged.mp
    [[ $(rec-table --kind emulation run < judged.mp | wc -l) == "$(rec-table --kind rnn run < zoo.mp | wc -l)" && $(rec-table --kind skipped run < judged.mp) == 0 ]]
    run -65 bash -c 'gen-language | emulate --fit fresh.mp > /dev/null'
    [[ $output == *"no rnn record" ]]
}

@test "emulate: damaged and truncated zoos, encoders and models exit 65" {
    local size bytes at
    size=$(stat -L -c %s zoo.mp)
    for ((bytes = 0; bytes < size; bytes += size / 11)); do
        run -65 bash -c "head -c $bytes zoo.mp | emulate --fit fresh.mp > /dev/null"
        run -65 bash -c "head -c $bytes zoo.mp | emulate --model model.mp > /dev/null"
    done
    for at in 0 5 700 5000; do
        cp --remove-destination "$(readlink zoo.mp)" damaged.mp
        printf '\xc1' | dd of=damaged.mp bs=1 seek="$at" conv=notrunc status=none
        run -65 bash -c 'emulate --fit fresh.mp < damaged.mp > /dev/null'
        run -65 bash -c 'emulate --model model.mp < damaged.mp > /dev/null'
    done
    size=$(stat -L -c %s model.mp)
    for ((bytes = 0; bytes < size; bytes += size / 7)); do
        head -c "$bytes" model.mp > cut.mp
        run -65 bash -c 'emulate --fit cut.mp < zoo.mp > /dev/null'
        run -65 bash -c 'emulate --model cut.mp < zoo.mp > /dev/null'
    done
    run -65 bash -c 'emulate --model fresh.mp < zoo.mp > /dev/null'
    [[ $output == "emulate: fresh.mp: no emulator record"* ]]
    run -65 bash -c 'emulate --fit zoo.mp < zoo.mp > /dev/null'
    [[ $output == "emulate: zoo.mp: no encoder record"* ]]
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import encoder_stream, read_stream
model, fresh = read_stream.records("model.mp"), read_stream.records("fresh.mp")
model[1]["weights"]["embedding_projection.weight"] = model[1]["weights"]["embedding_projection.weight"][:, :5]
model[1]["config"]["z"] = 5
encoder_stream.write("unfit.mp", model)
PYTHON
    run -65 bash -c 'emulate --model unfit.mp < zoo.mp > /dev/null'
    run -65 bash -c 'emulate --fit unfit.mp --steps 2 < zoo.mp > /dev/null'
}

@test "emulate: misuse exits 64, missing files and a closed input 66" {
    local misuse
    for misuse in '' '--fit fresh.mp --model model.mp' '--fit -' '--model -' '--fit - --data -' '--fit fresh.mp --steps 0' '--fit fresh.mp --batch 0' \
        '--fit fresh.mp --criterion nearness' '--fit fresh.mp --condition never' '--fit fresh.mp --rate -1' '--fit fresh.mp operand'; do
        # shellcheck disable=SC2086 # several words
        run -64 emulate $misuse < zoo.mp
        [[ $output == emulate:* ]]
    done
    run -66 emulate --fit absent.mp < zoo.mp
    run -66 emulate --model absent.mp < zoo.mp
    run -66 bash -c 'emulate --fit fresh.mp --data absent.mp > /dev/null'
    run -66 bash -c 'emulate --fit fresh.mp --data . > /dev/null'
    run -66 bash -c 'emulate --fit fresh.mp <&- > /dev/null'
}

@test "emulate: options from a YAML file, the command line wins" {
    printf 'emulate: {steps: 6, batch: 40, hidden: 11, validate-every: 3}\n' > config.yaml
    emulate --config config.yaml --fit fresh.mp --hidden 10 < zoo.mp > configured.mp
    cmp <(data model.mp) <(data configured.mp)
}

@test "emulate: a full disk and a closed output exit 74, a closed pipe 141 without a word" {
    run -74 bash -c 'emulate --fit fresh.mp --steps 2 --hidden 10 < zoo.mp > /dev/full'
    run -74 bash -c 'emulate --model model.mp < zoo.mp > /dev/full'
    run -74 bash -c 'emulate --fit fresh.mp --steps 2 --hidden 10 < zoo.mp >&-'
    run -74 bash -c 'emulate --model model.mp < zoo.mp >&-'
    repeat 40 zoo.mp > many.mp
    set +o pipefail # that it closes is what is tried
    emulate --model model.mp --clones 0 --rollouts 1 < many.mp 2> message | head -c 1 > /dev/null
    [[ ${PIPESTATUS[0]} == 141 && ! -s message ]]
    emulate --fit fresh.mp --steps 2 --hidden 200 < zoo.mp 2> message | head -c 1 > /dev/null
    [[ ${PIPESTATUS[0]} == 141 && ! -s message ]]
    run -74 env TMPDIR=/nowhere bash -c 'cat zoo.mp | emulate --fit fresh.mp > /dev/null'
}

@test "streaming filters: as much memory for 1,000 records as for 100" {
    export ASAN_OPTIONS=${ASAN_OPTIONS:-}:quarantine_size_mb=1 # in a sanitized build, freed memory is kept
    gen-language > task.mp
    train-rnn --steps 2 --snapshots '' --rollouts 20 --samples 5 < task.mp | partition > rnn.mp # about 90 KB
    probe --new --hidden 24 --length 4 < rnn.mp > encoder.mp
    emulate --fit encoder.mp --steps 1 --hidden 10 < rnn.mp > emulator.mp
    classify --fit accuracy --encoder encoder.mp --steps 1 < rnn.mp > predictor.mp
    PYTHONPATH=$ROOT/tests/python python -c 'import encoder_stream, read_stream
encoder_stream.write("unsplit.mp", [{k: v for k, v in r.items() if k != "split"} for r in read_stream.records("rnn.mp")])'
    constant() { # STREAM COMMAND...
        local few many
        few=$(python "$ROOT/tests/python/peak_memory.py" 100 "$@")
        many=$(python "$ROOT/tests/python/peak_memory.py" 1000 "$@")
        echo "$2: $few KiB, $many KiB"
        ((many < few + 4000))
    }
    constant unsplit.mp partition
    constant rnn.mp probe --model emulator.mp
    constant rnn.mp classify --model predictor.mp
    constant rnn.mp emulate --model emulator.mp --rollouts 1 --clones 1
    constant task.mp train-rnn --steps 1 --snapshots '' --rollouts 2 --samples 2 --hidden 4
}

@test "emulate: a zoo in a file is mapped, not copied" {
    gen-language | train-rnn --steps 2 --snapshots '' --samples 5 > rnn.mp
    python << 'PYTHON'
import zlib, msgpack
meta, record = (msgpack.packb(r) for r in list(msgpack.Unpacker(open("rnn.mp", "rb")))[:2])
crc = zlib.crc32(record * 500, zlib.crc32(meta))
open("large.mp", "wb").write(meta + record * 500 + msgpack.packb({"kind": "end", "records": 501, "crc32": crc}))
PYTHON
    probe --new --hidden 24 --length 4 < rnn.mp > encoder.mp
    emulate --fit encoder.mp --hidden 10 --checkpoint state.mp --checkpoint-every 5 < large.mp > /dev/null 2> message 3>&- &
    local pid=$! size anonymous file step
    trains "$pid"
    gets_beyond 5
    anonymous=$(awk '$1 == "RssAnon:" { print $2 }' "/proc/$pid/status")
    file=$(awk '$1 == "RssFile:" { print $2 }' "/proc/$pid/status")
    kill "$pid"
    wait "$pid" || [[ $? == 75 ]]
    size=$(($(stat -c %s large.mp) / 1024))
    echo "zoo $size KiB, anonymous memory $anonymous KiB, mapped files $file KiB"
    ((size > 60000 && anonymous < 40000 && file > size))
}

@test "emulate: --recipe fast is what the manual says, where nothing else is given; logs tell how a training fares" {
    local fast=(--rate 0.001 --clip 1 --anneal 0.5 --average 0.999 --condition every)
    fit --recipe fast < zoo.mp > fast.mp
    fit "${fast[@]}" < zoo.mp | rec-json --no-meta --arrays whole | cmp <(data fast.mp)
    fit --recipe fast --clip 2 --condition bos < zoo.mp > given.mp
    fit "${fast[@]}" --clip 2 --condition bos < zoo.mp | rec-json --no-meta --arrays whole | cmp <(data given.mp)
    fit --recipe published < zoo.mp | rec-json --no-meta --arrays whole | cmp <(data model.mp)
    run -1 cmp -s <(data fast.mp) <(data given.mp)
    check model.mp << 'PYTHON'
for r in records:
    if r["kind"] == "log":
        train = r["split"] == "train"
        assert set(r) == {"kind", "step", "split", "loss"} | ({"encoder_norm", "emulator_norm", "z_variance", "probe_entropy"} if train else {"kl_reverse"}), r
        assert all(np.isfinite(v) and v > 0 for k, v in r.items() if k not in ("kind", "split")), r
PYTHON
}

@test "emulate: --augment trains on other forms, resumes with the same bytes, judges none, and is refused where it can't be seen" {
    local forms=permute,rescale,swap-bias,noise=0.1,mixup=aligned
    local training=(emulate --fit flat.mp --batch 8 --hidden 10 --validate-every 2 --augment "$forms")
    flat-encode --new --hidden 8 < zoo.mp > flat.mp
    "${training[@]}" --steps 4 < zoo.mp > whole.mp
    "${training[@]}" --steps 2 --checkpoint state.mp < zoo.mp > /dev/null
    "${training[@]}" --steps 4 --checkpoint state.mp < zoo.mp | cmp <(data whole.mp) <(rec-json --no-meta --arrays whole)
    run -1 cmp -s <(data whole.mp) <(emulate --fit flat.mp --batch 8 --hidden 10 --validate-every 2 --steps 4 < zoo.mp | rec-json --no-meta --arrays whole)
    # a validation sees the RNNs as they are: with a rate of 0 it stays
    [[ $("${training[@]}" --steps 4 --rate 0 < zoo.mp | rec-select --kind log --where 'split = validation' | rec-table loss | sort -u | wc -l) == 1 ]]
    run -64 --separate-stderr emulate --fit flat.mp --augment permute,turn < zoo.mp
    [[ $stderr == *"--augment: augmentation 'turn' is none of permute"* ]]
    run -64 --separate-stderr emulate --fit flat.mp --augment mixup=direct,mixup=bogus < zoo.mp
    [[ $stderr == *"--augment: augmentation 'mixup=bogus' is none of permute"* ]]
    run -64 --separate-stderr emulate --fit flat.mp --augment mixup=direct --criterion ce < zoo.mp
    [[ $stderr == *"--augment mixup: two RNNs' answers are mixed, and --criterion ce looks at what one has said"* ]]
    run -65 --separate-stderr emulate --fit fresh.mp --augment rescale < zoo.mp
    [[ $stderr == *"the interactive encoder looks at no weights"* ]]
}

@test "emulate: --tries goes on with the beginning that validates best, which is that training; interrupted in a try, it comes to the same bytes" {
    local recipe=(--batch 40 --hidden 10 --validate-every 60 --rate 0.01 --steps 180) tries=(--tries 3 --try-steps 120) best seed status=0
    emulate --fit fresh.mp "${recipe[@]}" "${tries[@]}" < zoo.mp > whole.mp 2> said
    [[ $(grep -c "try [123] of 3, seed [12]\?0*7: best loss 0.[0-9]* in 120 steps" said) == 3 ]]
    # each try is the training of that seed up to there
    for seed in 7 1007 2007; do
        probe --new --hidden 24 --length 8 --mlp-hidden 16 --seed $seed < zoo.mp | emulate --fit - --data zoo.mp "${recipe[@]}" > "$seed.mp"
        rec-table --kind log step split loss < "$seed.mp" | awk -v seed=$seed '$1 <= 120 && $2 == "validation" { print $3, seed }' | sort -g | head -n 1
    done | sort -g > ranks
    best=$(awk 'NR == 1 { print $2 }' ranks)
    cmp <(data whole.mp) <(data "$best.mp")
    [[ $(rec-table --kind encoder seed < whole.mp) == "$best" ]]

    emulate --fit fresh.mp "${recipe[@]}" "${tries[@]}" --checkpoint state.mp --checkpoint-every 10 < zoo.mp > /dev/null 2>&1 &
    until [[ -e state.mp.try-2 ]]; do sleep 0.01; done
    kill -TERM $!
    wait $! || status=$?
    [[ $status == 75 && ! -e state.mp ]]
    run -65 --separate-stderr emulate --fit fresh.mp "${recipe[@]}" --tries 3 --try-steps 60 --checkpoint state.mp < zoo.mp
    [[ $stderr == *"state.mp.try-1: this checkpoint is of step 120 already, beyond the last one, 60"* ]]
    emulate --fit fresh.mp "${recipe[@]}" "${tries[@]}" --checkpoint state.mp < zoo.mp | cmp <(data whole.mp) <(rec-json --no-meta --arrays whole)
    [[ -e state.mp && -z $(find . -name 'state.mp.*') ]]
    # the winner goes on to more steps, as any training
    emulate --fit fresh.mp "${recipe[@]}" "${tries[@]}" --checkpoint state.mp --steps 240 < zoo.mp |
        cmp <(probe --new --hidden 24 --length 8 --mlp-hidden 16 --seed "$best" < zoo.mp | emulate --fit - --data zoo.mp "${recipe[@]}" --steps 240 | rec-json --no-meta --arrays whole) <(rec-json --no-meta --arrays whole)
}

@test "emulate: --tries needs fresh networks, and a validation at the end of a try; without it --try-steps has no effect" {
    run -64 --separate-stderr emulate --fit model.mp --tries 2 < zoo.mp
    [[ $stderr == *"--tries begin with fresh networks: this encoder has been trained"* ]]
    run -64 --separate-stderr emulate --fit fresh.mp --tries 2 --try-steps 50 --validate-every 20 --steps 100 < zoo.mp
    [[ $stderr == *"--try-steps 50: tries are judged when they validate: a multiple of --validate-every, 20, up to --steps"* ]]
    run -64 --separate-stderr emulate --fit fresh.mp --tries 2 --try-steps 200 --validate-every 20 --steps 100 < zoo.mp
    fit --try-steps 2 < zoo.mp 2>&1 > /dev/null | grep -F -- "--try-steps has no effect without --tries"
    fit --cosine < zoo.mp 2>&1 > /dev/null | grep -F -- "--cosine has no effect without --anneal"
    run -64 --separate-stderr emulate --model model.mp --checkpoint state.mp < zoo.mp
    [[ $stderr == *"--checkpoint goes with --fit"* ]]
}

@test "emulate: each lever makes another training, and the same twice" {
    fit --steps 6 < zoo.mp > plain.mp
    for lever in '--warm-up 4' '--z-noise 0.5' '--per-rnn 2' '--forget-bias 2' '--average 0.5' '--anneal 0.5' '--weight-decay 9'; do
        # shellcheck disable=SC2086 # words
        fit --steps 6 $lever < zoo.mp > one.mp
        # shellcheck disable=SC2086 # words
        fit --steps 6 $lever < zoo.mp > two.mp
        rec-diff one.mp two.mp
        run -1 rec-diff plain.mp one.mp
    done
}

@test "emulate: bfloat16 is near float32, and another training; a machine without it is told" {
    local status=0
    fit --precision bf16 < zoo.mp > bf16.mp 2> said || status=$?
    if [[ $status == 64 ]]; then # the CPU, the system, or a build for any CPU
        grep -F "no bfloat16 products" said
        return
    fi
    [[ $status == 0 ]]
    local options=(--hidden 64 --steps 12 --validate-every 12)
    for precision in float32 bf16; do
        fit "${options[@]}" --precision "$precision" --checkpoint "$precision.state" < zoo.mp > "$precision.mp"
    done
    paste <(rec-table --kind log loss < float32.mp) <(rec-table --kind log loss < bf16.mp) |
        awk '{ off = $1 / $2 - 1; n++; bad += off * off > 1e-8 } END { exit bad || n < 2 }'
    run ! cmp <(data float32.mp) <(data bf16.mp)
    run -65 fit "${options[@]}" --precision bf16 --checkpoint float32.state < zoo.mp
}

# What they answer with is that of other RNNs, times 4, whose training is the same to the bit, or with 10 added, to rounding.
@test "numbers of any mean and scale are learned alike; what is learned answers with the numbers themselves" {
    gen-series --count 30 | train-rnn --steps 60 --snapshots '' --hidden 8 --rollouts 8 | partition > zoo.mp
    cat > change.py << 'PYTHON'
import sys, numpy as np
from make_rnns import write
from read_stream import records
by, more, out = float(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
rnns = records("zoo.mp", "rnn")
for r in rnns:
    r["weights"]["linear.weight"] = r["weights"]["linear.weight"] * np.float32(by)
    r["weights"]["linear.bias"] = r["weights"]["linear.bias"] * np.float32(by) + np.float32(more)
    r["rollouts"]["logits"] = r["rollouts"]["logits"] * np.float32(by) + np.float32(more)
write(out, rnns)
PYTHON
    constant-encode --new < zoo.mp > fresh.mp # which sees none of it
    losses() { # [OPTION]...
        emulate --fit fresh.mp --recipe fast --steps 200 --validate-every 100 --hidden 16 --batch 16 --checkpoint-every 20 "$@" | tee model.mp |
            rec-table --kind log split loss
    }
    losses < zoo.mp > as-made
    awk '$1 == "validation" && $2 < 0.9 { n++ } END { exit !n }' as-made # something is learned
    PYTHONPATH=$ROOT/tests/python python change.py 4 0 times.mp
    losses < times.mp | cmp as-made -
    PYTHONPATH=$ROOT/tests/python python change.py 1 10 moved.mp
    losses < moved.mp > moved
    paste as-made moved | awk '{ d = $2 - $4; if (d < 0) d = -d; if (d > 0.01 * $2) exit 1 }'
    # Judged alone, by its own weights: the loss that it had.
    for zoo in zoo moved; do
        losses < $zoo.mp > log
        rec-select --split validation < $zoo.mp | emulate --model model.mp --clones 0 | rec-table --kind emulation loss |
            awk -v best="$(awk '$1 == "validation" { print $2 }' log | sort -g | head -n 1)" '{ sum += $1 } END { exit !(sum / NR < 1.1 * best && sum / NR > 0.9 * best) }'
        # It goes on where it was.
        emulate --fit model.mp --steps 1 --rate 1e-12 --validate-every 1 < $zoo.mp | rec-table --kind log split loss |
            awk -v best="$(awk '$1 == "validation" { print $2 }' log | sort -g | head -n 1)" '$1 == "validation" { exit !($2 < 1.2 * best && $2 > 0.8 * best) }'
    done
}
