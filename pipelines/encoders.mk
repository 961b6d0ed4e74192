# The encoders of the experiments, by the names that tables give them: the command that makes a fresh one. Its first word is the filter that
# embeds with it, too. No name has a hyphen: one stands between a name and the seed.

# As published.
new-interactive    := probe --new
new-noninteractive := probe --new --non-interactive
new-linear         := probe --new --linear
new-free           := probe --new --linear --layers 0
new-random         := probe --new --linear --layers 0 --fixed
new-dws            := dws-encode --new
new-transformer    := transformer-encode --new
new-flat           := flat-encode --new
new-stats          := stats-encode --new
new-constant       := constant-encode --new

# Interactive probing that begins by letting the RNN talk.
new-talk           := probe --new --probes 4 --echo --recall

# Generated probes, as linear has, of an encoder that sees the hidden states beside the answers.
new-hidden         := probe --new --hidden-states

# Of what reads, standardised over the zoo: plus; what minds the order of units keeps it in training, which is of use on RNNs of one start.
new-dws+           := dws-encode --new --standardise
new-transformer+   := transformer-encode --new --ordered --standardise
new-flat+          := flat-encode --new --ordered --standardise
new-stats+         := stats-encode --new --standardise

# Flattened weights with one of the two.
new-ordered        := flat-encode --new --ordered
new-standardised   := flat-encode --new --standardise

# Statistics of each gate's weights apart, of each input's and output's, and of both.
new-gates          := stats-encode --new --standardise --per-gate
new-inputs         := stats-encode --new --standardise --per-input
new-parts          := stats-encode --new --standardise --per-gate --per-input

# All names; and $(call known-encoders,NAMES), which stops where one is none of these.
encoder-names  = $(sort $(patsubst new-%,%,$(filter new-%,$(.VARIABLES))))
known-encoders = $(foreach e,$(1),$(if $(new-$(e)),,$(error unknown encoder '$(e)': there are $(encoder-names))))
