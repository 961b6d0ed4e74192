# scores.tsv (of score, whose encoders are called "ENCODER START WAY") -> a line for each encoder, start, way of learning and split: emulation
# loss and share of exact tasks, with their intervals.
BEGIN { FS = OFS = "\t" }
FNR == 1 {
    for (i = 1; i <= NF; i++)
        at[$i] = i
    print "encoder", "start", "learnt_by", "split", "loss", "low", "high", "exact_task", "low", "high"
    n = split("emulation_loss emulation_loss_low emulation_loss_high exact_task exact_task_low exact_task_high", shown, " ")
    next
}
{
    split($1 " - -", name, " ")
    sub(/,$/, "", name[3]) # score tells how it was trained behind a comma
    printf "%s\t%s\t%s\t%s", name[1], name[2], name[3], $2
    for (i = 1; i <= n; i++)
        printf "\t%s", $(at[shown[i]]) == "" ? "-" : sprintf("%.4f", $(at[shown[i]]))
    printf "\n"
}
