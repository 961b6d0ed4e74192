# table.tsv, and modes.tsv if there is one; `asks` and `reads` say which encoders do -> `# ` and the heading (without one, the measure's
# name); `#loss ` and what the loss is; then for each bar: panel (loss, validation, ood), place of the encoder (1 has the least emulation loss
# on the validation split; 0 is the majority), its name, kind (asks, reads, baseline), mode, place and count of the modes, mean, low and high.
BEGIN {
    FS = OFS = "\t"
    if (heading == "") {
        heading = measure
        gsub("_", " ", heading)
    }
    print "# " heading
    print "#loss " (loss_name == "" ? "total variation distance" : loss_name)
    split(asks, names, " ")
    for (i in names)
        kind[names[i]] = "asks"
    split(reads, names, " ")
    for (i in names)
        kind[names[i]] = "reads"
}

FNR == 1 {
    for (c = 1; c <= NF; c++)
        column[$c] = c
    next
}

function add(panel, name, mode, measure,    c) {
    c = column[measure]
    if (!c || $c == "")
        return
    if (!(mode in modes) && name != "majority")
        modes[mode] = ++mode_count
    bars[++count] = panel
    bar_name[count] = name
    bar_mode[count] = mode
    numbers[count] = $c OFS ($(c + 1) == "" ? $c : $(c + 1)) OFS ($(c + 2) == "" ? $c : $(c + 2)) # of one seed there is no interval
}

$1 == "sampled" { next } # no encoder

{
    comma = index($1, ", ")
    name = comma ? substr($1, 1, comma - 1) : $1
    mode = comma ? substr($1, comma + 2) : "frozen"
}

FNR != NR && mode == "frozen" { next } # table.tsv has it

{
    if ($2 == "validation" && mode == "frozen") {
        add("loss", name, mode, "emulation_loss")
        loss[name] = $column["emulation_loss"]
        if (name != "majority") {
            for (i = ++encoders; i > 1 && loss[order[i - 1]] > loss[name]; i--)
                order[i] = order[i - 1]
            order[i] = name
        }
    }
    add($2, name, mode, measure)
}

END {
    for (i = 1; i <= encoders; i++)
        place[order[i]] = i
    for (b = 1; b <= count; b++) {
        name = bar_name[b]
        print bars[b], place[name] + 0, name, name in kind ? kind[name] : "baseline", bar_mode[b], \
            bars[b] == "loss" ? 1 : modes[bar_mode[b]] + 0, bars[b] == "loss" ? 1 : mode_count, numbers[b]
    }
}
