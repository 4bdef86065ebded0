// Numbers and sizes as they stand in Laminae's tables: see src/laminae/see/text.py.

import type { Num } from "./document.ts";

export function num(value: Num | null | undefined, digits = 4): string {
  if (value === null || value === undefined) return "–";
  const real = Number(value);
  if (Number.isNaN(real)) return "NaN";
  if (!Number.isFinite(real)) return real > 0 ? "Inf" : "−Inf";
  if (Number.isInteger(real) && Math.abs(real) < 1e6) return minus(String(real));
  if (Math.abs(real) >= 10 ** digits && Math.abs(real) < 1e6) return minus(String(Math.round(real)));
  const told = real.toExponential(digits - 1);
  const power = Number(told.split("e")[1]);
  if (power < -4 || power >= 6) return minus(told.replace(/\.?0+e/, "e").replace("e+", "e"));
  return minus(String(Number(real.toPrecision(digits))));
}

const minus = (text: string): string => text.replace(/^-/, "−").replace("e-", "e−");

export function memory(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return "–";
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let amount = bytes / 1000;
  while (amount >= 999.5 && units.length > 1) {
    amount /= 1000;
    units.shift();
  }
  return `${amount < 9.95 ? amount.toFixed(1) : amount.toFixed(0)} ${units[0]}`;
}

export function time(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "–";
  if (ms < 0.1) return `${num(ms * 1000, 2)} µs`;
  return ms < 1000 ? `${num(ms, 3)} ms` : `${num(ms / 1000, 3)} s`;
}

export const shape = (sizes: (number | string)[] | null | undefined): string => (sizes ? `[${sizes.join(", ")}]` : "shape not known");

export const count = (many: number, noun: string): string => `${many.toLocaleString("en")} ${noun}${many === 1 ? "" : "s"}`;

export const percent = (share: number): string =>
  share > 0 && share < 0.001 ? "< 0.1 %" : `${share >= 0.1 ? (share * 100).toFixed(0) : (share * 100).toFixed(1)} %`;

/** On one line and without control characters: what stands in a file cannot reorder or break what is around it. */
export const clean = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, (letter) => `\\u${letter.codePointAt(0)!.toString(16).padStart(4, "0")}`);
