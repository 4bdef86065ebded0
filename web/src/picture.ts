// Paints what is seen of a value: into a box of the drawing, or large beside it.

import type { Coded, Preview } from "./document.ts";
import { GREY, HEAT, type Theme } from "./theme.ts";

const FONT = '"DejaVu Sans","Segoe UI",system-ui,-apple-system,Roboto,"Helvetica Neue",Arial,sans-serif';
export const font = (size: number, bold = false): string => `${bold ? "700 " : ""}${size}px ${FONT}`;

const CAPTION = 13;
const tiled = new WeakMap<object, HTMLCanvasElement[]>();

/** Each tile as an image of one pixel for each number. */
export function tiles(seen: Coded & { kind: string }): HTMLCanvasElement[] {
  const known = tiled.get(seen);
  if (known) return known;
  const bytes = Uint8Array.from(atob(seen.levels), (letter) => letter.charCodeAt(0));
  const colours = seen.kind === "heat" ? HEAT : GREY;
  const size = seen.rows * seen.columns;
  const made = Array.from({ length: seen.tiles }, (_, tile) => painted(bytes.subarray(tile * size, (tile + 1) * size), seen.columns, seen.rows, colours));
  tiled.set(seen, made);
  return made;
}

/** [rows, columns] bytes as an image. */
export function painted(bytes: Uint8Array, columns: number, rows: number, colours: [number, number, number][]): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [columns, rows];
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(columns, rows);
  for (let i = 0; i < bytes.length; i++) {
    const colour = colours[bytes[i]];
    image.data[4 * i] = colour[0];
    image.data[4 * i + 1] = colour[1];
    image.data[4 * i + 2] = colour[2];
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** The picture in that place, its caption under it; at most so many feature maps. */
export function picture(
  to: CanvasRenderingContext2D,
  seen: Preview,
  colours: Theme,
  [x, y, width, height]: [number, number, number, number],
  most = 1e9,
  captioned = true,
): void {
  const told = captioned ? caption(seen, most) : "";
  const room = height - (told ? CAPTION : 0);
  if (told) {
    to.fillStyle = colours.quiet;
    to.font = font(9.5);
    to.textAlign = "center";
    to.fillText(told, x + width / 2, y + height - 3, Math.max(width, 40) + 16);
  }
  if (seen.kind === "numbers") numbers(to, seen.columns, colours, x, y, width, room);
  else if (seen.kind === "bars") bars(to, seen.means, colours, x, y, width, room);
  else if (seen.kind === "histogram") histogram(to, seen.counts, seen.low, seen.high, colours, x, y, width, room);
  else maps(to, seen, colours, x, y, width, room, most);
}

/** In words; of many feature maps, how many of them are shown. */
export function caption(seen: Preview, most = 1e9): string {
  if (seen.kind !== "maps") return seen.caption;
  const shown = Math.min(seen.tiles, most);
  return shown < seen.of ? `${seen.caption}, ${shown} of ${seen.of}` : seen.caption;
}

function numbers(to: CanvasRenderingContext2D, columns: string[][], colours: Theme, x: number, y: number, width: number, height: number): void {
  const rows = Math.max(...columns.map((column) => column.length));
  const step = (width - 4) / columns.length;
  const size = Math.min(12, (height / rows) * 0.8);
  to.font = font(size);
  to.fillStyle = colours.ink;
  to.textAlign = "center";
  columns.forEach((column, i) =>
    column.forEach((text, j) => to.fillText(text, x + 2 + step * (i + 0.5), y + (height / rows) * (j + 0.5) + size * 0.36, step - 4)),
  );
  to.strokeStyle = colours.arrow;
  to.lineWidth = 1.1;
  to.beginPath();
  for (const [edge, inward] of [[x + 1, 4], [x + width - 1, -4]]) {
    to.moveTo(edge + inward, y + 1);
    to.lineTo(edge, y + 1);
    to.lineTo(edge, y + height - 1);
    to.lineTo(edge + inward, y + height - 1);
  }
  to.stroke();
}

function bars(to: CanvasRenderingContext2D, means: (number | null)[], colours: Theme, x: number, y: number, width: number, height: number): void {
  const finite = means.filter((mean): mean is number => mean !== null);
  const [high, low] = [Math.max(...finite, 0), Math.min(...finite, 0)];
  const scale = high > low ? (height - 4) / (high - low) : 0;
  const zero = y + 2 + high * scale;
  const step = Math.min(width / means.length, 24);
  const left = x + (width - step * means.length) / 2;
  means.forEach((mean, i) => {
    to.fillStyle = mean === null ? colours.bad : colours.bar;
    const [top, tall] = mean === null ? [y, height] : [zero - Math.max(mean, 0) * scale, Math.max(Math.abs(mean) * scale, 0.4)];
    to.fillRect(left + i * step, top, Math.max(step - Math.min(0.6, step / 4), 0.5), tall);
  });
  line(to, colours, left, zero, left + step * means.length, zero);
}

function histogram(
  to: CanvasRenderingContext2D, counts: number[], low: number, high: number, colours: Theme, x: number, y: number, width: number, height: number,
): void {
  const step = width / counts.length;
  const most = Math.max(...counts, 1);
  to.fillStyle = colours.bar;
  counts.forEach((count, i) => {
    const tall = count ? Math.max((count / most) * (height - 3), 0.7) : 0;
    to.fillRect(x + i * step, y + height - 1 - tall, Math.max(step - 0.6, 0.5), tall);
  });
  line(to, colours, x, y + height - 1, x + width, y + height - 1);
  if (low < 0 && high > 0) line(to, colours, x + (-low / (high - low)) * width, y + 2, x + (-low / (high - low)) * width, y + height - 1);
}

function line(to: CanvasRenderingContext2D, colours: Theme, a: number, b: number, c: number, d: number): void {
  to.strokeStyle = colours.arrow;
  to.lineWidth = 1.1;
  to.beginPath();
  to.moveTo(a, b);
  to.lineTo(c, d);
  to.stroke();
}

/** Tiles side by side, as large as they fit; or one alone. */
function maps(to: CanvasRenderingContext2D, seen: Preview & Coded, colours: Theme, x: number, y: number, width: number, height: number, most: number): void {
  const images = tiles(seen as Coded & { kind: string }).slice(0, most);
  const place = grid(images.length, seen.kind === "heat" ? width / height : seen.shape[1] / seen.shape[0], width, height);
  const left = x + (width - place.across * (place.width + 3) + 3) / 2;
  to.imageSmoothingEnabled = false;
  to.strokeStyle = colours.arrow;
  to.lineWidth = 0.7;
  images.forEach((image, i) => {
    const at = [left + (i % place.across) * (place.width + 3), y + Math.floor(i / place.across) * (place.height + 3)];
    to.drawImage(image, at[0], at[1], place.width, place.height);
    to.strokeRect(at[0], at[1], place.width, place.height);
  });
}

/** So many tiles across, and the size of each, that they fill the room best. ratio: width to height of a tile. */
export function grid(many: number, ratio: number, width: number, height: number): { across: number; width: number; height: number } {
  const bounded = Math.min(Math.max(ratio, 0.12), 8);
  let best = { across: 1, width: 0, height: 0 };
  for (let across = 1; across <= many; across++) {
    const down = Math.ceil(many / across);
    const wide = Math.max(Math.min((width - 3 * (across - 1)) / across, ((height - 3 * (down - 1)) / down) * bounded), 1);
    if (wide > best.width) best = { across, width: wide, height: wide / bounded };
  }
  return best;
}
