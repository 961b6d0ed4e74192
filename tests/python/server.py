#!/usr/bin/env python3
"""server.py SOCKET: runs Python programs for tests/python/client. What takes longest of a short one is to import NumPy: here that is done once,
and each program runs in a forked child with the client's descriptors, folder, arguments and environment. Ends when nobody holds its
standard input open any more."""
import gc
import os
import select
import signal
import socket
import struct
import sys
import traceback
import types

import msgpack  # noqa: F401, as the next two: for those that are run
import msgpack_numpy  # noqa: F401
import numpy  # noqa: F401


def receive(connection):
    """Takes over what the client is; returns the arguments."""
    header, descriptors, _, _ = socket.recv_fds(connection, 8, 3)
    size, count = struct.unpack("II", header)
    data = b""
    while len(data) < size:
        data += connection.recv(size - len(data))
    folder, *texts = data.split(b"\0")[:-1]
    os.chdir(folder)
    os.environb.clear()
    os.environb.update(text.split(b"=", 1) for text in texts[count:])
    for place, descriptor in enumerate(descriptors):
        os.dup2(descriptor, place)
        os.close(descriptor)
    sys.stdin = open(0, closefd=False)
    sys.stdout = open(1, "w", closefd=False)
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    return [os.fsdecode(text) for text in texts[:count]]


def execute(arguments):
    """python3 ARGUMENT..., of which there are three forms: -c CODE, FILE, and - or none for standard input."""
    source, *sys.argv = arguments[1:] if arguments[:1] == ["-c"] else arguments or ["-"]
    name, folder = source, ""
    if arguments[:1] == ["-c"]:
        name = "<string>"
        sys.argv.insert(0, "-c")
    else:
        sys.argv.insert(0, source)
        folder = os.path.dirname(os.path.abspath(source)) if source != "-" else ""
        source = sys.stdin.read() if source == "-" else open(source, encoding="utf-8").read()
    sys.path[0:1] = [folder] + [p for p in os.environ.get("PYTHONPATH", "").split(":") if p]
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    main.__file__ = name
    exec(compile(source, name, "exec"), main.__dict__)


def status_of(run, *arguments):
    try:
        run(*arguments)
    except SystemExit as end:
        if isinstance(end.code, (int, type(None))):
            return (end.code or 0) & 255
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def serve(connection):
    status = status_of(lambda: execute(receive(connection)))
    sys.modules["__main__"].__dict__.clear()  # files that are still open are closed, and so written
    gc.collect()
    try:
        sys.stdout.flush()
    except OSError as error:
        print(error, file=sys.stderr)
        status = status or 120
    connection.send(bytes([status]))
    os._exit(0)


def listen(path):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path + ".new")
    listener.listen(64)
    os.rename(path + ".new", path)  # when it is there it is ready
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are not waited for
    gc.freeze()  # what is there now is not looked at again, and so not copied, by each child
    while True:
        ready, _, _ = select.select([listener, 0], [], [])
        if 0 in ready:
            return
        connection, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            listener.close()
            serve(connection)
        connection.close()


if __name__ == "__main__":
    listen(sys.argv[1])
