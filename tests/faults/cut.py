#!/usr/bin/env python3
"""cut.py FILE STEP COMMAND...: the file, cut at every STEP-th byte, as a file and through a pipe: exit status 65 and a message that begins with
the command's name, all in one process, as a shell would start six programs for each."""
import subprocess
import sys
from pathlib import Path

name, step, *command = sys.argv[1:]
data = Path(name).read_bytes()
for size in range(0, len(data), int(step)):
    cut = Path("cut.mp")
    cut.write_bytes(data[:size])
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with cut.open("rb") as file:
        for process in (subprocess.run(command, stdin=file, **quiet), subprocess.run(command, input=data[:size], **quiet)):
            message = process.stderr.decode()
            if process.returncode != 65 or not message.startswith(command[0] + ": "):
                sys.exit(f"{' '.join(command)}: {name} cut at {size}: exit status {process.returncode}: {message}")
