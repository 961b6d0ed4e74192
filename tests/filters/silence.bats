# Nothing wrong passes in silence: inputs that would give wrong results, and where they are told.

# shellcheck disable=SC2154 # bats sets output and stderr
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    gen-language --tokens 2 --count 6 | train-rnn --steps 20 --snapshots '' --hidden 8 --rollouts 5 --samples 20 > zoo.mp
    probe --new --hidden 8 --length 5 < zoo.mp > fresh.mp
    probe --model fresh.mp < zoo.mp > z.mp
}

setup() {
    cp "$BATS_FILE_TMPDIR"/*.mp .
}

# changed FILE [INPUT] < statements about each data record r: writes FILE
changed() {
    PYTHONPATH=$ROOT/tests/python python -c '
import sys, zlib, msgpack, msgpack_numpy, numpy as np
out, n = b"", 0
statements = sys.stdin.read()
for r in msgpack.Unpacker(open(sys.argv[2], "rb"), object_hook=msgpack_numpy.decode):
    if r["kind"] == "end":
        r = {"kind": "end", "records": n, "crc32": zlib.crc32(out)}
    elif r["kind"] != "meta":
        if "weights" in r:
            r["weights"] = {k: np.array(v) for k, v in r["weights"].items()}
        exec(statements)
    out, n = out + msgpack.packb(r, default=msgpack_numpy.encode), n + 1
open(sys.argv[1], "wb").write(out)' "$1" "${2:-zoo.mp}"
}

@test "silence: parts of a network without a place, and NaN, stop every filter that reads RNNs, also probe --new" {
    refused() { # MESSAGE < statements
        changed other.mp
        local filter
        for filter in 'probe --new' 'probe --model fresh.mp' 'emulate --fit fresh.mp --steps 1' 'stats-encode --new'; do
            run -65 bash -c "$filter < other.mp > /dev/null"
            [[ $output == *"run 0, step 20: weights: $1"* ]] || { echo "$filter: $output"; false; }
        done
    }
    refused "'lstm.weight_ih_l0_reverse': no place" <<< 'r["weights"]["lstm.weight_ih_l0_reverse"] = np.zeros((32, 4), "f4")'
    refused "'linear2.weight': no place" <<< 'r["weights"]["linear2.weight"] = np.zeros((4, 8), "f4")'
    refused "'lstm.weight_hh_l1' has the shape [8,32], not [32,8]: it is transposed" \
        <<< 'r["weights"]["lstm.weight_hh_l1"] = r["weights"]["lstm.weight_hh_l1"].T.copy()'
    refused "'lstm.bias_hh_l1' has a number that is not finite (inf, item 3)" <<< 'r["weights"]["lstm.bias_hh_l1"][3] = np.inf'
    # Other names are told, once.
    changed other.mp <<< 'r["weights"]["steps"] = np.zeros(1, "f4")'
    run -0 --separate-stderr bash -c 'probe --model fresh.mp < other.mp > other-z.mp'
    [[ $stderr == "probe: weights: passed over, as they have no place in this network: 'steps'" ]]
}

@test "silence: unknown splits, and splits of some records only, are refused where they are met" {
    changed other.mp <<< 'r["split"] = "val" if r["run"] == 3 else "train"'
    local filter
    for filter in 'probe --model fresh.mp' 'emulate --fit fresh.mp --steps 1' 'classify --fit task --encoder fresh.mp --steps 1'; do
        run -65 bash -c "$filter < other.mp > /dev/null"
        [[ $output == *"unknown split 'val': there are train, validation and ood"* ]]
    done
    gen-language --tokens 2 | rec-json | sed 's/"seed":1,/&"split":"test",/' | rec-json --reverse > tasks.mp
    run -65 bash -c 'train-rnn < tasks.mp > /dev/null'
    [[ $output == *"unknown split 'test'"* ]]
    changed other.mp <<< 'r.update({"split": "train"} if r["run"] % 2 else {})'
    probe --model fresh.mp < other.mp > other-z.mp
    for filter in 'emulate --fit fresh.mp --steps 1 < other.mp' 'classify --fit task --encoder fresh.mp --steps 1 < other.mp' \
        'classify --fit task --steps 1 < other-z.mp'; do
        run -65 bash -c "$filter > /dev/null"
        [[ $output == *"run 1, step 20 has the split 'train', run 0, step 20 has none"* ]]
    done
}

@test "silence: a run and step that is there twice is told" {
    cat zoo.mp zoo.mp > twice.mp
    [[ $(rec-info < twice.mp) == *'rnn of run 0, step 20, rnn of run 1, step 20,'*'there more than once'* ]]
    [[ $(rec-info --format json < twice.mp) == *'"duplicates":{"count":6,"first":[{"kind":"rnn","run":0,"step":20},'* ]]
    [[ $(rec-info < zoo.mp) != *twice* ]]
    run -0 --separate-stderr bash -c 'emulate --fit fresh.mp --steps 1 --hidden 4 < twice.mp > /dev/null'
    [[ $stderr == "emulate: standard input: run 0, step 20 is there more than once"* ]]
    cat z.mp z.mp > twice.mp
    run -0 --separate-stderr bash -c 'classify --fit task --steps 1 < twice.mp > /dev/null'
    [[ $stderr == "classify: standard input: run 0, step 20 is there more than once"* ]]
}

@test "silence: NumPy scalars, and 3.0 for 3, are read wherever a number or a flag is" {
    changed scalars.mp << 'PYTHON'
r["run"], r["step"], r["seed"] = np.int64(r["run"]), np.uint8(r["step"]), float(r["seed"])
r["arch"] = {k: v if k == "cell" else np.int32(v) for k, v in r["arch"].items()}
r["metrics"] = {k: np.float32(v) for k, v in r["metrics"].items()}
r["task"]["offsets"] = [float(o) for o in r["task"]["offsets"]]
PYTHON
    probe --model fresh.mp < scalars.mp > scalars-z.mp
    cmp <(rec-table --kind embedding z < z.mp) <(rec-table --kind embedding z < scalars-z.mp)
    emulate --fit fresh.mp --steps 2 --hidden 4 < zoo.mp > a.mp
    emulate --fit fresh.mp --steps 2 --hidden 4 < scalars.mp > b.mp
    cmp <(rec-json --no-meta --arrays whole < a.mp) <(rec-json --no-meta --arrays whole < b.mp)
    [[ $(rec-info < scalars.mp) == *'runs           6: 0 to 5'*'steps          20: 6'* ]]
    [[ $(rec-select --run 2-3 < scalars.mp | rec-table --kind rnn step | paste -sd ' ') == '20 20' ]]
    changed flags.mp fresh.mp <<< 'r["config"] = {k: np.bool_(v) if isinstance(v, bool) else np.int64(v) for k, v in r["config"].items()}'
    probe --model flags.mp < zoo.mp | cmp <(rec-table --kind embedding z < z.mp) <(rec-table --kind embedding z)
    changed odd.mp <<< 'r["run"] = r["run"] + 0.5'
    run -65 bash -c 'probe --model fresh.mp < odd.mp > /dev/null'
    [[ $output == *"'run' is no unsigned integer"* ]]
    # Who is who does not hang on the form of its numbers: an RNN is no relative of itself.
    changed scalars-z.mp z.mp << 'PYTHON'
r["run"], r["seed"], r["encoder"] = np.int64(r["run"]), float(r["seed"]), {k: v if k == "type" else np.int64(v) for k, v in r["encoder"].items()}
r["task"] = {k: r["task"][k] for k in reversed(r["task"])}
PYTHON
    nearest --zoo z.mp < z.mp > near.mp
    nearest --zoo scalars-z.mp < z.mp > scalars-near.mp
    cmp <(rec-table run nearest.{0,4,5}.run nearest.{0,4}.distance < near.mp) <(rec-table run nearest.{0,4,5}.run nearest.{0,4}.distance < scalars-near.mp)
}

@test "silence: names of files may be any bytes, and what is written can be read; other texts that are no UTF-8 are refused" {
    local odd=$'mod\xe8le.mp'
    cp fresh.mp "$odd"
    probe --model "$odd" < zoo.mp > out.mp
    emulate --fit "$odd" --steps 1 --hidden 4 --checkpoint $'st\xffate' < zoo.mp > model.mp
    rec-info out.mp model.mp > /dev/null
    [[ $(rec-json < out.mp | head -n 1) == *'"mod�le.mp"'* ]]
    run -66 --separate-stderr rec-info --format json "$odd" $'\xff\xfe'
    [[ $output == *'"file":"mod�le.mp"'*'"file":"��"'* ]]
    local refused=0 misuse
    for misuse in 'emulate --model model.mp --label' 'classify --model model.mp --label' 'rec-select --where' 'rec-select --kind' 'rec-select --split' \
        'rec-table --kind' 'rec-table' 'gen-smnist --data' 'rec-json --kind'; do
        run -64 bash -c "$misuse \$'caf\\xe9' < zoo.mp"
        [[ $output == *UTF-8* || $output == *'gen-smnist:'* ]] || { echo "$misuse: $output"; false; }
        refused=$((refused + 1))
    done
    [[ $refused == 9 ]]
}

@test "silence: a zoo that is written to during training is noticed" {
    train-rnn --steps 20 --snapshots '' --hidden 8 --rollouts 5 --samples 20 --seed 9 < <(gen-language --tokens 2 --count 6) > other.mp
    [[ $(stat -c %s zoo.mp) == $(stat -c %s other.mp) ]] || truncate -r zoo.mp other.mp
    emulate --fit fresh.mp --steps 1000000000 --hidden 4 --checkpoint state --checkpoint-every 1 < zoo.mp > out.mp 2> message 3>&- &
    local job=$! status=0
    for _ in {1..600}; do [[ -e state ]] && break; sleep 0.05; done
    cat other.mp 1<> zoo.mp
    wait "$job" || status=$?
    # Where that is noticed depends on when it happens; what was found wrong by then, if anything, follows.
    [[ $status == 74 && $(< message) == *"standard input: has changed while it was read"* && ! -s out.mp ]]
}

@test "silence: a file that is written to under a filter is blamed for what is found wrong; rec-split makes no shards of it" {
    gen-language --tokens 2 --count 60 | train-rnn --steps 2 --snapshots 0 --hidden 16 --rollouts 40 --samples 5 > large.mp
    # written_to COMMAND...: what it writes into the pipe is more than that holds, so it is in the middle when its input changes
    written_to() {
        local job status=0
        cp large.mp changing.mp
        "$@" < changing.mp > names 2> message 3>&- &
        job=$!
        exec 4< pipe
        read -r -u 4 -N 1 _
        head -c "$(stat -c %s large.mp)" /dev/zero 1<> changing.mp
        cat <&4 > /dev/null
        exec 4<&-
        wait "$job" || status=$?
        [[ $status == 74 && $(< message) == *"standard input: has changed while it was read"* ]]
    }
    mkfifo pipe
    written_to bash -c 'rec-json --arrays whole > pipe'
    [[ $(< message) == *"has changed while it was read ("*")" ]] # and what was found
    ln pipe shard-0.mp.tmp
    written_to rec-split --shards 2 --output shard-%d.mp
    [[ ! -e shard-0.mp && ! -e shard-1.mp && ! -e shard-1.mp.tmp ]]
}

@test "silence: names that nothing in the stream has are told: fields, kinds, splits, runs" {
    local filter wanted
    while IFS='|' read -r filter wanted; do
        run -0 --separate-stderr bash -c "$filter < zoo.mp > out"
        [[ $stderr == "${wanted:+${filter%% *}: $wanted}" ]] || { echo "$filter: $stderr"; false; }
    done << 'END'
rec-select --where 'metrics.acuracy > 0.5'|none of 6 records fits: none has the field 'metrics.acuracy'
rec-select --where 'run > 90, metrics.acuracy > 0.5'|none of 6 records fits: none has the field 'metrics.acuracy'
rec-select --where 'metrics.accuracy > 7'|none of 6 records fits
rec-select --split val|none of 6 records fits: none is of split val
rec-select --kind rrn --split val|none of 6 records fits: none is of kind rrn
partition --ood 'task.wdith > 3'|none of 6 records is ood: 'task.wdith > 3' fits none; no record has the field 'task.wdith'
rec-select --run 6-|none of 6 records fits
rec-select --run 5-|
rec-select --kind rnn|
rec-table run metrics.acuracy|no record has the field 'metrics.acuracy'
rec-table --kind embeding run|no record of kind embeding
rec-npy --kind embeding run|no record of kind embeding
rec-json --kind embeding|no record of kind embeding
rec-table --quiet nothing|
END
    # An array of nothing would pass for numbers that are missing.
    run -65 --separate-stderr bash -c 'rec-npy metrics.acuracy < zoo.mp > out'
    [[ ! -s out && $stderr == "rec-npy: no record has the field 'metrics.acuracy'; 'metrics' has "*"'accuracy'"* ]]
    run -65 bash -c 'rec-npy --to arrays run nothing < zoo.mp'
    [[ ! -e arrays/run.npy ]]
}

@test "silence: --skip-bad leaves out what can't be used, says which and how many, and is never the default" {
    changed bad.mp <<< '
if r["run"] == 2: r["weights"]["linear.bias"][0] = np.nan
if r["run"] == 4: r["arch"]["hidden"] = 9
if r["run"] == 5: r["weights"]["lstm.weight_hr_l0"] = r["weights"]["linear.weight"]'
    local filter kinds
    while read -r kinds filter; do
        run -65 bash -c "$filter < bad.mp > /dev/null"
        run -0 --separate-stderr bash -c "$filter --skip-bad < bad.mp > out.mp"
        [[ $stderr == *"run 2, step 20: weights: 'linear.bias' has a number that is not finite"*"3 records could not be used"* ]]
        [[ $(rec-table --kind skipped run < out.mp | paste -sd ' ') == '2 4 5' ]]
        [[ $kinds == - || $(rec-table --kind "$kinds" run < out.mp | paste -sd ' ') == '0 1 3' ]]
        rec-table --kind skipped reason < out.mp | found 'proj_size'
        [[ $filter != 'emulate --fit'* ]] || cp out.mp model.mp
        [[ $filter != 'classify --fit'* ]] || cp out.mp predictor.mp
    done << 'END'
embedding probe --model fresh.mp
- emulate --fit fresh.mp --steps 2 --hidden 4
emulation emulate --model model.mp
- classify --fit accuracy --encoder fresh.mp --steps 2
prediction classify --model predictor.mp
END
    # The rest is treated as if it had been alone.
    rec-select --run 0,1,3 < zoo.mp > good.mp
    probe --model fresh.mp < good.mp | cmp <(rec-table --kind embedding z) <(probe --skip-bad --model fresh.mp < bad.mp 2> /dev/null | rec-table --kind embedding z)
    emulate --fit fresh.mp --steps 2 --hidden 4 < good.mp | cmp <(rec-table --kind encoder weights.bos < model.mp) <(rec-table --kind encoder weights.bos)
    # A way to clean a zoo; and a zoo of which nothing is left is an error.
    [[ $(rec-select --skip-bad --kind rnn < bad.mp 2> /dev/null | rec-table --kind rnn run | paste -sd ' ') == '0 1 3' ]]
    changed bad.mp <<< 'r["weights"]["linear.bias"][0] = np.nan'
    for filter in 'probe --model fresh.mp' 'emulate --fit fresh.mp --steps 1' 'classify --fit accuracy --encoder fresh.mp --steps 1'; do
        run -65 bash -c "$filter --skip-bad < bad.mp > /dev/null"
        [[ $output == *"none of the 6 "* ]]
    done
}

# skipped RUNS COMMAND... (< bad.mp): without --skip-bad it stops; with it, it leaves out these runs, and goes on with the others.
skipped() {
    local runs=$1
    shift
    run -65 bash -c "$* < bad.mp > /dev/null"
    "$@" --skip-bad < bad.mp > out.mp 2> message || { echo "$*: $(< message)"; false; }
    [[ $(rec-table --kind skipped run < out.mp | paste -sd ' ') == "$runs" ]] || { echo "$*: $(rec-table --kind skipped run < out.mp)"; false; }
    local count
    read -ra count <<< "$runs"
    [[ $(< message) == *"${#count[@]} records could not be used and are left out"* ]]
    rec-info --quiet out.mp
}

@test "silence: --skip-bad is one rule for every filter that reads RNNs, whatever it can't use them for" {
    # Run 2 has a weight that is NaN, 4 another architecture than it says, 5 a part without a place, 6 another architecture than the rest.
    gen-language --tokens 2 --first-run 6 | train-rnn --steps 20 --snapshots '' --hidden 5 --rollouts 5 --samples 20 > other.mp
    changed first.mp <<< '
if r["run"] == 2: r["weights"]["linear.bias"][0] = np.nan
if r["run"] == 4: r["arch"]["hidden"] = 9
if r["run"] == 5: r["weights"]["lstm.weight_hr_l0"] = r["weights"]["linear.weight"]'
    cat first.mp other.mp > bad.mp
    [[ $(partition --skip-bad < bad.mp 2> /dev/null | rec-table --kind skipped run | paste -sd ' ') == '2 4 5' ]]
    skipped '2 4 5' rnn-rollout --count 2
    skipped '2 4 5' rnn-perturb --noise 0.1
    skipped '2 4 5' rnn-words
    skipped '2 4 5' rnn-states --sequences 1
    skipped '2 4 5' rnn-states --counters
    skipped '2 4 5' rnn-landscape --draws 10 --batch 2
    skipped '2 4 5' rnn-compare --chain
    skipped '2 4 5' describe --format records
    skipped '2 4 5 6' rnn-perturb --merge zoo.mp
    skipped '2 4 5 6' rnn-align --to zoo.mp
    skipped '2 4 5 6' rnn-lineage
    skipped '2 4 5 6' rnn-compare --with zoo.mp
    [[ $(rec-table --kind pair run < out.mp | paste -sd ' ') == '0 1 3' ]]
    flat-encode --new --hidden 4 --z 2 < zoo.mp > flat.mp
    skipped '2 4 5 6' flat-encode --model flat.mp
    # Embeddings likewise.
    mv bad.mp rnns.mp
    changed bad.mp z.mp <<< 'if r["run"] in (1, 4): r["z"] = r["z"] * np.nan'
    skipped '1 4' project --components 2
    cmp <(rec-select --run 0,2,3,5 < z.mp | project --components 2 | rec-table --kind embedding run projection.0) <(rec-table --kind embedding run projection.0 < out.mp)
    skipped '1 4' nearest --zoo z.mp
    [[ $(rec-table --kind embedding run < out.mp | paste -sd ' ') == '0 2 3 5' ]]
    # What is the matter with one of them: a split that is not known, another encoder, a label of another type.
    changed bad.mp z.mp <<< '
if r["run"] == 1: r["split"] = "val"
if r["run"] == 2: r["z"] = r["z"][:3].copy()
if r["run"] == 3: r["encoder"] = None
if r["run"] == 4: r["metrics"]["accuracy"] = "low"
if r["run"] == 5: r["metrics"]["accuracy"] = [0, 1]'
    skipped '1 2' project --components 2
    skipped '2 3' nearest --zoo z.mp
    skipped '1 2 3 4 5' classify --fit accuracy --steps 1
    skipped '1 2 3 4 5' classify --fit step,accuracy --steps 1
    skipped '1 2 3' classify --fit step --steps 1
    # The first of all can't be used for one reason, and is unlike the others in what else it has.
    changed bad.mp z.mp <<< '
r["note"] = r["run"] % 2
if r["run"] == 0: r["z"], r["note"], r["metrics"]["accuracy"] = r["z"][:3].copy(), "text", "low"'
    skipped 0 classify --fit note,accuracy --steps 1
    skipped 0 classify --fit accuracy --steps 1
    mv rnns.mp bad.mp
    # Files are not records: what was written is whole and of the others.
    run -0 --separate-stderr bash -c 'export-rnn --skip-bad --format npy --to out < bad.mp'
    [[ $stderr == *"4 records could not be used"* && $(import-rnn out | rec-table --kind rnn run | paste -sd ' ') == '0 1 3' ]]
    # RNNs that can be read, but not used for this: of a task that is not known, without words or rollouts.
    changed bad.mp <<< '
r["run"] in (1, 3) and r.pop("task")
r["run"] == 3 and r.pop("rollouts")'
    skipped '1 3' rnn-landscape --draws 10 --batch 2
    skipped '1 3' rnn-states --counters
    skipped '1 3' rnn-words
    skipped '3' emulate --fit fresh.mp --steps 1 --hidden 4
    # When none is left, that is an error, also for those that could be read.
    changed bad.mp <<< 'r.pop("task")'
    run -65 bash -c 'rnn-words --skip-bad < bad.mp > /dev/null'
    [[ $output == *"none of the 6 records could be used"* ]]
    run -65 bash -c 'rnn-lineage --limit 2 --skip-bad < zoo.mp > /dev/null'
    [[ $output == *"more than 2 RNNs (--limit)"* ]]
}

@test "silence: namesakes of two zoos in one stream are told by rnn-compare; run numbers never wrap" {
    rnn-perturb --noise 0.1 < zoo.mp > second.mp
    cat zoo.mp second.mp > both.mp
    run -0 --separate-stderr bash -c 'rnn-compare --with both.mp < zoo.mp > out.mp'
    [[ $stderr == *"run 0, step 20 is there more than once: the first of the references is taken"* && $(rec-table --kind pair run < out.mp | wc -l) == 6 ]]
    run -0 --separate-stderr bash -c 'rnn-compare --chain < both.mp > out.mp'
    [[ $stderr == *"run 0, step 20 is there more than once"* && $(wc -l <<< "$stderr") == 1 ]]
    run -0 --separate-stderr bash -c 'rnn-compare --with zoo.mp < zoo.mp > out.mp'
    [[ -z $stderr ]]
    run -64 bash -c 'rnn-perturb --noise 0.1 --first-run 18446744073709551614 < zoo.mp > /dev/null'
    [[ $output == *"run numbers end at"* ]]
}

@test "silence: keys that RNNs have of others, and a filter writes itself, are written anew, not twice" {
    changed split.mp <<< 'r["split"] = "validation" if r["run"] % 2 else "train"'
    mv split.mp zoo.mp
    emulate --fit fresh.mp --steps 1 --hidden 4 < zoo.mp > emulator.mp
    probe --model emulator.mp < zoo.mp > z.mp
    classify --fit task --steps 2 --hidden 4 < z.mp > predictor.mp
    cat emulator.mp predictor.mp > models.mp
    describe --fit models.mp < z.mp > interrogator.mp
    local call
    for call in 'rnn-states --sequences 1 --what h,c,gates,answers' 'rnn-states --counters' 'rnn-words --max-prefixes 40 --automaton --quiet' \
        'rnn-words --merge --samples 10 --max-states 5' 'rnn-fixed-points --starts 2 --sequences 1 --max-q 1' 'rnn-compare --chain' 'rnn-rollout --count 2' \
        'rnn-landscape --batch 2 --draws 10' 'rnn-perturb --noise 0.1' 'rnn-align --to zoo.mp' 'nearest --weights --zoo zoo.mp' 'probe --model emulator.mp' \
        'emulate --model emulator.mp --rollouts 2 --clones 3' 'describe --model interrogator.mp --format records' 'describe --model interrogator.mp --zoo z.mp --format records'; do
        $call < zoo.mp > wanted.mp
        changed other.mp <<< '
for made in msgpack.Unpacker(open("wanted.mp", "rb")):
    r.update({key: "of another" for key in made if made["kind"] not in ("meta", "end") and key not in r and key not in ("parent", "second", "name", "encoder")})'
        $call < other.mp > out.mp
        cmp <(rec-json --no-meta < wanted.mp) <(rec-json --no-meta < out.mp | sed 's/"[a-z_]*":"of another",//g') || { echo "$call"; false; }
    done
}

@test "silence: a filter that finds no record of a kind that it reads says so, passes all on, and succeeds; not when there is one" {
    local filter note="nothing to do: no record of the input is of a kind that this program reads; they are passed on (the first is of kind"
    for filter in rnn-rollout rnn-words train-rnn 'probe --model fresh.mp'; do
        run -0 --separate-stderr bash -c "$filter < z.mp > again.mp"
        [[ $stderr == "${filter%% *}: $note 'embedding')" ]]
        rec-diff z.mp again.mp
    done
    for filter in 'nearest --zoo z.mp' partition; do
        run -0 --separate-stderr bash -c "$filter < fresh.mp > again.mp"
        [[ $stderr == "${filter%% *}: $note 'encoder')" ]]
        rec-diff fresh.mp again.mp
    done
    run -0 --separate-stderr describe < z.mp
    [[ -z $output && $stderr == "describe: no rnn record to describe" ]]
    run -0 --separate-stderr describe --quiet < z.mp
    [[ -z $output && -z $stderr ]]
    { cat z.mp; rec-select --first 1 < zoo.mp; } > both.mp
    run -0 --separate-stderr bash -c 'rnn-rollout --count 2 < both.mp | nearest --zoo z.mp | probe --model fresh.mp > again.mp'
    [[ -z $stderr ]]
}

@test "silence: options that have no effect on what is done are told" {
    told() { # MESSAGE COMMAND...
        run -0 --separate-stderr "${@:2}" < zoo.mp
        [[ $stderr == "$1" ]] || { echo "${*:2}: $stderr"; false; }
    }
    emulate --fit fresh.mp --steps 1 --hidden 4 < zoo.mp > model.mp
    told '' rnn-compare --chain --inputs <(echo 2 0)
    told 'rnn-compare: --points has no effect without --path' rnn-compare --chain --points 3
    told 'rnn-compare: --bend-rate has no effect without --path bezier' rnn-compare --chain --path linear --batch 2 --bend-rate 1
    told 'rnn-compare: --alpha has no effect without --same' rnn-compare --chain --alpha 0.1
    told 'emulate: --hidden has no effect on the emulator that the model has' emulate --fit model.mp --steps 1 --hidden 5
    told '' emulate --fit fresh.mp --steps 1 --hidden 5
}
