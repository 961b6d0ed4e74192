# gnuplot -c curves.gp DATA PICTURE: emulation loss against training steps, by encoder, on the three splits.
load "../figures/style.gp"
set terminal pngcairo size 960,600 font "Sans,11"
set output ARG2

blocks = system("sed -n 's/^# //p' " . ARG1 . " | tr ' \\n' ': '")
encoder(b) = word(blocks, b)[1:strstrt(word(blocks, b), ":") - 1]
split_name(b) = word(blocks, b)[strstrt(word(blocks, b), ":") + 1:*]

# Encoders of the paper have colours of their own; further ones take those of `further` (Tol's) in the order in which they come.
known = "interactive noninteractive linear dws transformer flat stats free random constant"
colors = sprintf("%s %s #CC79A7 %s %s #56B4E9 #000000 #882255 #BBBBBB %s", blue, vermilion, green, orange, grey)
further = "#332288 #999933 #AA4499 #117733 #DDCC77 #44AA99"
place(name, list) = sum [k = 1:words(list)] (word(list, k) eq name ? k : 0)
others = ""
do for [b = 1:words(blocks)] { if (!place(encoder(b), known . " " . others)) { others = others . " " . encoder(b) } }
color_of(name) = place(name, known) ? word(colors, place(name, known)) : word(further, (place(name, others) - 1) % words(further) + 1)

set multiplot layout 1,3 title "Emulation loss during training" font ",13" margins 0.08,0.81,0.13,0.86 spacing 0.05
stats ARG1 using 1 nooutput
set xrange [0:STATS_max]
set xtics STATS_max / 2
stats ARG1 using 2 nooutput
set yrange [STATS_min * 0.85 : STATS_max * 1.1]
set logscale y
set xlabel "training step"
do for [name in "train validation ood"] {
    set title name eq "ood" ? "out of distribution" : name eq "train" ? "training" : name
    set ylabel name eq "train" ? ARGC > 2 ? ARG3 : "total variation distance" : ""
    set ytics (1, 0.7, 0.5, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.015, 0.01, 0.007, 0.005, 0.003, 0.002, 0.001)
    set format y name eq "train" ? "%g" : ""
    if (name eq "ood") { set key at screen 0.825,0.86 left top vertical Left reverse samplen 2 } else { unset key }
    shown = ""
    do for [b = 1:words(blocks)] { if (split_name(b) eq name) { shown = shown . sprintf("%d ", b) } }
    plot for [b in shown] ARG1 index int(b) - 1 using 1:3:4 with filledcurves fillstyle transparent solid 0.2 noborder \
            linecolor rgb color_of(encoder(int(b))) notitle, \
        for [b in shown] ARG1 index int(b) - 1 using 1:2 with lines linewidth 2 linecolor rgb color_of(encoder(int(b))) title encoder(int(b))
}
unset multiplot
