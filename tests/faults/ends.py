#!/usr/bin/env python3
"""What a filter does when its input, its output, its files or its pipes are not as they should be, for all cases. usage: ends.py CHECK...,
each the name of a function here."""
import ctypes
import os
import re
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

from cases import BIN, CASES, ONE_EACH, SANITIZED, Failures, ignore, outcome, told

failures = Failures()
# What is tried here is up to the system more than to what a filter does in its memory: of sanitized filters one call each has to do.
TRIED = ONE_EACH if SANITIZED else CASES


def expected(case):
    case.clean()
    process = case.run()
    failures.check(process.returncode == 0, case.line, outcome(process))
    case.clean()
    return process.stdout


def table():
    """Every filter, and every option that names a file, is in the table."""
    for path in sorted(BIN.iterdir()):
        help_text = subprocess.run([path, "--help"], capture_output=True, text=True).stdout
        wanted = {f"--{name}" for name in re.findall(r"^ .*--([a-z-]+) FILE\b", help_text, re.MULTILINE)}
        covered = set().union(*(case.options for case in CASES if case.filter == path.name))
        failures.check("--config" in wanted and wanted <= covered, f"{path.name}: tests/faults/cases lacks {sorted(wanted - covered)}")


def output():
    """A full device, a closed descriptor, a pipe that nobody reads."""
    for case in TRIED:
        case.clean()
        with open("/dev/full", "wb") as full:
            process = case.run(stdout=full)
        failures.check(told(case, process, 74), case.line, "a full device:", outcome(process))
        case.clean()
        process = case.run(stdout=None, preexec_fn=lambda: os.close(1))
        failures.check(told(case, process, 74), case.line, "closed:", outcome(process))
        for wanted, before in ((-signal.SIGPIPE, None), (141, ignore(signal.SIGPIPE))):
            case.clean()
            reading, writing = os.pipe()
            os.close(reading)
            process = case.run(stdout=writing, preexec_fn=before)
            os.close(writing)
            failures.check(process.returncode == wanted and not process.stderr, case.line, "a closed pipe:", outcome(process))


def standard_input():
    """A closed descriptor, nothing at all, a directory."""
    for case in TRIED:
        if case.stdin == "-":
            continue
        for what, options, code in (("closed", {"preexec_fn": lambda: os.close(0)}, 66), ("empty", {"stdin": "/dev/null"}, 65),
                                    ("a directory", {"stdin": os.open(".", os.O_RDONLY)}, 66)):
            case.clean()
            process = case.run(**options)
            silent = not process.stdout or case.filter == "rec-info"  # which reports on damage
            failures.check(told(case, process, code) and silent, case.line, what, outcome(process))


def files():
    """Named files that are missing, links to nothing, directories, without permission; and files that can't be made."""
    drop = ctypes.CDLL(None).prctl

    def unprivileged():
        for capability in (1, 2):  # dac_override, dac_read_search, by which root reads everything
            drop(24, capability, 0, 0, 0)

    os.symlink("nowhere", "dangling")
    os.mkdir("folder")
    Path("secret").touch()
    os.chmod("secret", 0)
    names = ["absent", "dangling", "folder"]
    if subprocess.run(["cat", "secret"], capture_output=True, preexec_fn=unprivileged).returncode:
        names.append("secret")
    for case in TRIED:
        for file in case.inputs:
            for name in names:
                case.clean()
                process = case.run(case.argv({file: name}), preexec_fn=unprivileged)
                right = told(case, process, 66) and name.encode() in process.stderr and not process.stdout
                failures.check(right, case.line, file, name, outcome(process))
        for file in case.outputs:
            process = case.run(case.argv({file: "absent/file"}))
            failures.check(told(case, process, 74) and b"absent/file" in process.stderr, case.line, outcome(process))


def write_slowly(fd, data):
    try:
        for i in range(len(data)):
            os.write(fd, data[i:i + 1])
    except BrokenPipeError:
        pass  # --new reads no further than the first RNN
    finally:
        os.close(fd)


def trickle():
    """Pipes that give, and take, a byte at a time."""
    for case in TRIED:
        wanted = expected(case)
        data = b"" if case.stdin == "-" else Path(case.stdin).read_bytes()
        process = subprocess.Popen(case.argv(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **case.env}, bufsize=0)
        feeder = threading.Thread(target=write_slowly, args=(os.dup(process.stdin.fileno()), data))
        process.stdin.close()
        feeder.start()
        found = bytearray()
        while byte := process.stdout.read(1):
            found += byte
        feeder.join()
        failures.check(process.wait() == 0 and found == wanted, case.line, process.returncode, len(found))


def environment():
    """What a user's environment says of threads changes no byte."""
    for case in TRIED:
        wanted = expected(case)
        process = case.run(env={"OMP_NUM_THREADS": "8", "BLIS_NUM_THREADS": "8"})
        failures.check(process.returncode == 0 and process.stdout == wanted, case.line, outcome(process))


def file_size():
    """Files that may not grow further: standard output, checkpoints, temporary copies."""
    for case in TRIED:
        wanted = expected(case)
        for limit in (0, len(wanted) // 2, len(wanted) - 1, len(wanted)):
            def limited(limit=limit):
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            for piped in {False, limit == len(wanted) // 2}:
                case.clean()
                with open("out", "wb") as out:
                    process = case.run(stdout=out, preexec_fn=limited, piped=piped)
                data = Path("out").read_bytes()
                right = data == wanted if process.returncode == 0 else told(case, process, 74) and data != wanted
                failures.check(right and (process.returncode == 0 or limit < len(wanted) or piped or case.writes_files), case.line, limit, piped,
                               outcome(process))
                failures.check(not [path for name in case.outputs for path in Path(".").glob(name + ".*")], case.line, "leaves files behind")


for check in sys.argv[1:]:
    globals()[check]()
failures.exit()
