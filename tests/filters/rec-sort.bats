# rec-sort: by run and step, stable, in bounded memory.

# shellcheck disable=SC2016,SC2154 # scripts of bash -c expand in the inner shell; bats sets stderr
load ../helper

setup() {
    make_stream mixed.mp << 'RECORDS'
[{"kind": "rnn", "run": 2, "step": 100, "n": 0}, {"kind": "rnn", "run": 2, "step": 0, "n": 1}, {"kind": "log", "step": 7, "n": 2},
 {"kind": "task", "run": 1, "n": 3}, {"kind": "rnn", "run": 1, "step": 0, "n": 4}, {"kind": "encoder", "step": 1, "n": 5},
 {"kind": "rnn", "run": 2**64 - 1, "n": 6}, {"kind": "rnn", "run": 1, "step": 0, "n": 7}, {"kind": "task", "run": 0, "n": 8},
 {"kind": "rnn", "run": 2, "n": 1, "step": 0}]
RECORDS
}

column() { # KEY < STREAM
    rec-table "$1" | paste -sd ' '
}

# many COUNT: tiny records whose runs and steps are in disorder, each with its place.
many() {
    python - "$1" << 'PYTHON'
import sys, zlib, msgpack
n = int(sys.argv[1])
records = [{"kind": "meta", "format": 1, "program": "test", "version": "1", "history": []}]
records += [{"kind": "rnn", "run": i * 7919 % 1009, "step": i * 31 % 17, "place": i} for i in range(n)]
data = b"".join(map(msgpack.packb, records))
sys.stdout.buffer.write(data + msgpack.packb({"kind": "end", "records": len(records), "crc32": zlib.crc32(data)}))
PYTHON
}

@test "records without a run first, then by run and step, an absent step as 0, equal ones as they came" {
    rec-sort < mixed.mp > sorted.mp
    [[ $(column n < sorted.mp) == '2 5 8 3 4 7 1 1 0 6' ]]
    rec-sort < sorted.mp > again.mp
    [[ $(column n < again.mp) == '2 5 8 3 4 7 1 1 0 6' ]]
    rec-sort --memory 1 < mixed.mp > tight.mp
    cmp <(rec-json --no-meta < sorted.mp) <(rec-json --no-meta < tight.mp)
}

@test "each record byte for byte, in whatever way it was written" {
    python - << 'PYTHON' > odd.mp
import sys, zlib
meta = b"\x84\xa4kind\xa4meta\xa6format\x01\xa7program\xa1t\xa7version\xa10"
a = b"\x83\xd9\x04kind\xa3rnn\xa3run\xcf\0\0\0\0\0\0\0\x05\xa1f\xca\x3f\x80\0\0"  # lengths and integers longer than need be, float 32
b = b"\xdf\0\0\0\x03\xa4kind\xa3rnn\xa3run\xcc\x03\xa1e\xd4\x2a\x07"  # an extension type
data = meta + a + b
sys.stdout.buffer.write(data + b"\x83\xa4kind\xa3end\xa7records\x03\xa5crc32\xce" + zlib.crc32(data).to_bytes(4, "big"))
open("wanted", "wb").write(b + a)
PYTHON
    for memory in 1000000 1; do
        rec-sort --memory "$memory" < odd.mp > sorted.mp
        python -c '
wanted, found = open("wanted", "rb").read(), open("sorted.mp", "rb").read()
assert found.count(wanted) == 1'
    done
}

@test "segments become one, with the history of all, equal entries once" {
    gen-language --first-run 5 --count 2 > later.mp
    gen-language --count 2 > sooner.mp
    cat later.mp sooner.mp later.mp | rec-sort > sorted.mp
    [[ $(column run < sorted.mp) == '0 1 5 5 6 6' ]]
    rec-json < sorted.mp > lines
    [[ $(grep -c '"kind":"meta"' lines) == 1 && $(grep -c '"kind":"end"' lines) == 1 ]]
    [[ $(head -n 1 lines | grep -o '"argv":[^]]*' | paste -sd ' ') == \
        '"argv":["gen-language","--first-run","5","--count","2" "argv":["gen-language","--count","2" "argv":["rec-sort"' ]]
}

@test "streams without data records" {
    make_stream empty.mp <<< '[]'
    cat empty.mp empty.mp | rec-sort --unique > sorted.mp
    [[ $(rec-json < sorted.mp | wc -l) == 2 ]]
}

@test "100,000 records in 64 KiB as in memory" {
    many 100000 > many.mp
    rec-sort < many.mp > whole.mp
    rec-sort --memory 65536 < many.mp > parts.mp
    cmp <(rec-json --no-meta < whole.mp) <(rec-json --no-meta < parts.mp)
    rec-table run step place < parts.mp > table
    [[ $(wc -l < table) == 100000 ]]
    LC_ALL=C sort -c -k1,1n -k2,2n -k3,3n table
    [[ $(cut -f 3 table | sort -u | wc -l) == 100000 ]]
}

@test "memory does not grow with the stream" {
    few=$(python "$ROOT/tests/python/peak_memory.py" 1000 mixed.mp rec-sort --memory 100000)
    many=$(python "$ROOT/tests/python/peak_memory.py" 300000 mixed.mp rec-sort --memory 100000)
    echo "$few KiB, $many KiB"
    ((many < few + 8000)) # all of them at once would be 9 MB, and 14 MB of keys and places; AddressSanitizer keeps some
}

@test "--unique keeps the first of a kind, run and step, and says what it dropped" {
    run -0 --separate-stderr bash -c 'rec-sort --unique < mixed.mp > once.mp'
    [[ $(column n < once.mp) == '2 5 8 3 4 1 0 6' ]] # tasks and networks of one run are of two kinds
    [[ $stderr == 'rec-sort: 2 records dropped, 2 of them other than the one kept' ]]
    run -0 --separate-stderr bash -c 'cat once.mp mixed.mp once.mp | rec-sort --unique --quiet --memory 1 > twice.mp'
    [[ $(column n < twice.mp) == '2 5 2 5 2 5 8 3 4 1 0 6' && -z $stderr ]]
    gen-language --count 4 > whole.mp
    gen-language --first-run 2 --count 4 > overlap.mp
    run -0 --separate-stderr bash -c 'cat overlap.mp whole.mp | rec-sort --unique > once.mp'
    [[ $(column run < once.mp) == '0 1 2 3 4 5' ]]
    [[ $stderr == 'rec-sort: 2 records dropped, 0 of them other than the one kept' ]]
}

@test "a directory for temporary files that is missing or full is an error, if it is needed" {
    TMPDIR=$PWD/missing rec-sort < mixed.mp > sorted.mp
    TMPDIR=$PWD/missing run -74 bash -c 'rec-sort --memory 1 < mixed.mp | cat > some.mp; exit ${PIPESTATUS[0]}'
    [[ $output == "rec-sort: temporary file in $PWD/missing: No such file or directory" && ! -s some.mp ]]
    many 10000 > many.mp
    # A limit on the size of files acts as a full disk, with another reason.
    run -74 bash -c 'trap "" XFSZ; ulimit -f 16; rec-sort --memory 100000 < many.mp | cat > some.mp; exit ${PIPESTATUS[0]}'
    [[ $output == "rec-sort: temporary file in "*": writing failed: File too large" && ! -s some.mp ]]
}

@test "killed, it leaves no temporary file" {
    mkdir tmp
    mkfifo fifo
    many 10000 > many.mp
    TMPDIR=$PWD/tmp rec-sort --memory 1000 < fifo > out.mp 3>&- &
    exec 5> fifo
    head -c -1 many.mp >&5
    until compgen -G "/proc/$!/fd/*" > /dev/null && readlink /proc/$!/fd/* | found "^$PWD/tmp/.*deleted"; do sleep 0.05; done
    kill -KILL $!
    wait $! || true
    exec 5>&-
    [[ -z $(ls -A tmp) && ! -s out.mp ]]
}

@test "damaged and unsuitable input exits 65 and nothing is written" {
    for bytes in 0 1 100 $(($(stat -c %s mixed.mp) - 1)); do
        run -65 bash -c "head -c $bytes mixed.mp | rec-sort | cat > some.mp; exit \${PIPESTATUS[1]}"
        [[ $output == 'rec-sort: standard input: record '* && ! -s some.mp ]]
    done
    for wrong in '"run": -1' '"run": "x"' '"run": 1.5' '"run": 1, "step": -1'; do
        make_stream wrong.mp <<< "[{'kind': 'rnn', $wrong}]"
        run -65 bash -c 'rec-sort < wrong.mp > some.mp'
        [[ $output == 'rec-sort: standard input: record 2 (byte '*'no unsigned integer' && ! -s some.mp ]]
    done
}

@test "misuse exits 64, a full disk 74, a closed pipe 141" {
    run -64 rec-sort --memory 0 < mixed.mp
    run -64 rec-sort mixed.mp < mixed.mp
    run -74 bash -c 'rec-sort < mixed.mp > /dev/full'
    many 50000 > many.mp
    set +o pipefail # that it closes is what is tried
    rec-sort < many.mp 2> errors | head -c 1 > /dev/null
    [[ ${PIPESTATUS[0]} == 141 && ! -s errors ]]
}
