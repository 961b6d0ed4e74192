# gnuplot -c probes.gp DATA PICTURE: what the encoder shows to two RNNs, its tiles put together to an image, and what they answer.
load "../figures/style.gp"
set terminal pngcairo size 960,600 font "Sans,11"
set output ARG2

steps = int(system("awk -F '\\t' '$4 > n { n = $4 } END { print n }' " . ARG1))
pixels = int(system("awk -F '\\t' '$1 == \"inputs\" && $5 > n { n = $5 } END { print n + 1 }' " . ARG1))
task(which) = system(sprintf("awk -F '\\t' '$2 == %d {print $3; exit}' %s", which, ARG1))
side = int(sqrt(pixels) + 0.5)
columns = 28 / side

# The pixels of an image, line by line, as far as it was shown. The first tile is above it: where images are read, it is blank, and no part
# of them.
tiles = 'BEGIN { FS = "\t" } $1 == "inputs" && $2 == which { ' . \
    'top = $4 < 2 ? -side - 2 : int(($4 - 2) / columns) * side; left = $4 < 2 ? 0 : ($4 - 2) % columns * side; ' . \
    'value[top + int($5 / side), left + $5 % side] = $6 } ' . \
    'END { for (y = -side - 2; y < 28; y++) for (x = 0; x < 28; x++) print x "\t" y "\t" ((y, x) in value ? value[y, x] : "NaN") }'
image(which) = sprintf("< awk -v which=%d -v side=%d -v columns=%d '%s' %s", which, side, columns, tiles, ARG1)
answers(which) = sprintf("< awk -F '\\t' '$1 == \"answers\" && $2 == %d' %s", which, ARG1)

unset grid
set border 15
set label 1 "What the encoder shows to two RNNs, and what they answer" at screen 0.5,0.97 center font ",13"
set multiplot

set xrange [-0.5:27.5]
set yrange [27.5:-side - 2.5]
set size ratio -1
unset border
unset tics
set cbrange [0:1]
set palette gray
set object 1 rectangle from -0.5,-0.5 to 27.5,27.5 behind fillcolor rgb "#dfe9f3" fillstyle solid border rgb grey # blue is what was not shown
set object 2 rectangle from -0.5,-side - 2.5 to side - 0.5,-2.5 front fillstyle empty border rgb grey
set label 2 "first tile" at side + 0.3,-side / 2.0 - 2.5 left textcolor rgb dark
do for [which = 0:1] {
    set title sprintf("RNN of images turned by %s°", task(which)) offset 0,-0.3
    set lmargin at screen which ? 0.51 : 0.1
    set rmargin at screen which ? 0.87 : 0.46
    set tmargin at screen 0.87
    set bmargin at screen 0.41
    if (which) {
        set colorbox user origin 0.9,0.41 size 0.02,0.46
        set cblabel "pixel"
        set cbtics 0.5
    } else {
        unset colorbox
    }
    plot image(which) using 1:2:3 with image pixels notitle
}
unset object 1
unset object 2
unset label 1
unset label 2

set size noratio
set border 15
set title ""
set xrange [0.5:steps + 0.5]
set yrange [9.5:-0.5]
set palette defined (0 "#ffffff", 0.25 "#c6dbef", 0.5 "#6baed6", 0.75 "#2171b5", 1 "#08306b")
set xtics out nomirror auto
set ytics out nomirror 0,1,9
set xlabel "tile"
do for [which = 0:1] {
    set ylabel which ? "" : "digit"
    set lmargin at screen which ? 0.51 : 0.1
    set rmargin at screen which ? 0.87 : 0.46
    set tmargin at screen 0.36
    set bmargin at screen 0.1
    if (which) {
        set colorbox user origin 0.9,0.1 size 0.02,0.26
        set cblabel "probability"
    } else {
        unset colorbox
    }
    plot answers(which) using 4:5:6 with image notitle
}
unset multiplot
