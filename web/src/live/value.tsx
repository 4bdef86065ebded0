// A tensor looked at: any two axes as a picture, a third as tiles, the others walked along.

import { useEffect, useMemo, useState } from "preact/hooks";
import { clean, num } from "../format.ts";
import { font, grid, painted } from "../picture.ts";
import { Canvas, WIDE } from "../seen.tsx";
import { GREY, HEAT, theme } from "../theme.ts";
import { type Axes, beginning, ordered, TILES, words } from "./axes.ts";
import { slice, type Slice } from "./client.ts";

const MOST = 400_000;

/** path: what is asked for slices. behind: an image that maps may be laid over. */
export function Value({ path, shape, name, behind, tokens }: { path: string; shape: number[]; name: string; behind?: Slice | null; tokens?: string[] | null }) {
  const sign = `${path} ${shape.join(",")}`;
  const [axes, setAxes] = useState<Axes>(() => beginning(shape));
  const [found, setFound] = useState<{ slice: Slice; axes: Axes } | null>(null);
  const [error, setError] = useState("");
  const [over, setOver] = useState(false);
  const now = axes.shape.join(",") === shape.join(",") ? axes : beginning(shape);
  const at = words(now);
  useEffect(() => {
    const stop = new AbortController();
    slice(path, at, MOST, stop.signal).then(
      (got) => {
        setFound({ slice: got, axes: now });
        setError("");
      },
      (problem: Error) => problem.name !== "AbortError" && setError(problem.message),
    );
    return () => stop.abort();
  }, [sign, at]);
  return (
    <div class="value">
      <Walk axes={now} set={setAxes} />
      {behind && now.rows !== null && (
        <label>
          <input type="checkbox" checked={over} onChange={(event) => setOver(event.currentTarget.checked)} /> over the input
        </label>
      )}
      {error ? <p class="bad">{error}</p> : found && <Shown found={found.slice} axes={found.axes} name={name} behind={over ? (behind ?? null) : null} tokens={tokens ?? null} />}
    </div>
  );
}

function Walk({ axes, set }: { axes: Axes; set: (axes: Axes) => void }) {
  const { shape } = axes;
  const free = shape.filter((size) => size > 1).length;
  if (free < 2) return null;
  const role = (axis: number): string => (axis === axes.rows ? "rows" : axis === axes.columns ? "columns" : axis === axes.tiles ? "tiles" : "at");
  const give = (axis: number, to: string): void => {
    const next = { ...axes, at: [...axes.at] };
    for (const one of ["rows", "columns", "tiles"] as const) if (next[one] === axis) next[one] = null;
    if (to !== "at") next[to as "rows" | "columns" | "tiles"] = axis;
    if (next.columns === null) [next.columns, next.rows] = [next.rows ?? next.tiles ?? axis, null];
    if (next.tiles === next.columns) next.tiles = null;
    set(next);
  };
  return (
    <div class="walk" role="group" aria-label="Axes">
      {shape.map((size, axis) => {
        if (size === 1) return null;
        const now = role(axis);
        const last = now === "tiles" ? Math.max(0, size - TILES) : size - 1;
        const move = (to: number): void => set({ ...axes, at: axes.at.map((place, i) => (i === axis ? Math.max(0, Math.min(last, to)) : place)) });
        return (
          <div key={axis} class="axis">
            <label>
              axis {axis}
              <select aria-label={`Axis ${axis} is shown as`} value={now} onChange={(event) => give(axis, event.currentTarget.value)}>
                <option value="columns">columns</option>
                <option value="rows">rows</option>
                <option value="tiles">tiles</option>
                <option value="at">at</option>
              </select>
            </label>
            {(now === "at" || (now === "tiles" && last > 0)) && (
              <>
                <input type="range" min={0} max={last} step={now === "tiles" ? Math.min(TILES, last) : 1} value={axes.at[axis]} aria-label={`Place along axis ${axis}, 0 to ${last}`} onInput={(event) => move(Number(event.currentTarget.value))} />
                <output>
                  {axes.at[axis]}
                  {now === "tiles" ? `–${Math.min(size, axes.at[axis] + TILES) - 1}` : ""} of {size}
                </output>
              </>
            )}
            {!(now === "at" || (now === "tiles" && last > 0)) && <output>{size}</output>}
          </div>
        );
      })}
    </div>
  );
}

function Shown({ found, axes, name, behind, tokens }: { found: Slice; axes: Axes; name: string; behind: Slice | null; tokens: string[] | null }) {
  const [under, setUnder] = useState("");
  const view = useMemo(() => pictured(found, axes, tokens), [found, axes, tokens]);
  if (typeof found.data[0] === "string") return <p class="what">{(found.data as string[]).slice(0, 200).join(", ")}</p>;
  if (!found.data.length) return <p class="quiet">no elements</p>;
  if (found.data.length === 1) return <p class="what">{num(found.data[0] as number, 8)}</p>;
  const thinned = found.steps.some((step) => step > 1);
  const height = view.line ? 120 : view.height;
  const hover = (event: PointerEvent): void => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    setUnder(view.told(event.clientX - box.left, event.clientY - box.top, found.steps));
  };
  return (
    <figure onPointerMove={hover} onPointerLeave={() => setUnder("")}>
      <Canvas width={WIDE} height={height} label={`Values of ${name}, from ${num(view.low)} to ${num(view.high)}`} deps={[view, behind]} paint={(to) => view.paint(to, behind)} />
      <figcaption>
        {under || `${num(view.low)} to ${num(view.high)}`}
        {!under && view.odd ? ` · ${view.odd} NaN or Inf, red` : ""}
        {!under && thinned ? ` · every ${found.steps.join("×")}th element` : ""}
      </figcaption>
    </figure>
  );
}

interface View {
  low: number;
  high: number;
  odd: number;
  line: boolean;
  height: number;
  paint: (to: CanvasRenderingContext2D, behind: Slice | null) => void;
  told: (x: number, y: number, steps: number[]) => string;
}

function pictured(found: Slice, axes: Axes, tokens: string[] | null): View {
  const data = found.data as ArrayLike<number>;
  const parts = ordered(data, found.shape, axes);
  let [low, high, odd] = [Infinity, -Infinity, 0];
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) odd++;
    else [low, high] = [Math.min(low, data[i]), Math.max(high, data[i])];
  }
  if (low > high) [low, high] = [0, 0];
  const line = parts.rows === 1 && parts.tiles === 1;
  if (line) return { low, high, odd, line, height: 120, paint: (to) => wave(to, data, low, high), told: (x) => at(data, Math.floor((x / WIDE) * data.length)) };
  const named = (axis: number | null): string[] | null => (axis !== null && tokens && axes.shape[axis] === tokens.length && found.steps.every((step) => step === 1) ? tokens : null);
  const [down, right] = [named(axes.rows), named(axes.columns)];
  const margin = down && parts.tiles === 1 && parts.rows <= 40 ? 70 : 0;
  const place = grid(parts.tiles, parts.columns / parts.rows, WIDE - margin, 340);
  const ranks = Math.ceil(parts.tiles / place.across);
  const signed = low < 0 && high > 0;
  const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
  const spread = high - low || 1;
  const byte = (value: number): number => (!Number.isFinite(value) ? 0 : signed ? 128 + Math.round((value / most) * 127) : 1 + Math.round(((value - low) / spread) * 254));
  const images = Array.from({ length: parts.tiles }, (_, tile) => {
    const bytes = new Uint8Array(parts.rows * parts.columns);
    for (let row = 0; row < parts.rows; row++) for (let column = 0; column < parts.columns; column++) bytes[row * parts.columns + column] = byte(parts.at(tile, row, column));
    return painted(bytes, parts.columns, parts.rows, signed ? HEAT : GREY);
  });
  const corner = (tile: number): [number, number] => [margin + (tile % place.across) * (place.width + 3), Math.floor(tile / place.across) * (place.height + 3)];
  return {
    low, high, odd, line,
    height: Math.ceil(ranks * (place.height + 3)),
    paint: (to, behind) => {
      if (margin && down) labels(to, down, place.height);
      images.forEach((image, tile) => {
        const [x, y] = corner(tile);
        to.imageSmoothingEnabled = false;
        if (behind) to.drawImage(photo(behind), x, y, place.width, place.height);
        to.globalAlpha = behind ? 0.55 : 1;
        to.drawImage(image, x, y, place.width, place.height);
        to.globalAlpha = 1;
        to.strokeStyle = theme().arrow;
        to.lineWidth = 0.6;
        to.strokeRect(x, y, place.width, place.height);
      });
    },
    told: (x, y, steps) => {
      for (let tile = 0; tile < parts.tiles; tile++) {
        const [left, top] = corner(tile);
        const row = Math.floor(((y - top) / place.height) * parts.rows);
        const column = Math.floor(((x - left) / place.width) * parts.columns);
        if (row < 0 || column < 0 || row >= parts.rows || column >= parts.columns) continue;
        const free = axes.shape.map((_, axis) => axis).filter((axis) => axis === axes.rows || axis === axes.columns || axis === axes.tiles);
        const step = (axis: number | null): number => (axis === null ? 1 : (steps[free.indexOf(axis)] ?? 1));
        const index = axes.shape.map((_, axis) =>
          axis === axes.rows ? row * step(axis) : axis === axes.columns ? column * step(axis) : axis === axes.tiles ? axes.at[axis] + tile * step(axis) : axes.at[axis],
        );
        const words = [down?.[row], right?.[column]].filter((word) => word !== undefined).map((word) => `“${word}”`);
        return `[${index.join(", ")}] ${num(parts.at(tile, row, column), 7)} ${words.join(" → ")}`;
      }
      return "";
    },
  };
}

/** The tokens of the rows, beside them. */
function labels(to: CanvasRenderingContext2D, words: string[], height: number): void {
  const tall = height / words.length;
  to.font = font(Math.min(11, Math.max(6, tall * 0.8)));
  to.fillStyle = theme().quiet;
  to.textAlign = "right";
  words.forEach((word, i) => to.fillText(clean(word), 66, (i + 0.5) * tall + 3, 64));
}

const at = (data: ArrayLike<number>, place: number): string => (place >= 0 && place < data.length ? `[${place}] ${num(data[place], 7)}` : "");

/** A long vector as a wave, a short one as bars. */
function wave(to: CanvasRenderingContext2D, data: ArrayLike<number>, low: number, high: number): void {
  const colours = theme();
  const [top, bottom] = [Math.max(high, 0), Math.min(low, 0)];
  const scale = 108 / (top - bottom || 1);
  const zero = 6 + top * scale;
  to.fillStyle = to.strokeStyle = colours.bar;
  const step = WIDE / data.length;
  if (step >= 1.5) for (let i = 0; i < data.length; i++) {
    const value = data[i];
    to.fillStyle = Number.isFinite(value) ? colours.bar : colours.bad;
    const tall = Number.isFinite(value) ? Math.max(Math.abs(value) * scale, 0.5) : 108;
    to.fillRect(i * step, Number.isFinite(value) ? zero - Math.max(value, 0) * scale : 6, Math.max(step - 0.6, 1), tall);
  }
  else {
    to.beginPath();
    for (let x = 0; x < WIDE; x++) {
      let [least, most] = [Infinity, -Infinity];
      for (let i = Math.floor(x / step); i < Math.max((x + 1) / step, Math.floor(x / step) + 1) && i < data.length; i++) if (Number.isFinite(data[i])) [least, most] = [Math.min(least, data[i]), Math.max(most, data[i])];
      if (least > most) continue;
      to.moveTo(x + 0.5, zero - most * scale - 0.5);
      to.lineTo(x + 0.5, zero - least * scale + 0.5);
    }
    to.lineWidth = 1;
    to.stroke();
  }
  to.fillStyle = colours.arrow;
  to.fillRect(0, zero - 0.5, WIDE, 1);
  to.font = font(10);
}

const photos = new WeakMap<Slice, HTMLCanvasElement>();
/** [channels, rows, columns] as an image in grey. */
function photo(behind: Slice): HTMLCanvasElement {
  const known = photos.get(behind);
  if (known) return known;
  const [rows, columns] = behind.shape.slice(-2);
  const data = behind.data as ArrayLike<number>;
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < rows * columns; i++) [low, high] = [Math.min(low, data[i]), Math.max(high, data[i])];
  const bytes = Uint8Array.from({ length: rows * columns }, (_, i) => 1 + Math.round(((data[i] - low) / (high - low || 1)) * 254));
  const made = painted(bytes, columns, rows, GREY);
  photos.set(behind, made);
  return made;
}
