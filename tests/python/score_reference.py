#!/usr/bin/env python3
"""Computes score's numbers anew, with NumPy, from the records in the streams; no code of ours. usage: score_reference.py TABLE.json STREAM..."""
import json
import sys
from collections import Counter, defaultdict

import msgpack
import numpy as np

METRICS = {  # name: target of predictions
    "emulation_loss": None,
    "clone_difference": None,
    "exact_task": "task",
    "offset_accuracy": "task",
    "accuracy_rmse": "accuracy",
    "rotation_rmse": "rotation",
    "rotation_angle": "rotation",
    "gap_rmse": "gap",
    "step_accuracy": "step",
}


def angle(a, b):
    """Between directions, by complex numbers."""
    return np.abs(np.degrees(np.angle(np.exp(1j * np.radians(a - b)))))


table = json.load(open(sys.argv[1]))
cells = defaultdict(lambda: defaultdict(list))  # (label, split, metric) -> seed -> values
records = Counter()
truths = defaultdict(list)  # (split, target) -> truths
for name in sys.argv[2:]:
    for r in msgpack.Unpacker(open(name, "rb")):
        split = r.get("split", "train")
        if r["kind"] not in ("emulation", "prediction") or (split != "train" and r.get("seen")):
            continue
        label, seed = r.get("label", r["encoder"]["type"]), r["encoder"]["seed"]
        records[label, split] += 1

        def add(metric, value):
            cells[label, split, metric][seed].append(value)

        if r["kind"] == "emulation":
            add("emulation_loss", r["loss"])
            if not np.isnan(r["clone_accuracy"]):
                add("clone_difference", abs(r["accuracy"] - r["clone_accuracy"]))
            continue
        truths[split, r["target"]].append(r["truth"])
        if r["target"] == "task":
            right = np.array(r["truth"]) == np.array(r["predicted"])
            add("exact_task", right.all())
            add("offset_accuracy", right.mean())
        elif r["target"] == "step":
            add("step_accuracy", r["truth"] == r["predicted"])
        else:
            add(r["target"] + "_rmse", (r["truth"] - r["predicted"]) ** 2)
        if r["target"] == "rotation":
            add("rotation_angle", angle(r["truth"], r["predicted"]))

checked = 0
for row in table:
    label, split = row["encoder"], row["split"]
    assert list(row)[4:] == list(METRICS)
    for metric, target in METRICS.items():
        cell = row[metric]
        if label == "majority":
            all_truths = truths.get((split, target))
            if not all_truths:
                assert cell is None
                continue
            if metric == "exact_task":
                expected = Counter(map(tuple, all_truths)).most_common(1)[0][1] / len(all_truths)
            elif metric == "offset_accuracy":
                expected = np.mean([Counter(column).most_common(1)[0][1] / len(all_truths) for column in zip(*all_truths)])
            elif metric == "step_accuracy":
                expected = Counter(all_truths).most_common(1)[0][1] / len(all_truths)
            elif metric == "rotation_angle":  # the best of the truths, and of all angles about
                all_truths = np.array(all_truths)
                expected = min(angle(all_truths, best).mean() for best in all_truths)
                assert expected <= min(angle(all_truths, other).mean() for other in np.linspace(0, 360, 3600)) + 1e-9
            else:
                expected = np.std(all_truths)
            assert abs(cell["mean"] - expected) < 1e-9, (row, expected)
            checked += 1
            continue
        assert row["records"] == records[label, split]
        by_seed = cells.get((label, split, metric))
        if not by_seed:
            assert cell is None
            continue
        means = np.array([np.mean(values) for values in by_seed.values()])
        if metric.endswith("_rmse"):
            means = np.sqrt(means)
        assert abs(cell["mean"] - means.mean()) < 1e-12 * max(1, abs(means.mean())), (row, means)
        resampled = np.random.default_rng(0).choice(means, (100_000, len(means))).mean(1)
        low, high = np.quantile(resampled, [0.025, 0.975])  # another bootstrap: equal up to its own noise
        noise = 0.06 * np.ptp(means) + 1e-12
        assert abs(cell["low"] - low) <= noise and abs(cell["high"] - high) <= noise, (row, low, high)
        checked += 1
print(checked, "cells agree")
