// The viewer: the page with a model behind it.

import { useEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import { App } from "../app.tsx";
import { type Doc, isGroup, type Made } from "../document.ts";
import { clean, num } from "../format.ts";
import { HistogramPicture, Seen, StatisticsTable } from "../seen.tsx";
import { Store } from "../store.ts";
import { documentOf, Lost, made, slice, type Slice, state, type Told } from "./client.ts";
import { InputEditor, Inputs } from "./input.tsx";
import { Session } from "./session.ts";
import { Value } from "./value.tsx";
import { History, Outputs, PatchForm } from "./whatif.tsx";

const GONE = "The server does not answer: it was ended, or its machine sleeps. What is shown stays; nothing can be run until it is back.";

/** The page from the first moment: what is being done until there is something to see. */
export function Live() {
  const [told, setTold] = useState<Told>({ state: "opening", said: "asking the server", part: null, error: null, text: false, beside: null });
  const [doc, setDoc] = useState<Doc | null>(null);
  const [lost, setLost] = useState(false);
  useEffect(() => {
    let stopped = false;
    const again = async (): Promise<void> => {
      try {
        const now = await state();
        setLost(false);
        setTold(now);
        if (now.state === "ready") {
          setDoc(await documentOf<Doc>());
          return;
        }
        if (now.state === "failed") return;
      } catch (error) {
        if (error instanceof Lost) setLost(true);
        else return setTold({ ...told, state: "failed", error: (error as Error).message });
      }
      if (!stopped) setTimeout(() => void again(), 150);
    };
    void again();
    return () => {
      stopped = true;
    };
  }, []);
  if (doc) return <Viewer doc={doc} told={told} />;
  return (
    <div class="wait">
      {lost ? <p role="alert">{GONE}</p> : told.state === "failed" ? (
        <>
          <h1>The model could not be shown</h1>
          <pre role="alert">{told.error}</pre>
        </>
      ) : (
        <>
          <h1>{told.said || "opening"} …</h1>
          <progress aria-label={told.said} {...(told.part === null ? {} : { value: told.part })} />
        </>
      )}
    </div>
  );
}

function Viewer({ doc, told }: { doc: Doc; told: Told }) {
  const store = useMemo(() => new Store(doc), [doc]);
  const session = useMemo(() => new Session(doc, told, () => pictured(store)), [store]);
  const [, again] = useReducer((count: number) => count + 1, 0);
  const scene = useRef(store.state.scene);
  const behind = useBehind(session);
  useEffect(() => {
    void session.look();
    const one = session.listen(() => {
      if (session.changed.size && store.state.colouring === "kind") store.set({ colouring: "change" });
      if (!session.changed.size && store.state.colouring === "change") store.set({ colouring: "kind" });
      store.set({});
      again(undefined);
    });
    const two = store.listen(() => {
      if (scene.current !== store.state.scene) void session.look();
      scene.current = store.state.scene;
    });
    document.getElementById("app")!.dataset.ready = "1";
    return () => (one(), two());
  }, [session]);
  return (
    <App
      store={store}
      live={{
        changed: session.changed,
        ...(session.lost ? { alarm: GONE } : {}),
        bar: <span class="quiet run">{session.busy ? "running…" : session.at ? `run ${session.number}: ${session.changed.size} changed` : ""}</span>,
        extra: {
          judged: session.at ? "In the first run:" : "",
          output: (place, output) => <Output key={`${place}/${output}`} session={session} place={place} output={output} behind={behind} />,
          weight: (name) => <Weight key={name} session={session} name={name} />,
          change: (place) => <Change session={session} place={place} />,
          patch: (place) => (doc.layers[place].op === "Input" && doc.layers[place].domain === "laminae" ? (
            <section class="part">
              <h3>Edit it</h3>
              <InputEditor session={session} place={place} />
            </section>
          ) : doc.layers[place].name.includes("#") ? null : <PatchForm key={place} session={session} place={place} />),
          whole: () => (
            <>
              <Outputs session={session} />
              <History session={session} />
              <section class="part">
                <h3>Input</h3>
                <Inputs session={session} />
              </section>
              <section class="part">
                <h3>Save the drawing</h3>
                <p>
                  {["svg", "png", "pdf"].map((form) => (
                    <a key={form} href={`/api/drawing?format=${form}&run=${session.number}`} download="">
                      {form.toUpperCase()}
                    </a>
                  ))}
                </p>
              </section>
            </>
          ),
        },
      }}
    />
  );
}

/** The layers of the boxes that have a place for a picture, those nearest to what is looked at first. */
function pictured(store: Store): number[] {
  const { scene, doc, selected } = store.state;
  const there = scene.boxes.filter((box) => doc.nodes[box.node].slot && doc.nodes[box.node].kind !== "expected").map((box) => doc.nodes[box.node].layer);
  const at = selected && !isGroup(doc.nodes[selected]) ? doc.nodes[selected].layer : (there[0] ?? 0);
  return [...new Set(there)].sort((a, b) => Math.abs(a - at) - Math.abs(b - at));
}

/** The input as an image that maps may be laid over, where it is one. */
function useBehind(session: Session): Slice | null {
  const [found, setFound] = useState<Slice | null>(null);
  const place = session.doc.layers.findIndex((layer) => layer.op === "Input" && layer.domain === "laminae");
  useEffect(() => {
    const shape = session.doc.layers[place]?.outputs[0]?.shape as number[] | undefined;
    if (!shape || shape.length !== 4 || shape[1] > 4 || Math.min(shape[2], shape[3]) < 8) return;
    const stop = new AbortController();
    slice(`/api/runs/${session.number}/value?layer=${place}&output=0`, "0,0,:,:", 400_000, stop.signal).then(setFound, () => undefined);
    return () => stop.abort();
  }, [session.number]);
  return found;
}

function Output({ session, place, output, behind }: { session: Session; place: number; output: number; behind: Slice | null }) {
  const [found, setFound] = useState<Made | null>(null);
  const [error, setError] = useState("");
  const layer = session.doc.layers[place];
  const run = session.number;
  useEffect(() => {
    const stop = new AbortController();
    made(run, place, stop.signal).then(
      (got) => (setFound(got.outputs[output] ?? {}), setError("")),
      (problem: Error) => problem.name !== "AbortError" && setError(problem.message),
    );
    return () => stop.abort();
  }, [run, place, output]);
  const shape = layer.outputs[output].shape;
  const known = shape?.every((size) => typeof size === "number") ? (shape as number[]) : null;
  if (error) return <p class="quiet">{error}</p>;
  if (!found) return <p class="quiet">asking…</p>;
  return (
    <>
      {known?.length && found.statistics ? <Value path={`/api/runs/${run}/value?layer=${place}&output=${output}`} shape={known} name={layer.name} behind={behind && known.length >= 3 ? behind : null} tokens={session.run?.tokens ?? null} /> : found.preview && <Seen seen={found.preview} name={layer.name} />}
      {found.statistics && <StatisticsTable found={found.statistics} />}
      {found.histogram && <HistogramPicture found={found.histogram} />}
      {session.told.beside !== null && layer.difference && <Beside session={session} place={place} output={output} shape={known} />}
    </>
  );
}

/** What the model or input that this one is compared with made there. */
function Beside({ session, place, output, shape }: { session: Session; place: number; output: number; shape: number[] | null }) {
  const [found, setFound] = useState<Made | null>(null);
  const beside = session.told.beside!;
  useEffect(() => {
    const stop = new AbortController();
    made(beside, place, stop.signal).then((got) => setFound(got.outputs[output] ?? null), () => undefined);
    return () => stop.abort();
  }, [place, output]);
  if (!found) return null;
  return (
    <>
      <h3 class="beside">In {clean(session.doc.other)}</h3>
      {shape?.length ? <Value path={`/api/runs/${beside}/value?layer=${place}&output=${output}`} shape={shape} name={session.doc.other} /> : null}
      {found.statistics && <StatisticsTable found={found.statistics} />}
      {found.histogram && <HistogramPicture found={found.histogram} />}
    </>
  );
}

function Weight({ session, name }: { session: Session; name: string }) {
  const [open, setOpen] = useState(false);
  const weight = session.doc.layers.flatMap((layer) => layer.weights ?? []).find((one) => one.name === name);
  if (!weight?.shape.length) return null;
  return (
    <>
      <button type="button" class="link" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? "hide its values" : "show its values"}
      </button>
      {open && <Value path={`/api/parameter?name=${encodeURIComponent(name)}`} shape={weight.shape} name={name} />}
    </>
  );
}

function Change({ session, place }: { session: Session; place: number }) {
  const change = session.changed.get(place);
  if (!session.at || !session.run) return null;
  return <p class={change ? "changed" : "quiet"}>{change === undefined ? "not changed in this run" : `changed: ‖new − old‖ is ${num(change, 3)} of ‖old‖`}</p>;
}
