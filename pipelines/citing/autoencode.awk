# Lines of START, WAY, SEED, split, accuracy of the original, of the decoded RNN, agreement, distance from the original, distance from the
# nearest training RNN -> a table of their means for each start, way and split, with the 95 % interval over seeds (Student's t) of accuracy
# and agreement; own: the share of RNNs that came back nearer to their original than to any training RNN.
BEGIN {
    FS = OFS = "\t"
    split("12.706 4.303 3.182 2.776 2.571 2.447 2.365 2.306 2.262", student, " ") # 97.5 %, by degrees of freedom
}

{
    row = $1 OFS $2 OFS $4
    if (!(row in known)) {
        known[row] = 1
        name[++rows] = row
    }
    if (!((row, $3) in count))
        seeds[row] = seeds[row] " " $3
    count[row, $3]++
    for (i = 5; i <= 9; i++)
        sum[row, $3, i] += $i
    sum[row, $3, 10] += $8 < $9
}

# mean and interval of a column
function told(row, column,    seed, n, i, x, mean, squares, half) {
    n = split(seeds[row], seed, " ")
    for (i = 1; i <= n; i++) {
        x[i] = sum[row, seed[i], column] / count[row, seed[i]]
        mean += x[i] / n
    }
    for (i = 1; i <= n; i++)
        squares += (x[i] - mean) ^ 2
    if (n < 2 || (column != 6 && column != 7))
        return sprintf("%.3f", mean)
    half = student[n - 1 < 9 ? n - 1 : 9] * sqrt(squares / (n - 1) / n)
    return sprintf("%.3f [%.3f, %.3f]", mean, mean - half, mean + half)
}

END {
    print "start", "trained by", "split", "accuracy, original", "accuracy", "agreement", "distance", "nearest", "own"
    for (r = 1; r <= rows; r++) {
        row = name[r]
        print row, told(row, 5), told(row, 6), told(row, 7), told(row, 8), told(row, 9), told(row, 10)
    }
}
