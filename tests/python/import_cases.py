"""What people's files look like beside the golden ones: written here by NumPy, imported by import-rnn, compared with the tensors that went in.
Prints what is not as expected; status 1 then. Files are made in the current directory.
"""
import io, json, os, pickle, re, struct, subprocess, sys, zipfile
import msgpack, msgpack_numpy, numpy as np

# --- Networks ---


def lstm(i=6, n=8, layers=1, o=4, seed=0, prefix="lstm.", linear="linear.", blocks=4):
    r = np.random.default_rng(seed)
    u = lambda *s: (r.uniform(-1, 1, s) / n**0.5).astype("f4")
    w = {}
    for k in range(layers):
        for name, shape in (("weight_ih", (blocks * n, n if k else i)), ("weight_hh", (blocks * n, n)), ("bias_ih", (blocks * n,)), ("bias_hh", (blocks * n,))):
            w[f"{prefix}{name}_l{k}"] = u(*shape)
    if linear is not None:
        w[linear + "weight"], w[linear + "bias"] = u(o, n), u(o)
    return w


# --- Files ---

TYPES = {"<f4": "F32", "<f2": "F16", "<f8": "F64", "|i1": "I8", "<i8": "I64"}


def safetensors(w, offsets=None, tail=b""):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for k, v in w.items():
        header[k] = {"dtype": TYPES[v.dtype.str], "shape": list(v.shape), "data_offsets": (offsets or {}).get(k) or [len(data), len(data) + v.nbytes]}
        data += v.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data + tail


def npz(w):
    f = io.BytesIO()
    np.savez(f, **w)
    return f.getvalue()


class Storage:
    def __init__(self, key, kind, count):
        self.identity = ("storage", kind, key, "cpu", count)


class Call:
    """something that is pickled as a call of a function that this process need not have"""

    def __init__(self, function, arguments):
        self.function, self.arguments = function, arguments


class Pickler(pickle._Pickler):
    """PyTorch's protocol 2, without PyTorch: names of functions are written as texts ask"""

    def persistent_id(self, x):
        return x.identity if isinstance(x, Storage) else None

    def save_call(self, x):
        self.save_name(x.function)
        self.save(x.arguments)
        self.write(pickle.REDUCE)

    def save_name(self, name):
        self.write(pickle.GLOBAL + name.replace(":", "\n").encode() + b"\n")

    def save_global_text(self, x):
        self.save_name(x.name)

    dispatch = dict(pickle._Pickler.dispatch)


class Name:
    def __init__(self, name):
        self.name = name


Pickler.dispatch[Call] = Pickler.save_call
Pickler.dispatch[Name] = Pickler.save_global_text


def pickled(value, protocol=2):
    f = io.BytesIO()
    Pickler(f, protocol).dump(value)
    return f.getvalue()


def torch_tensor(key, array, shape=None, strides=None, offset=0):
    kind = Name("torch:" + {"f4": "FloatStorage", "f8": "DoubleStorage", "i8": "LongStorage"}[array.dtype.str[1:]])
    shape = array.shape if shape is None else shape
    strides = tuple(s // array.itemsize for s in array.strides) if strides is None else strides
    return Call("torch._utils:_rebuild_tensor_v2", (Storage(key, kind, array.size), offset, shape, strides, False, Call("collections:OrderedDict", ())))


def pt(value, storages, protocol=2):
    """value: what is pickled; storages: key -> array"""
    f = io.BytesIO()
    with zipfile.ZipFile(f, "w") as z:
        z.writestr("archive/data.pkl", pickled(value, protocol))
        for k, v in storages.items():
            z.writestr("archive/data/" + k, v.tobytes())
        z.writestr("archive/version", "3\n")
    return f.getvalue()


def state_dict(w):
    keys = {k: str(i) for i, k in enumerate(w)}
    return {k: torch_tensor(keys[k], v) for k, v in w.items()}, {keys[k]: v for k, v in w.items()}


def legacy_pt(w):
    state, storages = state_dict(w)
    for t in state.values():
        t.arguments[0].identity += (None,)
    info = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    data = pickled(0x1950A86A20F9469CFC6C) + pickled(1001) + pickled(info) + pickled(state) + pickled(list(storages))
    return data + b"".join(struct.pack("<q", v.size) + v.tobytes() for v in storages.values())


# --- Checks ---

failed = count = 0


def run(data, options=(), name="net"):
    with open(name, "wb") as f:
        f.write(data)
    p = subprocess.run(["import-rnn", *options, name], capture_output=True)
    p.message = p.stderr.decode()
    found = [r for r in msgpack.Unpacker(io.BytesIO(p.stdout), object_hook=msgpack_numpy.decode) if r["kind"] == "rnn"]
    p.record = found[0] if found else None
    return p


def expect(what, ok, p):
    global failed, count
    count += 1
    if not ok:
        failed += 1
        print(f"{what}: status {p.returncode}, {p.message!r}, {p.record and {k: v.shape for k, v in p.record['weights'].items()}}")


def imports(what, data, want, options=(), said=None, **arch):
    p = run(data, options)
    got = p.record and p.record["weights"]
    ok = p.returncode == 0 and got and set(got) == set(want) and all(np.array_equal(got[k], want[k]) for k in want)
    ok = ok and all(p.record["arch"][k] == v for k, v in arch.items()) and (said is None or re.search(said, p.message))
    expect(what, ok, p)


def refuses(what, data, *words, options=()):
    p = run(data, options)
    expect(what, p.returncode == 65 and p.record is None and all(re.search(w, p.message) for w in words), p)


def renamed(w, *pairs):
    out = {}
    for k, v in w.items():
        for a, b in pairs:
            k = re.sub(a, b, k)
        out[k] = v
    return out


w = lstm()
two = lstm(layers=2)
zeros = lambda *s: np.zeros(s, "f4")
ih, hh = "lstm.weight_ih_l0", "lstm.weight_hh_l0"

# Names
imports("deep prefix", safetensors(renamed(w, ("^lstm", "model.net.0.rnn"), ("^linear", "model.head.3"))), w)
imports("an LSTMCell", npz(renamed(w, ("_l0", ""), ("^lstm", "cell"))), w)
imports("a list of cells", npz(renamed(two, (r"^lstm\.(.*)_l(\d)", r"cells.\2.\1"))), two, said="one above the other", layers=2)
imports("cells that are chosen", npz(renamed(two, (r"^lstm\.(.*)_l(\d)", r"rnn\2.\1"))), two, ["--rnn", "rnn0,rnn1"], layers=2)
refuses("two recurrent layers", npz(renamed(two, (r"^lstm\.(.*)_l(\d)", r"rnn\2.\1"))), "rnn0, rnn1", "--rnn")
imports("one of two models by name", npz(renamed(w, ("^", "a.")) | renamed(lstm(seed=2), ("^", "b."))), lstm(seed=2), ["--name", "b"])
imports("one of two RNNs", npz(w | lstm(seed=2, prefix="other.", linear=None)), w, ["--rnn", "lstm"], said="left out: .*other")
refuses("a name that is not there", npz(w), "no recurrent layer is called 'x'", "lstm", options=["--rnn", "x"])
imports("no prefix at all, chosen", npz(renamed(w, ("^lstm.", "")) | {"h0": zeros(8)}), w, ["--rnn", ""], said="left out: h0")

# Parts
imports("missing biases of a layer are zeros", safetensors({k: v for k, v in w.items() if k != "lstm.bias_hh_l0"}), w | {"lstm.bias_hh_l0": zeros(32)})
imports("no read-out", safetensors(lstm(linear=None)), lstm(linear=None) | {"linear.weight": np.eye(8, dtype="f4"), "linear.bias": zeros(8)}, said="identity", output=8)
imports("a read-out that is not wanted", safetensors(w), {k: v for k, v in w.items() if "linear" not in k} | {"linear.weight": np.eye(8, dtype="f4"), "linear.bias": zeros(8)}, ["--readout", "none"], said="left out: linear.weight")
g = np.linalg.norm(w[hh].astype("f8"), axis=1, keepdims=True).astype("f4")
v = (w[hh] / g).astype("f4")
normed = {k: x for k, x in w.items() if k != hh}
wn = (g.astype("f8") * v / np.linalg.norm(v.astype("f8"), axis=1, keepdims=True)).astype("f4")
imports("weight normalisation", npz(normed | {hh + "_g": g, hh + "_v": v}), w | {hh: wn})
imports("weight normalisation, parametrizations", npz(normed | {"lstm.parametrizations.weight_hh_l0.original0": g, "lstm.parametrizations.weight_hh_l0.original1": v}), w | {hh: wn})
refuses("another parametrisation", npz(normed | {"lstm.parametrizations.weight_hh_l0.original": w[hh]}), "weight_hh_l0' is missing|parametrizations")
imports("weight dropout", npz(normed | {hh + "_raw": w[hh]}), w)
embedding = np.random.default_rng(3).standard_normal((9, 6)).astype("f4")
folded = w | {ih: (w[ih].astype("f8") @ embedding.T).astype("f4")}
p = run(safetensors(w | {"tok.weight": embedding}))
expect("an embedding", p.record and np.allclose(p.record["weights"][ih], folded[ih], atol=1e-6) and p.record["arch"]["input"] == 9, p)
imports("an embedding that is not wanted", safetensors(w | {"tok.weight": embedding}), w, ["--embedding", "none", "--readout", "linear"], said="left out: tok.weight")
square = lstm(i=8)
refuses("embedding or read-out?", safetensors({k: x for k, x in square.items() if "linear" not in k} | {"x.weight": zeros(5, 8)}), "x.weight", "--readout or --embedding")
p = run(safetensors({k: x for k, x in square.items() if "linear" not in k} | {"encoder.weight": zeros(5, 8), "decoder.weight": zeros(5, 8), "decoder.bias": zeros(5)}))
expect("an encoder and a decoder of the same shape", p.record and p.record["arch"]["input"] == 5 == p.record["arch"]["output"], p)

# What can't be represented
refuses("bidirectional", npz(w | renamed({k: x for k, x in w.items() if "lstm" in k}, ("$", "_reverse"))), "bidirectional", "_reverse")
refuses("projections", npz(w | {"lstm.weight_hr_l0": zeros(4, 8)}), "weight_hr_l0")
refuses("a peephole", npz(w | {"lstm.weight_ci_l0": zeros(8)}), "weight_ci_l0")
refuses("a normalisation inside", npz(w | {"lstm.norm.weight": zeros(8)}), "lstm.norm.weight")
refuses("an MLP behind", npz(renamed(w, ("linear", "linear.0")) | {"linear.2.weight": zeros(4, 4), "linear.2.bias": zeros(4)}), r"linear\.2\.weight")
refuses("two read-outs that fit", npz(w | {"linear2.weight": zeros(4, 8), "linear2.bias": zeros(4)}), "linear2.weight", "linear.weight", "--readout")
imports("a read-out that is chosen", npz(w | {"linear2.weight": zeros(4, 8), "linear2.bias": zeros(4)}), w, ["--readout", "linear"], said="left out: linear2.weight")
refuses("convolutions before", npz(w | {"conv.weight": zeros(3, 2, 5)}), "conv.weight", "--rnn lstm")
imports("convolutions before, left out", npz(w | {"conv.weight": zeros(3, 2, 5)}), w, ["--rnn", "lstm"], said="left out: conv.weight")
imports("counters don't count", npz(w | {"steps": np.array(3, "i8")}), w)
refuses("int8 weights", npz({k: (100 * x).astype("i1") for k, x in w.items()}), "int8")
refuses("a cell that contradicts", npz(w), "no gru, but lstm", options=["--cell", "gru"])
refuses("Keras's layout under these names", npz({k: x.T for k, x in w.items()}), r"\[6,32\]|\[8,32\]")
refuses("ONNX's layout under these names", npz(w | {ih: w[ih][None]}), r"\[1,32,6\]")
refuses("five gates", npz(lstm(blocks=5)), r"\[40,8\]")
refuses("not finite", npz(w | {"linear.bias": np.array([0, np.nan, 0, 0], "f4")}), "linear.bias: a weight is not finite")

# Files
imports("Fortran's order", npz({k: np.asfortranarray(x) for k, x in w.items()}), w)
imports("float16 and float64", safetensors({k: x.astype("f8" if "bias" in k else "f2") for k, x in w.items()}), {k: x if "bias" in k else x.astype("f2").astype("f4") for k, x in w.items()})
refuses("big-endian", npz({k: x.astype(">f4") for k, x in w.items()}), "big-endian")
objects = npz(w | {"meta": np.array([{"a": 1}], dtype=object)})
refuses("pickled objects in an .npz beside the weights", objects, "meta", "pickled")
state, storages = state_dict(two)
imports("a state_dict", pt(state, storages), two)
for protocol in (3, 4, 5):
    imports(f"protocol {protocol}", pt({"epoch": 3, "state": {"net": state, "loss": [1.5, None, (True, b"x")]}}, storages, protocol), two)
imports("the old format", legacy_pt(two), two)
refuses("the old format, cut", legacy_pt(two)[:-4], "cut off")
flat = np.concatenate([x.ravel() for x in w.values()])
at, views = 0, {}
for k, x in w.items():
    views[k] = torch_tensor("0", flat, x.shape, tuple(s // 4 for s in x.strides), at)
    at += x.size
imports("views of one storage", pt(views, {"0": flat}), w)
t = {k: torch_tensor(str(i), np.ascontiguousarray(x.T), x.shape, tuple(s // 4 for s in x.T.copy().T.strides)) for i, (k, x) in enumerate(w.items())}
imports("transposed tensors", pt(t, {str(i): np.ascontiguousarray(x.T) for i, x in enumerate(w.values())}), w)
refuses("a tensor beyond its storage", pt(views | {hh: torch_tensor("0", flat, (32, 8), (8, 1), at - 255)}, {"0": flat}), "weight_hh_l0", "does not lie")
refuses("an expanded tensor", pt(views | {hh: torch_tensor("0", flat, (2**20, 2**20), (0, 0))}, {"0": flat}), "weight_hh_l0")
refuses("a negative offset", pt(views | {hh: torch_tensor("0", flat, (32, 8), (8, 1), -1)}, {"0": flat}), "weight_hh_l0")
refuses("a storage that is not there", pt(views, {"1": flat}), "storage is not in the file")
refuses("os.system", pt({"a": Call("posix:system", ("touch ran",))} | state, storages), "posix.system")
refuses("eval, in protocol 4", pt({"a": Call("builtins:eval", ("1",))} | state, storages, 4), "builtins.eval")
expect("nothing was run", not os.path.exists("ran"), run(b""))
loop = []
loop.append(loop)
refuses("a list that contains itself", pt({"a": loop} | state, storages), "parts in each other")
refuses("safetensors cut", safetensors(w)[:-1], "linear.bias|cut off")
refuses("safetensors with a length that lies", struct.pack("<Q", 2**39) + safetensors(w)[8:], "header")
refuses("safetensors with offsets that lie", safetensors(w, {hh: [0, 2**60]}), "weight_hh_l0")
refuses("safetensors with another length than the shape", safetensors(w, {hh: [0, 8]}), "weight_hh_l0")
refuses("a zip of something else", npz({}), "zip")

print(f"{count} cases, {failed} not as expected")
sys.exit(failed > 0)
