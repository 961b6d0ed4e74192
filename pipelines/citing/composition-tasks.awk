# JSON lines of tasks, drawn and partitioned -> tasks of languages of one split, each of them several times: the languages of this split in
# the order in which they first occur; copies "32:16 64:2" wants 16 of each of the first 32, two of each of those up to the 64th. Runs are
# numbered from `first`.
BEGIN {
    n = split(copies, ranges, " ")
    run = first + 0
}

/^{"kind":"(meta|end)"/ { print }

/^{"kind":"task"/ && index($0, "\"split\":\"" split_name "\"") && match($0, /"offsets":\[[^]]*\]/) && !seen[substr($0, RSTART, RLENGTH)]++ {
    for (i = 1; i <= n; i++) {
        split(ranges[i], range, ":")
        if (language < range[1]) {
            for (copy = 0; copy < range[2]; copy++) {
                task = $0
                sub(/"run":[0-9]+,/, "\"run\":" run++ ",\"language\":" language + 0 ",\"copy\":" copy ",", task)
                print task
            }
            break
        }
    }
    language++
}
