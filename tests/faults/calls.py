#!/usr/bin/env python3
"""Every call that can fail does: the first, then the second, ... one alone, and from there on all. usage: calls.py FAIL.SO FILTER...

The filter has to end with an exit status of the table, and a message, and without passing for done; or with the bytes of an undisturbed run.
"""
import sys
from pathlib import Path

from cases import CASES, Case, Failures, outcome, told

library, *filters = sys.argv[1:]
# Statuses that a failing call of the kind may lead to.
ALLOWED = {"memory": (71,), "read": (74, 66), "write": (74,), "fsync": (74,), "rename": (74,), "mmap": (74,), "open": (66, 74), "thread": ()}
failures = Failures()
refused = {}
reader = Case("rec-json given.mp")


def whole(data):
    """Does the next filter take these bytes for a whole stream?"""
    if data not in refused:
        Path("given.mp").write_bytes(data)
        refused[data] = reader.run().returncode
    return refused[data] == 0


def numbers(count):
    """All up to 60, then in growing steps."""
    n = 1
    while n <= count:
        yield n
        n += 1 + max(0, n - 60) // 5


def disturbed(case, piped, kind, n, on, undisturbed):
    case.clean()
    what = f"{case.line}{' (piped)' * piped}: {kind} {n} {on}:"
    process = case.run(env={"LD_PRELOAD": library, "FAIL": f"{kind} {n} {on}"}, piped=piped)
    if process.returncode == 0:
        failures.check(process.stdout == undisturbed.stdout, what, "other bytes:", outcome(process))
        return
    failures.check(told(case, process, ALLOWED[kind]), what, outcome(process))
    if not case.text:
        failures.check(process.stdout == undisturbed.stdout or not whole(process.stdout), what, "the output passes for whole:", outcome(process))
    for name in case.outputs:
        state = Path(name)
        failures.check(not state.exists() or whole(state.read_bytes()), what, name, "is damaged")
        if state.exists() and n % 5 == 0:
            resumed = case.run()
            failures.check(resumed.stdout == undisturbed.stdout, what, "does not go on to the same bytes:", outcome(resumed))
        failures.check(kind == "memory" or not list(Path(".").glob(name + ".*")), what, "leaves files behind")


def all_calls(case, piped, kinds):
    case.clean()
    many = {"OMP_NUM_THREADS": "8", "BLIS_NUM_THREADS": "8"}  # which must not count
    undisturbed = case.run(env={"LD_PRELOAD": library, "FAIL_REPORT": "report", **many}, piped=piped)
    case.clean()
    plain = case.run(piped=piped)
    failures.check(plain.returncode == 0 and plain.stdout == undisturbed.stdout, case.line, outcome(undisturbed))
    counts = {name: int(count) for name, count in (line.split() for line in Path("report").read_text().splitlines())}
    failures.check(counts["memory"] > 5 and counts["write"] > 0 and (counts["read"] > 0 or not piped), case.line, "calls:", counts)
    failures.check(counts["thread"] == 0 or "--threads" in case.words, case.line, "threads:", counts)
    for kind in kinds:
        for n in numbers(counts[kind]):
            for on in ("", "on"):
                disturbed(case, piped, kind, n, on, undisturbed)


for case in CASES:
    if case.filter in filters:
        all_calls(case, False, ALLOWED)
        if case.stdin != "-":
            all_calls(case, True, ("read", "write", "mmap", "open"))
failures.exit()
