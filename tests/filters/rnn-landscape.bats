# rnn-landscape: the loss around given weights. (Against an explicit Hessian: tests/unit/analysis/landscape.c.)

# shellcheck disable=SC2154,SC2016
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    gen-language --tokens 2 --max-n 4 --count 2 | train-rnn --steps 200 --snapshots 0,200 --hidden 8 --rollouts 3 --samples 10 > zoo.mp
}

setup() {
    cp "$BATS_FILE_TMPDIR"/zoo.mp .
}

@test "metrics are added, the rest stays; the same seed gives the same bytes, and permuted units the same numbers" {
    rnn-landscape --batch 50 --draws 20 --tensors < zoo.mp > out.mp
    rnn-landscape --batch 50 --draws 20 --tensors < zoo.mp | cmp - out.mp
    rnn-landscape --batch 50 --draws 20 --tensors < out.mp | rec-diff out.mp -
    python << 'PYTHON'
import msgpack, msgpack_numpy, numpy as np
read = lambda name: [r for r in msgpack.Unpacker(open(name, "rb"), object_hook=msgpack_numpy.decode) if r["kind"] == "rnn"]
for old, new in zip(read("zoo.mp"), read("out.mp"), strict=True):
    m = new.pop("metrics")
    assert {k: m[k] for k in old["metrics"]} == old.pop("metrics")
    assert set(old) == set(new)
    assert m["hessian_trace_error"] > 0 and m["hessian_trace"] > 0 and m["loss_fixed"] > 0
    share = m["hessian_trace_share"]
    assert set(share) == set(new["weights"]) and abs(sum(share.values()) - m["hessian_trace"]) < 1e-3 * abs(m["hessian_trace"]) + 1e-5
    first = m if old["step"] == 0 else first
    assert old["step"] == 0 or m["loss_fixed"] < first["loss_fixed"] # it has learned
PYTHON
    rec-select --step 200 < zoo.mp | rnn-perturb --permute | rnn-landscape --batch 50 | rec-table metrics.loss_fixed metrics.hessian_top > hidden
    rec-select --step 200 < zoo.mp | rnn-landscape --batch 50 | rec-table metrics.loss_fixed metrics.hessian_top > shown
    paste hidden shown | awk '{ d = $1 - $3; e = $2 / $4 - 1; if (d * d > 1e-10 || e * e > 1e-3) exit 1 }'
}

@test "unsuitable input is refused and named" {
    make_stream own.mp <<< '[{"kind": "rnn", "run": 1, "task": {"family": "my-own"}, "arch": {"cell": "rnn_tanh", "input": 2, "hidden": 2, "layers": 1, "output": 2},
        "weights": {"rnn.weight_ih_l0": np.ones((2, 2), "<f4"), "rnn.weight_hh_l0": np.ones((2, 2), "<f4"), "rnn.bias_ih_l0": np.ones(2, "<f4"),
        "rnn.bias_hh_l0": np.ones(2, "<f4"), "linear.weight": np.ones((2, 2), "<f4"), "linear.bias": np.ones(2, "<f4")}}]'
    run -65 --separate-stderr rnn-landscape < own.mp
    [[ $stderr == *"no way of training is known"* ]]
    run -64 rnn-landscape --draws 3 < zoo.mp
    run -65 rnn-landscape < <(head -c -1 zoo.mp)
}
