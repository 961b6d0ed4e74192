# gnuplot -c pca-accuracy.gp DATA PICTURE: principal components of the embeddings, coloured by the RNNs' accuracy.
load "../figures/style.gp"
set terminal pngcairo size 960,600 font "Sans,11"
set output ARG2

eval "set palette defined (" . viridis . ")"
set cbrange [0:1]
set title "Embeddings by accuracy: principal components" font ",13"
set xlabel "first component"
set ylabel "second component"
set cblabel "accuracy"
plot ARG1 using 1:2:3 with points pointtype 7 pointsize 0.7 linecolor palette notitle
