# pipelines/language: the whole experiment, at a size where nothing is learned.

# shellcheck disable=SC2154 # bats sets lines
load ../helper

setup_file() {
    unset MAKEFLAGS MFLAGS MAKELEVEL # of the make that runs the tests
    experiment "$BATS_FILE_TMPDIR/whole" > "$BATS_FILE_TMPDIR/log" 2>&1 3>&- || { cat "$BATS_FILE_TMPDIR/log"; return 1; }
}

setup() {
    unset MAKEFLAGS MFLAGS MAKELEVEL
    WHOLE=$BATS_FILE_TMPDIR/whole
}

# experiment RESULTS [ARGUMENT]...
experiment() {
    local results=$1
    shift
    make --no-print-directory -C "$ROOT/pipelines/language" CONFIG="$ROOT/tests/pipelines/tiny.yaml" BIN="$RNNPIPE_BIN" JOBS=2 RESULTS="$results" "$@"
}

# Files with the times of their last change.
times() {
    find "$1" -type f -printf '%P %T@\n' | sort
}

# changed RESULTS BEFORE: files that are newer than in the list, or new.
changed() {
    times "$1" | comm -13 "$2" - | cut -d ' ' -f 1
}

# until_killed RESULTS [ARGUMENT]...: an experiment in a process group of its own, which a filter in bin (instead_of) kills.
until_killed() {
    (
        make() { echo "$BASHPID" > group; exec setsid make "$@"; }
        experiment "$@" BIN="$PWD/bin" > log 2>&1 3>&-
    ) || true
}

# dies_with PATTERN: what instead_of wants: a filter that is killed when it has saved a second checkpoint, if its arguments match, and make with it.
dies_with() {
    cat << END
[[ "\$*" == $1 ]] || exec "\$filter" "\$@"
LD_PRELOAD=$RNNPIPE_BIN/../tests/faults/fail.so FAIL='rename 3 kill' "\$filter" "\$@"
kill -KILL -- "-\$(< "\$here/group")"
END
}

@test "the message, the table and its rows" {
    grep -qE '^table: .*/whole/table.txt' "$BATS_FILE_TMPDIR/log"
    grep -qE '^took [0-9]+ min [0-9]{2} s$' "$BATS_FILE_TMPDIR/log"
    [[ $(cut -f 1-3 "$WHOLE/table.tsv" | tr '\t\n' ' ,') == \
        'encoder split seeds,interactive validation 2,interactive ood 2,constant validation 2,constant ood 2,sampled validation 1,sampled ood 1,majority validation 0,majority ood 0,' ]]
    [[ $(wc -l < "$WHOLE/table.txt") == 9 ]]
    # Every cell of the encoders that is about languages is there, and every number is a number between 0 and 1 (which intervals may leave; a single task has none).
    awk -F '\t' 'NR == 1 { for (c = 6; c <= NF; c++) if ($c ~ /^(emulation_loss|clone_difference|exact_task|offset_accuracy|accuracy_rmse)(_low|_high)?$/) wanted[c] = $c }
        NR > 1 && NR < 6 { for (c in wanted) if (!($c ~ /^[0-9.e-]+$/ && (wanted[c] ~ /_(low|high)$/ || ($c >= 0 && $c <= 1)))) exit 1; n++ }
        END { exit !(n == 4 && length(wanted) == 15) }' "$WHOLE/table.tsv"
    run ! grep -iE 'error|warning' "$BATS_FILE_TMPDIR/log"
}

@test "six pictures of 960 x 600" {
    local name
    for name in bars curves pca-task pca-accuracy probes clones; do
        # Signature, the first chunk's length and name, width, height.
        [[ $(head -c 24 "$WHOLE/figures/$name.png" | od -An -v -tx1 | tr -d ' \n') == 89504e470d0a1a0a0000000d49484452000003c000000258 ]]
        [[ $(stat -c %s "$WHOLE/figures/$name.png") -gt 5000 ]]
    done
}

@test "the zoo has its runs in order, with their splits" {
    [[ $(rec-table --kind rnn run < "$WHOLE/zoo.mp" | uniq | paste -sd ' ') == "$(seq -s ' ' 0 19)" ]]
    [[ $(rec-table --kind rnn split < "$WHOLE/zoo.mp" | sort -u | paste -sd ' ') == 'ood train validation' ]]
}

@test "nothing is left over, and a second make changes no file" {
    [[ -z $(find "$WHOLE" -name '*.tmp' -o -name 'checkpoint*') ]]
    times "$WHOLE" > before
    experiment "$WHOLE" 3>&- > log
    [[ -z $(changed "$WHOLE" before) ]]
    cmp <(head -n -1 log) <(tail -13 "$BATS_FILE_TMPDIR/log" | head -n -1)
}

@test "a missing file is made again, and what hangs on it, and nothing else" {
    cp -a "$WHOLE" copy
    times copy > before
    rm copy/constant-2/predictor-task.mp
    experiment "$PWD/copy" 3>&-
    [[ $(changed copy before | paste -sd ' ') == \
        'constant-2/predictions-task.mp constant-2/predictor-task.mp figures/bars.png figures/data/bars.tsv table.tsv table.txt' ]]
    times copy > before
    rm copy/shards/4-7.mp copy/zoo.mp
    experiment "$PWD/copy" 3>&-
    [[ $(changed copy before | grep -c '^shards/.*mp$') == 1 ]]
    cmp copy/zoo.mp "$WHOLE/zoo.mp"
    cmp copy/table.txt "$WHOLE/table.txt"
}

@test "a changed setting makes again what hangs on it" {
    cp -a "$WHOLE" copy
    grep -q '^classify:' "$ROOT/tests/pipelines/tiny.yaml"
    sed 's/^classify:/classify:\n  rate: 0.01/' "$ROOT/tests/pipelines/tiny.yaml" > changed.yaml
    times copy > before
    experiment "$PWD/copy" CONFIG="$PWD/changed.yaml" 3>&-
    changed copy before > files
    grep -q '^interactive-1/predictor-task.mp$' files
    run ! grep -E 'zoo|shards|model|embeddings|emulations|(curves|pca|clones|probes).*png' files
    times copy > before
    experiment "$PWD/copy" CONFIG="$PWD/changed.yaml" SEEDS=2 3>&-
    [[ $(changed copy before | grep -v '^figures/\|^config/' | paste -sd ' ') == 'table.tsv table.txt' ]]
    [[ $(cut -f 3 copy/table.tsv | paste -sd ' ') == 'seeds 1 1 1 1 1 1 0 0' ]]
    # Options of trainings from the command line win over the file's; another make without them makes all anew.
    times copy > before
    experiment "$PWD/copy" CONFIG="$PWD/changed.yaml" SEEDS=2 ENCODERS=constant EMULATE='--steps 7 --validate-every 7' 3>&-
    changed copy before | found -x constant-2/model.mp
    [[ $(rec-table --kind encoder step < copy/constant-2/model.mp) == 7 ]]
    experiment "$PWD/copy" CONFIG="$PWD/changed.yaml" SEEDS=2 ENCODERS=constant 3>&-
    [[ $(rec-table --kind encoder step < copy/constant-2/model.mp) != 7 ]]
}

# how_many PNG RED GREEN BLUE: the pixels of a picture in this colour, of every third one of every third line.
how_many() {
    gnuplot -e "set table; plot '$1' binary filetype=png every 3:3 using (\$1 == $2 && \$2 == $3 && \$3 == $4) with image" |
        awk '!/^#/ && $3 == 1 { n++ } END { print n + 0 }'
}

# many_modes > YAML: more encoders, in all modes, some with settings of their own.
many_modes() {
    sed 's/^  encoders: .*/  encoders: [interactive, stats+, random, constant]\n  modes: [frozen, fine-tuned, labels]/' "$ROOT/tests/pipelines/tiny.yaml"
    printf '\n%s:\n  %s\n' emulate-stats+ 'steps: 100 # less' emulate-random 'steps: 200' probe-random 'length: 4' \
        classify-fine-tuned 'steps: 20' classify-labels 'steps: 30' classify-labels-constant 'steps: 10'
}

# steps_of RESULTS/MODEL/PREDICTOR...: the steps of training of predictors, in a line.
steps_of() {
    cat "${@/%/.mp}" | rec-table --kind predictor step | paste -sd ' '
}

@test "modes of use, and settings of one encoder or mode" {
    cp -a "$WHOLE" copy
    many_modes > modes.yaml
    times copy > before
    experiment "$PWD/copy" CONFIG="$PWD/modes.yaml" 3>&- > log
    grep -qE '^table: .*/copy/modes.txt, modes.tsv$' log
    run ! grep -iE 'error|warning' log
    [[ -z $(find copy -name '*.tmp') ]]
    # What the table of before had is as it was; modes.tsv has three rows for each of its encoders, the frozen one with the same numbers.
    run ! grep -E '^(zoo|shards|(interactive|constant)-./(fresh|model|embeddings|predict[a-z]*-[a-z]*)\.)' <(changed copy before)
    grep -vxFf <(grep -v majority copy/table.tsv) "$WHOLE/table.tsv" | cut -f 1 | uniq > others
    [[ $(< others) == majority ]]
    [[ $(cut -f 1 copy/modes.tsv | uniq | sed 1d | paste -sd :) == \
        "$(printf '%s:' {interactive,stats+,random,constant}', '{frozen,fine-tuned,'labels only'})sampled:majority" ]]
    cmp <(grep ', frozen' copy/modes.tsv | sed 's/, frozen//') <(grep -vE '^(encoder|sampled|majority)' copy/table.tsv)
    # The others: predictions of two targets, no emulations.
    awk -F '\t' 'NR == 1 { for (c = 1; c <= NF; c++) column[$c] = c }
        /, (fine-tuned|labels only)/ { n++; if ($column["emulation_loss"] $column["clone_difference"] != "" || $column["exact_task"] == "" || $column["accuracy_rmse"] == "") exit 1 }
        END { exit n != 16 }' copy/modes.tsv
    # Each training took its own settings.
    [[ $(steps_of copy/{interactive,constant}-2/predictor-{task,task-fine-tuned,accuracy-labels}) == '200 20 30 200 20 10' ]]
    [[ $(cat copy/{interactive,stats+,random}-1/model.mp | rec-table --kind log step | sort -n | uniq -c | awk '{ print $1 $2 }' | paste -sd ' ') == \
        '980 3100 6160 3200 3240 3320 3400' ]]
    [[ $(cat copy/{interactive,random}-1/fresh.mp | rec-table --kind encoder config.length | paste -sd ' ') == '8 4' ]]
    [[ $(sed '/^#/d' copy/figures/data/bars.tsv | cut -f 3,4 | sort -u | tr '\t\n' ' ;') == 'constant baseline;interactive asks;majority baseline;random baseline;stats+ reads;' ]]
    # Bars of asking, reading and baseline encoders, the modes lighter ones.
    local colour
    for colour in '0 114 178' '230 159 0' '136 136 136'; do
        # shellcheck disable=SC2086 # three numbers
        (($(how_many copy/figures/bars.png $colour) > 60))
    done

    times copy > before
    experiment "$PWD/copy" CONFIG="$PWD/modes.yaml" 3>&-
    [[ -z $(changed copy before) ]]
    # One section changed, one gone.
    sed -i -e '/^classify-labels-constant:/,/^$/s/10/12/' -e '/^emulate-random:/,/^$/d' modes.yaml
    experiment "$PWD/copy" CONFIG="$PWD/modes.yaml" 3>&-
    [[ $(steps_of copy/{interactive,constant}-2/predictor-{task,task-fine-tuned,accuracy-labels}) == '200 20 30 200 20 12' ]]
    [[ $(rec-table --kind log step < copy/random-1/model.mp | tail -n 1) == 400 ]]
    changed copy before > files
    run ! grep -E '^(zoo|shards|fresh|(interactive|stats\+)-)|constant.*(model|fine-tuned)|random.*task-labels' files
}

@test "killed while encoders learn the labels, it goes on and ends the same" {
    many_modes | sed 's/encoders: .*/encoders: [interactive, constant]/' > modes.yaml
    sed -i '/^classify-labels:/,/^$/s/30/40\n  checkpoint-every: 10/' modes.yaml
    cp -a "$WHOLE" killed
    instead_of classify < <(dies_with '*/interactive-2/predictor-task-labels.checkpoint*')
    until_killed "$PWD/killed" CONFIG="$PWD/modes.yaml" JOBS=1
    [[ -e killed/interactive-2/predictor-task-labels.checkpoint && -n $(compgen -G 'killed/interactive-2/predictor-task-labels.mp.*.tmp') ]]
    [[ ! -e killed/interactive-2/predictor-task-labels.mp && -e killed/interactive-1/predictor-task-labels.mp && ! -e killed/modes.txt ]]
    times killed | grep '\.mp ' > before
    experiment "$PWD/killed" CONFIG="$PWD/modes.yaml" 3>&-
    [[ -z $(comm -13 <(times killed) before) ]] # what was complete is not made again
    [[ -z $(find killed -name '*.tmp') ]]
    [[ -s killed/modes.txt ]]
    # The one that was killed, from its start to its end:
    mv killed/interactive-2/predictor-task-labels.mp .
    experiment "$PWD/killed" CONFIG="$PWD/modes.yaml" "$PWD/killed/interactive-2/predictor-task-labels.mp" 3>&-
    cmp killed/interactive-2/predictor-task-labels.mp predictor-task-labels.mp
}

@test "every kind of encoder is made as its name says" {
    local fresh=() kind kinds=(interactive noninteractive linear free random dws transformer flat stats constant talk hidden dws+ transformer+
        flat+ stats+ ordered standardised gates inputs parts)
    cp -a "$WHOLE" copy
    for kind in "${kinds[@]}"; do
        fresh+=("$PWD/copy/$kind-1/fresh.mp")
    done
    experiment "$PWD/copy" ENCODERS="${kinds[*]}" SEEDS=1 "${fresh[@]}" 3>&-
    cat "${fresh[@]}" | rec-table --kind encoder type config.{layers,fixed,echo,ordered,standardised,per_gate,per_input} | tr '\t' ' ' > seen
    diff seen - << 'END'
interactive 2 ? ? ? ? ? ?
noninteractive 2 ? ? ? ? ? ?
linear 2 0 ? ? ? ? ?
linear 0 0 ? ? ? ? ?
linear 0 1 ? ? ? ? ?
dws 4 ? ? ? ? ? ?
transformer 6 ? ? ? ? ? ?
flat 3 ? ? ? ? ? ?
stats ? ? ? ? ? ? ?
constant ? ? ? ? ? ? ?
interactive 2 ? 1 ? ? ? ?
hidden 2 ? ? ? ? ? ?
dws 4 ? ? ? 1 ? ?
transformer 6 ? ? 1 1 ? ?
flat 3 ? ? 1 1 ? ?
stats ? ? ? ? 1 ? ?
flat 3 ? ? 1 ? ? ?
flat 3 ? ? ? 1 ? ?
stats ? ? ? ? 1 1 ?
stats ? ? ? ? 1 ? 1
stats ? ? ? ? 1 1 1
END
}

@test "an own zoo in place of one that is made; another own zoo makes all anew; a missing one is an error" {
    own() { experiment "$PWD/own" ZOO="$1" ENCODERS=constant SEEDS=1 "$PWD/own/table.txt" 3>&-; }
    own "$WHOLE/zoo.mp"
    [[ ! -e own/zoo.mp && ! -e own/shards ]]
    log() { rec-table --kind log step split loss < "$1/constant-1/model.mp"; }
    cmp <(log own) <(log "$WHOLE")
    times own > before
    own "$WHOLE/zoo.mp"
    [[ -z $(changed own before) ]]
    rec-select --run 0-17 < "$WHOLE/zoo.mp" > fewer.mp
    touch -r "$WHOLE/shards/0-3.mp" fewer.mp # older than what was made
    own "$PWD/fewer.mp"
    run ! cmp <(log own) <(log "$WHOLE")
    cp -a "$WHOLE" back
    experiment "$PWD/back" ZOO="$PWD/fewer.mp" ENCODERS=constant SEEDS=1 "$PWD/back/table.txt" 3>&-
    cmp <(log own) <(log back)
    experiment "$PWD/back" ENCODERS=constant SEEDS=1 "$PWD/back/table.txt" 3>&-
    cmp <(log back) <(log "$WHOLE")
    [[ $(rec-table --kind embedding run < own/constant-1/embeddings.mp | sort -n | tail -n 1) == 17 ]]
    run -2 own "$PWD/none.mp"
    [[ $output == *"there is no zoo $PWD/none.mp"* ]]
    run -2 make -C "$ROOT/pipelines/language" -f recipes.mk BIN="$RNNPIPE_BIN" RESULTS="$PWD/r" ZOO="$PWD/none.mp"
    [[ $output == *"there is no zoo $PWD/none.mp"* ]]
}

@test "one job at a time makes the same zoo" {
    local zoo=$PWD/one/zoo.mp
    experiment "$PWD/one" JOBS=1 "$zoo" 3>&-
    cmp "$zoo" "$WHOLE/zoo.mp"
}

@test "killed while the zoo is made, it goes on and ends the same" {
    instead_of train-rnn << 'END'
compgen -G "$here/killed/shards/*.mp" > /dev/null || exec "$filter" "$@"
"$filter" "$@" | head -c 20000
kill -KILL -- "-$(< "$here/group")"
END
    until_killed "$PWD/killed"
    [[ ! -e killed/zoo.mp && -n $(find killed/shards -name '*.tmp') ]]
    times killed/shards | grep '\.mp ' > before
    experiment "$PWD/killed" 3>&-
    [[ -z $(comm -13 <(times killed/shards) before) ]] # what was complete is not made again
    cmp killed/zoo.mp "$WHOLE/zoo.mp"
    cmp killed/table.txt "$WHOLE/table.txt"
}

@test "killed while an encoder is trained, it goes on from the checkpoint and ends the same" {
    mkdir killed
    cp -a "$WHOLE/config" "$WHOLE/shards" "$WHOLE/zoo.mp" killed
    instead_of emulate < <(dies_with '*/interactive-1/checkpoint*')
    until_killed "$PWD/killed"
    [[ -e killed/interactive-1/checkpoint.mp && ! -e killed/interactive-1/model.mp ]]
    experiment "$PWD/killed" 3>&-
    [[ ! -e killed/interactive-1/checkpoint.mp ]]
    cmp killed/table.txt "$WHOLE/table.txt"
    cmp <(rec-json --no-meta --arrays whole < killed/interactive-1/model.mp | grep -v '"end"') \
        <(rec-json --no-meta --arrays whole < "$WHOLE/interactive-1/model.mp" | grep -v '"end"')
}

@test "a failed job leaves no shard and no zoo" {
    sed 's/^train-rnn:/train-rnn:\n  pace: 1/' "$ROOT/tests/pipelines/tiny.yaml" > wrong.yaml
    run -2 experiment "$PWD/failed" CONFIG="$PWD/wrong.yaml"
    [[ $output == *"unknown key 'pace' in section 'train-rnn'"* ]]
    [[ -z $(find failed -name '*.mp') ]]
    experiment "$PWD/failed" "$PWD/failed/zoo.mp" 3>&-
    cmp failed/zoo.mp "$WHOLE/zoo.mp"
}

@test "settings that make no sense are refused" {
    run -2 experiment "$PWD/none" ENCODERS=psychic
    [[ $output == *"unknown encoder 'psychic'"* ]]
    sed 's/^  shard:/  modes: [thawed]\n  shard:/' "$ROOT/tests/pipelines/tiny.yaml" > wrong.yaml
    run -2 experiment "$PWD/none" CONFIG="$PWD/wrong.yaml"
    [[ $output == *"unknown mode 'thawed'"* ]]
    run -2 experiment "$PWD/none" CONFIG=/dev/null
    [[ $output == *"section experiment needs runs, shard, seeds and encoders"* ]]
    sed 's/^emulate:/emulate:\n  pace: 1/' "$ROOT/tests/pipelines/tiny.yaml" > wrong.yaml
    cp -a "$WHOLE" copy
    run -2 experiment "$PWD/copy" CONFIG="$PWD/wrong.yaml"
    [[ $output == *"unknown key 'pace' in section 'emulate'"* ]]
    local section
    for section in 'emulate-constant:\n  pace: 1' 'emulate-constant: {steps: 5}' 'emulate-constant:\n  steps:\n    - 5'; do
        { cat "$ROOT/tests/pipelines/tiny.yaml" && printf '\n%b\n' "$section"; } > wrong.yaml
        run -2 experiment "$PWD/copy" CONFIG="$PWD/wrong.yaml"
        [[ $output == *'emulate: '* ]]
    done
}

@test "two makes in one RESULTS: the second is told and harms nothing" {
    cp -a "$WHOLE" shared
    rm shared/constant-2/model.mp
    # a make that is at work for as long as it takes: it has the lock, and a file that it has not completed
    exec {lock}>> shared/lock
    flock "$lock"
    touch shared/constant-2/model.mp.1.tmp
    run ! experiment "$PWD/shared" 3>&-
    [[ $output == *"another make is at work in $PWD/shared: try again when it has ended"* ]]
    [[ -e shared/constant-2/model.mp.1.tmp && ! -e shared/constant-2/model.mp ]]
    exec {lock}>&-
    # and makes that are really there: one of them does the work, the other one is told or comes after it
    experiment "$PWD/shared" > first.log 2>&1 3>&- &
    local first=$!
    experiment "$PWD/shared" > second.log 2>&1 3>&- || grep -q 'another make is at work' second.log
    wait "$first" || grep -q 'another make is at work' first.log
    cmp shared/table.txt "$WHOLE/table.txt"
    [[ -z $(find shared -name '*.tmp') ]]
    experiment "$PWD/shared" 3>&- # and one after the other, at once
}

@test "misspelt sections and keys of the experiment stop it, by name" {
    sed 's/^emulate:/emulate-interactiv:/' "$ROOT/tests/pipelines/tiny.yaml" > typo.yaml
    run ! experiment "$PWD/typo" CONFIG="$PWD/typo.yaml" 3>&-
    [[ $output == *"typo.yaml: unknown section 'emulate-interactiv': "*"interactive"* ]]
    local section
    for section in train_rnn Emulate classify-label classify-labels-linea probes 2probe; do
        sed "\$a $section: {steps: 5}" "$ROOT/tests/pipelines/tiny.yaml" > typo.yaml
        run ! experiment "$PWD/typo" CONFIG="$PWD/typo.yaml" 3>&-
        [[ $output == *"typo.yaml: unknown section '$section'"* ]]
    done
    sed 's/  shard: 4/  shards: 4/' "$ROOT/tests/pipelines/tiny.yaml" > typo.yaml
    run ! experiment "$PWD/typo" CONFIG="$PWD/typo.yaml" 3>&-
    [[ $output == *"unknown key 'shards'"* || $output == *"needs runs, shard"* ]]
}

# All trainings of one encoder diverge, and one run of the zoo.
@test "what diverges costs itself only, and the table says so" {
    make_diverging_bin
    sed '$a emulate-constant:\n  rate: 1\n  weight-decay: 1000' "$ROOT/tests/pipelines/tiny.yaml" > diverging.yaml
    experiment "$PWD/diverged" CONFIG="$PWD/diverging.yaml" BIN="$PWD/bin" 3>&-
    [[ $(tail -n 1 diverged/table.txt) == 'Left out, as they diverged: 1 runs of the zoo, 2 trainings: constant-1/model constant-2/model' ]]
    [[ $(cut -f 1,3 diverged/table.tsv | sort -u | tr '\t\n' ' ,') == 'encoder seeds,interactive 2,majority 0,sampled 1,' ]]
    [[ $(rec-table --kind skipped run < diverged/zoo.mp) == 3 && $(rec-table --kind rnn run < diverged/zoo.mp | sort -u | wc -l) == 19 ]]
    [[ $(rec-table --kind encoder metrics.diverged_at < diverged/constant-1/model.mp) -gt 0 ]]
    times diverged > before
    experiment "$PWD/diverged" CONFIG="$PWD/diverging.yaml" BIN="$PWD/bin" 3>&- # it is done, not tried again
    [[ -z $(changed diverged before) ]]
}

@test "settings that are edited while make is at work: it says so, and nothing is of two kinds" {
    cp "$ROOT/tests/pipelines/tiny.yaml" edited.yaml
    instead_of train-rnn << 'END'
sed -i 's/^  steps: 80/  steps: 60/' "$here/edited.yaml"
"$filter" "$@"
END
    run -2 experiment "$PWD/edited" CONFIG="$PWD/edited.yaml" BIN="$PWD/bin" JOBS=1 "$PWD/edited/zoo.mp" 3>&-
    [[ $output == *"$PWD/edited.yaml has changed since make began: call it again"* && ! -e edited/zoo.mp ]]
    experiment "$PWD/edited" CONFIG="$PWD/edited.yaml" "$PWD/edited/zoo.mp" 3>&-
    [[ $(rec-table --kind rnn step < edited/zoo.mp | sort -gu | paste -sd ' ') == '20 40 60' ]]
    # Within one recipe a filter refuses the file itself.
    rm edited/shards/* edited/zoo.mp
    cp -a "$WHOLE" copy
    rm copy/constant-2/model.mp
    cp "$ROOT/tests/pipelines/tiny.yaml" edited.yaml
    rm -r bin
    instead_of emulate << 'END'
echo '# edited' >> "$here/edited.yaml"
"$filter" "$@"
END
    run -2 experiment "$PWD/copy" CONFIG="$PWD/edited.yaml" BIN="$PWD/bin" JOBS=1 3>&-
    [[ $output == *"edited.yaml, which has changed since make began: call it again"* ]]
}

@test "sections that sed would not find are refused; digits are part of a name" {
    local line
    for line in 'emulate :' '"emulate":' "'emulate':" '{emulate: {steps: 5}}' '- emulate:' '? emulate'; do
        { cat "$ROOT/tests/pipelines/tiny.yaml" && echo "$line"; } > odd.yaml
        run -2 experiment "$PWD/odd" CONFIG="$PWD/odd.yaml" 3>&-
        [[ $output == *"odd.yaml: a section is written as name:"*"not '$line'"* ]]
    done
    { echo '---' && cat "$ROOT/tests/pipelines/tiny.yaml" && printf '# a comment\n\nclassify-accuracy:\n  steps: 7\n'; } > odd.yaml
    cp -a "$WHOLE" copy
    experiment "$PWD/copy" CONFIG="$PWD/odd.yaml" "$PWD/copy/constant-1/predictor-accuracy.mp" 3>&-
    [[ $(rec-table --kind log step < copy/constant-1/predictor-accuracy.mp | tail -n 1) == 7 ]]
    sed '$a classify-metrics.r2:\n  steps: 9' "$ROOT/tests/pipelines/tiny-series.yaml" > odd.yaml
    make -C "$ROOT/pipelines/series" -n CONFIG="$PWD/odd.yaml" BIN="$RNNPIPE_BIN" RESULTS="$PWD/series" | found -F config/classify-metrics.r2.yaml
}

@test "a zoo that an older file has taken the place of, or that a link no longer names, makes all anew" {
    own() { experiment "$PWD/own" ZOO="$PWD/$1" ENCODERS=constant SEEDS=1 "$PWD/own/constant-1/model.mp" 3>&-; }
    cp -p "$WHOLE/zoo.mp" first.mp
    rec-select --run 0-17 < "$WHOLE/zoo.mp" > second.mp
    touch -d '2 days ago' second.mp
    ln -s first.mp link.mp
    own link.mp
    cp own/constant-1/model.mp before.mp
    own link.mp
    cmp own/constant-1/model.mp before.mp
    ln -sfn second.mp link.mp
    own link.mp
    run ! cmp own/constant-1/model.mp before.mp
    mv second.mp first.mp
    ln -sfn first.mp link.mp
    cp own/constant-1/model.mp before.mp
    own link.mp
    cmp own/constant-1/model.mp before.mp # it has the same size and time
}

@test "a picture that the disk has no room for is not kept" {
    cp -a "$WHOLE" copy
    rm copy/figures/bars.png
    mkdir bin
    ln -s "$RNNPIPE_BIN"/* bin
    cat > bin/gnuplot << 'END'
#!/usr/bin/env bash
command -p gnuplot "$@"
for last; do :; done
truncate -s -100 "$last"
END
    chmod +x bin/gnuplot
    run -2 experiment "$PWD/copy" BIN="$PWD/bin" 3>&-
    [[ $output == *"bars.png: the picture is not whole (is the disk full?)"* && ! -e copy/figures/bars.png ]]
    experiment "$PWD/copy" 3>&-
    cmp copy/figures/bars.png "$WHOLE/figures/bars.png"
}

@test "the checkpoint of a training that outlived its make stays its own" {
    cp -a "$WHOLE" copy
    rm copy/constant-2/model.mp
    echo state > copy/constant-2/checkpoint.mp
    touch -d '2 days ago' copy/constant-2/checkpoint.mp
    exec {lock}>> copy/constant-2/checkpoint.mp.lock
    flock "$lock"
    run -2 experiment "$PWD/copy" EMULATE='--steps 80' SEEDS=2 ENCODERS=constant 3>&-
    [[ $output == *'another process is at work'* && $(< copy/constant-2/checkpoint.mp) == state ]]
    exec {lock}>&-
    experiment "$PWD/copy" EMULATE='--steps 80' SEEDS=2 ENCODERS=constant 3>&-
    [[ ! -e copy/constant-2/checkpoint.mp ]]
}

@test "lists of the command line and of the environment: seeds are numbers, nothing is left empty" {
    run -2 experiment "$PWD/none" SEEDS='1 -1'
    [[ $output == *"SEEDS: '-1' is no whole number"* ]]
    run -2 experiment "$PWD/none" RUNS=many
    [[ $output == *"RUNS: 'many' is no whole number"* ]]
    run -2 experiment "$PWD/none" CONFIG=none.yaml
    [[ $output == *'there is no file none.yaml'* ]]
    [[ $(ENCODERS=constant RUNS=8 experiment "$PWD/none" -n) != *interactive-1* ]]
    local set
    for set in LEVERS= ENCODERS= SEEDS= RUNS= 'LEVERS=echo ENCODERS=linear'; do
        # shellcheck disable=SC2086 # words
        run -2 make -C "$ROOT/pipelines/language" -f recipes.mk BIN="$RNNPIPE_BIN" RESULTS="$PWD/r" $set
        [[ $output == *"${set%=} is empty"* || $output == *"lever 'echo' moves none of linear"* ]]
    done
}

@test "all trainings diverge: make says so" {
    recipes() {
        make --no-print-directory -C "$ROOT/pipelines/language" -f recipes.mk BIN="$RNNPIPE_BIN" RESULTS="$PWD/r" JOBS=2 SEEDS=1 ENCODERS=linear \
            ZOO="$WHOLE/zoo.mp" CONFIG="$ROOT/tests/pipelines/tiny.yaml" "$@"
    }
    run -2 recipes LEVERS=base EMULATE='--rate 1 --weight-decay 1000'
    [[ $output == *': all trainings have diverged'* ]]
    recipes LEVERS=bf16 EMULATE='--steps 4 --precision float32' 3>&- # another one makes a table
    touch r/bf16/linear-1/model.diverged
    run -0 recipes LEVERS='base bf16' EMULATE='--steps 4 --precision float32'
    [[ $output == *$'\nLeft out, as they diverged: 0 runs of the zoo, 1 trainings: bf16/linear-1/model'* ]]
    run -2 make --no-print-directory -C "$ROOT/pipelines/series" BIN="$RNNPIPE_BIN" RESULTS="$PWD/series" JOBS=2 SEEDS=1 ENCODERS=constant \
        CONFIG="$ROOT/tests/pipelines/tiny-series.yaml" EMULATE='--rate 1 --weight-decay 1000'
    [[ $output == *': all trainings have diverged'* ]]
}
