# Emulation loss on other languages against the size of the zoo. table, picture: files.
set terminal pngcairo size 800,500 font "Sans,12"
set output picture
set datafile separator "\t"
set logscale x 2
set xlabel "RNNs in training"
set ylabel "emulation loss, validation languages"
set yrange [0:*]
set key outside right
plot for [i=2:5] table using 1:i with linespoints lw 2 pt 7 title columnheader(i)
