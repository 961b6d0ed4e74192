# What may happen to any filter: pipes, files, disks and users that are not as they should be. The calls that are tried: tests/faults/cases.

# shellcheck disable=SC2154 # bats sets output and stderr
load ../helper
load ../faults/files

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    make_files
}

setup() {
    cp "$BATS_FILE_TMPDIR"/*.* .
}

ends() {
    python "$ROOT/tests/faults/ends.py" "$@"
}

damage() {
    python "$ROOT/tests/faults/damage.py" "$@"
}

# Waits until the shell command succeeds.
until_true() {
    for _ in {1..600}; do
        eval "$1" && return
        sleep 0.05
    done
    return 1
}

# emulate --fit until the end of days. $@: further options; a background job.
endless() {
    exec env --default-signal=INT emulate --fit fresh.mp --steps 1000000000 --batch 2 --hidden 4 --validate-every 1000 "$@"
}

@test "faults: all filters, and all options that name a file, are in the table of these tests" {
    ends table
}

@test "faults: output to a full device or a closed descriptor exits 74, to a closed pipe 141 without a word" {
    ends output
}

@test "faults: standard input that is closed or a directory exits 66, an empty one 65" {
    ends standard_input
}

@test "faults: named files that are missing, dangling, directories or forbidden exit 66" {
    ends files
}

@test "faults: pipes that give and take a byte at a time change nothing" {
    ends trickle
}

@test "faults: OMP_NUM_THREADS and BLIS_NUM_THREADS change nothing" {
    ends environment
}

@test "faults: files that may not grow exit 74, and nothing half written stays" {
    ends file_size
}

@test "faults: a flipped bit is found, in the data and in models, from files and pipes" {
    damage flips
}

@test "faults: a cut is found, in the data and in models, from files and pipes" {
    damage cuts
}

@test "faults: five bytes that promise 4 GB are refused at once" {
    damage promises
}

@test "faults: damage somewhere in a zoo of megabytes is found" {
    gen-language --tokens 2 --count 60 | train-rnn --steps 2 --snapshots 0 --hidden 16 --rollouts 40 --samples 5 > large.mp
    [[ $(stat -c %s large.mp) -gt 2000000 ]]
    damage large
}

@test "faults: a full disk keeps the old checkpoint, and training goes on when there is room" {
    local inside='mount -t tmpfs -o size=160k none disk && cp fresh.mp zoo.mp disk && cd disk || exit 99
        fit() { emulate --fit fresh.mp --batch 2 --hidden 4 --validate-every 2 --steps "$@" < zoo.mp; }
        fit 4 --checkpoint state.mp > /dev/null || exit 1
        cp state.mp old.mp
        dd if=/dev/zero of=filler bs=1k 2> /dev/null
        fit 8 --checkpoint state.mp --checkpoint-every 2 > /dev/null 2> /dev/null
        [[ $? == 74 && ! -e state.mp.tmp ]] && cmp state.mp old.mp || exit 2
        fit 8 > /dev/full 2> /dev/null
        [[ $? == 74 ]] || exit 3
        rm filler
        cmp <(fit 8 --checkpoint state.mp | rec-json --no-meta) <(fit 8 | rec-json --no-meta)'
    mkdir disk
    if unshare -rm mount -t tmpfs none disk 2> /dev/null; then # else the test with limited files has to do
        unshare -rm bash -c "$inside"
    fi
}

@test "faults: two trainings on one checkpoint: the second exits 75, and a lock left behind by a killed one holds nobody up" {
    local signal pid code
    for signal in KILL TERM INT; do
        endless --checkpoint state.mp < zoo.mp > model 2> message 3>&- &
        pid=$!
        # It, no longer the shell that begins it, catches SIGTERM once it trains.
        until_true "[[ \$(< /proc/$pid/comm) == emulate ]] && ((0x\$(awk '\$1 == \"SigCgt:\" { print \$2 }' /proc/$pid/status) & 0x4000))"
        run -75 endless --checkpoint state.mp < zoo.mp
        [[ $output == "emulate: state.mp: another process is at work on it, see state.mp.lock" ]]
        kill -s "$signal" "$pid"
        code=0
        wait "$pid" || code=$?
        [[ $code == "$([[ $signal == KILL ]] && echo 137 || echo 75)" && ! -s model ]]
        [[ $signal == KILL || ! -e state.mp.lock ]]
    done
    emulate --fit fresh.mp --steps 3 --checkpoint other.mp < zoo.mp > /dev/null # an own one is nobody's business
    [[ ! -e other.mp.lock && ! -e other.mp.tmp ]]
    run -74 endless --checkpoint absent/state.mp < zoo.mp
}

@test "faults: a killed train-rnn goes on to the same records" {
    local training=(train-rnn --steps 10 --snapshots "0,5" --hidden 8 --rollouts 20 --samples 20)
    gen-language --tokens 2 --count 20 > many.mp
    "${training[@]}" < many.mp > whole.mp
    mkfifo pipe
    "${training[@]}" < many.mp > pipe 2> /dev/null 3>&- &
    local pid=$! code=0
    exec 4< pipe
    head -c 150000 <&4 > part.mp # more than that and what a pipe holds is to come: it waits in the middle
    kill -KILL "$pid"
    wait "$pid" || code=$?
    exec 4<&-
    [[ $code == 137 && $(stat -c %s whole.mp) -gt 300000 ]]
    run -65 rec-json < part.mp
    "${training[@]}" --resume part.mp < many.mp > resumed.mp
    cmp <(rec-json --no-meta --arrays whole < whole.mp) <(rec-json --no-meta --arrays whole < resumed.mp)
}

@test "faults: a zoo that is cut while a training reads it exits 74" {
    local size pid code
    for size in 0 5000 40000; do
        cp zoo.mp cut.mp
        endless --checkpoint "state$size.mp" < cut.mp > model 2> message 3>&- &
        pid=$! code=0
        until_true "[[ -e state$size.mp ]]"
        truncate -s "$size" cut.mp
        wait "$pid" || code=$?
        [[ $code == 74 && $(< message) == "emulate: "*"standard input: was cut while it was read" && ! -s model ]]
        [[ ! -e state$size.mp.lock ]]
    done
}

@test "faults: a file that is cut under a filter that streams it exits 74 and names it" {
    gen-language --tokens 2 --count 60 | train-rnn --steps 2 --snapshots 0 --hidden 16 --rollouts 40 --samples 5 > large.mp
    cp large.mp cut.mp
    mkfifo pipe
    rec-json --arrays whole < cut.mp > pipe 2> message 3>&- &
    local pid=$! code=0
    exec 4< pipe
    read -r -u 4 -N 10 _ # it is in the middle: the pipe holds less than a record
    truncate -s 4096 cut.mp
    cat <&4 > /dev/null
    exec 4<&-
    wait "$pid" || code=$?
    [[ $code == 74 && $(< message) == "rec-json: standard input: was cut while it was read" ]]
}

@test "faults: a training that diverges gives its best networks so far, whole and finite, and exits 3" {
    local diverging=(--rate 1 --weight-decay 1000 --batch 2)
    run -3 --separate-stderr bash -c 'emulate --fit fresh.mp "$@" --steps 300 < zoo.mp > emulated.mp' _ "${diverging[@]}"
    [[ $stderr == "emulate: training diverged at step "*"not finite"*"are written" ]]
    run -3 --separate-stderr bash -c 'classify --fit task "$@" --steps 300 < embeddings.mp > predictor.mp' _ "${diverging[@]}"
    [[ $stderr == "classify: training diverged at step "*"are written" ]]
    run -3 --separate-stderr bash -c 'classify --fit accuracy --encoder fresh.mp "$@" --steps 300 < zoo.mp > both.mp' _ "${diverging[@]}"
    [[ $stderr == "classify: training diverged at step "*"are written" ]]
    run -3 --separate-stderr bash -c 'train-rnn --steps 20 --rate 1e30,1e30,1e30 --rollouts 1 --samples 1 < tasks.mp > diverged.mp'
    [[ $stderr == *"6 runs have diverged"* ]]
    [[ $(rec-table --kind skipped run reason < diverged.mp | wc -l) == 6 ]]
    PYTHONPATH=$ROOT/tests/python python - << 'PYTHON'
import numpy as np, read_stream
for name in "emulated.mp", "predictor.mp", "both.mp":
    models = [r for r in read_stream.records(name) if "weights" in r]
    assert models and all(np.isfinite(w).all() for r in models for w in r["weights"].values()), name
    at = [r["metrics"]["diverged_at"] for r in models if "diverged_at" in r.get("metrics", {})]
    assert at and 0 < at[0] <= 300 and all(r["step"] < at[0] for r in models), (name, at)
    assert not any("nan" in str(r).lower() for r in read_stream.records(name) if r["kind"] == "log")
PYTHON
    # What it gives is a model as any other; a fresh one, when nothing was learnt before.
    emulate --model emulated.mp --clones 0 < zoo.mp > /dev/null
    classify --model both.mp < zoo.mp > /dev/null
}
