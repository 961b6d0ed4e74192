# shellcheck shell=bash
# What the recipes of this folder share: which shards a zoo has, which of them are there, and how they become one file.
#
# Files are the truth: a shard is done when its file is a complete stream (its end record, count and checksum are right), not when a log or an
# exit status says so. A shard gets its name only when complete, and files with other names are never looked at.
set -euo pipefail
export LC_ALL=C

fail() { # STATUS TEXT
    echo "${0##*/}: $2" >&2
    exit "$1"
}

# section NAME: a section of the YAML file.
section() {
    sed -n "/^$1:/,/^[^ #]/{/^$1:/p;/^ /p}" "$config"
}

# setting KEY: a number of section experiment, one key a line.
setting() {
    local value
    value=$(section experiment | sed -n "s/ *#.*//;s/^ *$1: *//p")
    [[ $value =~ ^[1-9][0-9]*$ ]] || fail 64 "$config: section experiment needs $1, a number"
    echo "$value"
}

# begin CONFIG RESULTS: sets GENERATOR, results (absolute) and shards (file names, in order of their runs). What makes the zoo is kept in
# RESULTS/settings.yaml, which all jobs read; RESULTS that were begun with other settings are refused, so that a zoo is never of two kinds.
begin() {
    [[ -r ${1:-} && -n ${2:-} ]] || fail 64 "usage: ${0##*/} CONFIG RESULTS ... (see the head of ${BASH_SOURCE[1]})"
    command -v rec-info > /dev/null || fail 66 "the filters are not on PATH"
    export GENERATOR=${GENERATOR:-gen-language}
    config=$1
    mkdir -p "$2/shards"
    results=$(cd "$2" && pwd)
    local runs size run last new odd
    odd=$(sed -nEf "$(dirname "${BASH_SOURCE[0]}")/../odd-lines.sed" "$config" | head -n 1)
    [[ ! $odd ]] || fail 64 "$config: a section is written as name: at the beginning of a line, and what is in it behind blanks; not '$odd'"
    runs=$(setting runs)
    size=$(setting shard)
    shards=()
    for ((run = 0; run < runs; run += size)); do
        last=$((run + size < runs ? run + size : runs))
        shards+=("$run-$((last - 1)).mp")
    done
    new=$results/settings.$HOSTNAME.$$.tmp
    { echo "# made by $GENERATOR" && section "$GENERATOR" && section train-rnn && section partition; } > "$new"
    ln "$new" "$results/settings.yaml" 2> /dev/null || true # the first one wins, also among jobs that begin at the same time
    cmp -s "$new" "$results/settings.yaml" || {
        rm "$new"
        fail 64 "$results was begun with other settings, see settings.yaml there: name another folder, or remove it"
    }
    rm "$new"
}

# lock: one recipe at a time in RESULTS, since each clears away what it takes for leftovers. The jobs of an array (zoo.slurm) need none. The
# lock ends with this process, however that ends; jobs that outlive it don't hold it.
lock() {
    exec {locked}> "$results/lock"
    command -v flock > /dev/null || return 0 # not on every system
    flock --nonblock "$locked" || fail 75 "another recipe is at work in $results: try again when it has ended"
}

complete() { # FILE
    rec-info --quiet "$1" > /dev/null 2>&1
}

# prune_log: makes --resume safe. GNU parallel goes by a job's number alone, also when arguments are others now, and takes a job for done that
# has failed. So only those lines stay whose number and name are those of a shard that is complete.
prune_log() {
    local i
    [[ -e $results/joblog ]] || return 0
    for ((i = 0; i < ${#shards[@]}; i++)); do
        if complete "$results/shards/${shards[i]}"; then printf '%d\t%s\n' $((i + 1)) "${shards[i]}"; fi
    done > "$results/joblog.done"
    awk -F '\t' 'FILENAME == ARGV[1] { name[$1] = $2; next }
        FNR == 1 || ($1 in name && substr($9, length($9) - length(name[$1])) == " " name[$1])' "$results/joblog.done" "$results/joblog" \
        > "$results/joblog.tmp"
    mv "$results/joblog.tmp" "$results/joblog"
    rm "$results/joblog.done"
}

# in_parallel NAME... -- OPTION-OR-COMMAND...: the command for each shard, its name at the end. A job that fails three times is no accident.
in_parallel() {
    local names=()
    while [[ $1 != -- ]]; do names+=("$1") && shift; done
    printf '%s\n' "${names[@]}" |
        PARALLEL_SHELL=$(type -P bash) parallel --plain --will-cite --retries 3 --halt soon,fail=1 "${@:2}" {} {locked}>&- ||
        fail 65 "shards are missing; what is complete is kept: call again to go on"
}

# assemble FOLDER FILE: the folder's shards, in order, as one stream, checked once more on its way.
assemble() {
    (cd "$1" && printf '%s\0' "${shards[@]}" | xargs -0 cat) | tee "$2.tmp" | rec-info --quiet ||
        fail 65 "a shard is missing or damaged: call again to make it anew"
    mv "$2.tmp" "$2"
    rm -f "$1"/*.tmp
}
