"""What tests/faults/cases says, and how such a case is run."""
import os
import signal
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
BIN = Path(os.environ["RNNPIPE_BIN"])
# A sanitized filter takes four times as long to start, and as long again to look for leaks at its end, which it does where it is asked to.
SANITIZED = b"__asan_init" in (BIN / "rec-json").read_bytes()


class Case:
    def __init__(self, line):
        self.line = line
        self.filter, self.stdin, *self.words = line.split()
        self.env = {}
        while "=" in self.filter:  # VARIABLE=value in front, as in a shell
            name, value = self.filter.split("=")
            self.env[name] = value
            self.filter, self.stdin, *self.words = [self.stdin, *self.words]
        self.inputs = [word[1:] for word in self.words if word[0] == "@"]
        self.outputs = [word[1:] for word in self.words if word[0] == "="]
        self.writes_files = bool(self.outputs) or self.filter == "rec-split"
        # The options that name files.
        self.options = {option for option, word in zip(self.words, self.words[1:]) if word[0] in "@=" or (word == "-" and option.startswith("--"))}
        self.text = self.filter in ("score", "rec-table", "rec-info", "rec-split", "rec-diff") or (self.filter == "rec-json" and "--reverse" not in self.words) or "--dot" in self.words \
            or (self.filter == "describe" and "--fit" not in self.words and "records" not in self.words)

    def argv(self, replace=None):
        """The command; replace: {input file: another name}."""
        return [str(BIN / self.filter)] + [(replace or {}).get(word[1:], word[1:]) if word[0] in "@=" else word for word in self.words]

    def clean(self):
        for name in self.outputs:
            for path in Path(".").glob(name + "*"):
                path.unlink()

    def run(self, argv=None, stdin=None, stdout=subprocess.PIPE, env=None, piped=False, leaks=False, **options):
        """A finished process; its output is bytes. stdin: a file name, descriptor or None for the case's own; piped: through a pipe; leaks: of
        a sanitized filter, looks for them, too."""
        name = stdin if stdin is not None else ("/dev/null" if self.stdin == "-" else self.stdin)
        file = open(name, "rb") if isinstance(name, str) else name
        if piped:
            options["input"] = file.read()
        else:
            options["stdin"] = file
        try:
            sanitizer = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "quarantine_size_mb=1") + f":detect_leaks={int(leaks)}"}
            return subprocess.run(argv or self.argv(), stdout=stdout, stderr=subprocess.PIPE, timeout=100,
                                  env={**os.environ, **sanitizer, **self.env, **(env or {})}, **options)
        finally:
            if file is not name:
                file.close()


CASES = [Case(line) for line in (HERE / "cases").read_text().splitlines() if line and line[0] != "#"]
ONE_EACH = list({case.filter: case for case in reversed(CASES)}.values())


class Failures:
    """Counts what is wrong, and prints the first of it."""

    def __init__(self):
        self.checks, self.failures = 0, 0

    def check(self, right, *text):
        self.checks += 1
        if not right:
            self.failures += 1
            if self.failures <= 20:
                print(*text, flush=True)

    def exit(self):
        print(f"{self.checks} checks, {self.failures} failures")
        raise SystemExit(self.failures > 0 or self.checks == 0)


def told(case, process, code):
    """Did it end with this exit status (or one of these), and a message under its name? Before it BLIS may have had a word."""
    codes = code if isinstance(code, tuple) else (code,)
    lines = process.stderr.splitlines() or [b""]
    return process.returncode in codes and lines[-1].startswith(case.filter.encode() + b": ")


def outcome(process):
    return f"{process.returncode}, {len(process.stdout or b'')} bytes, {process.stderr.decode(errors='replace')[-300:]!r}"


def ignore(*signals):
    """A preexec_fn that has the filter ignore signals."""
    return lambda: [signal.signal(number, signal.SIG_IGN) for number in signals]
