# gnuplot -c locks.gp TABLE PICTURE: the share of locks whose key is told after n questions, adaptive and fixed, beside the bounds.
load "../figures/style.gp"
set terminal pngcairo size 960,600 font "Sans,11"
set output ARG2

stats ARG1 skip 1 using 1 nooutput
set title "Locks of n bits: the share of all 2^n keys that n questions find" font ",13"
set xlabel "n: bits of the key, and questions"
set ylabel "share of keys that are told"
set yrange [0:1.05]
set xrange [STATS_min - 0.3:STATS_max + 0.3]
set xtics 1
set key outside bottom center horizontal width -2 height 1
plot ARG1 skip 1 using 1:(1) with lines dashtype 2 linewidth 2 linecolor rgb blue title "adaptive, the bound: all", \
    "" skip 1 using 1:9 with lines dashtype 2 linewidth 2 linecolor rgb vermilion title "fixed, the bound: (n + 1) / 2^n", \
    "" skip 1 using 1:3:4:5 with yerrorbars pointtype 7 pointsize 1.4 linewidth 2 linecolor rgb blue title "interactive probing", \
    "" skip 1 using 1:6:7:8 with yerrorbars pointtype 9 pointsize 1.4 linewidth 2 linecolor rgb vermilion title "non-interactive probing"
