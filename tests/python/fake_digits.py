"""Writes a small data set in MNIST's format: images of a clock's hand, which of ten ways it points is the label.

fake_digits.py DIR COUNT [gz]
"""
import gzip
import os
import struct
import sys

import numpy as np


def images(count):
    rng = np.random.RandomState(7)
    labels = rng.permutation(np.arange(count) % 10).astype(np.uint8)
    y, x = np.mgrid[:28, :28] - 13.5
    distance, pixels = np.hypot(x, y), np.zeros((count, 28, 28), np.uint8)
    for i, label in enumerate(labels):
        off = np.angle(np.exp(1j * (np.arctan2(-y, x) - 2 * np.pi * label / 10)))
        hand = (np.abs(off) < 0.3) & (distance < 11)
        pixels[i] = np.where(hand, rng.randint(150, 256), rng.randint(0, 30, (28, 28)))
    return pixels, labels


def write(directory, name, header, array, packed):
    data = struct.pack(">%dI" % len(header), *header) + array.tobytes()
    with open(os.path.join(directory, name + (".gz" if packed else "")), "wb") as f:
        f.write(gzip.compress(data, mtime=0) if packed else data)


if __name__ == "__main__":
    directory, packed = sys.argv[1], sys.argv[3:] == ["gz"]
    pixels, labels = images(int(sys.argv[2]))
    os.makedirs(directory, exist_ok=True)
    write(directory, "train-images-idx3-ubyte", (2051, len(labels), 28, 28), pixels, packed)
    write(directory, "train-labels-idx1-ubyte", (2049, len(labels)), labels, packed)
