# gnuplot -c transfer.gp DATA PICTURE: exact tasks by encoders that have seen LSTMs of 32 units only, for each kind of RNN, validation split.
load "../figures/style.gp"
set terminal pngcairo size 960,460 font "Sans,11"
set output ARG2
set datafile missing "-"

kinds = system("awk -F '\t' 'NR > 1 && $2 != \"-\" && !seen[$2]++ { printf \"%s \", $2 }' " . ARG1)
of(encoder, predictor) = sprintf("< awk -F '\t' -v OFS='\t' -v kinds='%s' 'BEGIN { n = split(kinds, k, \" \"); for (i = 1; i <= n; i++) place[k[i]] = i } \
    $1 == \"%s\" && $3 == \"%s\" && $4 == \"validation\" { print place[$2], $5, $6, $7 }' %s", kinds, encoder, predictor, ARG1)
majority = real("0" . system("awk -F '\t' '$1 == \"majority\" && $4 == \"validation\" { print $5 }' " . ARG1))

set xrange [0.4:words(kinds) + 0.6]
set xtics scale 0 noenhanced ("" 1)
do for [i = 1:words(kinds)] { set xtics add (word(kinds, i) i) }
set grid noxtics ytics
top = real(system("awk -F '\t' 'NR > 1 && $4 == \"validation\" { for (c = 5; c < 8; c++) if ($c + 0 > top) top = $c } END { print top + 0 }' " . ARG1))
set yrange [0:1.05 * (top > 0 ? top : 1)]
set key outside bottom center horizontal
set multiplot layout 1,2 title "Exact task by encoders that have seen LSTMs of 32 units only (validation split)" font ",13" margins 0.07,0.98,0.2,0.82 spacing 0.06
do for [predictor in "of_lstm-32 its_own"] {
    set title predictor eq "its_own" ? "predictor fitted on embeddings of the same kind" : "predictor that has seen them only, too"
    plot of("interactive", predictor) using ($1 - 0.17):2:(0.3) with boxes linecolor rgb blue fillstyle solid 1 noborder title "interactive", \
        of("linear", predictor) using ($1 + 0.17):2:(0.3) with boxes linecolor rgb green fillstyle solid 1 noborder title "linear", \
        of("interactive", predictor) using ($1 - 0.17):2:3:4 with yerrorbars pointtype 0 linewidth 1.2 linecolor rgb dark notitle, \
        of("linear", predictor) using ($1 + 0.17):2:3:4 with yerrorbars pointtype 0 linewidth 1.2 linecolor rgb dark notitle, \
        majority with lines linecolor rgb dark dashtype 2 linewidth 1.5 title "majority"
}
unset multiplot
