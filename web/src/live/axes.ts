// A tensor of any rank as tiles of rows and columns: which axis is which, and where the others stand.

export interface Axes {
  shape: number[];
  rows: number | null;
  columns: number | null;
  tiles: number | null;
  /** for each axis the place that is looked at; of the tiles' axis the first one */
  at: number[];
}

/** Tiles at once. */
export const TILES = 36;

/** The last two axes are rows and columns, the one before them tiles. */
export function beginning(shape: number[]): Axes {
  const long = shape.map((size, axis) => (size > 1 ? axis : -1)).filter((axis) => axis >= 0);
  const image = shape.length >= 2 && shape.slice(-2).every((size) => size > 1);
  const columns = long.length ? long[long.length - 1] : shape.length ? shape.length - 1 : null;
  const rows = image ? shape.length - 2 : long.length >= 2 ? long[long.length - 2] : null;
  const tiles = long.filter((axis) => axis !== rows && axis !== columns).pop() ?? null;
  return { shape, rows, columns, tiles: rows === null || long.length < 3 ? null : tiles, at: shape.map(() => 0) };
}

/** The slice in the server's words. */
export function words(axes: Axes): string {
  return axes.shape
    .map((size, axis) => {
      if (axis === axes.rows || axis === axes.columns) return ":";
      if (axis === axes.tiles) return `${axes.at[axis]}:${Math.min(size, axes.at[axis] + TILES)}`;
      return String(axes.at[axis]);
    })
    .join(",");
}

/** The axes of a slice are in their own order: [tiles, rows, columns] of it. */
export function ordered(data: ArrayLike<number>, shape: number[], axes: Axes): { tiles: number; rows: number; columns: number; at: (tile: number, row: number, column: number) => number } {
  const kept = axes.shape.map((_, axis) => axis).filter((axis) => axis === axes.rows || axis === axes.columns || axis === axes.tiles);
  const strides = kept.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const of = (axis: number | null): [number, number] => {
    const place = axis === null ? -1 : kept.indexOf(axis);
    return place < 0 ? [1, 0] : [shape[place], strides[place]];
  };
  const [[tiles, t], [rows, r], [columns, c]] = [of(axes.tiles), of(axes.rows), of(axes.columns)];
  return { tiles, rows, columns, at: (tile, row, column) => data[tile * t + row * r + column * c] };
}
