# scores.tsv (of score, whose encoders are called "ENCODER START WAY") -> a line for each encoder, start, way of
# learning and split: emulation loss and share of
# exact tasks, with their intervals.
BEGIN { FS = OFS = "\t" }
FNR == 1 {
    for (i = 1; i <= NF; i++)
        at[$i] = i
    print "encoder", "start", "learnt_by", "split", "loss", "low", "high", "exact_task", "low", "high"
    next
}
{
    n = split($1, name, " ")
    sub(/,$/, "", name[3]) # score adds how it was trained
    printf "%s\t%s\t%s\t%s", name[1], n > 1 ? name[2] : "-", n > 1 ? name[3] : "-", $2
    for (i = 1; i <= 6; i++) {
        value = $(at[(i <= 3 ? "emulation_loss" : "exact_task") (i % 3 == 2 ? "_low" : i % 3 == 0 ? "_high" : "")])
        printf "\t%s", value == "" ? "-" : sprintf("%.4f", value)
    }
    printf "\n"
}
