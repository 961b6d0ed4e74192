"""What tests/faults/cases says, and how such a case is run."""
import fcntl
import os
import select
import signal
import socket
import struct
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
BIN = Path(os.environ["RNNPIPE_BIN"])
# A sanitized filter takes four times as long to start, and as long again to look for leaks at its end, which it does where it is asked to.
SANITIZED = b"__asan_init" in (BIN / "rec-json").read_bytes()


F_SETPIPE_SZ = 1031
READ_AT_START = {"OMP_NUM_THREADS", "BLIS_NUM_THREADS"}  # variables, by libraries, before main


class Server:
    """A filter that has started, and forks for each call (forks.c); preload: a library that is to be there, too; leaks: as of Case.run."""

    def __init__(self, name, preload, leaks):
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        libraries = ":".join([preload] * bool(preload) + [str(BIN.parent / "tests/faults/forks.so")])
        sanitizer = {"ASAN_OPTIONS": sanitizer_options(leaks) + ":verify_asan_link_order=0"}
        subprocess.Popen([BIN / name], stdin=theirs, env={**os.environ, **sanitizer, "LD_PRELOAD": libraries})
        theirs.close()

    def call(self, argv, env, stdin, stdout):
        """A finished process, and in kilobytes the most memory it had; stdout: a descriptor, or None for a pipe."""
        out, err = os.pipe() if stdout is None else (None, stdout), os.pipe()
        texts = [*argv, *(f"{name}={value}" for name, value in env.items())]
        socket.send_fds(self.socket, [struct.pack("I", len(argv)) + b"".join(os.fsencode(text) + b"\0" for text in texts)], [stdin, out[1], err[1]])
        for pipe in (out, err) if stdout is None else (err,):
            os.close(pipe[1])
        said = [None if fd is None else read_all(fd) for fd in (out[0], err[0])]
        status, kilobytes = struct.unpack("ii", read_all(self.socket.fileno(), 8))
        process = subprocess.CompletedProcess(argv, os.waitstatus_to_exitcode(status), *said)
        process.kilobytes = kilobytes
        return process


servers = {}


def server(*which):
    if which not in servers:
        servers[which] = Server(*which)
    return servers[which]


def read_all(fd, size=None):
    """All up to the end, and closes it; or so many bytes of a message."""
    data = b""
    while len(data) != size:
        if not select.select([fd], [], [], 100)[0]:
            raise TimeoutError
        part = os.read(fd, size or 65536)
        if not part:
            if size:
                raise EOFError("a server of a filter has ended")
            os.close(fd)
            break
        data += part
    return data


def descriptor(file):
    return file if isinstance(file, int) else file.fileno()


def full_pipe(data):
    """A pipe that has these bytes, and then ends; None if they are more than it holds."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb", 0) as file:
        try:
            if len(data) > 65536:
                fcntl.fcntl(writing, F_SETPIPE_SZ, len(data))
        except OSError:
            os.close(reading)
            return None
        file.write(data)
    return reading


def sanitizer_options(leaks):
    return os.environ.get("ASAN_OPTIONS", "quarantine_size_mb=1") + f":detect_leaks={int(leaks)}"


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
        a sanitized filter, looks for them, too. What a forked one can't do is done by one that is started."""
        env = {**self.env, **(env or {})}
        name = stdin if stdin is not None else ("/dev/null" if self.stdin == "-" else self.stdin)
        file = open(name, "rb") if isinstance(name, str) else name
        try:
            given = full_pipe(data := file.read()) if piped else descriptor(file)
            if not (options or stdout is None or given is None or READ_AT_START & env.keys()):
                return self.forked(argv, env, leaks and SANITIZED, given, None if stdout == subprocess.PIPE else descriptor(stdout))
            options |= {"input": data} if piped else {"stdin": given}
            return subprocess.run(argv or self.argv(), stdout=stdout, stderr=subprocess.PIPE, timeout=100,
                                  env={**os.environ, "ASAN_OPTIONS": sanitizer_options(leaks), **env}, **options)
        finally:
            if piped and given is not None:
                os.close(given)
            if file is not name:
                file.close()

    def forked(self, argv, env, leaks, stdin, stdout):
        preload = env.pop("LD_PRELOAD", None)
        return server(self.filter, preload, leaks).call(argv or self.argv(), env, stdin, stdout)


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
