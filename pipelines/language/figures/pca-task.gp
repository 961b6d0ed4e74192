# gnuplot -c pca-task.gp DATA PICTURE: principal components of the embeddings, coloured by each offset of the language.
load "../figures/style.gp"
set terminal pngcairo size 960,600 font "Sans,11"
set output ARG2

# The columns of offsets that this alphabet has.
offsets = int(system("awk 'NR == 1 { for (n = 0; $(n + 4) ~ /[0-9]/;) n++; print n }' " . ARG1))
letters = "b c d e f g h"

eval "set palette defined (" . viridis . ") maxcolors 6"
stats ARG1 using 1 nooutput
low = STATS_min
high = STATS_max
margin = high > low ? 0.05 * (high - low) : 1
unit = 10.0 ** floor(log10(high - low + 2 * margin)) # ticks far enough apart for the labels of small panels
set xrange [low - margin:high + margin]
many = (high - low) / unit
step = many > 4 ? 2 * unit : many > 2 ? unit : unit / 2
set xtics step
set cbrange [-3.5:2.5]
set cbtics 1
set xlabel "first component"
set multiplot layout 1,offsets title "Embeddings by task: principal components, coloured by the offset of each letter" font ",13" \
    margins 0.07,0.9,0.12,0.86 spacing 0.03
do for [i = 1:offsets] {
    set title sprintf("offset of %s", word(letters, i))
    set ylabel i == 1 ? "second component" : ""
    set format y i == 1 ? "%g" : ""
    if (i == offsets) { set colorbox user origin 0.92,0.12 size 0.02,0.74 } else { unset colorbox }
    plot ARG1 using 1:2:i + 3 with points pointtype 7 pointsize 0.6 linecolor palette notitle
}
unset multiplot
