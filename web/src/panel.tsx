// All about what is selected: a layer, a group, or the whole.

import type { ComponentChildren } from "preact";
import { type Doc, type Finding, isGroup, type Layer, number, type Numbers } from "./document.ts";
import { clean, count, memory, num, percent, shape, time } from "./format.ts";
import { MadeView, Seen } from "./seen.tsx";
import { Turns } from "./turns.tsx";
import { layersIn, type Store, useStore } from "./store.ts";

export interface Extra {
  /** in place of what the document has of an output: fetched, walked along its axes */
  output?: (place: number, output: number) => ComponentChildren;
  weight?: (name: string) => ComponentChildren;
  change?: (place: number) => ComponentChildren;
  patch?: (place: number) => ComponentChildren;
  whole?: () => ComponentChildren;
  /** which run the document's ✓ and ✗ are of, where another one is shown */
  judged?: string;
}

export function Panel({ store, extra }: { store: Store; extra: Extra }) {
  const { selected, place, doc } = useStore(store);
  const node = doc.nodes[selected];
  const expected = doc.expected.find((one) => one.node === selected);
  return (
    <section class="panel" aria-label="About what is selected" onClickCapture={followed}>
      {!selected ? <Whole store={store} extra={extra} /> : expected ? <ExpectedPanel doc={doc} at={doc.expected.indexOf(expected)} store={store} /> : isGroup(node) ? <Group store={store} at={selected} /> : <LayerPanel store={store} place={place} extra={extra} />}
    </section>
  );
}

/** The link that is followed goes away: the panel takes the focus, and is read from its beginning. */
function followed(event: MouseEvent): void {
  const aside = (event.target as HTMLElement).closest(".link")?.closest("aside");
  if (!aside) return;
  aside.focus();
  aside.scrollTop = 0;
}

function Part({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="part">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

/** A layer by its name, that leads to it. */
export function Link({ store, place }: { store: Store; place: number }) {
  const layer = store.doc.layers[place];
  return (
    <button type="button" class="link" onClick={() => store.select(layer.node, place)}>
      {clean(layer.name)}
    </button>
  );
}

function Path({ store, at }: { store: Store; at: number }) {
  const groups: number[] = [];
  for (let up = store.doc.nodes[at].parent; up; up = store.doc.nodes[up].parent) groups.unshift(up);
  if (!groups.length) return null;
  return (
    <p class="path">
      {groups.map((group) => (
        <span key={group}>
          <button type="button" class="link" onClick={() => store.select(group)}>
            {clean(store.doc.nodes[group].name)}
          </button>
          {" / "}
        </span>
      ))}
    </p>
  );
}

function LayerPanel({ store, place, extra }: { store: Store; place: number; extra: Extra }) {
  const { doc } = store;
  const layer = doc.layers[place];
  const told = doc.documentation[`${layer.domain}/${layer.op}`];
  const whole = doc.ms ?? doc.layers.reduce((sum, one) => sum + (one.ms ?? 0), 0);
  return (
    <>
      <Path store={store} at={layer.node} />
      <h2>{clean(layer.name)}</h2>
      <p class="op">
        {clean(layer.domain && layer.domain !== "laminae" ? `${layer.domain}.${layer.op}` : layer.op)}
        <span class="quiet">
          {" "}
          layer {place + 1} of {doc.layers.length}
          {layer.opset ? ` · opset ${layer.opset}` : ""}
          {layer.state ? ` · ${layer.state}` : ""}
        </span>
      </p>
      <Turns store={store} at={layer.node} place={place} />
      {told && <p class="told">{told.text}</p>}
      {told?.url && <p class="quiet url">{told.url}</p>}
      <table class="facts">
        <tbody>
          {layer.ms !== null && <Fact name="time" value={`${time(layer.ms)}${whole ? ` · ${percent(layer.ms / whole)} of the pass` : ""}`} />}
          {layer.bytes > 0 && <Fact name="memory" value={memory(layer.bytes)} />}
          {layer.parameters > 0 && <Fact name="parameters" value={layer.parameters.toLocaleString("en")} />}
          {layer.delta && <Fact name="‖delta‖" value={layer.delta.state || num(layer.delta.norm, 6)} />}
        </tbody>
      </table>
      <Findings store={store} found={doc.findings.filter((one) => one.layer === place || one.layers.includes(place))} />
      {extra.change?.(place)}
      {layer.difference && <DifferencePart doc={doc} layer={layer} />}
      {doc.expected.map((one, i) => one.layer === place && <ExpectedPart key={i} doc={doc} at={i} judged={extra.judged ?? ""} />)}
      {layer.outputs.map((output, i) => (
        <Part key={`${place}/${i}`} title={layer.outputs.length > 1 ? `Output ${i + 1} of ${layer.outputs.length}` : "Output"}>
          <p class="what">
            {shape(output.shape)} {output.dtype}
            {output.kept && <span class="quiet"> · kept: {output.kept}</span>}
            {output.value !== layer.name && <span class="quiet"> · {clean(output.value)}</span>}
          </p>
          {extra.output ? extra.output(place, i) : <MadeView made={output} name={layer.name} beside={layer.beside?.[i]} names={["here", doc.other]} />}
        </Part>
      ))}
      {extra.patch?.(place)}
      {!!layer.attributes?.length && (
        <Part title="Attributes">
          <table class="facts">
            <tbody>
              {layer.attributes.map(([name, value]) => (
                <Fact key={name} name={clean(name)} value={clean(value)} />
              ))}
            </tbody>
          </table>
        </Part>
      )}
      {!!layer.weights?.length && (
        <Part title="Parameters">
          {layer.weights.map((weight) => (
            <div key={weight.name} class="weight">
              <p class="what">
                {clean(weight.role)} {shape(weight.shape)} {weight.dtype}{" "}
                <span class="quiet">
                  {memory(weight.bytes)}
                  {weight.learns ? "" : " · does not learn"}
                </span>
                <br />
                <span class="quiet">{clean(weight.name)}</span>
              </p>
              {extra.weight?.(weight.name)}
            </div>
          ))}
        </Part>
      )}
      <Links store={store} title="Reads" places={[...new Set(layer.reads)]} empty="nothing" />
      <Links store={store} title="Read by" places={store.readers[place]} empty="no layer" />
    </>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{value}</td>
    </tr>
  );
}

function Links({ store, title, places, empty }: { store: Store; title: string; places: number[]; empty: string }) {
  return (
    <Part title={title}>
      {places.length ? (
        <ul class="links">
          {places.slice(0, 60).map((place) => (
            <li key={place}>
              <Link store={store} place={place} /> <span class="quiet">{clean(store.doc.layers[place].op)} {shape(store.doc.layers[place].outputs[0]?.shape)}</span>
            </li>
          ))}
          {places.length > 60 && <li class="quiet">and {places.length - 60} more</li>}
        </ul>
      ) : (
        <p class="quiet">{empty}</p>
      )}
    </Part>
  );
}

const STATES: Record<string, string> = {
  same: "the same, within tolerance",
  own: "differs by itself",
  inherited: "differs only because of layers before it",
};

function DifferencePart({ doc, layer }: { doc: Doc; layer: Layer }) {
  const found = layer.difference!;
  return (
    <Part title={`Beside ${clean(doc.other)}`}>
      <p class={found.state === "own" ? "bad" : ""}>
        {STATES[found.state] ?? found.state}
        {doc.first === doc.layers.indexOf(layer) ? ": the first that does" : ""}
      </p>
      {found.other && found.other !== layer.name && <p class="quiet">held against {clean(found.other)} {found.other_op}</p>}
      {found.note && <p class="quiet">{clean(found.note)}</p>}
      {found.difference && <NumbersTable found={found.difference} own={found.own} />}
    </Part>
  );
}

function NumbersTable({ found, own }: { found: Numbers; own: Numbers | undefined }) {
  const rows: [string, (n: Numbers) => string][] = [
    ["max abs", (n) => num(n.max_abs)],
    ["max rel", (n) => num(n.max_rel)],
    ["cosine", (n) => num(n.cosine, 7)],
    ["SNR", (n) => (number(n.snr) === Infinity ? "∞" : `${num(n.snr, 3)} dB`)],
    ["out of tolerance", (n) => percent(number(n.wrong))],
  ];
  return (
    <table class="facts">
      <thead>
        <tr>
          <td />
          <th scope="col">as it ran</th>
          {own && <th scope="col">by itself</th>}
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, of]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{of(found)}</td>
            {own && <td>{of(own)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function ExpectedPart({ doc, at, judged = "" }: { doc: Doc; at: number; judged?: string }) {
  const found = doc.expected[at];
  const right = found.samples.filter(Boolean).length;
  return (
    <Part title="Expected">
      {judged && <p class="quiet">{judged}</p>}
      {found.correct !== null && <p class={found.correct ? "good" : "bad"}>
        {found.correct ? "✓ as expected" : `✗ ${count(found.wrong, "element")} of ${found.elements.toLocaleString("en")} out of tolerance`}
        {found.samples.length > 1 ? ` · ${right} of ${count(found.samples.length, "sample")} right` : ""}
      </p>}
      {found.worst !== null && <p class="quiet">
        largest |found − expected| {num(found.worst)} at [{found.at.join(", ")}], {num(found.allowed)} allowed there
      </p>}
      {found.preview && <Seen seen={found.preview} name="what is expected" />}
    </Part>
  );
}

function ExpectedPanel({ doc, at, store }: { doc: Doc; at: number; store: Store }) {
  return (
    <>
      <h2>expected</h2>
      <p class="op">
        what the data says that <Link store={store} place={doc.expected[at].layer} /> gives
      </p>
      <ExpectedPart doc={doc} at={at} />
    </>
  );
}

function Group({ store, at }: { store: Store; at: number }) {
  const { doc } = store;
  const node = doc.nodes[at];
  const layers = layersIn(doc, at).map((place) => doc.layers[place]);
  const sum = (of: (layer: Layer) => number): number => layers.reduce((total, layer) => total + of(layer), 0);
  const ms = sum((layer) => layer.ms ?? 0);
  const open = store.state.open.has(at);
  return (
    <>
      <Path store={store} at={at} />
      <h2>{clean(node.name)}</h2>
      <p class="op">group of {count(layers.length, "layer")}</p>
      <p>
        <button type="button" onClick={() => store.toggle(at)}>
          {open ? "Close" : "Open"} the group
        </button>
      </p>
      <table class="facts">
        <tbody>
          <Fact name="parameters" value={layers.reduce((total, layer) => total + (doc.layers[doc.nodes[layer.node].layer] === layer ? layer.parameters : 0), 0).toLocaleString("en")} />
          {ms > 0 && <Fact name="time" value={`${time(ms)}${doc.ms ? ` · ${percent(ms / doc.ms)} of the pass` : ""}`} />}
          <Fact name="memory" value={memory(sum((layer) => layer.bytes))} />
        </tbody>
      </table>
      <Part title="In it">
        <ul class="links">
          {node.children.slice(0, 200).map((child) => (
            <li key={child}>
              <button type="button" class="link" onClick={() => store.select(child)}>
                {clean(doc.nodes[child].name)}
              </button>{" "}
              <span class="quiet">{clean(doc.nodes[child].lines.join(" · "))}</span>
            </li>
          ))}
        </ul>
      </Part>
    </>
  );
}

function Findings({ store, found }: { store: Store; found: Finding[] }) {
  if (!found.length) return null;
  return (
    <Part title="Found">
      <ul class="findings">
        {found.map((one, i) => (
          <li key={i} class={one.severity}>
            <strong>
              {one.severity}: {one.kind}
            </strong>
            {one.layer !== null && store.doc.layers[one.layer].node !== store.state.selected && (
              <>
                {" in "}
                <Link store={store} place={one.layer} />
              </>
            )}
            <br />
            {clean(one.text)} {one.advice && <span class="quiet">{clean(one.advice)}</span>}
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Whole({ store, extra }: { store: Store; extra: Extra }) {
  const { doc } = store;
  const slowest = doc.layers.map((_, i) => i).filter((i) => doc.layers[i].ms !== null).sort((a, b) => doc.layers[b].ms! - doc.layers[a].ms!).slice(0, 5);
  return (
    <>
      <h2>{clean(doc.title)}</h2>
      <p class="quiet">{clean(doc.facts)}</p>
      {doc.notes.map((note) => (
        <p key={note} class="quiet">
          {clean(note)}
        </p>
      ))}
      {extra.whole?.()}
      {doc.expected.map((one, i) => one.correct !== null && (
        <Part key={i} title={doc.expected.length > 1 ? `Expected: ${clean(one.value)}` : "Expected"}>
          {extra.judged && <p class="quiet">{extra.judged}</p>}
          <p class={one.correct ? "good" : "bad"}>
            {one.correct ? "✓" : "✗"} <Link store={store} place={one.layer} /> {one.samples.length > 1 ? `${one.samples.filter(Boolean).length} of ${one.samples.length} samples right` : one.correct ? "as expected" : "not as expected"}
          </p>
        </Part>
      ))}
      {doc.other && (
        <Part title={`Beside ${clean(doc.other)}`}>
          {doc.first === null ? <p class="good">no layer differs</p> : (
            <p class="bad">
              ≠ <Link store={store} place={doc.first} /> is the first layer that differs
            </p>
          )}
          {doc.unmatched.map((one, i) => (
            <p key={i} class="quiet">
              {one.state}: {clean(one.other ?? "")} {one.other_op}
            </p>
          ))}
        </Part>
      )}
      <Findings store={store} found={doc.findings} />
      {slowest.length > 1 && (
        <Part title="Longest">
          <ul class="links">
            {slowest.map((place) => (
              <li key={place}>
                <Link store={store} place={place} /> <span class="quiet">{time(doc.layers[place].ms)}</span>
              </li>
            ))}
          </ul>
        </Part>
      )}
      <Part title="Keys">
        <table class="facts keys">
          <tbody>
            <Fact name="← →" value="the layer before, after" />
            <Fact name="↑ ↓" value="out of the group, into it" />
            <Fact name="Enter" value="open or close the group" />
            <Fact name="/" value="search" />
            <Fact name="+ − 0" value="zoom in, out, all" />
            <Fact name="in the outline" value="↑ ↓ row by row, ← → close and open" />
            <Fact name="c" value="colour by kind, time, memory …" />
            <Fact name="Esc" value="back to the whole" />
          </tbody>
        </table>
      </Part>
    </>
  );
}
