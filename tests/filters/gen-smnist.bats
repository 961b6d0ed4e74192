#!/usr/bin/env bats

load ../helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

# The data records of a stream, one a line.
tasks() {
    rec-json < "$1" | grep '"kind": *"task"'
}

# Fields of the tasks of a stream, a task a line.
columns() { # FILE KEY...
    local file=$1
    shift
    rec-table --kind task "$@" < "$file"
}

@test "gen-smnist: a good run" {
    gen-smnist --count 5 --seed 3 > tasks.mp
    [ "$(tasks tasks.mp | wc -l)" -eq 5 ]
    [ "$(columns tasks.mp run seed task.family task.data task.tile | tr '\t\n' ' ,')" = "$(
        printf '%s 3 sequential-mnist mnist 4,' 0 1 2 3 4
    )" ]
}

@test "gen-smnist: rotations from the whole circle, weight decays from four" {
    gen-smnist --count 400 > tasks.mp
    columns tasks.mp task.rotation | awk '{ n[int($1 / 90)]++ } $1 < 0 || $1 >= 360 { bad++ } END { exit bad || !(n[0] > 60 && n[1] > 60 && n[2] > 60 && n[3] > 60) }'
    [ "$(columns tasks.mp task.rotation | sort -u | wc -l)" -eq 400 ]
    [ "$(columns tasks.mp task.weight_decay | sort -g | uniq -c | awk '$1 > 60 { print $2 }' | tr '\n' ' ')" = '0.0 0.001 0.01 0.1 ' ]
}

@test "gen-smnist: no task at all is a stream too" {
    gen-smnist --count 0 > tasks.mp
    [ -s tasks.mp ]
    run -1 tasks tasks.mp
}

@test "gen-smnist: the same bytes again, other tasks with another seed" {
    gen-smnist --count 50 > a.mp
    gen-smnist --count 50 > b.mp
    gen-smnist --count 50 --seed 2 > c.mp
    cmp a.mp b.mp
    [ "$(columns a.mp task.rotation)" != "$(columns c.mp task.rotation)" ]
}

@test "gen-smnist: shards put together are the whole" {
    gen-smnist --count 100 > whole.mp
    gen-smnist --count 60 > parts.mp
    gen-smnist --first-run 60 --count 1 >> parts.mp
    gen-smnist --first-run 61 --count 39 >> parts.mp
    [ "$(tasks parts.mp)" = "$(tasks whole.mp)" ]
    [ "$(tasks whole.mp | wc -l)" -eq 100 ]
}

@test "gen-smnist: standard input is not read" {
    gen-smnist --count 2 < /dev/null > a.mp
    gen-smnist --count 2 <&- > b.mp
    cmp a.mp b.mp
}

@test "gen-smnist: what is fixed is fixed, and does not change what is drawn" {
    gen-smnist --count 20 > drawn.mp
    gen-smnist --count 20 --rotation 12.5 > turned.mp
    [ "$(columns turned.mp task.rotation | sort -u)" = 12.5 ]
    [ "$(columns turned.mp task.weight_decay)" = "$(columns drawn.mp task.weight_decay)" ]
    gen-smnist --count 20 --weight-decay 0.05 > decayed.mp
    [ "$(columns decayed.mp task.weight_decay | sort -u)" = 0.05 ]
    [ "$(columns decayed.mp task.rotation)" = "$(columns drawn.mp task.rotation)" ]
    gen-smnist --rotation 0 --weight-decay 0 --tile 7 --data fashion-mnist > fixed.mp
    [ "$(columns fixed.mp task.rotation task.weight_decay task.tile task.data | tr '\t' ' ')" = '0.0 0.0 7 fashion-mnist' ]
}

@test "gen-smnist: options from a file" {
    printf 'gen-smnist: {count: 3, rotation: 45, tile: 14}\n' > config.yaml
    gen-smnist --config config.yaml --tile 2 > tasks.mp
    [ "$(columns tasks.mp task.rotation task.tile | tr '\t\n' ' ,')" = '45.0 2,45.0 2,45.0 2,' ]
}

@test "gen-smnist: misuse exits 64 and writes nothing" {
    local misuse
    for misuse in --count=-1 --count=x --tile=0 --tile=3 --tile=29 --rotation=360 --rotation=-1 --rotation=nan --rotation=x --rotation= \
        --weight-decay=-1 --weight-decay=1.5 --weight-decay=x --data= --data=. --data=a/b '--data=a b' --data=.hidden \
        "--data=$(printf 'x%.0s' {1..64})" --first-run=18446744073709551615 --nonsense operand; do
        run -64 bash -c "gen-smnist '$misuse' 2> message"
        [ -z "$output" ]
        grep -q '^gen-smnist: ' message
    done
}

@test "gen-smnist: help and version" {
    run -0 gen-smnist --help
    [[ "$output" == *--rotation* ]]
    run -0 gen-smnist --version
    [[ "$output" == gen-smnist* ]]
}

@test "gen-smnist: a full disk exits 74" {
    run -74 bash -c 'gen-smnist --count 10 > /dev/full'
    run -74 bash -c 'gen-smnist --count 100000 > /dev/full'
}

@test "gen-smnist: a closed pipe exits 141 without a word" {
    set +o pipefail # that it closes is what is tried
    gen-smnist --count 1000000 2> message | head -c 1 > /dev/null
    [ "${PIPESTATUS[0]}" -eq 141 ]
    [ ! -s message ]
}
