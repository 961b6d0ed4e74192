# gnuplot -c probes.gp DATA PICTURE: what the encoder asks two RNNs, step by step, and what they answer.
load "../figures/style.gp"
set terminal pngcairo size 960,600 font "Sans,11"
set output ARG2

stats ARG1 using 5 nooutput
symbols = int(STATS_max) + 1
stats ARG1 using 4 nooutput
steps = int(STATS_max)
task(which) = system(sprintf("awk -F '\\t' '$2 == %d {print $3; exit}' %s", which, ARG1))

set palette defined (0 "#ffffff", 0.25 "#c6dbef", 0.5 "#6baed6", 0.75 "#2171b5", 1 "#08306b")
set cbrange [0:1]
set xrange [0.5:steps + 0.5]
set yrange [symbols - 0.5:-0.5]
set border 15
unset grid
set xtics out 2
set ytics out ("BOS" symbols - 2, "EOS" symbols - 1)
do for [i = 0:symbols - 3] { set ytics add (word("a b c d e f g h", i + 1) i) }
set multiplot layout 2,2 title "Dialogues of the encoder with two RNNs" font ",13" margins 0.1,0.88,0.1,0.86 spacing 0.06,0.12
do for [row = 0:1] {
    trace = row ? "answers" : "inputs"
    do for [which = 0:1] {
        set title row ? "" : sprintf("RNN of offsets %s", task(which))
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
