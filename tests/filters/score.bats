#!/usr/bin/env bats

# The scripts of bash -c expand in the inner shell; files are read twice, never written.
# shellcheck disable=SC2016,SC2094
# shellcheck disable=SC2154
load ../helper

# Predictions and emulations of two encoders with different seeds, with random answers.
setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    local seed
    for seed in 1 2 3 4 5; do
        make_stream "many.$seed.mp" << PYTHON
(lambda rng: [
    dict({"kind": "", "split": ["train", "validation", "ood"][i % 3], "run": i, "encoder": {"type": "interactive", "seed": $seed, "step": 9}},
         **({"kind": "emulation", "loss": rng.uniform(), "accuracy": rng.uniform(), "clone_accuracy": rng.uniform() if i % 5 else float("nan")} if i % 4 == 0 else
            {"kind": "prediction", "target": "accuracy", "truth": rng.uniform(), "predicted": rng.uniform(), "seen": i % 3 == 0} if i % 4 == 1 else
            {"kind": "prediction", "target": "task", "truth": [int(x) for x in rng.integers(-3, 3, 2)], "predicted": [int(x) for x in rng.integers(-3, 3, 2)],
             "seen": i % 3 == 0 or (i % 3 == 2 and i % 7 < 3)}))
    for i in range(600)])(np.random.default_rng($seed))
PYTHON
    done
    make_stream one.mp << 'PYTHON'
[{"kind": "prediction", "split": "ood", "label": "labels only", "encoder": {"type": "interactive", "seed": 1}, "target": "task", "seen": False,
  "truth": [i % 2, 1], "predicted": [0, 1]} for i in range(10)] +
[{"kind": "prediction", "split": "train", "label": "labels only", "encoder": {"type": "interactive", "seed": 1}, "target": "task", "seen": True,
  "truth": [2, 2], "predicted": [2, 2]}] + [{"kind": "log", "step": 1}]
PYTHON
    for seed in 1 2 3; do
        make_stream "angles.$seed.mp" << PYTHON
(lambda rng: [
    dict({"kind": "prediction", "split": ["validation", "ood"][i % 2], "run": i, "seen": i % 10 == 9, "encoder": {"type": "interactive", "seed": $seed, "step": 9}},
         **[{"target": "rotation", "truth": float((300 + rng.uniform(0, 100)) % 360), "predicted": float(rng.uniform(-50, 500))},
            {"target": "gap", "truth": float(rng.normal()), "predicted": float(rng.normal())},
            {"target": "step", "truth": int(rng.choice([0, 100, 200])), "predicted": int(rng.choice([0, 100, 20000]))}][i // 2 % 3])
    for i in range(300)])(np.random.default_rng(10 + $seed))
PYTHON
    done
    make_stream nothing.mp << 'PYTHON'
[{"kind": "prediction", "split": "ood", "encoder": {"type": "interactive", "seed": 1}, "target": "task", "seen": True, "truth": [1], "predicted": [1]}]
PYTHON
}

setup() {
    cd "$BATS_FILE_TMPDIR" || return
}

@test "score: all numbers agree with NumPy's" {
    cat many.?.mp one.mp > all.mp
    score --format json < all.mp > "$BATS_TEST_TMPDIR/table.json"
    run -0 python "$ROOT/tests/python/score_reference.py" "$BATS_TEST_TMPDIR/table.json" all.mp
    [ "$output" = "26 cells agree" ]
    score --all --format json < all.mp > "$BATS_TEST_TMPDIR/table.json"
    run -0 python "$ROOT/tests/python/score_reference.py" "$BATS_TEST_TMPDIR/table.json" all.mp
    [ "$output" = "40 cells agree" ]
    cat angles.?.mp one.mp > all.mp
    score --format json < all.mp > "$BATS_TEST_TMPDIR/table.json"
    run -0 python "$ROOT/tests/python/score_reference.py" "$BATS_TEST_TMPDIR/table.json" all.mp
    [ "$output" = "28 cells agree" ]
}

@test "score: a table for people" {
    run -0 score < one.mp
    [ "${#lines[@]}" -eq 3 ]
    [ "${lines[0]}" = "encoder      split  seeds  records  tasks  exact task  per offset" ]
    [ "${lines[1]}" = "labels only  ood        1       10     10      0.5000      0.7500" ]
    [ "${lines[2]}" = "majority     ood        -       10     10      0.5000      0.7500" ]
    run -0 score --all < one.mp
    [ "${#lines[@]}" -eq 5 ]
    [[ "${lines[1]}" == "labels only  train"*1.0000* ]]
}

@test "score: a table has the columns that some row has, whatever the row" {
    cat angles.1.mp one.mp many.1.mp | score > "$BATS_TEST_TMPDIR/all"
    run -0 head -n 1 "$BATS_TEST_TMPDIR/all"
    [[ "$(tr -s ' ' <<< "$output" | sed 's/ $//')" == *" clone |diff| exact task per offset accuracy RMSE accuracy R2 accuracy tau rotation RMSE angular error gap RMSE gap R2 gap tau step accuracy" ]]
    run -0 grep '^labels only' "$BATS_TEST_TMPDIR/all"
    [[ "$output" =~ ^labels\ only\ +ood\ +1\ +10\ +10\ +-\ +-\ +0.5000\ +0.7500(\ +-){9}$ ]]
}

@test "score: angles are compared on the circle, their squared error on a line" {
    make_stream "$BATS_TEST_TMPDIR/angles.mp" << 'PYTHON'
[{"kind": "prediction", "split": "ood", "encoder": {"type": "a", "seed": 1}, "target": "rotation", "truth": t, "predicted": p}
 for t, p in ((359.0, 1.0), (1.0, 359.0), (10.0, 370.0))]
PYTHON
    run -0 score < "$BATS_TEST_TMPDIR/angles.mp"
    [ "${lines[0]}" = "encoder   split  seeds  records  tasks  rotation RMSE  angular error" ]
    [ "${lines[1]}" = "a         ood        1        3      3       358.6679         1.3333" ]
    [ "${lines[2]}" = "majority  ood        -        3      3       166.6820         3.6667" ] # 1 is best: it is 2, 0 and 9 from them
}

@test "score: the best constant answers to what somebody is judged by, and to nothing else" {
    make_stream "$BATS_TEST_TMPDIR/headings.mp" << 'PYTHON'
[{"kind": "prediction", "split": split, "run": i, "encoder": {"type": kind, "seed": 1}, "target": "rotation", "as": kind, "truth": t, "predicted": p}
 for split, kind in (("ood", "angle"), ("validation", "number")) for i, (t, p) in enumerate(((359.0, 1.0), (1.0, 359.0), (10.0, 20.0)))]
PYTHON
    run -0 score < "$BATS_TEST_TMPDIR/headings.mp"
    [[ "$(tr -s ' ' <<< "$output" | sort)" == "angle ood 1 3 3 - "*"encoder split seeds records tasks rotation RMSE angular error
majority ood - 3 3 - 3.6667
majority validation - 3 3 166.6820 3.6667
number validation 1 3 3 "* ]]
    rec-select --where as=angle < "$BATS_TEST_TMPDIR/headings.mp" | score --format json > "$BATS_TEST_TMPDIR/headings.json"
    python - "$BATS_TEST_TMPDIR/headings.json" << 'PYTHON'
import json, sys
rows = json.load(open(sys.argv[1]))
assert len(rows) == 2 and all(r["rotation_rmse"] is None and r["rotation_angle"] for r in rows), rows
PYTHON
}

@test "score: intervals appear with several seeds, and don't depend on their order" {
    cat many.{1,2,3}.mp | score > "$BATS_TEST_TMPDIR/one"
    cat many.{3,1,2}.mp | score > "$BATS_TEST_TMPDIR/two"
    cmp "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/two"
    grep -qE '^interactive +ood +3 +[0-9]+ +[0-9]+ +0\.[0-9]{4} \[0\.[0-9]{4}, 0\.[0-9]{4}\]' "$BATS_TEST_TMPDIR/one"
}

@test "score: tab-separated values and JSON have the same numbers, and all columns" {
    cat many.?.mp angles.?.mp | score --format tsv > "$BATS_TEST_TMPDIR/table.tsv"
    cat many.?.mp angles.?.mp | score --format json > "$BATS_TEST_TMPDIR/table.json"
    run -0 score --format tsv < one.mp
    [ "${lines[0]}" = "$(head -n 1 "$BATS_TEST_TMPDIR/table.tsv")" ]
    python - "$BATS_TEST_TMPDIR/table.tsv" "$BATS_TEST_TMPDIR/table.json" << 'PYTHON'
import csv, json, sys
tsv, table = list(csv.DictReader(open(sys.argv[1]), delimiter="\t")), json.load(open(sys.argv[2]))
assert len(tsv) == len(table) == 4
for a, b in zip(tsv, table):
    assert a["encoder"] == b["encoder"] and a["split"] == b["split"] and int(a["seeds"]) == b["seeds"] and int(a["records"]) == b["records"]
    assert int(a["tasks"]) == b["tasks"]
    for metric in list(b)[5:]:
        for suffix, key in (("", "mean"), ("_low", "low"), ("_high", "high"), ("_task_low", "task_low"), ("_task_high", "task_high")):
            number = b[metric] and b[metric][key]
            assert (a[metric + suffix] == "") if number is None else abs(float(a[metric + suffix]) - number) < 1e-8 * max(1, abs(number))
PYTHON
}

# The columns that a table has come from the data; those of other fields than the paper's stand behind, by name.
@test "score: any field, texts among them" {
    make_stream "$BATS_TEST_TMPDIR/fields.mp" << 'PYTHON'
[{"kind": "prediction", "run": i, "split": "ood", "encoder": {"type": "a", "seed": s}, "target": target, "as": kind, "truth": truth, "predicted": predicted}
 for s in (1, 2) for i in range(4) for target, kind, truth, predicted in (
     ("lab.name", "classes", "xyxx"[i], "x"), ("heading", "angle", 90.0 * i, 90.0 * i - 10 * s), ("lab.pair", "classes", [i % 2, True], [0, True]),
     ("lab.loss", "number", float(i), i + 0.5))]
PYTHON
    run -0 score < "$BATS_TEST_TMPDIR/fields.mp"
    [[ "$(tr -s ' ' <<< "${lines[0]}")" == *"tasks heading angle lab.loss RMSE lab.loss R2 lab.loss tau lab.name accuracy exact lab.pair lab.pair, each" ]]
    [[ "${lines[1]}" =~ ^a\ +ood\ +2\ +32\ +4\ +15.0000\ \[0.0000,\ 78.5310\]\ +0.5000\ \[0.5000,\ 0.5000\]\ +0.8000\ .*\ 0.7500\ \[0.7500,\ 0.7500\]$ ]]
    [[ "${lines[2]}" =~ ^majority\ .*\ 90.0000\ +1.1180\ +0.0000\ +0.0000\ +0.7500\ +0.5000\ +0.7500$ ]]
    run -0 score --interval tasks < "$BATS_TEST_TMPDIR/fields.mp"
    [[ "${lines[1]}" =~ 15.0000\ \[15.0000,\ 15.0000\].*\ 0.7500\ \[[0-9.]*,\ 1.0000\] ]]
}

@test "score: what is not defined of the best constant answer is no number" {
    make_stream "$BATS_TEST_TMPDIR/equal.mp" << 'PYTHON'
[{"kind": "prediction", "run": i, "split": "ood", "encoder": {"type": "a", "seed": 1}, "target": "x", "as": "number", "truth": 2.0, "predicted": float(i)} for i in range(3)]
PYTHON
    [[ $(score < "$BATS_TEST_TMPDIR/equal.mp") != *nan* ]]
    score --format json < "$BATS_TEST_TMPDIR/equal.mp" | python -c 'import json, sys
rows = json.load(sys.stdin)
assert len(rows) == 2 and all(row["x_r2"] is None and row["x_rmse"] for row in rows), rows'
}

@test "score: a record counts once, and what must not be averaged is refused" {
    cat one.mp one.mp one.mp | score > "$BATS_TEST_TMPDIR/thrice" # no runs: nobody can tell
    [[ "$(sed -n 2p "$BATS_TEST_TMPDIR/thrice")" =~ ^labels\ only\ +ood\ +1\ +30\  ]]
    score < many.1.mp > "$BATS_TEST_TMPDIR/once"
    run -0 --separate-stderr bash -c 'cat many.1.mp many.1.mp | score'
    [ "$output" = "$(cat "$BATS_TEST_TMPDIR/once")" ]
    # shellcheck disable=SC2154 # bats sets stderr
    [[ "$stderr" =~ score:\ [0-9]+\ records\ are\ there\ twice ]]
    local frozen='"run": 1, "split": "ood", "encoder": {"type": "a", "seed": 1}'
    local other other_kinds=(
        '"target": "gap", "truth": 1, "predicted": 1'
        '"target": "gap", "truth": 1, "predicted": 1, "encoder": {"type": "a", "seed": 1, "step": 4}, "run": 2'
        '"target": "gap", "truth": 1, "predicted": 2, "mode": "frozen", "label": "a", "run": 2'
        '"target": "gap", "truth": 1, "predicted": 2, "mode": "fine-tuned", "label": "a", "run": 3')
    for other in "${other_kinds[@]:1}"; do
        echo "[{\"kind\": \"prediction\", $frozen, \"mode\": \"labels\", \"label\": \"a\", ${other_kinds[0]}}, {\"kind\": \"prediction\", $frozen, $other}]" |
            make_stream "$BATS_TEST_TMPDIR/mixed.mp"
        run -65 score < "$BATS_TEST_TMPDIR/mixed.mp"
        [[ "$output" == *"record 3 "*"'a': "*"in one row; --label"* ]]
    done
    echo "[{\"kind\": \"prediction\", $frozen, \"mode\": m, ${other_kinds[0]}} for m in (\"frozen\", \"fine-tuned\", \"labels\")]" | make_stream "$BATS_TEST_TMPDIR/modes.mp"
    run -0 score < "$BATS_TEST_TMPDIR/modes.mp"
    [[ "$(printf '%s\n' "${lines[@]}" | awk -F '  +' '{ print $1 }' | paste -sd '|')" == "encoder|a|a, fine-tuned|a, labels only|majority" ]]
    echo "[{\"kind\": \"emulation\", $frozen, \"loss\": 1.5, \"step\": i, \"criterion\": c} for i, c in enumerate((\"kl\", \"ce\"))]" | make_stream "$BATS_TEST_TMPDIR/criteria.mp"
    run -65 score < "$BATS_TEST_TMPDIR/criteria.mp"
    [[ "$output" == *"criteria kl and ce"* ]]
    echo "[{\"kind\": \"prediction\", $frozen, \"target\": \"gap\", \"truth\": 1, \"predicted\": p} for p in (1, 2)]" | make_stream "$BATS_TEST_TMPDIR/two.mp"
    run -65 score < "$BATS_TEST_TMPDIR/two.mp"
    [[ "$output" == *"run 1, step 0"*twice* ]]
}

@test "score: nothing to judge exits 65" {
    run -65 score < nothing.mp
    [[ "$output" == "score: standard input: no record to judge"* ]]
    run -65 score < /dev/null
}

@test "score: unsuitable records exit 65 and are named" {
    local bad
    for bad in '{"kind": "emulation", "split": "ood", "encoder": {"type": "a", "seed": 1}, "loss": float("nan")}' \
        '{"kind": "emulation", "split": "holdout", "encoder": {"type": "a", "seed": 1}, "loss": 1}' \
        '{"kind": "emulation", "split": "ood", "loss": 1}' \
        '{"kind": "prediction", "split": "ood", "encoder": {"type": "a", "seed": 1}, "target": "colour", "truth": 1, "predicted": 1}' \
        '{"kind": "prediction", "split": "ood", "encoder": {"type": "a", "seed": 1}, "target": "a\tb", "as": "number", "truth": 1, "predicted": 1}' \
        '{"kind": "prediction", "split": "ood", "encoder": {"type": "a", "seed": 1}, "target": "task", "truth": [1, 2], "predicted": [1]}' \
        '{"kind": "prediction", "split": "ood", "encoder": {"type": "a", "seed": 1}, "target": "x", "as": "number", "truth": "low", "predicted": 1}' \
        '{"kind": "prediction", "split": "ood", "encoder": {"type": "a", "seed": 1}, "target": "x", "as": "angle", "truth": 1, "predicted": "low"}' \
        '{"kind": "prediction", "split": "ood", "encoder": {"type": "a", "seed": 1}, "target": "x", "as": "classes", "truth": 1, "predicted": "low"}' \
        '{"kind": "prediction", "split": "ood", "encoder": {"type": "a", "seed": 1}, "target": "x", "as": "number", "truth": 1e300, "predicted": 1}' \
        '{"kind": "prediction", "split": "ood", "encoder": {"type": "a", "seed": 1}, "target": "x", "as": "number", "truth": 1, "predicted": 1, "mode": "tuned"}'; do
        echo "[$bad]" | make_stream "$BATS_TEST_TMPDIR/bad.mp"
        run -65 score < "$BATS_TEST_TMPDIR/bad.mp"
        [[ "$output" == "score: standard input: record 2 (byte "* ]]
    done
}

@test "score: damaged and truncated input exits 65 without a table" {
    local bytes
    for bytes in 1 100 1000; do
        head -c "-$bytes" one.mp > "$BATS_TEST_TMPDIR/cut.mp"
        run -65 --separate-stderr score < "$BATS_TEST_TMPDIR/cut.mp"
        [ -z "$output" ]
    done
    cp one.mp "$BATS_TEST_TMPDIR/damaged.mp"
    printf '\xc1' | dd of="$BATS_TEST_TMPDIR/damaged.mp" bs=1 seek=500 conv=notrunc status=none
    run -65 score < "$BATS_TEST_TMPDIR/damaged.mp"
}

@test "score: misuse exits 64" {
    run -64 score --format xml < one.mp
    run -64 score one.mp < one.mp
}

@test "score: a full disk exits 74, a closed pipe 141" {
    local format
    for format in table tsv json; do
        run -74 bash -c 'score --format "$1" < one.mp > /dev/full' _ "$format"
    done
    set +o pipefail # that it closes is what is tried
    (sleep 0.2; cat one.mp) | score | true
    [ "${PIPESTATUS[1]}" -eq 141 ]
}

@test "score: help and version" {
    run -0 score --help
    [[ "$output" == *--format* ]]
    run -0 score --version
    [[ "$output" == score* ]]
}

# Trees of made-up RNNs, and a lineage that is right, turned round, or wrong at random; a fifth of the RNNs are merges.
@test "score: arcs are judged as the definitions say" {
    make_stream "$BATS_TEST_TMPDIR/arcs.mp" << 'PYTHON'
(lambda rng: [
    dict({"kind": "arc", "run": i, "step": 0, "label": label, "undecided": bool(rng.integers(2)), "family": int(rng.integers(4)) if rng.integers(2) else i % 3,
          "parent": rng.choice([None, {"run": int(rng.integers(30)), "step": 0}, {"run": i - 3 if i > 2 else 29, "step": 0}, {"run": (i + 3) % 30, "step": 0}]),
          "truth": None if i < 3 else dict({"run": i - 3, "step": 0, "how": ["snapshot", "prune"][i % 2]}, **({"second": {"run": i - 6, "step": 0}} if i % 5 == 4 and i > 5 else {}))},
         **({"second": {"run": i - 6, "step": 0}} if i > 10 and rng.integers(2) else {}))
    for label in ("one", "two") for i in range(30)])(np.random.default_rng(1))
PYTHON
    score --format json < "$BATS_TEST_TMPDIR/arcs.mp" > "$BATS_TEST_TMPDIR/table.json"
    run -0 python "$ROOT/tests/python/arc_reference.py" "$BATS_TEST_TMPDIR/table.json" "$BATS_TEST_TMPDIR/arcs.mp"
    [[ $output == "44 cells agree" ]]
    run -0 score --interval tasks < "$BATS_TEST_TMPDIR/arcs.mp"
    [[ ${#lines[@]} == 9 && "$(tr -s ' ' <<< "${lines[0]}")" == "lineage made rnns families right precision recall "* && ${lines[4]} =~ ^one\ +all\ .*\[ ]]
}

@test "score: arcs that nobody can judge are refused" {
    local bad why arc='"kind": "arc", "run": 1, "step": 0, "family": 0, "undecided": False, "parent": None'
    while IFS='|' read -r bad why; do
        make_stream "$BATS_TEST_TMPDIR/bad.mp" <<< "[$bad]"
        run -65 score < "$BATS_TEST_TMPDIR/bad.mp"
        [[ $output == *"$why"* ]] || { echo "$output, not $why" && false; }
    done << CASES
{$arc}|rnn-lineage --truth
{$arc, "truth": {"run": 7, "step": 0}}|true parent of run 1, step 0 is not among
{$arc, "truth": None}, {$arc, "truth": None}|run 1, step 0 has two arc records
{$arc, "truth": {"run": "x", "step": 0}}|key 'run'
{$arc, "truth": None, "label": "bad\\tlabel"}|key 'label' has control characters
{$arc, "truth": {"run": 1, "step": 0, "how": "a\\nb"}}|key 'how' has control characters
{$arc, "truth": None}, {"kind": "emulation", "split": "ood", "encoder": {"type": "a", "seed": 1}, "loss": 1}|one table
CASES
}
