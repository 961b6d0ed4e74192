#!/usr/bin/env python3
"""The work that is compared, done by PyTorch.

work.py THREADS CLOCK prints a line about the PyTorch it is, then reads lines "N NAME" and answers each with a line of N times in seconds
(CLOCK: wall or cpu).
"""
import os
import re
import sys
import time

THREADS = sys.argv[1] if __name__ == "__main__" else "1"
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = THREADS  # before the libraries start

import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from encoders import ENCODERS, Emulator, rnn_shapes  # noqa: E402
from zoo import LENGTH, VOCABULARY, Images, Language, ZooRnn  # noqa: E402

RNNS, ROLLOUTS, BATCH = 128, 4, 64


def weights(count, inputs, outputs):
    """Untrained RNNs; they cost the same as trained ones."""
    with torch.no_grad():
        return torch.stack([nn.utils.parameters_to_vector(ZooRnn(inputs, outputs).parameters()) for _ in range(count)])


def embed(encoder, theta):
    return F.normalize(encoder(theta), dim=1)


def total_variation(logits, target_logits):
    return 0.5 * (torch.softmax(target_logits, -1) - torch.softmax(logits, -1)).abs().sum(-1).mean()


class Joint:
    """Encoder and emulator, trained together."""

    def __init__(self, name):
        self.encoder = ENCODERS[name](rnn_shapes(VOCABULARY, 32, 2, VOCABULARY))
        self.emulator = Emulator(VOCABULARY, VOCABULARY)
        self.networks = self.encoder, self.emulator
        parameters = [p for network in self.networks for p in network.parameters()]
        self.optimiser = torch.optim.AdamW(parameters, lr=1e-4, weight_decay=0.01, foreach=True)
        self.theta = weights(RNNS, VOCABULARY, VOCABULARY)
        self.tokens = torch.randint(VOCABULARY, (RNNS, ROLLOUTS, LENGTH))
        self.logits = torch.randn(RNNS, ROLLOUTS, LENGTH - 1, VOCABULARY).log_softmax(-1)

    def step(self):
        items, rollout = torch.randperm(RNNS)[:BATCH], torch.randint(ROLLOUTS, (BATCH,))
        inputs = F.one_hot(self.tokens[items, rollout, :-1], VOCABULARY).float()
        loss = total_variation(self.emulator(inputs, embed(self.encoder, self.theta[items])), self.logits[items, rollout])
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        for network in self.networks:
            nn.utils.clip_grad_norm_(network.parameters(), 0.1)
        self.optimiser.step()


def encoding(name):
    encoder = ENCODERS[name](rnn_shapes(VOCABULARY, 32, 2, VOCABULARY)).eval()
    theta = weights(BATCH, VOCABULARY, VOCABULARY)

    @torch.inference_mode()
    def run():
        embed(encoder, theta)

    return run


def work(name):
    """A function that does it once."""
    if name == "train":
        return Language().step
    if name == "train-images":
        return Images().step
    if name == "sample":
        return Language().accuracy
    kind, encoder = name.split()
    return Joint(encoder).step if kind == "joint" else encoding(encoder)


def times(body, repeat, clock):
    seconds = []
    for _ in range(repeat):
        start = clock()
        body()
        seconds.append(clock() - start)
    return seconds


def description(clock):
    a = torch.randn(1024, 1024)
    product = min(times(lambda: a @ a, 20, clock))
    vectors = re.search(r"CPU capability usage: (.*)", torch.__config__.show())
    return f"PyTorch {torch.__version__}, {vectors[1] if vectors else '?'}, {THREADS} thread(s): sgemm of 1024 {2 * 1.024 ** 3 / product:.0f} GF/s"


def main():
    torch.set_num_threads(int(THREADS))
    clock = {"wall": time.perf_counter, "cpu": time.process_time}[sys.argv[2]]
    print(description(clock), flush=True)
    works = {}
    for line in sys.stdin:
        repeat, name = line.rstrip("\n").split(" ", 1)
        if name not in works:
            torch.manual_seed(1)
            works = {name: work(name)}  # one at a time, for its memory
            times(works[name], 2, clock)  # warm-up
        print(*times(works[name], int(repeat), clock), flush=True)


if __name__ == "__main__":
    main()
