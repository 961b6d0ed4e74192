# The Makefile: what is made again, what is installed, and what it can't do.

# shellcheck disable=SC2154
load ../helper

make_one() { # ARGUMENT...: one object, into a folder of the test's own; prints what is compiled
    make -C "$ROOT" --no-print-directory BUILD="$BATS_TEST_TMPDIR/build" "$@" "$BATS_TEST_TMPDIR/build/lib/base/hash.o"
}

@test "objects are made again when flags, the version, the compiler or the instruction sets change, and only then" {
    [[ $(make_one) == *'CC  lib/base/hash.c'* ]]
    [[ $(make_one) != *CC* ]]
    for change in OPT=-O1 VERSION=9.9 CC='env cc' PORTABLE=1; do
        [[ $(make_one "$change") == *'CC  lib/base/hash.c'* ]] || { echo "$change: nothing was made"; false; }
        [[ $(make_one "$change") != *CC* ]] || { echo "$change: made twice"; false; }
    done
    [[ $(make_one -n OPT=-O3) == *'CC  lib/base/hash.c'* && $(make_one PORTABLE=1) != *CC* ]] # asking changes nothing
    local options
    for options in '' -j2 -k -n -kn; do # nothing but -n means that nothing is written
        # shellcheck disable=SC2086 # none is an option, too
        (cd "$ROOT" && env -u MAKEFLAGS make $options BUILD="$BATS_TEST_TMPDIR/plain" help > /dev/null) # -C would be a letter among the flags
        if [[ $options == *n* ]]; then [[ ! -e plain ]]; else [[ -s plain/flags && -s plain/members && -s plain/filters.names ]]; fi
        rm -rf plain
    done
    # the library is made again when its list of members changes
    make_one > /dev/null
    cp "$BATS_TEST_TMPDIR/build/members" before
    make_one PORTABLE=1 > /dev/null
    run ! cmp before "$BATS_TEST_TMPDIR/build/members"
}

@test "the compiler says what it compiles for, not this machine" {
    mkdir programs
    printf '#!/bin/sh\n[ "$1" = -dumpmachine ] && echo aarch64-linux-gnu && exit\nexec cc "$@"\n' > programs/arm-cc
    chmod +x programs/arm-cc
    run -0 make -C "$ROOT" -n BUILD="$BATS_TEST_TMPDIR/arm" CC="$PWD/programs/arm-cc" lib
    [[ $output != *mavx2* && $output == *kernels-portable.o* ]]
}

@test "names that make can't handle are refused at once; a stage of tests without programs has failed" {
    run -2 make -C "$ROOT" -n BUILD='a b' all
    [[ $output == *"BUILD has a blank in its path, which make can't handle: a b"* ]]
    run -1 "$ROOT/tests/run" "$BATS_TEST_TMPDIR/none" unit
    [[ ${lines[-1]} == '0 passed, 1 failed' ]]
}

@test "sizes of locks are taken in their order, whatever theirs was" {
    run -0 make -C "$ROOT/pipelines/locks" -n BITS='5 3 4 3' SEEDS=1 RESULTS="$BATS_TEST_TMPDIR/locks" BIN="$RNNPIPE_BIN"
    [[ $output == *'probe --new --interactive --length 5 '*'/sharp-3.mp '* && $output != *'--length 3 '* && $output != *'--length 4 '* ]]
}

@test "make install and uninstall, into a folder with a blank, leave nothing behind" {
    build=$(dirname "$RNNPIPE_BIN")
    # what is built is installed as it is: no compiler runs
    run -0 make -C "$ROOT" -o all install BUILD="$build" PREFIX="$BATS_TEST_TMPDIR/my inst"
    [[ $(find 'my inst/bin' -type f | wc -l) == $(find "$ROOT/filters" -name '*.c' | wc -l) ]]
    "my inst/bin/rec-info" --version
    completions='my inst/share/bash-completion/completions'
    for name in $(filters); do
        # shellcheck disable=SC1090
        (. "$completions/$name" && [[ $(complete -p "$name") == *"-o default -F _rnnpipe $name" ]]) || { echo "$name: no completion" && false; }
    done
    [[ -e 'my inst/share/man/man1/probe.1' && -e 'my inst/share/man/man5/rnnpipe-stream.5' ]]
    run -0 make -C "$ROOT" uninstall BUILD="$build" PREFIX="$BATS_TEST_TMPDIR/my inst"
    [[ ! -e 'my inst' || -z $(find 'my inst' -mindepth 1) ]]
    run -2 make -C "$ROOT" -n demo BUILD="$build" RESULTS="$BATS_TEST_TMPDIR/a b"
    [[ $output == *"RESULTS has a blank in its path"* ]]
    local target name
    for target in demo locks composition; do
        for name in "it's" 'a#b' 'a%b' 'a(b' 'a$$b'; do
            run -2 make -C "$ROOT" -n "$target" BUILD="$build" RESULTS="$BATS_TEST_TMPDIR/$name"
            [[ $output == *"RESULTS has a "?" in its path"* ]] || { echo "$target, $name: $output"; false; }
        done
    done
}

@test "experiments of many recipes run JOBS of them at a time" {
    local file
    for file in "$ROOT"/pipelines/*/*.mk; do
        [[ $file != */lineage.mk ]] || continue # trains by GNU parallel alone
        env -u MAKEFLAGS make -C "${file%/*}" -f "$file" -pn RESULTS="$BATS_TEST_TMPDIR/r" JOBS=3 > database 2> /dev/null || true # what is missing is no matter here
        grep -q '^MAKEFLAGS = .*-j3 ' database || { echo "$file"; false; }
    done
}
