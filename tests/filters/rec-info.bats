# rec-info: what is in a stream, and whether it is whole.

# bats sets stderr.
# shellcheck disable=SC2154
load ../helper

setup() {
    make_stream zoo.mp << 'RECORDS'
[{"kind": "rnn", "run": 5 + r, "step": t, "split": ("train", "ood")[r % 2], "task": {"family": "formal-language", "offsets": [0, r // 2]},
  "arch": {"cell": "lstm", "input": 6, "hidden": 8, "layers": 2, "output": 5}, "weights": {"w": np.zeros(100, "<f4")},
  "metrics": {"accuracy": r / 10, "loss": float("inf") if r == 0 else 1.0}} for r in range(5) for t in (0, 100)]
+ [{"kind": "task", "run": 99, "task": {"family": "lock"}}, {"kind": "log", "step": 7, "loss": 0.25}]
RECORDS
    cat zoo.mp zoo.mp > twice.mp
}

@test "the report" {
    run -0 --separate-stderr rec-info < zoo.mp
    [[ ${lines[0]} == "whole: standard input: 1 segments, 12 data records, $(stat -c %s zoo.mp) bytes, counts and checksums right" ]]
    [[ ${lines[1]} == 'kinds          rnn: 10, task: 1, log: 1' ]]
    [[ ${lines[2]} == 'runs           6: 5 to 99' ]]
    [[ ${lines[3]} == 'steps          0: 6, 100: 5' ]]
    [[ ${lines[4]} == 'splits         train: 6, ood: 4' ]]
    [[ ${lines[5]} == 'tasks          formal-language: 10 records, 3 different, lock: 1 records, 1 different' ]]
    [[ ${lines[6]} == 'architectures  lstm 6 -> 2 x 8 -> 5: 10' ]]
    [[ ${lines[7]} == "bytes          $(stat -c %s zoo.mp), of which weights "*", rollouts 0" ]]
    [[ ${lines[9]} =~ ^'rnn metrics.accuracy '\ +10\ +0\ +0.2\ +0.2\ +0.4$ ]]
    [[ ${lines[10]} =~ ^'rnn metrics.loss '\ +8\ +1\ +1\ +1\ +1' and 2 that are not finite'$ ]]
    [[ ${lines[11]} =~ ^'log loss '\ +1\ +0.25\ +0.25\ +0.25\ +0.25$ ]]
    [[ ${lines[12]} == history && ${lines[13]} == '1 test' && ${#lines[@]} == 14 && -z $stderr ]]
}

@test "as JSON, the same numbers" {
    rec-info --format json zoo.mp twice.mp > info.json
    [[ $(wc -l < info.json) == 1 ]]
    python - << 'PYTHON'
import json, os, zlib
i = json.load(open("info.json"))
size = os.path.getsize("zoo.mp")
crc = zlib.crc32(open("zoo.mp", "rb").read()), zlib.crc32(open("twice.mp", "rb").read())
assert i["files"] == [{"file": "zoo.mp", "verdict": "whole", "error": None, "segments": 1, "records": 12, "bytes": size, "crc32": crc[0]},
                      {"file": "twice.mp", "verdict": "whole", "error": None, "segments": 2, "records": 24, "bytes": 2 * size, "crc32": crc[1]}]
assert (i["segments"], i["records"], i["bytes"]) == (3, 36, 3 * size)
assert i["kinds"] == {"rnn": 30, "task": 3, "log": 3} and i["splits"] == {"train": 18, "ood": 12}
assert i["runs"] == {"count": 6, "least": 5, "greatest": 99}
assert i["steps"] == [{"step": 0, "records": 18}, {"step": 100, "records": 15}] and i["steps_left_out"] == 0
assert i["families"] == {"formal-language": {"records": 30, "tasks": 3}, "lock": {"records": 3, "tasks": 1}}
assert i["architectures"] == {"lstm 6 -> 2 x 8 -> 5": 30} and i["weights_bytes"] > 30 * 400 and i["rollouts_bytes"] == 0
a, l = i["metrics"]["rnn metrics.accuracy"], i["metrics"]["rnn metrics.loss"]
assert (a["count"], a["not_finite"], a["min"], a["median"], a["max"]) == (30, 0, 0, 0.2, 0.4) and abs(a["mean"] - 0.2) < 1e-12
assert l == {"count": 24, "not_finite": 6, "min": 1, "mean": 1, "median": 1, "max": 1}
assert i["history"] == [{"program": "test", "version": "1", "argv": ["test"]}] and i["history_left_out"] == 0
PYTHON
}

@test "a stream without data is whole" {
    make_stream none.mp <<< '[]'
    run -0 rec-info none.mp
    [[ ${lines[0]} == 'whole: none.mp: 1 segments, 0 data records, '* ]]
    rec-info --format json none.mp | python -c 'import json, sys; i = json.load(sys.stdin); assert i["runs"] == {"count": 0} and i["metrics"] == {}'
}

@test "damage exits 65, says where, and what came before is still counted" {
    size=$(stat -c %s zoo.mp)
    head -c $((size + 750)) twice.mp > cut.mp
    run -65 --separate-stderr rec-info cut.mp
    [[ ${lines[0]} == 'damaged: cut.mp: record 17 (byte '*': the input ends inside a record '*'; before that 1 segments, 13 data records, '* && ${lines[1]} == 'kinds          rnn: 11, task: 1, log: 1' ]] ||
        { echo "$output"; false; }
    [[ $stderr == 'rec-info: cut.mp: record 17 (byte '* ]]
    { cat zoo.mp; LC_ALL=C sed 's/offsets/offsetz/' zoo.mp; } > flipped.mp
    run -65 --separate-stderr rec-info < flipped.mp
    [[ ${lines[0]} == 'damaged: standard input: record 28 (byte '*'): wrong checksum: '*'; before that 1 segments, 24 data records, '* ]]
    rec-info --format json flipped.mp > info.json || [[ $? == 65 ]]
    python -c 'import json; f = json.load(open("info.json"))["files"][0]; assert f["verdict"] == "damaged" and "wrong checksum" in f["error"] and f["records"] == 24'
    run -65 rec-info < /dev/null
    run -65 rec-info <<< 'this is no stream'
    [[ $output == *'damaged: standard input: record 1 (byte 0): '*'; before that 0 segments, 0 data records, 0 bytes'* ]]
}

@test "several files: each one's verdict; the status is the first bad one's" {
    head -c 100 zoo.mp > cut.mp
    run -66 --separate-stderr rec-info zoo.mp missing.mp cut.mp
    [[ ${lines[0]} == 'whole: zoo.mp: '* && ${lines[1]} == 'missing: missing.mp: No such file or directory' && ${lines[2]} == 'damaged: cut.mp: record 2 '* ]]
    [[ ${lines[3]} == 'kinds          rnn: 10, task: 1, log: 1' ]]
    [[ $stderr == $'rec-info: missing.mp: No such file or directory\nrec-info: cut.mp: record 2 '* ]]
    run -65 rec-info cut.mp missing.mp
    run -66 rec-info .
    run -0 rec-info zoo.mp - < twice.mp
    [[ ${lines[1]} == 'whole: standard input: 2 segments, '* ]]
}

@test "--quiet says it by the exit status alone" {
    head -c 100 zoo.mp > cut.mp
    run -0 --separate-stderr rec-info --quiet < zoo.mp
    [[ -z $output && -z $stderr ]]
    run -65 --separate-stderr rec-info -q < cut.mp
    [[ -z $output && -z $stderr ]]
    run -66 --separate-stderr rec-info --quiet missing.mp
    [[ -z $output && -z $stderr ]]
    if rec-info -q < cut.mp; then false; fi
}

@test "names from the input can't write to the terminal what they like; arguments are quoted" {
    make_stream evil.mp <<< '[{"kind": "\x1b]0;x\x07\u009b\n", "split": "\x7f"}]'
    rec-json --arrays whole < evil.mp | sed 's/"argv":\["test"\]/"argv":["run it","--where=a < b","it'\''s","","\\u001b[2J",7]/' | rec-json --reverse > worse.mp
    rec-info worse.mp > text
    [[ $(LC_ALL=C grep -c '[^ -~]' text) == 0 ]]
    grep -qxF 'kinds          \x1b]0;x\x07\xc2\x9b\n: 1' text
    grep -qxF "1 'run it' '--where=a < b' 'it'\\''s' '' '\x1b[2J'" text
    make_stream names.mp <<< '[{"kind": "größe"}]'
    rec-json --arrays whole < names.mp | sed 's/"argv":\["test"\]/"argv":["run","--where=\\\\ ä"]/' | rec-json --reverse | rec-info > text
    grep -qxF 'kinds          größe: 1' text
    grep -qxF "1 run '--where=\\ ä'" text
}

@test "memory: 96 bytes a run, and 96 a record with a run, at most" {
    python - << 'PYTHON'
import resource, subprocess, zlib, msgpack
for runs in 1, 1000000:
    data = msgpack.packb({"kind": "meta", "format": 1})
    data += b"".join(msgpack.packb({"kind": "rnn", "run": 1000 * r + 3, "step": r % 1000}) for r in range(runs))
    with open(f"{runs}.mp", "wb") as f:
        f.write(data + msgpack.packb({"kind": "end", "records": runs + 1, "crc32": zlib.crc32(data)}))
PYTHON
    for runs in 1 1000000; do
        # A process of its own, small enough that its children's peak is theirs.
        /usr/bin/env python3 -SE -c '
import os, sys
pid = os.fork()
if pid == 0: os.execvp("rec-info", ["rec-info", "--format", "json"])
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss, file=sys.stderr)
sys.exit(status != 0)' < <(cat $runs.mp) > $runs.json 2> $runs.kib
    done
    grep -q '"runs":{"count":1000000,"least":3,"greatest":999999003}' 1000000.json
    (($(< 1000000.kib) - $(< 1.kib) < 2 * 96 * 1000000 / 1024)) # each run here has one record
    (($(< 1000000.kib) - $(< 1.kib) > 16 * 1000000 / 1024)) # or nothing has been measured
}

@test "output that can't be written exits 74, closed input 66, terminals are no input" {
    run -74 bash -c 'rec-info < zoo.mp > /dev/full'
    run -74 bash -c 'rec-info --format json < zoo.mp >&-'
    run -66 bash -c 'rec-info <&-'
    run -64 script -qec 'rec-info' /dev/null < /dev/null
    [[ $output == *"standard input is a terminal"* ]]
}
