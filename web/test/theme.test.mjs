// Words on boxes that are coloured by a number are read, however strong the colour.

import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const light = (text) => {
  const [r, g, b] = (text.startsWith("#") ? [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16)) : text.match(/\d+/g).map(Number)).map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
};

test("words on coloured boxes are read, on light pages and on dark", async () => {
  let dark = false;
  globalThis.matchMedia = () => ({ get matches() { return dark; }, addEventListener() {} });
  const { legible, strength } = await load("theme.ts");
  for (dark of [false, true])
    for (let share = 0; share <= 1; share += 0.01) {
      const [a, b] = [light(strength(share)), light(legible(strength(share)))];
      assert.ok(Math.max(a, b) / Math.min(a, b) >= 4.5, `${dark ? "dark" : "light"}, ${share}`);
    }
});
