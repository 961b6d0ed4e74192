#!/usr/bin/env python3
"""Damaged input, for all cases, wherever it comes in. usage: damage.py CHECK... (names of functions here)

The two builds draw places by different seeds."""
import random
import re
import sys
from pathlib import Path

from cases import CASES, SANITIZED, Failures, outcome, told

failures = Failures()
SEED = 10 if SANITIZED else 0
META = bytes([0x82, 0xA4]) + b"kind" + bytes([0xA4]) + b"meta" + bytes([0xA6]) + b"format" + bytes([1])
PLACE = re.compile(rb"record \d+ \(byte \d+\)|line \d+")


def entrances(case):
    """Each way for a stream into a filter: (its file's name, how to run with another file there)."""
    if case.stdin != "-":
        yield case.stdin, lambda name, **leaks: case.run(stdin=name, **leaks)
        yield case.stdin, lambda name, **leaks: case.run(stdin=name, piped=True, **leaks)
    for file in case.inputs:
        if file.endswith(".mp") and file != "part.mp":  # what is resumed may end anywhere
            yield file, lambda name, file=file, **leaks: case.run(case.argv({file: name}), **leaks)


def flips():
    """A single bit, somewhere: reported with its place; or not seen, where only the first segment is read, and then of no effect."""
    choose = random.Random(SEED + 1)
    for case in CASES:
        case.clean()
        wanted = case.run(leaks=True).stdout
        for entrance, (file, run) in enumerate(entrances(case)):
            data = Path(file).read_bytes()
            lines = file.endswith(".json")  # text has no checksum
            for n in range(0 if lines else 5):
                bit = choose.randrange(8 * len(data))
                damaged = bytearray(data)
                damaged[bit // 8] ^= 1 << bit % 8
                Path("damaged").write_bytes(damaged)
                case.clean()
                process = run("damaged", leaks=entrance + n == 0)
                right = told(case, process, 65) and PLACE.search(process.stderr) or "--new" in case.words and process.stdout == wanted
                failures.check(right, case.line, file, "bit", bit, outcome(process))


def cuts():
    """The same for an input that ends too early."""
    choose = random.Random(SEED + 2)
    for case in CASES:
        case.clean()
        wanted = case.run().stdout
        for file, run in entrances(case):
            data = Path(file).read_bytes()
            for size in [0, 1, 5, len(data) - 1] + [choose.randrange(len(data)) for _ in range(2)]:
                Path("damaged").write_bytes(data[:size])
                case.clean()
                process = run("damaged")
                right = told(case, process, 65) and PLACE.search(process.stderr) or "--new" in case.words and process.stdout == wanted
                right = right or file.endswith(".json") and process.stdout == wanted  # all but the last line's end
                failures.check(right, case.line, file, "cut at", size, outcome(process))


def promises():
    """Five bytes that promise 4 GB or 2^32 items, at the front and after a meta record: refused at once in the usual memory."""
    for case in CASES:
        case.clean()
        usual = case.run().kilobytes
        for file, run in entrances(case):
            if file.endswith(".json"):
                continue
            for head in (0xC6, 0xDD, 0xDF):  # bin, array, map
                for front in (b"", META + b"\x82\xa4kind\xa3rnn\xa1x"):
                    Path("damaged").write_bytes(front + bytes([head]) + b"\xff\xff\xff\xff")
                    case.clean()
                    process = run("damaged")
                    failures.check(told(case, process, 65), case.line, file, hex(head), outcome(process))
                    failures.check(process.kilobytes < usual + 2048, case.line, file, hex(head), f"{usual} KiB as usual, {process.kilobytes} KiB now")


def large():
    """A zoo of some megabytes, damaged at places drawn from a seed."""
    choose = random.Random(SEED + 3)
    data = Path("large.mp").read_bytes()
    for case in CASES:
        if (case.stdin, case.filter) not in (("unsplit.mp", "partition"), ("zoo.mp", "probe"), ("zoo.mp", "emulate"), ("zoo.mp", "rec-json")) or "--new" in case.words:
            continue
        for _ in range(3):
            bit = choose.randrange(8 * len(data))
            damaged = bytearray(data)
            damaged[bit // 8] ^= 1 << bit % 8
            for what, content in (("bit", damaged), ("cut at", data[: bit // 8])):
                Path("damaged").write_bytes(content)
                case.clean()
                process = case.run(stdin="damaged", piped=choose.random() < 0.5)
                failures.check(told(case, process, 65) and PLACE.search(process.stderr), case.line, what, bit, outcome(process))


for check in sys.argv[1:]:
    globals()[check]()
failures.exit()
