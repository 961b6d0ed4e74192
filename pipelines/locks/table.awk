# Lines of n, mode, seed, share -> a table: n, locks, then of adaptive and of fixed questions mean, least and greatest share over the seeds;
# the largest share that n fixed questions can have, (n + 1) / 2^n; how many fixed questions it takes to tell all keys, 2^n - 1.
BEGIN {
    FS = OFS = "\t"
    print "n", "locks", "interactive", "interactive_low", "interactive_high", "noninteractive", "noninteractive_low", "noninteractive_high", \
        "best_fixed", "fixed_for_all"
}

{
    if (!($1 in seen)) {
        seen[$1]
        order[++sizes] = $1
    }
    key = $1 OFS $2
    if (!(key in count) || $4 < low[key])
        low[key] = $4
    if (!(key in count) || $4 > high[key])
        high[key] = $4
    count[key]++
    sum[key] += $4
}

function shares(key) {
    return sum[key] / count[key] OFS low[key] OFS high[key]
}

END {
    for (i = 1; i <= sizes; i++) {
        n = order[i]
        print n, 2 ^ n, shares(n OFS "interactive"), shares(n OFS "non-interactive"), (n + 1) / 2 ^ n, 2 ^ n - 1
    }
}
