// What holds of every scene, whatever groups are open.

import assert from "node:assert/strict";

const NEAR = 0.25; // levels come with a tenth of a pixel

export function check(doc, open, scene) {
  const groups = [0, ...scene.frames.map((frame) => frame.node)];
  const whole = { x: 0, y: 0, width: scene.width, height: scene.height };
  for (const group of groups) {
    const placed = doc.nodes[group].children.map((child) => scene.at.get(child));
    assert.ok(placed.every(Boolean), "all that is in an open group is to be seen");
    for (const one of placed) assert.ok(within(one, group ? scene.at.get(group) : whole), `${told(doc, one)} stands inside of ${doc.nodes[group].id || "the whole"}`);
    apart(doc, placed);
  }
  assert.equal(scene.at.size, scene.boxes.length + scene.frames.length);
  for (const box of scene.boxes) {
    const node = doc.nodes[box.node];
    assert.deepEqual([box.width, box.height], [node.width, node.height], "a box is as large as it was made");
    for (let at = node.parent; at !== null; at = doc.nodes[at].parent) assert.ok(!at || open.has(at), "it is in open groups only");
  }
  const size = (group, what) => Math.max(doc.levels[doc.nodes[group].level][what] + (group ? 60 : 0), doc.nodes[group].width ?? 0);
  const sum = (what) => groups.reduce((all, group) => all + size(group, what), 0);
  const [along, across] = doc.direction === "down" ? [scene.height, scene.width] : [scene.width, scene.height];
  assert.ok(along <= sum("length") + NEAR, "no longer than its levels one after another");
  assert.ok(across <= sum("breadth") + NEAR, "no wider than its levels side by side");
  scene.arrows.forEach((arrow) => arrives(doc, scene, arrow));
  joined(doc, open, scene);
}

const told = (doc, placed) => `${doc.nodes[placed.node].id} at ${[placed.x, placed.y, placed.width, placed.height].map((n) => n.toFixed(1))}`;

const within = (inner, outer) =>
  inner.x >= outer.x - NEAR && inner.y >= outer.y - NEAR && inner.x + inner.width <= outer.x + outer.width + NEAR && inner.y + inner.height <= outer.y + outer.height + NEAR;

/** No two of them overlap. */
function apart(doc, placed) {
  const sorted = [...placed].sort((a, b) => a.y - b.y);
  let near = [];
  for (const one of sorted) {
    near = near.filter((other) => other.y + other.height > one.y + NEAR);
    for (const other of near)
      assert.ok(other.x + other.width <= one.x + NEAR || one.x + one.width <= other.x + NEAR, `${told(doc, one)} and ${told(doc, other)} stand apart`);
    near.push(one);
  }
}

/** From border to border, and onward. */
function arrives(doc, scene, { from, to, points }) {
  const down = doc.direction === "down";
  const flat = ({ x, y, width, height }) => (down ? [y, x, height, width] : [x, y, width, height]);
  const [source, target] = [from, to].map((node) => flat(scene.at.get(node)));
  const name = `${doc.nodes[from].id} to ${doc.nodes[to].id}`;
  assert.ok(target[0] >= source[0] + source[2] - NEAR, `${name}: forward order goes on`);
  const ends = [points.slice(0, 2), points.slice(-2)].map(([x, y]) => (down ? [y, x] : [x, y]));
  assert.ok(Math.abs(ends[0][0] - source[0] - source[2]) < NEAR, `${name} begins on the border`);
  assert.ok(Math.abs(ends[1][0] - target[0]) < NEAR, `${name} ends on the border`);
  for (const [[, place], [, across, , breadth]] of [[ends[0], source], [ends[1], target]])
    assert.ok(place >= across - NEAR && place <= across + breadth + NEAR, `${name} meets its box: ${place}, ${across} to ${across + breadth}`);
  assert.ok(points.every(Number.isFinite), `${name} is somewhere`);
}

/** What is joined in the document is joined in the scene: by an arrow between the outermost closed boxes. */
function joined(doc, open, scene) {
  const shown = (at) => {
    let seen = at;
    for (let up = doc.nodes[at].parent; up !== null; up = doc.nodes[up].parent) if (up && !open.has(up)) seen = up;
    return seen;
  };
  const drawn = new Set(scene.arrows.map((arrow) => `${arrow.from} ${arrow.to}`));
  const wanted = new Set(doc.arrows.map(([a, b]) => [shown(a), shown(b)]).filter(([a, b]) => a !== b).map((ends) => ends.join(" ")));
  assert.deepEqual([...drawn].sort(), [...wanted].sort(), "every arrow is drawn");
}
