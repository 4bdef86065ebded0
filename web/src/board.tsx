// The drawing: pan, zoom, click; everything by keyboard too.

import { useEffect, useMemo, useRef } from "preact/hooks";
import { beginning, fitted, seen, showing, within, zoomed } from "./camera.ts";
import type { Scene } from "./compose.ts";
import { type Camera, type Looks, paint } from "./paint.ts";
import { isGroup } from "./document.ts";
import { type Store, useStore } from "./store.ts";
import { onPrint, onTheme, theme } from "./theme.ts";

export interface View {
  zoom(by: number): void;
  all(): void;
  show(node: number): void;
  redraw(): void;
  png(): Promise<Blob | null>;
}

export function Board({ store, looks, view }: { store: Store; looks: Looks; view: { current: View | null } }) {
  const state = useStore(store);
  const ref = useRef<HTMLCanvasElement>(null);
  const latest = useRef(looks);
  latest.current = looks;
  const board = useMemo(() => new Scroller(store, () => latest.current), [store]);
  useEffect(() => board.begin(ref.current!), [board]);
  useEffect(() => board.redraw(), [state, looks]);
  useEffect(() => {
    if (state.selected) board.show(state.selected);
  }, [state.selected]);
  view.current = board;
  return (
    <canvas
      ref={ref}
      class="board"
      tabIndex={0}
      role="application"
      aria-label={`The drawing of ${state.doc.title}. Arrow left and right: the layer before and after; up: out of the group; down: into it; Enter: open or close the group; plus and minus: zoom.`}
      aria-describedby="said"
    />
  );
}

/** What is under a point: a box, a frame's name, its sign that closes it, or but its inside. */
interface Under {
  node: number;
  sign?: "open" | "close" | "name";
}

class Scroller implements View {
  private camera: Camera = { x: 0, y: 0, scale: 1 };
  private canvas!: HTMLCanvasElement;
  private waiting = false;
  private placed = false;
  private moves = 0;
  private pressed: Under | undefined;
  private scene: Scene;

  constructor(
    private readonly store: Store,
    private readonly looks: () => Looks,
  ) {
    this.scene = store.state.scene;
  }

  begin(canvas: HTMLCanvasElement): () => void {
    this.canvas = canvas;
    const resized = new ResizeObserver(() => this.resize());
    resized.observe(canvas);
    const ends = [onTheme(() => this.redraw()), onPrint(() => this.now()), () => resized.disconnect(), this.pointers()];
    // where a node stands in the canvas, by its id: x, y, width, height; the tests of the page click there
    Object.assign(canvas, { where: (id: string) => this.where(id) });
    this.resize();
    return () => ends.forEach((end) => end());
  }

  private where(id: string): [number, number, number, number] | null {
    const placed = this.store.state.scene.at.get(this.store.doc.nodes.findIndex((node) => node.id === id));
    const { x, y, scale } = this.camera;
    return placed ? [placed.x * scale + x, placed.y * scale + y, placed.width * scale, placed.height * scale] : null;
  }

  private resize(): void {
    const ratio = devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    [this.canvas.width, this.canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (!this.placed) {
      const { scene, doc } = this.store.state;
      this.camera = beginning(scene, doc.direction === "down", width, height);
      this.placed = true;
    }
    this.now();
  }

  redraw(): void {
    if (this.waiting || !this.canvas) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.now();
    });
  }

  private now(): void {
    this.follow();
    if (this.canvas.width) paint(this.canvas, this.store, this.camera, theme(), this.looks(), devicePixelRatio || 1);
  }

  zoom(by: number, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2): void {
    this.camera = zoomed(this.camera, by, x, y);
    this.redraw();
  }

  pan(dx: number, dy: number): void {
    this.camera = { ...this.camera, x: this.camera.x + dx, y: this.camera.y + dy };
    this.redraw();
  }

  all(): void {
    this.glide(fitted(this.store.state.scene, this.canvas.clientWidth, this.canvas.clientHeight));
  }

  /** Groups were opened or closed: what was opened or looked at stays where it is, and something is to be seen. */
  private follow(): void {
    const was = this.scene;
    const { scene, selected, doc } = this.store.state;
    if (scene === was) return;
    this.scene = scene;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const frames = new Set(was.frames.map((frame) => frame.node));
    const now = new Set(scene.frames.map((frame) => frame.node));
    const turned = [...now].filter((node) => !frames.has(node)).concat([...frames].filter((node) => !now.has(node)));
    const held = [...turned, selected].find((node) => was.at.has(node) && scene.at.has(node) && seen(this.camera, was.at.get(node)!, width, height));
    if (held !== undefined) {
      const [from, to] = [was.at.get(held)!, scene.at.get(held)!];
      const { x, y, scale } = this.camera;
      this.camera = within({ scale, x: x + (from.x + from.width / 2 - to.x - to.width / 2) * scale, y: y + (from.y - to.y) * scale }, to, width, height);
    }
    if (![...scene.boxes, ...scene.frames].some((placed) => seen(this.camera, placed, width, height))) this.camera = beginning(scene, doc.direction === "down", width, height);
  }

  show(node: number): void {
    this.follow();
    const placed = this.store.state.scene.at.get(node);
    if (placed) this.glide(showing(this.camera, placed, this.canvas.clientWidth, this.canvas.clientHeight));
  }

  /** A few frames from here to there; at once for those who asked for less motion. */
  private glide(to: Camera): void {
    const move = ++this.moves;
    const from = this.camera;
    const frames = matchMedia("(prefers-reduced-motion: reduce)").matches ? 1 : 10;
    let frame = 0;
    const next = (): void => {
      if (move !== this.moves) return;
      const part = ++frame / frames;
      const eased = 1 - (1 - part) ** 3;
      const at = (a: number, b: number): number => a + (b - a) * eased;
      this.camera = { x: at(from.x, to.x), y: at(from.y, to.y), scale: at(from.scale, to.scale) };
      this.now();
      if (frame < frames) requestAnimationFrame(next);
    };
    next();
  }

  /** The node under a point of the canvas: a box, a frame's name, nothing. */
  private under(x: number, y: number): Under | undefined {
    const { scene, doc } = this.store.state;
    const [px, py] = [(x - this.camera.x) / this.camera.scale, (y - this.camera.y) / this.camera.scale];
    const inside = (p: { x: number; y: number; width: number; height: number }): boolean =>
      px >= p.x && px <= p.x + p.width && py >= p.y && py <= p.y + p.height;
    const box = scene.boxes.findLast(inside);
    if (box) return isGroup(doc.nodes[box.node]) ? { node: box.node, sign: "open" } : { node: box.node };
    const frame = scene.frames.findLast(inside);
    if (!frame) return undefined;
    if (py > frame.y + 28) return { node: frame.node };
    return { node: frame.node, sign: px < frame.x + 24 ? "close" : "name" };
  }

  private pointers(): () => void {
    const { canvas } = this;
    const listening = new AbortController();
    const { signal } = listening;
    const held = new Map<number, [number, number]>();
    let moved = 0;
    canvas.addEventListener("pointerdown", (event) => {
      held.set(event.pointerId, [event.offsetX, event.offsetY]);
      moved = held.size > 1 ? 99 : 0;
      this.moves++;
      canvas.setPointerCapture(event.pointerId);
    }, { signal });
    canvas.addEventListener("pointermove", (event) => {
      const was = held.get(event.pointerId);
      if (!was) return;
      const now: [number, number] = [event.offsetX, event.offsetY];
      const other = [...held].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        const apart = (point: [number, number]): number => Math.hypot(point[0] - other[0], point[1] - other[1]);
        this.zoom(apart(now) / Math.max(apart(was), 1), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
      } else this.pan(now[0] - was[0], now[1] - was[1]);
      moved += Math.hypot(now[0] - was[0], now[1] - was[1]);
      held.set(event.pointerId, now);
    }, { signal });
    canvas.addEventListener("pointerup", (event) => {
      held.delete(event.pointerId);
    }, { signal });
    canvas.addEventListener("click", (event) => {
      // the second click of two means what the first one met: the drawing may have moved since
      if (moved < 5 && event.detail < 2) this.click(event);
    }, { signal });
    canvas.addEventListener("pointercancel", (event) => held.delete(event.pointerId), { signal });
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false, signal });
    canvas.addEventListener("dblclick", () => this.double(), { signal });
    return () => listening.abort();
  }

  private click(event: MouseEvent): void {
    const under = this.under(event.offsetX, event.offsetY);
    this.pressed = under;
    this.canvas.focus();
    if (under?.sign === "close") return this.store.toggle(under.node, false);
    this.store.select(under?.node ?? 0);
  }

  private double(): void {
    if (this.pressed?.sign === "open" || this.pressed?.sign === "name") this.store.toggle(this.pressed.node);
    this.pressed = undefined;
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    this.moves++;
    const unit = event.deltaMode === 1 ? 30 : event.deltaMode === 2 ? 400 : 1;
    if (event.ctrlKey || event.metaKey || !event.shiftKey) this.zoom(Math.exp((-event.deltaY * unit) / (event.ctrlKey ? 120 : 500)), event.offsetX, event.offsetY);
    else this.pan(-event.deltaY * unit, -event.deltaX * unit);
  }

  png(): Promise<Blob | null> {
    const { scene } = this.store.state;
    const scale = Math.min(2, 8000 / Math.max(scene.width + 60, scene.height + 60));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.ceil((scene.width + 60) * scale), Math.ceil((scene.height + 60) * scale)];
    paint(canvas, this.store, { x: 30, y: 30, scale: 1 }, theme(), this.looks(), scale);
    return new Promise((resolve) => canvas.toBlob(resolve));
  }
}
