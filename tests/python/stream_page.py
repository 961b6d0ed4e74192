"""stream_page.py PAGE STREAM...: does rnnpipe-stream(5) name every key of the records in these streams?

Looks for the top-level keys of a record in its kind's section (and in that of rnn, for what is made of rnn records), and for the keys of
config, with their values when the stream's name begins with new-: those are the defaults. A missing one is an AssertionError.
"""

import os
import re
import sys

from read_stream import records

MADE_OF_RNN = {"embedding", "emulation", "prediction"}
page = re.sub(r"\\f[BIRP]|\\&", "", open(sys.argv[1]).read()).replace("\\-", "-")
sections = {}
for part in re.split(r"^\.S[SH] ", page, flags=re.M)[1:]:
    name, text = part.split("\n", 1)
    sections[name] = re.sub(r'"|^\.[A-Z]+|\n', " ", text, flags=re.M)


def find(text, pattern, what):
    assert re.search(pattern, re.sub(r"\s+", " ", text)), f"rnnpipe-stream(5) has not {what}"


for path in sys.argv[2:]:
    for record in records(path):
        kind = record["kind"]
        text = sections[kind] + (sections["rnn"] if kind in MADE_OF_RNN else "") + (sections["embedding"] if kind == "prediction" else "")
        if kind == "checkpoint":  # of emulate only
            continue
        for key in record.keys() - {"kind"}:
            what = sections["encoder"] if kind == "emulator" else text
            find(what, rf"\b{key}\b", f"key {key} of {kind}")
        if kind == "encoder":  # the description of its type: from its name to that of the next one
            text = re.search(rf"\b{record['type']}\b.*", text[text.index("Types,") :], flags=re.S)
            assert text, f"rnnpipe-stream(5) has not type {record['type']}"
            text = text[0]
        for key, value in record.get("config", {}).items():
            value = r"\w+" if not os.path.basename(path).startswith("new-") else str(value).lower()
            find(text, rf"\b{key}[ ,]+\(?{value}\b", f"{kind}: config {key} {value}")
