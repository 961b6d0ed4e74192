"""Random RNNs of any cell, width, depth, inputs and outputs, as streams of ours.

make_rnns.py OUT: one of each cell in several sizes, with 5 inputs and 5 outputs (tokens) and widths 4 to 64. As a module: rnn(), write().
"""

import sys
import zlib

import msgpack
import msgpack_numpy
import numpy as np

BLOCKS = {"lstm": ("lstm", 4), "gru": ("gru", 3), "rnn_tanh": ("rnn", 1), "rnn_relu": ("rnn", 1)}


def rnn(cell, run, inputs=5, hidden=8, layers=1, outputs=5, **more):
    rng = np.random.default_rng(run)
    prefix, blocks = BLOCKS[cell]

    def uniform(*shape):
        return (rng.uniform(-1, 1, shape) * 1.2 / hidden**0.5).astype("f4")

    weights = {}
    for k in range(layers):
        weights[f"{prefix}.weight_ih_l{k}"] = uniform(blocks * hidden, hidden if k else inputs)
        weights[f"{prefix}.weight_hh_l{k}"] = uniform(blocks * hidden, hidden)
        weights[f"{prefix}.bias_ih_l{k}"] = uniform(blocks * hidden)
        weights[f"{prefix}.bias_hh_l{k}"] = uniform(blocks * hidden)
    weights["linear.weight"], weights["linear.bias"] = uniform(outputs, hidden), uniform(outputs)
    arch = {"cell": cell, "input": inputs, "hidden": hidden, "layers": layers, "output": outputs}
    roles = {key: more.pop(key) for key in ("reads", "answers") if key in more}
    return {"kind": "rnn", "run": run, "arch": {**arch, **roles}, "weights": weights, **more}


def write(path, records):
    meta = {"kind": "meta", "format": 1, "program": "make_rnns", "version": "1",
            "history": [{"program": "make_rnns", "version": "1", "argv": []}]}
    parts = [msgpack.packb(r, default=msgpack_numpy.encode) for r in [meta, *records]]
    data = b"".join(parts)
    with open(path, "wb") as f:
        f.write(data + msgpack.packb({"kind": "end", "records": len(parts), "crc32": zlib.crc32(data)}))


if __name__ == "__main__":
    sizes = [(4, 1), (64, 2), (17, 3), (32, 1)]
    write(sys.argv[1], [rnn(cell, i * 4 + k, hidden=n, layers=layers)
                        for k, (n, layers) in enumerate(sizes) for i, cell in enumerate(BLOCKS)])
