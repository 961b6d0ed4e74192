# accuracy.tsv (kind, split, accuracy of an RNN), scores.tsv (of score, whose encoders are called "ENCODER KIND PREDICTOR") -> a line for each
# encoder, kind of RNN, predictor and split: the share of exact tasks with its interval, offsets right, and the mean accuracy of these RNNs.
BEGIN { FS = OFS = "\t" }
FILENAME == ARGV[1] {
    sum[$1, $2] += $3
    count[$1, $2]++
    next
}
FNR == 1 {
    for (i = 1; i <= NF; i++)
        at[$i] = i
    print "encoder", "RNNs", "predictor", "split", "exact_task", "low", "high", "per_offset", "accuracy_of_RNNs"
    next
}
{
    n = split($1, name, " ")
    kind = n == 3 ? name[2] : "-"
    printf "%s\t%s\t%s\t%s", name[1], kind, n == 3 ? name[3] : "-", $2
    for (i = 1; i <= 4; i++) {
        value = $(at[i == 1 ? "exact_task" : i == 2 ? "exact_task_low" : i == 3 ? "exact_task_high" : "offset_accuracy"])
        printf "\t%s", value == "" ? "-" : sprintf("%.3f", value)
    }
    printf "\t%s\n", count[kind, $2] ? sprintf("%.3f", sum[kind, $2] / count[kind, $2]) : "-"
}
