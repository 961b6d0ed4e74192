# Lines of AXIS-NUMBER-SEED, split, truth, predicted -> a table of the share of right tasks, by axis and number: the mean of the seeds and
# its interval (Student's t), for both splits; and the slopes of both axes, by least squares over the logarithm of the number to the base 2.
BEGIN {
    FS = OFS = "\t"
    split("12.706 4.303 3.182 2.776 2.571 2.447 2.365 2.306 2.262", student, " ") # 97.5 %, by degrees of freedom
}

{
    split($1, part, "-")
    cell = part[1] "-" part[2]
    if (!(cell in place)) {
        place[cell] = ++cells
        name[cells] = cell
        axis[cells] = part[1]
        number[cells] = part[2]
    }
    if (!(part[3] in known)) {
        known[part[3]] = 1
        seed[++seeds] = part[3]
    }
    all[cell, part[3], $2]++
    right[cell, part[3], $2] += $3 == $4
}

function share(cell, s, which) { return right[cell, s, which] / all[cell, s, which] }

# mean and interval of x[1 .. seeds]
function told(x,    i, sum, squares, mean, half) {
    for (i = 1; i <= seeds; i++)
        sum += x[i]
    mean = sum / seeds
    for (i = 1; i <= seeds; i++)
        squares += (x[i] - mean) ^ 2
    if (seeds < 2)
        return sprintf("%.3f\t-\t-", mean)
    half = student[seeds - 1 < 9 ? seeds - 1 : 9] * sqrt(squares / (seeds - 1) / seeds)
    return sprintf("%.3f\t%.3f\t%.3f", mean, mean - half, mean + half)
}

function slopes(which, along,    i, k, n, x, y, sx, sy, sxx, sxy, s) {
    for (i = 1; i <= seeds; i++) {
        n = sx = sy = sxx = sxy = 0
        for (k = 1; k <= cells; k++)
            if (axis[k] == along) {
                x = log(number[k]) / log(2)
                y = share(name[k], seed[i], which)
                n++; sx += x; sy += y; sxx += x * x; sxy += x * y
            }
        s[i] = (sxy - sx * sy / n) / (sxx - sx * sx / n)
    }
    return told(s)
}

END {
    print "axis", "number", "ood", "ood_low", "ood_high", "validation", "validation_low", "validation_high"
    for (k = 1; k <= cells; k++) {
        for (i = 1; i <= seeds; i++) {
            ood[i] = share(name[k], seed[i], "ood")
            validation[i] = share(name[k], seed[i], "validation")
        }
        print axis[k], number[k], told(ood), told(validation)
    }
    print "languages", "doubled", slopes("ood", "languages"), slopes("validation", "languages")
    print "runs", "doubled", slopes("ood", "runs"), slopes("validation", "runs")
}
