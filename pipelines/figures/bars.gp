# gnuplot -c bars.gp DATA PICTURE: emulation loss and predictions, by encoder and mode of use, with 95 % intervals over the seeds.
load "../figures/style.gp"
set terminal pngcairo size 960,600 font "Sans,11"
set output ARG2

read(program) = system(sprintf("awk -F '\\t' '%s' %s", program, ARG1))
measure = system("sed -n 's/^# //p' " . ARG1)
loss = system("sed -n 's/^#loss //p' " . ARG1)
encoders = int(read("$2 > n { n = $2 } END { print n + 0 }"))
modes = read("$1 == \"validation\" && $2 && !seen[$5]++ { printf \"%s\\\"%s\\\"\", n++ ? \" \" : \"\", $5 }")
majority(panel) = read(sprintf("$1 == \"%s\" && !$2 { print $8 }", panel))
largest(panels) = real(read(sprintf("$1 ~ /%s/ { for (c = 8; c < 11; c++) if ($c + 0 > top) top = $c } END { print top + 0 }", panels)))
bars(panel, mode) = sprintf("< awk -F '\\t' '$1 == \"%s\" && $2 && $6 == %d' %s", panel, mode, ARG1)
color_of(kind) = kind eq "asks" ? blue : kind eq "reads" ? orange : grey
number_of(kind) = int("0x" . color_of(kind)[2:])
solid_of(mode) = 1 / 2.2 ** (mode - 1) # the first mode is full, the others lighter

# Middle and half the thickness of a bar: the modes of an encoder lie one below the other.
middle(place, mode, count) = place + 0.84 * ((mode - 0.5) / count - 0.5)
half(count) = 0.36 / count

# The legend, in a row.
entries = words(modes) > 1 ? words(modes) + 4 : 4
at(entry) = 0.535 + 0.13 * (entry - entries / 2.0)
set style rectangle fillstyle solid 1 noborder
do for [entry = 0:entries - 1] {
    mode = entry - 2
    if (entry < 3) {
        name = word("asks reads baseline", entry + 1)
        color = color_of(name)
        set object entry + 1 rectangle from screen at(entry) - 0.035, screen 0.028 to screen at(entry) - 0.008, screen 0.052 \
            fillcolor rgb color
    } else { if (entry < entries - 1) {
        name = word(modes, mode)
        set object entry + 1 rectangle from screen at(entry) - 0.035, screen 0.028 to screen at(entry) - 0.008, screen 0.052 \
            fillcolor rgb dark fillstyle solid solid_of(mode) noborder
    } else {
        name = "majority"
        set arrow entry + 1 from screen at(entry) - 0.035, screen 0.04 to screen at(entry) - 0.008, screen 0.04 nohead \
            linecolor rgb dark linewidth 1.5 dashtype 2
    } }
    set label entry + 1 name at screen at(entry), screen 0.04 left textcolor rgb dark
}

set multiplot layout 1,3 title "Encoders side by side" font ",13" margins 0.15,0.97,0.21,0.86 spacing 0.04
set yrange [encoders + 0.6:0.4]
set ytics scale 0 ("" 1) # only these, no numbers
do for [place = 1:encoders] { set ytics add (read(sprintf("$2 == %d { print $3; exit }", place)) place) }
set grid noytics xtics
do for [panel in "loss validation ood"] {
    set title panel eq "loss" ? "emulation loss, validation" : sprintf("%s, %s", measure, panel eq "ood" ? "out of distribution" : panel)
    set xlabel panel eq "loss" ? loss : "mean and 95 % interval"
    top = largest(panel eq "loss" ? "loss" : "validation|ood")
    top = top > 0 ? top : 1
    unit = 10.0 ** floor(log10(top))
    set xrange [0:1.05 * top]
    set xtics top > 4 * unit ? 2 * unit : top > 2 * unit ? unit : unit / 2
    shown = panel eq "loss" ? 1 : words(modes)
    if (strlen(majority(panel))) {
        set arrow 100 from real(majority(panel)), graph 0 to real(majority(panel)), graph 1 nohead front linecolor rgb dark \
            linewidth 1.5 dashtype 2
    }
    plot for [mode = 1:shown] bars(panel, mode) \
            using (0):(middle($2, $6, $7)):(0):8:(middle($2, $6, $7) - half($7)):(middle($2, $6, $7) + half($7)):(number_of(strcol(4))) \
            with boxxyerror linecolor rgb variable fillstyle solid solid_of(mode) noborder notitle, \
        for [mode = 1:shown] bars(panel, mode) using 8:(middle($2, $6, $7)):9:10 \
            with xerrorbars pointtype 0 linewidth 1.2 linecolor rgb dark notitle
    unset ytics
    unset label
    unset object
    unset arrow
}
unset multiplot
