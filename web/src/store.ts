// The state of the page, in one place; components look at it and are drawn anew when it changes.

import { useEffect, useReducer } from "preact/hooks";
import { compose, type Scene } from "./compose.ts";
import { type Doc, isGroup, type Layer, type Made, type Node, number } from "./document.ts";

export type Colouring = "kind" | "time" | "memory" | "difference" | "change";

export interface State {
  doc: Doc;
  open: Set<number>;
  /** the node that is looked at; 0 is the whole */
  selected: number;
  /** the layer that is looked at: of a box with turns, one of them */
  place: number;
  colouring: Colouring;
  scene: Scene;
  /** what is said to whoever cannot see it move */
  said: string;
  panel: boolean;
  outline: boolean;
  help: boolean;
}

export class Store {
  state: State;
  private readonly listeners = new Set<() => void>();
  /** The layers in the order that they are walked in: by node. */
  readonly walk: number[];
  readonly readers: number[][];
  private resting: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly doc: Doc) {
    const open = new Set(doc.open);
    const differs = doc.layers.some((layer) => layer.difference);
    this.state = {
      doc,
      open,
      selected: 0,
      place: 0,
      colouring: differs ? "difference" : "kind",
      scene: compose(doc, open),
      said: "",
      panel: innerWidth > 700 || innerHeight > 600,
      outline: innerWidth > 1000,
      help: false,
    };
    this.walk = this.nodesInOrder(0);
    this.readers = doc.layers.map(() => []);
    doc.layers.forEach((layer, i) => new Set(layer.reads).forEach((read) => this.readers[read].push(i)));
  }

  set(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    this.listeners.forEach((call) => call());
  }

  listen(call: () => void): () => void {
    this.listeners.add(call);
    return () => this.listeners.delete(call);
  }

  private nodesInOrder(at: number): number[] {
    return this.doc.nodes[at].children.flatMap((child) => [child, ...this.nodesInOrder(child)]);
  }

  /** Open or close a group; what is in a closed one stays as it was. */
  toggle(node: number, open = !this.state.open.has(node)): void {
    if (!isGroup(this.doc.nodes[node]) || open === this.state.open.has(node)) return;
    const next = new Set(this.state.open);
    if (open) next.add(node);
    else next.delete(node);
    this.set({ open: next, scene: compose(this.doc, next), said: `${this.doc.nodes[node].name} ${open ? "opened" : "closed"}` });
  }

  /** All groups down to that depth. */
  openTo(depth: number): void {
    const next = new Set<number>([0]);
    const into = (at: number, level: number): void => {
      for (const child of this.doc.nodes[at].children) {
        if (!isGroup(this.doc.nodes[child]) || level >= depth) continue;
        next.add(child);
        into(child, level + 1);
      }
    };
    into(0, 0);
    this.set({ open: next, scene: compose(this.doc, next) });
  }

  /** Look at a node, in the turn that `place` belongs to; the groups around it are opened. */
  select(node: number, place = this.doc.nodes[node].layer): void {
    const next = new Set(this.state.open);
    for (let at = this.doc.nodes[node].parent; at !== null; at = this.doc.nodes[at].parent) next.add(at);
    const grown = next.size > this.state.open.size;
    const scene = grown ? compose(this.doc, next) : this.state.scene;
    this.set({ selected: node, place, open: grown ? next : this.state.open, scene, said: node ? told(this.doc, node) : "" });
    // once it rests: browsers bear but some twenty addresses a second
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.address(node, place), 250);
  }

  private address(node: number, place: number): void {
    const name = isGroup(this.doc.nodes[node]) ? this.doc.nodes[node].id : this.doc.layers[place]?.name;
    try {
      history.replaceState(null, "", node && name ? `#${encodeURIComponent(name)}` : " ");
    } catch {
      // a page that was sent by mail may be shown where it has no address
    }
  }

  /** The node that the page's address names, and the layer in it; 0 where it names none. */
  named(hash: string): [node: number, place?: number] {
    let name = hash.replace(/^#/, "");
    try {
      name = decodeURIComponent(name);
    } catch {
      // it was written by hand
    }
    if (!name) return [0];
    const { layers, nodes } = this.doc;
    let place = layers.findIndex((layer) => layer.name === name);
    if (place < 0) {
      const node = nodes.findIndex((one) => one.id === name);
      if (node > 0) return [node];
      place = layers.findIndex((layer) => layer.path === name);
    }
    return place < 0 ? [0] : [layers[place].node, place];
  }

  /** The next thing that is to be seen in forward order, or the one before. */
  step(by: 1 | -1): void {
    const seen = this.seen();
    const at = seen.indexOf(this.state.selected);
    if (at >= 0) return this.select(seen[Math.max(0, Math.min(seen.length - 1, at + by))]);
    const place = this.walk.indexOf(this.state.selected);
    const next = by > 0 ? seen.find((node) => this.walk.indexOf(node) > place) : seen.findLast((node) => this.walk.indexOf(node) < place);
    this.select(next ?? seen[by > 0 ? 0 : seen.length - 1]);
  }

  /** The first that is to be seen, or the last. */
  end(by: 1 | -1): void {
    const seen = this.seen();
    this.select(seen[by > 0 ? seen.length - 1 : 0]);
  }

  /** What is to be seen in forward order: layers, and closed groups. */
  private seen(): number[] {
    const { scene, open } = this.state;
    return this.walk.filter((node) => scene.at.has(node) && !(isGroup(this.doc.nodes[node]) && open.has(node)));
  }

  /** Out of the group. */
  out(): void {
    const parent = this.doc.nodes[this.state.selected].parent;
    if (parent !== null) this.select(parent);
  }

  /** Into the group, to the first in it. */
  into(): void {
    const node = this.doc.nodes[this.state.selected];
    if (isGroup(node)) this.select(node.children[0]);
  }

  layerOf(node: number): Layer | undefined {
    const found = this.doc.nodes[node];
    return node && !isGroup(found) && found.kind !== "expected" ? this.doc.layers[found.layer] : undefined;
  }
}

function told(doc: Doc, at: number): string {
  const node = doc.nodes[at];
  return [node.name, ...node.lines].join(", ") + (isGroup(node) ? ", group" : "");
}

/** The first output as it is now. */
export const first = (layer: Layer): Made => layer.outputs[0] ?? {};

export const odd = (made: Made): number => (made.statistics ? made.statistics.nan + made.statistics.inf : 0);

/** What a layer is coloured by, from 0 to 1; undefined where nothing is known. */
export function share(store: Store, at: number): number | undefined {
  const { doc, colouring } = store.state;
  const layers = layersIn(doc, at);
  if (colouring === "time") {
    const known = layers.map((i) => doc.layers[i].ms).filter((ms): ms is number => ms !== null);
    return known.length ? known.reduce((a, b) => a + b, 0) / most(doc, "time") : undefined;
  }
  if (colouring === "memory") return layers.reduce((sum, i) => sum + doc.layers[i].bytes, 0) / most(doc, "memory");
  if (colouring === "difference") {
    const worst = Math.max(...layers.map((i) => noise(doc.layers[i])));
    return Number.isFinite(worst) ? worst : undefined;
  }
  return undefined;
}

/** How loud the difference is beside the value: 0 for 120 dB of signal and more, 1 for 0 dB and less. */
function noise(layer: Layer): number {
  const found = layer.difference?.difference;
  if (!layer.difference) return -Infinity;
  if (!found) return layer.difference.state === "same" ? 0 : 1;
  return Math.max(0, Math.min(1, 1 - number(found.snr) / 120));
}

const largest = new WeakMap<Doc, Map<string, number>>();
function most(doc: Doc, what: "time" | "memory"): number {
  const known = largest.get(doc) ?? new Map<string, number>();
  largest.set(doc, known);
  if (!known.has(what)) known.set(what, Math.max(1e-9, ...doc.layers.map((layer) => (what === "time" ? (layer.ms ?? 0) : layer.bytes))));
  return known.get(what)!;
}

export function layersIn(doc: Doc, at: number): number[] {
  const node = doc.nodes[at];
  return isGroup(node) ? node.children.flatMap((child) => layersIn(doc, child)) : node.kind === "expected" ? [] : turns(node);
}

/** The layers of a box: one, or of a body that took several turns one for each. */
export const turns = (node: Node): number[] => [node.layer, ...(node.turns ?? [])];

export function useStore(store: Store): State {
  const [, again] = useReducer((count: number) => count + 1, 0);
  useEffect(() => store.listen(() => again(undefined)), [store]);
  return store.state;
}
