#!/usr/bin/env node
// read-a-stream.mjs STREAM: what read-a-stream.py does, in JavaScript. Needs npm's @msgpack/msgpack in the current folder, nothing of
// rnnpipe. JavaScript's objects have texts for keys, so let the stream have them, too: rec-select --keys str < zoo.mp > STREAM
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
const { decodeMulti } = createRequire(`${process.cwd()}/`)("@msgpack/msgpack");

const floats = (array) => new Float32Array(Uint8Array.from(array.data).buffer); // the items of a "<f4"; a copy, as they need not be aligned
const mean = (list) => list.reduce((sum, x) => sum + x, 0) / list.length;

const snapshots = [];
let last;
for (const record of decodeMulti(readFileSync(process.argv[2]))) {
  last = record.kind;
  if (last === "rnn") {
    const weights = Object.values(record.weights).flatMap((array) => [...floats(array)]); // in the order of a state_dict
    snapshots.push({ run: record.run, step: record.step, accuracy: record.metrics.accuracy, weights });
  }
}
if (last !== "end") throw new Error(`${process.argv[2]}: no end record: this stream was cut`);

const runs = new Set(snapshots.map((s) => s.run)), steps = [...new Set(snapshots.map((s) => s.step))].sort((a, b) => a - b);
console.log(`${snapshots.length} snapshots of ${runs.size} RNNs with ${snapshots[0].weights.length} weights each`);
console.log("  step  snapshots  mean accuracy  norm of the weights");
for (const step of steps) {
  const at = snapshots.filter((s) => s.step === step);
  const columns = [at.length, mean(at.map((s) => s.accuracy)).toFixed(3), mean(at.map((s) => Math.hypot(...s.weights))).toFixed(2)];
  console.log(String(step).padStart(6) + columns.map((x, i) => String(x).padStart([11, 15, 21][i])).join(""));
}
