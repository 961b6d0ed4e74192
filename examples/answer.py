#!/usr/bin/env python3
# answer.py STREAM [RUN STEP]: answers questions as the first RNN of a stream would, or as that of this run and step: the program for
#     probe --model probe.mp --ask './answer.py zoo.mp' > embedding.mp
# A line of numbers is one input of the RNN; its raw outputs are the line that comes back; an empty line begins a new sequence (probe(1)).
# Put whatever you have in place of the class: probe sees nothing of it but the answers. Needs numpy, msgpack and msgpack_numpy.
import sys
import msgpack, msgpack_numpy, numpy as np


class Network:
    def __init__(self, record):
        self.arch, self.w = record["arch"], {name: np.asarray(x, float) for name, x in record["weights"].items()}
        self.reset()

    def reset(self):
        self.h, self.c = (np.zeros((self.arch["layers"], self.arch["hidden"])) for _ in range(2))

    def step(self, x):
        cell = self.arch["cell"]
        prefix = cell.split("_")[0]
        for l in range(self.arch["layers"]):
            a = self.w[f"{prefix}.weight_ih_l{l}"] @ x + self.w[f"{prefix}.bias_ih_l{l}"]
            b = self.w[f"{prefix}.weight_hh_l{l}"] @ self.h[l] + self.w[f"{prefix}.bias_hh_l{l}"]
            self.h[l] = x = getattr(self, cell)(a, b, l)
        return self.w["linear.weight"] @ x + self.w["linear.bias"]

    def lstm(self, a, b, l):
        i, f, g, o = np.split(a + b, 4)
        self.c[l] = sigmoid(f) * self.c[l] + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(self.c[l])

    def gru(self, a, b, l):
        (ar, az, an), (br, bz, bn) = np.split(a, 3), np.split(b, 3)
        z = sigmoid(az + bz)
        return (1 - z) * np.tanh(an + sigmoid(ar + br) * bn) + z * self.h[l]

    def rnn_tanh(self, a, b, l):
        return np.tanh(a + b)

    def rnn_relu(self, a, b, l):
        return np.maximum(a + b, 0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def find(path, run=None, step=None):
    for record in msgpack.Unpacker(open(path, "rb"), object_hook=msgpack_numpy.decode):
        if record["kind"] == "rnn" and (run is None or (record["run"], record.get("step", 0)) == (int(run), int(step))):
            return record
    sys.exit(f"{path}: no such RNN in it")


if len(sys.argv) not in (2, 4):
    sys.exit("usage: answer.py ZOO [RUN STEP]")
network = Network(find(*sys.argv[1:]))
for line in sys.stdin:
    if line.strip():
        print(*network.step(np.array(line.split(), float)), flush=True)
    else:
        network.reset()
