// The layers as a tree in forward order: what the drawing shows, for whoever walks by keyboard or listens.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Doc, isGroup } from "./document.ts";
import { clean, time } from "./format.ts";
import { odd, type Store, turns, useStore } from "./store.ts";

const ROW = 24;

interface Row {
  node: number;
  depth: number;
  place: number;
  of: number;
}

export function Outline({ store, changed }: { store: Store; changed: ReadonlyMap<number, number> }) {
  const state = useStore(store);
  const ref = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [tall, setTall] = useState(600);
  const rows = useMemo(() => rowsOf(state.doc, state.open), [state.open]);
  const at = rows.findIndex((row) => row.node === state.selected);
  useEffect(() => {
    const list = ref.current!;
    const watch = new ResizeObserver(() => setTall(list.clientHeight));
    watch.observe(list);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    const list = ref.current!;
    if (at < 0) return;
    if (at * ROW < list.scrollTop + ROW) list.scrollTop = Math.max(0, (at - 1) * ROW);
    else if ((at + 2) * ROW > list.scrollTop + list.clientHeight) list.scrollTop = (at + 2) * ROW - list.clientHeight;
  }, [at, rows]);
  const from = Math.max(0, Math.floor(top / ROW) - 8);
  const shown = rows.slice(from, from + Math.ceil(tall / ROW) + 16);
  if (at >= 0 && (at < from || at >= from + shown.length)) shown.push(rows[at]);
  return (
    <div
      ref={ref}
      class="outline"
      role="tree"
      tabIndex={0}
      aria-label="Layers in forward order"
      {...(at >= 0 ? { "aria-activedescendant": `row-${state.selected}` } : {})}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      onKeyDown={(event) => walked(event, store, rows, at)}
    >
      <div role="presentation" style={{ height: `${rows.length * ROW}px` }}>
        {shown.map((row) => (
          <Line key={row.node} store={store} row={row} top={rows.indexOf(row) * ROW} change={changed.get(state.doc.nodes[row.node].layer)} />
        ))}
      </div>
    </div>
  );
}

function Line({ store, row, top, change }: { store: Store; row: Row; top: number; change: number | undefined }) {
  const { doc, selected, open } = store.state;
  const node = doc.nodes[row.node];
  const group = isGroup(node);
  const layer = store.layerOf(row.node);
  const wrong = layer ? (turns(node).map((place) => mark(doc, place)).find(Boolean) ?? "") : "";
  return (
    <div
      id={`row-${row.node}`}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-posinset={row.place + 1}
      aria-setsize={row.of}
      aria-selected={selected === row.node}
      {...(group ? { "aria-expanded": open.has(row.node) } : {})}
      class={`row${selected === row.node ? " selected" : ""}`}
      style={{ top: `${top}px`, paddingLeft: `${8 + row.depth * 14}px` }}
      onClick={() => store.select(row.node)}
      onDblClick={() => store.toggle(row.node)}
    >
      <span
        class="twist"
        aria-hidden="true"
        onClick={(event) => {
          if (!group) return;
          event.stopPropagation();
          store.toggle(row.node);
        }}
      >
        {group ? (open.has(row.node) ? "▾" : "▸") : ""}
      </span>
      <span class={`dot ${node.kind}`} aria-hidden="true" />
      <span class="row-name">{clean(node.name)}</span>
      {wrong && (
        <span class="bad" role="img" aria-label={WORDS[wrong]} title={WORDS[wrong]}>
          {wrong}
        </span>
      )}
      {change !== undefined && !group && change > 0 && <span class="changed">~</span>}
      <span class="row-op">{group ? `${node.layers ?? ""}` : layer ? layer.op : ""}</span>
      {layer?.ms != null && <span class="row-ms">{time(layer.ms)}</span>}
    </div>
  );
}

const WORDS: Record<string, string> = { "≠": "the first that differs", "!": "not finite", "✗": "not as expected" };

/** As trees are walked everywhere: up and down the rows, right into a group or open it, left out of it or close it. */
function walked(event: KeyboardEvent, store: Store, rows: Row[], at: number): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const to = (row: number): void => store.select(rows[Math.max(0, Math.min(rows.length - 1, row))].node);
  const node = at < 0 ? 0 : rows[at].node;
  const { children, parent } = store.doc.nodes[node];
  const open = store.state.open.has(node);
  const keys: Record<string, () => void> = {
    ArrowDown: () => to(at + 1),
    ArrowUp: () => to(at - 1),
    Home: () => to(0),
    End: () => to(rows.length - 1),
    ArrowRight: () => (!children.length ? store.step(1) : node && !open ? store.toggle(node) : to(at + 1)),
    ArrowLeft: () => (node && children.length && open ? store.toggle(node) : parent ? store.select(parent) : store.step(-1)),
  };
  const act = keys[event.key];
  if (!act || !rows.length) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}

export function mark(doc: Doc, place: number): string {
  if (doc.first === place) return "≠";
  if (doc.layers[place].outputs.some(odd)) return "!";
  return doc.expected.some((one) => one.layer === place && !one.correct) ? "✗" : "";
}

function rowsOf(doc: Doc, open: ReadonlySet<number>): Row[] {
  const rows: Row[] = [];
  const into = (at: number, depth: number): void => {
    const { children } = doc.nodes[at];
    const listed = children.filter((node) => doc.nodes[node].kind !== "expected");
    listed.forEach((node, place) => {
      rows.push({ node, depth, place, of: listed.length });
      if (open.has(node)) into(node, depth + 1);
    });
  };
  into(0, 0);
  return rows;
}

