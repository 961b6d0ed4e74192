# project: principal components of embeddings.

# The scripts of bash -c expand in the inner shell; bats sets stderr.
# shellcheck disable=SC2016,SC2154
load ../helper

setup() {
    make_stream z.mp << 'RECORDS'
[{"kind": "embedding", "run": i, "step": 1, "task": {"family": "x"}, "note": "kept", "z": (r.standard_normal(5) * [1, 5, 0.1, 2, 0.5] + 3).astype("<f4")}
 for r in [np.random.default_rng(1)] for i in range(200)] + [{"kind": "log", "step": 1}]
RECORDS
}

@test "NumPy finds the same components" {
    project --components 3 < z.mp > projected.mp
    python << 'PYTHON'
import msgpack, msgpack_numpy, numpy as np
records = list(msgpack.Unpacker(open("projected.mp", "rb"), object_hook=msgpack_numpy.decode))
assert [r["kind"] for r in records] == ["meta"] + ["embedding"] * 200 + ["log", "end"]
records = records[1:201]
assert all(r["note"] == "kept" and r["run"] == i and list(r)[-1] == "projection" and list(r)[0] == "kind" for i, r in enumerate(records))
z = np.array([r["z"] for r in records], float)
z -= z.mean(0)
_, _, components = np.linalg.svd(z, full_matrices=False)
for k in range(3):
    c = components[k] * np.sign(components[k][np.abs(components[k]).argmax()])
    assert np.abs(z @ c - [r["projection"][k] for r in records]).max() < 1e-4
PYTHON
}

@test "a pipe gives the same bytes as a file; segments stay; a projection is replaced" {
    project < z.mp > file.mp
    project < <(cat z.mp) | cmp - file.mp
    cat z.mp z.mp | project > two.mp
    [[ $(rec-json < two.mp | grep -c '"kind":"end"') == 2 ]]
    [[ $(rec-table --kind embedding projection.1 < two.mp | wc -l) == 400 ]]
    project -n 1 < file.mp > again.mp
    [[ $(rec-table --kind embedding projection.0 projection.1 < again.mp | cut -f 2 | sort -u) == '?' ]]
    cmp <(rec-table --kind embedding projection.0 < again.mp) <(rec-table --kind embedding projection.0 < file.mp)
}

@test "one embedding is the origin" {
    make_stream one.mp <<< '[{"kind": "embedding", "run": 1, "z": np.ones(4, "<f4")}]'
    run -0 bash -c 'project < one.mp | rec-table projection.0 projection.1'
    [[ ${output//-/} == $'0.0\t0.0' || ${output//-/} == $'0\t0' ]]
}

@test "a picture's columns: components, rotation, accuracy" {
    python "$ROOT/tests/python/rotation_stream.py" 4 1 > "$BATS_TEST_TMPDIR/z.mp"
    project < "$BATS_TEST_TMPDIR/z.mp" | rec-table projection.0 projection.1 task.rotation metrics.accuracy metrics.generalisation_gap \
        > "$BATS_TEST_TMPDIR/table"
    python - "$BATS_TEST_TMPDIR/z.mp" "$BATS_TEST_TMPDIR/table" << 'PYTHON'
import sys, msgpack
records = [r for r in msgpack.Unpacker(open(sys.argv[1], "rb")) if r["kind"] == "embedding"]
lines = [list(map(float, line.split("\t"))) for line in open(sys.argv[2])]
assert len(lines) == len(records) == 20
assert [line[2:] for line in lines] == [[r["task"]["rotation"], r["metrics"]["accuracy"], r["metrics"]["generalisation_gap"]] for r in records]
PYTHON
}

@test "unsuitable embeddings exit 65 and are named" {
    local bad
    for bad in '{"kind": "embedding", "run": 2}' '{"kind": "embedding", "run": 2, "z": np.ones(3, "<f4")}' '{"kind": "embedding", "run": 2, "z": [1, 2, 3, 4]}' \
        '{"kind": "embedding", "run": 2, "z": np.array([1, 2, np.nan, 4], "<f4")}' '{"kind": "embedding", "run": 2, "z": np.ones((2, 2), "<f4")}'; do
        make_stream bad.mp <<< "[{'kind': 'embedding', 'run': 1, 'z': np.ones(4, '<f4')}, $bad]"
        run -65 --separate-stderr project < bad.mp
        [[ -z $output && $stderr == "project: standard input: embedding 2 (byte "* ]] || { echo "$bad: $stderr"; false; }
    done
    run -65 project -n 6 < z.mp
    [[ $output == *"z has only 5 numbers" ]]
    make_stream none.mp <<< '[{"kind": "log", "step": 1}]'
    run -65 project < none.mp
}

@test "damaged input exits 65, misuse 64, output that can't be written 74, a closed pipe ends quietly" {
    head -c -1 z.mp > cut.mp
    run -65 project < cut.mp
    run -65 project < /dev/null
    run -64 project --components 0 < z.mp
    run -64 project z.mp
    run -74 bash -c 'project < z.mp > /dev/full'
    repeat 50 z.mp > long.mp
    run -0 --separate-stderr bash -c 'project --quiet < long.mp | head -c 1 > /dev/null; exit $((PIPESTATUS[0] != 141))'
    [[ -z $stderr ]]
}

@test "records don't go to a terminal" {
    command -v script > /dev/null || skip "no script(1)"
    run -64 script -qec 'project < z.mp' /dev/null < /dev/null
    [[ $output == *"standard output is a terminal"* ]]
}

@test "--skip-bad: an unsuitable embedding before all others leaves no trace, whatever its length" {
    make_stream good.mp <<< '[{"kind": "embedding", "run": i, "z": np.random.default_rng(i).standard_normal(20).astype("<f4")} for i in range(1, 400)]'
    make_stream short.mp <<< '[{"kind": "embedding", "run": 0, "z": np.array([1, np.nan], "<f4")}] +
        [{"kind": "embedding", "run": i, "z": np.random.default_rng(i).standard_normal(20).astype("<f4")} for i in range(1, 400)]'
    project < good.mp | rec-table --kind embedding run projection.0 projection.1 > wanted
    project --skip-bad --quiet < short.mp | rec-table --kind embedding run projection.0 projection.1 | diff wanted -
}
