# rec-npy: fields of records as NumPy arrays.

# shellcheck disable=SC2154 # bats sets stderr
load ../helper

setup() {
    make_stream small.mp << 'RECORDS'
[{"kind": "x", "run": i, "z": np.arange(3, dtype="<f4") + i, "metrics": {"accuracy": i / 4, "count": i} if i else {}, "yes": i == 1,
  "w": np.arange(6, dtype="<i2").reshape(2, 3) * i, "text": "a", "nothing": None, "big": 2**63 + i} for i in range(3)] + [{"kind": "y", "run": 9}]
RECORDS
}

@test "NumPy reads what was in the records: arrays with their type, integers, floats with NaN where they are missing" {
    rec-npy --kind x z < small.mp > z.npy
    rec-npy --kind x --to arrays run metrics.accuracy metrics.count w w.1 w.1.2 z.2 yes big nothing < small.mp
    python - << 'PYTHON'
import numpy as np
load = lambda name: np.load(f"arrays/{name}.npy")
same = lambda a, b, t: a.dtype == t and a.shape == np.shape(b) and np.array_equal(a, b, equal_nan=True)
z = np.arange(3) + np.arange(3)[:, None]
assert same(np.load("z.npy"), z, "<f4")
assert same(load("run"), [0, 1, 2], "<i8") and same(load("yes"), [0, 1, 0], "<i8")
assert same(load("metrics.accuracy"), [np.nan, 0.25, 0.5], "<f8") and same(load("metrics.count"), [np.nan, 1, 2], "<f8")
w = np.arange(6).reshape(2, 3) * np.arange(3)[:, None, None]
assert same(load("w"), w, "<i2") and same(load("w.1"), w[:, 1], "<i2") and same(load("z.2"), z[:, 2], "<f8")
assert same(load("big"), [2.0**63] * 3, "<f8")
assert same(load("w.1.2"), [0, 5, 10], "<i8") and same(load("nothing"), [np.nan] * 3, "<f8")
PYTHON
}

@test "fields that differ, texts, misuse, damage" {
    make_stream other.mp <<< '[{"kind": "x", "z": np.zeros(n, "<f4")} for n in (3, 4)]'
    run -65 --separate-stderr rec-npy z < other.mp
    [[ -z $output && $stderr == *"record 3 "*"field 'z' has another shape"* ]]
    run -65 rec-npy z < small.mp
    [[ $output == *"field 'z' is missing"* ]]
    run -65 rec-npy --kind x text < small.mp
    [[ $output == *"field 'text' is neither a number nor an array"* ]]
    make_stream list.mp <<< '[{"kind": "x", "mine": {"lst": [3, 4], "none": []}}]'
    run -65 rec-npy mine.lst < list.mp
    [[ $output == *"field 'mine.lst' is a list, neither a number nor an array of numbers: 'mine.lst.0' is its first item" ]]
    run -65 rec-npy mine.none < list.mp
    [[ $output == *"field 'mine.none' is neither a number nor an array of numbers" ]]
    [[ $(rec-npy mine.lst.1 < list.mp | tail -c 8 | od -An -td8) -eq 4 ]]
    run -64 rec-npy < small.mp
    run -64 rec-npy run z < small.mp
    head -c -1 small.mp > cut.mp
    run -65 --separate-stderr rec-npy run < cut.mp
    [[ -z $output ]]
    run -74 bash -c 'rec-npy run < small.mp > /dev/full'
    run -74 rec-npy --to /dev/null run < small.mp
}

@test "no records, many records" {
    rec-npy --kind none run < small.mp > none.npy
    repeat 2000 small.mp > long.mp
    rec-npy --kind x z < long.mp > z.npy
    rec-npy run < long.mp > run.npy
    python -c '
import numpy as np
assert np.load("none.npy").shape == (0,) and np.load("z.npy").shape == (6000, 3) and np.load("run.npy").sum() == 24000'
}
