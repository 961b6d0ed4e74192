#!/usr/bin/env python3
# weight-norm.py < ZOO > ZOO: adds the Frobenius norm of all weights of each
# RNN to its metrics, as weight_norm.
import signal, sys, zlib
import msgpack, msgpack_numpy, numpy

OWN = {"program": "weight-norm", "version": "1"}

def change(record):  # the filter proper; None: write the bytes as they are
    if record["kind"] == "meta":
        history = record.get("history", []) + [OWN | {"argv": ["weight-norm"]}]
        return record | OWN | {"history": history}
    if record["kind"] == "rnn":
        w = numpy.concatenate([w.ravel() for w in record["weights"].values()])
        norm = {"weight_norm": float(numpy.linalg.norm(w.astype("f8")))}
        return record | {"metrics": record.get("metrics", {}) | norm}

def mapping(pairs):  # msgpack-numpy would unpickle, that is run, objects
    value = dict(pairs)
    if len(value) < len(pairs) or value.get(b"kind", b"") != b"":
        raise ValueError("a duplicate key, or an array of objects")
    return msgpack_numpy.decode(value)

def stop(status, text):
    sys.exit(print(f"weight-norm: {text}", file=sys.stderr) or status)

if len(sys.argv) > 1 or sys.stdout.isatty():
    stop(64, "usage: weight-norm.py < ZOO > ZOO")
signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # quiet when nobody reads
out = open(1, "wb", closefd=False)
records = msgpack.Unpacker(object_pairs_hook=mapping, max_map_len=1 << 23,
                           max_array_len=1 << 24, max_buffer_size=1 << 30)
window, begin, number = bytearray(), 0, 1  # bytes not yet decoded; where
count = crc_in = crc_out = 0               # of the records since meta
try:
    for part in iter(lambda: sys.stdin.buffer.read1(1 << 16), b""):
        records.feed(part)
        window += part
        for record in records:
            raw = bytes(window[: records.tell() - begin])
            if type(record) is not dict or next(iter(record), "") != "kind":
                raise ValueError("no record: its first key is not kind")
            kind = record["kind"]
            if (kind == "meta") != (count == 0):
                raise ValueError("not in the order meta, data, end")
            if kind == "meta" and record["format"] != 1:
                raise ValueError("an unknown format")
            if kind == "end":
                if (record["records"], record["crc32"]) != (count, crc_in):
                    raise ValueError("wrong count or checksum")
                out.write(msgpack.packb(record | {"crc32": crc_out}))
                count = crc_in = crc_out = 0
            else:
                new = change(record)
                if new is not None:
                    new = msgpack.packb(new, default=msgpack_numpy.encode)
                out.write(new or raw)
                count, crc_in = count + 1, zlib.crc32(raw, crc_in)
                crc_out = zlib.crc32(new or raw, crc_out)
            del window[: len(raw)]
            begin, number = begin + len(raw), number + 1
    if count or window or number == 1:
        raise ValueError("the input ends without an end record")
    out.flush()
except OSError as error:
    stop(74, error)
except Exception as error:
    stop(65, f"standard input: record {number} (byte {begin}): {error!r}")
