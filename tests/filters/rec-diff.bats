# rec-diff: are two streams equal, within a tolerance?

# shellcheck disable=SC2016,SC2154 # scripts of bash -c expand in the inner shell; bats sets stderr
load ../helper

setup() {
    records='[{"kind": "log", "step": 1, "loss": 0.5},
        {"kind": "rnn", "run": 3, "step": 100, "weights": {"linear.bias": np.array([1, 2, 4], "<f4"), "w": np.ones((2, 2), "<f4")}, "x": [1, 2]},
        {"kind": "rnn", "run": 4, "step": 0, "weights": {}}]'
    make_stream a.mp <<< "$records"
}

# changed FILE PYTHON: a.mp after these statements about its records r.
changed() {
    python - "$1" "$2" "$records" << 'PYTHON'
import sys, zlib, msgpack, msgpack_numpy, numpy as np
r = eval(sys.argv[3])
exec(sys.argv[2])
meta = {"kind": "meta", "format": 1, "program": "changed", "version": "1", "history": []}
data = b"".join(msgpack.packb(x, default=msgpack_numpy.encode) for x in [meta] + r)
open(sys.argv[1], "wb").write(data + msgpack.packb({"kind": "end", "records": len(r) + 1, "crc32": zlib.crc32(data)}))
PYTHON
}

@test "control characters of kinds and files' names are escaped" {
    changed odd.mp 'r[0]["kind"] = "a\x1b[31m\nb"'
    run -1 --separate-stderr rec-diff a.mp odd.mp
    [[ ${lines[0]} == 'record 2: log, step 1 against a\x1b[31m\nb, step 1' ]]
    run -66 --separate-stderr rec-diff a.mp $'no\e[31m\nfile'
    [[ $stderr == 'rec-diff: no\x1b[31m\nfile: No such file or directory' ]]
}

@test "equal streams: exit 0, a summary" {
    run -0 --separate-stderr rec-diff a.mp a.mp
    [[ $output == '3 records compared, 0 differ' && -z $stderr ]]
    run -0 rec-diff - a.mp < a.mp
    run -0 bash -c 'cat a.mp | rec-diff a.mp -'
}

@test "meta records and segments do not count, but with --meta" {
    changed b.mp ''
    run -0 rec-diff a.mp b.mp
    run -1 rec-diff --meta a.mp b.mp
    [[ ${lines[0]} == 'record 1 (meta): program: "test" against "changed"; 2 differences' && ${lines[1]} == '4 records compared, 1 differ' ]]
    cat a.mp a.mp > twice.mp
    rec-json --arrays whole < twice.mp | sed '5,6d' | rec-json --reverse > joined.mp
    run -0 rec-diff twice.mp joined.mp
    [[ $output == '6 records compared, 0 differ' ]]
    run -1 rec-diff --meta twice.mp joined.mp
}

@test "exact unless told otherwise" {
    changed b.mp 'r[1]["weights"]["linear.bias"][2] = 4.25; r[1]["weights"]["w"][1, 0] = 1.5'
    run -1 rec-diff a.mp b.mp
    [[ ${lines[0]} == 'record 3 (rnn, run 3, step 100): weights.linear.bias.2: 4 against 4.25; 2 differences; at most 0.5, relative 0.333' ]]
    [[ ${lines[1]} == '3 records compared, 1 differ; numbers differ at most by 0.5, relative 0.333' && ${#lines[@]} == 2 ]]
    run -1 rec-diff --absolute 0.49 a.mp b.mp
    [[ ${lines[0]} == *'): weights.w.1.0: 1 against 1.5; at most'* ]]
    run -0 rec-diff --absolute 0.5 a.mp b.mp
    [[ $output == '3 records compared, 0 differ; numbers differ at most by 0.5, relative 0.333' ]]
    run -0 rec-diff --relative 0.34 a.mp b.mp
    run -1 rec-diff --relative 0.33 a.mp b.mp
}

@test "NaN differs, also from itself" {
    changed b.mp 'r[0]["loss"] = float("nan")'
    run -1 rec-diff --absolute 1e9 b.mp b.mp
    [[ ${lines[0]} == 'record 2 (log, step 1): loss: "NaN" against "NaN"; at most inf, relative inf' ]]
}

@test "types, shapes, keys, text; the order of keys does not matter" {
    check() { # CHANGE OUTPUT
        changed b.mp "$1"
        run -1 rec-diff --absolute 1e9 a.mp b.mp
        [[ ${lines[0]} == "record 3 (rnn, run 3, step 100): $2" ]] || { echo "$output" && false; }
    }
    check 'r[1]["weights"]["w"] = np.ones((2, 2), "<f8")' 'weights.w: type <f4 against <f8'
    check 'r[1]["weights"]["w"] = np.ones((4, 1), "<f4")' 'weights.w: other shape'
    check 'r[1]["weights"]["w"] = [1, 1]' 'weights.w: {"dtype":"<f4","shape":[2,2],"min":1,"max":1,"mean":1} against [1,1]'
    check 'del r[1]["x"]' 'x: only in the first'
    check 'r[1]["new"] = 1; r[1]["y"] = 1' 'new: only in the second; 2 differences'
    check 'r[1]["x"] = [1, "2"]' 'x.1: 2 against "2"'
    check 'r[1]["x"] = [1]' 'x: 2 items against 1'
    changed b.mp 'r[1] = dict([("kind", "rnn")] + list(reversed(r[1].items())))'
    run -0 rec-diff a.mp b.mp
}

@test "another order and another length" {
    changed b.mp 'r[1], r[2] = r[2], r[1]'
    run -1 rec-diff a.mp b.mp
    [[ ${lines[0]} == 'record 3: rnn, run 3, step 100 against rnn, run 4, step 0' && ${lines[2]} == '3 records compared, 2 differ' ]]
    run -0 rec-diff <(rec-sort < a.mp) <(rec-sort < b.mp)
    changed b.mp 'r.pop()'
    run -1 rec-diff a.mp b.mp
    [[ $output == '2 records compared, 0 differ, 1 more in a.mp' ]]
    run -1 rec-diff - a.mp < b.mp
    [[ $output == '2 records compared, 0 differ, 1 more in a.mp' ]]
    make_stream empty.mp <<< '[]'
    run -0 rec-diff empty.mp empty.mp
    run -1 rec-diff a.mp empty.mp
    [[ $output == '0 records compared, 0 differ, 3 more in a.mp' ]]
}

@test "records are numbered as in each file" {
    cat a.mp a.mp > twice.mp
    rec-json --arrays whole < twice.mp | sed -e '5,6d' -e '$!s/"run":4/"run":5/' | rec-json --reverse > joined.mp
    run -1 rec-diff twice.mp joined.mp
    [[ ${lines[0]} == 'record 4: rnn, run 4, step 0 against rnn, run 5, step 0' ]]
    [[ ${lines[1]} == 'record 9 and 7: rnn, run 4, step 0 against rnn, run 5, step 0' ]]
}

@test "--limit shows fewer, the summary counts all" {
    changed b.mp 'for x in r: x["new"] = 1'
    run -1 rec-diff --limit 1 a.mp b.mp
    [[ ${#lines[@]} == 2 && ${lines[1]} == '3 records compared, 3 differ' ]]
    run -1 rec-diff --limit 0 a.mp b.mp
    [[ $output == '3 records compared, 3 differ' ]]
}

@test "memory does not grow with the streams" {
    repeat 30 a.mp > few.mp
    repeat 1000 few.mp > many.mp
    peak() {
        python -c '
import resource, subprocess, sys
subprocess.run(["bash", "-c", "rec-diff <(cat $0) <(cat $0) > /dev/null", sys.argv[1]], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$1"
    }
    few=$(peak few.mp) many=$(peak many.mp)
    echo "$few KiB, $many KiB, $(stat -c %s many.mp) bytes"
    (($(stat -c %s many.mp) > 10000000 && many - few < 3000))
}

@test "damaged streams exit 65, missing ones 66, and what differs before has been told" {
    head -c -1 a.mp > cut.mp
    changed b.mp 'r[0]["loss"] = 1'
    run -65 --separate-stderr rec-diff b.mp cut.mp
    [[ ${lines[0]} == 'record 2 (log'* && $stderr == 'rec-diff: cut.mp: record 5 (byte '* ]]
    run -65 rec-diff cut.mp a.mp
    make_stream empty.mp <<< '[]'
    run -65 rec-diff empty.mp cut.mp
    run -66 rec-diff a.mp missing.mp
}

@test "misuse exits 64, a full disk 74, a closed pipe 141" {
    for misuse in '' 'a.mp' 'a.mp a.mp a.mp' '- -' '--absolute -1 a.mp a.mp' '--relative nan a.mp a.mp'; do
        # shellcheck disable=SC2086 # several words
        run -64 rec-diff $misuse < a.mp
    done
    run -74 bash -c 'rec-diff a.mp a.mp > /dev/full'
    gen-language --count 100000 > x.mp
    gen-language --count 100000 --seed 2 > y.mp
    set +o pipefail # that it closes is what is tried
    rec-diff --limit 1000000 x.mp y.mp 2> errors | head -c 1 > /dev/null
    [[ ${PIPESTATUS[0]} == 141 && ! -s errors ]]
}
