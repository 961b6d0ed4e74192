#!/usr/bin/env bats

# The scripts of bash -c expand in the inner shell; files are read twice, never written.
# shellcheck disable=SC2016,SC2094
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    python "$ROOT/tests/python/embedding_stream.py" 2 7 | partition > z.mp
    classify --fit task < z.mp > task.mp
    gen-language --count 12 | train-rnn --steps 3 --snapshots 0 --rollouts 2 --samples 4 --quiet | partition > zoo.mp
    probe --new --hidden 16 --length 4 --seed 7 < zoo.mp > fresh.mp
    classify --fit task --encoder fresh.mp --steps 3 --batch 8 < zoo.mp > end-to-end.mp
}

setup() {
    cd "$BATS_FILE_TMPDIR" || return
}

# The exact-task accuracy of a row of score's tab-separated values. $1: encoder, $2: split.
exact_task() {
    awk -F '\t' -v encoder="$1" -v split_name="$2" '$1 == encoder && $2 == split_name { print $11 }' "$BATS_TEST_TMPDIR/table.tsv"
}

at_least() {
    awk -v x="$1" -v least="$2" 'BEGIN { exit !(x + 0 >= least) }'
}

@test "classify: tasks that were held out are predicted, no constant answer is near" {
    classify --model task.mp < z.mp > "$BATS_TEST_TMPDIR/predictions.mp"
    score --format tsv < "$BATS_TEST_TMPDIR/predictions.mp" > "$BATS_TEST_TMPDIR/table.tsv"
    at_least "$(exact_task interactive validation)" 0.9
    at_least "$(exact_task interactive ood)" 0.9
    run at_least "$(exact_task majority validation)" 0.1
    [ "$status" -eq 1 ]
    run at_least "$(exact_task majority ood)" 0.1
    [ "$status" -eq 1 ]
}

@test "classify: accuracy is predicted better than by any constant" {
    classify --fit accuracy < z.mp | classify --model - --data z.mp | score --format tsv > "$BATS_TEST_TMPDIR/table.tsv"
    awk -F '\t' '$2 == "ood" { mae[$1] = $17 } END { exit !(mae["interactive"] != "" && mae["interactive"] < 0.3 * mae["majority"]) }' "$BATS_TEST_TMPDIR/table.tsv"
}

@test "classify: trained on the training split and half of the OOD tasks, whatever the seed" {
    classify --fit task --steps 1 --seed 5 < z.mp > "$BATS_TEST_TMPDIR/other.mp"
    classify --model "$BATS_TEST_TMPDIR/other.mp" < z.mp > "$BATS_TEST_TMPDIR/other-predictions.mp"
    classify --model task.mp < z.mp > "$BATS_TEST_TMPDIR/predictions.mp"
    python - "$BATS_TEST_TMPDIR/predictions.mp" "$BATS_TEST_TMPDIR/other-predictions.mp" << 'PYTHON'
import sys, msgpack
first, second = [[r for r in msgpack.Unpacker(open(f, "rb")) if r["kind"] == "prediction"] for f in sys.argv[1:]]
assert [r["seen"] for r in first] == [r["seen"] for r in second] and len(first) == 432
assert all(r["seen"] for r in first if r["split"] == "train") and not any(r["seen"] for r in first if r["split"] == "validation")
ood = {tuple(r["truth"]): r["seen"] for r in first if r["split"] == "ood"}
assert len(ood) == 32 and sum(ood.values()) == 16
assert all(r["seen"] == ood[tuple(r["truth"])] for r in first if r["split"] == "ood")
PYTHON
}

@test "classify: the model stream" {
    python - task.mp << 'PYTHON'
import sys, msgpack, msgpack_numpy, numpy as np
meta, predictor, *log, end = msgpack.Unpacker(open(sys.argv[1], "rb"), object_hook=msgpack_numpy.decode)
assert [h["program"] for h in meta["history"]] == ["test", "partition", "classify"]
assert predictor["kind"] == "predictor" and predictor["target"] == "task" and predictor["seed"] == 1 and predictor["step"] == 2000
assert predictor["config"] == {"z": 24, "hidden": 128, "layers": 2, "tokens": 4}
assert {k: v.shape for k, v in predictor["weights"].items()} == {
    "mlp.0.weight": (128, 24), "mlp.0.bias": (128,), "mlp.2.weight": (128, 128), "mlp.2.bias": (128,), "mlp.4.weight": (18, 128), "mlp.4.bias": (18,)}
assert [(r["kind"], r["step"], r["split"]) for r in log] == [("log", s, "train") for s in range(100, 2001, 100)]
assert log[-1]["loss"] < 0.1 * log[0]["loss"] and "seconds" not in log[0]
assert predictor["metrics"]["train_loss"] == log[-1]["loss"] and predictor["metrics"]["ood_loss"] < 0.1
PYTHON
}

# An independent forward pass over the records as Python reads them.
@test "classify: predictions are the arg max of NumPy's logits, and all else is carried" {
    classify --model task.mp --label mine < z.mp > "$BATS_TEST_TMPDIR/predictions.mp"
    python - task.mp z.mp "$BATS_TEST_TMPDIR/predictions.mp" << 'PYTHON'
import sys, msgpack, msgpack_numpy, numpy as np
model, z, predictions = [[r for r in msgpack.Unpacker(open(f, "rb"), object_hook=msgpack_numpy.decode) if r["kind"] not in ("meta", "end")] for f in sys.argv[1:]]
w = model[0]["weights"]
assert len(z) == len(predictions) == 432
for before, after in zip(z, predictions):
    h = before["z"].astype(float)
    for layer in (0, 2, 4):
        h = w[f"mlp.{layer}.weight"] @ h + w[f"mlp.{layer}.bias"]
        h = np.maximum(h, 0) if layer < 4 else h
    assert after["predicted"] == list(h.reshape(3, 6).argmax(1) - 3)
    assert after["truth"] == before["task"]["offsets"][1:] and after["target"] == "task" and after["label"] == "mine"
    assert after["predictor"] == {"seed": 1, "step": 2000} and after["kind"] == "prediction" and list(after)[0] == "kind"
    assert {k: v for k, v in before.items() if k not in ("kind", "z")} == {k: after[k] for k in before if k not in ("kind", "z")}
    assert "z" not in after
PYTHON
}

@test "classify: same input, options and seed, same bytes; threads change nothing" {
    classify --fit task < z.mp > "$BATS_TEST_TMPDIR/again.mp"
    cmp task.mp "$BATS_TEST_TMPDIR/again.mp"
    classify --fit task --threads 2 --steps 20 < <(cat z.mp) | rec-json --no-meta --arrays whole > "$BATS_TEST_TMPDIR/two"
    classify --fit task --steps 20 < z.mp | rec-json --no-meta --arrays whole > "$BATS_TEST_TMPDIR/one"
    cmp "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
    classify --fit task --steps 20 --seed 2 < z.mp | rec-json --no-meta --arrays whole > "$BATS_TEST_TMPDIR/other"
    run -1 cmp "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/other"
}

@test "classify: together with an encoder, which travels in the model" {
    python - fresh.mp end-to-end.mp << 'PYTHON'
import sys, msgpack, msgpack_numpy
fresh, model = [[r for r in msgpack.Unpacker(open(f, "rb"), object_hook=msgpack_numpy.decode)] for f in sys.argv[1:]]
assert [r["kind"] for r in model] == ["meta", "encoder", "predictor", "log", "end"]
before, after = fresh[1], model[1]
assert after["type"] == "interactive" and after["seed"] == before["seed"] == 7 and after["step"] == 3 and after["config"] == before["config"]
assert any((before["weights"][k] != after["weights"][k]).any() for k in before["weights"])
assert model[2]["seed"] == 7 and model[2]["config"]["z"] == before["config"]["z"]
programs = [h["program"] for h in model[0]["history"]]
assert programs[:3] == ["gen-language", "train-rnn", "partition"] and "probe" in programs and programs[-1] == "classify"
PYTHON
    classify --model end-to-end.mp < zoo.mp > "$BATS_TEST_TMPDIR/predictions.mp"
    python - zoo.mp "$BATS_TEST_TMPDIR/predictions.mp" << 'PYTHON'
import sys, msgpack
zoo, predictions = [[r for r in msgpack.Unpacker(open(f, "rb")) if r["kind"] not in ("meta", "end")] for f in sys.argv[1:]]
assert len(zoo) == len(predictions)
for before, after in zip(zoo, predictions):
    assert after["encoder"] == {"type": "interactive", "seed": 7, "step": 3}
    assert after["run"] == before["run"] and after["metrics"] == before["metrics"] and "weights" not in after and "rollouts" not in after
PYTHON
}

# The encoder and predictor of one model give the same answers together and one after the other.
@test "classify: end to end = embed, then predict" {
    classify --model end-to-end.mp < zoo.mp | rec-json --kind prediction --no-meta > "$BATS_TEST_TMPDIR/together"
    python - end-to-end.mp > "$BATS_TEST_TMPDIR/predictor.mp" << 'PYTHON'
import sys, zlib, msgpack
records = [r for r in msgpack.Unpacker(open(sys.argv[1], "rb")) if r["kind"] in ("meta", "predictor")]
data = b"".join(msgpack.packb(r) for r in records)
sys.stdout.buffer.write(data + msgpack.packb({"kind": "end", "records": len(records), "crc32": zlib.crc32(data)}))
PYTHON
    probe --model end-to-end.mp < zoo.mp | classify --model "$BATS_TEST_TMPDIR/predictor.mp" | rec-json --kind prediction --no-meta > "$BATS_TEST_TMPDIR/apart"
    cmp "$BATS_TEST_TMPDIR/together" "$BATS_TEST_TMPDIR/apart"
}

@test "classify: models on standard input, data by name" {
    classify --fit task --encoder - --data zoo.mp --steps 3 --batch 8 < fresh.mp > "$BATS_TEST_TMPDIR/model.mp"
    rec-json --no-meta < end-to-end.mp > "$BATS_TEST_TMPDIR/one"
    rec-json --no-meta < "$BATS_TEST_TMPDIR/model.mp" | cmp - "$BATS_TEST_TMPDIR/one"
    classify --model - --data zoo.mp < end-to-end.mp | rec-json --no-meta > "$BATS_TEST_TMPDIR/two"
    classify --model end-to-end.mp < zoo.mp | rec-json --no-meta | cmp - "$BATS_TEST_TMPDIR/two"
}

@test "classify: unsuitable data exit 65" {
    run -65 bash -c 'classify --fit task < zoo.mp > /dev/null' # no embedding in it
    [[ "$output" == "classify: standard input: "*embedding* ]]
    run -65 bash -c 'classify --fit task --encoder fresh.mp < z.mp > /dev/null'
    run -65 bash -c 'classify --fit task --encoder z.mp < zoo.mp > /dev/null'
    [[ "$output" == "classify: z.mp: "*encoder* ]]
    run -65 bash -c 'classify --model z.mp < z.mp > /dev/null'
    [[ "$output" == "classify: z.mp: "*predictor* ]]
    run -65 bash -c 'classify --model /dev/null < z.mp > /dev/null'
    make_stream "$BATS_TEST_TMPDIR/other.mp" << 'PYTHON'
[{"kind": "embedding", "run": 1, "split": "train", "task": {"family": "sorting"}, "z": np.ones(3, "<f4")}]
PYTHON
    run -65 classify --fit task < "$BATS_TEST_TMPDIR/other.mp"
    [[ "$output" == "classify: standard input: byte "*task* ]]
    run -65 classify --fit accuracy < "$BATS_TEST_TMPDIR/other.mp"
    [[ "$output" == *accuracy* ]]
    make_stream "$BATS_TEST_TMPDIR/other.mp" << 'PYTHON'
[{"kind": "embedding", "run": 1, "split": "train", "metrics": {"accuracy": 1}, "z": np.array([1, float("nan")], "<f4")}]
PYTHON
    run -65 classify --fit accuracy < "$BATS_TEST_TMPDIR/other.mp"
    [[ "$output" == *finite* ]]
    make_stream "$BATS_TEST_TMPDIR/other.mp" << 'PYTHON'
[{"kind": "embedding", "run": 1, "split": "validation", "metrics": {"accuracy": 1}, "z": np.ones(2, "<f4")}]
PYTHON
    run -65 classify --fit accuracy < "$BATS_TEST_TMPDIR/other.mp"
    [[ "$output" == *"for training"* ]]
    run -65 bash -c 'classify --model task.mp < "$1" > /dev/null' _ "$BATS_TEST_TMPDIR/other.mp"
    [[ "$output" == "classify: standard input: record 2 "* ]]
}

@test "classify: damaged and truncated input exits 65" {
    head -c 20000 z.mp > "$BATS_TEST_TMPDIR/cut.mp"
    run -65 bash -c 'classify --fit task < "$1" > /dev/null' _ "$BATS_TEST_TMPDIR/cut.mp"
    run -65 bash -c 'classify --model task.mp < "$1" > /dev/null' _ "$BATS_TEST_TMPDIR/cut.mp"
    head -c 20000 task.mp > "$BATS_TEST_TMPDIR/cut.mp"
    run -65 bash -c 'classify --model "$1" < z.mp > /dev/null' _ "$BATS_TEST_TMPDIR/cut.mp"
    cp z.mp "$BATS_TEST_TMPDIR/damaged.mp"
    printf '\xc1' | dd of="$BATS_TEST_TMPDIR/damaged.mp" bs=1 seek=5000 conv=notrunc status=none
    run -65 bash -c 'classify --fit task < "$1" > /dev/null' _ "$BATS_TEST_TMPDIR/damaged.mp"
}

@test "classify: misuse exits 64, missing files 66" {
    run -64 classify < z.mp
    run -64 classify --fit colour < z.mp
    run -64 classify --fit task --model task.mp < z.mp
    run -64 classify --model task.mp --encoder fresh.mp < z.mp
    run -64 classify --model - < task.mp
    run -64 classify --fit task --encoder - < fresh.mp
    run -64 classify --fit task --steps 0 < z.mp
    run -64 classify --model task.mp --label '' < z.mp
    run -64 classify --fit task operand < z.mp
    run -66 classify --model absent.mp < z.mp
    run -66 classify --fit task --data absent.mp
    run -66 classify --fit task --encoder absent.mp < zoo.mp
}

@test "classify: a full disk exits 74, a closed pipe 141" {
    run -74 bash -c 'classify --fit task --steps 2 < z.mp > /dev/full'
    run -74 bash -c 'classify --model task.mp < z.mp > /dev/full'
    classify --model task.mp < <(cat z.mp z.mp z.mp z.mp z.mp z.mp z.mp z.mp) | head -c 1 > /dev/null
    [ "${PIPESTATUS[0]}" -eq 141 ]
}

@test "classify: help and version" {
    run -0 classify --help
    [[ "$output" == *--encoder* ]]
    run -0 classify --version
    [[ "$output" == classify* ]]
}
