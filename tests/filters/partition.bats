#!/usr/bin/env bats

load ../helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    gen-language --count 300 > tasks.mp
}

# The data records of a stream, one a line.
data() {
    rec-json < "$1" | grep -v -e '"kind": *"meta"' -e '"kind": *"end"'
}

# One task record of each of the 216 languages of four letters: as gen-language writes it, but for run and offsets.
all_languages() {
    local run=0 b c d meta task end line
    { read -r meta && read -r task && read -r end; } < <(gen-language --offsets 0,-3,-3,-3 | rec-json)
    { echo "$meta" && for b in -3 -2 -1 0 1 2; do
        for c in -3 -2 -1 0 1 2; do
            for d in -3 -2 -1 0 1 2; do
                line=${task/'"run":0'/'"run":'$((run++))}
                echo "${line/'0,-3,-3,-3'/0,$b,$c,$d}"
            done
        done
    done && echo "$end"; } | rec-json --reverse
}

# Python packs one record of each kind that is split, each with keys that partition does not know. $1: the family of the tasks.
stream_of_kinds() {
    python - "$1" << 'PYTHON'
import sys, zlib, msgpack
task = {"family": sys.argv[1], "tokens": 4, "offsets": [0, 1, -2, 2], "length": 42, "max_n": 10, "more": [1.5, None]}
records = [
    {"kind": "meta", "format": 1, "program": "test", "version": "0", "history": []},
    {"kind": "task", "run": 1, "seed": 1, "task": task},
    {"kind": "rnn", "run": 1, "x": b"\0\1", "split": "old", "seed": 1, "task": task, "weights": {}},
    {"kind": "embedding", "run": 1, "task": task, "z": [0.5, {"nested": -1}]},
    {"kind": "log", "step": 1},
]
data = b"".join(msgpack.packb(r) for r in records)
sys.stdout.buffer.write(data + msgpack.packb({"kind": "end", "records": len(records), "crc32": zlib.crc32(data)}))
PYTHON
}

@test "partition: 152, 32 and 32 of the 216 languages" {
    all_languages | partition > split.mp
    [ "$(data split.mp | grep -c '"split": *"train"')" -eq 152 ]
    [ "$(data split.mp | grep -c '"split": *"validation"')" -eq 32 ]
    [ "$(data split.mp | grep -c '"split": *"ood"')" -eq 32 ]
}

@test "partition: equal offsets are out of distribution, unequal ones are not" {
    gen-language --offsets 0,0,0,0 | partition > near.mp
    data near.mp | found '"split": *"ood"'
    gen-language --offsets 0,2,-3,2 | partition > far.mp
    run -1 grep -q '"split": *"ood"' <(data far.mp)
}

@test "partition: the shares are options" {
    partition --ood 0 --validation 0 < tasks.mp > train.mp
    [ "$(data train.mp | grep -c '"split": *"train"')" -eq 300 ]
    partition --ood 1 --validation 0 < tasks.mp > ood.mp
    [ "$(data ood.mp | grep -c '"split": *"ood"')" -eq 300 ]
    partition --ood 0 --validation 1 < tasks.mp > validation.mp
    [ "$(data validation.mp | grep -c '"split": *"validation"')" -eq 300 ]
}

@test "partition: nothing but the split is new, and the split follows seed" {
    partition < tasks.mp > split.mp
    [ "$(data split.mp | sed -E 's/, *"split": *"[a-z]*"//')" = "$(data tasks.mp)" ]
    data split.mp | sed -n 1p | found -E '"seed": *1, *"split": *"[a-z]+", *"task"'
}

@test "partition: again is the same, another seed is not" {
    partition < tasks.mp > once.mp
    partition < once.mp > twice.mp
    [ "$(data once.mp)" = "$(data twice.mp)" ]
    partition --seed 2 < tasks.mp > other.mp
    [ "$(data once.mp)" != "$(data other.mp)" ]
}

@test "partition: parts put together are the whole" {
    gen-language --count 100 | partition > parts.mp
    gen-language --first-run 100 --count 200 | partition >> parts.mp
    partition < tasks.mp > whole.mp
    [ "$(data parts.mp)" = "$(data whole.mp)" ]
}

# One task record of each whole degree: as gen-smnist writes it, but for run and rotation.
all_degrees() {
    local degree meta task end line
    { read -r meta && read -r task && read -r end; } < <(gen-smnist --rotation 0 | rec-json)
    { echo "$meta" && for ((degree = 0; degree < 360; degree++)); do
        line=${task/'"run":0'/'"run":'$degree}
        echo "${line/'"rotation":0.0'/'"rotation":'$degree.0}"
    done && echo "$end"; } | rec-json --reverse
}

@test "partition: rotations from 312 degrees on are out of distribution, of the others a share is for validation" {
    all_degrees > degrees.mp
    partition < degrees.mp > split.mp
    rec-table --kind task task.rotation split < split.mp > table
    [ "$(awk '($1 >= 312) != ($2 == "ood")' table | wc -l)" -eq 0 ]
    [ "$(wc -l < table)" -eq 360 ]
    awk '{ n[$2]++ } END { exit !(n["ood"] == 48 && n["validation"] > 34 && n["validation"] < 74 && n["train"] == 312 - n["validation"]) }' table
    [ "$(data split.mp | sed -E 's/, *"split": *"[a-z]*"//')" = "$(data degrees.mp)" ]
    partition --seed 2 < degrees.mp > other.mp
    run ! cmp -s <(data split.mp) <(data other.mp)
    [ "$(data other.mp | grep -c '"split": *"ood"')" -eq 48 ]
}

@test "partition: rotations, with shares that are given" {
    all_degrees > degrees.mp
    partition --ood 0.15 < degrees.mp | rec-table --kind task split | grep -c ood > count
    [ "$(cat count)" -eq 54 ]
    partition --ood 0.25 --validation 0.75 < degrees.mp | rec-table --kind task split | sort | uniq -c | awk '{ print $1, $2 }' > count
    [ "$(tr '\n' ' ' < count)" = '90 ood 270 validation ' ]
    partition --ood 0 --validation 0 < degrees.mp | rec-table --kind task split | sort -u > count
    [ "$(cat count)" = train ]
    printf 'partition: {ood: 0.5}\n' > config.yaml
    partition --config config.yaml < degrees.mp | rec-table --kind task split | grep -c ood > count
    [ "$(cat count)" -eq 180 ]
}

@test "partition: of rotations too, parts put together are the whole, and both zoos may be in one stream" {
    gen-smnist --count 100 | partition > parts.mp
    gen-smnist --first-run 100 --count 200 | partition >> parts.mp
    gen-smnist --count 300 | partition > whole.mp
    [ "$(data parts.mp)" = "$(data whole.mp)" ]
    gen-smnist --count 300 | cat tasks.mp - | partition > both.mp
    partition < tasks.mp | cat - whole.mp > apart.mp
    [ "$(data both.mp)" = "$(data apart.mp)" ]
}

@test "partition: rnn and embedding records, unknown keys, an old split, other kinds" {
    stream_of_kinds formal-language > kinds.mp
    partition < kinds.mp > split.mp
    python - kinds.mp split.mp << 'PYTHON'
import sys, msgpack
before, after = [list(msgpack.Unpacker(open(f, "rb")))[1:-1] for f in sys.argv[1:]]
without = lambda r: [(k, v) for k, v in r.items() if k != "split"]
assert len(before) == len(after) == 4
assert [without(r) for r in before] == [without(r) for r in after]
assert [list(r).index("split") for r in after[:3]] == [3, 3, 1]
assert len({r["split"] for r in after[:3]}) == 1 and after[0]["split"] in ("train", "validation", "ood")
assert after[3] == before[3]
PYTHON
}

# The split of a key, in Python, as partition(1) has it.
cat_split_of_key() {
    cat << 'PYTHON'
import json, sys, msgpack
M = 2**64 - 1
def mix(x):
    x = x + 0x9e3779b97f4a7c15 & M
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9 & M
    x = (x ^ x >> 27) * 0x94d049bb133111eb & M
    return x ^ x >> 31
def rank(key, purpose, seed):
    h = 0xcbf29ce484222325
    for byte in key.encode():
        h = (h ^ byte) * 0x100000001b3 & M
    return (mix(mix(h ^ mix(seed)) ^ ord(purpose)) >> 11) / 2**53
def split_of_key(key, ood=0.15, validation=0.15, seed=1):
    if rank(key, "o", seed) < ood:
        return "ood"
    return "validation" if rank(key, "v", seed) * (1 - ood) < validation else "train"
canonical = lambda x: json.dumps(x, sort_keys=True, separators=(",", ":"))
def data(name):
    return [r for r in msgpack.Unpacker(open(name, "rb")) if r["kind"] not in ("meta", "end")]
PYTHON
}

# 400 tasks of a family that nobody knows, three snapshots of each; keys in any order, numbers of any type.
own_zoo() {
    make_stream own.mp << 'RECORDS'
[{"kind": "rnn", "run": 3 * i + j, "step": j, "arch": {"hidden": 16 << j},
  "task": [{"family": "sorting", "width": i, "data": {"name": "x%d" % (i % 7), "mean": 0.5}},
           {"width": float(i), "data": {"mean": 0.5, "name": "x%d" % (i % 7)}, "family": "sorting"},
           {"data": {"mean": np.float64(0.5), "name": "x%d" % (i % 7)}, "family": "sorting", "width": np.int16(i)}][j]}
 for i in range(400) for j in range(3)]
RECORDS
}

@test "partition: tasks of an unknown family are split by what their map means, and a note says what ood is then" {
    own_zoo
    partition < own.mp > split.mp 2> note
    grep -q "records of unknown tasks are ood by chance.*--ood" note
    partition --seed 5 --ood 0 --validation 0.5 < own.mp > other.mp 2> quiet
    [ ! -s quiet ]
    cat_split_of_key | cat - <(cat << 'PYTHON'
count = {"train": 0, "validation": 0, "ood": 0}
for name, rule in (("split.mp", {}), ("other.mp", dict(ood=0, validation=0.5, seed=5))):
    records = data(name)
    assert len(records) == 1200
    for i in range(400):
        key = canonical(records[3 * i]["task"])
        assert {r["split"] for r in records[3 * i:3 * i + 3]} == {split_of_key(key, **rule)}, key
        if not rule:
            count[records[3 * i]["split"]] += 1
assert 250 < count["train"] < 310 and 40 < count["validation"] < 80 and 40 < count["ood"] < 80, count
PYTHON
    ) > check.py
    python check.py
}

@test "partition: --by says which fields make the task, --ood which records are out of distribution" {
    own_zoo
    partition --by task.data.name,task.data.mean --ood 'arch.hidden > 32' < own.mp > split.mp
    partition --by run < own.mp > runs.mp 2> /dev/null
    gen-smnist --count 200 | partition --ood 'task.rotation >= 180, task.weight_decay > 0' | rec-table --kind task split task.rotation task.weight_decay > angles
    awk '($1 == "ood") != ($2 >= 180 && $3 > 0)' angles | wc -l | found -x 0
    awk '{ n[$1]++ } END { exit !(n["validation"] > 5 && n["train"] > 50 && n["ood"] > 40) }' angles
    cat_split_of_key | cat - <(cat << 'PYTHON'
records = data("split.mp")
for r in records:
    expected = "ood" if r["arch"]["hidden"] > 32 else split_of_key(canonical(r["task"]["data"]["name"]) + "0.5", ood=0)
    assert r["split"] == expected
assert len({r["split"] for r in records}) >= 2
for r in data("runs.mp"):
    assert r["split"] == split_of_key(str(r["run"]))
PYTHON
    ) > check.py
    python check.py
    partition --ood 'arch.hiden > 32' < own.mp 2> note > none.mp
    grep -qE "^partition: none of [0-9]+ records is ood: 'arch.hiden > 32' fits none; no record has the field 'arch.hiden'$" note
    run ! grep -q ood <(rec-table split < none.mp)
    run -65 bash -c 'partition --by task.depth < own.mp > /dev/null'
    [[ "$output" == "partition: standard input: record 2 (byte "*"task.depth"* ]]
}

@test "partition: what has no task is split by its run, with a note; what has neither exits 65" {
    make_stream mine.mp <<< '[{"kind": "rnn", "run": r, "step": s} for r in range(100) for s in (0, 10)]'
    partition < mine.mp > split.mp 2> note
    grep -q '200 records have no task: they are split by their run' note
    rec-table --kind rnn run split < split.mp | sort -u > table
    [ "$(wc -l < table)" -eq 100 ]
    [ "$(cut -f 2 table | sort -u | wc -l)" -eq 3 ]
    partition --by run < mine.mp > same.mp 2> /dev/null
    [ "$(data split.mp)" = "$(data same.mp)" ]
    # So few runs that none is in validation are told, whatever else decides on ood.
    make_stream few.mp <<< '[{"kind": "rnn", "run": r} for r in range(12)]'
    for options in '--ood 0' "--ood 'run > 8'"; do
        eval "partition --by run $options --validation 0.001 < few.mp > split.mp" 2> note
        grep -q '^partition: none of 12 records is in the split validation' note
        eval "partition --by run $options --validation 0.5 < few.mp > split.mp" 2> note
        run ! grep validation note
    done
    make_stream none.mp <<< '[{"kind": "rnn", "step": 1}]'
    run -65 partition < none.mp
    [[ "$output" == *"neither key 'task' nor a run"* ]]
    make_stream bad.mp <<< '[{"kind": "rnn", "run": 1, "task": 7}]'
    run -65 partition < bad.mp
}

@test "partition: truncated anywhere exits 65" {
    gen-language --count 2 > two.mp
    python "$ROOT/tests/faults/cut.py" two.mp 7 partition
}

@test "partition: a damaged byte exits 65" {
    local at
    for at in 0 1 20 200 2000 20000; do
        cp tasks.mp damaged.mp
        printf '\xc1' | dd of=damaged.mp bs=1 seek="$at" conv=notrunc status=none
        run -65 bash -c 'partition < damaged.mp > /dev/null'
    done
}

@test "partition: misuse exits 64" {
    local misuse
    for misuse in --ood=1.5 --ood=-0.1 --ood=nan --ood=0x1p-1 '--ood= 0.5' --validation=x --nonsense operand; do
        run -64 partition "$misuse" < tasks.mp
        [[ "$output" == partition:* ]]
    done
    run -64 partition --ood 0.6 --validation 0.6 < tasks.mp
    run -64 partition --ood 'task.rotation' < tasks.mp
    [[ "$output" == *condition* ]]
    run -64 partition --ood '' < tasks.mp
    run -64 partition --by task.,,run < tasks.mp
}

@test "partition: help and version" {
    run -0 partition --help
    [[ "$output" == *--validation* ]]
    run -0 partition --version
    [[ "$output" == partition* ]]
}

@test "partition: a full disk exits 74, a closed pipe 141" {
    run -74 bash -c 'partition < tasks.mp > /dev/full'
    set +o pipefail # that it closes is what is tried
    gen-language --count 100000 | partition | head -c 1 > /dev/null
    [ "${PIPESTATUS[1]}" -eq 141 ]
}

# RNNs whose weights say what they are for, which no part of this project knows: a scale that goes with a number, a sign that goes with a text.
@test "partition: a zoo of a family that nobody has heard of goes all the way: encoder, a text, a number, score" {
    make_stream mine.mp << 'RECORDS'
[(lambda r, width, data: {"kind": "rnn", "run": i, "step": s, "task": {"family": "sorting", "width": width, "data": {"name": data}},
  "arch": {"cell": "gru", "input": 3, "hidden": 6, "layers": 1, "output": 2},
  "weights": {k: (r.normal(size=n) * (0.2 + 0.1 * width) + (0.3 if data == "up" else -0.3)).astype("<f4") for k, n in
              {"gru.weight_ih_l0": (18, 3), "gru.weight_hh_l0": (18, 6), "gru.bias_ih_l0": 18, "gru.bias_hh_l0": 18,
               "linear.weight": (2, 6), "linear.bias": 2}.items()}})(np.random.default_rng(2 * i + s), i % 40 / 8, "up" if i % 3 else "down")
 for i in range(240) for s in (0, 1)]
RECORDS
    partition --seed 3 < mine.mp > zoo.mp 2> /dev/null
    [ "$(rec-table --kind rnn split < zoo.mp | sort -u | wc -l)" -eq 3 ]
    rec-table --kind rnn task.width task.data.name split < zoo.mp | sort -u | cut -f 1,2 | uniq -d | wc -l | found -x 0
    stats-encode --new < zoo.mp > stats.mp
    stats-encode --model stats.mp < zoo.mp > z.mp
    classify --fit task.data.name,task.width --steps 1500 < z.mp > model.mp
    classify --model model.mp < z.mp | score --format tsv > table.tsv
    python - table.tsv << 'PYTHON'
import sys
head, *rows = [line.rstrip("\n").split("\t") for line in open(sys.argv[1])]
rows = [dict(zip(head, r)) for r in rows]
seen = 0
for r in rows:
    if r["encoder"] == "stats" and r["split"] in ("validation", "ood"):
        assert float(r["task.data.name_accuracy"]) > 0.85 and float(r["task.width_r2"]) > 0.5, r
        seen += 1
assert seen == 2
PYTHON
    make_stream task.mp <<< '[{"kind": "task", "run": 0, "seed": 1, "task": {"family": "sorting", "width": 3}}]'
    run -65 train-rnn < task.mp
    [[ "$output" == *family* ]]
}
