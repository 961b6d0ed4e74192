# Lines of LANGUAGES-RUNS-SNAPSHOTS-WIDTHS-SEED, split, truth, predicted -> a table of the share of right tasks for each zoo: the mean of the
# seeds and its interval (Student's t), for both splits; and what is gained when languages are doubled at `runs` runs, or runs of `languages`:
# slopes by least squares over the logarithm to the base 2.
BEGIN {
    FS = OFS = "\t"
    split("12.706 4.303 3.182 2.776 2.571 2.447 2.365 2.306 2.262", student, " ") # 97.5 %, by degrees of freedom
}

{
    split($1, part, "-")
    cell = part[1] "-" part[2] "-" part[3] "-" part[4]
    if (!(cell in place)) {
        place[cell] = ++cells
        name[cells] = cell
        of_languages[cells] = part[1]
        of_runs[cells] = part[2]
        usual[cells] = part[3] == 1 && part[4] == 1
    }
    if (!(part[5] in known)) {
        known[part[5]] = 1
        seed[++seeds] = part[5]
    }
    all[cell, part[5], $2]++
    right[cell, part[5], $2] += $3 == $4
}

function share(cell, s, which) { return right[cell, s, which] / all[cell, s, which] }

# Mean and interval of x[1 .. seeds]; of shares it ends at 0 and 1, as those of score do.
function told(x, of_shares,    i, sum, squares, mean, half, low, high) {
    for (i = 1; i <= seeds; i++)
        sum += x[i]
    mean = sum / seeds
    for (i = 1; i <= seeds; i++)
        squares += (x[i] - mean) ^ 2
    if (seeds < 2)
        return sprintf("%.3f\t-\t-", mean)
    half = student[seeds - 1 < 9 ? seeds - 1 : 9] * sqrt(squares / (seeds - 1) / seeds)
    low = mean - half
    high = mean + half
    if (of_shares) {
        low = low < 0 ? 0 : low
        high = high > 1 ? 1 : high
    }
    return sprintf("%.3f\t%.3f\t%.3f", mean, low, high)
}

function slopes(which, along,    i, k, n, x, y, sx, sy, sxx, sxy, s) {
    for (i = 1; i <= seeds; i++) {
        n = sx = sy = sxx = sxy = 0
        for (k = 1; k <= cells; k++)
            if (usual[k] && (along == "languages" ? of_runs[k] == runs : of_languages[k] == languages)) {
                x = log(along == "languages" ? of_languages[k] : of_runs[k]) / log(2)
                y = share(name[k], seed[i], which)
                n++; sx += x; sy += y; sxx += x * x; sxy += x * y
            }
        if (sxx == sx * sx / n)
            return "-\t-\t-"
        s[i] = (sxy - sx * sy / n) / (sxx - sx * sx / n)
    }
    return told(s, 0)
}

END {
    print "languages", "runs", "snapshots", "widths", "ood", "ood_low", "ood_high", "validation", "validation_low", "validation_high"
    for (k = 1; k <= cells; k++) {
        for (i = 1; i <= seeds; i++) {
            ood[i] = share(name[k], seed[i], "ood")
            validation[i] = share(name[k], seed[i], "validation")
        }
        cell = name[k]
        gsub("-", OFS, cell)
        print cell, told(ood, 1), told(validation, 1)
    }
    print "doubled", runs, 1, 1, slopes("ood", "languages"), slopes("validation", "languages")
    print languages, "doubled", 1, 1, slopes("ood", "runs"), slopes("validation", "runs")
}
