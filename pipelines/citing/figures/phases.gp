# gnuplot -c phases.gp DATA PICTURE: what is measured over widths and batches, a map each.
load "../figures/style.gp"
set terminal pngcairo size 1200,620 font "Sans,10"
set output ARG2
cells(value) = sprintf("< awk -F '\t' 'NR == 1 { for (c = 1; c <= NF; c++) at[$c] = c; next } /^[0-9]/ { print log($1) / log(2) \"\t\" log($2) / log(2) \"\t\" (%s) \"\t\" $1 \"\t\" $2 }' %s", value, ARG1)
measure(name) = cells("$at[\"" . name . "\"]")
unset grid
unset key
set tics scale 0
set palette defined (@viridis)
unset colorbox
names = "accuracy train_loss hessian_top hessian_trace cka barrier connectivity connectivity_aligned"
titles = "'accuracy' 'training loss' 'top eigenvalue' 'trace of the Hessian' 'CKA of states' 'barrier on the line' 'connectivity, curve' 'connectivity, curve, aligned'"
set multiplot layout 2,4 margins 0.06,0.99,0.1,0.94 spacing 0.035,0.17
# Numbers are white on dark, dark on light.
do for [i = 1:8] {
    data = measure(word(names, i))
    set xrange [*:*]
    set yrange [*:*]
    stats data using 3 name "V" nooutput
    stats data using 1 name "X" nooutput
    stats data using 2 name "Y" nooutput
    set xrange [X_min - 0.5:X_max + 0.5]
    set yrange [Y_min - 1:Y_max + 1]
    set cbrange [V_min:V_max > V_min ? V_max : V_min + 1]
    set title word(titles, i)
    set xlabel i > 4 ? "hidden units" : ""
    set ylabel i % 4 == 1 ? "images in a batch" : ""
    plot data using 1:2:(0.5):(1.0):3:xtic(4):ytic(5) with boxxyerror fillstyle solid noborder fillcolor palette, \
        data using 1:2:(sprintf(abs($3) < 10 ? "%.2f" : "%.0f", $3)):($3 > V_min + 0.6 * (V_max - V_min) ? 0x222222 : 0xffffff) with labels textcolor rgb variable font ",10"
}
unset multiplot
