#!/usr/bin/env bats
# Tab completion, by calling the function as bash does.
load ../helper

setup() {
    . "$ROOT/filters/completion.bash"
}

# What is offered for the last of these words, in one line.
offered() { # WORD...
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _rnnpipe "$1" "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
    echo "${COMPREPLY[*]}"
}

@test "completion: every option of --help is offered, of every filter, and nothing else" {
    for filter in $(filters); do
        "$filter" --help | sed -nE 's/^ {2}(-.,| {3}) --(\[(no-)\])?([a-z0-9-]+).*/\3 \4/p' |
            awk 'NF == 2 { print "--" $1 $2 } { print "--" $NF }' | sort > told
        offered "$filter" -- | tr ' ' '\n' | sort | diff told - || { echo "$filter" && failed=yes; }
        [[ $(wc -l < told) -ge 12 ]]
    done
    [[ -z ${failed:-} ]]
}

@test "completion: names, values that are choices, and lists" {
    [[ $(offered train-rnn --sna) == --snapshots ]]
    [[ $(offered rec-select --inv) == --invert && $(offered rec-select --no-inv) == --no-invert ]]
    [[ $(offered train-rnn --cell '') == 'lstm gru rnn_tanh rnn_relu' && $(offered train-rnn -c g) == gru ]]
    [[ $(offered train-rnn --cell =) == 'lstm gru rnn_tanh rnn_relu' && $(offered train-rnn --cell = rnn_t) == rnn_tanh ]]
    [[ $(offered score --progress a) == 'auto always' ]]
    [[ $(offered rec-select --split v) == validation && $(offered rec-select -s train,o) == train,ood ]]
    [[ $(offered rec-table --kind = rnn,emb) == rnn,embedding ]]
    [[ $(offered classify --fit ro) == rotation && $(offered classify --as 'number,an') == number,angle ]]
}

@test "completion: files are left to bash, numbers to the user, and a program that is not there does no harm" {
    for words in 'probe --model -' 'probe --model =' 'train-rnn --images /tm' 'train-rnn --steps -' 'rec-info' 'rec-info zo' 'probe <' 'no-such-filter -'; do
        # shellcheck disable=SC2086 # several words
        [[ -z $(offered $words) ]] || { echo "$words: $(offered $words)" && false; }
    done
    [[ -z $(offered train-rnn --images '') ]]
}

@test "completion: it is found by the path that was typed, and the kinds offered are those of rnnpipe-stream(5)" {
    [[ $(offered "$RNNPIPE_BIN/train-rnn" --snap) == --snapshots ]]
    mkdir home && ln -s "$RNNPIPE_BIN" home/bin
    # shellcheck disable=SC2088 # bash gives it as it was typed
    [[ $(HOME=$PWD/home offered '~/bin/train-rnn' --snap) == --snapshots ]]
    sed -n '/^\.SH RECORDS/,/^\.SH RATIONALE/s/^\.SS \([a-z_]*\)$/\1/p' "$ROOT/filters/rnnpipe-stream.5" | grep -vxE 'meta|end' | sort > kinds
    [[ $(wc -l < kinds) -ge 20 ]]
    offered rec-json --kind '' | tr ' ' '\n' | sort | diff kinds -
}
