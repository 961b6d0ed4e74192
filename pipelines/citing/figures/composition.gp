# gnuplot -c composition.gp DATA PICTURE: share of right tasks out of distribution, by languages at 128 runs and by runs of 32 languages.
load "../figures/style.gp"
set terminal pngcairo size 960,460 font "Sans,11"
set output ARG2
set datafile missing "-"

of(axis) = sprintf("< awk -F '\t' '$1 == \"%s\" && $2 != \"doubled\"' %s", axis, ARG1)
top = real(system("awk -F '\t' 'NR > 1 && $2 != \"doubled\" { for (c = 3; c < 6; c++) if ($c + 0 > top) top = $c } END { print top + 0 }' " . ARG1))
set yrange [0:1.05 * (top > 0 ? top : 1)]
set logscale x 2
set key bottom right
set multiplot layout 1,2 title "Exact task of RNNs of languages that nobody has met" font ",13" margins 0.07,0.98,0.13,0.82 spacing 0.07
set xrange [6.5:158]
set title "more languages, 128 runs"
set xlabel "languages"
plot of("languages") using 2:3:4:5 with yerrorbars pointtype 0 linewidth 1.2 linecolor rgb dark notitle, \
    of("languages") using 2:3 with linespoints linewidth 2 pointtype 7 linecolor rgb blue notitle
set xrange [26:630]
set title "more runs of 32 languages"
set xlabel "runs"
plot of("runs") using 2:3:4:5 with yerrorbars pointtype 0 linewidth 1.2 linecolor rgb dark notitle, \
    of("runs") using 2:3 with linespoints linewidth 2 pointtype 7 linecolor rgb orange notitle, \
    of("snapshots") using (120):3:4:5 with yerrorbars pointtype 5 linecolor rgb green title "128 runs, three snapshots of each", \
    of("widths") using (136):3:4:5 with yerrorbars pointtype 9 linecolor rgb vermilion title "128 runs, three widths"
unset multiplot
