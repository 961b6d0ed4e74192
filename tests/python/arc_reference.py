"""Judges the arc records of a stream by definitions, and compares with the table of score: arc_reference.py TABLE.json ARCS.mp"""

import itertools
import json
import sys

import msgpack


def name(of):
    return (of["run"], of["step"])


def parents(of, key):
    first = of[key]
    second = of.get("second") if key == "parent" else (first or {}).get("second")
    return {name(p) for p in (first, second) if p}


def ratio(hits, of):
    return hits / of if of else None


def families_of(arcs):
    """Names of RNNs -> the set of those that hang together by true arcs, by merging sets until nothing changes."""
    groups = [{name(a)} | parents(a, "truth") for a in arcs]
    changed = True
    while changed:
        changed = False
        for a, b in itertools.combinations(range(len(groups)), 2):
            if groups[a] & groups[b]:
                groups[a] |= groups.pop(b)
                changed = True
                break
    return {n: i for i, g in enumerate(groups) for n in g}


def adjusted_rand(arcs):
    """From the four counts of pairs: together in both, in one, in none (Hubert and Arabie 1985)."""
    true = families_of(arcs)
    n = [[0, 0], [0, 0]]
    for a, b in itertools.combinations(arcs, 2):
        n[a["family"] == b["family"]][true[name(a)] == true[name(b)]] += 1
    (tn, fn), (fp, tp) = n
    return 2 * (tp * tn - fn * fp) / ((tp + fn) * (fn + tn) + (tp + fp) * (fp + tn))


def measures(arcs, everyone, whole):
    truths = {name(a): parents(a, "truth") for a in everyone}
    found = [(name(a), p) for a in arcs for p in parents(a, "parent")]
    true = [(name(a), p) for a in arcs for p in parents(a, "truth")]
    right = len(set(found) & set(true))
    turned = sum(c in truths.get(p, set()) for c, p in found if p not in truths[c])
    roots = {name(a) for a in arcs if not parents(a, "truth")}
    roots_found = {name(a) for a in arcs if not parents(a, "parent")}
    out = {
        "right": ratio(sum(parents(a, "parent") == parents(a, "truth") for a in arcs), len(arcs)),
        "precision": ratio(right, len(found)),
        "recall": ratio(right, len(true)),
        "direction": ratio(right, right + turned),
        "undecided": ratio(sum(a["undecided"] for a in arcs), len(arcs)),
        "roots_precision": ratio(len(roots & roots_found), len(roots_found)) if whole else None,
        "roots_recall": ratio(len(roots & roots_found), len(roots)) if whole else None,
        "families_rand": adjusted_rand(arcs) if whole else None,
    }
    return out


table = json.load(open(sys.argv[1]))
arcs = [r for r in msgpack.Unpacker(open(sys.argv[2], "rb")) if r["kind"] == "arc"]
cells = 0
for row in table:
    mine = [a for a in arcs if a.get("label", "lineage") == row["lineage"]]
    whole = row["made"] == "all"
    chosen = [a for a in mine if whole or (a["truth"] or {"how": "root"}).get("how", "made") == row["made"]]
    assert row["rnns"] == len(chosen), row
    assert row["families"] == len({families_of(mine)[name(a)] for a in chosen}), row
    for key, value in measures(chosen, mine, whole).items():
        if value is None:
            assert row[key] is None, (row["made"], key, row[key])
            continue
        assert abs(row[key]["mean"] - value) < 1e-12, (row["made"], key, row[key], value)
        cells += 1
print(cells, "cells agree")
