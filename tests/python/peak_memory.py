#!/usr/bin/env python3
"""Peak memory, in KiB, of a filter that reads one record many times. usage: peak_memory.py COUNT STREAM COMMAND...

The filter's standard input is a segment of COUNT times the first data record of STREAM. The peak is read when all but the last byte has been taken; the
figure that wait() gives would be no smaller than that of this program before exec.
"""
import subprocess
import sys
import time
import zlib

import msgpack

count, stream, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
unpacker = msgpack.Unpacker(open(stream, "rb"), max_buffer_size=2**30)
meta, record = (msgpack.packb(next(unpacker)) for _ in range(2))
process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
process.stdin.write(meta)
crc = zlib.crc32(meta)
for _ in range(count):
    process.stdin.write(record)
    crc = zlib.crc32(record, crc)
end = msgpack.packb({"kind": "end", "records": count + 1, "crc32": crc})
process.stdin.write(end[:-1])
process.stdin.flush()
time.sleep(0.3)  # for what is in the pipe
with open(f"/proc/{process.pid}/status") as status:
    peak = next(line.split()[1] for line in status if line.startswith("VmHWM"))
process.stdin.write(end[-1:])
process.stdin.close()
assert process.wait() == 0, process.returncode
print(peak)
