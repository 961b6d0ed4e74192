# gnuplot -c pca-period.gp DATA PICTURE: principal components of the embeddings, coloured by period and by damping.
load "../figures/style.gp"
set terminal pngcairo size 960,600 font "Sans,11"
set output ARG2

eval "set palette defined (" . viridis . ")"
stats ARG1 using 1 nooutput
margin = STATS_max > STATS_min ? 0.05 * (STATS_max - STATS_min) : 1
set xrange [STATS_min - margin:STATS_max + margin]
set xlabel "first component"
set multiplot layout 1,2 title "Embeddings by process: principal components" font ",13" margins 0.08,0.92,0.12,0.84 spacing 0.14
do for [i = 0:1] {
    set title i ? "damping" : "period (steps, logarithmic)"
    set ylabel i ? "" : "second component"
    if (i) { unset logscale cb } else { set logscale cb 2 }
    plot ARG1 using 1:2:i + 4 with points pointtype 7 pointsize 0.6 linecolor palette notitle
}
unset multiplot
