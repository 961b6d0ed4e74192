# The rows of one trace of all records, an empty line between records -> the rows of the chosen two, each with step and task in front:
# trace, which of the two (0, 1), its task, step, symbol, share. Of several parallel probes the first is shown. Answers are logits and go
# through softmax, a single one is a number.
BEGIN {
    FS = "\n"
    RS = ""
    OFS = "\t"
    split(chosen, want, " ")
}

function show(which, label,    i, c, columns, x, sum, top) {
    for (i = 1; i <= NF; i += probes) {
        columns = split($i, x, "\t")
        if (trace == "answers" && columns > 1) {
            top = x[1]
            for (c = 2; c <= columns; c++)
                top = x[c] + 0 > top + 0 ? x[c] : top
            sum = 0
            for (c = 1; c <= columns; c++)
                sum += x[c] = exp(x[c] - top)
            for (c = 1; c <= columns; c++)
                x[c] /= sum
        }
        for (c = 1; c <= columns; c++)
            print trace, which, label, (i - 1) / probes + 1, c - 1, x[c]
    }
}

NR == want[1] { show(0, want[2]) }
NR == want[3] { show(1, want[4]) }
