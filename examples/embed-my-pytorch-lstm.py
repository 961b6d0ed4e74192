#!/usr/bin/env python3
# embed-my-pytorch-lstm.py [ENCODER]: writes LSTMs as a stream of rnn records, lets probe interrogate them, compares their embeddings.
# ENCODER is a model of emulate --fit for RNNs of this size; by default an untrained one. Writes mine.mp into the current directory.
# Needs numpy, msgpack and msgpack_numpy; the filters have to be on PATH.
import subprocess, sys, zlib
import msgpack, msgpack_numpy, numpy as np

I, N, L, O = 6, 32, 2, 6  # inputs, hidden units, layers, outputs

def state_dict(seed):  # put your own model here
    try:
        import torch
    except ImportError:  # the same names and shapes, from NumPy
        shapes = {}
        for k in range(L):
            shapes |= {f"lstm.weight_ih_l{k}": (4 * N, N if k else I), f"lstm.weight_hh_l{k}": (4 * N, N)}
            shapes |= {f"lstm.bias_ih_l{k}": (4 * N,), f"lstm.bias_hh_l{k}": (4 * N,)}
        shapes |= {"linear.weight": (O, N), "linear.bias": (O,)}
        rng = np.random.default_rng(seed)
        return {name: rng.uniform(-1, 1, shape).astype("f4") / np.float32(N**0.5) for name, shape in shapes.items()}
    torch.manual_seed(seed)
    model = torch.nn.ModuleDict({"lstm": torch.nn.LSTM(I, N, L), "linear": torch.nn.Linear(N, O)})
    return {name: tensor.numpy() for name, tensor in model.state_dict().items()}

arch = {"cell": "lstm", "input": I, "hidden": N, "layers": L, "output": O}
records = [{"kind": "meta", "format": 1, "program": "mine", "version": "1", "history": []}]
records += [{"kind": "rnn", "run": run, "arch": arch, "weights": state_dict(run)} for run in range(4)]
data = b"".join(msgpack.packb(record, default=msgpack_numpy.encode) for record in records)
data += msgpack.packb({"kind": "end", "records": len(records), "crc32": zlib.crc32(data)})
open("mine.mp", "wb").write(data)

encoder = open(sys.argv[1], "rb").read() if len(sys.argv) > 1 else subprocess.check_output(["probe", "--new"], input=data)
stream = msgpack.Unpacker(object_hook=msgpack_numpy.decode)
stream.feed(subprocess.check_output(["probe", "--model", "-", "--data", "mine.mp"], input=encoder))
z = np.array([record["z"] for record in stream if record["kind"] == "embedding"])
print("cosines between the embeddings of four LSTMs:", *np.round(z @ z.T, 4), sep="\n")
