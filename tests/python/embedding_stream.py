#!/usr/bin/env python3
"""Writes synthetic embedding records of all 216 formal languages of four letters: z is the task, one-hot offsets, through a random
linear map, with a little noise, of unit norm. usage: embedding_stream.py SNAPSHOTS ENCODER_SEED > STREAM"""
import itertools
import sys
import zlib

import msgpack
import msgpack_numpy
import numpy as np

snapshots, seed = int(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(seed)
Z = 24
basis = np.linalg.qr(rng.normal(size=(Z, 19)))[0]


def embedding(run, step, offsets):
    accuracy = rng.uniform()
    code = np.zeros(19)
    for letter, offset in enumerate(offsets):
        code[6 * letter + offset + 3] = 1
    code[18] = 2 * accuracy - 1
    z = basis @ code + 0.01 * rng.normal(size=Z)
    return {
        "kind": "embedding",
        "run": run,
        "step": step,
        "seed": 1,
        "task": {"family": "formal-language", "tokens": 4, "offsets": [0, *offsets], "length": 42, "max_n": 10},
        "metrics": {"accuracy": accuracy},
        "unknown": {"carried": [1, 2.5, None]},
        "encoder": {"type": "interactive", "seed": seed, "step": 10},
        "z": (z / np.linalg.norm(z)).astype("<f4"),
    }


records = [{"kind": "meta", "format": 1, "program": "test", "version": "1", "history": [{"program": "test", "version": "1", "argv": ["test"]}]}]
for run, task in enumerate(itertools.product(range(-3, 3), repeat=3)):
    records += [embedding(run, step, task) for step in range(snapshots)]
data = b"".join(msgpack.packb(r, default=msgpack_numpy.encode) for r in records)
end = msgpack.packb({"kind": "end", "records": len(records), "crc32": zlib.crc32(data)})
sys.stdout.buffer.write(data + end)
