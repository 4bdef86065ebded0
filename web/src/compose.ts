// Puts the levels of open groups together: where every box and frame stands, and the way of each arrow.
//
// Each group was laid out with the groups in it closed. Opening one pushes what is around it apart.

import { type Doc, isGroup, type Level, type Node } from "./document.ts";
import { Warp } from "./warp.ts";

export interface Placed {
  node: number;
  x: number;
  y: number;
  width: number;
  height: number;
  depth: number;
}

export interface Arrow {
  from: number;
  to: number;
  /** x, y, x, y … */
  points: number[];
  box: [number, number, number, number];
}

export interface Scene {
  boxes: Placed[];
  frames: Placed[];
  arrows: Arrow[];
  width: number;
  height: number;
  /** by node: where it stands, if it is to be seen */
  at: Map<number, Placed>;
}

/** An open group: how large it is, and how its level is stretched. Along the page first, then across. */
interface Opened {
  level: Level;
  along: Warp;
  across: Warp;
  length: number;
  breadth: number;
  inset: number;
  spot: [number, number];
}

/** Between a frame and what is in it, across the ends of the page's direction. */
const PADS = { left: 14, top: 32, right: 14, bottom: 14 };

export function compose(doc: Doc, open: ReadonlySet<number>): Scene {
  return new Composer(doc, open).scene();
}

class Composer {
  private readonly opened = new Map<number, Opened>();
  private readonly at = new Map<number, Placed>();
  private readonly down: boolean;
  private readonly frames: Placed[] = [];
  private readonly boxes: Placed[] = [];
  private readonly ways = new Map<Level, Map<number, number[]>>();
  private readonly order: number[];

  constructor(
    private readonly doc: Doc,
    private readonly open: ReadonlySet<number>,
  ) {
    this.down = doc.direction === "down";
    this.order = new Array(doc.nodes.length).fill(0);
    for (const node of doc.nodes) node.children.forEach((child, i) => (this.order[child] = i));
  }

  scene(): Scene {
    const root = this.measure(0);
    this.place(0, 0, 0, 0);
    const arrows = this.arrows();
    const [width, height] = this.down ? [root.breadth, root.length] : [root.length, root.breadth];
    return { boxes: this.boxes, frames: this.frames, arrows, width, height, at: this.at };
  }

  private isOpen(number: number): boolean {
    return number === 0 || (isGroup(this.doc.nodes[number]) && this.open.has(number));
  }

  private closedSize(node: Node): [number, number] {
    return this.down ? [node.height, node.width] : [node.width, node.height];
  }

  /** Sizes from the inside out. */
  private measure(number: number): Opened {
    const node = this.doc.nodes[number];
    const level = this.doc.levels[node.level as number];
    const along: { from: number; to: number; length: number }[] = [];
    const across: typeof along = [];
    node.children.forEach((child, i) => {
      if (!this.isOpen(child)) return;
      const inner = this.measure(child);
      const [length, breadth] = this.closedSize(this.doc.nodes[child]);
      const [a, b] = level.corners[i];
      along.push({ from: a, to: a + length, length: inner.length });
      across.push({ from: b, to: b + breadth, length: inner.breadth });
    });
    const [alongWarp, acrossWarp] = [new Warp(along), new Warp(across)];
    const pads = this.pads(number);
    const breadth = acrossWarp.at(level.breadth) + pads.start + pads.end;
    const least = number ? this.closedSize(node)[1] : 0;
    const made: Opened = {
      level,
      along: alongWarp,
      across: acrossWarp,
      length: alongWarp.at(level.length) + pads.before + pads.after,
      breadth: Math.max(breadth, least),
      inset: pads.start + Math.max(least - breadth, 0) / 2,
      spot: [0, 0],
    };
    this.opened.set(number, made);
    return made;
  }

  private pads(number: number) {
    if (!number) return { before: 0, start: 0, after: 0, end: 0 };
    const { left, top, right, bottom } = PADS;
    return this.down ? { before: top, start: left, after: bottom, end: right } : { before: left, start: top, after: right, end: top };
  }

  /** Where everything in a group stands, the group's corner being there. */
  private place(number: number, along: number, across: number, depth: number): void {
    const group = this.opened.get(number) as Opened;
    group.spot = [along, across];
    const before = along + this.pads(number).before;
    const start = across + group.inset;
    this.doc.nodes[number].children.forEach((child, i) => {
      const [a, b] = group.level.corners[i];
      const [length, breadth] = this.closedSize(this.doc.nodes[child]);
      const middle = [(group.along.at(a) + group.along.at(a + length)) / 2, (group.across.at(b) + group.across.at(b + breadth)) / 2];
      const inner = this.opened.get(child);
      const size = inner ? [inner.length, inner.breadth] : [length, breadth];
      const corner = [before + middle[0] - size[0] / 2, start + middle[1] - size[1] / 2];
      const [x, y, width, height] = this.down ? [corner[1], corner[0], size[1], size[0]] : [corner[0], corner[1], size[0], size[1]];
      const placed: Placed = { node: child, x, y, width, height, depth };
      this.at.set(child, placed);
      (inner ? this.frames : this.boxes).push(placed);
      if (inner) this.place(child, corner[0], corner[1], depth + 1);
    });
  }

  private arrows(): Arrow[] {
    const found: Arrow[] = [];
    const known = new Set<string>();
    const shown = this.doc.nodes.map((_, i) => this.shown(i));
    for (const [a, b] of this.doc.arrows) {
      const [from, to] = [shown[a], shown[b]];
      if (from === to) continue;
      const path = this.path(from, to);
      const sign = path.length > 1 ? `${from} ${to} ${a}` : `${from} ${to}`;
      if (known.has(sign)) continue;
      known.add(sign);
      const points = this.points(path, a, from, to);
      if (points.length >= 4) found.push({ from, to, points, box: bounds(points) });
    }
    return found;
  }

  /** The box in which a node is to be seen: itself, or the outermost closed group around it. */
  private shown(number: number): number {
    let [seen, at] = [number, this.doc.nodes[number].parent];
    while (at !== null) {
      if (!this.isOpen(at)) seen = at;
      at = this.doc.nodes[at].parent;
    }
    return seen;
  }

  /** The groups that an arrow goes through, and from which child to which in each; -1: comes in, or goes out. */
  private path(from: number, to: number): [group: number, from: number, to: number][] {
    const { nodes } = this.doc;
    const depth = (n: number): number => (nodes[n].parent === null ? 0 : 1 + depth(nodes[n].parent as number));
    const [leaving, entering]: [number, number, number][][] = [[], []];
    let [a, b, da, db] = [from, to, depth(from), depth(to)];
    while (nodes[a].parent !== nodes[b].parent) {
      if (da >= db) {
        leaving.push([nodes[a].parent as number, a, -1]);
        a = nodes[a].parent as number;
        da--;
      } else {
        entering.unshift([nodes[b].parent as number, -1, b]);
        b = nodes[b].parent as number;
        db--;
      }
    }
    return [...leaving, [nodes[a].parent as number, a, b], ...entering];
  }

  /** The way of the arrow that begins at leaf `source`, from border to border. */
  private points(path: [number, number, number][], source: number, from: number, to: number): number[] {
    const whole: [number, number][] = [];
    for (const [number, a, b] of path) {
      const group = this.opened.get(number) as Opened;
      const node = this.doc.nodes[number];
      const ends = [
        a < 0 ? -1 - 2 * (node.entries as number[]).indexOf(source) : this.order[a],
        b < 0 ? -2 - 2 * (node.exits as number[]).indexOf(source) : this.order[b],
      ];
      const way = this.wayOf(group.level, ends[0], ends[1]);
      if (!way) return [];
      const before = group.spot[0] + this.pads(number).before;
      const start = group.spot[1] + group.inset;
      const points: [number, number][] = [];
      for (let i = 0; i < way.length; i += 2) points.push([before + group.along.at(way[i]), start + group.across.at(way[i + 1])]);
      if (a >= 0) this.moveEnd(points, this.border(a, source, true), a === from);
      if (b >= 0) {
        points.reverse();
        this.moveEnd(points, this.border(b, source, false), b === to);
        points.reverse();
      }
      if (a < 0) points.unshift([group.spot[0], points[0][1]]);
      if (b < 0) points.push([group.spot[0] + group.length, points[points.length - 1][1]]);
      whole.push(...points);
    }
    const found: number[] = [];
    for (const [along, across] of straightened(whole)) found.push(...(this.down ? [across, along] : [along, across]));
    return found;
  }

  /** Where arrows of that source leave or enter a box or an open group, and how broad that is. */
  private border(number: number, source: number, leaves: boolean): [number, number, number] {
    const placed = this.at.get(number) as Placed;
    const [along, across, length, breadth] = this.down
      ? [placed.y, placed.x, placed.height, placed.width]
      : [placed.x, placed.y, placed.width, placed.height];
    const group = this.opened.get(number);
    const side = leaves ? along + length : along;
    if (!group) return [side, across + breadth / 2, breadth];
    const node = this.doc.nodes[number];
    const ports = leaves ? group.level.exits : group.level.entries;
    const port = ((leaves ? node.exits : node.entries) as number[]).indexOf(source);
    return [side, port < 0 ? across + breadth / 2 : across + group.inset + group.across.at(ports[port]), breadth];
  }

  /** The first point goes to the border, and with it those that stand straight before it. A box is met beside its middle too. */
  private moveEnd(points: [number, number][], border: [number, number, number], box: boolean): void {
    const was = points[0][1];
    const place = box && Math.abs(was - border[1]) < Math.min(14, border[2] / 2) ? was : border[1];
    for (let i = 0; i < points.length - 1 && Math.abs(points[i][1] - was) < 0.06; i++) points[i][1] = place;
    if (points.length === 2 && box && Math.abs(points[1][1] - place) < 0.06) points[0][1] = place;
    points[0] = [border[0], place];
  }

  private wayOf(level: Level, from: number, to: number): number[] | undefined {
    let ways = this.ways.get(level);
    if (!ways) {
      ways = new Map(level.links.map(([a, b], i) => [(a + 4e5) * 1e6 + b + 4e5, level.ways[i]]));
      this.ways.set(level, ways);
    }
    return ways.get((from + 4e5) * 1e6 + to + 4e5);
  }
}

/** Without points in the middle of a straight line. */
function straightened(points: [number, number][]): [number, number][] {
  return points.filter((point, i) => {
    const [before, after] = [points[i - 1], points[i + 1]];
    if (!before || !after) return true;
    return !(Math.abs(before[1] - point[1]) < 0.06 && Math.abs(point[1] - after[1]) < 0.06);
  });
}

function bounds(points: number[]): [number, number, number, number] {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    left = Math.min(left, points[i]);
    right = Math.max(right, points[i]);
    top = Math.min(top, points[i + 1]);
    bottom = Math.max(bottom, points[i + 1]);
  }
  return [left, top, right, bottom];
}
