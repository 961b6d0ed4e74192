# gnuplot -c tomita.gp DATA PICTURE: principal components of the embeddings of RNNs of Tomita's grammars, whose languages the encoder was
# not trained on. The size of a point grows with the RNN's accuracy.
load "../figures/style.gp"
set terminal pngcairo size 960,600 font "Sans,11"
set output ARG2

colours = "#0072B2 #E69F00 #009E73 #D55E00 #CC79A7 #56B4E9 #333333"
names = "1* (10)* odd-odd no-000 even-even mod-3 0*1*0*1*"
set title "RNNs of Tomita's grammars, embedded by an encoder of random automata" font ",13"
set xlabel "first component"
set ylabel "second component"
set key outside right top
plot for [g = 1:7] ARG1 using ($3 == g ? $1 : NaN):2:(0.4 + 1.2 * $4) with points pointtype 7 pointsize variable \
    linecolor rgb word(colours, g) title sprintf("%d: %s", g, word(names, g))
