#!/usr/bin/env python3
"""common.py CHECK FILTER...: what filters have in common (tests/filters/common.bats, tests/docs.bats), all in one process, as a shell would start several
programs around each start of a filter. CHECK is one of the functions below. Environment: RNNPIPE_BIN, ROOT.

A sanitized filter looks for leaks at its end, which takes longer than all it does here: it does so once for each thing that it does, and not
for each of the ways to do it (leaks)."""
import os
import re
import subprocess
import sys
from pathlib import Path

BIN, PAGES = Path(os.environ["RNNPIPE_BIN"]), Path(os.environ["ROOT"]) / "filters"
failures = []


def check(right, *what):
    if not right:
        failures.append(" ".join(map(str, what)))


def environment(leaks):
    options = [os.environ.get("ASAN_OPTIONS", ""), f"detect_leaks={int(leaks)}"]
    return {**os.environ, "ASAN_OPTIONS": ":".join(option for option in options if option)}


def run(status, name, *arguments, leaks=True, together=False):
    """Standard output and standard error (both in the first, with together)."""
    process = subprocess.run([name, *arguments], executable=BIN / name, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                             stderr=subprocess.STDOUT if together else subprocess.PIPE, env=environment(leaks))
    check(status in (None, process.returncode), name, *arguments, "exit status", process.returncode, process.stderr)
    return process.stdout, process.stderr or ""


def help_and_version(name):
    text, errors = run(0, name, "--help")
    check(re.match(f"Usage: {name}.*Standard input:.*Standard output:.*Common options:.*Exit status:", text, re.S) and not errors, name, "--help")
    check(all(len(line) <= 100 or name in line for line in text.splitlines()), name, "--help: long lines")
    text, errors = run(0, name, "--usage", leaks=False)
    check(text.startswith(f"Usage: {name}") and not errors, name, "--usage")
    text, errors = run(0, name, "--version", leaks=False)
    check(re.match(re.escape(name) + r" \(rnnpipe\) [0-9]", text) and not errors, name, "--version")


def misuse(name):
    for wrong in ("--no-such-option", "--seed=x", "--seed", "--threads=0", "--no-quiet=1"):
        text, errors = run(64, name, wrong, leaks=wrong == "--seed=x")
        lines = errors.splitlines()
        check(not text and lines[0].startswith(name + ": ") and lines[1] == f"Try '{name} --help'.", name, wrong, text, errors)


def unwritable(name):
    full, closed = (os.POSIX_SPAWN_OPEN, 1, "/dev/full", os.O_WRONLY, 0), (os.POSIX_SPAWN_CLOSE, 1)
    for action in full, closed:
        child = os.posix_spawn(BIN / name, [name, "--help"], environment(leaks=action == full), file_actions=[action])
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        check(status == 74, name, "--help with standard output", action, "exit status", status)


def configuration(name):
    file = Path("config.yaml")
    file.write_text(f"{name}:\n  seed: 3\n  no-such-key: 1\n")
    text, _ = run(64, name, "--config", file, together=True)
    check(text.rstrip("\n") == f"{name}: config.yaml:3:3: unknown key 'no-such-key' in section '{name}'", text)
    file.write_text(f"# two\n\n{name}: {{seed: 1}}\ntrain_rnn: {{steps: 3}}\n")
    text, _ = run(64, name, "--config", file, together=True, leaks=False)
    beginning = f"{name}: config.yaml:4:1: unknown section 'train_rnn': there are experiment, and the filters: "
    check(text.startswith(beginning) and "train-rnn" in text[len(beginning):], text)
    run(66, name, "--config", "missing.yaml", leaks=False)
    others = "emulate: {no-such-key: 1}\nclassify-fine-tuned: {}\n" if name == "probe" else \
        "experiment: {runs: 1}\nprobe: {no-such-key: 1}\nprobe-linear: {}\n"
    file.write_text(others)
    text, _ = run(None, name, "--config", file, "--no-such-option", together=True, leaks=False)
    check("config.yaml" not in text, text)


def options_in_pages(name):
    page = PAGES / f"{name}.1"
    if not page.exists():
        return check(False, name, "has no man page")
    # The common options are in rnnpipe(7).
    text = (page.read_text() + "\n" + (PAGES / "rnnpipe.7").read_text()).replace("\\-", "-")
    options = re.findall(r"^ +(?:-., )?--(?:\[no-\])?([a-z0-9-]+)", run(0, name, "--help", leaks=False)[0], re.M)
    check(len(options) >= 5, name, "has only these options:", options)
    for option in options:
        check(re.search(rf"--(\[no-\])?{option}(?![a-z0-9-])", text), name, f"--{option} is not in its man page")


def unroff(text):
    """A man page as text, but for its requests."""
    text = re.sub(r"^\.E[XE].*\n", "", text, flags=re.M)
    for escape, character in (("\\(aq", "'"), ("\\(dq", '"'), ("\\(ha", "^"), ("\\(ti", "~"), ("\\(ga", "`"), ("\\-", "-"), ("\\&", "")):
        text = text.replace(escape, character)
    return re.sub(r"\\f[BIRP]", "", text).replace("\\e", "\\")


def defaults_in_pages(name):
    """A filter's own options are in its page, each with its default, but for what is "no" or a file."""
    os.environ["COLUMNS"] = "10000"
    own = re.search(r"^Standard output:.*?\n(.*)^Common options:", run(0, name, "--help", leaks=False)[0], re.M | re.S)[1]
    lines = re.sub(r" {2,}(-., )?--", r"\n--", own.replace("\n", " "))
    options = re.findall(r"^--(?:\[no-\])?([a-z0-9-]+)(?:.*default ([^) ]+)\))?", lines, re.M)
    options = [(option, "" if default in ("no", "yes", "-") else default) for option, default in options]
    listed = re.split(r"^seed ", run(0, name, "--options", leaks=False)[0], flags=re.M)[0].splitlines()
    check(len(options) == len(listed), name, "has", len(listed), "options, and in its --help", options)
    entries = re.split(r"\n(?:[.](?:TP|SH|SS)[^\n]*\n)+", unroff((PAGES / f"{name}.1").read_text()))
    for option, default in options:
        entry = "\n".join(e for e in entries if re.search(rf"--(\[no-\])?{option}([^a-z-]|$)", e.split("\n")[0]))
        check(entry, f"{name}.1: --{option}")
        check(not default or "default" in entry and default in entry, f"{name}.1: --{option}: default {default}")


for filter_name in sys.argv[2:]:
    {"help": help_and_version, "misuse": misuse, "unwritable": unwritable, "configuration": configuration,
     "pages": options_in_pages, "defaults": defaults_in_pages}[sys.argv[1]](filter_name)
sys.exit("\n".join(failures) or (None if sys.argv[2:] else "no filters"))
