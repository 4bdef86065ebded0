// Random documents: trees of groups with arrows that go forward, each level laid out in rows, plainly.

/** mulberry32: the same numbers for the same seed. */
export function random(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { next, whole: (low, high) => low + Math.floor(next() * (high - low + 1)) };
}

const GAP = { along: 34, across: 22 };

export function tree(seed, direction = "down") {
  const { next, whole } = random(seed);
  const nodes = [{ id: "", name: "", lines: [], kind: "group", width: 0, height: 0, parent: null, children: [], layer: 0 }];
  const leaves = [];
  const fill = (parent, depth) => {
    for (let i = whole(1, 6); i > 0; i--) {
      const at = nodes.length;
      const group = depth < 4 && next() < 0.45;
      nodes.push({ id: `n${at}`, name: `n${at}`, lines: [], kind: group ? "group" : "plain", width: whole(40, 190), height: whole(24, 90), parent, children: [], layer: leaves.length });
      nodes[parent].children.push(at);
      if (group) fill(at, depth + 1);
      else leaves.push(at);
    }
  };
  fill(0, 0);
  const arrows = [];
  leaves.forEach((leaf, i) => {
    for (let many = i && whole(0, 3); many > 0; many--) arrows.push([leaves[whole(Math.max(0, i - 12), i - 1)], leaf]);
  });
  const doc = { format: 1, title: "tree", direction, nodes, levels: [], arrows: [...new Map(arrows.map((a) => [a.join(), a])).values()], open: [0], layers: [] };
  nodes.forEach((node, at) => node.children.length && level(doc, at));
  return doc;
}

function level(doc, at) {
  const { nodes } = doc;
  const node = nodes[at];
  const down = doc.direction === "down";
  const inside = (n) => (n === null ? undefined : nodes[n].parent === at ? n : inside(nodes[n].parent));
  const [entries, exits, links] = [new Set(), new Set(), new Map()];
  const order = new Map(node.children.map((child, i) => [child, i]));
  for (const [a, b] of doc.arrows) {
    const [from, to] = [inside(a), inside(b)];
    if (from === to) continue;
    if (from === undefined) entries.add(a);
    if (to === undefined) exits.add(a);
    const ends = [from === undefined ? -1 - 2 * [...entries].indexOf(a) : order.get(from), to === undefined ? -2 - 2 * [...exits].indexOf(a) : order.get(to)];
    links.set(ends.join(), ends);
  }
  const size = (child) => (down ? [nodes[child].height, nodes[child].width] : [nodes[child].width, nodes[child].height]);
  const rank = node.children.map(() => 0);
  node.children.forEach((_, i) => {
    for (const [a, b] of links.values()) if (b === i && a >= 0) rank[i] = Math.max(rank[i], rank[a] + 1);
  });
  const rows = [];
  rank.forEach((r, i) => (rows[r] ??= []).push(i));
  const corners = [];
  let [along, breadth] = [entries.size ? GAP.along : 0, 0];
  for (const row of rows) {
    let across = 0;
    for (const i of row) {
      corners[i] = [along, across];
      across += size(node.children[i])[1] + GAP.across;
    }
    breadth = Math.max(breadth, across - GAP.across);
    along += Math.max(...row.map((i) => size(node.children[i])[0])) + GAP.along;
  }
  const length = along - (exits.size ? 0 : GAP.along);
  const spread = (many) => Array.from({ length: many }, (_, i) => (breadth * (i + 1)) / (many + 1));
  const [ins, outs] = [spread(entries.size), spread(exits.size)];
  const ways = [...links.values()].map(([a, b]) => {
    const [x, y] = a < 0 ? [0, ins[(-1 - a) / 2]] : [corners[a][0] + size(node.children[a])[0], corners[a][1] + size(node.children[a])[1] / 2];
    const [v, w] = b < 0 ? [length, outs[(-2 - b) / 2]] : [corners[b][0], corners[b][1] + size(node.children[b])[1] / 2];
    return [x, y, v, w];
  });
  Object.assign(node, { level: doc.levels.length, entries: [...entries], exits: [...exits] });
  doc.levels.push({ length, breadth, corners, entries: ins, exits: outs, links: [...links.values()], ways });
}
