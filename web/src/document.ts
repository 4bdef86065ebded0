// What the page is given: see src/laminae/see/document.

/** A number, or the word for one that JSON lacks. */
export type Num = number | "NaN" | "Infinity" | "-Infinity";

export interface Statistics {
  mean: Num | null;
  std: Num | null;
  min: Num | null;
  max: Num | null;
  zeros: Num;
  nan: number;
  inf: number;
}

export interface Histogram {
  counts: number[];
  low: number;
  high: number;
  others: number;
}

export interface Coded {
  tiles: number;
  rows: number;
  columns: number;
  /** bytes as base64; 0 stands for what is not finite */
  levels: string;
  shape: number[];
}

export type Preview = { caption: string } & (
  | { kind: "numbers"; columns: string[][] }
  | { kind: "bars"; means: (number | null)[] }
  | { kind: "histogram"; counts: number[]; low: number; high: number }
  | ({ kind: "heat"; most: number } & Coded)
  | ({ kind: "maps"; of: number; low: number; high: number } & Coded)
);

export interface Made {
  statistics?: Statistics | null;
  histogram?: Histogram | null;
  preview?: Preview;
}

export interface Output extends Made {
  value: string;
  shape: (number | string)[] | null;
  dtype: string | null;
  bytes: number | null;
  kept?: string;
}

export interface Weight {
  name: string;
  role: string;
  shape: number[];
  dtype: string;
  bytes: number;
  learns: boolean;
}

export interface Numbers {
  correct: boolean;
  max_abs: Num;
  max_rel: Num;
  cosine: Num | null;
  snr: Num;
  wrong: Num;
  elements: number;
  at: number[];
}

export interface Difference {
  state: string;
  other?: string;
  other_op?: string;
  note?: string;
  how?: string;
  difference?: Numbers;
  own?: Numbers;
}

export interface Layer {
  name: string;
  path: string;
  op: string;
  domain: string;
  kind: string;
  node: number;
  reads: number[];
  inputs: string[];
  parameters: number;
  outputs: Output[];
  ms: number | null;
  bytes: number;
  state?: string;
  opset?: number;
  attributes?: [string, string][];
  weights?: Weight[];
  difference?: Difference;
  beside?: Made[];
  delta?: { norm: Num | null; state: string };
}

export interface Node {
  id: string;
  name: string;
  lines: string[];
  kind: string;
  width: number;
  height: number;
  parent: number | null;
  children: number[];
  /** of a box its layer; of a group the last in it */
  layer: number;
  /** of a box in a body that took several turns: its layers in the later ones */
  turns?: number[];
  layers?: number;
  times?: number;
  slot?: [number, number, number, number];
  level?: number;
  entries?: number[];
  exits?: number[];
}

export interface Level {
  length: number;
  breadth: number;
  corners: [number, number][];
  entries: number[];
  exits: number[];
  links: [number, number][];
  ways: number[][];
}

export interface Expected {
  layer: number;
  node: number;
  value: string;
  correct: boolean | null;
  worst: Num | null;
  allowed: Num;
  at: number[];
  wrong: number;
  elements: number;
  samples: boolean[];
  preview: Preview | null;
}

export interface Finding {
  kind: string;
  severity: string;
  seen: string;
  text: string;
  advice: string;
  layer: number | null;
  layers: number[];
}

export interface Doc {
  format: number;
  title: string;
  facts: string;
  version: string;
  live: boolean;
  direction: "down" | "right";
  nodes: Node[];
  levels: Level[];
  /** arrows from leaf to leaf, as pairs of nodes */
  arrows: [number, number][];
  open: number[];
  layers: Layer[];
  documentation: Record<string, { text: string; url: string }>;
  highlight: number[];
  expected: Expected[];
  findings: Finding[];
  notes: string[];
  ms: number | null;
  other: string;
  first: number | null;
  unmatched: (Difference & { before: number })[];
}

export const number = (value: Num | null | undefined): number => (value === null || value === undefined ? NaN : Number(value));

/** What a layer made: in the document, or fetched since. */
export const isGroup = (node: Node): boolean => node.children.length > 0;
