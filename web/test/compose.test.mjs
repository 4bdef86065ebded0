// Scenes of random trees, and of the documents in the folder LAMINAE_DOCUMENTS, with random groups open.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { load } from "./load.mjs";
import { check } from "./scenes.mjs";
import { random, tree } from "./trees.mjs";

const { compose } = await load("compose.ts");
const { Store } = await load("store.ts");
globalThis.innerWidth ??= 1200;

const groups = (doc) => doc.nodes.map((_, at) => at).filter((at) => at && doc.nodes[at].children.length);

/** Some of the groups; what is in a closed one may be among them. */
function some(doc, seed) {
  const { next } = random(seed);
  const share = next();
  return new Set([0, ...groups(doc).filter(() => next() < share)]);
}

function examine(doc, times, seed) {
  for (let i = 0; i < times; i++) {
    const open = i === 0 ? new Set([0]) : i === 1 ? new Set([0, ...groups(doc)]) : some(doc, seed * 1000 + i);
    check(doc, new Set(open), compose(doc, open));
  }
}

test("what holds of scenes holds of random trees", () => {
  for (let seed = 0; seed < 150; seed++) examine(tree(seed, seed % 3 ? "down" : "right"), 8, seed);
});

const folder = process.env.LAMINAE_DOCUMENTS;
test("what holds of scenes holds of documents made by Python", { skip: folder ? false : "LAMINAE_DOCUMENTS names no folder" }, () => {
  for (const name of readdirSync(folder)) {
    const doc = JSON.parse(readFileSync(`${folder}/${name}`, "utf8"));
    try {
      examine(doc, 12, 1);
    } catch (error) {
      error.message = `${name}: ${error.message}`;
      throw error;
    }
  }
});

test("closing what was opened gives the scene as it was", () => {
  for (let seed = 0; seed < 60; seed++) {
    const doc = tree(seed);
    const store = new Store(doc);
    const { next, whole } = random(seed + 7);
    const all = groups(doc);
    if (!all.length) continue;
    for (let i = 0; i < 5; i++) if (next() < 0.5) store.toggle(all[whole(0, all.length - 1)]);
    const before = store.state.scene;
    const turned = Array.from({ length: whole(1, 6) }, () => all[whole(0, all.length - 1)]);
    for (const one of turned) store.toggle(one);
    for (const one of turned) store.toggle(one);
    assert.deepEqual(store.state.scene, before);
  }
});

test("a selected layer is to be seen, and walking meets all that is to be seen in order", () => {
  globalThis.history ??= { replaceState() {} };
  for (let seed = 0; seed < 40; seed++) {
    const doc = tree(seed);
    doc.layers = doc.nodes.filter((node) => !node.children.length).map((node) => ({ name: node.id, node: doc.nodes.indexOf(node), reads: [], outputs: [], ms: null, bytes: 0 }));
    const store = new Store(doc);
    const { whole } = random(seed);
    const node = whole(1, doc.nodes.length - 1);
    store.select(node);
    assert.ok(store.state.scene.at.has(node));
    store.end(-1);
    const met = [store.state.selected];
    for (;;) {
      store.step(1);
      if (store.state.selected === met.at(-1)) break;
      met.push(store.state.selected);
    }
    const seen = store.walk.filter((at) => store.state.scene.at.has(at) && !store.state.open.has(at));
    assert.deepEqual(met, seen);
    for (let i = seen.length - 1; i > 0; i--) store.step(-1);
    assert.equal(store.state.selected, seen[0]);
  }
});
