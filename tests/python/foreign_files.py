"""Small networks in the files of other programs, written by NumPy alone.

foreign_files.py DIRECTORY: seeds for the fuzzer of formats (tests/fuzz/formats.c)
"""
import io, json, os, pickle, re, struct, sys, zipfile
import numpy as np

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


def safetensors(w, offsets=None, tail=b"", metadata={}):
    header, data = {"__metadata__": {"format": "pt"} | metadata}, b""
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


def npy(array):
    f = io.BytesIO()
    np.save(f, array)
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


# --- ONNX: protocol buffers by hand ---


def varint(n):
    n &= 2**64 - 1
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    """an int, a float, bytes or a text"""
    if isinstance(value, (int, np.integer)):
        return varint(number << 3) + varint(int(value))
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor_proto(name, array, raw=True):
    kind = {"<f4": 1, "<f2": 10, "<i8": 7, "<f8": 11, "|i1": 3, "<i4": 6}[array.dtype.str]
    out = b"".join(field(1, d) for d in array.shape) + field(2, kind) + field(8, name)
    if raw:
        return out + field(9, array.tobytes())
    if kind == 1:
        return out + field(4, array.tobytes())
    if kind == 10:
        return out + field(5, b"".join(varint(x) for x in array.view("<u2").ravel().tolist()))
    return out + field(7, b"".join(varint(x) for x in array.ravel().tolist()))


class Graph(bytes):
    """the bytes of a graph, as the value of an attribute"""


def attribute(name, value):
    out = field(1, name)
    if isinstance(value, Graph):
        return out + field(6, bytes(value)) + field(20, 5)
    if isinstance(value, np.ndarray):
        return out + field(5, tensor_proto("", value)) + field(20, 4)
    if isinstance(value, str):
        return out + field(4, value) + field(20, 3)
    if isinstance(value, float):
        return out + field(2, value) + field(20, 1)
    if isinstance(value, list):
        return out + b"".join(field(9 if isinstance(v, str) else 8, v) for v in value) + field(20, 8 if value and isinstance(value[0], str) else 7)
    return out + field(3, value) + field(20, 2)


def node(op, inputs, outputs, name="", **attributes):
    out = b"".join(field(1, x) for x in inputs) + b"".join(field(2, x) for x in outputs)
    return out + (field(3, name) if name else b"") + field(4, op) + b"".join(field(5, attribute(k, v)) for k, v in attributes.items())


def shaped(name, *shape):
    """a graph's input whose shape is said, with None where it is not"""
    dims = b"".join(field(1, b"" if d is None else field(1, d)) for d in shape)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))


def graph(nodes, initializers={}, inputs=("x",), outputs=("y",), raw=True):
    """inputs: names, or what shaped makes"""
    out = b"".join(field(1, n) for n in nodes) + field(2, "g")
    out += b"".join(field(5, tensor_proto(k, v, raw)) for k, v in initializers.items())
    return Graph(out + b"".join(field(11, i if isinstance(i, bytes) else field(1, i)) for i in inputs) + b"".join(field(12, field(1, o)) for o in outputs))


def onnx(*arguments, **options):
    return field(1, 8) + field(2, "pytorch") + field(7, bytes(graph(*arguments, **options))) + field(8, field(1, "") + field(2, 16))


ONNX_ORDER = {4: [0, 3, 1, 2], 3: [1, 0, 2], 1: [0]}  # their block k is our block ORDER[k]


def onnx_weights(w, layer=0, blocks=4, prefix="lstm."):
    """W, R, B of an ONNX node"""
    turn = lambda a: np.concatenate([np.split(a, blocks)[k] for k in ONNX_ORDER[blocks]])
    part = [turn(w[f"{prefix}{name}_l{layer}"]) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    return part[0][None], part[1][None], np.concatenate(part[2:])[None]


# --- HDF5 by hand: superblock 0, object headers 1 with links as messages, contiguous data ---


def hdf5(arrays):
    """arrays: "a/b/0" -> float32, float64 or uint32"""
    body, none = bytearray(96), b"\xff" * 8

    def put(data):
        body.extend(bytes(-len(body) % 8))
        body.extend(data)
        return struct.pack("<Q", len(body) - len(data))

    def header(*messages):
        out = b""
        for kind, data in messages:
            data += bytes(-len(data) % 8)
            out += struct.pack("<HHB3x", kind, len(data), 0) + data
        return put(struct.pack("<BxHII4x", 1, len(messages), 1, len(out)) + out)

    def dataset(a):
        kinds = {"<f4": (b"\x11\x20\x1f\0", struct.pack("<HHBBBBI", 0, 32, 23, 8, 0, 23, 127)), "<f8": (b"\x11\x20\x3f\0", struct.pack("<HHBBBBI", 0, 64, 52, 11, 0, 52, 1023)), "<u4": (b"\x10\0\0\0", struct.pack("<HH", 0, 32))}
        kind, properties = kinds[a.dtype.str]
        data = put(a.tobytes())
        return header((1, struct.pack("<BBB5x", 1, a.ndim, 0) + struct.pack(f"<{a.ndim}Q", *a.shape)), (3, kind + struct.pack("<I", a.itemsize) + properties), (5, b"\2\1\0\0"), (8, b"\3\1" + data + struct.pack("<Q", a.nbytes)))

    def group(tree):
        links = [(6, struct.pack("<BBB", 1, 0, len(k)) + k.encode() + (group(v) if isinstance(v, dict) else dataset(v))) for k, v in tree.items()]
        return header((2, b"\0\0" + none + none), (10, b"\0\0"), *links)

    tree = {}
    for path, a in arrays.items():
        *above, last = path.split("/")
        at = tree
        for part in above:
            at = at.setdefault(part, {})
        at[last] = a
    root = group(tree)
    size = struct.pack("<Q", len(body))
    body[:96] = b"\x89HDF\r\n\x1a\n" + struct.pack("<8BHHI", 0, 0, 0, 0, 0, 8, 8, 0, 4, 16, 0) + bytes(8) + none + size + none + bytes(8) + root + bytes(24)
    return bytes(body)


# --- Keras 3 ---

KERAS_ORDER = {4: [0, 1, 2, 3], 3: [1, 0, 2], 1: [0]}  # its block k is our block ORDER[k]


def keras3_weights(w, layers=1, blocks=4, prefix="lstm.", group="lstm", linear="linear."):
    """the arrays of a .weights.h5"""
    out = {}
    for l in range(layers):
        turn = lambda a: np.concatenate([np.split(a, blocks)[k] for k in KERAS_ORDER[blocks]])
        ih, hh, bi, bh = (turn(w[f"{prefix}{name}_l{l}"]) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        at = f"layers/{group}{'_%d' % l if l else ''}/cell/"
        out |= {at + "vars/0": ih.T.copy(), at + "vars/1": hh.T.copy(), at + "vars/2": np.stack([bi, bh]) if blocks == 3 else bi + bh, at + "seed_generator/vars/0": np.array([1, 2], "u4")}
    if linear is not None:
        out |= {"layers/dense/vars/0": w[linear + "weight"].T.copy(), "layers/dense/vars/1": w[linear + "bias"]}
    return out


def keras3_layer(class_name, name=None, inbound=None, **config):
    """an entry of config.json; inbound: [layer, node, output] of what a functional model's layer reads"""
    entry = {"module": "keras.layers", "class_name": class_name, "config": {"name": name or class_name.lower(), "trainable": True} | config, "registered_name": None}
    if inbound is not None:
        tensors = [{"class_name": "__keras_tensor__", "config": {"shape": [None, None, 8], "dtype": "float32", "keras_history": h}} for h in inbound]
        entry |= {"name": entry["config"]["name"], "inbound_nodes": [{"args": tensors, "kwargs": {"mask": None}}]}
    return entry


def keras3(arrays, layers, model="Sequential"):
    """a .keras file"""
    f = io.BytesIO()
    with zipfile.ZipFile(f, "w") as z:
        z.writestr(zipfile.ZipInfo("metadata.json"), json.dumps({"keras_version": "3.3.3"}))
        z.writestr(zipfile.ZipInfo("config.json"), json.dumps({"module": "keras", "class_name": model, "config": {"name": "m", "layers": layers}}))
        z.writestr(zipfile.ZipInfo("model.weights.h5"), hdf5(arrays))
    return f.getvalue()


def seeds(folder):
    w = lstm(i=2, n=2, o=2)
    gru = lstm(i=2, n=1, o=2, prefix="gru.", blocks=3)
    state, storages = state_dict(lstm(i=2, n=2, layers=1, o=2))
    four = {k: torch_tensor(str(i % 4), v) for i, (k, v) in enumerate(w.items())}
    W, R, B = onnx_weights(w)
    rnn = node("LSTM", ["x", "W", "R", "B"], ["h", "hn", "cn"], "lstm", hidden_size=2)
    weights = {"W": W, "R": R, "B": B, "M": w["linear.weight"].T.copy(), "b": w["linear.bias"]}
    moved = [node("Constant", [], ["two"], value=np.array([2], "i8")), node("Concat", ["W", "W"], ["C"], axis=1),
             node("Slice", ["C", "zero", "eight", "one"], ["S"]), node("Identity", ["S"], ["V"]), node("LSTM", ["x", "V", "R", "B"], ["h"], "lstm")]
    files = {
        "npz": npz(w), "safetensors": safetensors(w), "safetensors-gru": safetensors(gru), "legacy": legacy_pt(w), "pt": pt(state, storages),
        "P-state-dict": b"P" + pickled(four), "P-checkpoint": b"P" + pickled({"epoch": 3, "net": {"a": [1.5, None, (True, b"x")], "w": four}}, 4),
        "P-parts": b"P" + pickled({"lstm.weight_hh_l0_g": four["lstm.bias_ih_l0"], "lstm.weight_hh_l0_v": four["lstm.weight_hh_l0"], **{k: v for k, v in four.items() if "weight_hh" not in k}}),
        "P-pruned": b"P" + pickled({"lstm.weight_hh_l0_orig": four["lstm.weight_hh_l0"], "lstm.weight_hh_l0_mask": four["lstm.weight_hh_l0"], **{k: v for k, v in four.items() if "weight_hh" not in k}}),
        "Z-array": b"Z" + npy(np.zeros((4, 4), "f4")),
        "onnx": onnx([rnn, node("MatMul", ["h", "M"], ["m"]), node("Add", ["m", "b"], ["y"])], weights),
        "onnx-float-data": onnx([rnn], weights, raw=False),
        "onnx-moved": onnx(moved, weights | {"zero": np.array([0], "i8"), "eight": np.array([8], "i8"), "one": np.array([1], "i8")}),
        "onnx-states": onnx([rnn, node("LSTM", ["h", "W", "R", "B"], ["h1", "hn1"], "upper"), node("Concat", ["hn", "hn1"], ["all"], axis=0), node("Gather", ["all", "one"], ["last"]),
                             node("Gemm", ["last", "M", "b"], ["y"])], weights | {"one": np.array([1], "i8")}),
        "onnx-conv": onnx([node("Slice", ["x", "zero", "eight", "zero", "one"], ["s"]), node("LSTM", ["s", "W", "R", "B"], ["h"], "lstm"), node("Conv", ["h", "K", "b"], ["y"], strides=[1])],
                          weights | {"K": w["linear.weight"][:, :, None], "zero": np.array([0], "i8"), "eight": np.array([8], "i8"), "one": np.array([1], "i8")}),
        "keras3-weights": hdf5(keras3_weights(w)),
        "K-keras3": b"K" + json.dumps({"class_name": "Functional", "config": {"layers": [
            keras3_layer("InputLayer", "x", []), keras3_layer("GRU", "g", [["x", 0, 0]], activation="tanh", recurrent_activation="sigmoid", reset_after=True), keras3_layer("Dense", "d", [["g", 0, 0]], activation="softmax")]}}).encode()
            + b"\0" + hdf5(keras3_weights(gru, 1, 3, "gru.", "gru")),
        "onnx-lengths": onnx([node("Expand", ["three", "two"], ["len"]), node("LSTM", ["x", "W", "R", "B", "len"], ["h"], "lstm")], weights | {"three": np.array([3], "i4"), "two": np.array([2], "i8")},
                             inputs=(shaped("x", 3, None, 2),)),
        "onnx-if": onnx([node("If", ["c"], ["y"], "if", then_branch=graph([rnn], weights, inputs=[]), else_branch=graph([rnn], weights, inputs=[]))]),
    }
    for name, data in files.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)


if __name__ == "__main__":
    seeds(sys.argv[1])
