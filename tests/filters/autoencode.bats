# autoencode: what NumPy makes of the losses; checkpoints; misuse. (Gradients: tests/unit/grad/gradients.c; what decoders make: decode.bats.)

# shellcheck disable=SC2154 # bats sets output and stderr
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    gen-language --tokens 2 --max-n 4 --count 24 | train-rnn --steps 60 --snapshots 20 --hidden 6 --layers 1 --init-seed 3 --rollouts 3 --samples 10 |
        partition --validation 0.3 > zoo.mp
    flat-encode --new --ordered --standardise --z 5 --hidden 8 < zoo.mp > fresh.mp
    gen-series --count 12 | train-rnn --steps 20 --snapshots '' --hidden 5 --layers 1 --cell gru --init-seed 3 --rollouts 2 --samples 4 > numbers.mp
}

setup() {
    ln -s "$BATS_FILE_TMPDIR"/*.mp .
}

data() {
    rec-json --no-meta --arrays whole < "$1"
}

# check MODEL ZOO FILTER BETA: the last losses on each split, by NumPy.
check() {
    "$3" --model "$1" < "$2" > z.mp
    PYTHONPATH=$ROOT/tests/python python - "$1" "$2" "$4" << 'PYTHON'
import sys, numpy as np
from read_stream import records
from rnn_numpy import Reader, log_softmax
model, zoo, beta = sys.argv[1], records(sys.argv[2], "rnn"), float(sys.argv[3])
[d] = records(model, "decoder")
w, log = {k: np.asarray(v, float) for k, v in d["weights"].items()}, records(model, "log")
names = list(zoo[0]["weights"])
sizes = [zoo[0]["weights"][n].size for n in names]
deviation = np.repeat(w["deviation"], sizes)
flat = lambda r: np.concatenate([np.asarray(r["weights"][n], float).ravel() for n in names])
train = np.array([flat(r) for r in zoo if r.get("split", "train") == "train"])
assert abs(w["mean"] - train.mean(0)).max() < 1e-5
parts = np.split((train - train.mean(0)), np.cumsum(sizes)[:-1], axis=1)
assert np.allclose([np.sqrt((p ** 2).mean()) for p in parts], w["deviation"], rtol=1e-4)

S, B = {}, {}
for r, z in zip(zoo, records("z.mp", "embedding"), strict=True):
    y, layers = np.asarray(z["z"], float), d["config"]["layers"]
    for j in range(layers + 1):
        y = w[f"mlp.{2 * j}.weight"] @ y + w[f"mlp.{2 * j}.bias"]
        y = np.maximum(y, 0) if j < layers else y
    split = r.get("split", "train")
    S.setdefault(split, []).append(((y - (flat(r) - w["mean"]) / deviation) ** 2).mean())
    made = np.split(w["mean"] + deviation * y, np.cumsum(sizes)[:-1])
    twin = Reader({**r, "weights": {n: m.reshape(r["weights"][n].shape) for n, m in zip(names, made)}})
    inputs, answers = np.asarray(r["rollouts"]["inputs"]), np.asarray(r["rollouts"]["logits"], float)
    b = []
    for x, p in zip(inputs, answers):
        q = np.array(twin.run(x[:len(p)])[0])
        b.append((np.exp(log_softmax(q)) - np.exp(p)) ** 2 if r["arch"].get("answers", "classes") == "classes" and p.shape[1] > 1 else (q - p) ** 2)
    B.setdefault(split, []).append(np.mean(b))
judged = {p["split"]: p for p in log if p["step"] == d["step"] and "structure" in p}
assert judged and set(judged) == (set(S) - {"train"} or {"train"}), judged
for split, point in judged.items():
    assert abs(point["structure"] - np.mean(S[split])) < 1e-4 * np.mean(S[split]), (split, point, np.mean(S[split]))
    assert abs(point["behaviour"] - np.mean(B[split])) < 2e-3 * np.mean(B[split]) + 1e-7, (split, point, np.mean(B[split]))
PYTHON
}

@test "autoencode: S and B as NumPy has them, of languages by structure and behaviour, and of series of numbers" {
    autoencode --fit fresh.mp --steps 40 --validate-every 20 --hidden 16 --rollouts 3 < zoo.mp > model.mp
    check model.mp zoo.mp flat-encode 0.1
    probe --new --linear --hidden 6 --mlp-hidden 6 --length 6 --z 4 < numbers.mp > asks.mp
    autoencode --fit asks.mp --steps 10 --validate-every 10 --layers 0 --rollouts 2 --structure 0.5 < numbers.mp > numbers-model.mp
    check numbers-model.mp numbers.mp probe 0.5
}

@test "autoencode: structure alone lowers S, behaviour alone B, and what is asked for is lowered more" {
    for share in 0 1; do
        autoencode --fit fresh.mp --steps 150 --validate-every 10 --hidden 32 --structure $share --rollouts 3 < zoo.mp > model-$share.mp
    done
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
from read_stream import records
first, last = {}, {}
for share in "01":
    log = [r for r in records(f"model-{share}.mp", "log") if r["split"] == "validation"]
    first[share], last[share] = log[0], log[-1]
assert last["1"]["structure"] < 0.95 * first["1"]["structure"] and last["0"]["behaviour"] < 0.7 * first["0"]["behaviour"]
assert last["1"]["structure"] < last["0"]["structure"] and last["0"]["behaviour"] < last["1"]["behaviour"]
PYTHON
}

@test "autoencode: the same bytes for any number of threads, and from a checkpoint" {
    local training=(autoencode --fit fresh.mp --batch 40 --hidden 8 --anneal 0 --validate-every 7 --checkpoint-every 5)
    "${training[@]}" --steps 24 < zoo.mp > whole.mp
    "${training[@]}" --steps 24 --threads 3 < zoo.mp | cmp <(data whole.mp) <(rec-json --no-meta --arrays whole)
    "${training[@]}" --steps 11 --checkpoint state.mp < zoo.mp > part.mp # between two validations
    "${training[@]}" --steps 24 --checkpoint state.mp < zoo.mp > resumed.mp
    cmp <(data whole.mp) <(data resumed.mp)
    run -65 bash -c '"$@" --steps 23 --checkpoint state.mp' _ "${training[@]}" < zoo.mp
    [[ $output == *"of step 24 already"* ]]
    run -65 bash -c '"$@" --steps 30 --structure 0.2 --checkpoint state.mp' _ "${training[@]}" < zoo.mp
    [[ $output == *"belongs to other data, networks or options" ]]
    autoencode --fit whole.mp --steps 3 --hidden 9 < zoo.mp > further.mp 2> message # a model is trained on
    [[ $(< message) == "autoencode: --hidden has no effect on the decoder that the model has" ]]
    [[ $(rec-table --kind decoder step < further.mp) -gt $(rec-table --kind decoder step < whole.mp) && $(rec-table --kind decoder config.hidden < further.mp) == 8 ]]
    rm state.mp
    local job status=0
    "${training[@]}" --steps 1000000000 --checkpoint state.mp < zoo.mp > out.mp 2> message 3>&- &
    job=$!
    sleep 1
    kill -TERM "$job"
    wait "$job" || status=$?
    [[ $status == 75 && ! -s out.mp && $(< message) == "autoencode: interrupted at step "*"; goes on from state.mp" && ! -e state.mp.lock ]]
}

@test "autoencode: a training that diverges gives the best so far and exits 3" {
    run -3 --separate-stderr bash -c 'autoencode --fit fresh.mp --rate 1 --weight-decay 1000 --batch 2 --steps 300 --validate-every 5 < zoo.mp > diverged.mp'
    [[ $stderr == "autoencode: training diverged at step "*"are written" ]]
    flat-encode --model diverged.mp < zoo.mp | decode --model diverged.mp > /dev/null
}

@test "autoencode: RNNs without rollouts, of another architecture, other sizes of z; misuse" {
    rec-json --arrays whole < zoo.mp | sed 's/"rollouts":{.*}}/"other":1}/' | rec-json --reverse > silent.mp
    run -65 autoencode --fit fresh.mp < silent.mp
    [[ $output == *"no rollouts in it"* ]]
    python -c 'import msgpack_numpy, msgpack, numpy as np, zlib
out, n = b"", 0
for r in msgpack.Unpacker(open("zoo.mp", "rb"), object_hook=msgpack_numpy.decode):
    if r.get("run") == 2:
        r["weights"]["linear.bias"] = r["weights"]["linear.bias"] * np.nan
    if r["kind"] == "end":
        r = {"kind": "end", "records": n, "crc32": zlib.crc32(out)}
    out, n = out + msgpack.packb(r, default=msgpack_numpy.encode), n + 1
open("nan.mp", "wb").write(out)'
    run -65 autoencode --fit fresh.mp < nan.mp
    [[ $output == "autoencode: standard input: run 2, step "*": weights: 'linear.bias' has a number that is not finite"* && $output != *"run 2"*"run 2"* ]]
    gen-language --tokens 2 --max-n 4 | train-rnn --steps 2 --snapshots '' --hidden 7 --layers 1 --rollouts 3 --samples 4 > wide.mp
    run -65 autoencode --fit fresh.mp < wide.mp
    [[ $output == *"widths 7 and 6"* ]]
    autoencode --fit fresh.mp --steps 2 < zoo.mp > model.mp
    flat-encode --new --ordered --standardise --z 6 --hidden 8 < zoo.mp > six.mp
    { cat six.mp; rec-select --kind decoder < model.mp; } > mixed.mp
    run -65 autoencode --fit mixed.mp < zoo.mp
    [[ $output == *"don't fit each other"* ]]
    run -65 autoencode --fit zoo.mp < zoo.mp
    [[ $output == *"no encoder record"* ]]
    run -65 autoencode --fit fresh.mp < <(head -c -1 zoo.mp)
    run -64 autoencode < zoo.mp
    run -64 autoencode --fit - < zoo.mp
    run -64 autoencode --fit fresh.mp --structure 1.5 < zoo.mp
    run -66 autoencode --fit missing.mp < zoo.mp
}
