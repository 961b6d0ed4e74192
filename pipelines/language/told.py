#!/usr/bin/env python3
# told.py WHAT < ZOO > ZOO: RNNs of formal languages whose weights tell something and nothing else. All weights are 0, but for the first of
# lstm.bias_ih_l0, which encode WHAT: step, accuracy, b, c, d (the letter's offset), separated by +, or nothing. An encoder that reads these
# (flat-encode --new --ordered) and its emulator come to the loss of who knows this exactly, and nothing more. See told.mk.
import sys, zlib
import msgpack, msgpack_numpy, numpy

STEPS = [0, 100, 200, 500, 1000, 2000, 5000, 10000, 20000]
OFFSETS = range(-3, 3)
what = sys.argv[1].split("+") if len(sys.argv) == 2 else []
if not what or set(what) - {"nothing", "step", "accuracy", "b", "c", "d"}:
    sys.exit("usage: told.py nothing|step|accuracy|b|c|d[+...] < ZOO > ZOO")


def told(rnn):
    one_of = lambda values, value: [float(v == value) for v in values]
    known = one_of(STEPS, rnn["step"]) if "step" in what else []
    if "accuracy" in what:
        accuracy, loss = rnn["metrics"]["accuracy"], rnn["metrics"]["loss"]
        known += [accuracy, accuracy**4, min(loss, 2), 0.1 / (0.05 + loss)]
    for letter, offset in zip("bcd", rnn["task"]["offsets"][1:]):
        known += one_of(OFFSETS, offset) if letter in what else []
    weights = {name: numpy.zeros_like(w) for name, w in rnn["weights"].items()}
    weights["lstm.bias_ih_l0"][: len(known)] = known
    return rnn | {"weights": weights}


count = checksum = 0
for record in msgpack.Unpacker(sys.stdin.buffer, object_hook=msgpack_numpy.decode, max_buffer_size=1 << 30):
    if record["kind"] == "meta":
        history = record["history"] + [{"program": "told", "version": "1", "argv": ["told.py", sys.argv[1]]}]
        record, count, checksum = record | {"program": "told", "version": "1", "history": history}, 0, 0
    elif record["kind"] == "rnn":
        record = told(record)
    elif record["kind"] == "end":
        record = record | {"crc32": checksum}
    raw = msgpack.packb(record, default=msgpack_numpy.encode)
    count, checksum = count + 1, zlib.crc32(raw, checksum)
    sys.stdout.buffer.write(raw)
