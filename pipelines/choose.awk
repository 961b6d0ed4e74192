# Lines of split, accuracy, task of all records -> the numbers (from 1) and tasks of two to show: the most accurate of the validation split,
# and the most accurate with another task. When the split has none, of all records.
BEGIN { FS = "\t" }

{
    split_of[NR] = $1
    accuracy[NR] = $2 + 0
    task[NR] = $3
}

function best(except, wanted,    i, b) {
    for (i = 1; i <= NR; i++)
        if ((wanted == "" || split_of[i] == wanted) && task[i] != except && (!b || accuracy[i] > accuracy[b]))
            b = i
    return b
}

END {
    if (!(first = best("", "validation")))
        first = best("", "")
    if (!(second = best(task[first], "validation")) && !(second = best(task[first], "")))
        second = first
    print first, task[first], second, task[second]
}
