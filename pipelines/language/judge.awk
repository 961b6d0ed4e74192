# Reports on RNNs, a line each (interrogator.mk) -> for short, long and all trainings: how often they are right about the language, and the
# expected calibration error of what the embedding tells of each letter: over ten bins of confidence, |right - confidence| by their numbers.
# With so few answers it is not 0 even where all confidences are right: what it is then, the mean of a thousand simulations, stands beside it.
BEGIN { FS = OFS = "\t"; srand(1) }
NR == 1 { next }
{
    for (group = 0; group < 3; group++) {
        if (group == 1 && $1 >= 5000 || group == 2 && $1 < 5000)
            continue
        reports[group]++
        warned[group] += $2
        words[group] += $3 == "words"
        right[group] += $4 == $5
        for (i = 0; i < 3; i++) {
            sure = $(7 + 2 * i)
            bin = group " " (sure < 1 ? int(10 * sure) : 9)
            confidence[group, answers[group]++] = sure
            hits[group] += $(6 + 2 * i) == $(12 + i)
            off[bin] += ($(6 + 2 * i) == $(12 + i)) - sure
        }
    }
}
function ideal(group,    sum, t, a, b, sure, miss) {
    for (t = 0; t < 1000; t++) {
        split("", miss)
        for (a = 0; a < answers[group]; a++) {
            sure = confidence[group, a]
            miss[sure < 1 ? int(10 * sure) : 9] += (rand() < sure) - sure
        }
        for (b in miss)
            sum += miss[b] < 0 ? -miss[b] : miss[b]
    }
    return sum / 1000 / answers[group]
}
END {
    print "trained for", "reports", "right", "by words", "warned", "embedding right", "calibration error", "if calibrated"
    for (group = 0; group < 3; group++) {
        error = 0
        for (b = 0; b < 10; b++)
            error += off[group " " b] < 0 ? -off[group " " b] : off[group " " b]
        n = reports[group]
        name = group == 0 ? "all" : group == 1 ? "less than 5000 steps" : "5000 steps and more"
        printf "%s\t%d\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\n", name, n, right[group] / n, words[group] / n, warned[group] / n,
            hits[group] / answers[group], error / answers[group], ideal(group)
    }
}
