# gnuplot -c clones.gp DATA PICTURE: accuracy of the RNNs and of their clones (the emulator, given only an embedding).
load "../figures/style.gp"
set terminal pngcairo size 960,600 font "Sans,11"
set output ARG2

set multiplot layout 1,2 title "Original RNNs and their clones" font ",13" margins 0.08,0.98,0.2,0.86 spacing 0.1
if (int(system("wc -l < " . ARG1)) == 0) { set label "no clones: see emulate --clones" at screen 0.5,0.5 center textcolor rgb vermilion }
set yrange [0:1.02]
set key bmargin center horizontal

set title "one by one"
set xlabel "accuracy of the original"
set ylabel "accuracy of the clone"
set xrange [0:1.02]
points(split) = sprintf("< awk '$1 == \"%s\" { print; n++ } END { if (!n) print \"- ? ?\" }' %s", split, ARG1)
plot x with lines dashtype 2 linecolor rgb grey title "equal", \
    points("validation") using 2:3 with points pointtype 7 pointsize 0.8 linecolor rgb blue title "validation", \
    points("ood") using 2:3 with points pointtype 9 pointsize 0.9 linecolor rgb orange title "out of distribution"

set title "sorted by the original's accuracy"
set xlabel "RNN"
set ylabel "accuracy"
set xrange [0:1<*]
plot NaN notitle, ARG1 using 0:3 with points pointtype 7 pointsize 0.6 linecolor rgb vermilion title "clone", \
    ARG1 using 0:2 with lines linewidth 2.5 linecolor rgb blue title "original"
unset multiplot
