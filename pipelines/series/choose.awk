# Lines of split, r2 (not looked at), period of all records -> the numbers (from 1) and periods of two to show: the shortest and the longest
# period of the validation split; when it has none, of all records.
BEGIN { FS = "\t" }

{
    split_of[NR] = $1
    period[NR] = $3 + 0
}

function extreme(sign, wanted,    i, b) {
    for (i = 1; i <= NR; i++)
        if ((wanted == "" || split_of[i] == wanted) && (!b || sign * period[i] >= sign * period[b])) # the last one: fully trained
            b = i
    return b
}

END {
    if (!(first = extreme(-1, "validation")))
        first = extreme(-1, "")
    if (!(second = extreme(1, "validation")))
        second = extreme(1, "")
    print first, period[first], second, period[second]
}
