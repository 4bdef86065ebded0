// What if? A layer patched, what was asked so far, and how to do the same in Python.

import { useState } from "preact/hooks";
import { clean, count, num, time } from "../format.ts";
import { type Patch, python } from "./client.ts";
import { index } from "./input.tsx";
import type { Session } from "./session.ts";

const KINDS: [kind: string, name: string, start: number | null][] = [
  ["zero", "zero it", null],
  ["scale", "scale it by", 0.5],
  ["add", "add", 1],
  ["replace", "put in its place", 0],
];

export function PatchForm({ session, place }: { session: Session; place: number }) {
  const layer = session.doc.layers[place];
  const shape = (layer.outputs[0]?.shape ?? []) as number[];
  const [kind, setKind] = useState("zero");
  const [value, setValue] = useState("0.5");
  const [where, setWhere] = useState("all");
  const [index, setIndex] = useState("0");
  const [asked, setAsked] = useState(false);
  const [odd, setOdd] = useState("");
  const floats = /float/.test(layer.outputs[0]?.dtype ?? "");
  if (!layer.outputs.length) return null;
  const amount = KINDS.find(([one]) => one === kind)![2];
  const go = (): void => {
    const patch: Patch = { layer: layer.name, kind };
    if (amount !== null) patch.value = Number(value);
    const places = index.split(/[\s,]+/).filter(Boolean).map(Number);
    const whole = where === "all" || (places.length > 0 && places.every(Number.isInteger));
    setOdd(whole ? "" : "Which places? Whole numbers, as 0, 2");
    setAsked(whole);
    if (!whole) return;
    if (where === "heads") patch.heads = places;
    else if (where !== "all") [patch.axis, patch.index] = [Number(where), places];
    const { inputs, patches } = session.step;
    session.ask({ inputs, patches: [...patches, patch], said: said(patch) });
  };
  return (
    <section class="part">
      <h3>What if?</h3>
      <form class="patch" onSubmit={(event) => (event.preventDefault(), go())}>
        <select aria-label="What is done to the output" value={kind} onChange={(event) => { setKind(event.currentTarget.value); const start = KINDS.find(([one]) => one === event.currentTarget.value)![2]; if (start !== null) setValue(String(start)); }}>
          {KINDS.map(([one, name]) => (
            <option key={one} value={one} disabled={!floats && one !== "zero" && one !== "replace"}>
              {name}
            </option>
          ))}
        </select>
        {amount !== null && <input type="number" step="any" aria-label="By how much" value={value} onInput={(event) => setValue(event.currentTarget.value)} />}
        <select aria-label="Where" value={where} onChange={(event) => setWhere(event.currentTarget.value)}>
          <option value="all">everywhere</option>
          {shape.map((size, axis) => size > 1 && (
            <option key={axis} value={String(axis)}>
              {name(axis, shape)} (0 to {size - 1})
            </option>
          ))}
          {shape.length >= 3 && shape.length <= 4 && layer.kind !== "convolution" && layer.kind !== "pooling" && <option value="heads">heads</option>}
        </select>
        {where !== "all" && <input class="places" aria-label="Which places, by number" value={index} onInput={(event) => setIndex(event.currentTarget.value)} />}
        <button type="submit" class="strong" disabled={session.busy || session.lost}>
          Run
        </button>
      </form>
      {(odd || (asked && session.error)) && <p class="bad" role="alert">{odd || clean(session.error)}</p>}
    </section>
  );
}

/** The axes of images and of sequences by their names. */
function name(axis: number, shape: number[]): string {
  const names = shape.length === 4 ? ["samples", "channels", "rows", "columns"] : shape.length === 3 ? ["samples", "positions", "features"] : shape.length === 2 ? ["samples", "features"] : [];
  return names[axis] ?? `axis ${axis}`;
}

function said(patch: Patch): string {
  const where = patch.heads ? ` of heads ${patch.heads.join(", ")}` : patch.axis !== undefined ? ` at ${(patch.index ?? []).join(", ")} of axis ${patch.axis}` : "";
  const what = { zero: "zero", scale: `× ${num(patch.value ?? 0)}`, add: `+ ${num(patch.value ?? 0)}`, replace: `= ${num(patch.value ?? 0)}` }[patch.kind];
  return `${patch.layer} ${what}${where}`;
}

/** What was asked so far, one can go back in; and what came of it. */
export function History({ session }: { session: Session }) {
  const [text, setText] = useState("");
  const { run, steps, at, step } = session;
  const changed = session.changed.size;
  const drop = (place: number): void => session.ask({ inputs: step.inputs, patches: step.patches.filter((_, i) => i !== place), said: `without ${said(step.patches[place])}` });
  return (
    <section class="part">
      <h3>What if?</h3>
      <p>
        <button type="button" disabled={at === 0} onClick={() => session.back(-1)}>
          ↶ undo
        </button>{" "}
        <button type="button" disabled={at === steps.length - 1} onClick={() => session.back(1)}>
          ↷ redo
        </button>{" "}
        <button type="button" disabled={at === 0} onClick={() => session.restart()}>
          begin again
        </button>
      </p>
      <p class="quiet" aria-live="polite">
        {session.busy ? "running…" : run && at ? `${clean(step.said)}: ${count(run.ran, "layer")} ran in ${time(run.ms)}, ${count(changed, "layer")} changed` : "Edit the input here, or patch a layer: click it. Only what depends on it is run."}
      </p>
      {session.error && <p class="bad" role="alert">{clean(session.error)}</p>}
      {step.patches.length > 0 && (
        <ul class="links">
          {step.patches.map((patch, i) => (
            <li key={i}>
              ✎ {clean(said(patch))}{" "}
              <button type="button" class="icon" aria-label={`Take back: ${said(patch)}`} onClick={() => drop(i)}>
                ×
              </button>
            </li>
          ))}
        </ul>
      )}
      {run && at > 0 && (
        <p>
          <button type="button" onClick={() => python(session.number).then(setText, (problem: Error) => setText(`# ${problem.message}`))}>
            As Python
          </button>
        </p>
      )}
      {text && at > 0 && (
        <div class="python">
          <pre tabIndex={0}>{text}</pre>
          <button type="button" onClick={() => void navigator.clipboard?.writeText(text)}>Copy</button>{" "}
          <button type="button" onClick={() => setText("")}>Hide</button>
        </div>
      )}
    </section>
  );
}

/** The outputs as they are now: the greatest numbers of a vector, with what they were. */
export function Outputs({ session }: { session: Session }) {
  const found = Object.entries(session.run?.outputs ?? {});
  if (!found.length) return null;
  return (
    <section class="part">
      <h3>Output</h3>
      {found.map(([name, output]) => {
        if (!output.values || !output.values.length) return <p key={name} class="quiet">{clean(name)}: {output.shape ? `[${output.shape.join(", ")}]` : output.dtype}</p>;
        if (!/float|int|bool/.test(output.dtype)) return <p key={name} class="what">{clean(name)}: {output.values.map((text) => clean(String(text))).join(", ").slice(0, 400)}</p>;
        const values = output.values.map(Number);
        const long = output.shape?.some((size, axis) => size > 1 && axis < output.shape!.length - 1);
        const top = values.map((_, i) => i).sort((a, b) => values[b] - values[a]).slice(0, 5);
        const [low, high] = [Math.min(...values), Math.max(...values)];
        return (
          <div key={name} class="outputs">
            <p class="what">{clean(name)}</p>
            <table class="facts">
              <tbody>
                {top.map((i) => (
                  <tr key={i}>
                    <th scope="row">{long ? index(i, output.shape!).join(", ") : i}</th>
                    <td class="bar-cell">
                      <span class="meter" style={{ width: `${high > low ? ((values[i] - low) / (high - low)) * 100 : 0}%` }} />
                    </td>
                    <td>{num(values[i], 4)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        );
      })}
    </section>
  );
}
