// Numbers and sizes read as in Laminae's tables: those in the file LAMINAE_NUMBERS were written by Python.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { load } from "./load.mjs";

const { clean, memory, num, percent, time } = await load("format.ts");

test("numbers read as in tables", () => {
  const told = [[0, "0"], [-3, "−3"], [0.00012345678, "0.0001235"], [1.5e-7, "1.5e−7"], [123456.7, "123457"], [1.5e10, "1.5e10"], ["NaN", "NaN"], ["-Infinity", "−Inf"], [null, "–"]];
  for (const [value, text] of told) assert.equal(num(value), text);
  assert.equal(num(1 / 3, 6), "0.333333");
});

const file = process.env.LAMINAE_NUMBERS;
test("numbers read as Python writes them", { skip: file ? false : "LAMINAE_NUMBERS names no file" }, () => {
  for (const [value, digits, text] of JSON.parse(readFileSync(file, "utf8"))) assert.equal(num(value, digits), text, `${value} in ${digits} digits`);
});

test("sizes, times and shares", () => {
  assert.deepEqual([0, 999, 1200, 999_499, 999_600, 98e6].map((bytes) => memory(bytes)), ["0 B", "999 B", "1.2 kB", "999 kB", "1.0 MB", "98 MB"]);
  assert.deepEqual([0.0123, 1.5, 2500].map((ms) => time(ms)), ["12 µs", "1.5 ms", "2.5 s"]);
  assert.deepEqual([0, 0.0005, 0.055, 0.5].map(percent), ["0.0 %", "< 0.1 %", "5.5 %", "50 %"]);
});

test("names cannot reorder or break what is around them", () => {
  assert.equal(clean("a\u202eb\nc\u0000"), "a\\u202eb\\u000ac\\u0000");
});
