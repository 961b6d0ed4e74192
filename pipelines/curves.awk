# Lines of encoder, split, step, loss (of all seeds) -> a block for each encoder and split, with its name as heading and lines of step and
# the loss' mean, least and greatest over the seeds; two empty lines between blocks.
BEGIN { FS = OFS = "\t" }

{
    block = $1 " " $2
    if (!(block in count))
        blocks[++n] = block
    if (!((block, $3) in seeds))
        steps[block, ++count[block]] = $3
    if (!seeds[block, $3]++)
        low[block, $3] = high[block, $3] = $4
    sum[block, $3] += $4
    if ($4 < low[block, $3])
        low[block, $3] = $4
    if ($4 > high[block, $3])
        high[block, $3] = $4
}

END {
    for (b = 1; b <= n; b++) {
        block = blocks[b]
        print (b > 1 ? "\n\n" : "") "# " block
        for (i = 1; i <= count[block]; i++) {
            s = steps[block, i]
            print s, sum[block, s] / seeds[block, s], low[block, s], high[block, s]
        }
    }
}
