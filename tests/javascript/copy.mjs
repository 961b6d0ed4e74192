// node copy.mjs LIBRARY [typed] < STREAM > STREAM: reads a stream of one segment, whose keys are all str, by a MessagePack library from npm
// and writes it by the same library, all with its default options. typed: numbers of arrays as typed arrays, not as bytes.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";

const [library, typed] = process.argv.slice(2);
const { encode, decodeMulti, Decoder } = createRequire(`${process.cwd()}/`)(library);
const pack = (record) => Buffer.from(encode(record));

// msgpack-lite has an emitter of records where the other has an iterator.
function read(bytes) {
  if (decodeMulti) return [...decodeMulti(bytes)];
  const records = [], decoder = new Decoder();
  decoder.on("data", (record) => records.push(record));
  decoder.write(bytes);
  decoder.flush();
  return records;
}

const TYPES = { "<f4": Float32Array, "<i4": Int32Array, "<f8": Float64Array };
function numbers(value) {
  if (!value || typeof value !== "object" || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(numbers);
  const copy = Object.fromEntries(Object.entries(value).map(([key, v]) => [key, numbers(v)]));
  if (copy.nd === true) {
    const bytes = Uint8Array.from(copy.data);
    copy.kind = new Uint8Array(0);
    copy.data = TYPES[copy.type] ? new TYPES[copy.type](bytes.buffer) : bytes;
  }
  return copy;
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  }
  return ~crc >>> 0;
}

const records = read(readFileSync(0)).map((record) => (typed ? numbers(record) : record));
const end = records.pop();
const body = Buffer.concat(records.map(pack));
writeFileSync(1, Buffer.concat([body, pack({ ...end, crc32: crc32(body) })]));
