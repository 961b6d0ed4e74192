# gnuplot -c probes.gp DATA PICTURE: what the encoder asks two RNNs, step by step, and what they answer.
load "../figures/style.gp"
set terminal pngcairo size 960,600 font "Sans,11"
set output ARG2

task(which) = system(sprintf("awk -F '\\t' '$2 == %d {print $3; exit}' %s", which, ARG1)) + 0
set multiplot layout 2,1 title "Dialogues of the encoder with two RNNs (the first of its parallel probes)" font ",13" \
    margins 0.08,0.97,0.1,0.88 spacing 0.1,0.12
do for [which = 0:1] {
    set title sprintf("period %.1f", task(which))
    set xlabel which ? "step" : ""
    set key top right
    plot sprintf("< awk '$1 == \"inputs\" && $2 == %d' %s", which, ARG1) using 4:6 with linespoints linewidth 2 pointtype 7 pointsize 0.5 \
        linecolor rgb blue title "probing input", \
        sprintf("< awk '$1 == \"answers\" && $2 == %d' %s", which, ARG1) using 4:6 with linespoints linewidth 2 pointtype 7 pointsize 0.5 \
        linecolor rgb vermilion title "answer: the next number"
}
unset multiplot
