# Judges arcs: child.run child.step parent.run parent.step truth.run truth.step undecided. For each kind of child (by its run number, see Makefile) how many parents are
# right, and what choosing any of the RNNs before it in its own chain at random would come to.
function kind(run, root) {
    if (root) return "roots"
    if (run < 1000) return "chains"
    if (run < 2000) return "fans"
    if (run < 3000) return "derived"
    return "hidden"
}
{
    k = kind($1, $5 == "?")
    n[k]++
    right[k] += $3 == $5 && $4 == $6
    undecided[k] += $7 == "1"
}
END {
    if (name == "arcs") print "how\tof\tarcs\tright\tshare\tundecided"
    count = split("roots chains fans derived hidden", order, " ")
    for (i = 1; i <= count; i++) {
        k = order[i]
        if (!n[k]) continue
        all += n[k]; all_right += right[k]; all_undecided += undecided[k]
        printf "%s\t%s\t%d\t%d\t%.3f\t%d\n", name, k, n[k], right[k], right[k] / n[k], undecided[k]
    }
    printf "%s\tall\t%d\t%d\t%.3f\t%d\n", name, all, all_right, all_right / all, all_undecided
}
