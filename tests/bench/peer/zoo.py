"""Zoo RNNs in PyTorch: training on a formal language, sampling, judging; training on sequences of images' tiles."""
import torch
from torch import nn
from torch.nn import functional as F

TOKENS, BOS, EOS, VOCABULARY = 4, 4, 5, 6
OFFSETS, LENGTH, MAX_N = (0, 1, -1, 2), 42, 10


class ZooRnn(nn.Module):
    def __init__(self, inputs, outputs, hidden=32, layers=2):
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden, layers, batch_first=True)
        self.linear = nn.Linear(hidden, outputs)

    def forward(self, x, state=None):
        h, state = self.lstm(x, state)
        return self.linear(h), state


def strings():
    """All strings of the language, a row each."""
    rows = []
    for n in range(max(0, -min(OFFSETS)), MAX_N):
        word = [BOS] + [token for token in range(TOKENS) for _ in range(n + OFFSETS[token])]
        rows.append((word + LENGTH * [EOS])[:LENGTH])
    return torch.tensor(rows)


def learning_rate(step):
    """Of the update after `step` updates; piecewise linear."""
    step = max(step - 1, 0)
    a, b, share = (0.01, 0.003, step / 10000) if step < 10000 else (0.003, 0.0003, min(step / 10000 - 1, 1))
    return a + (b - a) * share


class Training:
    def __init__(self, inputs, outputs, decay):
        self.rnn = ZooRnn(inputs, outputs)
        self.optimiser = torch.optim.AdamW(self.rnn.parameters(), weight_decay=decay, foreach=True)
        self.steps = 0

    def update(self, inputs, labels):
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.steps)
        self.steps += 1
        logits, _ = self.rnn(inputs)
        loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten())
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()


class Language(Training):
    def __init__(self):
        super().__init__(VOCABULARY, VOCABULARY, 1e-4)
        self.strings = strings()

    def step(self):
        rows = self.strings[torch.randint(len(self.strings), (32,))]
        self.update(F.one_hot(rows[:, :-1], VOCABULARY).float(), rows[:, 1:])

    @torch.inference_mode()
    def sample(self, count):
        tokens, state = torch.full((count, 1), BOS), None
        columns = [tokens]
        for _ in range(LENGTH - 1):
            logits, state = self.rnn(F.one_hot(tokens, VOCABULARY).float(), state)
            tokens = torch.multinomial(torch.softmax(logits[:, 0], 1), 1)
            columns.append(tokens)
        return torch.cat(columns, 1)

    @torch.inference_mode()
    def accuracy(self, count=1000):
        """The official verdict: letters up to the first end, counted."""
        rows = self.sample(count)
        ends = rows == EOS
        before = ends.cumsum(1) == 0
        counts = torch.stack([((rows == token) & before).sum(1) - OFFSETS[token] for token in range(TOKENS)], 1)
        return ((counts == counts[:, :1]).all(1) & ends.any(1)).float().mean().item()


class Images(Training):
    """Of what is on an image, speed doesn't depend: 4,096 that are turned, cut and normalised already."""

    def __init__(self, count=4096, tiles=50, pixels=16, digits=10):
        super().__init__(pixels, digits, 0.001)
        self.sequences = torch.randn(count, tiles, pixels)
        self.labels = torch.randint(digits, (count, 1)).expand(-1, tiles)

    def step(self):
        items = torch.randint(len(self.sequences), (32,))
        self.update(self.sequences[items], self.labels[items])
