# gnuplot -c pca-rotation.gp DATA PICTURE: principal components of the embeddings, coloured by the angle of the images, on a circle of colours.
load "../figures/style.gp"
set terminal pngcairo size 960,600 font "Sans,11"
set output ARG2

set palette model HSV defined (0 0 0.75 0.85, 1 1 0.75 0.85)
set cbrange [0:360]
set cbtics 45
set multiplot layout 1,2 title "Embeddings by rotation: principal components, coloured by the angle of the RNN's images" font ",13" \
    margins 0.08,0.89,0.12,0.84 spacing 0.07
stats ARG1 using 1 nooutput
margin = STATS_max > STATS_min ? 0.05 * (STATS_max - STATS_min) : 1
set xrange [STATS_min - margin:STATS_max + margin]
set xlabel "first component"
best = real(system("sort -g -k3,3 " . ARG1 . " | awk '{ a[NR] = $3 } END { print a[int(NR / 2) + 1] + 0 }'"))
do for [half = 0:1] {
    set title half ? sprintf("the more accurate half (above %.2f)", best) : "all RNNs"
    set ylabel half ? "" : "second component"
    if (half) {
        set colorbox user origin 0.91,0.12 size 0.02,0.72
        set cblabel "degrees"
    } else {
        unset colorbox
    }
    plot ARG1 using 1:(half && $3 < best ? NaN : $2):4 with points pointtype 7 pointsize 0.7 linecolor palette notitle
}
unset multiplot
