# probe: making encoders, embeddings against the reference, streams.

# shellcheck disable=SC2154 # bats sets stderr
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    gen-language --tokens 2 --count 5 | train-rnn --steps 20 --snapshots 0 --hidden 8 --rollouts 3 --samples 20 > zoo.mp
    probe --new --hidden 12 --length 6 --mlp-hidden 8 --seed 7 < zoo.mp > fresh.mp
}

setup() {
    ln -s "$BATS_FILE_TMPDIR"/*.mp .
}

# Python with the data records of FILE as `records`: check FILE < the program
check() {
    PYTHONPATH=$ROOT/tests/python python -c 'import sys, numpy as np, read_stream
records = read_stream.records(sys.argv[1])
exec(sys.stdin.read())' "$1"
}

data() {
    rec-json --no-meta --arrays whole < "$1"
}

@test "probe: an encoder written by Python gives the reference embedding, from a file and from a pipe" {
    local name golden=$ROOT/tests/golden/encoders stream=$ROOT/tests/python/encoder_stream.py
    for name in interactive_p1 interactive_p2 interactive_smnist noninteractive_p1 noninteractive_p2; do
        python "$stream" write "$golden" "$name" encoder.mp rnns.mp
        probe --traces --model encoder.mp < rnns.mp > z.mp
        python "$stream" check "$golden" "$name" z.mp
        probe --traces --model - --data rnns.mp < encoder.mp > piped.mp
        cmp <(data z.mp) <(data piped.mp)
    done
}

@test "probe: an embedding has all of its rnn record but weights and rollouts" {
    probe --model fresh.mp < zoo.mp > z.mp
    check z.mp << 'PYTHON'
zoo = read_stream.records("zoo.mp")
assert len(records) == len(zoo) == 10
for z, rnn in zip(records, zoo):
    assert list(z) == [key for key in rnn if key not in ("weights", "rollouts")] + ["encoder", "z"]
    assert all(z[key] == rnn[key] for key in z if key not in ("kind", "encoder", "z"))
    assert z["kind"] == "embedding" and z["z"].shape == (16,) and z["encoder"] == {"type": "interactive", "seed": 7, "step": 0, "crc32": z["encoder"]["crc32"]}
assert any(np.abs(records[0]["z"] - z["z"]).max() > 1e-4 for z in records[1:])
PYTHON
}

@test "probe: --new takes sizes from the paper, from options, and the architecture from the zoo" {
    probe --new < zoo.mp > paper.mp
    check paper.mp << 'PYTHON'
[e] = records
assert e["type"] == "interactive" and e["arch"] == read_stream.records("zoo.mp")[0]["arch"] and e["seed"] == 1 and e["step"] == 0
assert e["config"] == {"z": 16, "hidden": 256, "layers": 2, "mlp_hidden": 128, "mlp_layers": 1, "length": 22, "probes": 1,
                       "residual": True, "softmax": True}
PYTHON
    probe --new --non-interactive --probes 3 --length 5 --hidden 6 --layers 1 --mlp-hidden 7 --mlp-layers 2 --z 4 --no-residual --seed 3 \
        < zoo.mp > own.mp
    check own.mp << 'PYTHON'
[e] = records
assert e["type"] == "noninteractive" and e["seed"] == 3
assert e["config"] == {"z": 4, "hidden": 6, "layers": 1, "mlp_hidden": 7, "mlp_layers": 2, "length": 5, "probes": 3,
                       "residual": False, "softmax": True}
assert e["weights"]["probing_encodings"].shape == (6, 6)
PYTHON
    probe --traces --model own.mp < zoo.mp > z.mp
    check z.mp << 'PYTHON'
for z in records:
    assert z["z"].shape == (4,) and z["probes"]["inputs"].shape == z["probes"]["answers"].shape == (5, 3, 4)
    assert (z["probes"]["inputs"] == records[0]["probes"]["inputs"]).all()
PYTHON
}

@test "probe: linear generators have defaults and sizes of their own" {
    probe --new --linear --seed 2 < zoo.mp > paper.mp
    probe --new --linear --probes 3 --length 5 --hidden 6 --layers 3 --mlp-hidden 7 --mlp-layers 2 --z 4 < zoo.mp > own.mp
    probe --new --linear --length 5 --layers 0 --fixed < zoo.mp > fixed.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import read_stream
[paper], [own], [fixed] = (read_stream.records(f) for f in ("paper.mp", "own.mp", "fixed.mp"))
assert paper["type"] == own["type"] == fixed["type"] == "linear" and paper["seed"] == 2
assert paper["config"] == {"z": 16, "hidden": 128, "layers": 2, "mlp_hidden": 128, "mlp_layers": 1, "length": 22, "probes": 16,
                           "softmax": True, "fixed": False}
assert own["config"] == {"z": 4, "hidden": 6, "layers": 3, "mlp_hidden": 7, "mlp_layers": 2, "length": 5, "probes": 3,
                         "softmax": True, "fixed": False}
assert {name: w.shape for name, w in own["weights"].items()} == {
    "codes": (3, 32), "generator.0.weight": (6, 32), "generator.0.bias": (6,), "generator.1.weight": (6, 6), "generator.1.bias": (6,),
    "generator.2.weight": (20, 6), "generator.2.bias": (20,), "output_transform.0.weight": (7, 60), "output_transform.0.bias": (7,),
    "output_transform.2.weight": (7, 7), "output_transform.2.bias": (7,), "output_transform.4.weight": (4, 7), "output_transform.4.bias": (4,)}
assert fixed["config"]["fixed"] is True and fixed["config"]["layers"] == 0 and fixed["weights"]["codes"].shape == (16, 20)
PYTHON
    run -64 probe --new --layers 0 < zoo.mp
    [[ $output == "probe: --layers 0: an encoder of type 'interactive' has at least one"* ]]
}

# The probing inputs of linear generators, and what the RNNs answer, computed by NumPy from the record alone.
@test "probe: a linear generator's probes and embedding follow from its record" {
    local layers
    for layers in 0 1 3; do
        probe --new --linear --probes 3 --length 5 --hidden 6 --layers "$layers" < zoo.mp > encoder.mp
        probe --traces --model encoder.mp < zoo.mp > z.mp
        check z.mp << 'PYTHON'
[e] = read_stream.records("encoder.mp")
w = e["weights"]
x = w["codes"]
for l in range(e["config"]["layers"]):
    x = x @ w[f"generator.{l}.weight"].T + w[f"generator.{l}.bias"]
x = np.exp(x.reshape(3, 5, 4).transpose(1, 0, 2))
x /= x.sum(-1, keepdims=True)
for r in records:
    assert np.allclose(r["probes"]["inputs"], x, rtol=0, atol=1e-6)
    y = r["probes"]["answers"].reshape(-1)
    y = np.maximum(w["output_transform.0.weight"] @ y + w["output_transform.0.bias"], 0)
    y = w["output_transform.2.weight"] @ y + w["output_transform.2.bias"]
    assert np.allclose(r["z"], y / np.linalg.norm(y), rtol=0, atol=1e-5)
PYTHON
    done
}

@test "probe: the same seed gives the same encoder, another one another" {
    probe --new --hidden 12 --length 6 --mlp-hidden 8 --seed 7 < zoo.mp | cmp - fresh.mp
    probe --new --hidden 12 --length 6 --mlp-hidden 8 --seed 8 < zoo.mp > other.mp
    run -1 cmp -s <(data fresh.mp) <(data other.mp)
}

@test "probe: the size of the batch does not matter" {
    local type batch
    for type in interactive non-interactive linear; do
        probe --new "--$type" --probes 2 < zoo.mp > encoder.mp
        probe --traces --model encoder.mp --batch 64 < zoo.mp > whole.mp
        for batch in 1 3 7; do
            probe --traces --model encoder.mp --batch "$batch" < zoo.mp > parts.mp
            cmp <(data whole.mp) <(data parts.mp)
        done
    done
}

@test "probe: concatenated zoos, other kinds, and the order of all records" {
    gen-language --tokens 2 --count 2 --first-run 5 | train-rnn --steps 5 --snapshots '' --hidden 8 --rollouts 3 --samples 20 > second.mp
    make_stream notes.mp <<< '[{"kind": "note", "text": "hello"}]'
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import encoder_stream, read_stream
zoo = read_stream.records("zoo.mp")
encoder_stream.write("mixed.mp", zoo[:2] + [{"kind": "note", "text": "between"}] + zoo[2:3])
PYTHON
    cat second.mp notes.mp mixed.mp | probe --model fresh.mp > z.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import read_stream
segments = read_stream.read("z.mp")
assert [[r["kind"] for r in s] for s in segments] == [["meta", "embedding", "embedding", "end"], ["meta", "note", "end"],
                                                      ["meta", "embedding", "embedding", "note", "embedding", "end"]]
PYTHON
}

@test "probe: the history of each segment tells where its RNNs come from, and names the encoder by its CRC-32" {
    cat zoo.mp zoo.mp | probe --model fresh.mp > z.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import zlib, read_stream
segments = read_stream.read("z.mp")
assert len(segments) == 2
for segment in segments:
    history = segment[0]["history"]
    assert [h["argv"][:2] for h in history] == [["gen-language", "--tokens"], ["train-rnn", "--steps"], ["probe", "--model"]]
    assert history[-1]["models"] == [zlib.crc32(open("fresh.mp", "rb").read())] and not any("models" in h for h in history[:-1])
PYTHON
    # A part of a zoo has the same embeddings, byte for byte, as in the whole.
    probe --model fresh.mp < zoo.mp > part.mp
    cat part.mp part.mp | cmp - z.mp
    run -0 rec-info z.mp zoo.mp fresh.mp
    crc=$(python -c 'import zlib; print("%08x" % zlib.crc32(open("fresh.mp", "rb").read()))')
    [[ $output == *"probe --model fresh.mp"$'\n'"      model $crc: fresh.mp"* ]]
    run -0 rec-info z.mp zoo.mp
    [[ $output == *"      model $crc"* && $output != *"model $crc:"* ]]
}

@test "probe: --new reads no further than the segment of the first rnn record, and all of that" {
    mkfifo pipe
    { cat zoo.mp; exec sleep 60; } > pipe 3>&- &
    local upstream=$!
    timeout 20 probe --new < pipe > encoder.mp
    kill "$upstream"
    probe --new < zoo.mp | cmp - encoder.mp
    run -65 bash -c 'head -c -1 zoo.mp | probe --new > /dev/null'
    run -65 bash -c 'gen-language | probe --new > /dev/null'
    [[ $output == *"no rnn record"* ]]
}

@test "probe: an RNN of other inputs and outputs exits 65 with both numbers" {
    gen-language --tokens 3 | train-rnn --steps 5 --snapshots '' --hidden 9 --rollouts 3 --samples 20 > other.mp
    run -65 bash -c 'cat zoo.mp other.mp | probe --model fresh.mp > /dev/null'
    [[ $output == "probe: standard input: record 14 "*"the RNN does not fit the interactive encoder: inputs 5 and 4, outputs 5 and 4" ]]
}

@test "probe: a model file that is none" {
    constant-encode --new < zoo.mp > constant.mp
    run -65 bash -c 'probe --model constant.mp < zoo.mp > /dev/null'
    [[ $output == "probe: constant.mp: an encoder of type 'constant'"* ]]
    run -65 bash -c 'probe --model zoo.mp < zoo.mp > /dev/null'
    [[ $output == "probe: zoo.mp: no encoder record"* ]]
    run -66 bash -c 'probe --model missing.mp < zoo.mp > /dev/null'
    run -65 bash -c 'head -c 3000 fresh.mp > cut; probe --model cut < zoo.mp > /dev/null'
    run -65 bash -c 'probe --model /dev/null < zoo.mp > /dev/null'
}

@test "probe: damaged input exits 65" {
    local size bytes at
    size=$(stat -L -c %s zoo.mp)
    for ((bytes = 0; bytes < size; bytes += size / 17)); do
        run -65 bash -c "head -c $bytes zoo.mp | probe --model fresh.mp > /dev/null"
    done
    for at in 0 5 400 5000; do
        cp --remove-destination "$(readlink zoo.mp)" damaged.mp
        printf '\xc1' | dd of=damaged.mp bs=1 seek="$at" conv=notrunc status=none
        run -65 bash -c 'probe --model fresh.mp < damaged.mp > /dev/null'
    done
}

@test "probe: kinds of probing exclude each other; options of another mode are told to have no effect" {
    run -64 --separate-stderr probe --new --linear --non-interactive < zoo.mp
    [[ $stderr == *"--non-interactive, --linear and --hidden-states exclude each other"* ]]
    run -0 --separate-stderr bash -c 'probe --new --hidden 8 --timeout 3 < zoo.mp > fresh.mp && probe --model fresh.mp --hidden 8 < zoo.mp > /dev/null'
    [[ $stderr == $'probe: --timeout has no effect with --new\nprobe: --hidden has no effect with --model' ]]
    printf 'probe:\n    hidden: 8\n    timeout: 3\n' > both.yaml
    run -0 --separate-stderr bash -c 'probe --config both.yaml --new < zoo.mp > fresh.mp && probe --config both.yaml --model fresh.mp < zoo.mp > /dev/null'
    [[ -z $stderr ]]
}

@test "probe: misuse exits 64" {
    local misuse
    for misuse in '' '--new --model fresh.mp' '--model -' '--model - --data -' '--new --probes 0' '--new --hidden 0' '--new --z 0' \
        '--model fresh.mp --batch 0' '--new operand'; do
        # shellcheck disable=SC2086 # several words
        run -64 probe $misuse < zoo.mp
        [[ $output == probe:* ]]
    done
}

@test "probe: sizes from a YAML file, the command line wins" {
    printf 'probe: {hidden: 5, z: 3, mlp-hidden: 4, residual: false}\n' > config.yaml
    probe --new --config config.yaml --z 6 < zoo.mp > encoder.mp
    check encoder.mp << 'PYTHON'
[e] = records
assert e["config"]["hidden"] == 5 and e["config"]["z"] == 6 and e["config"]["mlp_hidden"] == 4 and not e["config"]["residual"]
PYTHON
}

@test "probe: a full disk exits 74, a closed pipe 141 without a word" {
    run -74 bash -c 'probe --model fresh.mp < zoo.mp > /dev/full'
    run -74 bash -c 'probe --new < zoo.mp > /dev/full'
    repeat 200 zoo.mp > many.mp
    set +o pipefail # that it closes is what is tried
    probe --model fresh.mp < many.mp 2> message | head -c 1 > /dev/null
    [[ ${PIPESTATUS[0]} == 141 && ! -s message ]]
}

@test "probe: memory does not grow with the number of records" {
    local count
    repeat 20 zoo.mp > many20.mp
    repeat 10 many20.mp > many200.mp
    for count in 20 200; do
        python -c 'import resource, subprocess, sys
cat = subprocess.Popen(["cat", sys.argv[1]], stdout=subprocess.PIPE)
subprocess.run(sys.argv[2:], stdin=cat.stdout, stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "many$count.mp" probe --model fresh.mp > "memory$count"
    done
    [[ $(< memory200) -lt $(($(< memory20) + 2000)) ]]
}

# --- Programs that are asked ---

@test "probe: a program that answers as an RNN of any cell gets the RNN's embedding" {
    local cell type run answer
    python -c '' # finds one that has msgpack_numpy
    answer="$RNNPIPE_PYTHON $ROOT/examples/answer.py"
    for cell in lstm gru rnn_tanh rnn_relu; do
        gen-language --tokens 2 --count 2 | train-rnn --cell "$cell" --steps 20 --snapshots '' --hidden 8 --rollouts 3 --samples 20 > zoo.mp.$cell
        for type in interactive non-interactive linear; do
            probe --new "--$type" --probes 3 --length 6 --hidden 12 --mlp-hidden 8 < zoo.mp.$cell > encoder.mp
            for run in 0 1; do
                probe --model encoder.mp --traces --ask "$answer zoo.mp.$cell $run 20" > "asked.mp"
                rec-select --run $run < zoo.mp.$cell | probe --model encoder.mp --traces > read.mp
                check asked.mp << 'PYTHON'
[asked], [read] = records, read_stream.records("read.mp")
assert np.abs(asked["z"] - read["z"]).max() < 1e-5
assert all(np.abs(asked["probes"][k] - read["probes"][k]).max() < 1e-5 for k in ("inputs", "answers"))
assert asked["encoder"] == read["encoder"] and asked["name"].endswith(str(read["run"]) + " 20") and "arch" not in asked
PYTHON
            done
        done
    done
}

@test "probe: a program that does not answer as it should" {
    probe --new --linear --length 4 --probes 2 < zoo.mp > linear.mp
    local program message
    while IFS='|' read -r program message; do
        run -65 --separate-stderr probe --model linear.mp --timeout 0.4 --ask "$program"
        [[ -z $output && $stderr == "probe: --ask: '$program', question "$message* ]] || { echo "$program: $stderr"; false; }
    done << 'PROGRAMS'
exit 3|1: the program has ended, with exit status 3
kill -9 $$|1: the program was ended by signal 9
sleep 100|1: no answer within 0.4 seconds
while read -r x; do echo 1 2 3; done|1: the answer has 3 numbers, not 4
while read -r x; do echo 1 2 3 4 5; done|1: the answer has 5 numbers, not 4
while read -r x; do echo 1 two 3 4; done|1: the answer has 'two', which is no finite number
while read -r x; do echo 1 2 3 nan; done|1: the answer has 'nan', which is no finite number
while read -r x; do echo 1 2 3 4x; done|1: the answer has '4x', which is no finite number
while read -r x; do printf '1 2 3 4'; done|1: no answer
read -r x; echo 1 2 3 4; read -r x; exit 0|2: the program has ended, with exit status 0
read -r x; echo 1 2 3 4; exec >&-; sleep 5|2: the program has closed its output
while read -r x; do echo 0 0 0 0; done|*: the program has said more than it was asked
while read -r x; do printf '0 0 0 0\0 9 9\n'; done|1: the answer has a NUL character
while read -r x; do printf '0 0 0 0\n0 0 0 0\n'; done|*: the program has said more than it was asked
tr '\n' ' ' < /dev/zero|1: 
no-such-program-anywhere 2> /dev/null|1: the program has ended, with exit status 127
PROGRAMS
    # A question of more than a pipe holds, which is never read, or not to its end.
    PYTHONPATH=$ROOT/tests/python python -c 'from make_rnns import rnn, write
write("wide.mp", [rnn("gru", 1, inputs=12000, outputs=2, reads="numbers")])'
    probe --new --linear --length 2 --probes 1 --range -1:1 < wide.mp > asks-wide.mp
    run -65 --separate-stderr probe --model asks-wide.mp --timeout 0.4 --ask 'exec sleep 20'
    [[ -z $output && $stderr == "probe: --ask: 'exec sleep 20', question 1: no answer within 0.4 seconds" ]]
    run -65 --separate-stderr probe --model asks-wide.mp --ask 'head -c 100 > /dev/null'
    [[ -z $output && $stderr == *", question 1: the program has ended, with exit status 0" ]]
    run -64 probe --ask true
    run -64 probe --model linear.mp --ask true --data zoo.mp
    run -66 probe --model missing.mp --ask true
    run -74 bash -c 'probe --model linear.mp --ask "while read -r x; do [ -z \"\$x\" ] || echo 0,0,0,0; done" > /dev/full'
}

@test "probe: answers that are finite and make no embedding are refused" {
    probe --new --linear --length 4 --probes 2 < zoo.mp > linear.mp
    run -65 --separate-stderr probe --model linear.mp --ask 'while read -r x; do [ -z "$x" ] || echo 3e38 3e38 -3e38 3e38; done'
    [[ -z $output && $stderr == 'probe: --ask: it has no embedding of norm 1 '* ]]
}

@test "probe: a signal ends the program that is asked, too" {
    probe --new --linear --length 4 --probes 2 < zoo.mp > linear.mp
    probe --model linear.mp --timeout 60 --ask 'echo $$ > pid; read -r x; sleep 100' > /dev/null 2> message 3>&- &
    local asker=$! code=0
    for _ in {1..500}; do [[ ! -s pid ]] || break; sleep 0.01; done
    kill -TERM "$asker"
    wait "$asker" || code=$?
    [[ $code == 75 && $(< message) == *"interrupted"* ]]
    run ! kill -0 "$(< pid)"
}

@test "probe: the program ends with its questions; what does not end is killed" {
    probe --new --linear --length 4 --probes 2 < zoo.mp > linear.mp
    probe --model linear.mp --ask 'tee questions | while read -r x; do [ -z "$x" ] || echo 0 0 0 1; done' > asked.mp
    for _ in {1..40}; do [[ $(wc -l < questions) == 9 ]] && break; sleep 0.05; done
    [[ $(wc -l < questions) == 9 && -z $(sed -n 5p questions) ]] # two sequences of 4, a reset between
    check asked.mp <<< 'assert abs(sum(map(float, open("questions").readline().split())) - 1) < 1e-5'
    probe --model linear.mp --timeout 0.3 --ask 'echo $$ > pid; while read -r x; do [ -z "$x" ] || echo 0 0 0 1; done; sleep 100' > /dev/null
    run ! kill -0 "$(cat pid)"
}

@test "probe: one encoder reads a zoo of four cells and widths 4 to 64, and the answers in its traces are those that NumPy computes" {
    PYTHONPATH=$ROOT/tests/python python "$ROOT/tests/python/make_rnns.py" mixed.mp
    for kind in interactive non-interactive linear; do
        probe --new --"$kind" --hidden 12 --mlp-hidden 10 --length 7 --probes 3 < mixed.mp > encoder.mp
        probe --model encoder.mp --traces < mixed.mp > "$kind.mp"
        for run in 0 7 15; do
            rec-select --run "$run" < mixed.mp | probe --model encoder.mp --traces > alone.mp
            rec-select --run "$run" < "$kind.mp" | rec-diff --absolute 1e-6 alone.mp -
        done
    done
    for filter in flat-encode stats-encode transformer-encode dws-encode; do
        "$filter" --new < mixed.mp > encoder.mp
        run -65 "$filter" --model encoder.mp < mixed.mp
        [[ $output == *"does not fit the ${filter%-encode} encoder: "*"cells gru and lstm" ]]
    done
    constant-encode --new < mixed.mp > encoder.mp
    constant-encode --model encoder.mp < mixed.mp > constant.mp
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import numpy as np
from read_stream import records
from rnn_numpy import Reader
rnns = records("mixed.mp", "rnn")
assert {r["arch"]["cell"] for r in rnns} == {"lstm", "gru", "rnn_tanh", "rnn_relu"} and {4, 64} < {r["arch"]["hidden"] for r in rnns}
for kind in ("interactive", "non-interactive", "linear"):
    embeddings = records(f"{kind}.mp", "embedding")
    assert len(embeddings) == len(rnns) == 16
    for rnn, e in zip(rnns, embeddings):
        x, y = e["probes"]["inputs"], e["probes"]["answers"]
        assert x.shape == y.shape == (7, 3, 5) and np.allclose(x.sum(-1), 1, atol=1e-5)
        for m in range(3):
            expected, _ = Reader(rnn).run(x[:, m])
            assert np.abs(expected - y[:, m]).max() < 1e-5 * max(1, np.abs(expected).max()), (kind, rnn["arch"])
    z = np.array([e["z"] for e in embeddings])
    assert np.unique(z.round(5), axis=0).shape == z.shape
assert len(records("constant.mp", "embedding")) == 16
PYTHON
}

@test "probe: RNNs that read numbers are asked within a range" {
    PYTHONPATH=$ROOT/tests/python python -c 'from make_rnns import *
write("series.mp", [rnn("gru", r, inputs=1, outputs=1) for r in range(3)]); write("classes.mp", [rnn("gru", 1, inputs=3, outputs=2)])'
    rnn-rollout --noise uniform --range 10:20 < series.mp > rolled.mp
    rnn-rollout --noise uniform --range 10:20 < classes.mp > rolled-classes.mp
    range() { probe --new --hidden 8 --mlp-hidden 8 "$@" | rec-json --arrays whole | grep -o '"range":\[[^]]*\]' || echo none; }
    [[ $(range < series.mp) == none && $(range < rolled-classes.mp) == none && $(range --range=-1:2 < series.mp) == '"range":[-1.0,2.0]' ]]
    [[ $(range < rolled.mp) == '"range":[10.'*',19.'* && $(range --range data < rolled-classes.mp) == '"range":[10.'* ]]
    run -64 --separate-stderr probe --new --range=-3e38:3e38 < series.mp
    [[ $stderr == *"--range: '-3e38:3e38' is too wide"* ]]
    gen-language | train-rnn --steps 1 --snapshots '' --hidden 2 --rollouts 1 --samples 1 | probe --new --range 0:1 2>&1 > none.mp | grep -F -- '--range has no effect on RNNs that read tokens'
    [[ $(range --linear --range=-1:2 < rolled.mp) == '"range":[-1.0,2.0]' && $(range --range 0:1 < rolled.mp) == '"range":[0.0,1.0]' ]]
    [[ $(range --range 3:4 < zoo.mp) == none ]] # tokens
    run -65 probe --new --range data < series.mp
    [[ $output == *"has no rollouts"* ]]
    run -64 probe --new --range 2:1 < series.mp
    [[ $output == *"--range: '2:1'"* ]]
}

@test "probe: --new says which options an encoder of its type does not have" {
    probe --new --linear --echo --hidden 16 < zoo.mp 2>&1 > /dev/null | cmp <(echo "probe: --echo has no effect on an encoder of type 'linear'")
    probe --new --linear --gumbel --hidden 16 < zoo.mp 2>&1 > /dev/null | cmp <(echo "probe: --gumbel has no effect on an encoder of type 'linear'")
    probe --new --non-interactive --fixed --probes 2 < zoo.mp 2>&1 > /dev/null | cmp <(echo "probe: --fixed has no effect on an encoder of type 'noninteractive'")
    [[ -z $(probe --new --echo --recall --one-hot --residual --z 8 --hidden 16 < zoo.mp 2>&1 > /dev/null) ]]
}

# An echo adds no weights. Of a fresh encoder it asks, but for the little that the encoder has to say yet, what the RNN has just answered; the
# first question, before any answer, is the one that would be asked without it.
@test "probe: --echo asks what the RNN has answered" {
    gen-language --tokens 2 --count 2 --seed 3 | train-rnn --steps 150 --snapshots "" --rollouts 1 --samples 5 > talk.mp
    probe --new --hidden 16 --length 5 --probes 2 --seed 3 < talk.mp > plain.mp
    probe --new --hidden 16 --length 5 --probes 2 --seed 3 --echo < talk.mp > echo.mp
    run ! grep -q echo <(rec-json < plain.mp | sed 's/"command":"[^"]*"//')
    probe --model plain.mp --traces < talk.mp > plain-z.mp
    probe --model echo.mp --traces < talk.mp > echo-z.mp
    python - plain-z.mp echo-z.mp << 'PYTHON'
import sys, msgpack, msgpack_numpy, numpy as np
plain, echo = [[r for r in msgpack.Unpacker(open(f, "rb"), object_hook=msgpack_numpy.decode) if r["kind"] == "embedding"] for f in sys.argv[1:]]
centred = lambda x: x - x.mean(-1, keepdims=True)
said = 0
for p, e in zip(plain, echo):
    x, y = e["probes"]["inputs"], e["probes"]["answers"]
    assert np.array_equal(x[0], p["probes"]["inputs"][0])
    own = centred(np.log(x[1:])) - centred(y[:-1])
    assert np.abs(own).max() < 1.5, np.abs(own).max()
    said = max(said, np.abs(centred(y)).max())
assert said > 3, said
PYTHON
    # with Gumbel noise, but for as little, the answer and the numbers of the record; the sequences differ
    probe --new --hidden 16 --length 5 --probes 2 --seed 3 --echo --gumbel < talk.mp > gumbel.mp
    probe --model gumbel.mp --traces < talk.mp > gumbel-z.mp
    python - echo-z.mp gumbel-z.mp gumbel.mp << 'PYTHON'
import sys, msgpack, msgpack_numpy, numpy as np
records = [[r for r in msgpack.Unpacker(open(f, "rb"), object_hook=msgpack_numpy.decode)] for f in sys.argv[1:]]
echo, gumbel = [[r for r in list if r["kind"] == "embedding"] for list in records[:2]]
noise = next(r for r in records[2] if r["kind"] == "encoder")["weights"]["gumbel"].reshape(5, 2, -1)
assert abs(noise.mean() - 0.577) < 0.5 and 0.7 < noise.std() < 1.9, (noise.mean(), noise.std())
centred = lambda x: x - x.mean(-1, keepdims=True)
for p, e in zip(echo, gumbel):
    x, y = e["probes"]["inputs"], e["probes"]["answers"]
    assert np.array_equal(x[0], p["probes"]["inputs"][0])
    own = centred(np.log(x[1:])) - centred(y[:-1]) - centred(noise[1:])
    assert np.abs(own).max() < 1.5, np.abs(own).max()
    assert np.abs(x[1:, 0] - x[1:, 1]).max() > 0.3
PYTHON
    run -64 probe --new --gumbel < talk.mp
    [[ $output == *"gumbel draws from an echo"* ]]
    PYTHONPATH=$ROOT/tests/python python -c 'from make_rnns import *
write("series.mp", [rnn("gru", 1, inputs=1, outputs=1)])'
    run -64 probe --new --echo < series.mp
    [[ $output == *"there is no echo to be asked"* ]]
}

# The questions are real tokens, those that the mixtures of the same weights have most of; a record of before has no such key.
@test "probe: --one-hot asks tokens, and learns by way of them" {
    gen-lock --bits 3 --rollouts 4 > locks.mp
    probe --new --hidden 16 --length 3 --seed 3 < locks.mp > soft.mp
    probe --new --hidden 16 --length 3 --seed 3 --one-hot < locks.mp > hard.mp
    run ! grep -q one_hot soft.mp
    grep -q one_hot hard.mp
    probe --model soft.mp --traces < locks.mp > soft-z.mp
    probe --model hard.mp --traces < locks.mp > hard-z.mp
    classify --fit task.key --encoder hard.mp --steps 60 --rate 1e-3 < locks.mp > learnt.mp
    python - soft-z.mp hard-z.mp hard.mp learnt.mp << 'PYTHON'
import sys, msgpack, msgpack_numpy, numpy as np
soft, hard, before, after = [[r for r in msgpack.Unpacker(open(f, "rb"), object_hook=msgpack_numpy.decode) if r["kind"] in ("embedding", "encoder")] for f in sys.argv[1:]]
for s, h in zip(soft, hard):
    x, y = s["probes"]["inputs"], h["probes"]["inputs"]
    assert set(np.unique(y)) <= {0, 1} and (y.sum(-1) == 1).all() and ((x > 0) & (x < 1)).all()
    assert (x[0].argmax(-1) == y[0].argmax(-1)).all() # the first question is asked before any answer
moved = [k for k in before[0]["weights"] if not np.array_equal(before[0]["weights"][k], after[0]["weights"][k])]
assert any(k.startswith("probing_input_decoder") for k in moved), "the questions are learnt, too"
PYTHON
}

@test "probe: hidden states: NumPy finds the same embeddings, from any widths of any cell" {
    gen-language --tokens 2 --count 2 --seed 3 | train-rnn --cell gru --steps 3 --snapshots 0 --hidden 5 --rollouts 1 --samples 5 > gru.mp
    probe --new --hidden-states --probes 3 --length 5 --hidden 6 --mlp-hidden 7 --z 4 < zoo.mp > hidden.mp
    cat zoo.mp gru.mp | probe --model hidden.mp > z.mp
    check hidden.mp << 'PYTHON'
from rnn_numpy import Reader
[e] = records
w, M, K = {k: np.asarray(v, float) for k, v in e["weights"].items()}, 3, 5
assert e["type"] == "hidden" and e["config"] == {"z": 4, "hidden": 6, "layers": 2, "mlp_hidden": 7, "mlp_layers": 1, "length": 5, "probes": 3, "softmax": True}
x = w["codes"]
for j in range(2):
    x = x @ w[f"generator.{j}.weight"].T + w[f"generator.{j}.bias"]
u = np.exp(x.reshape(M, K, -1))
u /= u.sum(-1, keepdims=True)
relu = lambda x: np.maximum(x, 0)
embeddings = read_stream.records("z.mp")
rnns = read_stream.records("zoo.mp") + read_stream.records("gru.mp")
assert len(embeddings) == len(rnns) == 14
for rnn, z in zip(rnns, embeddings):
    runs = [Reader(rnn).run(u[m]) for m in range(M)]
    told = [np.array([runs[m][0][k] for k in range(K) for m in range(M)]).ravel()]
    for l in range(2):
        p = np.array([runs[m][1][k][l]["h"] for k in range(K) for m in range(M)]).T
        a, b = w[f"units.{l}.weight"], w[f"units.{l}.bias"]
        f = relu(p @ a.T + b) + relu(-p @ a.T + b)
        told += [f.mean(0), f.max(0)]
    y = relu(np.concatenate(told) @ w["output_transform.0.weight"].T + w["output_transform.0.bias"]) @ w["output_transform.2.weight"].T + w["output_transform.2.bias"]
    assert np.abs(z["z"] - y / np.linalg.norm(y)).max() < 1e-5
PYTHON
    run -64 --separate-stderr probe --model hidden.mp --ask cat
    [[ $stderr == *"sees hidden states"* ]]
}
