# What all filters have in common, checked for each one that is built.

load ../helper

# common CHECK: of tests/python/common.py, for all filters
common() {
    # shellcheck disable=SC2046 # names without blanks
    python "$ROOT/tests/python/common.py" "$1" $(filters)
}

@test "there are filters" {
    [[ $(filters | wc -l) -gt 0 ]]
}

@test "--help, --usage and --version print to standard output and succeed" {
    common help
}

@test "misuse exits 64 and hints at --help" {
    common misuse
}

@test "--help that can't be written exits 74" {
    common unwritable
}

@test "a configuration file: unknown keys and sections are refused with line and column, those of other filters are not" {
    common configuration
}

@test "every filter has a man page that names all its options" {
    common pages
}

@test "man pages are well formed" {
    command -v mandoc > /dev/null || skip "no mandoc"
    run -0 mandoc -T lint -W warning "$ROOT"/filters/*.[157]
    [[ -z $output ]]
}
