# pipelines/citing: the experiments, small.

# shellcheck disable=SC2154
load ../helper

@test "make lineage: chains, derived and hidden RNNs are found, and a second call makes nothing" {
    run -0 make -C "$ROOT/pipelines/citing" -f lineage.mk BIN="$RNNPIPE_BIN" RESULTS="$BATS_TEST_TMPDIR/r" JOBS=2 RUNS=8 STEPS=200 TUNED=100
    right() { awk -F '  +' -v how="$1 $2" '$1 " " $2 == how { print $5 + 0 }' "$BATS_TEST_TMPDIR/r/lineage.txt"; } # of LINEAGE MADE: the share
    [[ $(right weights root) == 1 && $(right weights 'quantise 8') == 1 && $(right dated snapshot) == 1 ]]
    [[ $(right weights 'permute, rescale, shift-bias 0.5') == 0 ]]
    awk -v share="$(right aligned 'permute, rescale, shift-bias 0.5')" 'BEGIN { exit !(share > 0.8) }'
    run -0 make -C "$ROOT/pipelines/citing" -f lineage.mk BIN="$RNNPIPE_BIN" RESULTS="$BATS_TEST_TMPDIR/r" JOBS=2 RUNS=8 STEPS=200 TUNED=100
    [[ $output != *training* ]]
}

@test "a run that diverges is left out, whoever trains it" {
    make_diverging_bin
    run -0 make -C "$ROOT/pipelines/citing" -f augment.mk BIN="$PWD/bin" RESULTS="$PWD/r" JOBS=2 SIZES=8 RUNS=20 STEPS=20 EMULATION=3
    [[ $(rec-table --kind skipped run < r/zoo.mp) == 3 && $(rec-table --kind rnn run < r/zoo.mp | sort -un | paste -sd ' ') == '0 1 2 4 5 '*' 19' ]]
    run -4 "$ROOT/pipelines/converged" bash -c 'exit 4'
}

# The share of right answers, counted anew; and that what is judged shares no language with what is learnt from.
@test "make composition: zoos of the numbers that are asked for, judged on languages of nobody's" {
    run -0 make -C "$ROOT/pipelines/citing" -f composition.mk BIN="$RNNPIPE_BIN" RESULTS="$BATS_TEST_TMPDIR/r" JOBS=2 SEEDS='1 2' STEPS=30 EMULATION=4 \
        LANGUAGES=2 RUNS=8 TRAINED='2:8 4:2' JUDGED=4:1 CELLS='4-8-1-1 2-8-1-1 2-16-1-1 2-8-3-1 2-8-1-3'
    grep -qE '^doubled +8 +1 +1 +-?[0-9.]+ ' <<< "$output"
    file r/composition.png | found 'PNG image data, 960 x 460'
    python - r << 'PYTHON'
import sys, glob, msgpack
zoo = lambda name: [r for r in msgpack.Unpacker(open(f"{sys.argv[1]}/{name}.mp", "rb")) if r["kind"] == "rnn"]
for name, (languages, runs, snapshots, widths) in {f"{a}-{b}-{c}-{d}": (a, b, c, d) for a, b, c, d in ((4, 8, 1, 1), (2, 8, 1, 1), (2, 16, 1, 1), (2, 8, 3, 1), (2, 8, 1, 3))}.items():
    train = [r for r in zoo("zoo-" + name) if r["split"] == "train"]
    task = lambda r: tuple(r["task"]["offsets"])
    assert len({task(r) for r in train}) == languages and len({r["run"] for r in train}) == runs and len(train) == runs * snapshots, name
    assert len({r["arch"]["hidden"] for r in train}) == widths and not {task(r) for r in train} & {task(r) for r in zoo("judged")}, name
    rows = [l.rstrip("\n").split("\t") for s in "12" for l in open(f"{sys.argv[1]}/{name}-{s}.tsv")]
    assert len(rows) == 2 * 8
    row = next(l.split() for l in open(sys.argv[1] + "/composition.tsv") if l.split()[:4] == name.split("-"))
    for split, column in (("ood", 4), ("validation", 7)):
        mine = [r for r in rows if r[1] == split]
        assert len(mine) == 8 and abs(sum(r[2] == r[3] for r in mine) / 8 - float(row[column])) < 1e-3, (name, split)
PYTHON
}

@test "make composition: a zoo that can't be as large as it is called is no zoo" {
    run -2 make -C "$ROOT/pipelines/citing" -f composition.mk BIN="$RNNPIPE_BIN" RESULTS="$BATS_TEST_TMPDIR/r" JOBS=2 SEEDS=1 STEPS=5 EMULATION=4 \
        LANGUAGES=2 RUNS=8 TRAINED=2:3 JUDGED=4:1 CELLS='2-4-1-1 2-8-1-1'
    [[ $output == *"composition: zoo 2-8-1-1 finds 2 languages and 6 runs: more TRAINED"* && -e r/zoo-2-4-1-1.mp && ! -e r/zoo-2-8-1-1.mp ]]
}

@test "make augment: the sizes that are asked for, and all ways of training" {
    run -0 make -C "$ROOT/pipelines/citing" -f augment.mk BIN="$RNNPIPE_BIN" RESULTS="$BATS_TEST_TMPDIR/r" JOBS=2 SIZES='8 16' RUNS=20 STEPS=20 EMULATION=3
    [[ $(rec-select --split train < r/zoo-8.mp | rec-table run | wc -l) == 8 && $(rec-select --split train < r/zoo-16.mp | rec-table run | wc -l) == 16 ]]
    cmp <(rec-select --split validation,ood < r/zoo-8.mp | rec-json --no-meta) <(rec-select --split validation,ood < r/zoo.mp | rec-json --no-meta)
    [[ $(head -1 r/augment.tsv) == $'size\tplain\tforms\tnoise\tmixup' ]]
    awk -F '\t' 'NR > 1 { for (i = 2; i <= 5; i++) bad += !($i > 0); n++ } END { exit bad || n != 2 }' r/augment.tsv
    file r/augment.png | found 'PNG image data, 800 x 500'
}

@test "make probes: both kinds, judged by emulation, task, accuracy and step" {
    run -0 make -C "$ROOT/pipelines/citing" -f probes.mk BIN="$RNNPIPE_BIN" RESULTS="$BATS_TEST_TMPDIR/r" JOBS=2 RUNS=40 STEPS=20 TRAIN=8 EMULATION=3 SEEDS='1 2'
    [[ $(rec-select --split train < r/zoo.mp | rec-table run | wc -l) == 8 ]]
    grep -qE '^linear +validation +2 ' r/probes.txt
    grep -qE '^hidden +validation +2 ' r/probes.txt
    grep -q 'emulation loss .*exact task .*accuracy RMSE .*step accuracy' r/probes.txt
}

# Means and ranks, by NumPy, from what rnn-landscape and rnn-compare have found.
@test "make phases: every width and batch, trained by so many images, and ranks beside the accuracy" {
    python "$ROOT/tests/python/fake_digits.py" images 300 gz
    run -0 make -C "$ROOT/pipelines/citing" -f phases.mk BIN="$RNNPIPE_BIN" RESULTS="$BATS_TEST_TMPDIR/r" IMAGES="$BATS_TEST_TMPDIR/images" JOBS=2 \
        TAKEN=200 WIDTHS='6 3' BATCHES='8 40' SEEDS=2 EPOCHS=4 BEND=3
    file r/phases.png | found 'PNG image data, 1200 x 620'
    cmp <(tail -c +17 r/images/train-images-idx3-ubyte) <(zcat images/train-images-idx3-ubyte.gz | tail -c +17 | head -c $((200 * 784)))
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import numpy as np
from read_stream import records
lines = [l.rstrip("\n").split("\t") for l in open("r/phases.tsv")]
head, cells, ranks = lines[0], lines[1:5], lines[5]
assert {(c[0], c[1]) for c in cells} == {(w, b) for w in "63" for b in ("8", "40")} and [l[0] for l in lines[5:]] == ["Spearman", "from", "to"]
for c in cells:
    name, told = f"{c[0]}-{c[1]}.mp", dict(zip(head, c))
    rnns, lines_, curves = records(f"r/landscape-{name}", "rnn"), records(f"r/lines-{name}", "pair"), records(f"r/curves-{name}", "pair")
    assert len(rnns) == 2 and len(lines_) == len(curves) == 1
    assert all(r["arch"]["hidden"] == int(c[0]) and r["recipe"]["batch"] == int(c[1]) and r["step"] == 4 * 160 // int(c[1]) for r in rnns)
    for key in ("accuracy", "train_loss", "hessian_top", "hessian_trace"):
        assert abs(float(told[key]) - np.mean([r["metrics"][key] for r in rnns])) < 1e-3 * abs(float(told[key])) + 1e-9, key
    for key, of in (("barrier", lines_), ("length", lines_), ("cka", curves), ("connectivity", curves), ("connectivity_aligned", curves)):
        assert abs(float(told[key]) - of[0]["metrics"][key]) < 1e-3 * abs(float(told[key])) + 1e-9, key
rank = lambda x: np.array([(x < v).sum() + ((x == v).sum() + 1) / 2 for v in x])
column = lambda i: np.array([float(c[i]) for c in cells])
for i, key in enumerate(head[2:], 2):
    a, b = rank(column(head.index("accuracy"))), rank(column(i))
    r = 0 if not a.std() or not b.std() else np.corrcoef(a, b)[0, 1]
    assert abs(float(ranks[i]) - r) < 2e-3, (key, ranks[i], r)
PYTHON
}

@test "make autoencode: decoders of all kinds and RNNs with noise, judged on RNNs that were not trained on" {
    run -0 make -C "$ROOT/pipelines/citing" -f autoencode.mk BIN="$RNNPIPE_BIN" RESULTS="$BATS_TEST_TMPDIR/r" JOBS=2 RUNS=40 STEPS=20 TRAINING=4 \
        SEEDS='1 2' WAYS='structure both' NOISE=0.2
    PYTHONPATH=$ROOT/tests/python python << 'PYTHON'
import numpy as np
from read_stream import records
flat = lambda r: np.concatenate([np.asarray(w, float).ravel() for w in r["weights"].values()])
table = [l.rstrip("\n").split("\t") for l in open("r/autoencode.tsv")]
assert len(table) == 1 + 2 * (2 + 2 + 1)
for start, way, files in (("shared", "structure", ["shared-structure-1", "shared-structure-2"]), ("shared", "noise 0.2", ["noise-0.2"]),
                          ("aligned", "both", ["aligned-both-1", "aligned-both-2"])):
    zoo = records(f"r/zoo-{start}.mp", "rnn")
    train = [flat(r) for r in zoo if r["split"] == "train"]
    for split in ("validation", "ood"):
        [row] = [l for l in table if l[:3] == [start, way, split]]
        told = dict(zip(table[0], row))
        seen = []
        for file in files:
            made = {r["run"]: r for r in records(f"r/{file}.mp", "rnn")}
            for old in zoo:
                if old["split"] == split:
                    new = made[old["run"]]
                    assert new["task"] == old["task"]
                    seen.append((old["metrics"]["accuracy"], new["metrics"]["accuracy"], np.linalg.norm(flat(new) - flat(old)),
                                 min(np.linalg.norm(flat(new) - t) for t in train)))
        seen = np.array(seen)
        for key, value in (("accuracy, original", seen[:, 0].mean()), ("accuracy", seen[:, 1].mean()), ("distance", seen[:, 2].mean()),
                           ("nearest", seen[:, 3].mean()), ("own", (seen[:, 2] < seen[:, 3]).mean())):
            assert abs(float(told[key].split()[0]) - value) < 2e-3, (row, key, value)
PYTHON
    # A filter that fails is no empty column.
    rm r/autoencode.tsv r/noise-0.2.tsv
    instead_of rnn-compare <<< 'exit 65'
    run -2 make -C "$ROOT/pipelines/citing" -f autoencode.mk BIN="$PWD/bin" RESULTS="$BATS_TEST_TMPDIR/r" JOBS=2 RUNS=40 STEPS=20 TRAINING=4 \
        SEEDS='1 2' WAYS='structure both' NOISE=0.2
    [[ ! -e r/noise-0.2.tsv && ! -e r/autoencode.tsv ]]
}

@test "every experiment keeps others out of its RESULTS" {
    mkdir r
    exec {lock}>> r/lock
    flock "$lock"
    local call
    for call in 'citing -f lineage.mk' 'citing -f composition.mk' 'citing -f augment.mk' 'citing -f probes.mk' 'citing -f phases.mk' 'citing -f autoencode.mk' 'locks all' 'language -f transfer.mk' 'language -f interrogator.mk'; do
        # shellcheck disable=SC2086 # several words
        run -2 make -C "$ROOT"/pipelines/$call BIN="$RNNPIPE_BIN" RESULTS="$BATS_TEST_TMPDIR/r" JOBS=2 3>&-
        [[ $output == *"another make is at work in "*"/r: try again when it has ended"* ]] || { echo "$call: $output" && false; }
    done
}
