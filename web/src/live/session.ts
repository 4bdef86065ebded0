// The model as the server holds it: the run that is shown, what was asked before it, and what changed.

import type { Doc, Preview } from "../document.ts";
import { type Input, Lost, type Patch, previews, Refused, type Run, runAgain, state, type Told, told as toldOf } from "./client.ts";

/** What was asked: inputs that differ from the first run's, and patches. `said`: what is new in it. */
export interface Step {
  inputs: Record<string, Input>;
  patches: Patch[];
  said: string;
}

const BEAT = 3000;
const AT_ONCE = 64;

export class Session {
  steps: Step[] = [{ inputs: {}, patches: [], said: "as it was given" }];
  at = 0;
  run: Run | null = null;
  busy = false;
  error = "";
  lost = false;
  changed: ReadonlyMap<number, number> = new Map();
  /** how long the last run took from the asking to the answer, in ms */
  took = 0;
  /** grows when the run that is shown is another one than the last that was edited: who edits begins again from it */
  resets = 0;
  private waiting: Step | null = null;
  /** the steps as they were at the last that ran: a step that is refused is none */
  private sound = { steps: this.steps, at: 0 };
  private readonly firsts = new Map<number, Preview | null>();
  private readonly asked = new Set<number>();
  private readonly listeners = new Set<() => void>();

  constructor(
    readonly doc: Doc,
    readonly told: Told,
    private readonly visible: () => number[],
  ) {
    setInterval(() => void this.beat(), BEAT);
    toldOf(0).then((run) => {
      this.run ??= run;
      this.tell();
    }, () => undefined);
  }

  listen(call: () => void): () => void {
    this.listeners.add(call);
    return () => this.listeners.delete(call);
  }

  private tell(): void {
    this.listeners.forEach((call) => call());
  }

  get number(): number {
    return this.run?.run ?? 0;
  }

  get step(): Step {
    return this.steps[this.at];
  }

  /** Is the server still there? */
  private async beat(): Promise<void> {
    const was = this.lost;
    try {
      await state();
      this.lost = false;
    } catch (error) {
      this.lost = error instanceof Lost;
    }
    if (was !== this.lost) this.tell();
  }

  /** Pictures for the boxes that are to be seen, and have none yet. */
  async look(): Promise<void> {
    const wanted = this.visible().filter((layer) => !this.asked.has(layer)).slice(0, AT_ONCE);
    if (!wanted.length) return;
    wanted.forEach((layer) => this.asked.add(layer));
    try {
      const found = await previews(this.number, wanted);
      for (const layer of wanted) this.show(layer, found[layer] ?? null, !this.changed.has(layer));
    } catch (error) {
      if (error instanceof Lost) this.lost = true;
      wanted.forEach((layer) => this.asked.delete(layer));
      if (!(error instanceof Lost)) return;
    }
    this.tell();
    if (!this.lost) setTimeout(() => void this.look(), 0);
  }

  private show(layer: number, preview: Preview | null, first: boolean): void {
    if (first) this.firsts.set(layer, preview);
    const output = this.doc.layers[layer].outputs[0];
    if (!output) return;
    if (preview) output.preview = preview;
    else delete output.preview;
  }

  /** What if? Only the newest wish is run where several come at once. merge: it takes the place of the last step. */
  ask(step: Step, merge = false): void {
    this.steps = [...this.steps.slice(0, merge && this.at ? this.at : this.at + 1), step];
    this.at = this.steps.length - 1;
    void this.go(step);
  }

  back(by: number): void {
    const to = Math.max(0, Math.min(this.steps.length - 1, this.at + by));
    if (to === this.at) return;
    this.at = to;
    void this.go(this.steps[to], true);
  }

  restart(): void {
    this.steps = this.steps.slice(0, 1);
    this.at = 0;
    void this.go(this.steps[0], true);
  }

  private async go(step: Step, reset = false): Promise<void> {
    this.waiting = step;
    if (this.busy) return this.tell();
    this.busy = true;
    this.tell();
    while (this.waiting) {
      const wish: Step = this.waiting;
      this.waiting = null;
      try {
        const began = performance.now();
        const run = await runAgain(wish.inputs, wish.patches, this.visible());
        this.took = performance.now() - began;
        this.take(run);
        if (this.step === wish) this.sound = { steps: this.steps, at: this.at };
        this.error = "";
        this.lost = false;
      } catch (error) {
        this.lost = error instanceof Lost;
        if (error instanceof Refused && this.step === wish) ({ steps: this.steps, at: this.at } = this.sound);
        this.error = error instanceof Refused ? error.message : this.lost ? "" : String(error);
      }
      this.tell();
    }
    this.busy = false;
    if (reset) this.resets++;
    this.tell();
  }

  private take(run: Run): void {
    const was = this.changed;
    this.run = run;
    this.changed = new Map(
      Object.entries(run.layers_changed).map(([layer, found]) => [Number(layer), found.change === null ? 1 : Number(found.change)] as const),
    );
    for (const layer of was.keys()) {
      if (this.changed.has(layer)) continue;
      if (this.firsts.has(layer)) this.show(layer, this.firsts.get(layer)!, false);
      else this.forget(layer);
    }
    for (const [layer, found] of Object.entries(run.layers_changed)) {
      if ("preview" in found) {
        this.show(Number(layer), found.preview ?? null, false);
        this.asked.add(Number(layer));
      } else this.forget(Number(layer));
    }
    void this.look();
  }

  private forget(layer: number): void {
    this.asked.delete(layer);
    delete this.doc.layers[layer].outputs[0]?.preview;
  }
}
