// Stretched space: what was apart stays apart, in the same order, and no more is added than is asked for.

import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";
import { random } from "./trees.mjs";

const { Warp } = await load("warp.ts");

test("places keep their order, every need is met, and nothing shrinks", () => {
  for (let seed = 0; seed < 400; seed++) {
    const { next, whole } = random(seed);
    const needs = Array.from({ length: whole(0, 8) }, () => {
      const from = Math.round(next() * 5000) / 10;
      const size = 1 + Math.round(next() * 1000) / 10;
      return { from, to: from + size, length: size * (0.5 + next() * 6) };
    });
    const warp = new Warp(needs);
    const places = Array.from({ length: 80 }, () => next() * 800 - 50).sort((a, b) => a - b);
    const found = places.map((place) => warp.at(place));
    for (let i = 1; i < found.length; i++) assert.ok(found[i] - found[i - 1] >= places[i] - places[i - 1] - 1e-6, `seed ${seed}: nothing shrinks`);
    for (const { from, to, length } of needs) assert.ok(warp.at(to) - warp.at(from) >= length - 1e-6, `seed ${seed}: a need is met`);
    const asked = needs.reduce((sum, { from, to, length }) => sum + Math.max(0, length - to + from), 0);
    assert.ok(warp.at(1000) - 1000 <= asked + 1e-6, `seed ${seed}: no more than was asked for`);
    assert.equal(warp.at(-60), -60);
  }
});
