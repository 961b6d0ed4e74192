# Lines of split, accuracy, rotation of all records -> the numbers (from 1) and rotations of two to show: the most accurate of the validation
# split, and the most accurate that is turned by at least 90 degrees against it. When the split has none, of all records.
BEGIN { FS = "\t" }

{
    split_of[NR] = $1
    accuracy[NR] = $2 + 0
    rotation[NR] = $3 + 0
}

function turn(a, b,    d) {
    d = a < b ? b - a : a - b
    return d > 180 ? 360 - d : d
}

function best(other, wanted,    i, b) {
    for (i = 1; i <= NR; i++)
        if ((wanted == "" || split_of[i] == wanted) && (!other || turn(rotation[i], rotation[other]) >= 90) && (!b || accuracy[i] > accuracy[b]))
            b = i
    return b
}

END {
    if (!(first = best(0, "validation")))
        first = best(0, "")
    if (!(second = best(first, "validation")) && !(second = best(first, "")))
        second = first
    printf "%d %.0f %d %.0f\n", first, rotation[first], second, rotation[second]
}
