#!/usr/bin/env python3
# data_records.py < STREAM: the bytes of all data records, just as they stand in the stream, and nothing else.
import sys
import msgpack

stream = sys.stdin.buffer.read()
records = msgpack.Unpacker(raw=True, strict_map_key=False)
records.feed(stream)
begin = 0
for record in records:
    if record[b"kind"] not in (b"meta", b"end"):
        sys.stdout.buffer.write(stream[begin : records.tell()])
    begin = records.tell()
