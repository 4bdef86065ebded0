// The colours, for light and dark pages: few, each with one meaning, those of the drawings. After Okabe and Ito.

export interface Theme {
  paper: string;
  ink: string;
  quiet: string;
  arrow: string;
  frame: string;
  frameFill: string;
  heading: string;
  badge: string;
  marked: string;
  good: string;
  bad: string;
  bar: string;
  back: string;
  box: Record<string, [fill: string, stroke: string]>;
}

const LIGHT: Theme = {
  paper: "#ffffff",
  ink: "#1f2328",
  quiet: "#57606a",
  arrow: "#6e7781",
  frame: "#afb8c1",
  frameFill: "rgba(87,96,106,.05)",
  heading: "#424a53",
  badge: "#424a53",
  marked: "#b0328c",
  good: "#1a7f37",
  bad: "#cf222e",
  bar: "#4f7fa3",
  back: "#d55e00",
  box: {
    input: ["#e3f0fa", "#0072b2"],
    weights: ["#fdf1de", "#c77f00"],
    plain: ["#f6f8fa", "#818b98"],
    group: ["#eceff3", "#57606a"],
    expected: ["#ffffff", "#818b98"],
  },
};

const DARK: Theme = {
  paper: "#0d1117",
  ink: "#e6edf3",
  quiet: "#9da7b3",
  arrow: "#8b949e",
  frame: "#3d444d",
  frameFill: "rgba(157,167,179,.06)",
  heading: "#c9d1d9",
  badge: "#c9d1d9",
  marked: "#ffd6f3",
  good: "#3fb950",
  bad: "#ff6b62",
  bar: "#79a8cc",
  back: "#ff9b50",
  box: {
    input: ["#0f2a3d", "#56b4e9"],
    weights: ["#33270f", "#e6a532"],
    plain: ["#161b22", "#7d8590"],
    group: ["#21262d", "#9da7b3"],
    expected: ["#0d1117", "#7d8590"],
  },
};

const dark = matchMedia("(prefers-color-scheme: dark)");

export const theme = (): Theme => (dark.matches && !printing ? DARK : LIGHT);
/** Called whenever the page turns dark or light, until what is returned is. */
export function onTheme(call: () => void): () => void {
  dark.addEventListener("change", call);
  return () => dark.removeEventListener("change", call);
}

let printing = false;
/** Paper is white. Called before and after printing, until what is returned is. */
export function onPrint(call: () => void): () => void {
  const [before, after] = [true, false].map((now) => () => ((printing = now), call()));
  addEventListener("beforeprint", before);
  addEventListener("afterprint", after);
  return () => (removeEventListener("beforeprint", before), removeEventListener("afterprint", after));
}

/** From 0 to 1: pale to strong, in one hue that all eyes tell apart by lightness. */
export function strength(share: number): string {
  const at = Math.max(0, Math.min(1, share));
  const [from, to] = dark.matches && !printing ? [[33, 38, 45], [255, 176, 92]] : [[246, 248, 250], [222, 118, 22]];
  return `rgb(${from.map((part, i) => Math.round(part + (to[i] - part) * at)).join(",")})`;
}

/** Black or white, whichever is read better on that `rgb(…)`. */
export function legible(fill: string): string {
  const [red, green, blue] = fill.match(/[\d.]+/g)!.map((part) => (Number(part) / 255 <= 0.04045 ? Number(part) / 255 / 12.92 : ((Number(part) / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
}

type Colour = [number, number, number];
export const ODD: Colour = [214, 39, 40];
const [BLUE, WHITE, ORANGE]: Colour[] = [[0, 84, 147], [250, 250, 250], [200, 96, 0]];

/** The colour of each byte of a heat map: 128 is zero, below it blue, above it orange. */
export const HEAT: Colour[] = palette((byte) => {
  const level = (byte - 128) / 127;
  const side = level < 0 ? BLUE : ORANGE;
  return WHITE.map((part, i) => part * (1 - Math.abs(level)) + side[i] * Math.abs(level)) as Colour;
});

export const GREY: Colour[] = palette((byte) => new Array(3).fill(((byte - 1) / 254) * 255) as Colour);

function palette(of: (byte: number) => Colour): Colour[] {
  return Array.from({ length: 256 }, (_, byte) => (byte ? (of(byte).map(Math.round) as Colour) : ODD));
}
