# rec-select: passes the records that fit all conditions.

# The scripts of bash -c expand in the inner shell; bats sets stderr.
# shellcheck disable=SC2016,SC2154
load ../helper

data() { python "$ROOT/tests/python/data_records.py"; }
pairs() { rec-table run step < "$1" | tr '\t\n' ': '; }

# Two segments: runs 0 to 9 with snapshots at 0, 100 and 200 (of odd runs at 0 and 100, in descending order), and models and odd ones.
setup() {
    make_stream zoo.mp << 'RECORDS'
[{"kind": "rnn", "run": r, "step": t, "seed": 1, "split": ("train", "validation", "ood")[r % 3], "task": {"family": "x", "rotation": r / 10, "offsets": [0, r]},
  "metrics": {"accuracy": t / 200, "loss": float("nan")}, "w": np.arange(r, dtype="<f4")}
 for r in range(10) for t in ((100, 0) if r % 2 else (0, 100, 200))]
RECORDS
    make_stream other.mp << 'RECORDS'
[{"kind": "task", "run": 3}, {"kind": "encoder", "type": "flat", "seed": 1}, {"kind": "log", "step": 100, "split": "train", "loss": 0.5}]
RECORDS
    cat zoo.mp other.mp > both.mp
}

@test "without conditions, or with conditions that all fit, every byte of the data stays" {
    # Longer encodings than need be, single precision, an extension, a str that NumPy would not write.
    python - << 'PYTHON'
import zlib, msgpack
meta = msgpack.packb({"kind": "meta", "format": 1})
record = b"\xdf\0\0\0\5" + msgpack.packb("kind") + b"\xda\0\3rnn" + b"\xa3run\xcf\0\0\0\0\0\0\0\7" + b"\xa1f\xca\x3f\0\0\0" + b"\xa1e\xd4\5x" + b"\xa1l\xdc\0\1\xd3" + b"\xff" * 8
end = msgpack.packb({"kind": "end", "records": 2, "crc32": zlib.crc32(meta + record)})
open("odd.mp", "wb").write(meta + record + end)
PYTHON
    cat both.mp odd.mp zoo.mp > all.mp
    data < all.mp > want
    [[ -s want ]]
    for conditions in '' '--kind rnn,task,encoder,log' '--sample 1' '--first 1000' '--sample 0 --invert' '--where run<0 --invert'; do
        # shellcheck disable=SC2086
        rec-select $conditions < all.mp > out.mp
        data < out.mp | cmp - want
    done
    rec-select --run 7 --where 'f = 0.5, l.0 = -1' < odd.mp > out.mp
    data < out.mp | cmp - <(data < odd.mp)
}

@test "segments stay, also empty ones; the history takes up this program" {
    rec-select --kind log < both.mp > out.mp
    run -0 rec-json < out.mp
    [[ ${#lines[@]} == 5 && ${lines[1]} == '{"kind":"end","records":1,'* && ${lines[3]} == '{"kind":"log",'* ]]
    own='{"program":"rec-select","version":"'$(rec-select --version | sed 's/.* //')'","argv":["rec-select","--kind","log"]}'
    [[ ${lines[0]} == *"\"history\":[{\"program\":\"test\",\"version\":\"1\",\"argv\":[\"test\"]},$own]}" ]]
}

@test "kinds, splits, runs, steps" {
    rec-select --kind rnn --run 2,8- < both.mp > out.mp
    [[ $(pairs out.mp) == '2:0 2:100 2:200 8:0 8:100 8:200 9:100 9:0 ' ]]
    rec-select --split validation,ood --step 200 < both.mp > out.mp
    [[ $(pairs out.mp) == '2:200 4:200 8:200 ' ]]
    rec-select --step 1-150 --run 0-1 < both.mp > out.mp
    [[ $(pairs out.mp) == '0:100 1:100 ' ]]
    rec-select --kind 'task|encoder' < both.mp > out.mp
    [[ $(rec-table kind < out.mp | tr '\n' ' ') == 'task encoder ' ]]
    rec-select --kind none < both.mp > out.mp
    [[ -z $(data < out.mp) ]]
}

@test "last is each run's greatest step, wherever its snapshots stand, from files and pipes" {
    rec-select --step last --kind rnn < both.mp > out.mp
    [[ $(pairs out.mp) == '0:200 1:100 2:200 3:100 4:200 5:100 6:200 7:100 8:200 9:100 ' ]]
    rec-select --step 0,last --run 4-5 < both.mp > out.mp
    [[ $(pairs out.mp) == '4:0 4:200 5:100 5:0 ' ]]
    cat both.mp | rec-select --step 0,last --run 4-5 > piped.mp
    cmp out.mp piped.mp
    # Later segments count; conditions beside it don't change which step is the last.
    make_stream later.mp <<< '[{"kind": "rnn", "run": 4, "step": 300, "metrics": {"accuracy": 0.1}}]'
    cat zoo.mp later.mp | rec-select --step last --run 4-5 > out.mp
    [[ $(pairs out.mp) == '5:100 4:300 ' ]]
    cat zoo.mp later.mp | rec-select --step last --run 4-5 --where 'metrics.accuracy >= 0.5' > out.mp
    [[ $(pairs out.mp) == '5:100 ' ]]
}

@test "last, with --skip-bad: a snapshot that can't be used is no run's last, and is told once" {
    gen-language --count 2 --max-n 4 | train-rnn --steps 4 --snapshots 2 --hidden 4 --rollouts 2 --samples 4 --quiet > good.mp
    rec-json --arrays whole < good.mp | sed '/"run":1,"step":4,/s/"hidden":4/"hidden":5/' | rec-json --reverse > bad.mp
    run -0 --separate-stderr bash -c 'rec-select --step last --skip-bad < bad.mp | rec-table kind run step'
    [[ $output == $'rnn\t0\t4\nrnn\t1\t2\nskipped\t1\t4' ]]
    [[ $(grep -c 'record .* is left out: ' <<< "$stderr") == 1 && $stderr == *'1 records could not be used'* ]]
}

@test "fields that compare, nested ones too; what is missing does not fit" {
    rec-select --where 'metrics.accuracy >= 0.5, task.rotation < 0.2, split != ood' < both.mp > out.mp
    [[ $(pairs out.mp) == '0:100 0:200 1:100 ' ]]
    rec-select --where 'task.offsets.1 = 3, step > 0' < both.mp > out.mp
    [[ $(pairs out.mp) == '3:100 ' ]]
    rec-select --where 'type = flat' < both.mp > out.mp
    [[ $(rec-table kind < out.mp) == encoder ]]
    rec-select --where 'metrics.loss != 1, run = 1' < both.mp > out.mp
    [[ $(pairs out.mp) == '1:100 1:0 ' ]]
    # Integers that a double can't tell apart.
    make_stream large.mp <<< '[{"kind": "x", "run": r, "big": 2**60 + r, "top": 2**64 - 1 - r, "low": -2**63 + r, "a": np.array([2**60 + r], "<i8"), "f": 3.0}
        for r in range(3)]'
    while IFS=: read -r condition runs; do
        [[ $(rec-select --where "$condition" < large.mp | rec-table run | tr -d '\n') == "$runs" ]] || { echo "$condition" && false; }
    done << 'END'
big = 1152921504606846977:1
big != 1152921504606846977:02
big > 1152921504606846977:2
big <= 1152921504606846977:01
top = 18446744073709551614:1
top > -1:012
top >= 18446744073709551614:01
low < -9223372036854775807:0
low = -9223372036854775806:2
low < 18446744073709551615:012
a.0 = 1152921504606846978:2
big > 1.5:012
f = 3:012
f < 3.5, big < 1152921504606846977:0
END
    run -64 rec-select --where 'big =' < large.mp
    # No split, no run: an encoder fits neither, and --invert lets it pass.
    rec-select --split train --invert < other.mp > out.mp
    [[ $(rec-table kind < out.mp | tr '\n' ' ') == 'task encoder ' ]]
}

@test "a configuration file: lists have commas between their items" {
    printf 'rec-select:\n  kind: [rnn, log]\n  step: [100, last]\n  where: [task.rotation >= 0.5, "metrics.accuracy > 0"]\n' > config.yaml
    rec-select --config config.yaml < both.mp > out.mp
    [[ $(pairs out.mp) == '5:100 6:100 6:200 7:100 8:100 8:200 9:100 ' ]]
}

@test "a sample takes runs whole, is the same for every cut, grows with the share; its rest is --invert" {
    make_stream large.mp <<< '[{"kind": "rnn", "run": r, "step": t} for r in range(1000) for t in (0, 1, 2)]'
    rec-select --sample 0.3 < large.mp > out.mp
    rec-table run < out.mp | uniq -c > runs
    [[ $(awk '$1 != 3' runs) == '' ]]
    n=$(wc -l < runs)
    ((n > 240 && n < 360)) # 300 +- 4 standard deviations
    rec-select --sample 0.3 --run 500- < large.mp > half.mp
    diff <(pairs half.mp) <(rec-select --run 500- < out.mp | rec-table run step | tr '\t\n' ': ')
    rec-select --sample 0.2 < large.mp > fewer.mp
    rec-select --sample 0.3 < fewer.mp > again.mp
    diff <(pairs fewer.mp) <(pairs again.mp)
    ((n > $(rec-table run < fewer.mp | uniq | wc -l)))
    rec-select --sample 0.3 --invert < large.mp > rest.mp
    sort <(rec-table run step < out.mp) <(rec-table run step < rest.mp) | cmp - <(rec-table run step < large.mp | sort)
    rec-select --sample 0.3 --seed 2 < large.mp > other.mp
    run ! diff <(pairs out.mp) <(pairs other.mp)
    rec-select --sample 0.3 --sample-by record < large.mp > records.mp
    [[ $(rec-table run < records.mp | uniq -c | awk '{ print $1 }' | sort -u | tr '\n' ' ') == '1 2 3 ' ]]
    rec-select --sample 0.999 --kind encoder < both.mp > out.mp
    [[ -z $(data < out.mp) ]]
}

@test "--first passes no more, yet reads on to the end" {
    rec-select --kind rnn --first 4 < both.mp > out.mp
    [[ $(pairs out.mp) == '0:0 0:100 0:200 1:100 ' ]]
    rec-select --kind rnn --invert --first 2 < both.mp > out.mp
    [[ $(rec-table kind < out.mp | tr '\n' ' ') == 'task encoder ' ]]
    head -c -1 both.mp > cut.mp
    run -65 bash -c 'rec-select --first 1 < cut.mp > out.mp'
}

@test "misuse exits 64 and names the option" {
    for misuse in --run=x --run= --step=5-4 --run=last --where=run --where='run == 1' --where='run < x' --sample=1.5 --sample-by=task; do
        run -64 --separate-stderr rec-select "$misuse" < zoo.mp
        [[ -z $output && $stderr == "rec-select: ${misuse%%=*}: "* ]] || { echo "$misuse: $stderr"; false; }
    done
}

@test "damaged input exits 65 and leaves nothing that looks whole" {
    size=$(stat -c %s both.mp)
    head -c $((size - 5)) both.mp > cut.mp
    head -c "$(stat -c %s zoo.mp)" /dev/zero | tr '\0' x > text.mp
    LC_ALL=C sed 's/rotation/rotatioN/' both.mp > flipped.mp
    : > empty.mp
    for bad in cut text flipped empty; do
        for conditions in '' '--step last' '--kind rnn --first 1'; do
            # shellcheck disable=SC2086
            run -65 --separate-stderr bash -c "rec-select $conditions < $bad.mp > out.mp"
            [[ $stderr == "rec-select: standard input: record "* ]]
            run -65 rec-json < out.mp
        done
    done
}

@test "output that can't be written exits 74, closed input 66, a closed pipe ends quietly" {
    run -74 bash -c 'rec-select < zoo.mp > /dev/full'
    run -74 bash -c 'rec-select < zoo.mp >&-'
    for step in 0 last; do
        run -66 bash -c "rec-select --step $step <&- | cat; exit \${PIPESTATUS[0]}"
    done
    run -74 bash -c 'cat zoo.mp | TMPDIR=/nowhere rec-select --step last | cat; exit ${PIPESTATUS[1]}'
    repeat 300 zoo.mp > long.mp
    run -0 --separate-stderr bash -c 'rec-select < long.mp | head -c 1 > /dev/null; exit $((PIPESTATUS[0] != 141))'
    [[ -z $stderr ]]
}

@test "records don't go to a terminal" {
    run -64 script -qec 'rec-select < zoo.mp' /dev/null < /dev/null
    [[ $output == *"standard output is a terminal"* ]]
}
