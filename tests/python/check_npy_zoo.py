"""check_npy_zoo.py DIRECTORY < RNNS: are these the rows of a zoo of NumPy files, bit for bit? Says how many rows had their first token put
back."""
import os, sys
import msgpack, msgpack_numpy, numpy as np

folder = sys.argv[1]
load = lambda name: np.load(os.path.join(folder, name + ".npy")) if os.path.exists(os.path.join(folder, name + ".npy")) else None
parameters, tasks, sequences, logits = (load(n) for n in ("parameters", "tasks", "sequences", "logits"))
steps = load("num_step") if load("num_step") is not None else load("num_step_correct")
measured = load("accuracy_losses")
records = [r for r in msgpack.Unpacker(sys.stdin.buffer, object_hook=msgpack_numpy.decode) if r["kind"] == "rnn"]
assert len(records) == len(parameters) > 0
back = 0
for i, r in enumerate(records):
    weights = np.concatenate([v.ravel() for v in r["weights"].values()])
    assert weights.dtype == "<f4" and np.array_equal(weights, parameters[i])
    assert [r["run"], r["step"]] == list(steps[i, :2])
    assert r["task"].get("offsets", [r["task"].get("rotation")]) == list(tasks[i])
    inputs = r["rollouts"]["inputs"]
    assert r["rollouts"]["logits"].dtype == logits.dtype and np.array_equal(r["rollouts"]["logits"], logits[i])
    if inputs.dtype == "u1":
        assert (inputs[:, 0] == 4).all() and np.array_equal(inputs[:, 1:], sequences[i][:, 1:])
        back += (sequences[i][:, 0] != 4).sum()
        assert r["metrics"]["accuracy"] == steps[i, 2] / 1000
    else:
        assert inputs.dtype == sequences.dtype and np.array_equal(inputs, sequences[i])
        assert [r["metrics"][k] for k in ("accuracy", "train_loss", "evaluation_loss")] == list(measured[i, :3])
        assert r["task"]["weight_decay"] == measured[i, 3]
print(f"{len(records)} rows, {back} first tokens put back")
