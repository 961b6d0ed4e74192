# Every kind of encoder is trained through the same two filters: without labels by emulate, from labels only by classify.
load ../helper

encoders=('probe --new --hidden 24 --length 8 --mlp-hidden 16' 'probe --new --non-interactive --hidden 24 --length 8 --mlp-hidden 16'
    'probe --new --linear --probes 4 --length 8' 'probe --new --linear --layers 0 --probes 4 --length 8'
    'probe --new --linear --layers 0 --fixed --probes 4 --length 8' 'flat-encode --new' 'stats-encode --new'
    'dws-encode --new --channels 6 --layers 2' 'transformer-encode --new --hidden 16 --layers 1')

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    gen-language --tokens 2 --count 24 | train-rnn --steps 150 --snapshots 10,50 --hidden 8 --rollouts 10 --samples 20 --quiet |
        partition > zoo.mp
}

setup() {
    ln -s "$BATS_FILE_TMPDIR"/zoo.mp .
}

# falls FILE: of the log records of training, the last loss is clearly below the first one.
falls() {
    rec-table --kind log split loss < "$1" |
        awk '$1 == "train" { last = $2; if (!n++) first = $2 } END { print first, last; exit !(n > 1 && last < 0.97 * first) }'
}

# changed FRESH TRAINED: names of the encoder's weights that training has changed.
changed() {
    PYTHONPATH=$ROOT/tests/python python -c 'import sys, read_stream
[fresh], [trained] = (read_stream.records(f, "encoder") for f in sys.argv[1:])
assert fresh["type"] == trained["type"] and trained["step"] > fresh["step"] == 0 and fresh["config"] == trained["config"]
print(*(n for n in fresh["weights"] if (fresh["weights"][n] != trained["weights"][n]).any()))' "$1" "$2"
}

# trains: the settings by which kinds are compared, with fresh.mp on zoo.mp.
trains() {
    emulate --fit fresh.mp --steps 240 --hidden 16 --batch 32 --rate 0.003 --clip 1 --condition every --validate-every 15 < zoo.mp > model.mp
}

# labelled: the same for labels.
labelled() {
    classify --fit task --encoder fresh.mp --steps 240 --rate 0.003 --clip 1 --log-every 20 < zoo.mp > model.mp
}

# last_loss: of training, in model.mp.
last_loss() {
    rec-table --kind log split loss < model.mp | awk '$1 == "train" { last = $2 } END { print last }'
}

# The emulator alone learns, too: an encoder has learnt something when it ends clearly below one whose embedding is a constant.
@test "emulate --fit trains every kind: the loss falls below what a constant embedding comes to, and it embeds" {
    local new
    constant-encode --new < zoo.mp > fresh.mp
    trains
    last_loss > constant
    for new in "${encoders[@]}"; do
        echo "$new"
        $new < zoo.mp > fresh.mp
        trains
        falls model.mp
        awk -v last="$(last_loss)" -v constant="$(< constant)" 'BEGIN { print last, "against", constant; exit !(last < 0.9 * constant) }'
        [[ $(changed fresh.mp model.mp) == *.weight* ]]
        "${new%% *}" --model model.mp < zoo.mp | rec-table --kind embedding z.0 > z
        [[ $(wc -l < z) == 72 ]]
    done
}

@test "classify --fit --encoder trains every kind from labels only: the loss falls below what a constant embedding comes to" {
    local new constant
    constant-encode --new < zoo.mp > fresh.mp
    labelled
    constant=$(last_loss)
    for new in "${encoders[@]}"; do
        echo "$new"
        $new < zoo.mp > fresh.mp
        labelled
        falls model.mp
        awk -v last="$(last_loss)" -v constant="$constant" 'BEGIN { print last, "against", constant; exit !(last < 0.7 * constant) }'
        [[ $(changed fresh.mp model.mp) == *.weight* ]]
        classify --model model.mp < zoo.mp | rec-table --kind prediction predicted.0 > predictions
        [[ $(wc -l < predictions) == 72 ]]
    done
}

@test "fixed probes stay as they were, learned ones don't" {
    local fixed
    for fixed in '' --fixed; do
        # shellcheck disable=SC2086 # an option or none
        probe --new --linear --probes 4 --length 8 $fixed < zoo.mp > fresh.mp
        emulate --fit fresh.mp --steps 5 --hidden 8 --weight-decay 0.1 < zoo.mp > model.mp
        changed fresh.mp model.mp > "names$fixed"
    done
    grep -q 'codes generator.0.weight generator.0.bias generator.1.weight' names
    run ! grep -E 'codes|generator' names--fixed
    grep -q output_transform names--fixed
}
