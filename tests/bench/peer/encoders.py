"""The encoders and the emulator in PyTorch, in the forms that run fastest there among the simple ones.

The RNNs to be read come as a matrix theta [B,P], a row each in the order of rnn_shapes. Parameters are declared in the order of the arrays
in tests/golden, which check.py compares with.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F

Z = 16


def rnn_shapes(inputs, hidden, layers, outputs):
    """Shapes of an RNN's parameter tensors in the order of theta."""
    shapes = []
    for layer in range(layers):
        shapes += [(4 * hidden, hidden if layer else inputs), (4 * hidden, hidden), (4 * hidden,), (4 * hidden,)]
    return shapes + [(outputs, hidden), (outputs,)]


def unpack(theta, shapes):
    parts = theta.split([math.prod(s) for s in shapes], 1)
    return [part.view(-1, *shape) for part, shape in zip(parts, shapes)]


def mlp(sizes):
    layers = []
    for before, after in zip(sizes, sizes[1:]):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def random_permutation_index(shapes, hidden):
    """Where each weight comes from when every layer's hidden units are reordered at random; the same for a whole batch."""
    parts = list(unpack(torch.arange(sum(math.prod(s) for s in shapes))[None], shapes))
    for first in range(0, len(parts) - 2, 4):
        order = torch.randperm(hidden)
        rows = (torch.arange(4)[:, None] * hidden + order).flatten()
        for i in range(first, first + 4):
            parts[i] = parts[i][:, rows]
        for i in (first + 1, first + 4):  # its recurrence; the next layer or the read-out
            parts[i] = parts[i][:, :, order]
    return torch.cat([p.flatten() for p in parts])


class Flat(nn.Module):
    def __init__(self, shapes, hidden=128, layers=3):
        super().__init__()
        self.shapes = shapes
        self.mlp = mlp([sum(math.prod(s) for s in shapes)] + layers * [hidden] + [Z])

    def forward(self, theta):
        if self.training:
            theta = theta[:, random_permutation_index(self.shapes, self.shapes[1][1])]
        return self.mlp(theta)


class Statistics(nn.Module):
    def __init__(self, shapes, hidden=128):
        super().__init__()
        self.shapes = shapes
        self.register_buffer("at", torch.tensor([0, 0.25, 0.5, 0.75, 1]))
        self.mlp = mlp([7 * len(shapes), hidden, Z])

    def forward(self, theta):
        numbers = []
        for part in theta.split([math.prod(s) for s in self.shapes], 1):
            variance, mean = torch.var_mean(part, 1)
            numbers += [torch.stack([mean, variance], 1), torch.quantile(part, self.at, 1).t()]
        return self.mlp(torch.cat(numbers, 1))


class Transformer(nn.Module):
    def __init__(self, shapes, d=128, layers=6, heads=2):
        super().__init__()
        self.shapes = shapes
        # Each matrix and the bias that goes with it.
        self.pairs = [(i, i + 2) for first in range(0, len(shapes) - 2, 4) for i in (first, first + 1)] + [(-2, -1)]
        tokens = sum(shapes[w][0] for w, _ in self.pairs) + 1
        self.compression = nn.Parameter(torch.randn(1, 1, d))
        self.position = nn.Parameter(torch.randn(1, tokens, d))
        self.inputs = nn.ModuleList(nn.Linear(shapes[w][1] + 1, d) for w, _ in self.pairs)
        layer = nn.TransformerEncoderLayer(d, heads, 4 * d, dropout=0.1, batch_first=True)
        self.transformer = nn.TransformerEncoder(layer, layers)
        self.output = nn.Linear(d, Z)

    def forward(self, theta):
        if self.training:
            theta = theta[:, random_permutation_index(self.shapes, self.shapes[1][1])]
        parts = unpack(theta, self.shapes)
        tokens = [f(torch.cat([parts[w], parts[b][..., None]], 2)) for f, (w, b) in zip(self.inputs, self.pairs)]
        x = torch.cat(tokens + [self.compression.expand(len(theta), -1, -1)], 1) + self.position
        return self.output(self.transformer(x)[:, -1])


class DwsMap(nn.Module):
    """The affine maps over channels for one output weight tensor and its bias. Channels come last: as 1 x 1 convolutions, with channels
    first, the same takes twice the time."""

    def __init__(self, before, after, tensors, rows, columns):
        super().__init__()
        self.point = nn.Linear(before, after)
        self.point_means = nn.Linear(tensors * before, after)
        self.rows = nn.Linear(rows * before, after)
        self.columns = nn.Linear(columns * before, after)
        self.bias = nn.Linear(columns * before, after)
        self.bias_means = nn.Linear(tensors * before, after)

    def forward(self, w, rows, columns, means):
        rows, columns = torch.cat(rows, 2), torch.cat(columns, 2)
        along_rows = (self.rows(rows) + self.point_means(means)[:, None])[:, None]
        return self.point(w) + along_rows + self.columns(columns)[:, :, None], self.bias(columns) + self.bias_means(means)[:, None]


class DwsLayer(nn.Module):
    """Weights are lists [i2h_0 .. i2h_(L-1), read-out], [h2h_0 ..] of tensors [B,rows,columns,C]; biases [B,rows,C] likewise."""

    def __init__(self, before, after, inputs, outputs, layers):
        super().__init__()
        tensors = 2 * (2 * layers + 1)
        self.embed_in = nn.Parameter(torch.randn(1, before, 1, inputs))
        self.embed_out = nn.Parameter(torch.randn(1, before, outputs, 1))
        self.embed_bias = nn.Parameter(torch.randn(1, before, outputs))
        self.i2h = nn.ModuleList(
            DwsMap(before, after, tensors, 6 if l else 1, 6 if l < layers else 2) for l in range(layers + 1))
        self.h2h = nn.ModuleList(DwsMap(before, after, tensors, 5, 4 if l < layers - 1 else 3) for l in range(layers))

    def forward(self, i2h, h2h, i2h_bias, h2h_bias):
        layers = len(h2h)
        i2h, i2h_bias = list(i2h), list(i2h_bias)
        i2h[0] = i2h[0] + self.embed_in.permute(0, 2, 3, 1)
        i2h[-1] = i2h[-1] + self.embed_out.permute(0, 2, 3, 1)
        i2h_bias[-1] = i2h_bias[-1] + self.embed_bias.transpose(1, 2)
        i_rows, i_columns = [w.mean(1) for w in i2h], [w.mean(2) for w in i2h]
        h_rows, h_columns = [w.mean(1) for w in h2h], [w.mean(2) for w in h2h]
        order = [x for pair in zip(i_rows, h_rows) for x in pair] + [i_rows[-1]]
        biases = [x for pair in zip(i2h_bias, h2h_bias) for x in pair] + [i2h_bias[-1]]
        means = torch.cat([x.mean(1) for x in order + biases], 1)

        new_i, new_h = [], []
        for l, f in enumerate(self.i2h):
            rows, columns = [i_rows[l]], [i_columns[l], i2h_bias[l]]
            if l > 0:
                rows += [i_columns[l - 1], i2h_bias[l - 1], h_columns[l - 1], h2h_bias[l - 1], h_rows[l - 1]]
            if l < layers:
                columns += [h_columns[l], h2h_bias[l], h_rows[l], i_rows[l + 1]]
            new_i.append(f(i2h[l], rows, columns, means))
        for l, f in enumerate(self.h2h):
            rows = [h_rows[l], h_columns[l], h2h_bias[l], i_columns[l], i2h_bias[l]]
            columns = [h_columns[l], h2h_bias[l], h_rows[l]] + ([i_rows[l + 1]] if l < layers - 1 else [])
            new_h.append(f(h2h[l], rows, columns, means))
        return [w for w, _ in new_i], [w for w, _ in new_h], [b for _, b in new_i], [b for _, b in new_h]


class Dws(nn.Module):
    def __init__(self, shapes, channels=48, layers=4, hidden=128):
        super().__init__()
        self.shapes = shapes
        inputs, outputs, depth = shapes[0][1], shapes[-1][0], len(shapes) // 4
        sizes = [4] + layers * [channels]
        self.layers = nn.ModuleList(DwsLayer(a, b, inputs, outputs, depth) for a, b in zip(sizes, sizes[1:]))
        self.mlp = mlp([len(shapes) * channels, hidden, Z])

    def forward(self, theta):
        parts = unpack(theta, self.shapes)
        features = [p.view(len(theta), 4, -1, *p.shape[2:]).movedim(1, -1).contiguous() for p in parts[:-2]]  # the gates are channels
        features += [p[..., None].expand(*p.shape, 4) for p in parts[-2:]]
        groups = features[0::4], features[1:-1:4], features[2:-2:4] + features[-1:], features[3::4]
        for i, layer in enumerate(self.layers):
            if i:
                groups = [[F.relu(x) for x in group] for group in groups]
            groups = layer(*groups)
        i2h, h2h, i2h_bias, h2h_bias = groups
        order = [x for four in zip(i2h, h2h, i2h_bias, h2h_bias) for x in four] + [i2h[-1], i2h_bias[-1]]
        return self.mlp(torch.cat([x.flatten(1, -2).mean(1) for x in order], 1))


class RnnBatch:
    """B RNNs, each of which reads M sequences in parallel: products of a batch of matrices."""

    def __init__(self, theta, shapes):
        parts = unpack(theta, shapes)
        self.layers = []
        for first in range(0, len(parts) - 2, 4):
            w, r, b, c = parts[first:first + 4]
            self.layers.append((w.transpose(1, 2), r.transpose(1, 2), (b + c)[:, None]))
        self.readout, self.readout_bias = parts[-2].transpose(1, 2), parts[-1][:, None]

    @staticmethod
    def cell(gates, c):
        i, f, g, o = gates.chunk(4, -1)
        new = torch.sigmoid(i) * torch.tanh(g)
        c = new if c is None else torch.sigmoid(f) * c + new
        return torch.sigmoid(o) * torch.tanh(c), c

    def step(self, x, state):
        """x [B,M,I] -> logits [B,M,O]; state None at the start."""
        after = []
        for (w, r, b), (h, c) in zip(self.layers, state or len(self.layers) * [(None, None)]):
            gates = torch.baddbmm(b, x, w)
            if h is not None:
                gates = torch.baddbmm(gates, h, r)
            x, c = self.cell(gates, c)
            after.append((x, c))
        return torch.baddbmm(self.readout_bias, x, self.readout), after

    def sequence(self, x):
        """x [M,K,I], the same for all RNNs -> logits [B,M,K,O]; input products of all steps are one."""
        count, (m, k, _) = len(self.readout), x.shape
        y = x.reshape(m * k, -1).expand(count, -1, -1)
        for w, r, b in self.layers:
            gates = torch.baddbmm(b, y, w).view(count, m, k, -1).unbind(2)
            hs, c = [], None
            for t in range(k):
                h, c = self.cell(torch.baddbmm(gates[t], hs[-1], r) if hs else gates[t], c)
                hs.append(h)
            y = torch.stack(hs, 2).view(count, m * k, -1)
        return torch.baddbmm(self.readout_bias, y, self.readout).view(count, m, k, -1)


class Probing(nn.Module):
    """Interactive: probes depend on the answers so far. Non-interactive: they are learned vectors, and the RNNs and the core are each
    one pass over the whole sequence."""

    def __init__(self, shapes, interactive, hidden=256, layers=2, width=128, length=22, probes=1, softmax=True):
        super().__init__()
        self.shapes, self.length, self.probes = shapes, length, probes
        self.activation = (lambda x: torch.softmax(x, -1)) if softmax else torch.sigmoid
        self.bos, self.eos = nn.Parameter(torch.zeros(1, hidden)), nn.Parameter(torch.zeros(1, hidden))
        if interactive:
            self.core = nn.ModuleList(nn.LSTMCell(hidden, hidden) for _ in range(layers))
        else:
            self.encodings = nn.Parameter(torch.randn(length, hidden))
            self.core = nn.ModuleList(nn.LSTM(hidden, hidden, batch_first=True) for _ in range(layers))
        self.answer = nn.Linear(probes * shapes[-1][0], hidden)
        self.up = nn.Linear(hidden, probes * width)
        self.decoder = mlp([width, width, shapes[0][1]])
        self.output = mlp([hidden, width, Z])
        self.forward = self.interactive if interactive else self.noninteractive

    def probing_inputs(self, x):
        """x [n,hidden] -> [n,M,I]"""
        return self.activation(self.decoder(F.relu(self.up(x)).view(len(x), self.probes, -1)))

    def interactive(self, theta):
        rnns = RnnBatch(theta, self.shapes)
        state, states = None, len(self.core) * [None]

        def core(x):
            for i, cell in enumerate(self.core):
                states[i] = cell(x, states[i])
                x = x + states[i][0]
            return x

        x = self.bos.expand(len(theta), -1)
        for _ in range(self.length):
            answer, state = rnns.step(self.probing_inputs(core(x)), state)
            x = torch.sigmoid(self.answer(answer.flatten(1)))
        core(x)
        return self.output(core(self.eos.expand(len(theta), -1)))

    def noninteractive(self, theta):
        probes = self.probing_inputs(self.encodings).transpose(0, 1)
        answers = RnnBatch(theta, self.shapes).sequence(probes).transpose(1, 2).flatten(2)
        ends = [e.expand(len(theta), 1, -1) for e in (self.bos, self.eos)]
        x = torch.cat([ends[0], torch.sigmoid(self.answer(answers)), ends[1]], 1)
        for lstm in self.core:
            x = x + lstm(x)[0]
        return self.output(x[:, -1])


class Emulator(nn.Module):
    """z is added to the first input."""

    def __init__(self, inputs, outputs, hidden=256, layers=2):
        super().__init__()
        self.embedding = nn.Linear(Z, hidden)
        self.input = nn.Linear(inputs, hidden)
        self.lstm = nn.LSTM(hidden, hidden, layers, batch_first=True)
        self.output = nn.Linear(hidden, outputs)

    def forward(self, x, z):
        x = self.input(x)
        x = torch.cat([x[:, :1] + self.embedding(z)[:, None], x[:, 1:]], 1)
        return self.output(self.lstm(x)[0])


ENCODERS = {
    "interactive": lambda shapes: Probing(shapes, True),
    "noninteractive": lambda shapes: Probing(shapes, False),
    "stats": Statistics,
    "flat": Flat,
    "transformer": Transformer,
    "dws": Dws,
}
