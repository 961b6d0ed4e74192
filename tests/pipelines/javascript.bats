# Streams and the MessagePack libraries of JavaScript, which get theirs from npm by the checksums of tests/javascript/package-lock.json.
load ../helper

LIBRARIES='@msgpack/msgpack msgpack-lite'

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    cp "$ROOT"/tests/javascript/package{,-lock}.json .
    npm ci --prefer-offline --no-audit --no-fund --ignore-scripts > npm.log 2>&1 || { cat npm.log >&2 && return 1; }
    gen-language --count 2 | train-rnn --steps 2 --hidden 4 --rollouts 2 --samples 2 > zoo.mp
    probe --new --hidden 8 --mlp-hidden 8 < zoo.mp > encoder.mp
    rec-select --keys str < zoo.mp > str.mp
}

setup() {
    cd "$BATS_FILE_TMPDIR" || return
}

copy() { # LIBRARY [typed]
    node "$ROOT/tests/javascript/copy.mjs" "$@"
}

@test "JavaScript reads numbers as Python does, from a stream with str keys" {
    node "$ROOT/examples/read-a-stream.mjs" str.mp > js
    python "$ROOT/examples/read-a-stream.py" zoo.mp | diff - js
    [[ $(wc -l < js) == 4 && $(head -n 1 js) == '4 snapshots of 2 RNNs with 382 weights each' ]]
    end=$(python -c 'import sys; print(open("str.mp", "rb").read().rindex(b"\x83\xa4kind\xa3end"))')
    head -c "$end" str.mp > cut.mp
    run ! node "$ROOT/examples/read-a-stream.mjs" cut.mp
    [[ $output == *'cut.mp: no end record: this stream was cut'* ]]
}

@test "rnnpipe-stream(5): the example in JavaScript" {
    sed -n '/^import {/,/^\.EE/{/^\.EE/d;p;}' "$ROOT/filters/rnnpipe-stream.5" | sed 's/\\-/-/g' > example.mjs
    node example.mjs > said
    [[ $(grep -cE '^[01] Float32Array\(6\) \[' said) == 4 ]]
}

@test "@msgpack/msgpack refuses the keys of arrays as Python has them, as rnnpipe-stream(5) says" {
    run ! node "$ROOT/examples/read-a-stream.mjs" zoo.mp
    [[ $output == *'The type of key must be string or number'* ]]
}

@test "what JavaScript's libraries write is read: str keys, and typed arrays as extensions" {
    want=$(probe --model encoder.mp < zoo.mp | rec-table z)
    [[ $(wc -l <<< "$want") == 4 ]]
    for library in $LIBRARIES; do
        for form in '' typed; do
            # shellcheck disable=SC2086 # no word or one
            copy "$library" $form < str.mp > "js$form.mp"
            run ! cmp -s "js$form.mp" zoo.mp
            rec-diff zoo.mp "js$form.mp"
            [[ $(probe --model encoder.mp < "js$form.mp" | rec-table z) == "$want" ]]
        done
    done
    run ! cmp -s js.mp jstyped.mp # msgpack-lite, the last one, has other forms for these
}

@test "Python reads what JavaScript wrote, after rec-select --keys bin" {
    for library in $LIBRARIES; do
        copy "$library" typed < str.mp | rec-select --keys bin > bin.mp
        python "$ROOT/examples/read-a-stream.py" bin.mp | diff - <(python "$ROOT/examples/read-a-stream.py" zoo.mp)
    done
}

@test "a model goes to JavaScript and back, too" {
    rec-select --keys str < encoder.mp | copy @msgpack/msgpack > model.mp
    cmp <(probe --model model.mp < zoo.mp | rec-table z) <(probe --model encoder.mp < zoo.mp | rec-table z)
}
