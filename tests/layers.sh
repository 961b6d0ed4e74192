#!/usr/bin/env bash
# The direction of dependencies: a folder of lib/ includes only itself and folders before it; cli is used by filters only; one file
# includes BLIS, one folder msgpack-c, one file libyaml. Includes are written "layer/file.h". Every filter has its man page and tests.
set -u
cd "$(dirname "$0")/.." || exit 1
layers=(base stream formats math grad nn rnn families records encoders analysis training)
declare -A apart=([training]=analysis) # side by side
failed=0
complain() {
    echo "layers: $1" >&2
    failed=$((failed + 1))
}

allowed=
for layer in "${layers[@]}"; do
    allowed+=" $layer"
    beside=${apart[$layer]:-} # a floor before it that it must not use all the same
    while IFS=: read -r file include; do
        from=${include#*\"}
        [[ " $allowed " == *" ${from%%/*} "* && $from == */* && ${from%%/*} != "$beside" ]] || complain "$file must not include \"${from%\"*}\""
    done < <(grep -Ho '#include "[^"]*"' lib/"$layer"/*.[ch])
done

only() { # HEADER PATTERN-OF-FILES
    local file
    for file in $(grep -lE "#include <$1" -r lib filters); do
        [[ $file =~ ^$2$ ]] || complain "$file must not include <$1>: that is for $2 alone"
    done
}
only 'blis' 'lib/math/blas\.c'
only 'msgpack' 'lib/stream/.*'
only 'yaml' 'lib/cli/config\.c'
only 'libdeflate' 'lib/base/.*'
only 'zip' 'lib/formats/zip\.c'
only 'hdf5' 'lib/formats/hdf5\.c'

for file in $(grep -lE '\b(exit|_Exit|quick_exit|v?f?printf|v?dprintf|f?puts|f?putc|putchar|perror|errx?|warnx?)\(' lib/{base,stream,formats,math,grad,nn,rnn,families,records,encoders,analysis,training}/*.c); do
    complain "$file prints or exits: that is for lib/cli and filters"
done
for file in lib/*/*_internal.h; do
    for user in $(grep -lF "/${file##*/}\"" -r lib filters --include='*.[ch]'); do
        [[ ${user%/*} == "${file%/*}" ]] || complain "$user includes $file, which is internal to its folder"
    done
done

# FILE:LINE of all code, without comments.
code=$(grep -H '' lib/*/*.[ch] filters/*.c | sed 's,//.*,,')
found() { # WHAT: complains of all lines that are read
    while read -r line; do complain "$1: $line"; done
}

# A family of tasks is named in its own files, FAMILY.c and FAMILY_PART.c, in the registry, and in the filter that makes its tasks: not in
# other code, nor in strings by its name in records. The names of gen- filters are not looked at.
mapfile -t families < <(grep -oE '\b[a-z]+_family\b' lib/families/registry.c | sort -u)
((${#families[@]} >= 2)) || complain "lib/families/registry.c: no families were found"
others=$(grep -vE '^(filters/gen-[a-z]*\.c|lib/families/registry\.c):' <<< "$code" | sed -E 's,gen-[a-z]+,,g')
for family in "${families[@]%_family}"; do
    in_records=$(sed -n 's/^    \.name = "\(.*\)",$/\1/p' "lib/families/$family.c")
    [[ $in_records ]] || complain "lib/families/$family.c: the family has no name"
    foreign=$(grep -vE "^lib/families/$family(_[a-z]+)?\.[ch]:" <<< "$others")
    found "the family $family is named" < <(
        grep -E ":.*\"[^\"]*$in_records" <<< "$foreign"
        sed 's/"[^"]*"//g' <<< "$foreign" | grep -iE ":.*\b(trainee_of_)?$family(_[a-z_]*)?\b"
    )
done

# A cell is named in its own file and in the registry only, and nobody else counts its blocks. The paper's networks are LSTMs (the core that
# probes, the emulator and its clone, the recipe), the lock is one by construction, the published zoos are of LSTMs, and files of other programs have names of their own.
lstm_by_design='lib/(encoders/(probing|interactive|noninteractive)|training/(emulator|clone)|families/(train|keylock)|records/npyzoo)\.c'
cells=$(sed -n '/cells\[\] = /,/;/p' lib/nn/cell.c | grep -oE '&cell_[a-z_]+' | sed 's/&cell_//' | paste -sd '|')
own_files=$(grep -lE '^const struct cell cell_' lib/nn/*.c | sed 's/\.c$//; s,.*/,,' | paste -sd '|')
[[ $cells == *'|'*'|'*'|'* && $own_files == *'|'* ]] || complain "lib/nn/cell.c: no cells were found"
found "four gates are counted" < <(grep -vE '^lib/(nn/lstm\.c|math/.*):' <<< "$code" |
    grep -E ':.*\b4 \* \(?(\(?size_t\)? ?)?\(?[a-z_>.-]*([hH]idden|units|gates|\bH\b|\bN\b)')
found "a cell is named" < <(grep -vE "^(lib/nn/(cell|$own_files)\.[ch]|lib/formats/.*|$lstm_by_design):" <<< "$code" |
    grep -E ":.*(\bcell_($cells)\b|\"($cells)(\"|\|))")

# What an experiment takes as a variable is one of its settings (settings.mk), or in the names of the files that it is of importance for, or
# says where things are; otherwise another value, in the same RESULTS, would show what the old one gave. What depends on the file CONFIG, by its copy
# SETTINGS, has it from $(settings).
found "CONFIG is read as it may be by now" < <(grep -n -- '--config *\$*\$(CONFIG)' pipelines/*.mk pipelines/*/*.mk pipelines/*/Makefile)
for makefile in pipelines/*/*.mk pipelines/locks/Makefile; do
    while read -r variable; do
        [[ $variable =~ ^(BIN|RESULTS|JOBS|ZOO|IMAGES|PYTHON)$ ]] || { [[ $variable == CONFIG ]] && grep -q ': .*\$(SETTINGS)' "$makefile"; } ||
            grep -qE "\\(call set,[^)]*\b$variable\b|^(CELLS|CHAINS|MODELS|PREDICTORS|JUDGED) .*\b$variable\b|foreach [a-z],.\($variable\)|\(($variable):%=" "$makefile" ||
            complain "$makefile: what is made with $variable does not depend on it: \$(call set,$variable)"
    done < <(sed -nE 's/^([A-Z_]+) *\?=.*/\1/p' "$makefile")
done

readme=$(< README.md) overview=$(sed 's/\\-/-/g' filters/rnnpipe.7)
for filter in filters/*.c; do
    name=${filter##*/} name=${name%.c}
    [[ -f filters/$name.1 ]] || complain "filters/$name.1 is missing"
    [[ -f tests/filters/$name.bats ]] || complain "tests/filters/$name.bats is missing"
    [[ $readme =~ (^|[^a-z-])$name($|[^a-z-]) ]] || complain "README.md does not name $name"
    [[ $overview =~ (^|[^a-z-])$name($|[^a-z-]) ]] || complain "filters/rnnpipe.7 does not name $name"
done
exit $((failed > 0))
