# RNNs of finite weights whose answers overflow: whoever looks at the answers says so, of the right one, and --skip-bad leaves it out.

# shellcheck disable=SC2154 # bats sets stderr
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    gen-language --tokens 2 --max-n 4 --count 2 | train-rnn --cell rnn_relu --steps 100 --snapshots '' --hidden 8 --rollouts 4 --samples 10 > relu.mp
    PYTHONPATH=$ROOT/tests/python python -c 'import numpy as np
from make_rnns import write
from read_stream import records
large, plain = (r for r in records("relu.mp") if r["kind"] == "rnn")
for name in large["weights"]:
    if name != "linear.bias":
        large["weights"][name] = large["weights"][name] * np.float32(1e4)
write("both.mp", [large, plain])
write("plain.mp", [plain])'
    probe --new --hidden 8 < plain.mp > fresh.mp
    emulate --fit fresh.mp --steps 5 --hidden 8 < plain.mp > model.mp
    classify --quiet --fit task --encoder fresh.mp --steps 5 < plain.mp > labels.mp
}

setup() {
    ln -s "$BATS_FILE_TMPDIR"/*.mp .
}

@test "an RNN whose answers overflow is refused by name, or left out with --skip-bad" {
    local filter
    for filter in 'probe --model model.mp' 'emulate --model model.mp --clones 0' 'rnn-compare --with plain.mp' rnn-landscape \
        'classify --model labels.mp' rnn-rollout 'rnn-rollout --no-metrics --count 3 --bos 2' 'describe --format records --model model.mp'; do
        # shellcheck disable=SC2086 # words
        run -65 --separate-stderr $filter < both.mp
        [[ $stderr == *'run 0, step 100'*' not finite'* || $stderr == *'run 0, step 100: it has no embedding'* ]]
        # shellcheck disable=SC2086 # words
        $filter --quiet --skip-bad < both.mp > out.mp
        rec-table --kind skipped run < out.mp | found -x 0
        [[ $(rec-table run < out.mp | sort -u | paste -sd ' ') == '0 1' ]]
    done
}

@test "who writes skipped records at the end says that the output has them" {
    for filter in rnn-lineage 'nearest --weights --zoo plain.mp'; do
        PYTHONPATH=$ROOT/tests/python python -c 'import numpy as np
from make_rnns import write
from read_stream import records
rnns = [r for r in records("both.mp") if r["kind"] == "rnn"]
rnns[0]["weights"]["linear.bias"] = np.full(4, np.nan, "f4")
write("nan.mp", rnns)'
        # shellcheck disable=SC2086 # words
        $filter --skip-bad < nan.mp 2> message > out.mp
        [[ $(< message) == *"are left out (--skip-bad): the output says which (kind skipped)" ]]
        [[ $(rec-table --kind skipped run < out.mp) == 0 ]]
    done
}

@test "RNNs that come to numbers that are none are not the same" {
    # One answers 0 0 0 0 NaN ..., the other always 0.
    PYTHONPATH=$ROOT/tests/python python -c 'import numpy as np
from make_rnns import rnn, write
for name, factor in (("a", 1e10), ("b", 0.5)):
    for answers, outputs in (("numbers", 1), ("classes", 2)):
        r = rnn("rnn_relu", 1, inputs=1, hidden=2, outputs=outputs, reads="numbers", answers=answers)
        for w in r["weights"].values():
            w[...] = 0
        r["weights"]["rnn.weight_ih_l0"][...] = 1
        r["weights"]["rnn.weight_hh_l0"][...] = np.eye(2) * factor
        r["weights"]["linear.weight"][0] = [1, -1]
        write(f"{name}-{answers}.mp", [r])'
    printf '1\n1\n1\n1\n1\n1\n1\n1\n' > ones
    for answers in numbers classes; do
        run -65 --separate-stderr rnn-compare --within 1e-3 --inputs ones --with "a-$answers.mp" < "b-$answers.mp"
        [[ $stderr == *'are not finite'* ]]
    done
}
