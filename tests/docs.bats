#!/usr/bin/env bats
# What the documentation shows, works: every EXAMPLES section of a man page, every example of --help, every block of README.md that is
# marked sh, every script in examples/. They are run as they stand but for their sizes: see small().

load helper

EXAMPLES=$ROOT/examples

setup_file() {
    [[ $(filters | wc -l) == $(find "$ROOT/filters" -name '*.c' | wc -l) ]] # the tests below go through them
    cat > "$BATS_FILE_TMPDIR/small.yaml" << 'END'
gen-language: {max-n: 4}
train-rnn: {steps: 10, snapshots: [5], hidden: 8, rollouts: 4, samples: 10}
rnn-landscape: {batch: 4, draws: 10}
rnn-words: {max-prefixes: 300}
probe: {hidden: 8, mlp-hidden: 8, length: 4}
flat-encode: {hidden: 8}
stats-encode: {mlp-hidden: 8}
transformer-encode: {hidden: 8, layers: 1}
dws-encode: {channels: 4, layers: 1, mlp-hidden: 8}
emulate: {steps: 20, batch: 4, hidden: 8, validate-every: 10, checkpoint-every: 10, rollouts: 2, clones: 4}
autoencode: {steps: 10, batch: 4, hidden: 8, rollouts: 2, validate-every: 5}
classify: {steps: 20, hidden: 8, log-every: 10, strings: 4}
END
    mkdir "$BATS_FILE_TMPDIR/files"
    cd "$BATS_FILE_TMPDIR/files" || return
    run_small << 'END'
gen-language --count 1 > tasks.mp
train-rnn < tasks.mp | partition > zoo.mp
probe --new < zoo.mp > fresh.mp
emulate --fit fresh.mp < zoo.mp > probe.mp
probe --model probe.mp < zoo.mp > z.mp
project < z.mp > embeddings.mp
classify --fit task < z.mp > predictor.mp
classify --model predictor.mp < z.mp > predictions.1.mp
emulate --model probe.mp < zoo.mp > emulations.1.mp
flat-encode --new --ordered --standardise < zoo.mp > flat.mp
autoencode --fit flat.mp < zoo.mp > model.mp
END
    python "$ROOT/tests/python/fake_digits.py" data/mnist 60
    cp probe.mp trained.mp
    cp "$ROOT/tests/golden/import/lstm_linear.pt" mine.pt
    cp "$ROOT/tests/golden/import/lstm_linear.safetensors" theirs.safetensors
    PYTHONPATH=$ROOT/tests/python python - << 'END'
# nets/: state_dicts as torch.save writes them, of several widths
import os
from foreign_files import *
os.mkdir("nets")
for width in range(3, 15):
    for seed, data in enumerate(("up", "down")):
        with open(f"nets/{data}-{width}.pt", "wb") as f:
            f.write(pt(*state_dict(lstm(i=2, n=width, o=3, seed=2 * width + seed))))
END
}

# The table of sizes. What commands would do by default is in small.yaml; a size that is written out is replaced; head, which does not
# read to the end, would make pipefail report a closed pipe.
small() {
    sed -E \
        -e "s#\b(gen-language|train-rnn|rnn-landscape|rnn-words|probe|emulate|autoencode|classify|[a-z]+-encode)( |'|\$)#\1 --config $BATS_FILE_TMPDIR/small.yaml\2#g" \
        -e 's/--count [0-9]+/--count 24/g' \
        -e 's/--steps [0-9]+/--steps 20/g' \
        -e 's/--hidden [0-9]+/--hidden 8/g' \
        -e 's/\bseq 0 999\b/seq 0 23/' \
        -e 's/\bseq 0 20 399\b/seq 0 24 47/' \
        -e 's/\| head -([0-9]+)/| sed -n 1,\1p/' \
        -e '/^ *(make|git|sudo)( |$)/d'
}

# Runs a script from standard input in the current directory; every file that it makes has something in it.
run_small() {
    {
        command -v jq > /dev/null || echo 'jq() { cat > /dev/null; }' # not worth a dependency
        command -v dot > /dev/null || echo 'dot() { cat; }'
        small
    } > script
    bash -euo pipefail script || { cat script && return 1; }
    if [[ -n $(find . -name '*.*' -size 0) ]]; then
        find . -name '*.*' -size 0 && cat script && return 1
    fi
}

# Runs the examples of NAME in a directory with the files that examples read.
run_examples() { # NAME < SCRIPT
    mkdir "$BATS_TEST_TMPDIR/$1"
    cp -r "$BATS_FILE_TMPDIR"/files/*.{mp,pt,safetensors} "$BATS_FILE_TMPDIR"/files/{data,nets} "$BATS_TEST_TMPDIR/$1"
    if ! (cd "$BATS_TEST_TMPDIR/$1" && run_small) > "$BATS_TEST_TMPDIR/log" 2>&1; then
        echo "--- $1"
        cat "$BATS_TEST_TMPDIR/log"
        failed=yes
    fi
}

# The text of all .EX blocks of a page's EXAMPLES section.
page_examples() { # PAGE
    sed -n '/^\.SH EXAMPLES/,/^\.SH [^E]/{/^\.EX/,/^\.EE/p;}' "$1" | unroff
}

unroff() {
    sed -e '/^\.E[XE]/d' -e 's/\\(aq/'\''/g' -e 's/\\(dq/"/g' -e 's/\\(ha/^/g' -e 's/\\(ti/~/g' -e 's/\\(ga/`/g' -e 's/\\-/-/g' \
        -e 's/\\&//g' -e 's/\\f[BIRP]//g' -e 's/\\e/\\/g'
}

@test "EXAMPLES of every man page" {
    failed=no
    for page in "$ROOT"/filters/*.[17]; do
        [[ -n $(page_examples "$page") ]] || { echo "$page: no EXAMPLES" && failed=yes; }
        run_examples "$(basename "$page")" < <(page_examples "$page")
    done
    [[ $failed == no ]]
}

@test "examples of every --help" {
    failed=no
    for filter in $(filters); do
        [[ -n $("$filter" --help | sed '1,/^Examples:/d') ]] || { echo "$filter: no examples" && failed=yes; }
        run_examples "$filter" < <("$filter" --help | sed -e '1,/^Examples:/d' -e 's/^  //')
    done
    [[ $failed == no ]]
}

@test "shell blocks of README.md and of pipelines/scale-out/README.md" {
    failed=no
    for page in README.md pipelines/scale-out/README.md; do
        grep -q '^```sh$' "$ROOT/$page"
        # shellcheck disable=SC2016 # these are no substitutions
        run_examples "${page//\//-}" < <(sed -n '/^```sh$/,/^```$/{/^```/d;p;}' "$ROOT/$page")
    done
    [[ $failed == no ]]
}

# README's numbers are those of gallery/five-lines.txt, which make readme-results makes by running README's lines as they stand.
@test "README.md's five lines are those that are run, and its numbers are what they gave" {
    gallery=$ROOT/pipelines/language/gallery/five-lines.txt
    # shellcheck disable=SC2016 # these are no substitutions
    diff <(sed -n '/^## The experiment in five lines/,/^## W/{/^```sh$/,/^```$/{/^```/d;p;}}' "$ROOT/README.md") \
        <(sed -n 's/^    \(\(seq\|probe\|emulate\|classify\) \)/\1/p' "$gallery")
    told=$(sed -n '/^## The experiment in five lines/,/^## W/p' "$ROOT/README.md" | grep -oE '\b[01]\.[0-9]{2}\b')
    [[ $(wc -l <<< "$told") -ge 6 ]]
    rounded=$(sed '/^95 % intervals over tasks/,$d' "$gallery" | grep -oE '\b[01]\.[0-9]{4}\b' | awk '{ printf "%.2f\n", $1 }')
    for number in $told; do grep -qx "$number" <<< "$rounded" || { echo "README.md: $number" && failed=yes; }; done
    [[ -z ${failed:-} ]]
    # The script itself, in small: an encoder of two seeds, the ceiling, and constant answers.
    { declare -f small && echo small; } > small
    LINES_FILTER="bash $PWD/small" "$ROOT/pipelines/language/five-lines" "$ROOT/README.md" run 1 2 > table
    [[ $(awk '/^[a-z]+ +(validation|ood) / { print $1, $2, $3 }' table | sort | uniq -c | sed 's/^ *//' | paste -sd ,) == \
        '2 interactive ood 2,2 interactive validation 2,2 majority ood -,2 majority validation -,2 sampled ood 1,2 sampled validation 1' ]]
    [[ $(tail -n 5 table | head -n 1) == '    seq '* ]]
}

@test "README.md and the man pages name only files that are there" {
    local files=0 pages=0
    for folder in . pipelines/scale-out; do
        while read -r file; do
            files=$((files + 1))
            [[ -e $ROOT/$folder/$file ]] || { echo "$folder/README.md: $file" && failed=yes; }
        done < <(grep -oE '\]\([^)#:]+\)' "$ROOT/$folder/README.md" | tr -d '()]')
    done
    while IFS='#' read -r file heading; do
        sed -n 's/^##* *//p' "$ROOT/$file" | tr '[:upper:] ' '[:lower:]-' | sed 's/[^a-z0-9_-]//g' | found -xF -- "$heading" || { echo "README.md: $file has no section $heading" && failed=yes; }
    done < <(grep -oE '\]\([^):]+#[^)]+\)' "$ROOT/README.md" | tr -d '()]')
    while read -r page; do
        pages=$((pages + 1))
        [[ -e $ROOT/filters/$page ]] || { echo "SEE ALSO $page" && failed=yes; }
    done < <(sed -nE 's/^\.BR ((gen|rec|train|rnnpipe)[a-z\\-]*|[a-z]+\\-encode|[a-z]+) \(([157])\).*/\1.\3/p' "$ROOT"/filters/*.[157] |
        tr -d "\\\\" | sort -u | grep -vxE '(cat|cmp|parallel).1')
    [[ -z ${failed:-} && $files -ge 10 && $pages -ge 20 ]]
}

@test "every filter is in rnnpipe(7) and in README.md" {
    for filter in $(filters); do
        grep -qF ".BR ${filter//-/\\-} (1)" "$ROOT/filters/rnnpipe.7" || { echo "rnnpipe.7: $filter" && failed=yes; }
        grep -q "\`$filter\`" "$ROOT/README.md" || { echo "README.md: $filter" && failed=yes; }
    done
    [[ -z ${failed:-} ]]
}

@test "every option of --help is in its man page, with its default" {
    # shellcheck disable=SC2046 # names without blanks
    python "$ROOT/tests/python/common.py" defaults $(filters)
}

@test "examples: make-a-zoo.sh, read-a-stream.py" {
    RUNS=4 STEPS=20 "$EXAMPLES/make-a-zoo.sh" > table
    [[ $(tail -n +2 table | awk '{ n += $3 } END { print n }') == 8 ]] # steps 0 and 20 of four RNNs
    python "$EXAMPLES/read-a-stream.py" zoo.mp > text
    grep -q '^8 snapshots of 4 RNNs with 13444 weights each$' text
    head -c -1 zoo.mp > cut.mp
    run ! python "$EXAMPLES/read-a-stream.py" cut.mp
    [[ $output == *'no end record'* ]]
}

@test "examples: interrogate.sh" {
    RUNS=6 STEPS=20 "$EXAMPLES/interrogate.sh" > text
    grep -qE '^[0-2] of 2 right$' text
}

@test "examples: counters.sh" {
    STEPS=600 "$EXAMPLES/counters.sh" > text
    grep -q '^counters.png$' text
    [[ $(head -c 4 counters.png | tail -c 3) == PNG && $(wc -l < states.tsv) == $(($(rec-table --kind counters inputs < counters.mp | tr -cd , | wc -c) + 1)) ]]
    [[ $(awk 'NR == 1 { print NF - 1 }' states.tsv) == "$(rec-table --kind counters count < counters.mp)" ]]
}

@test "examples: black-box.sh" {
    RUNS=12 STEPS=20 "$EXAMPLES/black-box.sh" > text
    grep -qxE $'\\[1\\]\t\\[-?[0-3]\\]' text
    [[ $(printf '0.1 0.2 0.4 0.3\n1 0 0 0\n0 9e-1 0 0\n\n0 1 0 0\n' | ./black-box | tr '\n' ,) == '-0.2 -1.7 -9 -9,-0.2 -1.7 -9 -9,-9 0 -9 -9,-9 -9 -9 0,' ]]
}

@test "examples: compare-encoders.sh" {
    RUNS=6 STEPS=20 SEEDS=3 "$EXAMPLES/compare-encoders.sh" > table
    [[ $(awk '{ print $1, $2, $3, $4 }' table | tail -n +2 | tr '\n' ,) == 'constant validation 1 4,interactive validation 1 4,' ]]
}

@test "examples: rotated-digits.sh" {
    cp -r "$BATS_FILE_TMPDIR/files/data" .
    RUNS=2 STEPS=20 "$EXAMPLES/rotated-digits.sh" > table
    [[ $(tail -n +2 table | awk '{ print $1 + 0, $2, $3 }' | paste -sd ,) == \
        '0 2 2,0 6 2,0 20 2,45 2 2,45 6 2,45 20 2,90 2 2,90 6 2,90 20 2,180 2 2,180 6 2,180 20 2' ]]
    awk 'NR > 1 && !($4 >= 0 && $4 <= 1) { exit 1 }' table
}

@test "examples: my-pytorch-models.sh" {
    golden=$ROOT/tests/golden/import
    STEPS=20 "$EXAMPLES/my-pytorch-models.sh" "$golden"/{lstm_linear,gru_linear,rnn_tanh_linear,dataparallel}.pt "$golden/lstm_linear.safetensors" > table 2> log
    [[ $(wc -l < table) == 5 ]]
    # One network is in two files: these are next to each other, and nobody else is as near to another.
    grep -qx $'lstm_linear.pt\tlstm_linear.safetensors\t0.0' table
    grep -qx $'lstm_linear.safetensors\tlstm_linear.pt\t0.0' table
    [[ $(awk '$3 > 1e-6' table | wc -l) == 3 ]]
}

# A quotation mark that does not stand at the end of an argument is lost: \(dq stays.
@test "man pages: what is quoted for roff ends where its argument does" {
    local argument='("([^"]|"")*"|[^"[:blank:]][^[:blank:]]*)' # what follows one is a blank, or nothing; the last may be left open
    run -1 grep -vE "^[^:]*:[0-9]+:\.[A-Z]+([[:blank:]]+$argument)*([[:blank:]]+\"([^\"]|\"\")*)?[[:blank:]]*\$" \
        <(grep -nE '^\.(B|I|R|BR|RB|BI|IB|RI|IR|SH|SS|IP)[[:blank:]]' "$ROOT"/filters/*.[157])
}

# --- rnnpipe-stream(5) ---

weight_norm() {
    python "$EXAMPLES/weight-norm.py"
}

@test "rnnpipe-stream(5) shows examples/weight-norm.py" {
    page_examples "$ROOT/filters/rnnpipe-stream.5" | sed -n '/^#!/,$p' | diff "$EXAMPLES/weight-norm.py" -
}

@test "rnnpipe-stream(5): the first example reads a zoo" {
    cp "$BATS_FILE_TMPDIR/files/zoo.mp" .
    page_examples "$ROOT/filters/rnnpipe-stream.5" | sed '/^import {/,$d' > read.py
    [[ $(python read.py | grep -c '^[0-9]* \[') == $(rec-table --kind rnn run < zoo.mp | wc -l) ]]
}

@test "rnnpipe-stream(5) has all keys, config keys and defaults that filters write" {
    cd "$BATS_FILE_TMPDIR/files"
    probe --model probe.mp --traces < zoo.mp > "$BATS_TEST_TMPDIR/traces.mp"
    emulate --fit fresh.mp --steps 2 --batch 2 --timing --checkpoint "$BATS_TEST_TMPDIR/state.mp" < zoo.mp > "$BATS_TEST_TMPDIR/timed.mp"
    classify --fit step < z.mp > "$BATS_TEST_TMPDIR/step.mp"
    classify --model predictor.mp --label x < z.mp > "$BATS_TEST_TMPDIR/labelled.mp"
    for filter in $(filters | grep -E '^probe$|-encode$'); do
        "$filter" --new < zoo.mp > "$BATS_TEST_TMPDIR/new-$filter.mp"
    done
    python "$ROOT/tests/python/stream_page.py" "$ROOT/filters/rnnpipe-stream.5" ./*.mp "$BATS_TEST_TMPDIR"/*.mp
}

@test "weight-norm.py changes what it says and nothing else" {
    cd "$BATS_FILE_TMPDIR/files"
    cat zoo.mp probe.mp z.mp | weight_norm > "$BATS_TEST_TMPDIR/out.mp"
    cd "$BATS_TEST_TMPDIR"
    rec-json --arrays whole < out.mp | sed -E 's/,"weight_norm":[0-9.]+//' | grep -vE '^\{"kind":"(meta|end)"' > with
    cat "$BATS_FILE_TMPDIR"/files/{zoo,probe,z}.mp | rec-json --no-meta --arrays whole | diff with - > /dev/null
    [[ $(rec-table --kind rnn metrics.weight_norm < out.mp | awk '$1 > 1 { n++ } END { print n }') == $(grep -c '"kind":"rnn"' with) ]]
    [[ $(rec-json --kind none < out.mp | grep -c '"program":"weight-norm","version":"1","argv":\["weight-norm"\]}\]') == 3 ]]
}

@test "weight-norm.py refuses what is no stream" {
    zoo=$BATS_FILE_TMPDIR/files/zoo.mp size=$(stat -c %s "$BATS_FILE_TMPDIR/files/zoo.mp")
    for bytes in 0 1 100 $((size / 2)) $((size - 1)); do
        run -65 weight_norm < <(head -c "$bytes" "$zoo")
        [[ $output == *'without an end record'* ]]
    done
    run -65 weight_norm < <(printf '\xdf\xff\xff\xff\xff')
    run -65 weight_norm < <(cat "$zoo" && printf x)
    run -65 weight_norm < <(LC_ALL=C sed 's/lstm.bias_ih_l0/lstm.bias_ih_l9/' "$zoo")
    [[ $output == *'wrong count or checksum'* ]]
    objects='{"kind": "meta", "format": 1}, {"kind": "rnn", "weights": np.array([print], dtype=object)}'
    python -c "
import msgpack, msgpack_numpy, numpy as np, sys
for r in $objects: sys.stdout.buffer.write(msgpack.packb(r, default=msgpack_numpy.encode))" > objects.mp
    run -65 weight_norm < objects.mp
    [[ $output == *'array of objects'* ]]
}

@test "weight-norm.py reports a full disk, and is quiet about a closed pipe" {
    zoo=$BATS_FILE_TMPDIR/files/zoo.mp
    # shellcheck disable=SC2034 # python() takes it: Python itself, as a signal is to end it
    RNNPIPE_PYTHON=$("$ROOT/tests/python/find")
    weight_norm < "$zoo" > /dev/full || status=$?
    [[ $status == 74 ]]
    repeat 50 "$zoo" > many.mp
    set +o pipefail # that it closes is what is tried
    weight_norm < many.mp 2> errors | true
    [[ ${PIPESTATUS[0]} == 141 && ! -s errors ]]
}
