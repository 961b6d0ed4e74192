# pipelines/smnist: the whole experiment, on images of a clock's hand.

# shellcheck disable=SC2154 # bats sets lines
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    python "$ROOT/tests/python/fake_digits.py" digits 200
    experiment whole > log 2>&1 3>&- || { cat log; return 1; }
}

setup() {
    WHOLE=$BATS_FILE_TMPDIR/whole
}

# experiment RESULTS [ARGUMENT]...
experiment() {
    local results
    results=$(realpath -m "$1")
    shift
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory -C "$ROOT/pipelines/smnist" CONFIG="$ROOT/tests/pipelines/tiny-smnist.yaml" \
        BIN="$RNNPIPE_BIN" JOBS=2 RESULTS="$results" IMAGES="$BATS_FILE_TMPDIR/digits" "$@"
}

# Files with the times of their last change.
times() {
    find "$1" -type f -printf '%P %T@\n' | sort
}

@test "both tables, and finite numbers wherever there are to be some" {
    grep -qE '^table: .*/whole/modes.txt, modes.tsv$' "$BATS_FILE_TMPDIR/log"
    run ! grep -iE '(error|warning)( [0-9]*)?:' "$BATS_FILE_TMPDIR/log"
    [[ $(cut -f 1-2 "$WHOLE/modes.tsv" | uniq | tr '\t\n' ' ,') == 'encoder split,'*'interactive, labels only ood,constant, frozen validation,'* ]]
    # The columns of an encoder by name: loss and clone only when there are emulations.
    awk -F '\t' '
        FNR == 1 { for (c = 1; c <= NF; c++) column[$c] = c; next }
        $1 == "majority" { next }
        {
            rows++
            split("accuracy_rmse rotation_rmse rotation_angle gap_rmse step_accuracy" ($1 ~ /labels/ ? "" : " emulation_loss clone_difference"), names, " ")
            for (i in names)
                if ($column[names[i]] !~ /^[0-9]+([.][0-9]+)?(e-?[0-9]+)?$/)
                    exit bad = 1
            if ($column["rotation_angle"] > 180 || $column["step_accuracy"] > 1 || $column["exact_task"] != "")
                exit bad = 1
        }
        END { exit bad || rows != 12 }' "$WHOLE"/table.tsv "$WHOLE"/modes.tsv
}

@test "every target is predicted, for every encoder and mode, of every snapshot" {
    local target of
    for of in {interactive,constant}-1/predictions-{rotation,accuracy,gap,step}{,-labels}; do
        target=${of#*predictions-}
        [[ $(rec-table --kind prediction target < "$WHOLE/$of.mp" | uniq -c | awk '{ print $1, $2 }') == "36 ${target%-labels}" ]]
        # Of the settings one section is for one target.
        [[ $(rec-table --kind predictor config.hidden < "$WHOLE/${of/predictions/predictor}.mp") == "$([[ $target == gap* ]] && echo 24 || echo 128)" ]]
    done
    [[ $(rec-table --kind embedding task.rotation z.0 z.15 < "$WHOLE/interactive-1/embeddings.mp" | grep -cvF '?') == 36 ]]
}

@test "emulation learns: the loss falls, and is validated" {
    local encoder
    for encoder in interactive constant; do
        rec-table --kind log split step loss < "$WHOLE/$encoder-1/model.mp" |
            awk '$1 == "train" { if (!first) first = $3; last = $3 } $1 == "validation" { n++ } END { exit !(n == 4 && last < first) }'
    done
}

# shades PICTURE: how many different colours it has, in every third pixel of every third line.
shades() {
    gnuplot -e "set table; plot '$1' binary filetype=png every 3:3 using (65536 * \$1 + 256 * \$2 + \$3) with image" |
        awk '!/^#/ && NF { seen[$3] } END { for (i in seen) n++; print n }'
}

@test "six pictures of 960 x 600, none of them blank" {
    local name
    for name in bars curves pca-rotation pca-accuracy probes clones; do
        [[ $(head -c 24 "$WHOLE/figures/$name.png" | od -An -v -tx1 | tr -d ' \n') == 89504e470d0a1a0a0000000d49484452000003c000000258 ]]
        (($(shades "$WHOLE/figures/$name.png") > 20))
    done
    # A dialogue: both RNNs were shown 12 tiles of 49 pixels, and answered with ten probabilities.
    [[ $(cut -f 1,2 "$WHOLE/figures/data/probes.tsv" | sort | uniq -c | awk '{ print $1, $2, $3 }' | paste -sd ,) == \
        '120 answers 0,120 answers 1,588 inputs 0,588 inputs 1' ]]
}

@test "a second make changes no file; the same images elsewhere neither; others train anew" {
    cp -a "$WHOLE" copy
    times copy > before
    experiment copy 3>&-
    run ! experiment copy IMAGES="$PWD/nowhere" 3>&- # a slip costs nothing
    experiment copy 3>&-
    cp -r "$BATS_FILE_TMPDIR/digits" moved
    experiment copy IMAGES="$PWD/moved" 3>&-
    [[ -z $(times copy | comm -13 before -) ]]
    python "$ROOT/tests/python/fake_digits.py" moved 100
    experiment copy IMAGES="$PWD/moved" "$PWD/copy/zoo.mp" 3>&-
    run ! cmp -s copy/zoo.mp "$WHOLE/zoo.mp"
}

@test "images that are missing are told, and nothing is made" {
    run ! experiment missing IMAGES="$PWD/nowhere" 3>&-
    [[ $output == *nowhere* && ! -e missing/zoo.mp ]]
}

@test "make demo-smnist: gets the images unless it is told where they are" {
    run -0 make -n -C "$ROOT" --no-print-directory BUILD="$PWD/build" demo-smnist
    [[ $output == *'pipelines/smnist/get-data data/mnist'*'-C pipelines/smnist SIZE=demo '*'/results/demo-smnist '*"IMAGES=$ROOT/data/mnist"* ]]
    run -0 make -n -C "$ROOT" --no-print-directory BUILD="$PWD/build" paper-smnist IMAGES=/mine
    [[ $output != *get-data* && $output == *'SIZE=paper '*'IMAGES=/mine'* ]]
}
