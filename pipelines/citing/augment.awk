# Lines of "SIZE ARM", split, loss -> a table: size, and the loss on validation of each arm.
BEGIN { FS = OFS = "\t" }
$2 == "validation" { loss[$1] = $3 }
END {
    n = split(sizes, size, " ")
    k = split(arms, arm, " ")
    line = "size"
    for (a = 1; a <= k; a++) line = line OFS arm[a]
    print line
    for (i = 1; i <= n; i++) {
        line = size[i]
        for (a = 1; a <= k; a++) line = line OFS loss[size[i] " " arm[a]]
        print line
    }
}
