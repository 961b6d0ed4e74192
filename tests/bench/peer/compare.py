#!/usr/bin/env python3
"""Ours against PyTorch, alternating: compare.py FOLDER-OF-OUR-BENCHMARKS [--rounds N] [--cpu] [WORD ...]

WORDs choose rows whose text contains one of them. Times are medians of all runs of a side. --cpu takes CPU time, for a machine that is
busy with other things: good for one thread only, since PyTorch's threads wait for each other actively.
"""
import argparse
import pathlib
import statistics
import subprocess
import sys

VISIT = 0.5  # seconds that a side has before it is the other's turn, about
ENCODERS = "interactive", "noninteractive", "stats", "flat", "transformer", "dws"


def rows(threads):
    """What is printed; PyTorch's name of it; our program and its name of it; how many threads ours has: only training large models uses
    several, all else runs as several processes."""
    yield "train-rnn, a step", "train", "train-rnn", "training step, after 500", 1
    yield "train-rnn, a step on images", "train-images", "train-rnn", "training step on images", 1
    yield "sampling and judging 1,000 strings", "sample", "train-rnn", "sampling and judging 1,000 strings", 1
    for name in ENCODERS:
        yield f"encoding 64 RNNs, {name}", f"encode {name}", "emulate", f"encoding 64 RNNs, {name}, 1 thread", 1
    for name in ENCODERS:
        ours = f"joint step {name}, paper, {threads} thread{'s' if threads > 1 else ''}"
        yield f"joint step, {name}", f"joint {name}", "emulate", ours, threads


class Peer:
    def __init__(self, threads, clock):
        work = pathlib.Path(__file__).with_name("work.py")
        self.process = subprocess.Popen([sys.executable, work, str(threads), clock], text=True, bufsize=1, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.description = self.process.stdout.readline().strip()

    def run(self, name, repeat):
        self.process.stdin.write(f"{repeat} {name}\n")
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"PyTorch failed at '{name}'")
        return [float(x) for x in line.split()]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def run_ours(program, name, repeat, cpu):
    """Seconds of each run, and shares of the multiply-add peak."""
    command = [program, "--only", name, "--repeat", str(repeat)] + ["--cpu"] * cpu
    lines = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines()
    if len(lines) != repeat:
        sys.exit(f"{program} has {len(lines) // repeat} measurements '{name}'")
    seconds, shares = zip(*(map(float, line.split()) for line in lines))
    return list(seconds), list(shares)


def repeats(first):
    return max(1, min(300, round(VISIT / first)))


def compare(peer, row, options):
    text, peer_name, program, our_name, our_threads = row
    program = options.folder / program
    peer_repeat = repeats(peer.run(peer_name, 1)[0])
    our_repeat = repeats(run_ours(program, our_name, 1, options.cpu)[0][0])
    theirs, ours, shares = [], [], []
    for _ in range(options.rounds):
        theirs += peer.run(peer_name, peer_repeat)
        seconds, share = run_ours(program, our_name, our_repeat, options.cpu)
        ours += seconds
        shares += share
    ours, theirs, share = map(statistics.median, (ours, theirs, shares))
    print(f"{text:36} {our_threads:4} {1e3 * ours:11.3f} {1e3 * theirs:11.3f} {theirs / ours:8.1f}",
          f"{100 * share:9.0f} %" if share else "", flush=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cpu", action="store_true")
    options = parser.parse_intermixed_args()
    for threads in (1, 2):
        chosen = [row for row in rows(threads) if not options.words or any(word in row[0] for word in options.words)]
        if not chosen:
            sys.exit("no such work; there is: " + "; ".join(row[0] for row in rows(threads)))
        peer = Peer(threads, "cpu" if options.cpu else "wall")
        print(peer.description)
        print(f"{'medians of ' + ('CPU' if options.cpu else 'wall') + ' time':31} our threads     ours ms  PyTorch ms    ratio  our share of peak")
        for row in chosen:
            compare(peer, row, options)
        peer.close()


if __name__ == "__main__":
    main()
