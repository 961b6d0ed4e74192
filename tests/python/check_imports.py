"""Imports every file of a folder that has a FILE.json beside it (tests/golden/import/README.md) and compares: outputs of the imported RNN, by
NumPy in double precision, with those that are stored; of files to be refused, status and message. Prints what differs; status 1 then.

check_imports.py FOLDER [FILE...]
"""
import glob, io, json, os, subprocess, sys
import msgpack, msgpack_numpy, numpy as np

sigmoid = lambda x: 1 / (1 + np.exp(-x))


def lstm(x, h, c, w, r, bw, br):
    i, f, g, o = np.split(x @ w.T + bw + h @ r.T + br, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru(x, h, c, w, r, bw, br):
    xr, xz, xn = np.split(x @ w.T + bw, 3, axis=-1)
    hr, hz, hn = np.split(h @ r.T + br, 3, axis=-1)
    z = sigmoid(xz + hz)
    return (1 - z) * np.tanh(xn + sigmoid(xr + hr) * hn) + z * h, c


def plain(f):
    return lambda x, h, c, w, r, bw, br: (f(x @ w.T + bw + h @ r.T + br), c)


CELLS = {"lstm": ("lstm", lstm), "gru": ("gru", gru), "rnn_tanh": ("rnn", plain(np.tanh)), "rnn_relu": ("rnn", plain(lambda x: np.maximum(x, 0)))}


def outputs(record, x):
    """[B,T,O] of the RNN in a record for x [B,T,I], or tokens [B,T]"""
    arch, weights = record["arch"], {k: v.astype("f8") for k, v in record["weights"].items()}
    prefix, step = CELLS[arch["cell"]]
    if x.ndim == 2:
        x = np.eye(arch["input"])[x]
    y = x.astype("f8")
    for l in range(arch["layers"]):
        h = c = np.zeros((len(x), arch["hidden"]))
        part = [weights[f"{prefix}.{name}_l{l}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        states = []
        for t in range(x.shape[1]):
            h, c = step(y[:, t], h, c, *part)
            states.append(h)
        y = np.stack(states, 1)
    return y @ weights["linear.weight"].T + weights["linear.bias"]


def run(files, tell={}):
    options = [f"--{k}={v}" for k, v in tell.items()]
    return subprocess.run(["import-rnn", *options, *files], capture_output=True)


def records(data):
    return list(msgpack.Unpacker(io.BytesIO(data), object_hook=msgpack_numpy.decode))


def check_refused(path, want):
    p = run([path])
    message = p.stderr.decode()
    if p.returncode != 65 or not message.startswith(f"import-rnn: {path}: "):
        return f"status {p.returncode}, message {message!r}"
    if not any(word in message for word in want["mention"]):
        return f"the message has none of {want['mention']}: {message}"
    if records(p.stdout)[1:]:
        return "a record was written"


def check_imported(record, want, folder):
    arch = {k: record["arch"][k] for k in want["arch"]}
    if arch != want["arch"]:
        return f"arch {arch}"
    x, y = (np.load(os.path.join(folder, want[k])) for k in ("inputs", "outputs"))
    if (x.ndim == 2) != (record["arch"].get("reads") == "tokens" or (x.ndim == 2 and arch["input"] == arch["output"])):
        return f"reads {record['arch'].get('reads')}"
    off = np.abs(outputs(record, x) - y).max()
    if not off <= want["tolerance"]:
        return f"outputs are off by {off:.1e}"


def main(folder, *names):
    wants = {}
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        want = json.load(open(path))
        if not names or want["file"] in names:
            wants[os.path.join(folder, want["file"])] = want
    failed = 0
    imported = [f for f in wants if wants[f]["expect"] == "import" and not wants[f].get("tell")]
    all_of_them = run(imported)
    if all_of_them.returncode:
        print(all_of_them.stderr.decode())
    of_file = dict(zip(imported, (r for r in records(all_of_them.stdout) if r["kind"] == "rnn")))
    for path, want in wants.items():
        if want["expect"] == "refuse":
            wrong = check_refused(path, want)
        else:
            p = run([path], want.get("tell", {})) if path not in of_file else None
            found = [r for r in records(p.stdout) if r["kind"] == "rnn"] if p else [of_file[path]]
            wrong = check_imported(found[0], want, folder) if len(found) == 1 else p.stderr.decode()
        failed += bool(wrong)
        if wrong:
            print(f"{want['file']}: {wrong}")
    print(f"{len(wants)} files, {failed} not as expected")
    return bool(failed) or not wants


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
