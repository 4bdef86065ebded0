// Paints the part of the drawing that is to be seen, as finely as its size allows.

import type { Arrow, Placed } from "./compose.ts";
import { type Doc, isGroup, type Node } from "./document.ts";
import { clean } from "./format.ts";
import { font, picture } from "./picture.ts";
import { first, odd, share, type Store, turns } from "./store.ts";
import { legible, strength, type Theme } from "./theme.ts";

export interface Camera {
  x: number;
  y: number;
  scale: number;
}

export interface Looks {
  found: ReadonlySet<number>;
  marked: ReadonlySet<number>;
  /** how much each layer changed, by its place */
  changed: ReadonlyMap<number, number>;
}

/** Below these scales words, pictures, and borders are too small to be seen. */
const WORDS = 0.3;
const PICTURES = 0.3;
const BORDERS = 0.12;

/** Between the border of a box and what is in it: see src/laminae/see/document/boxes.py. */
const SIDE = 11;

/** Between an arrow and the one that goes back beside it. */
const APART = 6;

/** Feature maps in a box. */
const TILES = 8;

export function paint(canvas: HTMLCanvasElement, store: Store, camera: Camera, colours: Theme, looks: Looks, ratio: number): void {
  const to = canvas.getContext("2d")!;
  const [width, height] = [canvas.width / ratio, canvas.height / ratio];
  to.setTransform(ratio, 0, 0, ratio, 0, 0);
  to.fillStyle = colours.paper;
  to.fillRect(0, 0, width, height);
  to.setTransform(ratio * camera.scale, 0, 0, ratio * camera.scale, ratio * camera.x, ratio * camera.y);
  new Painter(to, store, camera.scale, colours, looks, [
    -camera.x / camera.scale,
    -camera.y / camera.scale,
    (width - camera.x) / camera.scale,
    (height - camera.y) / camera.scale,
  ]).all();
}

class Painter {
  private readonly doc: Doc;

  constructor(
    private readonly to: CanvasRenderingContext2D,
    private readonly store: Store,
    private readonly scale: number,
    private readonly colours: Theme,
    private readonly looks: Looks,
    private readonly view: [number, number, number, number],
  ) {
    this.doc = store.doc;
  }

  all(): void {
    const { scene } = this.store.state;
    const seen = (placed: Placed): boolean =>
      placed.x - 10 < this.view[2] && placed.y - 14 < this.view[3] && placed.x + placed.width + 12 > this.view[0] && placed.y + placed.height + 12 > this.view[1];
    const frames = scene.frames.filter(seen);
    frames.forEach((frame) => this.frame(frame));
    this.arrows(scene.arrows);
    this.backward(scene.arrows);
    frames.forEach((frame) => this.heading(frame));
    scene.boxes.filter(seen).forEach((box) => this.box(box));
    this.selection();
  }

  private frame(placed: Placed): void {
    const { to, colours } = this;
    this.rounded(placed.x, placed.y, placed.width, placed.height, 12);
    // every other one is tinted: however deep, what stands in it is read as well as on the page
    to.fillStyle = colours.paper;
    to.fill();
    if (placed.depth % 2 === 0) {
      to.fillStyle = colours.frameFill;
      to.fill();
    }
    to.strokeStyle = colours.frame;
    to.lineWidth = 1.2;
    to.stroke();
    if (this.looks.found.has(placed.node)) this.ring(placed, colours.marked);
  }

  private heading(placed: Placed): void {
    if (this.scale < BORDERS) return;
    const { to, colours } = this;
    const node = this.doc.nodes[placed.node];
    const size = Math.min(40, Math.max(12, 11 / this.scale));
    to.font = font(size, true);
    to.textAlign = "left";
    to.lineWidth = 3;
    to.lineJoin = "round";
    to.strokeStyle = colours.paper;
    // far out the name grows and stands above its frame; near by it stands in it
    const at: [string, number, number] = size > 12 ? [clean(node.name), placed.x + 4, placed.y - 5] : [`− ${clean(node.name)}`, placed.x + 11, placed.y + 19];
    to.strokeText(...at);
    to.fillStyle = colours.heading;
    to.fillText(...at);
    if (node.times) this.badge(placed, node.times);
  }

  private arrows(arrows: Arrow[]): void {
    const { to, colours } = this;
    const { selected } = this.store.state;
    const near = new Set(selected ? [selected] : []);
    to.lineWidth = Math.max(1.3, 0.6 / this.scale);
    for (const lit of [false, true]) {
      to.strokeStyle = to.fillStyle = lit ? colours.marked : colours.arrow;
      to.beginPath();
      const tips: number[][] = [];
      for (const arrow of arrows) {
        if ((near.has(arrow.from) || near.has(arrow.to)) !== lit || !this.near(arrow)) continue;
        this.curve(arrow.points);
        if (this.scale > BORDERS) tips.push(arrow.points.slice(-4));
      }
      to.stroke();
      to.beginPath();
      tips.forEach((points) => this.tip(points));
      to.fill();
    }
  }

  /** Deltas go back beside the arrows, to the layers that they came to. */
  private backward(arrows: Arrow[]): void {
    const reached = deltas(this.doc);
    if (!reached.size || this.scale < BORDERS) return;
    const { to, colours } = this;
    const [dx, dy] = this.doc.direction === "right" ? [0, APART] : [APART, 0];
    to.strokeStyle = to.fillStyle = colours.back;
    to.lineWidth = 1.3;
    to.setLineDash([5, 3]);
    to.beginPath();
    const back = arrows.filter((arrow) => reached.has(arrow.from) && this.near(arrow)).map((arrow) => reversed(arrow.points, dx, dy));
    back.forEach((points) => this.curve(points));
    to.stroke();
    to.setLineDash([]);
    to.beginPath();
    back.forEach((points) => this.tip(points.slice(-4), -1));
    to.fill();
  }

  private near({ box: [left, top, right, bottom] }: Arrow): boolean {
    const { view } = this;
    return left - 8 <= view[2] && right + 8 >= view[0] && top - 8 <= view[3] && bottom + 8 >= view[1];
  }

  /** Straight along the page, else in a bend that leaves and arrives along it. */
  private curve(points: number[]): void {
    const { to } = this;
    const flat = this.doc.direction === "right";
    let [x, y] = points;
    to.moveTo(x, y);
    for (let i = 2; i < points.length; i += 2) {
      const [a, b] = [points[i], points[i + 1]];
      if (Math.abs(a - x) < 0.05 || Math.abs(b - y) < 0.05) to.lineTo(a, b);
      else if (flat) to.bezierCurveTo((x + a) / 2, y, (x + a) / 2, b, a, b);
      else to.bezierCurveTo(x, (y + b) / 2, a, (y + b) / 2, a, b);
      [x, y] = [a, b];
    }
  }

  /** onward: 1 where the arrow goes with forward order, -1 where it goes back. */
  private tip([, , x, y]: number[], onward = 1): void {
    const { to } = this;
    to.moveTo(x, y);
    if (this.doc.direction === "right") {
      to.lineTo(x - 7 * onward, y - 3.4);
      to.lineTo(x - 7 * onward, y + 3.4);
    } else {
      to.lineTo(x - 3.4, y - 7 * onward);
      to.lineTo(x + 3.4, y - 7 * onward);
    }
    to.closePath();
  }

  private box(placed: Placed): void {
    const { to, colours } = this;
    const node = this.doc.nodes[placed.node];
    const { x, y, width, height } = placed;
    const [fill, stroke] = this.fill(placed.node, node);
    to.setLineDash(node.kind === "expected" ? [4, 3] : []);
    if (this.scale < BORDERS) {
      to.fillStyle = stroke;
      to.fillRect(x, y, width, height);
    } else {
      to.lineWidth = 1.5;
      to.strokeStyle = stroke;
      to.fillStyle = fill;
      if (isGroup(node) || node.times) for (const behind of [6, 3]) this.filled(x + behind, y + behind, width, height);
      this.filled(x, y, width, height);
    }
    to.setLineDash([]);
    const inks = fill.startsWith("rgb") ? inked(colours, legible(fill)) : colours;
    if (this.scale >= WORDS) this.words(placed, node, inks);
    else if (height * this.scale >= 9) this.name(placed, node, inks);
    if (this.scale >= PICTURES) this.picture(placed, node, inks);
    if (node.times && this.scale >= WORDS) this.badge(placed, node.times);
    this.marks(placed, node);
    if (this.looks.marked.has(placed.node)) this.ring(placed, colours.marked);
    else if (this.looks.found.has(placed.node)) this.ring(placed, colours.marked, [3, 3]);
  }

  private fill(at: number, node: Node): [string, string] {
    const plain = this.colours.box[node.kind] ?? this.colours.box.plain;
    const { colouring } = this.store.state;
    if (colouring === "kind" || node.kind === "expected") return plain;
    if (colouring === "change") {
      const changed = isGroup(node) ? this.changedIn(at) : this.looks.changed.get(node.layer);
      return changed === undefined ? this.colours.box.plain : [strength(amount(changed)), this.colours.arrow];
    }
    const found = share(this.store, at);
    return found === undefined ? this.colours.box.plain : [strength(found), this.colours.arrow];
  }

  private changedIn(at: number): number | undefined {
    const node = this.doc.nodes[at];
    const found = isGroup(node) ? node.children.map((child) => this.changedIn(child)) : [this.looks.changed.get(node.layer)];
    const known = found.filter((one): one is number => one !== undefined);
    return known.length ? Math.max(...known) : undefined;
  }

  /** From afar the name alone, as large as its box. */
  private name(placed: Placed, node: Node, colours: Theme): void {
    const { to } = this;
    const text = clean(node.name);
    to.font = font(10, true);
    const size = Math.min(placed.height * 0.6, (placed.width * 9) / Math.max(to.measureText(text).width, 1), 12 / this.scale);
    if (size * this.scale < 5) return;
    to.font = font(size, true);
    to.textAlign = "center";
    to.fillStyle = colours.ink;
    to.fillText(text, placed.x + placed.width / 2, placed.y + placed.height / 2 + size * 0.36);
  }

  private words(placed: Placed, node: Node, colours: Theme): void {
    const { to } = this;
    const slot = node.slot;
    const beside = slot && this.doc.direction === "down";
    // beside a picture: from the border to it, with as much room on both sides
    const [from, wide] = slot && beside ? [SIDE / 2, slot[0] - SIDE] : [0, placed.width];
    const high = 18 + 15 * node.lines.length;
    const middle = placed.x + from + wide / 2;
    const top = placed.y + (slot && !beside ? 7 : (placed.height - high) / 2);
    to.textAlign = "center";
    to.fillStyle = colours.ink;
    to.font = font(13, true);
    to.fillText(clean(node.name), middle, top + 13, wide - 8);
    to.font = font(11);
    to.fillStyle = colours.quiet;
    node.lines.forEach((line, i) => to.fillText(clean(line), middle, top + 28 + 15 * i, wide - 8));
  }

  private picture(placed: Placed, node: Node, colours: Theme): void {
    if (!node.slot || node.kind === "expected") return;
    const seen = first(this.doc.layers[node.layer]).preview;
    const [x, y, width, height] = node.slot;
    if (seen) picture(this.to, seen, colours, [placed.x + x, placed.y + y, width, height], TILES, this.scale >= WORDS);
  }

  /** ✓ and ✗ of what was expected; ! where something is not finite or was found; ≠ where layers differ by themselves. */
  private marks(placed: Placed, node: Node): void {
    const expected = node.kind === "expected" ? this.doc.expected.find((one) => one.node === placed.node) : undefined;
    if (expected) return expected.correct === null ? undefined : this.sign(placed, expected.correct ? "✓" : "✗", expected.correct ? this.colours.good : this.colours.bad);
    if (isGroup(node)) return;
    const places = turns(node);
    if (this.doc.first !== null && places.includes(this.doc.first)) return this.sign(placed, "≠", this.colours.bad);
    const layers = places.map((place) => this.doc.layers[place]);
    if (layers.some((layer) => layer.outputs.some((output) => odd(output)))) return this.sign(placed, "!", this.colours.bad);
    if (layers.some((layer) => layer.state === "patched")) this.sign(placed, "✎", this.colours.marked);
  }

  private sign(placed: Placed, text: string, colour: string): void {
    const { to } = this;
    const size = Math.max(8, 4 / this.scale);
    to.fillStyle = colour;
    to.beginPath();
    to.arc(placed.x + placed.width, placed.y, size, 0, 7);
    to.fill();
    if (this.scale < BORDERS) return;
    to.fillStyle = this.colours.paper;
    to.textAlign = "center";
    to.font = font(size * 1.4, true);
    to.fillText(text, placed.x + placed.width, placed.y + size * 0.5);
  }

  private badge(placed: Placed, times: number): void {
    const { to, colours } = this;
    const text = `× ${times}`;
    to.font = font(11, true);
    const width = to.measureText(text).width + 12;
    const left = placed.x + placed.width - width - 12;
    this.rounded(left, placed.y - 9, width, 18, 9);
    to.fillStyle = colours.badge;
    to.fill();
    to.fillStyle = colours.paper;
    to.textAlign = "center";
    to.fillText(text, left + width / 2, placed.y + 4);
  }

  private selection(): void {
    const placed = this.store.state.scene.at.get(this.store.state.selected);
    if (placed) this.ring(placed, this.colours.marked, [], Math.max(3.5, 2.5 / this.scale));
  }

  private ring(placed: Placed, colour: string, dash: number[] = [], width = 3.5): void {
    const { to } = this;
    this.rounded(placed.x - 3, placed.y - 3, placed.width + 6, placed.height + 6, 10);
    to.strokeStyle = colour;
    to.lineWidth = width;
    to.setLineDash(dash);
    to.stroke();
    to.setLineDash([]);
  }

  private filled(x: number, y: number, width: number, height: number): void {
    this.rounded(x, y, width, height, 8);
    this.to.fill();
    this.to.stroke();
  }

  private rounded(x: number, y: number, width: number, height: number, radius: number): void {
    this.to.beginPath();
    this.to.roundRect(x, y, width, height, Math.min(radius, width / 2, height / 2));
  }
}

/** All that is drawn in a box in one colour. */
const inked = (colours: Theme, ink: string): Theme => ({ ...colours, ink, quiet: ink, arrow: ink, bar: ink });

/** A change of a thousandth is pale, one as large as the value itself has the full colour. */
export const amount = (change: number): number => (change > 0 ? Math.max(0.08, Math.min(1, Math.cbrt(change))) : 0);

const reachedBy = new WeakMap<Doc, Set<number>>();
/** The nodes that a delta came to: layers, and the groups around them. */
function deltas(doc: Doc): Set<number> {
  let found = reachedBy.get(doc);
  if (found) return found;
  found = new Set();
  for (const layer of doc.layers) {
    if (!layer.delta || layer.delta.norm === null || layer.delta.state) continue;
    for (let at: number | null = layer.node; at; at = doc.nodes[at].parent) found.add(at);
  }
  reachedBy.set(doc, found);
  return found;
}

/** The same way from its end to its beginning, moved aside. */
function reversed(points: number[], dx: number, dy: number): number[] {
  const found: number[] = [];
  for (let i = points.length - 2; i >= 0; i -= 2) found.push(points[i] + dx, points[i + 1] + dy);
  return found;
}
