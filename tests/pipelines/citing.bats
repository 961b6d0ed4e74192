# pipelines/citing: the experiment on lineage, small.

# shellcheck disable=SC2154
load ../helper

@test "make lineage: chains, derived and hidden RNNs are found, and a second call makes nothing" {
    run -0 make -C "$ROOT/pipelines/citing" lineage BIN="$RNNPIPE_BIN" RESULTS="$BATS_TEST_TMPDIR/r" JOBS=2 RUNS=8 STEPS=200 TUNED=100
    right() { awk -F '  +' -v how="$1 $2" '$1 " " $2 == how { print $5 + 0 }' "$BATS_TEST_TMPDIR/r/lineage.txt"; } # of LINEAGE MADE: the share
    [[ $(right weights root) == 1 && $(right weights 'quantise 8') == 1 && $(right dated snapshot) == 1 ]]
    [[ $(right weights 'permute, rescale, shift-bias 0.5') == 0 ]]
    awk -v share="$(right aligned 'permute, rescale, shift-bias 0.5')" 'BEGIN { exit !(share > 0.8) }'
    run -0 make -C "$ROOT/pipelines/citing" lineage BIN="$RNNPIPE_BIN" RESULTS="$BATS_TEST_TMPDIR/r" JOBS=2 RUNS=8 STEPS=200 TUNED=100
    [[ $output != *training* ]]
}

# The share of right answers, counted anew; and that what is judged shares no language with what is learnt from.
@test "make composition: zoos of the numbers that are asked for, judged on languages of nobody's" {
    run -0 make -C "$ROOT/pipelines/citing" -f composition.mk BIN="$RNNPIPE_BIN" RESULTS="$BATS_TEST_TMPDIR/r" JOBS=2 SEEDS='1 2' STEPS=30 EMULATION=4 \
        LANGUAGES=2 RUNS=8 TRAINED='2:8 4:2' JUDGED=4:1 CELLS='4-8-1-1 2-8-1-1 2-16-1-1 2-8-3-1 2-8-1-3'
    grep -qE '^doubled +8 +1 +1 +-?[0-9.]+ ' <<< "$output"
    file r/composition.png | grep -q 'PNG image data, 960 x 460'
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

@test "make augment: the sizes that are asked for, and all ways of training" {
    run -0 make -C "$ROOT/pipelines/citing" -f augment.mk BIN="$RNNPIPE_BIN" RESULTS="$BATS_TEST_TMPDIR/r" JOBS=2 SIZES='8 16' RUNS=20 STEPS=20 EMULATION=3
    [[ $(rec-select --split train < r/zoo-8.mp | rec-table run | wc -l) == 8 && $(rec-select --split train < r/zoo-16.mp | rec-table run | wc -l) == 16 ]]
    cmp <(rec-select --split validation,ood < r/zoo-8.mp | rec-json --no-meta) <(rec-select --split validation,ood < r/zoo.mp | rec-json --no-meta)
    [[ $(head -1 r/augment.tsv) == $'size\tplain\tforms\tnoise\tmixup' ]]
    awk -F '\t' 'NR > 1 { for (i = 2; i <= 5; i++) bad += !($i > 0); n++ } END { exit bad || n != 2 }' r/augment.tsv
    file r/augment.png | grep -q 'PNG image data, 800 x 500'
}

@test "make probes: both kinds, judged by emulation, task, accuracy and step" {
    run -0 make -C "$ROOT/pipelines/citing" -f probes.mk BIN="$RNNPIPE_BIN" RESULTS="$BATS_TEST_TMPDIR/r" JOBS=2 RUNS=40 STEPS=20 TRAIN=8 EMULATION=3 SEEDS='1 2'
    [[ $(rec-select --split train < r/zoo.mp | rec-table run | wc -l) == 8 ]]
    grep -qE '^linear +validation +2 ' r/probes.txt
    grep -qE '^hidden +validation +2 ' r/probes.txt
    grep -q 'emulation loss .*exact task .*accuracy RMSE .*step accuracy' r/probes.txt
}

@test "every experiment keeps others out of its RESULTS" {
    mkdir r
    exec {lock}>> r/lock
    flock "$lock"
    local call
    for call in 'citing lineage' 'citing -f composition.mk' 'citing -f augment.mk' 'citing -f probes.mk' 'locks all' 'language -f transfer.mk' 'language -f interrogator.mk'; do
        # shellcheck disable=SC2086 # several words
        run -2 make -C "$ROOT"/pipelines/$call BIN="$RNNPIPE_BIN" RESULTS="$BATS_TEST_TMPDIR/r" JOBS=2 3>&-
        [[ $output == *"another make is at work in "*"/r: try again when it has ended"* ]] || { echo "$call: $output" && false; }
    done
}
