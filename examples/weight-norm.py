#!/usr/bin/env python3
# weight-norm.py < ZOO > ZOO: adds the Frobenius norm of all weights of each RNN to its metrics, as weight_norm.
import signal, sys, zlib
import msgpack, msgpack_numpy, numpy

class Tap:  # standard input, which keeps the bytes of the present record
    kept, offset = b"", 0
    def read(self, size):
        data = sys.stdin.buffer.read1(size)
        self.kept += data
        return data
    def take(self, end):
        record, self.kept, self.offset = self.kept[: end - self.offset], self.kept[end - self.offset :], end
        return record

def mapping(pairs):  # a map; arrays of other kinds than numbers are not for us: msgpack-numpy would unpickle them
    value = dict(pairs)
    if len(value) < len(pairs) or (b"nd" in value and value.get(b"kind", b"") != b""):
        raise ValueError("a duplicate key or an array of objects")
    return msgpack_numpy.decode(value)

def stop(status, text):
    print(f"weight-norm: {text}", file=sys.stderr)
    sys.exit(status)

def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # end quietly when nobody reads any more
    tap, crc_in, count, number = Tap(), 0, 0, 0  # count: records of the segment, 0 outside of one
    records = msgpack.Unpacker(tap, object_pairs_hook=mapping, max_buffer_size=1 << 30, max_array_len=1 << 24, max_map_len=1 << 23)
    while True:
        number += 1
        try:
            record, raw = records.unpack(), None
            raw = tap.take(records.tell())
            kind = record["kind"] if next(iter(record)) == "kind" else None
            if (kind == "meta") == (count > 0) or not isinstance(kind, str):
                raise ValueError("not the order meta, data records, end")
            if kind == "end" and (record["records"], record["crc32"]) != (count, crc_in):
                raise ValueError("wrong count or checksum")
            count, crc_in = (0, 0) if kind == "end" else (count + 1, zlib.crc32(raw, crc_in))
            if kind == "meta":
                if record["format"] != 1:
                    raise ValueError("unknown format")
                own = {"program": "weight-norm", "version": "1"}
                record = record | own | {"history": record.get("history", []) + [own | {"argv": ["weight-norm"]}]}
                crc_out = 0
            elif kind == "rnn":
                squares = sum(float(numpy.sum(numpy.square(w, dtype="f8"))) for w in record["weights"].values())
                record["metrics"] = record.get("metrics", {}) | {"weight_norm": squares**0.5}
            elif kind == "end":
                record["crc32"] = crc_out
        except msgpack.OutOfData:
            break
        except Exception as error:
            stop(65, f"standard input: record {number} (byte {tap.offset}): {error}")
        ...
