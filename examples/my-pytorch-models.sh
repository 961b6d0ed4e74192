#!/usr/bin/env bash
# my-pytorch-models.sh FILE.pt...: which of my RNNs, as torch.save(model.state_dict(), FILE) wrote them, do the same? Two at least, with the
# same inputs and outputs, whatever their cells and sizes; whoever knows what they read gives it by rnn-rollout --inputs instead of noise.
# Prints of each its nearest relative. Writes into the current directory; the filters have to be on PATH. STEPS of training, default 1,000.
set -euo pipefail

import-rnn "$@" | rnn-rollout --noise "${NOISE:-normal}" | partition --ood 0 > zoo.mp
probe --new < zoo.mp > fresh.mp
emulate --fit fresh.mp --steps "${STEPS:-1000}" < zoo.mp > probe.mp
probe --model probe.mp < zoo.mp > z.mp
nearest --zoo z.mp --other-runs --count 1 < z.mp | rec-table --kind embedding name nearest.0.name nearest.0.distance
