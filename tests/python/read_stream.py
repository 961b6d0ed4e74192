"""Reads any stream of ours with msgpack and msgpack_numpy only, and checks all of it.

As a program, read_stream.py [FILE] prints one line a data record: kind, run, step. As a module, read(path) returns the segments, each a
list of records from meta to end. Any fault is an AssertionError, or an exception of msgpack's.
"""

import sys
import zlib

import msgpack
import msgpack_numpy
import numpy as np


CELLS = {"lstm": ("lstm", 4), "gru": ("gru", 3), "rnn_tanh": ("rnn", 1), "rnn_relu": ("rnn", 1)}  # prefix of names, blocks


def check_rnn(record):
    arch, weights = record["arch"], record["weights"]
    prefix, blocks = CELLS[arch["cell"]]
    hidden, inputs = arch["hidden"], arch["input"]
    size = blocks * hidden
    shapes = {}
    for layer in range(arch["layers"]):
        shapes[f"{prefix}.weight_ih_l{layer}"] = (size, inputs if layer == 0 else hidden)
        shapes[f"{prefix}.weight_hh_l{layer}"] = (size, hidden)
        shapes[f"{prefix}.bias_ih_l{layer}"] = shapes[f"{prefix}.bias_hh_l{layer}"] = (size,)
    shapes["linear.weight"], shapes["linear.bias"] = (arch["output"], hidden), (arch["output"],)
    assert [(name, array.shape) for name, array in weights.items()] == list(shapes.items())
    assert all(array.dtype == np.float32 and np.isfinite(array).all() for array in weights.values())
    if "rollouts" in record:
        rows, logits = record["rollouts"]["inputs"], record["rollouts"]["logits"]
        if rows.ndim == 2:  # tokens
            assert rows.dtype == np.uint8 and rows.max() < inputs and rows.shape[1] - logits.shape[1] in (0, 1)
            assert record.get("task", {}).get("family") != "formal-language" or (rows[:, 0] == inputs - 2).all()
            assert logits.dtype == np.float32 and logits.shape == (rows.shape[0], logits.shape[1], arch["output"])
        else:
            assert rows.dtype == logits.dtype and rows.dtype in (np.float16, np.float32)
            assert np.isfinite(rows).all() and np.isfinite(logits).all()
            assert rows.shape[2] == inputs and logits.shape == (*rows.shape[:2], arch["output"])


def check_embedding(record):
    z = record["z"]
    assert z.dtype == np.float32 and z.ndim == 1 and abs(np.linalg.norm(z) - 1) < 1e-5
    assert {"type", "seed", "step"} <= record["encoder"].keys() and "weights" not in record and "rollouts" not in record


def check_encoder(record):
    assert isinstance(record["type"], str) and record["arch"]["cell"] in CELLS
    assert all(isinstance(array, np.ndarray) and array.dtype == np.float32 for array in record["weights"].values())


CHECKS = {"rnn": check_rnn, "embedding": check_embedding, "encoder": check_encoder}


def read(path):
    data = open(path, "rb").read()
    unpacker = msgpack.Unpacker(object_hook=msgpack_numpy.decode, max_buffer_size=len(data) or 1)
    unpacker.feed(data)
    segments, crc, begin = [], 0, 0
    for record in unpacker:
        assert next(iter(record)) == "kind", "the first key is kind"
        at_start = not segments or segments[-1][-1]["kind"] == "end"
        assert at_start == (record["kind"] == "meta"), "a segment begins with meta"
        if at_start:
            assert record["format"] == 1 and record["history"][-1]["program"] == record["program"]
            segments.append([])
            crc = 0
        if record["kind"] == "end":
            assert record["records"] == len(segments[-1]) and record["crc32"] == crc
        crc = zlib.crc32(data[begin : unpacker.tell()], crc)
        begin = unpacker.tell()
        segments[-1].append(record)
        CHECKS.get(record["kind"], lambda _: None)(record)
    assert begin == len(data) and segments and segments[-1][-1]["kind"] == "end", "the last record is end"
    return segments


def records(path, kind=None, none=False):
    """The data records of a kind, or all; there have to be some, unless none is all right."""
    found = [r for segment in read(path) for r in segment[1:-1] if kind in (None, r["kind"])]
    assert found or none, f"{path}: no record{' of kind ' + kind if kind else ''}"
    return found


if __name__ == "__main__":
    for r in records(sys.argv[1] if len(sys.argv) > 1 else "/dev/stdin", none=True):
        print(r["kind"], r.get("run", "-"), r.get("step", "-"))
