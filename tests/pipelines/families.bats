# pipelines/regular, series and locks: the whole experiments, tiny.

load ../helper

# experiment FAMILY RESULTS [ARGUMENT]...
experiment() {
    local family=$1 results=$2
    shift 2
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory -C "$ROOT/pipelines/$family" BIN="$RNNPIPE_BIN" JOBS=2 \
        RESULTS="$(realpath -m "$results")" "$@" > "$results.log" 2>&1 3>&- || { cat "$results.log"; return 1; }
    run ! grep -iE '(error|warning)( [0-9]*)?:' "$results.log"
}

# Is every one of these columns of a table a number, in the rows of every encoder?
numbers() { # TABLE COLUMN...
    local table=$1
    shift
    awk -F '\t' -v names="$*" '
        NR == 1 { for (c = 1; c <= NF; c++) column[$c] = c; n = split(names, name, " "); next }
        $1 != "majority" { rows++; for (i = 1; i <= n; i++) if ($column[name[i]] !~ /^-?[0-9]+([.][0-9]+)?(e-?[0-9]+)?$/) { print $1, name[i], $column[name[i]]; exit bad = 1 } }
        END { exit bad || rows < 4 }' "$table"
}

@test "regular languages: tables, pictures, and Tomita's grammars told apart" {
    experiment regular regular CONFIG="$ROOT/tests/pipelines/tiny-regular.yaml" TOMITA=3
    numbers regular/table.tsv emulation_loss clone_difference task.share_rmse task.states_accuracy accuracy_rmse
    [[ $(rec-table --kind prediction label target < regular/interactive-1/tomita.mp | sort -u | tr '\t' ' ') == 'interactive task.tomita' ]]
    [ "$(rec-table --kind rnn task.tomita run < regular/tomita.mp | sort -u | cut -f 1 | uniq -c | awk '{ print $1 }' | sort -u)" = 3 ]
    grep -q 'interactive' regular/tomita.txt
    touch regular/constant-1/model.diverged # and other settings
    sed 's/^classify:/classify:\n  hidden: 8/; $a score:\n  interval: tasks' "$ROOT/tests/pipelines/tiny-regular.yaml" > other.yaml
    run -0 make -C "$ROOT/pipelines/regular" BIN="$RNNPIPE_BIN" RESULTS="$PWD/regular" TOMITA=3 CONFIG="$PWD/other.yaml" "$PWD/regular/tomita.txt"
    grep -q 'Left out, as they diverged: 0 runs of the zoo, 1 trainings: constant-1/model' regular/tomita.txt
    run ! grep -q '^constant' regular/tomita.txt
    grep -q '^interactive.*\[' regular/tomita.txt
    rm regular/constant-1/model.diverged
    local picture
    for picture in bars curves clones pca-accuracy pca-automata probes tomita; do
        file regular/figures/$picture.png | found 'PNG image data, 960 x 600'
    done
}

@test "series: tables and pictures, none of accuracies" {
    experiment series series CONFIG="$ROOT/tests/pipelines/tiny-series.yaml"
    numbers series/table.tsv emulation_loss task.period_rmse task.damping_rmse metrics.r2_rmse
    local picture
    for picture in bars curves pca-period probes; do
        file series/figures/$picture.png | found 'PNG image data, 960 x 600'
    done
    [ ! -e series/figures/clones.png ]
    experiment series series CONFIG="$ROOT/tests/pipelines/tiny-series.yaml"
    run ! grep -qE '^(zoo|emulate|classify):' series.log # everything is there
}

# The fixed questions' share can never be beyond the bound: their questions are tokens. The table's numbers are those of the predictions.
@test "locks: a table beside the bounds, which fixed questions keep" {
    experiment locks locks BITS='3 4' SEEDS='1 2' STEPS=150 SHARP=100 STARTS=2
    python - locks << 'PYTHON'
import sys, glob, msgpack
head, *rows = [line.rstrip("\n").split("\t") for line in open(sys.argv[1] + "/table.tsv")]
rows = [dict(zip(head, map(float, r))) for r in rows]
assert [r["n"] for r in rows] == [3, 4]
for r in rows:
    n = int(r["n"])
    assert r["best_fixed"] == (n + 1) / 2**n and r["fixed_for_all"] == 2**n - 1 and r["locks"] == 2**n
    for mode, column in (("interactive", "interactive"), ("non-interactive", "noninteractive")):
        shares = []
        for seed in (1, 2):
            p = [x for x in msgpack.Unpacker(open(f"{sys.argv[1]}/{mode}/{seed}/judged-{n}.mp", "rb")) if x["kind"] == "prediction"]
            assert sorted(tuple(x["task"]["key"]) for x in p) == sorted({tuple(x["task"]["key"]) for x in p}) and len(p) == 2**n
            shares.append(sum(x["truth"] == x["predicted"] == x["task"]["key"] for x in p) / 2**n)
        assert abs(r[column] - sum(shares) / 2) < 1e-5 and abs(r[column + "_low"] - min(shares)) < 1e-5 and abs(r[column + "_high"] - max(shares)) < 1e-5
        assert mode == "interactive" or max(shares) <= r["best_fixed"] + 1e-9
PYTHON
    grep -qE '^ +3 +8 +[01]\.[0-9]{3} \(' locks/table.txt
    file locks/locks.png | found 'PNG image data, 960 x 600'
}
