// The page: bar, outline, drawing, panel.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Board, type View } from "./board.tsx";
import { isGroup } from "./document.ts";
import { clean, shape } from "./format.ts";
import { Outline } from "./outline.tsx";
import type { Looks } from "./paint.ts";
import { type Extra, Panel } from "./panel.tsx";
import { type Colouring, type Store, useStore } from "./store.ts";

export interface Live {
  extra: Extra;
  changed: ReadonlyMap<number, number>;
  bar?: preact.ComponentChildren;
  /** said across the page: the server is gone */
  alarm?: string;
}

export const NO_CHANGE: ReadonlyMap<number, number> = new Map();

const NAMES: Record<Colouring, string> = {
  kind: "kind",
  time: "time",
  memory: "memory",
  difference: "difference",
  change: "change",
};

export function App({ store, live }: { store: Store; live: Live }) {
  const state = useStore(store);
  const { doc } = state;
  const view = useRef<View | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const [word, setWord] = useState("");
  const hits = useMemo(() => search(store, word), [word]);
  const looks: Looks = useMemo(
    () => ({ found: new Set(hits), marked: new Set(doc.highlight.map((place) => doc.layers[place].node)), changed: live.changed }),
    [hits, live.changed],
  );
  const colourings = useMemo(() => able(store, live.changed.size > 0), [live.changed]);
  useEffect(() => {
    document.title = `${clean(doc.title)} · Laminae`;
    const go = (): void => store.select(...store.named(location.hash));
    if (location.hash.length > 1) go();
    addEventListener("hashchange", go);
    return () => removeEventListener("hashchange", go);
  }, [store]);
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => keyed(event, store, view.current, field.current, colourings);
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, [store, colourings]);
  const next = (by: number): void => {
    if (!hits.length) return;
    const at = hits.indexOf(state.selected);
    store.select(hits[(at + by + hits.length) % hits.length]);
  };
  return (
    <div class={`page${state.panel ? " with-panel" : ""}${state.outline ? " with-outline" : ""}`}>
      <header class="bar">
        <button type="button" class="icon" aria-pressed={state.outline} aria-label="Outline" title="Outline" onClick={() => store.set({ outline: !state.outline })}>
          ☰
        </button>
        <h1 title={clean(doc.facts)}>{clean(doc.title)}</h1>
        {live.bar}
        <span class="grow" />
        <form class="search" role="search" onSubmit={(event) => event.preventDefault()}>
          <input
            ref={field}
            type="search"
            placeholder="Search layers ( / )"
            aria-label="Search layers by name, path, operator or shape"
            value={word}
            onInput={(event) => setWord(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter") next(event.shiftKey ? -1 : 1);
              if (event.key === "Escape") {
                setWord("");
                document.querySelector<HTMLElement>(".board")?.focus();
                event.stopPropagation();
              }
            }}
          />
          <output aria-live="polite">{word && (!hits.length ? "none" : hits.includes(state.selected) ? `${hits.indexOf(state.selected) + 1} of ${hits.length}` : `${hits.length} found`)}</output>
        </form>
        {colourings.length > 1 && (
          <label class="colouring">
            colour
            <select value={state.colouring} onChange={(event) => store.set({ colouring: event.currentTarget.value as Colouring })}>
              {colourings.map((one) => (
                <option key={one} value={one}>
                  {NAMES[one]}
                </option>
              ))}
            </select>
          </label>
        )}
        <Depth store={store} />
        <span class="zoom">
          <button type="button" class="icon" aria-label="Zoom in" onClick={() => view.current?.zoom(1.25)}>
            +
          </button>
          <button type="button" class="icon" aria-label="Zoom out" onClick={() => view.current?.zoom(0.8)}>
            −
          </button>
          <button type="button" aria-label="Show all of it" onClick={() => view.current?.all()}>
            all
          </button>
        </span>
        <button type="button" title="Save the drawing as a PNG" onClick={() => view.current && save(view.current, doc.title)}>
          PNG
        </button>
        <button type="button" class="icon" aria-pressed={state.panel} aria-label="Details" title="Details" onClick={() => store.set({ panel: !state.panel })}>
          ◧
        </button>
      </header>
      {live.alarm && (
        <p class="alarm" role="alert">
          {live.alarm}
        </p>
      )}
      {state.outline && (
        <nav aria-label="Outline">
          <Outline store={store} changed={live.changed} />
        </nav>
      )}
      <main>
        <Board store={store} looks={looks} view={view} />
        <Legend store={store} />
      </main>
      {state.panel && (
        <aside tabIndex={0} aria-label="Details">
          <Panel store={store} extra={live.extra} />
        </aside>
      )}
      <p id="said" class="said" aria-live="polite">
        {state.said}
      </p>
    </div>
  );
}

/** How many levels of groups are open. */
function Depth({ store }: { store: Store }) {
  const { doc } = store;
  const deepest = useMemo(() => {
    const depth = (at: number): number => (isGroup(doc.nodes[at]) ? 1 + Math.max(...doc.nodes[at].children.map(depth)) : 0);
    return depth(0) - 1;
  }, [doc]);
  if (deepest < 1) return null;
  return (
    <label class="depth">
      groups
      <select
        aria-label="Open all groups down to a level"
        value=""
        onChange={(event) => {
          store.openTo(Number(event.currentTarget.value));
          event.currentTarget.value = "";
        }}
      >
        <option value="" hidden>
          open…
        </option>
        <option value="0">all closed</option>
        {Array.from({ length: deepest - 1 }, (_, i) => (
          <option key={i} value={i + 1}>
            {i + 1} {i ? "levels" : "level"} open
          </option>
        ))}
        <option value="99">all open</option>
      </select>
    </label>
  );
}

function Legend({ store }: { store: Store }) {
  const { colouring, doc } = useStore(store);
  if (colouring !== "kind")
    return (
      <p class="legend">
        <span class="scale" aria-hidden="true" /> {{ time: "share of the longest layer's time", memory: "share of the largest layer's memory", difference: "difference: from 120 dB to 0 dB of signal over it", change: "changed: ‖new − old‖ ⁄ ‖old‖ from 0 to 1 and more" }[colouring]}
      </p>
    );
  const kinds: [string, string][] = [["input", "input"], ["weights", "has parameters"], ["plain", "no parameters"], ["group", "closed group"], ["expected", "what the data says"]];
  const there = new Set(doc.nodes.map((node) => node.kind));
  return (
    <p class="legend">
      {kinds.filter(([kind]) => there.has(kind)).map(([kind, text]) => (
        <span key={kind}>
          <span class={`dot ${kind}`} aria-hidden="true" /> {text}
        </span>
      ))}
      {doc.layers.some((layer) => layer.delta) && (
        <span>
          <span class="dashes" aria-hidden="true" /> backward: deltas
        </span>
      )}
    </p>
  );
}

function able(store: Store, changed: boolean): Colouring[] {
  const { layers } = store.doc;
  const found: Colouring[] = ["kind"];
  if (layers.some((layer) => layer.ms)) found.push("time");
  if (layers.some((layer) => layer.bytes)) found.push("memory");
  if (layers.some((layer) => layer.difference)) found.push("difference");
  if (changed) found.push("change");
  return found;
}

/** Nodes whose name, path, operator or shape has all of the words in it. */
function search(store: Store, text: string): number[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const { doc } = store;
  return store.walk.filter((at) => {
    const node = doc.nodes[at];
    const layer = store.layerOf(at);
    const told = `${node.id} ${layer ? `${layer.name} ${layer.path} ${layer.op} ${layer.outputs.map((o) => `${o.value} ${shape(o.shape)} ${o.dtype}`).join(" ")}` : ""}`.toLowerCase();
    return words.every((word) => told.includes(word));
  });
}

async function save(view: View, title: string): Promise<void> {
  const blob = await view.png();
  if (!blob) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${title.replace(/[^\w.-]+/g, "-") || "model"}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function keyed(event: KeyboardEvent, store: Store, view: View | null, field: HTMLInputElement | null, colourings: Colouring[]): void {
  const on = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || on.closest("input, select, textarea, [contenteditable], [role=slider]")) return;
  const onButton = on.closest("button, a");
  // what is long is read there by the keys that scroll it
  if (on.closest("aside") && ["ArrowUp", "ArrowDown", "Home", "End", " "].includes(event.key)) return;
  const { selected, colouring } = store.state;
  const keys: Record<string, () => void> = {
    ArrowRight: () => store.step(1),
    ArrowLeft: () => store.step(-1),
    ArrowUp: () => store.out(),
    ArrowDown: () => store.into(),
    Home: () => store.end(-1),
    End: () => store.end(1),
    "/": () => field?.focus(),
    "+": () => view?.zoom(1.25),
    "=": () => view?.zoom(1.25),
    "-": () => view?.zoom(0.8),
    "0": () => view?.all(),
    c: () => store.set({ colouring: colourings[(colourings.indexOf(colouring) + 1) % colourings.length] }),
    Escape: () => store.select(0),
  };
  if (!onButton) {
    keys.Enter = () => store.toggle(selected);
    keys[" "] = () => store.toggle(selected);
  }
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}
