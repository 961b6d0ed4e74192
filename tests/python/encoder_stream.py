"""An encoder and its RNNs written by Python alone, from the reference arrays, and the check of what our filter makes of them.

encoder_stream.py write GOLDEN NAME ENCODER ZOO   GOLDEN is the folder of all reference encoders, NAME one in it, such as interactive_p1
encoder_stream.py check GOLDEN NAME EMBEDDINGS [tolerance]
"""

import json
import sys
import zlib

import msgpack
import msgpack_numpy
import numpy as np

import read_stream


TYPES = {"layerwise_statistics": "stats", "parameter_transformer": "transformer", "nf": "dws"}  # the reference's names: ours


def write(path, records):
    program = {"program": "python", "version": "1"}
    meta = {"kind": "meta", "format": 1, **program, "history": [{**program, "argv": ["python", path]}]}
    data = b"".join(msgpack.packb(r, default=msgpack_numpy.encode) for r in [meta, *records])
    end = {"kind": "end", "records": len(records) + 1, "crc32": zlib.crc32(data)}
    open(path, "wb").write(data + msgpack.packb(end))


def encoder_weights(folder):
    """The reference's state dict: names, shapes and offsets are in manifest.txt."""
    flat, weights = np.load(f"{folder}/params.npy"), {}
    for line in open(f"{folder}/manifest.txt"):
        fields = line.split("#")[0].split()
        if fields:
            name, shape, offset, count = fields[0], [int(n) for n in fields[1].split("x")], int(fields[2]), int(fields[3])
            weights[name] = flat[offset : offset + count].reshape(shape)
    return weights


def rnn_weights(flat, arch):
    weights, hidden, at = {}, arch["hidden"], 0

    def take(name, *shape):
        nonlocal at
        weights[name] = flat[at : at + int(np.prod(shape))].reshape(shape)
        at += weights[name].size

    for layer in range(arch["layers"]):
        take(f"lstm.weight_ih_l{layer}", 4 * hidden, arch["input"] if layer == 0 else hidden)
        take(f"lstm.weight_hh_l{layer}", 4 * hidden, hidden)
        take(f"lstm.bias_ih_l{layer}", 4 * hidden)
        take(f"lstm.bias_hh_l{layer}", 4 * hidden)
    take("linear.weight", arch["output"], hidden)
    take("linear.bias", arch["output"])
    assert at == flat.size
    return weights


def write_streams(golden, name, encoder_path, zoo_path):
    c = json.load(open(f"{golden}/{name}/config.json"))
    arch = {"cell": "lstm", "input": c["rnn_in"], "hidden": c["rnn_hidden"], "layers": c["rnn_layers"], "output": c["rnn_out"]}
    config = {
        "z": c["rnn_embedding_size"],
        "hidden": c["encoder_core_hidden_size"],
        "channels": c["encoder_core_hidden_size"],
        "heads": c["encoder_num_heads"],
        "layers": c["encoder_core_num_layers"],
        "mlp_hidden": c["encoder_mlp_hidden_size"],
        "mlp_layers": c["encoder_mlp_num_layers"],
        "length": c["probing_sequence_length"],
        "probes": c["num_parallel_probing_sequences"],
        "residual": c["encoder_residual"],
        "softmax": c["probing_input_softmax"],
    }
    weights = encoder_weights(f"{golden}/{name}")
    kind = TYPES.get(c["encoder_type"], c["encoder_type"])
    write(encoder_path, [{"kind": "encoder", "type": kind, "config": config, "arch": arch, "weights": weights}])
    flat = np.load(f"{golden}/rnn_params_{c['rnn_batch']}.npy")
    rnns = [{"kind": "rnn", "run": run, "arch": arch, "weights": rnn_weights(row, arch), "mine": run} for run, row in enumerate(flat)]
    write(zoo_path, rnns)


def check(golden, name, path, tolerance):
    wanted = np.load(f"{golden}/{name}/embedding_unit.npy")
    embeddings = read_stream.records(path, "embedding")
    assert [r["run"] for r in embeddings] == [r["mine"] for r in embeddings] == list(range(len(wanted)))
    error = np.abs(np.stack([r["z"] for r in embeddings]) - wanted).max()
    print(f"greatest deviation {error:.2e}")
    assert error <= tolerance
    if "probes" in embeddings[0]:
        for key, file in ("inputs", "probing_inputs"), ("answers", "probing_outputs"):
            ours, reference = np.stack([r["probes"][key] for r in embeddings]), np.load(f"{golden}/{name}/{file}.npy")
            assert ours.shape == reference.shape and np.allclose(ours, reference, rtol=0, atol=2e-5), key


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write_streams(*sys.argv[2:6])
    else:
        check(*sys.argv[2:5], float(sys.argv[5]) if len(sys.argv) > 5 else 1e-5)
