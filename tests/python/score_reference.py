#!/usr/bin/env python3
"""Computes score's numbers anew, with NumPy, from the records in the streams; no code of ours. usage: score_reference.py TABLE.json STREAM..."""
import json
import sys
from collections import Counter, defaultdict

import msgpack
import numpy as np

METRICS = {  # name: target of predictions
    "emulation_loss": None,
    "kl_reverse_loss": None,
    "clone_difference": None,
    "exact_task": "task",
    "offset_accuracy": "task",
    "accuracy_rmse": "accuracy",
    "accuracy_r2": "accuracy",
    "accuracy_tau": "accuracy",
    "rotation_rmse": "rotation",
    "rotation_angle": "rotation",
    "gap_rmse": "gap",
    "gap_r2": "gap",
    "gap_tau": "gap",
    "step_accuracy": "step",
}


def angle(a, b):
    """Between directions, by complex numbers."""
    return np.abs(np.degrees(np.angle(np.exp(1j * np.radians(a - b)))))


def tau(x, y):
    """Kendall's tau-b, pair by pair."""
    a, b = np.sign(np.subtract.outer(x, x)), np.sign(np.subtract.outer(y, y))
    return (a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())


T = {1: 12.706205, 2: 4.302653, 3: 3.182446, 4: 2.776445, 5: 2.570582}  # 97.5 % of Student's t

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
            if "kl_reverse" in r:
                add("kl_reverse_loss", r["kl_reverse"])
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
            if r["target"] != "rotation":
                add(r["target"] + "_r2", (r["truth"], r["predicted"]))
                add(r["target"] + "_tau", (r["truth"], r["predicted"]))
        if r["target"] == "rotation":
            add("rotation_angle", angle(r["truth"], r["predicted"]))

checked = 0
for row in table:
    label, split = row["encoder"], row["split"]
    assert list(row)[5:] == list(METRICS)
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
            elif metric.endswith(("_r2", "_tau")):
                expected = 0
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
        if metric.endswith(("_r2", "_tau")):
            pairs = [np.array(values).T for values in by_seed.values()]
            means = np.array([tau(t, p) if metric.endswith("_tau") else 1 - ((t - p) ** 2).sum() / ((t - t.mean()) ** 2).sum() for t, p in pairs])
        else:
            means = np.array([np.mean(values) for values in by_seed.values()])
        if metric.endswith("_rmse"):
            means = np.sqrt(means)
        assert abs(cell["mean"] - means.mean()) < 1e-12 * max(1, abs(means.mean())), (row, means)
        n = len(means)
        if n == 1:
            assert cell["low"] is None and cell["high"] is None
        else:
            half = T[n - 1] * means.std(ddof=1) / np.sqrt(n)
            floor = -np.inf if metric.endswith(("_loss", "_r2")) else -1 if metric.endswith("_tau") else 0
            ceiling = 180 if metric.endswith("_angle") else np.inf if metric.endswith(("_rmse", "_loss")) else 1
            assert abs(cell["low"] - max(means.mean() - half, floor)) < 1e-6 * max(1, abs(half)), (row, metric)
            assert abs(cell["high"] - min(means.mean() + half, ceiling)) < 1e-6 * max(1, abs(half)), (row, metric)
        checked += 1
print(checked, "cells agree")
