# curves.tsv (lever, encoder, seed, step, split, loss, kl_reverse, z_variance, probe_entropy, seconds) -> a line for each lever and encoder, in
# the order of the file: means over the seeds, at the step of each seed's least validation loss, of the training, validation and ood loss and
# of reverse KL on the validation split; the least and greatest validation loss; variance of z and entropy of probes (-: nothing asks) at that
# step; seconds of the whole training.
BEGIN { FS = OFS = "\t" }
{
    run = $1 FS $2 FS $3
    at = run FS $4 FS $5
    loss[at] = $6
    reverse[at] = $7
    if ($5 == "train") {
        variance[at] = $8
        entropy[at] = $9
    }
    seconds[run] = $10
    if ($5 == "validation" && (!(run in best) || $6 < loss[run FS best[run] FS "validation"]))
        best[run] = $4
    if (!(run in known)) {
        known[run]
        name = $1 FS $2
        if (!(name in count))
            order[++names] = name
        runs[name, ++count[name]] = run
    }
}
function mean_of(values, part,   i, sum) {
    for (i = 1; i <= count[name]; i++)
        sum += values[runs[name, i] FS best[runs[name, i]] FS part]
    return sum / count[name]
}
function show(x) {
    return sprintf("%.4f", x)
}
END {
    print "lever", "encoder", "seeds", "train", "validation", "least", "greatest", "kl_reverse", "ood", "z_variance", "entropy", "seconds"
    for (n = 1; n <= names; n++) {
        name = order[n]
        least = 1e9
        greatest = spent = 0
        for (i = 1; i <= count[name]; i++) {
            run = runs[name, i]
            x = loss[run FS best[run] FS "validation"]
            least = x < least ? x : least
            greatest = x > greatest ? x : greatest
            spent += seconds[run] / count[name]
        }
        print name, count[name], show(mean_of(loss, "train")), show(mean_of(loss, "validation")), show(least), show(greatest),
            show(mean_of(reverse, "validation")), show(mean_of(loss, "ood")), show(mean_of(variance, "train")),
            entropy[run FS best[run] FS "train"] == "?" ? "-" : show(mean_of(entropy, "train")), sprintf("%.0f", spent)
    }
}
