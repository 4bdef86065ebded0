// Where one looks from: moved, zoomed, and brought to what is to be seen.

import type { Placed, Scene } from "./compose.ts";
import type { Camera } from "./paint.ts";

export const LEAST = 0.005;
export const MOST = 6;

const bounded = (scale: number): number => Math.min(MOST, Math.max(LEAST, scale));

export function zoomed(camera: Camera, by: number, x: number, y: number): Camera {
  const scale = bounded(camera.scale * by);
  return { scale, x: x - ((x - camera.x) * scale) / camera.scale, y: y - ((y - camera.y) * scale) / camera.scale };
}

/** All of it. */
export function fitted(scene: Scene, width: number, height: number): Camera {
  const scale = bounded(Math.min((width - 60) / scene.width, (height - 90) / scene.height, 1.4));
  return { scale, x: (width - scene.width * scale) / 2, y: (height - scene.height * scale) / 2 };
}

/** All of it, or where that would be too small to read the beginning. */
export function beginning(scene: Scene, down: boolean, width: number, height: number): Camera {
  const all = fitted(scene, width, height);
  if (all.scale >= 0.55) return all;
  const scale = down ? Math.min(1, Math.max(all.scale, (width - 60) / scene.width)) : Math.min(1, Math.max(all.scale, (height - 90) / scene.height));
  if (scale < 0.4) return all;
  return down ? { scale, x: (width - scene.width * scale) / 2, y: 40 } : { scale, x: 30, y: (height - scene.height * scale) / 2 };
}

/** Moved as little as needed for that to be seen, and near enough to be read. */
export function showing(camera: Camera, placed: Placed, width: number, height: number): Camera {
  let found = camera;
  const room = Math.min((width - 80) / placed.width, (height - 100) / placed.height);
  if (found.scale < 0.5 && room > found.scale) found = { ...found, scale: Math.min(0.8, room) };
  const { scale } = found;
  const [x, y] = scale === camera.scale ? [found.x, found.y] : [width / 2 - (placed.x + placed.width / 2) * scale, height / 2 - (placed.y + placed.height / 2) * scale];
  return within({ scale, x, y }, placed, width, height);
}

/** Moved as little as needed for that to be seen, as large as it is. */
export function within({ scale, x, y }: Camera, placed: Placed, width: number, height: number): Camera {
  const margin = 50;
  return { scale, x: into(x, placed.x * scale, placed.width * scale, width, margin), y: into(y, placed.y * scale, placed.height * scale, height, margin) };
}

/** Whether some of it is to be seen. */
export function seen({ scale, x, y }: Camera, placed: Placed, width: number, height: number): boolean {
  const [left, top] = [placed.x * scale + x, placed.y * scale + y];
  return left < width && top < height && left + placed.width * scale > 0 && top + placed.height * scale > 0;
}

function into(shift: number, from: number, size: number, room: number, margin: number): number {
  if (size > room - 2 * margin) return from + shift > room - margin || from + size + shift < margin ? margin - from : shift;
  return Math.min(Math.max(shift, margin - from), room - margin - from - size);
}
