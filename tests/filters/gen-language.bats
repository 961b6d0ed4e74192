#!/usr/bin/env bats

load ../helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

# The data records of a stream, one a line.
tasks() {
    rec-json < "$1" | grep '"kind": *"task"'
}

@test "gen-language: a good run" {
    gen-language --count 5 --seed 3 > tasks.mp
    [ "$(tasks tasks.mp | wc -l)" -eq 5 ]
    [ "$(tasks tasks.mp | grep -c '"seed": *3')" -eq 5 ]
    tasks tasks.mp | tail -n 1 | found '"run": *4'
    tasks tasks.mp | tail -n 1 | found '"length": *42'
}

@test "gen-language: no task at all is a stream too" {
    gen-language --count 0 > tasks.mp
    [ -s tasks.mp ]
    run -1 tasks tasks.mp
}

@test "gen-language: the same bytes again, other tasks with another seed" {
    gen-language --count 50 > a.mp
    gen-language --count 50 > b.mp
    gen-language --count 50 --seed 2 > c.mp
    cmp a.mp b.mp
    [ "$(tasks a.mp)" != "$(tasks c.mp)" ]
}

@test "gen-language: shards put together are the whole" {
    gen-language --count 100 > whole.mp
    gen-language --count 60 > parts.mp
    gen-language --first-run 60 --count 1 >> parts.mp
    gen-language --first-run 61 --count 39 >> parts.mp
    [ "$(tasks parts.mp)" = "$(tasks whole.mp)" ]
    [ "$(tasks whole.mp | wc -l)" -eq 100 ]
}

@test "gen-language: standard input is not read" {
    gen-language --count 2 < /dev/null > a.mp
    gen-language --count 2 <&- > b.mp
    cmp a.mp b.mp
}

@test "gen-language: alphabet, length, and max-n" {
    gen-language --tokens 2 --count 1 > two.mp
    tasks two.mp | found '"length": *22'
    gen-language --tokens 3 --max-n 6 --length 30 > three.mp
    tasks three.mp | found '"length": *30'
    tasks three.mp | found '"max_n": *6'
}

@test "gen-language: distinct languages, each once in 216 runs, in any parts" {
    gen-language --distinct --count 216 > all.mp
    [ "$(rec-table task.offsets < all.mp | sort -u | wc -l)" -eq 216 ]
    gen-language --distinct --first-run 200 --count 232 > later.mp
    [ "$(rec-table task.offsets < later.mp | head -n 16)" = "$(rec-table task.offsets < all.mp | tail -n 16)" ]
    [ "$(rec-table task.offsets < later.mp | tail -n 216 | sort -u | wc -l)" -eq 216 ]
    run -64 gen-language --distinct --offsets 0,1,1,1
    [[ $output == *"--distinct"* ]]
}

@test "gen-language: a fixed language" {
    gen-language --offsets 0,1,-2,2 --count 3 > fixed.mp
    [ "$(tasks fixed.mp | tr -d ' ' | grep -c '"offsets":\[0,1,-2,2\]')" -eq 3 ]
}

@test "gen-language: misuse exits 64 and writes nothing" {
    local misuse
    for misuse in --count=-1 --count=x --tokens=1 --tokens=9 --length=1025 --max-n=3 --max-n=1000 --offsets=0,1 --offsets=0,1,1,3 \
        --offsets=1,1,1,1 --offsets=0,1,1,1,1 '--offsets=0,1,1,' --offsets=a --first-run=18446744073709551615 --nonsense operand; do
        run -64 bash -c "gen-language '$misuse' 2> message"
        [ -z "$output" ]
        grep -q '^gen-language: ' message
    done
}

@test "gen-language: help and version" {
    run -0 gen-language --help
    [[ "$output" == *--first-run* ]]
    run -0 gen-language --version
    [[ "$output" == gen-language* ]]
}

@test "gen-language: a full disk exits 74" {
    run -74 bash -c 'gen-language --count 10 > /dev/full'
    run -74 bash -c 'gen-language --count 100000 > /dev/full'
}

@test "gen-language: a closed pipe exits 141 without a word" {
    set +o pipefail # that it closes is what is tried
    gen-language --count 1000000 2> message | head -c 1 > /dev/null
    [ "${PIPESTATUS[0]}" -eq 141 ]
    [ ! -s message ]
}
