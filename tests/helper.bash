# Shared by all bats files: load ../helper (or helper, beside it).
# shellcheck shell=bash

set -o pipefail # what feeds a pipe has to end well, too
bats_require_minimum_version 1.5.0

ROOT=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
RNNPIPE_BIN=$(cd "${RNNPIPE_BIN:-$ROOT/build/bin}" && pwd)
PATH=$RNNPIPE_BIN:$PATH
export ROOT RNNPIPE_BIN PATH

# What a user's environment could change in a result.
unset OMP_NUM_THREADS BLIS_NUM_THREADS OPENBLAS_NUM_THREADS MKL_NUM_THREADS RNNPIPE_KERNELS POSIXLY_CORRECT COLUMNS PYTHONPATH
export LC_ALL=C.UTF-8 TZ=UTC
# Freed memory that AddressSanitizer keeps back would look like memory in use.
export ASAN_OPTIONS=quarantine_size_mb=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}

cd "${BATS_TEST_TMPDIR:-${BATS_FILE_TMPDIR:-.}}" || exit 1

# The first Python that has msgpack_numpy (of tests/run: tests/python/client, which need not start one).
python() {
    [[ -n ${RNNPIPE_PYTHON:-} ]] || RNNPIPE_PYTHON=$("$ROOT/tests/python/find")
    "${RNNPIPE_PYTHON:?no python3 can import msgpack_numpy}" "$@"
}

# In place of grep -q behind a pipe: it reads all, so that nobody meets a closed pipe.
found() { # GREP'S ARGUMENTS
    local lines
    lines=$(grep -c "$@") && ((lines))
}

filters() {
    local file
    for file in "$RNNPIPE_BIN"/*; do
        [[ -x $file ]] && basename "$file"
    done
}

# instead_of FILTER < SCRIPT: a folder bin with all filters, but for this one, which is the script; $here is the test's folder there.
instead_of() {
    mkdir bin
    ln -s "$RNNPIPE_BIN"/* bin
    rm "bin/$1"
    { printf '#!/usr/bin/env bash\nhere=%q filter=%q\n' "$PWD" "$RNNPIPE_BIN/$1" && cat; } > "bin/$1"
    chmod +x "bin/$1"
}

# repeat COUNT FILE: so many copies, one after the other, by one process.
repeat() {
    seq "$1" | awk -v file="$2" '{ print file }' | xargs -d '\n' cat
}

# make_stream FILE < a Python list of records: writes one segment of them; np is numpy.
make_stream() {
    python -c '
import sys, zlib, msgpack, msgpack_numpy, numpy as np
records = eval("(" + sys.stdin.read() + ")")
records.insert(0, {"kind": "meta", "format": 1, "program": "test", "version": "1", "history": [{"program": "test", "version": "1", "argv": ["test"]}]})
data = b"".join(msgpack.packb(r, default=msgpack_numpy.encode) for r in records)
end = msgpack.packb({"kind": "end", "records": len(records), "crc32": zlib.crc32(data)})
open(sys.argv[1], "wb").write(data + end)' "$1"
}

# make_diverging_bin: bin, the filters, with a train-rnn of which run 3 diverges.
make_diverging_bin() {
    mkdir bin
    ln -s "$RNNPIPE_BIN"/* bin
    rm bin/train-rnn
    cat > bin/train-rnn << END
#!/bin/bash
cat > "$PWD/tasks.\$\$"
rec-select --run 3 --invert < "$PWD/tasks.\$\$" | "$RNNPIPE_BIN/train-rnn" "\$@"
rec-select --run 3 < "$PWD/tasks.\$\$" | "$RNNPIPE_BIN/train-rnn" "\$@" --rate 1e38,1e38,1e38
END
    chmod +x bin/train-rnn
}
