"""An RNN of a record, run by NumPy in double precision: what tests recompute results by.

Reader(record).step(state, token or row of inputs) -> (state, answers); state None is the start. A state is a list of layers' dictionaries
{"h", "c", "gates"}.
"""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Reader:
    def __init__(self, record):
        self.arch = record["arch"]
        self.weights = {name: np.asarray(w, float) for name, w in record["weights"].items()}
        self.hidden, self.layers = self.arch["hidden"], self.arch["layers"]

    def step(self, state, x):
        if np.ndim(x) == 0:
            x = np.eye(self.arch["input"])[x]
        after = []
        for layer in range(self.layers):
            before = state[layer] if state else {"h": np.zeros(self.hidden), "c": np.zeros(self.hidden)}
            after.append(getattr(self, self.arch["cell"])(layer, np.asarray(x, float), before))
            x = after[-1]["h"]
        return after, self.weights["linear.weight"] @ x + self.weights["linear.bias"]

    def parts(self, prefix, layer, x, h):
        w = self.weights
        return (w[f"{prefix}.weight_ih_l{layer}"] @ x + w[f"{prefix}.bias_ih_l{layer}"],
                w[f"{prefix}.weight_hh_l{layer}"] @ h + w[f"{prefix}.bias_hh_l{layer}"])

    def lstm(self, layer, x, before):
        a, b = self.parts("lstm", layer, x, before["h"])
        i, f, g, o = np.split(a + b, 4)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        c = f * before["c"] + i * g
        return {"h": o * np.tanh(c), "c": c, "gates": np.concatenate([i, f, g, o])}

    def gru(self, layer, x, before):
        a, b = self.parts("gru", layer, x, before["h"])
        (ar, az, an), (br, bz, bn) = np.split(a, 3), np.split(b, 3)
        r, z = sigmoid(ar + br), sigmoid(az + bz)
        n = np.tanh(an + r * bn)
        return {"h": (1 - z) * n + z * before["h"], "gates": np.concatenate([r, z, n])}

    def rnn_tanh(self, layer, x, before):
        a, b = self.parts("rnn", layer, x, before["h"])
        return {"h": np.tanh(a + b), "gates": np.tanh(a + b)}

    def rnn_relu(self, layer, x, before):
        a, b = self.parts("rnn", layer, x, before["h"])
        return {"h": np.maximum(a + b, 0), "gates": np.maximum(a + b, 0)}

    def run(self, inputs):
        """Answers [T,O] and states of a whole sequence."""
        state, states, answers = None, [], []
        for x in inputs:
            state, y = self.step(state, x)
            states.append(state)
            answers.append(y)
        return np.array(answers), states


def log_softmax(x):
    x = np.asarray(x, float)
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))
