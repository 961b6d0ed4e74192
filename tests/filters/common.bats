# What all filters have in common, checked for each one that is built.

# shellcheck disable=SC2154 # bats sets stderr_lines
load ../helper

@test "there are filters" {
    [[ $(filters | wc -l) -gt 0 ]]
}

@test "--help, --usage and --version print to standard output and succeed" {
    for filter in $(filters); do
        run -0 --separate-stderr "$filter" --help
        [[ $output == "Usage: $filter"*"Standard input:"*"Standard output:"*"Common options:"*"Exit status:"* && -z $stderr ]]
        [[ $(awk 'length > 100' <<< "$output" | grep -vc "$filter") == 0 ]] || { echo "$filter: long lines"; false; }
        run -0 --separate-stderr "$filter" --usage
        [[ $output == "Usage: $filter"* && -z $stderr ]]
        run -0 --separate-stderr "$filter" --version
        [[ $output == "$filter (rnnpipe) "[0-9]* && -z $stderr ]]
    done
}

@test "misuse exits 64 and hints at --help" {
    for filter in $(filters); do
        for misuse in --no-such-option --seed=x --seed --threads=0 --no-quiet=1; do
            run -64 --separate-stderr "$filter" $misuse
            [[ -z $output && ${stderr_lines[0]} == "$filter: "* && ${stderr_lines[1]} == "Try '$filter --help'." ]]
        done
    done
}

@test "--help that can't be written exits 74" {
    for filter in $(filters); do
        run -74 bash -c "$filter --help > /dev/full"
        run -74 bash -c "$filter --help >&-"
    done
}

@test "a configuration file: unknown keys and sections are refused with line and column, those of other filters are not" {
    for filter in $(filters); do
        printf '%s:\n  seed: 3\n  no-such-key: 1\n' "$filter" > config.yaml
        run -64 "$filter" --config config.yaml
        [[ $output == "$filter: config.yaml:3:3: unknown key 'no-such-key' in section '$filter'" ]]
        printf '# two\n\n%s: {seed: 1}\ntrain_rnn: {steps: 3}\n' "$filter" > config.yaml
        run -64 "$filter" --config config.yaml
        [[ $output == "$filter: config.yaml:4:1: unknown section 'train_rnn': there are experiment, and the filters: "*"train-rnn"* ]]
        run -66 "$filter" --config missing.yaml
        [[ $filter == probe ]] || printf 'experiment: {runs: 1}\nprobe: {no-such-key: 1}\nprobe-linear: {}\n' > config.yaml
        [[ $filter != probe ]] || printf 'emulate: {no-such-key: 1}\nclassify-fine-tuned: {}\n' > config.yaml
        run "$filter" --config config.yaml --no-such-option
        [[ $output != *config.yaml* ]]
    done
}

@test "every filter has a man page that names all its options" {
    for filter in $(filters); do
        page=$ROOT/filters/$filter.1
        [[ -e $page ]] || { echo "$filter: no man page"; false; }
        # The common options are in rnnpipe(7).
        for option in $("$filter" --help | grep -oE '^ +(-., )?--(\[no-\])?[a-z0-9-]+' | sed -E 's/.*--(\[no-\])?//'); do
            pattern=${option//-/'(\\-|-)'}
            grep -qE -- "(\\\\-\\\\-|--)(\\[no(\\\\-|-)\\])?$pattern([^a-z0-9-]|\$)" "$page" "$ROOT/filters/rnnpipe.7" ||
                { echo "$filter: --$option is not in its man page"; false; }
        done
    done
}

@test "man pages are well formed" {
    command -v mandoc > /dev/null || skip "no mandoc"
    for page in "$ROOT"/filters/*.[157]; do
        run -0 mandoc -T lint -W warning "$page"
        [[ -z $output ]]
    done
}
