# gnuplot -c probes.gp DATA PICTURE: what the encoder asks two RNNs, step by step, and what they answer.
load "../figures/style.gp"
set terminal pngcairo size 960,600 font "Sans,11"
set output ARG2

stats ARG1 using 4 nooutput
steps = int(STATS_max)
task(which) = system(sprintf("awk -F '\\t' '$2 == %d {print $3; exit}' %s", which, ARG1))

set palette defined (0 "#ffffff", 0.25 "#c6dbef", 0.5 "#6baed6", 0.75 "#2171b5", 1 "#08306b")
set cbrange [0:1]
set xrange [0.5:steps + 0.5]
set border 15
unset grid
set xtics out 2
set multiplot layout 2,2 title "Dialogues of the encoder with two RNNs (the first of its parallel probes)" font ",13" \
    margins 0.1,0.88,0.1,0.86 spacing 0.06,0.12
do for [row = 0:1] {
    trace = row ? "answers" : "inputs"
    symbols = 1 + int(system(sprintf("awk '$1 == \"%s\" && $5 > m { m = $5 } END { print m + 0 }' %s", trace, ARG1)))
    set yrange [symbols - 0.5:-0.5]
    do for [which = 0:1] {
        set ytics scale 0 ("" 0) # only these, no numbers
        do for [i = 0:which ? -1 : symbols - 1] { set ytics add ((row ? (i ? "accepted" : "rejected") : sprintf("%d", i)) i) }
        set title row ? "" : sprintf("automaton of %s states", task(which))
        set xlabel row ? "step" : ""
        set ylabel which ? "" : row ? "answer" : "probing input" offset -1
        if (!row && which) {
            set colorbox user origin 0.9,0.1 size 0.02,0.76
            set cblabel "probability"
        } else {
            unset colorbox
        }
        plot sprintf("< awk '$1 == \"%s\" && $2 == %d' %s", trace, which, ARG1) using 4:5:6 with image notitle
    }
}
unset multiplot
