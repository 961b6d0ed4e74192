# rec-table: fields of records as tab-separated text.

# The scripts of bash -c expand in the inner shell; bats sets stderr.
# shellcheck disable=SC2016,SC2154
load ../helper

setup() {
    make_stream small.mp << 'RECORDS'
[{"kind": "rnn", "run": 2**64 - 1, "step": -3, "metrics": {"accuracy": 0.1, "bad": float("nan"), "far": float("-inf")}, "list": [0, [5, 6], "x"],
  "w": np.arange(12, dtype="<f4").reshape(2, 3, 2) / 10, "linear.weight": np.array([2**53 + 1, -1], "<i8"), "half": np.float16(0.5)},
 {"kind": "log", "run": 7, "text": 'a\tb\nc\\d\x1b\u00e9', "none": None, "yes": True, "no": False, "w": np.zeros((0, 2), "<f4"), "a": {"b.c": 1, "b": {"d": 2}}},
 {"kind": "rnn", "run": 8, "w": np.array([[1.5, 2.5]], "<f8"), "list": [1, 2]}]
RECORDS
}

@test "a line each record, a column each field" {
    run -0 --separate-stderr rec-table run step metrics.accuracy list.1.0 list.2 kind < small.mp
    [[ ${#lines[@]} == 3 && -z $stderr ]]
    [[ ${lines[0]} == $'18446744073709551615\t-3\t0.1\t5\tx\trnn' ]]
    [[ ${lines[1]} == $'7\t?\t?\t?\t?\tlog' ]]
    [[ ${lines[2]} == $'8\t?\t?\t?\t?\trnn' ]]
}

@test "arrays are indexed by all their dimensions" {
    run -0 --separate-stderr rec-table --kind rnn w.1.2.1 w.0.0 w w.2 w.0.3.0 w.0.0.0.0 w.-1 w.x < small.mp
    [[ ${lines[0]} == $'1.1\t[0,0.1]\t[0,0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1,1.1]\t?\t?\t?\t?\t?' ]]
    [[ $stderr == "rec-table: no record has the field 'w.-1'"$'\n'"rec-table: no record has the field 'w.x'" ]] # lists may be short
    run -0 rec-table linear.weight.0 half list < small.mp
    [[ ${lines[0]} == $'9007199254740993\t0.5\t[0,[5,6],"x"]' ]]
    run -0 rec-table --kind log w w.0 a.b.c a.b.d < small.mp
    [[ $output == $'[]\t?\t1\t2' ]]
}

@test "missing values, numbers beyond numbers, truth values, escapes" {
    run -0 rec-table metrics.bad metrics.far none yes no text < small.mp
    [[ ${lines[0]} == $'NaN\t-Infinity\t?\t?\t?\t?' ]]
    [[ ${lines[1]} == $'?\t?\t?\t1\t0\ta\\tb\\nc\\\\d\\x1b\u00e9' ]]
}

@test "--header names the columns, --kind chooses records" {
    run -0 rec-table --header --kind 'log|none' run kind < small.mp
    [[ ${#lines[@]} == 2 && ${lines[0]} == $'run\tkind' && ${lines[1]} == $'7\tlog' ]]
    run -0 --separate-stderr rec-table --kind none run < small.mp
    [[ -z $output && $stderr == 'rec-table: no record of kind none' ]]
}

@test "--matrix prints rows, an empty line between records" {
    rec-table --matrix w --kind rnn < small.mp > rows
    printf '0\t0.1\n0.2\t0.3\n0.4\t0.5\n0.6\t0.7\n0.8\t0.9\n1\t1.1\n\n1.5\t2.5\n' | cmp - rows
    rec-table --matrix w.1 --kind rnn < small.mp > rows
    printf '0.6\t0.7\n0.8\t0.9\n1\t1.1\n\n?\n' | cmp - rows
    rec-table --matrix list < small.mp > rows
    printf '0\t[5,6]\tx\n\n?\n\n1\t2\n' | cmp - rows
}

@test "NumPy reads the same numbers" {
    make_stream random.mp <<< '[{"kind": "x", "f4": r.standard_normal((5, 7)).astype("<f4"), "f8": r.standard_normal((3, 2))} for r in [np.random.default_rng(1)] for _ in range(20)]'
    for key in f4 f8; do
        rec-table --matrix "$key" < random.mp > "$key.txt"
        python - "$key" << 'PYTHON'
import sys, msgpack, msgpack_numpy, numpy as np
key = sys.argv[1]
want = np.concatenate([r[key] for r in msgpack.Unpacker(open("random.mp", "rb"), object_hook=msgpack_numpy.decode) if r["kind"] == "x"])
got = np.loadtxt(key + ".txt", dtype=want.dtype)
assert got.shape == want.shape and (got == want).all()
PYTHON
    done
}

@test "misuse exits 64" {
    run -64 rec-table < small.mp
    [[ $output == "rec-table: at least one FIELD is needed"* ]]
    run -64 rec-table --matrix w list < small.mp
    [[ $output == "rec-table: --matrix takes one FIELD"* ]]
}

@test "damaged and truncated input exits 65, output that can't be written 74, a closed pipe ends quietly" {
    head -c -1 small.mp > cut.mp
    run -65 rec-table run < cut.mp
    run -65 rec-table run < /dev/null
    run -66 bash -c 'rec-table run <&-'
    run -74 bash -c 'rec-table run < small.mp > /dev/full'
    run -74 bash -c 'rec-table run < small.mp >&-'
    repeat 3000 small.mp > long.mp
    run -0 --separate-stderr bash -c 'rec-table run run run run < long.mp | head -1 > /dev/null; exit $((PIPESTATUS[0] != 141))'
    [[ -z $stderr ]]
}

@test "text may go to a terminal" {
    command -v script > /dev/null || skip "no script(1)"
    run -0 script -qec 'rec-table run < small.mp' /dev/null < /dev/null
    [[ $output == *18446744073709551615* ]]
}
