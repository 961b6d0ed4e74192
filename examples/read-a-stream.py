#!/usr/bin/env python3
# read-a-stream.py ZOO: a stream of rnn records as NumPy arrays, and what one does with them.
# Needs numpy, msgpack and msgpack_numpy, nothing of rnnpipe. Make a zoo by make-a-zoo.sh.
import sys
import msgpack, msgpack_numpy, numpy as np

if len(sys.argv) != 2:
    sys.exit("usage: read-a-stream.py ZOO")
runs, steps, accuracies, weights, last = [], [], [], [], None
with open(sys.argv[1], "rb") as file:
    for record in msgpack.Unpacker(file, object_hook=msgpack_numpy.decode):
        last = record["kind"]
        if last == "rnn":
            runs.append(record["run"])
            steps.append(record["step"])
            accuracies.append(record["metrics"]["accuracy"])
            weights.append(np.concatenate([w.ravel() for w in record["weights"].values()]))  # in the order of a state_dict
if last != "end":
    sys.exit(f"{sys.argv[1]}: no end record: this stream was cut")

if not runs:
    sys.exit(f"{sys.argv[1]}: no rnn records in it")

runs, steps, accuracies, weights = np.array(runs), np.array(steps), np.array(accuracies), np.array(weights)
print(f"{len(weights)} snapshots of {len(set(runs))} RNNs with {weights.shape[1]} weights each")
print("  step  snapshots  mean accuracy  norm of the weights")
for step in np.unique(steps):
    at = steps == step
    print(f"{step:6}{at.sum():11}{accuracies[at].mean():15.3f}{np.linalg.norm(weights[at], axis=1).mean():21.2f}")
