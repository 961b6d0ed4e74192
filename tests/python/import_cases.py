"""What people's files look like beside the golden ones: written here by NumPy, imported by import-rnn, compared with the tensors that went in.
Prints what is not as expected; status 1 then. Files are made in the current directory.
"""
import io, os, re, struct, subprocess, sys
import msgpack, msgpack_numpy, numpy as np
from foreign_files import *

# --- Checks ---

failed = count = 0


def run(data, options=(), name="net"):
    with open(name, "wb") as f:
        f.write(data)
    p = subprocess.run(["import-rnn", *options, name], capture_output=True)
    p.message = p.stderr.decode()
    found = [] if "--list" in options else [r for r in msgpack.Unpacker(io.BytesIO(p.stdout), object_hook=msgpack_numpy.decode) if r["kind"] == "rnn"]
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
mask = (np.arange(w[hh].size).reshape(w[hh].shape) % 3 > 0).astype("f4")
imports("pruning", npz(normed | {hh + "_orig": w[hh], hh + "_mask": mask}), w | {hh: w[hh] * mask})
refuses("pruning with a mask of another shape", npz(normed | {hh + "_orig": w[hh], hh + "_mask": mask.T}), "weight_hh_l0' is missing")
imports("weight dropout", npz(normed | {hh + "_raw": w[hh]}), w)
embedding = np.random.default_rng(3).standard_normal((9, 6)).astype("f4")
folded = w | {ih: (w[ih].astype("f8") @ embedding.T).astype("f4")}
p = run(safetensors(w | {"tok.weight": embedding}))
expect("an embedding", p.record and np.allclose(p.record["weights"][ih], folded[ih], atol=1e-6) and p.record["arch"]["input"] == 9, p)
imports("an embedding that is not wanted", safetensors(w | {"tok.weight": embedding}), w, ["--embedding", "none", "--readout", "linear"], said="left out: tok.weight")
# What it reads and answers with: an embedding reads tokens; where nothing tells, whoever imports it.
imports("an embedding before a classifier", npz(lstm(i=5, o=2) | {"tok.weight": zeros(9, 5)}), {**lstm(i=5, o=2), ih: zeros(32, 9)}, input=9, reads="tokens")
imports("tokens without an embedding", npz(w), w, ["--reads", "tokens"], reads="tokens")
imports("outputs that are numbers", npz(w), w, ["--answers", "numbers"], answers="numbers")
refuses("numbers through an embedding", npz(w | {"tok.weight": zeros(9, 6)}), "tok.weight", "--embedding none", options=["--reads", "numbers"])
imports("numbers, the embedding left out", npz(w | {"tok.weight": zeros(9, 6)}), w, ["--reads", "numbers", "--embedding", "none"], said="left out: tok.weight")
refuses("an embedding left out, and something else", npz(w | {"tok.weight": zeros(9, 6), "conv.weight": zeros(3, 2, 5)}), "more is in it.*: conv.weight", options=["--embedding", "none"])
refuses("one class", npz(lstm(o=1)), "one output is no choice", options=["--answers", "classes"])
imports("safetensors that tell it", safetensors(w, metadata={"rnn_reads": "tokens", "rnn_answers": "numbers"}), w, reads="tokens", answers="numbers")
imports("safetensors, and a choice that wins", safetensors(w, metadata={"rnn_reads": "tokens", "rnn_answers": "numbers"}), w, ["--reads", "numbers", "--answers", "classes"])
refuses("safetensors that tell something else", safetensors(w, metadata={"rnn_reads": "images"}), "not 'images'")
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
refuses("an int8 read-out", npz(w | {"linear.weight": zeros(4, 8).astype("i1")}), "linear.weight", "int8")
refuses("an int8 read-out without biases", npz({k: x for k, x in w.items() if k != "linear.bias"} | {"linear.weight": zeros(4, 8).astype("i1")}), "linear.weight", "int8")
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


# --- ONNX ---

out = {"linear.weight": w["linear.weight"], "linear.bias": w["linear.bias"]}
none = {"linear.weight": np.eye(8, dtype="f4"), "linear.bias": zeros(8)}
W, R, B = onnx_weights(w)
weights = {"W": W, "R": R, "B": B, "M": w["linear.weight"].T.copy(), "b": w["linear.bias"]}
rnn = node("LSTM", ["x", "W", "R", "B"], ["h", "hn", "cn"], "lstm", hidden_size=8)
matmul = [node("Squeeze", ["h", "ax"], ["s"]), node("MatMul", ["s", "M"], ["m"]), node("Add", ["b", "m"], ["y"])]
weights["ax"] = np.array([1], "i8")
imports("onnx: LSTM, MatMul, Add", onnx([rnn] + matmul, weights), w)
imports("onnx: float_data", onnx([rnn] + matmul, weights, raw=False), w)
imports("onnx: float16", onnx([rnn] + matmul, {k: v.astype("f2") if v.dtype == "f4" else v for k, v in weights.items()}, raw=False), {k: v.astype("f2").astype("f4") for k, v in w.items()})
imports("onnx: Gemm", onnx([rnn, node("Gemm", ["hn", "M", "b"], ["y"])], weights), w)
imports("onnx: Gemm, transposed", onnx([rnn, node("Gemm", ["hn", "M", "b"], ["y"], transB=1)], weights | {"M": w["linear.weight"]}), w)
for name in ("M", "read", "read/Gemm"):
    imports(f"onnx: a read-out that is chosen, {name}", onnx([rnn, node("Gemm", ["hn", "M", "b"], ["y"], "read/Gemm")], weights), w, ["--readout", name])
refuses("onnx: another read-out", onnx([rnn, node("Gemm", ["hn", "M", "b"], ["y"], "read/Gemm")], weights), "--readout rea: there it is read/Gemm, of the weights M", options=["--readout", "rea"])
refuses("onnx: a read-out where there is none", onnx([rnn], weights), "--readout M: there is none behind", options=["--readout", "M"])
refuses("onnx: an embedding where there is none", onnx([rnn] + matmul, weights), "--embedding tok: there is none before", options=["--embedding", "tok"])
refuses("onnx: --embedding leaves nothing else out", onnx([rnn] + matmul + [node("Relu", ["y"], ["r"], "relu1")], weights), "relu1", "--rnn lstm", options=["--embedding", "none"])
gathered = onnx([node("Gather", ["E", "x"], ["e"], "look"), rnn.replace(b"\x0a\x01x", b"\x0a\x01e")] + matmul, weights | {"E": zeros(9, 6)})
imports("onnx: an embedding", gathered, {**w, ih: zeros(32, 9)}, said="folded", input=9, reads="tokens")
imports("onnx: an embedding left out", gathered, w, ["--embedding", "none"], said="left out: look", input=6)
imports("onnx: no read-out", onnx([rnn], weights), {k: v for k, v in w.items() if "linear" not in k} | none, said="identity")
imports("onnx: LogSoftmax behind", onnx([rnn] + matmul + [node("LogSoftmax", ["y"], ["p"], axis=-1)], weights), w, said="LogSoftmax")
refuses("onnx: ReLU and another layer behind", onnx([rnn] + matmul + [node("Relu", ["y"], ["r"], "relu1"), node("MatMul", ["r", "N"], ["q"], "second")], weights | {"N": zeros(4, 2)}), "relu1", "second", "--rnn lstm")
imports("onnx: the same, left out", onnx([rnn] + matmul + [node("Relu", ["y"], ["r"], "relu1")], weights), w, ["--rnn", "lstm"], said="left out: relu1")
refuses("onnx: convolutions before", onnx([node("Conv", ["x", "K"], ["c"], "conv1"), rnn.replace(b"\x0a\x01x", b"\x0a\x01c")] + matmul, weights | {"K": zeros(1, 1, 3)}), "conv1", "--rnn lstm")
imports("onnx: convolutions before, left out", onnx([node("Conv", ["x", "K"], ["c"], "conv1"), rnn.replace(b"\x0a\x01x", b"\x0a\x01c")] + matmul, weights | {"K": zeros(1, 1, 3)}), w, ["--rnn", "lstm"], said="left out: conv1")
U = onnx_weights(two, 1)
stack = [rnn, node("Squeeze", ["h", "ax"], ["h0"]), node("LSTM", ["h0", "W1", "R1", "B1"], ["h1"], "upper"), node("Squeeze", ["h1", "ax"], ["s"])] + matmul[1:]
V = onnx_weights(two, 0)
deep = weights | dict(zip(("W", "R", "B", "W1", "R1", "B1"), V + U)) | {"M": two["linear.weight"].T.copy(), "b": two["linear.bias"]}
imports("onnx: two layers", onnx(stack, deep), two, layers=2)
imports("onnx: two layers, one of them named", onnx(stack, deep), two, ["--rnn", "upper"], layers=2)
refuses("onnx: a name that is not there", onnx(stack, deep), "no recurrent node is called 'typo'; there are: lstm .*upper", options=["--rnn", "upper,typo"])
side = [rnn, node("LSTM", ["x", "W1", "R1", "B1"], ["h1"], "other")]
refuses("onnx: two RNNs side by side", onnx(side, deep | {"W1": V[0]}), "lstm", "other", "--rnn")
imports("onnx: one of two side by side", onnx(side, weights | {"W1": V[0], "R1": V[1], "B1": V[2]}), {k: v for k, v in w.items() if "linear" not in k} | none, ["--rnn", "lstm"], said="left out: other")
table = np.random.default_rng(3).standard_normal((9, 6)).astype("f4")
p = run(onnx([node("Gather", ["E", "x"], ["e"]), rnn.replace(b"\x0a\x01x", b"\x0a\x01e")] + matmul, weights | {"E": table}))
expect("onnx: an embedding", p.record and np.allclose(p.record["weights"][ih], w[ih].astype("f8") @ table.T, atol=1e-6) and p.record["arch"]["input"] == 9, p)
for cell, blocks in (("gru", 3), ("rnn", 1)):
    g = lstm(prefix=cell + ".", blocks=blocks)
    gw = dict(zip("WRB", onnx_weights(g, 0, blocks, cell + "."))) | {"M": g["linear.weight"].T.copy(), "b": g["linear.bias"], "ax": weights["ax"]}
    make = lambda **a: onnx([node(cell.upper(), ["x", "W", "R", "B"], ["h"], cell, **a)] + matmul, gw)
    if cell == "gru":
        imports("onnx: GRU", make(linear_before_reset=1), g, cell="gru")
        refuses("onnx: GRU, linear_before_reset 0", make(), "linear_before_reset")
        refuses("onnx: GRU, other activations", make(linear_before_reset=1, activations=["HardSigmoid", "Tanh"]), "HardSigmoid")
    else:
        imports("onnx: RNN", make(), g, cell="rnn_tanh")
        imports("onnx: RNN, ReLU", make(activations=["Relu"]), g, cell="rnn_relu")
        refuses("onnx: RNN, another activation", make(activations=["Softsign"]), "Softsign")
imports("onnx: default activations said", onnx([node("LSTM", ["x", "W", "R", "B"], ["h"], "lstm", activations=["Sigmoid", "Tanh", "Tanh"])] + matmul, weights), w)
refuses("onnx: another activation", onnx([node("LSTM", ["x", "W", "R", "B"], ["h"], "lstm", activations=["Sigmoid", "Relu", "Tanh"])], weights), "Relu")
both = {k: np.concatenate([weights[k]] * 2) for k in "WRB"}
refuses("onnx: bidirectional", onnx([node("LSTM", ["x", "W", "R", "B"], ["h"], "lstm", direction="bidirectional")], both), "bidirectional")
refuses("onnx: two directions without a word", onnx([node("LSTM", ["x", "W", "R", "B"], ["h"], "lstm")], both), "shape")
refuses("onnx: backwards", onnx([node("LSTM", ["x", "W", "R", "B"], ["h"], "lstm", direction="reverse")], weights), "reverse")
refuses("onnx: peepholes", onnx([node("LSTM", ["x", "W", "R", "B", "", "", "", "P"], ["h"], "lstm")], weights | {"P": zeros(1, 24)}), "peephole")
refuses("onnx: clip", onnx([node("LSTM", ["x", "W", "R", "B"], ["h"], "lstm", clip=3.0)], weights), "clip")
refuses("onnx: coupled gates", onnx([node("LSTM", ["x", "W", "R", "B"], ["h"], "lstm", input_forget=1)], weights), "input_forget")
refuses("onnx: a learned start", onnx([node("LSTM", ["x", "W", "R", "B", "", "h0"], ["h"], "lstm")], weights | {"h0": zeros(1, 1, 8) + 1}), "h0", "not zero")
imports("onnx: a start of zeros", onnx([node("LSTM", ["x", "W", "R", "B", "", "h0", "h0"], ["h"], "lstm", hidden_size=8)] + matmul, weights | {"h0": zeros(1, 1, 8)}), w)
imports("onnx: a start from outside", onnx([node("LSTM", ["x", "W", "R", "B", "", "h0", "c0"], ["h"], "lstm", hidden_size=8)] + matmul, weights, inputs=("x", "h0", "c0")), w, said="zero is assumed")
# sequence_lens: all of each sequence, or another function.
long = lambda lengths, shape=(5, None, 6), more=[], **a: onnx(more + [node("LSTM", ["x", "W", "R", "B", "len"], ["h"], "lstm", **a)] + matmul, weights | lengths, inputs=(shaped("x", *shape),))
lens = lambda *n: {"len": np.array(n, "i4")}
imports("onnx: whole sequences by a constant", long(lens(5, 5)), w)
imports("onnx: whole sequences, the batch first", long(lens(5), (None, 5, 6), layout=1), w)
refuses("onnx: one sequence is cut", long(lens(5, 3)), "node 'lstm'", "sequence_lens 'len' is a constant, 3, and sequences have 5 steps")
refuses("onnx: all are cut, the batch as long", long(lens(4), (5, 4, 6)), "constant, 4, and sequences have 5 steps")
refuses("onnx: cut, who knows", long(lens(5), (None, None, 6)), "constant, 5, and sequences have a length that is not in the file")
refuses("onnx: cut, no shape", onnx([node("LSTM", ["x", "W", "R", "B", "len"], ["h"], "lstm")] + matmul, weights | lens(5)), "a length that is not in the file")
refuses("onnx: lengths that are floats", long({"len": zeros(1) + 5}), "sequence_lens 'len' are float32")
refuses("onnx: a length that is expanded", long({"one": np.array([3], "i4"), "n": np.array([2], "i8")}, more=[node("Expand", ["one", "n"], ["len"])]), "constant, 3")
imports("onnx: whole sequences, expanded", long({"one": np.array([5], "i4"), "n": np.array([2], "i8")}, more=[node("Expand", ["one", "n"], ["len"])]), w)
filled = lambda n: long({}, more=[node("Shape", ["x"], ["s0"]), node("ConstantOfShape", ["s0"], ["len"], value=np.array([n], "i4"))])
refuses("onnx: a length that fills", filled(2), "constant, 2")
imports("onnx: whole sequences, filled", filled(5), w)
imports("onnx: lengths from outside", onnx([node("LSTM", ["x", "W", "R", "B", "len"], ["h"], "lstm")] + matmul, weights, inputs=("x", "len")), w, said="as 'len' says: all are assumed")
imports("onnx: no biases", onnx([node("LSTM", ["x", "W", "R"], ["h"], "lstm")] + matmul[:2], weights), {k: v * ("bias" not in k) for k, v in w.items()})
moved = [node("Unsqueeze", ["W2", "zero"], ["W"]), node("Transpose", ["RT"], ["R2"], perm=[1, 0]), node("Unsqueeze", ["R2"], ["R"], axes=[0]),
         node("Concat", ["Bo", "Bb"], ["B1"], axis=0), node("Reshape", ["B1", "shape"], ["B"])]
parts = {"W2": W[0], "RT": R[0].T.copy(), "Bo": B[0][:20], "Bb": B[0][20:], "shape": np.array([1, -1], "i8"), "zero": np.array([0], "i8"), "M": weights["M"], "b": weights["b"], "ax": weights["ax"]}
imports("onnx: weights that are moved about", onnx(moved + [rnn] + matmul, parts), w)
gates = [node("Slice", ["Wp", f"a{k}", f"e{k}", "zero"], [f"g{k}"]) for k in range(4)] + [node("Concat", [f"g{k}" for k in ONNX_ORDER[4]], ["W2"], axis=0)] + moved
ends = {f"a{k}": np.array([8 * k], "i8") for k in range(4)} | {f"e{k}": np.array([8 * k + 8], "i8") for k in range(4)}
imports("onnx: gates reordered in the graph", onnx(gates + [rnn] + matmul, {k: v for k, v in parts.items() if k != "W2"} | ends | {"Wp": w[ih]}), w)
inner = lambda net: graph([node("Constant", [], ["W"], value=onnx_weights(net)[0]), node("Identity", ["Rout"], ["R"]), rnn] + matmul, {k: v for k, v in weights.items() if k not in "WR"}, inputs=[])
branches = onnx([node("If", ["c"], ["y"], "if", then_branch=inner(w), else_branch=inner(w))], {"Rout": R}, inputs=("x", "c"))
refuses("onnx: in both branches of an If", branches, r"if\.then_branch\.lstm", r"if\.else_branch\.lstm", "--rnn")
imports("onnx: in one branch of an If", branches, w, ["--rnn", "if.then_branch.lstm"])
fed = [node("If", ["c"], ["z"], "if", then_branch=graph([node("Relu", ["x"], ["z1"], "relu")], outputs=["z1"], inputs=[]), else_branch=graph([node("Identity", ["x"], ["z2"])], outputs=["z2"], inputs=[])),
       node("LSTM", ["z", "W", "R", "B"], ["h"], "lstm")] + matmul
refuses("onnx: fed by an If", onnx(fed, weights, inputs=("x", "c")), r"if \(If\)", r"relu")
imports("onnx: a node's plain name", branches.replace(b"else_branch", b"or_a_branch"), w, ["--rnn", "if.or_a_branch.lstm"])
# What is between the input, the nodes and the read-out may move numbers, but not reorder or exchange them.
lstm_of = lambda x, h="h": node("LSTM", [x, "W", "R", "B"], [h, "hn", "cn"], "lstm", hidden_size=8)
ints = lambda **lists: {k: np.array(v, "i8") for k, v in lists.items()}
sliced = lambda name, into: node("Slice", [name, "from", "to", "axis", "steps"], [into], "slice")
backwards = weights | ints(**{"from": [-1], "to": [-(2**62)], "axis": [0], "steps": [-1]})
refuses("onnx: time turned around before", onnx([sliced("x", "r"), lstm_of("r")] + matmul, backwards), r"slice \(Slice\)", "--rnn lstm")
refuses("onnx: time turned around behind", onnx([lstm_of("x", "g"), sliced("g", "h")] + matmul, backwards), r"slice \(Slice\)")
imports("onnx: the last step", onnx([lstm_of("x", "g"), sliced("g", "h")] + matmul, weights | ints(**{"from": [-1], "to": [2**62], "axis": [0], "steps": [1]})), w)
picked = lambda indices: onnx([node("Gather", ["x", "which"], ["g"], "pick", axis=2), lstm_of("g")] + matmul, weights | {"which": indices})
refuses("onnx: inputs in another order", picked(np.array([5, 4, 3, 2, 1, 0], "i8")), r"pick \(Gather\)")
imports("onnx: one of several sequences", picked(np.array(1, "i8")), w)
refuses("onnx: a read-out of c", onnx([node("LSTM", ["x", "W", "R", "B"], ["", "", "h"], "lstm")] + matmul, weights), r"m \(MatMul\)", "--rnn lstm")
refuses("onnx: a layer that reads c", onnx([node("LSTM", ["x", "W", "R", "B"], ["", "", "h"], "lstm")] + stack[1:], deep), "lstm", "upper")
refuses("onnx: an LSTM of somebody else", onnx([rnn + field(7, "com.acme")] + matmul, weights), "no recurrent layer")
imports("onnx: ONNX's own by name", onnx([rnn + field(7, "ai.onnx")] + matmul, weights), w)
states = lambda pick, order=("hn", "hn1"): onnx([lstm_of("x"), node("Squeeze", ["h", "ax"], ["h0"]), node("LSTM", ["h0", "W1", "R1", "B1"], ["h1", "hn1"], "upper"), node("Concat", list(order), ["all"], axis=0),
                            node("Gather", ["all", "pick"], ["last"], axis=0), node("Gemm", ["last", "M", "b"], ["y"])], deep | {"pick": np.array(pick, "i8")})
imports("onnx: the last state of the last layer", states(-1), two, layers=2)
imports("onnx: the same, counted", states(1), two, layers=2)
refuses("onnx: the first layer's last state", states(0), "Gemm", "--rnn")
refuses("onnx: states the other way round", states(-1, ("hn1", "hn")), "Gemm", "--rnn")
conv = lambda more={}, K=w["linear.weight"][:, :, None]: onnx([rnn, node("Transpose", ["h"], ["t"], perm=[1, 2, 3, 0]), node("Conv", ["t", "K", "b"], ["y"], "conv", **more)], weights | {"K": K})
imports("onnx: a convolution over one position", conv({"kernel_shape": [1], "strides": [1], "pads": [0, 0], "group": 1}), w)
for more in ({"strides": [2]}, {"pads": [1, 1]}, {"group": 2}):
    refuses(f"onnx: a convolution, {more}", conv(more), r"conv \(Conv\)", "--rnn lstm")
refuses("onnx: a convolution over two positions", conv(K=np.repeat(w["linear.weight"][:, :, None], 2, 2)), r"conv \(Conv\)")

# As public voice detectors are: a branch for each rate, in it convolutions, in these a branch for whoever has a state; weights in PyTorch's order
# that are cut, put together and lengthened in the graph; ReLU before the last convolution.
cut = [node("Slice", [name, f"a{k}", f"e{k}", "zero"], [f"{name}{k}"]) for name in ("ih", "hh", "bi", "bh") for k in range(4)]
cut += [node("Concat", [f"{name}{k}" for k in ONNX_ORDER[4]], [name + "o"], axis=0) for name in ("ih", "hh", "bi", "bh")]
cut += [node("Concat", ["bio", "bho"], ["bo"], axis=0)] + [node("Unsqueeze", [a, "zero"], [b]) for a, b in (("iho", "W"), ("hho", "R"), ("bo", "B"))]
arms = lambda: {"then_branch": graph(cut + [node("Unsqueeze", ["state", "zero"], ["h0"]), node("LSTM", ["c", "W", "R", "B", "", "h0", "h0"], ["h"], "with", hidden_size=8)], inputs=[], outputs=["h"]),
                "else_branch": graph(cut + [node("LSTM", ["c", "W", "R", "B"], ["h"], "without", hidden_size=8)], inputs=[], outputs=["h"])}
rate = lambda net: graph([node("Conv", ["x", "K"], ["p"], "conv"), node("Relu", ["p"], ["c"], "relu"), node("If", ["has_state"], ["h"], "decoder", **arms()), node("Relu", ["h"], ["q"], "relu2"),
                          node("Conv", ["q", "D", "d"], ["z"], "conv2"), node("Sigmoid", ["z"], ["y"], "probability")],
                         {"ih": net[ih], "hh": net[hh], "bi": net["lstm.bias_ih_l0"], "bh": net["lstm.bias_hh_l0"], "D": net["linear.weight"][:1, :, None], "d": net["linear.bias"][:1], "K": zeros(6, 6, 3)}, inputs=[])
other = lstm(seed=5)
detector = onnx([node("Equal", ["sr", "rate"], ["is16"]), node("If", ["is16"], ["y"], "sr", then_branch=rate(w), else_branch=rate(other))],
                ends | {"zero": np.array([0], "i8"), "rate": np.array(16000, "i8")}, inputs=("x", "sr", "state", "has_state"))
names = [f"sr.{a}.decoder.{b}" for a in ("then_branch", "else_branch") for b in ("then_branch.with", "else_branch.without")]
refuses("onnx: a voice detector", detector, "several", "--rnn", *[re.escape(name) for name in names])
p = run(detector, ["--list"])
expect("onnx: a voice detector's RNNs are listed", all(f"{name}\tnode LSTM".encode() in p.stdout for name in names), p)
for name in names:
    net = w if ".then_branch.decoder" in name else other
    imports(f"onnx: {name}", detector, {k: v for k, v in net.items() if "linear" not in k} | none, ["--rnn", name], said="identity(.|\n)*left out:.*conv", input=6)
refuses("onnx: a CNN", onnx([node("Conv", ["x", "K"], ["y"], "conv1")], {"K": zeros(1, 1, 3)}), "recurrent")
refuses("onnx: quantised", onnx([rnn], weights | {"W": (W * 100).astype("i1")}), "int8")
refuses("onnx: not finite", onnx([rnn], weights | {"W": W * np.float32("nan")}), "not finite")
whole = onnx([rnn] + matmul, weights)
for n in (len(whole) // 2, len(whole) - 20):
    refuses("onnx: cut", whole[:n], "whole|damaged|ONNX")
p = run(whole, ["--list"])
expect("onnx: --list names nodes", b"lstm\tnode LSTM\t?" in p.stdout, p)

# --- Keras 3 ---

from check_imports import outputs


def keras3_outputs(arrays, cell, group, layers, x):
    """[T,O] of Keras's own equations, in Keras's layout; cell: a step of (a = x W + b, h, c, U, b')"""
    for l in range(layers):
        W, U, b = (arrays[f"layers/{group}{'_%d' % l if l else ''}/cell/vars/{k}"].astype("f8") for k in range(3))
        h = c = np.zeros(len(U))
        states = []
        for row in x:
            h, c = cell(row @ W + (b[0] if b.ndim == 2 else b), h, c, U, b)
            states.append(h)
        x = np.array(states)
    return x @ arrays["layers/dense/vars/0"] + arrays["layers/dense/vars/1"]


sig = lambda x: 1 / (1 + np.exp(-x))


def keras_lstm(a, h, c, U, b):
    i, f, g, o = np.split(a + h @ U, 4)
    c = sig(f) * c + sig(i) * np.tanh(g)
    return sig(o) * np.tanh(c), c


def keras_gru(a, h, c, U, b):
    (az, ar, ah), (hz, hr, hh) = np.split(a, 3), np.split(h @ U + b[1], 3)
    z = sig(az + hz)
    return z * h + (1 - z) * np.tanh(ah + sig(ar + hr) * hh), c


plain = lambda f: lambda a, h, c, U, b: (f(a + h @ U), c)


def computes(what, data, want, options=(), said=None, tokens=None, x=np.random.default_rng(4).standard_normal((7, 6)), **arch):
    p = run(data, options)
    ok = p.returncode == 0 and p.record and all(p.record["arch"][k] == v for k, v in arch.items()) and (said is None or re.search(said, p.message))
    expect(what, ok and np.abs(outputs(p.record, x[None] if tokens is None else tokens[None])[0] - want(x)).max() < 1e-5, p)


gates = {"activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True}
kinds = [("lstm", "lstm.", 4, "LSTM", "lstm", gates, keras_lstm), ("gru", "gru.", 3, "GRU", "gru", gates | {"reset_after": True}, keras_gru),
         ("simple_rnn", "rnn.", 1, "SimpleRNN", "rnn_tanh", {"activation": "tanh"}, plain(np.tanh)), ("simple_rnn", "rnn.", 1, "SimpleRNN", "rnn_relu", {"activation": "relu"}, plain(lambda x: np.maximum(x, 0)))]
dense, entry = keras3_layer("Dense", activation="linear"), keras3_layer("InputLayer")
for group, prefix, blocks, class_name, cell, config, step in kinds:
    for layers in (1, 2, 12):
        arrays = keras3_weights(lstm(prefix=prefix, blocks=blocks, layers=layers), layers, blocks, prefix, group) | {"optimizer/vars/1": zeros(3)}
        want = lambda x: keras3_outputs(arrays, step, group, layers, x)
        computes(f"keras 3: weights of {layers} {cell}", hdf5(arrays), want, ["--cell", cell] if cell == "rnn_relu" else [], said="does not tell activations(.|\n)*order of its layers", cell=cell, layers=layers)
        stack = [entry] + [keras3_layer(class_name, f"r{l}", **config) for l in range(layers)] + [keras3_layer("Dropout")]
        computes(f"keras 3: a model of {layers} {cell}", keras3(arrays, stack + [dense]), want, cell=cell, layers=layers)
arrays = keras3_weights(w)
net = lambda **changed: keras3_layer("LSTM", "net", **gates | changed)
want = lambda x: keras3_outputs(arrays, keras_lstm, "lstm", 1, x)
computes("keras 3: float64", hdf5({k: v.astype("f8") if v.dtype == "f4" else v for k, v in arrays.items()}), want)
computes("keras 3: softmax", keras3(arrays, [net(), keras3_layer("Dense", activation="softmax")]), want, said="softmax")
table = np.random.default_rng(3).standard_normal((9, 6)).astype("f4")
tokens = np.array([0, 8, 3, 3, 1])
embedded = arrays | {"layers/embedding/vars/0": table}
computes("keras 3: an embedding", keras3(embedded, [keras3_layer("Embedding"), net(), dense]), lambda x: want(table[tokens]), said="folded", tokens=tokens, input=9)
computes("keras 3: weights with an embedding", hdf5(embedded), lambda x: want(table[tokens]), said="folded", tokens=tokens, input=9)
masked = lambda flag: keras3(embedded, [keras3_layer("Embedding", mask_zero=flag), net(), dense])
computes("keras 3: an embedding that masks", masked(True), lambda x: want(table[tokens]), said="skip token 0", tokens=tokens, reads="tokens")
p = run(masked(False))
expect("keras 3: an embedding that does not", p.record and "skip" not in p.message, p)
computes("keras 3: a mask", keras3(arrays, [keras3_layer("Masking", mask_value=0.0), net(), dense]), want, said="skip steps")
two_layers = keras3_weights(two, 2, 4, "lstm.", "lstm")
refuses("keras 3: a name that is not there", hdf5(two_layers), "no recurrent layer is called 'lstm_9'; there are: lstm, lstm_1", options=["--rnn", "lstm,lstm_9"])
refuses("keras 3: a name of another layer", hdf5(two_layers), "no recurrent layer is called 'dense'", options=["--rnn", "lstm,lstm_1,dense"])
computes("keras 3: an embedding left out", keras3(embedded, [keras3_layer("Embedding"), net(), dense]), want, ["--embedding", "none"], said="left out: embedding", input=6)
refuses("keras 3: --name of nothing", hdf5(arrays), "no layer in it below nonsense: its layers are lstm, dense", options=["--name", "nonsense"])
p = run(hdf5(arrays), ["--name", "lstm"])
expect("keras 3: --name of the recurrent layer alone", p.record and p.record["arch"]["output"] == 8, p)
wrapped = {k.replace("dense/", "time_distributed/layer/"): v for k, v in arrays.items()}
computes("keras 3: TimeDistributed", keras3(wrapped, [net(), keras3_layer("TimeDistributed", layer=dense)]), want)
computes("keras 3: weights of TimeDistributed", hdf5(wrapped), want)
of_cell = {k.replace("lstm/", "rnn/"): v for k, v in arrays.items()}
computes("keras 3: RNN(LSTMCell)", keras3(of_cell, [keras3_layer("RNN", cell=keras3_layer("LSTMCell", **gates)), dense]), want)
refuses("keras 3: RNN(LSTMCell), backwards", keras3(of_cell, [keras3_layer("RNN", go_backwards=True, cell=keras3_layer("LSTMCell", **gates)), dense]), "'rnn'", "backwards")
refuses("keras 3: cells in one RNN", keras3({k.replace("cell/", "cell/cells/lstm_cell/"): v for k, v in of_cell.items()}, [keras3_layer("RNN", cell=keras3_layer("StackedRNNCells")), dense]), "rnn")
refuses("keras 3: backwards", keras3(arrays, [net(go_backwards=True), dense]), "'net'", "backwards")
refuses("keras 3: another activation", keras3(arrays, [net(activation="elu"), dense]), "'elu'")
refuses("keras 3: hard sigmoid", keras3(arrays, [net(recurrent_activation="hard_sigmoid"), dense]), "hard_sigmoid")
refuses("keras 3: a Dense layer with ReLU", keras3(arrays, [net(), keras3_layer("Dense", activation="relu")]), "'dense'", "'relu'")
refuses("keras 3: LeakyReLU behind", keras3(arrays, [net(), dense, keras3_layer("LeakyReLU")]), "leakyrelu")
g = lstm(prefix="gru.", blocks=3)
old = keras3_weights(g, 1, 3, "gru.", "gru")
refuses("keras 3: reset_after is false", keras3(old, [keras3_layer("GRU", **gates, reset_after=False), dense]), "reset_after")
refuses("keras 3: a GRU of one bias", hdf5(old | {"layers/gru/cell/vars/2": zeros(24)}), "reset_after")
both = {f"layers/bidirectional/{d}_layer/{k.split('/', 2)[2]}": v for d in ("forward", "backward") for k, v in arrays.items() if "lstm" in k}
refuses("keras 3: bidirectional", keras3(both, [keras3_layer("Bidirectional", layer=net(), backward_layer=net())]), "bidirectional")
refuses("keras 3: weights, bidirectional", hdf5(both), "bidirectional")
normed = arrays | {f"layers/batch_normalization/vars/{k}": zeros(8) for k in range(4)}
refuses("keras 3: weights with another layer", hdf5(normed), "batch_normalization", "--rnn lstm")
p = run(hdf5(normed), ["--rnn", "lstm"])
expect("keras 3: beside others no read-out is guessed", p.record and p.record["arch"]["output"] == 8 and "left out: batch_normalization, dense" in p.message, p)
refuses("keras 3: two read-outs", hdf5(arrays | {"layers/dense_1/vars/0": zeros(4, 3)}), "dense_1")
refuses("keras 3: a kernel of integers", hdf5(arrays | {"layers/lstm/cell/vars/1": np.zeros((8, 32), "u4")}), "'lstm'", "recurrent_kernel")
refuses("keras 3: weights of no layer", keras3(arrays | {"layers/lstm_1/cell/vars/0": zeros(8, 8)}, [net(), dense]), "1 of its 6 weights belong to no layer")
refuses("keras 3: a subclassed model", hdf5({k.replace("layers/", ""): v for k, v in arrays.items()}), "no group layers")
refuses("keras 3: no configuration", keras3(arrays, None), "no list of layers")
size = b"\x11\x20\x1f\0" + struct.pack("<I", 4)
refuses("keras 3: floats that claim to be of 2 GB", hdf5(arrays).replace(size, size[:4] + struct.pack("<I", 0x73FFFFFF), 1), "'lstm'", "matri")
refuses("keras 3: cut", keras3(arrays, [net(), dense])[:-30], "zip")
graph = lambda net_in, dense_in, n=arrays, more=[]: keras3(n, [keras3_layer("InputLayer", "x", []), keras3_layer("LSTM", "net", net_in, return_state=True, **gates)] + more + [keras3_layer("Dense", "out", dense_in, activation="linear")], "Functional")
computes("keras 3: a graph", graph([["x", 0, 0]], [["net", 0, 0]]), want)
computes("keras 3: a graph, the last h", graph([["x", 0, 0]], [["net", 0, 1]]), want)
drop = lambda output: [keras3_layer("Dropout", "drop", [["net", 0, output]])]
computes("keras 3: a graph, dropout between", graph([["x", 0, 0]], [["drop", 0, 0]], more=drop(0)), want)
refuses("keras 3: a graph, dropout of c between", graph([["x", 0, 0]], [["drop", 0, 0]], more=drop(2)), "'out'", "output 2 of 'net'")
refuses("keras 3: a graph, a read-out of c", graph([["x", 0, 0]], [["net", 0, 2]]), "'out'", "net")
refuses("keras 3: a graph, a read-out of the input", graph([["x", 0, 0]], [["x", 0, 0]]), "'out'")
refuses("keras 3: a graph, a start from elsewhere", graph([["x", 0, 0], ["x", 0, 0]], [["net", 0, 0]]), "'net'")
p = run(keras3(arrays, [net(), dense]), ["--list"])
expect("keras 3: --list", p.returncode == 0 and b"/layers/lstm/cell/vars/1\tfloat32\t[8,32]" in p.stdout, p)

print(f"{count} cases, {failed} not as expected")
sys.exit(failed > 0)
