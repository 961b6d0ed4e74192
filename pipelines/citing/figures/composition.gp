# gnuplot -c composition.gp DATA PICTURE LANGUAGES RUNS: share of right tasks out of distribution, by languages at RUNS runs and by runs of
# LANGUAGES languages.
load "../figures/style.gp"
set terminal pngcairo size 960,460 font "Sans,11"
set output ARG2
set datafile missing "-"

of(condition) = sprintf("< awk -F '\t' 'NR > 1 && !/doubled/ && (%s)' %s | sort -g -k1,1 -k2,2", condition, ARG1)
languages = of("$2 == " . ARG4 . " && $3 == 1 && $4 == 1")
runs = of("$1 == " . ARG3 . " && $3 == 1 && $4 == 1")
stats languages using 1 name "L" nooutput
stats runs using 2 name "R" nooutput
top = real(system("awk -F '\t' 'NR > 1 && !/doubled/ { for (c = 5; c < 8; c++) if ($c + 0 > top) top = $c } END { print top + 0 }' " . ARG1))
set yrange [0:1.05 * (top > 0 ? top : 1)]
set logscale x 2
set key top left
set multiplot layout 1,2 title "Exact task of RNNs of languages that nobody has met" font ",13" margins 0.07,0.98,0.13,0.82 spacing 0.07
set xrange [L_min / 1.25:L_max * 1.25]
set title "more languages, " . ARG4 . " runs"
set xlabel "languages"
plot languages using 1:5:6:7 with yerrorbars pointtype 0 linewidth 1.2 linecolor rgb dark notitle, \
    languages using 1:5 with linespoints linewidth 2 pointtype 7 linecolor rgb blue notitle
set xrange [R_min / 1.25:R_max * 1.25]
set title "more runs of " . ARG3 . " languages"
set xlabel "runs"
plot runs using 2:5:6:7 with yerrorbars pointtype 0 linewidth 1.2 linecolor rgb dark notitle, \
    runs using 2:5 with linespoints linewidth 2 pointtype 7 linecolor rgb orange notitle, \
    of("$3 > 1") using (ARG4 / 1.07):5:6:7 with yerrorbars pointtype 5 linecolor rgb green title ARG4 . " runs, three snapshots of each", \
    of("$4 > 1") using (ARG4 * 1.07):5:6:7 with yerrorbars pointtype 9 linecolor rgb vermilion title ARG4 . " runs, three widths"
unset multiplot
