# Lines of WIDTH, BATCH, MEASURE, VALUE -> a table: a line for each width and batch with the mean of every measure, and of its size for
# connectivity (|connectivity|); then, for each measure, Spearman's rank correlation of its means with those of the accuracy, with its 95 %
# interval (Fisher's z, of deviation sqrt(1.06 / (n - 3))).
BEGIN { FS = OFS = "\t" }

function add(measure, value) {
    if (!(measure in known)) {
        known[measure] = 1
        name[++measures] = measure
    }
    sum[$1, $2, measure] += value
    count[$1, $2, measure]++
}

{
    if (!(($1, $2) in seen)) {
        seen[$1, $2] = 1
        width[++cells] = $1
        batch[cells] = $2
    }
    add($3, $4)
    if ($3 ~ /^connectivity/)
        add("|" $3 "|", $4 < 0 ? -$4 : $4)
}

function mean(i, measure) { return sum[width[i], batch[i], measure] / count[width[i], batch[i], measure] }

# rank[i] of cell i among all, equal ones share the mean of their ranks
function rank_by(measure, rank,    i, k, below, equal) {
    for (i = 1; i <= cells; i++) {
        below = equal = 0
        for (k = 1; k <= cells; k++) {
            below += mean(k, measure) < mean(i, measure)
            equal += mean(k, measure) == mean(i, measure)
        }
        rank[i] = below + (equal + 1) / 2
    }
}

function correlation(x, y,    i, sx, sy, sxx, syy, sxy) {
    for (i = 1; i <= cells; i++) {
        sx += x[i]; sy += y[i]; sxx += x[i] * x[i]; syy += y[i] * y[i]; sxy += x[i] * y[i]
    }
    sxx -= sx * sx / cells; syy -= sy * sy / cells; sxy -= sx * sy / cells
    return sxx > 0 && syy > 0 ? sxy / sqrt(sxx * syy) : 0
}

function tanh(x) { return (exp(2 * x) - 1) / (exp(2 * x) + 1) }

END {
    line = "width" OFS "batch"
    for (m = 1; m <= measures; m++)
        line = line OFS name[m]
    print line
    for (i = 1; i <= cells; i++) {
        line = width[i] OFS batch[i]
        for (m = 1; m <= measures; m++)
            line = line OFS sprintf("%.4g", mean(i, name[m]))
        print line
    }
    rank_by("accuracy", of_accuracy)
    of_all = "Spearman" OFS "-"; low = "from" OFS "-"; high = "to" OFS "-"
    for (m = 1; m <= measures; m++) {
        rank_by(name[m], of_measure)
        r = correlation(of_measure, of_accuracy)
        if (r > 0.9999 || r < -0.9999 || cells < 4) { # Fisher's z has no width there
            from = to = r
        } else {
            z = log((1 + r) / (1 - r)) / 2
            half = 1.96 * sqrt(1.06 / (cells - 3))
            from = tanh(z - half); to = tanh(z + half)
        }
        of_all = of_all OFS sprintf("%.3f", r); low = low OFS sprintf("%.3f", from); high = high OFS sprintf("%.3f", to)
    }
    print of_all
    print low
    print high
}
