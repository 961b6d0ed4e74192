#!/usr/bin/env python3
"""Are these PyTorch networks the ones that the reference arrays were made with?"""
import json
import pathlib
import sys

import numpy
import torch
from torch.nn import functional as F

from encoders import Dws, Emulator, Flat, Probing, Statistics, Transformer, rnn_shapes
from work import embed, total_variation
from zoo import VOCABULARY, ZooRnn

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "golden"
TOLERANCE = 1e-4  # of the Euclidean norm
failures = 0


def load(name):
    return torch.from_numpy(numpy.load(GOLDEN / f"{name}.npy"))


def compare(name, ours, golden):
    global failures
    distance = ((ours - golden).norm() / golden.norm()).item()
    good = distance < TOLERANCE
    failures += not good
    print(f"{'ok' if good else 'NOT OK':7}{distance:8.1e}  {name}")


def select(flat, directory, network):
    """Those of a flat vector's parts that the network has: the official ones have some that are never used."""
    kept = []
    for line in (GOLDEN / directory / "manifest.txt").read_text().splitlines()[1:]:
        name, _, offset, count = line.split()[:4]
        part = flat[int(offset):int(offset) + int(count)]
        if name == "probing_encodings":
            part = part[:network.encodings.numel() if hasattr(network, "encodings") else 0]
        kept += [part] if name not in ("h0", "c0") else []
    return torch.cat(kept)


def fill(network, flat):
    torch.nn.utils.vector_to_parameters(flat, network.parameters())


def gradient(loss, network):
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(network.parameters()))])


def check_encoder(name):
    directory = f"encoders/{name}"
    config = json.loads((GOLDEN / directory / "config.json").read_text())
    shapes = rnn_shapes(config["rnn_in"], config["rnn_hidden"], config["rnn_layers"], config["rnn_out"])
    hidden, layers, width = (config[f"encoder_{k}"] for k in ("core_hidden_size", "core_num_layers", "mlp_hidden_size"))
    kind = config["encoder_type"]
    if kind == "layerwise_statistics":
        network = Statistics(shapes, width)
    elif kind == "flat":
        network = Flat(shapes, hidden, layers)
    elif kind == "parameter_transformer":
        network = Transformer(shapes, hidden, layers, config["encoder_num_heads"])
    elif kind == "nf":
        network = Dws(shapes, hidden, layers, width)
    else:
        network = Probing(shapes, kind == "interactive", hidden, layers, width, config["probing_sequence_length"],
                          config["num_parallel_probing_sequences"], bool(config["probing_input_softmax"]))
    fill(network, select(load(f"{directory}/params"), directory, network))
    network.eval()
    theta = load(f"encoders/rnn_params_{config['rnn_batch']}")
    with torch.inference_mode():  # as it is measured: PyTorch has other code for it
        compare(f"{name}, embeddings", network(theta), load(f"{directory}/embedding_raw"))
    loss = (embed(network, theta) * load(f"{directory}/R")).sum()
    compare(f"{name}, gradient", gradient(loss, network), select(load(f"{directory}/grad_params"), directory, network))


def check_emulator():
    config = json.loads((GOLDEN / "emulator/formal/config.json").read_text())
    network = Emulator(config["obs"], config["out"], config["hidden"], config["layers"])
    fill(network, load("emulator/formal/params"))
    inputs = F.one_hot(load("emulator/formal/tokens")[:, :-1], VOCABULARY).float()
    logits = network(inputs, load("emulator/formal/embedding"))
    compare("emulator, logits", logits, load("emulator/formal/logits"))
    loss = total_variation(logits, load("emulator/formal/target_logits"))
    compare("emulator, gradient", gradient(loss, network), load("emulator/formal/gradp_total_variation"))


def check_rnn(task):
    inputs, labels = load(f"lstm/{task}_inputs"), load(f"lstm/{task}_labels")
    golden = load(f"lstm/{task}_logits")
    network = ZooRnn(inputs.shape[2], golden.shape[2])
    fill(network, load(f"lstm/{task}_params"))
    logits, _ = network(inputs)
    compare(f"zoo RNN, {task}, logits", logits, golden)
    if labels.dim() == 1:  # one digit for all positions
        labels = labels[:, None].expand(logits.shape[:2])
    loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten())
    compare(f"zoo RNN, {task}, gradient", gradient(loss, network), load(f"lstm/{task}_grad"))


if __name__ == "__main__":
    torch.set_num_threads(1)
    for task in ("formal", "smnist"):
        check_rnn(task)
    check_emulator()
    for path in sorted((GOLDEN / "encoders").iterdir()):
        if path.is_dir():
            check_encoder(path.name)
    sys.exit(failures > 0)
