// Asks the server that the page came from. What it refuses comes as an Error with its own words; silence means that it is gone.

import type { Made, Num, Preview, Statistics } from "../document.ts";

export interface Told {
  state: "opening" | "ready" | "failed";
  said: string;
  part: number | null;
  error: string | null;
  text: boolean;
  beside: number | null;
}

export interface Changed {
  change: Num | null;
  statistics?: Statistics | null;
  preview?: Preview | null;
}

export interface Run {
  run: number;
  ran: number;
  layers_changed: Record<string, Changed>;
  outputs: Record<string, { shape: number[] | null; dtype: string; values: Num[] | null }>;
  ms: number;
  said: string;
  patches: string[];
  /** what the ids of the first sample stand for, where a tokenizer was given that can tell */
  tokens: string[] | null;
}

export interface Slice {
  data: ArrayLike<number> | string[];
  shape: number[];
  dtype: string;
  steps: number[];
}

export type Input = { base64: string; dtype: string; shape: number[] } | { set: [number[], number][] } | { text: string } | { values: unknown };
export type Patch = { layer: string; kind: string; value?: number; axis?: number; index?: number[]; heads?: number[] };

/** What the server answered no to. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** Nobody answered. */
export class Lost extends Error {}

async function ask(path: string, options: RequestInit = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, { ...options, credentials: "same-origin", cache: "no-store" });
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    throw new Lost("The server does not answer.");
  }
  if (answer.ok) return answer;
  const told = (await answer.json().catch(() => ({}))) as { error?: string; facts?: Record<string, unknown> };
  const facts = Object.entries(told.facts ?? {}).map(([name, fact]) => `${name}: ${fact}`);
  throw new Refused([told.error ?? `the server answered ${answer.status}`, ...facts].join(" · "), answer.status);
}

const json = async <T>(path: string, options?: RequestInit): Promise<T> => (await (await ask(path, options)).json()) as T;

export const state = (): Promise<Told> => json("/api/state");
export const documentOf = <T>(): Promise<T> => json("/api/document");
export const made = (run: number, layer: number, signal: AbortSignal): Promise<{ outputs: Made[] }> => json(`/api/runs/${run}/layers/${layer}`, { signal });
export const previews = (run: number, layers: number[]): Promise<Record<string, Preview | null>> => json(`/api/runs/${run}/previews?layers=${layers.join(",")}`);
export const told = (run: number): Promise<Run> => json(`/api/runs/${run}`);
export const python = async (run: number): Promise<string> => (await ask(`/api/runs/${run}/python`)).text();

export function runAgain(inputs: Record<string, Input>, patches: Patch[], seen: number[]): Promise<Run> {
  const body = JSON.stringify({ base: 0, inputs, patches, previews: seen.slice(0, 256) });
  return json("/api/run", { method: "POST", headers: { "Content-Type": "application/json" }, body });
}

const KINDS: Record<string, { new (buffer: ArrayBuffer): ArrayLike<number> }> = {
  float32: Float32Array, float64: Float64Array, int32: Int32Array, uint32: Uint32Array, int16: Int16Array, uint16: Uint16Array, int8: Int8Array, uint8: Uint8Array, bool: Uint8Array,
};

/** Of a stored output (`value?layer=3&output=0`) or of a parameter: the places that `at` says. */
export async function slice(path: string, at: string, most: number, signal: AbortSignal): Promise<Slice> {
  const answer = await ask(`${path}&at=${at}&most=${most}`, { signal });
  const header = (name: string): string => answer.headers.get(`laminae-${name}`) ?? "";
  const numbers = (text: string): number[] => (text ? text.split(",").map(Number) : []);
  const about = { shape: numbers(header("shape")), dtype: header("dtype"), steps: numbers(header("steps")) };
  if (about.dtype === "string") return { ...about, data: (await answer.json()) as string[] };
  const buffer = await answer.arrayBuffer();
  if (about.dtype === "int64") return { ...about, data: Float64Array.from(new BigInt64Array(buffer), Number) };
  if (about.dtype === "uint64") return { ...about, data: Float64Array.from(new BigUint64Array(buffer), Number) };
  const Kind = KINDS[about.dtype];
  if (!Kind) throw new Refused(`the page cannot show ${about.dtype}`, 400);
  return { ...about, data: new Kind(buffer) };
}
