# What all pictures share: Okabe and Ito's colours, which colour-blind readers tell apart, and quiet axes.
set datafile separator "\t"
set datafile missing "?"
set border 3 linecolor rgb "#444444"
set tics nomirror textcolor rgb "#222222"
set grid linetype 1 linecolor rgb "#e4e4e4" linewidth 1
set key textcolor rgb "#222222"
blue = "#0072B2"; orange = "#E69F00"; green = "#009E73"; vermilion = "#D55E00"; grey = "#888888"; dark = "#333333"
viridis = '0 "#440154", 1 "#414487", 2 "#2a788e", 3 "#22a884", 4 "#7ad151", 5 "#fde725"'
