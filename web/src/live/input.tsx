// Editing what the model is given: drawing a picture, changing numbers and tokens, typing text. Each change runs what depends on it.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { clean, num } from "../format.ts";
import { painted } from "../picture.ts";
import { GREY } from "../theme.ts";
import { type Input, slice, type Slice } from "./client.ts";
import type { Session } from "./session.ts";

const PAD = 64;
const FIELDS = 64;
const TOKENS = 4096;

export function Inputs({ session }: { session: Session }) {
  const { layers } = session.doc;
  const places = layers.map((_, i) => i).filter((i) => layers[i].op === "Input" && layers[i].domain === "laminae" && !layers[i].name.includes("/"));
  return (
    <>
      {places.map((place) => (
        <InputEditor key={place} session={session} place={place} />
      ))}
    </>
  );
}

export function InputEditor({ session, place }: { session: Session; place: number }) {
  const layer = session.doc.layers[place];
  const [first, setFirst] = useState<Slice | null>(null);
  const [held, setHeld] = useState<{ slice: Slice; key: number } | null>(null);
  const shape = layer.outputs[0]?.shape as number[] | null;
  const size = shape?.reduce((a, b) => a * b, 1) ?? 0;
  useEffect(() => {
    const stop = new AbortController();
    const all = shape?.map(() => ":").join(",") ?? "";
    const at = (run: number): Promise<Slice> => slice(`/api/runs/${run}/value?layer=${place}&output=0`, all, 1e6, stop.signal);
    if (shape && size <= 1e6) {
      at(session.number).then((now) => setHeld({ slice: now, key: session.resets }), () => undefined);
      at(0).then(setFirst, () => undefined);
    }
    return () => stop.abort();
  }, [place, session.resets]);
  if (!shape || !held || !first) return null;
  const key = held.key;
  const put = (input: Input | null, said: string, merge: boolean): void => {
    const { inputs, patches } = session.step;
    const rest = { ...inputs };
    if (input) rest[layer.name] = input;
    else delete rest[layer.name];
    session.ask({ inputs: rest, patches, said }, merge);
  };
  const props = { session, name: layer.name, shape: held.slice.shape.length === shape.length ? held.slice.shape : shape, held: held.slice, first, put };
  const [rows, columns] = shape.slice(-2);
  const image = shape.length >= 3 && rows >= 8 && columns >= 8 && rows <= PAD && columns <= PAD && shape.slice(1, -2).every((n) => n === 1);
  const whole = /int/.test(first.dtype);
  return (
    <div class="editor">
      <p class="what">
        {clean(layer.name)} <span class="quiet">{`[${shape.join(", ")}]`} {layer.outputs[0].dtype}</span>
      </p>
      {session.told.text && whole && <TextInput {...props} />}
      {whole && session.run?.tokens && (
        <p class="tokens" aria-label="Tokens">
          {session.run.tokens.slice(0, 512).map((token, i) => (
            <span key={i} title={`position ${i}`}>
              {clean(token) || "␣"}
            </span>
          ))}
        </p>
      )}
      {/string/.test(layer.outputs[0].dtype ?? "") ? <p class="quiet">Texts are given from Python, or by the command.</p> : image ? <Pad key={key} {...props} /> : size <= FIELDS && !(whole && size > 12) ? <Fields key={key} {...props} /> : whole && size <= TOKENS ? <Tokens key={key} {...props} /> : <p class="quiet">Too large to be edited here: patch it, as any layer.</p>}
    </div>
  );
}

interface Edits {
  session: Session;
  name: string;
  shape: number[];
  /** as it is now, and as it was given */
  held: Slice;
  first: Slice;
  put: (input: Input | null, said: string, merge: boolean) => void;
}

function base64(values: Float32Array): string {
  const bytes = new Uint8Array(values.buffer);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

/** A small picture that is drawn on. */
function Pad({ session, name, shape, held, put }: Edits) {
  const [rows, columns] = shape.slice(-2);
  const samples = shape[0];
  const [sample, setSample] = useState(0);
  const [erase, setErase] = useState(false);
  const values = useMemo(() => Float32Array.from(held.data as ArrayLike<number>), [held]);
  const ref = useRef<HTMLCanvasElement>(null);
  const stroke = useRef<{ last: [number, number]; merge: boolean } | null>(null);
  const [low, high] = useMemo(() => {
    let [least, most] = [Infinity, -Infinity];
    for (const value of values) [least, most] = [Math.min(least, value), Math.max(most, value)];
    return [Math.min(least, 0), most > 1.5 ? Math.max(most, 255) : Math.max(most, 1)];
  }, [held]);
  const scale = Math.floor(224 / Math.max(rows, columns));
  const size = rows * columns;
  const show = (): void => {
    const part = values.subarray(sample * size, (sample + 1) * size);
    const bytes = Uint8Array.from(part, (value) => 1 + Math.round((Math.min(Math.max(value, low), high) - low) / (high - low || 1) * 254));
    const to = ref.current?.getContext("2d");
    if (!to) return;
    to.imageSmoothingEnabled = false;
    to.drawImage(painted(bytes, columns, rows, GREY), 0, 0, columns * scale, rows * scale);
  };
  useEffect(show, [sample, values]);
  const ask = (merge: boolean): void => put({ base64: base64(values), dtype: "float32", shape }, `${name} drawn on`, merge);
  const dab = (x: number, y: number): void => {
    const radius = Math.max(0.55, Math.max(rows, columns) / 20);
    for (let row = Math.floor(y - radius - 1); row <= y + radius + 1; row++)
      for (let column = Math.floor(x - radius - 1); column <= x + radius + 1; column++) {
        if (row < 0 || column < 0 || row >= rows || column >= columns) continue;
        const ink = Math.max(0, Math.min(1, radius + 0.6 - Math.hypot(column + 0.5 - x, row + 0.5 - y)));
        const place = sample * size + row * columns + column;
        values[place] = erase ? values[place] + (low - values[place]) * ink : Math.max(values[place], low + (high - low) * ink);
      }
  };
  const to = (event: PointerEvent): [number, number] => [event.offsetX / scale, event.offsetY / scale];
  const draw = (event: PointerEvent): void => {
    if (!stroke.current) return;
    const [[x, y], [a, b]] = [to(event), stroke.current.last];
    const many = Math.max(1, Math.ceil(Math.hypot(x - a, y - b) * 2));
    for (let i = 1; i <= many; i++) dab(a + ((x - a) * i) / many, b + ((y - b) * i) / many);
    stroke.current.last = [x, y];
    show();
    ask(stroke.current.merge);
    stroke.current.merge = true;
  };
  const fill = (): void => {
    values.fill(low, sample * size, (sample + 1) * size);
    show();
    ask(false);
  };
  return (
    <div class="pad">
      <canvas
        ref={ref}
        width={columns * scale}
        height={rows * scale}
        role="img"
        aria-label={`${name}: draw here with the mouse or a finger`}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          stroke.current = { last: to(event), merge: false };
          draw(event);
        }}
        onPointerMove={draw}
        onPointerUp={() => (stroke.current = null)}
        onPointerCancel={() => (stroke.current = null)}
      />
      <p>
        <button type="button" aria-pressed={!erase} onClick={() => setErase(false)}>draw</button>{" "}
        <button type="button" aria-pressed={erase} onClick={() => setErase(true)}>erase</button>{" "}
        <button type="button" onClick={fill}>clear</button>{" "}
        {samples > 1 && (
          <label>
            sample <input type="number" min={0} max={samples - 1} value={sample} onInput={(event) => setSample(Math.max(0, Math.min(samples - 1, event.currentTarget.valueAsNumber || 0)))} />
          </label>
        )}
      </p>
      {session.took > 0 && <p class="quiet">{Math.round(session.took)} ms from stroke to answer</p>}
    </div>
  );
}

function Fields({ name, shape, held, first, put }: Edits) {
  const [values, setValues] = useState(() => Array.from(held.data as ArrayLike<number>, (value) => String(value)));
  const across = shape.length ? shape[shape.length - 1] : 1;
  const whole = /int|bool/.test(held.dtype);
  const odd = (text: string): boolean => text.trim() === "" || !Number.isFinite(Number(text)) || (whole && !Number.isInteger(Number(text)));
  const set = (place: number, text: string): void => {
    const next = values.map((value, i) => (i === place ? text : value));
    setValues(next);
    if (next.some(odd)) return;
    const value = Number(text);
    const changes = next.map(Number).flatMap((number, i) => (number !== (first.data as ArrayLike<number>)[i] ? [[index(i, shape), number] as [number[], number]] : []));
    put(changes.length ? { set: changes } : null, `${name}[${index(place, shape).join(", ")}] = ${num(value)}`, true);
  };
  return (
    <>
      <div class="fields" style={{ gridTemplateColumns: `repeat(${Math.min(across, 6)}, minmax(0, 1fr))` }}>
        {values.map((value, place) => (
          <input key={place} inputMode="decimal" aria-invalid={odd(value)} aria-label={`${name} at ${index(place, shape).join(", ")}`} value={value} onInput={(event) => set(place, event.currentTarget.value)} />
        ))}
      </div>
      {values.some(odd) && <p class="bad">{whole ? "whole numbers, please" : "numbers, please"}: nothing is run before</p>}
    </>
  );
}

function Tokens({ name, shape, held, put }: Edits) {
  const [text, setText] = useState(() => Array.from(held.data as ArrayLike<number>).join(" "));
  const [error, setError] = useState("");
  const go = (): void => {
    const numbers = text.split(/[\s,]+/).filter(Boolean).map(Number);
    const rest = shape.slice(0, -1).reduce((a, b) => a * b, 1);
    if (numbers.some((number) => !Number.isInteger(number))) return setError("whole numbers, please");
    if (!numbers.length || numbers.length % rest) return setError(`as many numbers as ${rest} rows can share`);
    setError("");
    const length = numbers.length / rest;
    const nested = (at: number, dims: number[]): unknown => (dims.length === 1 ? numbers.slice(at, at + dims[0]) : Array.from({ length: dims[0] }, (_, i) => nested(at + i * dims.slice(1).reduce((a, b) => a * b, 1), dims.slice(1))));
    put({ values: nested(0, [...shape.slice(0, -1), length]) }, `${name}: other numbers`, false);
  };
  return (
    <form onSubmit={(event) => (event.preventDefault(), go())}>
      <textarea rows={4} aria-label={`Whole numbers of ${name}`} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      <button type="submit">Run</button> {error && <span class="bad">{error}</span>}
    </form>
  );
}

function TextInput({ name, put }: Edits) {
  const [text, setText] = useState("");
  return (
    <form onSubmit={(event) => (event.preventDefault(), put({ text }, `${name}: “${text.slice(0, 24)}”`, false))}>
      <textarea rows={2} placeholder="Type text" aria-label={`Text for ${name}`} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      <button type="submit" disabled={!text}>Run</button>
    </form>
  );
}

/** Where the element at a place of the flat data stands. */
export function index(place: number, shape: number[]): number[] {
  const found: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    found.unshift(place % shape[axis]);
    place = Math.floor(place / shape[axis]);
  }
  return found;
}
