#!/usr/bin/env python3
"""Writes synthetic embedding records of a zoo of sequential MNIST, with splits: z is the direction of the rotation, the step (one-hot), the
accuracy and the generalisation gap, through a random linear map, with a little noise, of unit norm.
usage: rotation_stream.py RUNS ENCODER_SEED > STREAM"""
import sys
import zlib

import msgpack
import msgpack_numpy
import numpy as np

STEPS = [0, 100, 500, 2000, 20000]
Z = 24
runs, seed = int(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(seed)
basis = np.linalg.qr(rng.normal(size=(Z, 9)))[0]


def embedding(run, split, step, rotation):
    accuracy, gap = rng.uniform(), 0.05 * rng.normal()
    angle = np.radians(rotation)
    code = [np.cos(angle), np.sin(angle), *(step == s for s in STEPS), 2 * accuracy - 1, 20 * gap]
    z = basis @ np.array(code, float) + 0.01 * rng.normal(size=Z)
    return {
        "kind": "embedding",
        "run": run,
        "step": step,
        "seed": 1,
        "split": split,
        "task": {"family": "sequential-mnist", "data": "mnist", "tile": 4, "rotation": rotation, "weight_decay": 0.01},
        "metrics": {"accuracy": accuracy, "generalisation_gap": gap},
        "encoder": {"type": "interactive", "seed": seed, "step": 10},
        "z": (z / np.linalg.norm(z)).astype("<f4"),
    }


records = [{"kind": "meta", "format": 1, "program": "test", "version": "1", "history": [{"program": "test", "version": "1", "argv": ["test"]}]}]
for run in range(runs):
    rotation = float(rng.uniform(0, 360))
    split = "ood" if rotation >= 312 else "validation" if run % 6 == 0 else "train"
    records += [embedding(run, split, step, rotation) for step in STEPS]
data = b"".join(msgpack.packb(r, default=msgpack_numpy.encode) for r in records)
end = msgpack.packb({"kind": "end", "records": len(records), "crc32": zlib.crc32(data)})
sys.stdout.buffer.write(data + end)
