// What is seen of a value, large: its picture, its statistics, how its elements are spread.

import { useEffect, useRef } from "preact/hooks";
import type { Histogram, Made, Preview, Statistics } from "./document.ts";
import { num, percent } from "./format.ts";
import { caption, grid, picture } from "./picture.ts";
import { onTheme, theme } from "./theme.ts";

/** Paints into a canvas of that size, again where the page turns dark. */
export function Canvas({ width, height, label, paint, deps }: {
  width: number; height: number; label: string; paint: (to: CanvasRenderingContext2D) => void; deps: unknown[];
}) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const again = (): void => {
      const canvas = ref.current;
      if (!canvas) return;
      const ratio = devicePixelRatio || 1;
      [canvas.width, canvas.height] = [width * ratio, height * ratio];
      const to = canvas.getContext("2d")!;
      to.setTransform(ratio, 0, 0, ratio, 0, 0);
      to.clearRect(0, 0, width, height);
      paint(to);
    };
    again();
    return onTheme(again);
  }, [width, height, ...deps]);
  return <canvas ref={ref} role="img" aria-label={label} style={{ width: `${width}px`, height: `${height}px` }} />;
}

export const WIDE = 316;

export function Seen({ seen, name }: { seen: Preview; name: string }) {
  const height = tall(seen);
  return (
    <figure>
      <Canvas width={WIDE} height={height} label={`Picture of ${name}: ${seen.caption}`} deps={[seen]} paint={(to) => picture(to, seen, theme(), [0, 2, WIDE, height - 4], 1e9, false)} />
      <figcaption>
        {caption(seen)}
        {sampled(seen)}
      </figcaption>
    </figure>
  );
}

function tall(seen: Preview): number {
  if (seen.kind === "numbers") return Math.max(...seen.columns.map((column) => column.length)) * 20 + 8;
  if (seen.kind === "bars" || seen.kind === "histogram") return 110;
  if (seen.kind === "heat") return Math.max(48, Math.min(300, WIDE * Math.max(0.2, Math.min(1, seen.shape[0] / seen.shape[1]))));
  const place = grid(seen.tiles, seen.shape[1] / seen.shape[0], WIDE, 330);
  return Math.ceil(seen.tiles / place.across) * (place.height + 3) + 4;
}

/** Pictures have 8 bits a pixel, and of large outputs every nth. */
function sampled(seen: Preview): string {
  if (seen.kind !== "heat" && seen.kind !== "maps") return "";
  const every = Math.max(Math.ceil(seen.shape[0] / seen.rows), Math.ceil(seen.shape[1] / seen.columns));
  return ` · ${every > 1 ? `every ${nth(every)} row and column, ` : ""}256 shades`;
}

const nth = (n: number): string => (n === 2 ? "2nd" : n === 3 ? "3rd" : `${n}th`);

export function StatisticsTable({ found, beside, names }: { found: Statistics; beside?: Statistics | null; names?: [string, string] }) {
  const rows: [string, (s: Statistics) => string][] = [
    ["mean", (s) => num(s.mean, 6)],
    ["std", (s) => num(s.std, 6)],
    ["min", (s) => num(s.min, 6)],
    ["max", (s) => num(s.max, 6)],
    ["zeros", (s) => percent(Number(s.zeros))],
    ["NaN", (s) => s.nan.toLocaleString("en")],
    ["Inf", (s) => s.inf.toLocaleString("en")],
  ];
  const kept = rows.filter(([name, of]) => !["NaN", "Inf"].includes(name) || of(found) !== "0" || (beside && of(beside) !== "0"));
  return (
    <table class="facts">
      {beside && names && (
        <thead>
          <tr>
            <td />
            <th scope="col">{names[0]}</th>
            <th scope="col">{names[1]}</th>
          </tr>
        </thead>
      )}
      <tbody>
        {kept.map(([name, of]) => (
          <tr key={name} class={["NaN", "Inf"].includes(name) ? "bad" : ""}>
            <th scope="row">{name}</th>
            <td>{of(found)}</td>
            {beside && <td>{of(beside)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function HistogramPicture({ found }: { found: Histogram }) {
  const seen: Preview = { kind: "histogram", counts: found.counts, low: found.low, high: found.high, caption: "" };
  const most = Math.max(...found.counts);
  return (
    <figure>
      <Canvas width={WIDE} height={76} label={`Histogram from ${num(found.low)} to ${num(found.high)}`} deps={[found]} paint={(to) => picture(to, seen, theme(), [0, 0, WIDE, 74], 1e9, false)} />
      <figcaption class="ends">
        <span>{num(found.low)}</span>
        <span>at most {most.toLocaleString("en")} in a bin</span>
        <span>{num(found.high)}</span>
      </figcaption>
    </figure>
  );
}

/** What is seen of it is but its histogram, which stands below. */
const spread = (made: Made): boolean => made.preview?.kind === "histogram" && !!made.histogram;

export function MadeView({ made, name, beside, names }: { made: Made; name: string; beside?: Made | undefined; names?: [string, string] }) {
  return (
    <>
      {made.preview && !spread(made) && <Seen seen={made.preview} name={name} />}
      {beside?.preview && !spread(beside) && (
        <>
          <p class="quiet">{names?.[1]}</p>
          <Seen seen={beside.preview} name={`${name}, ${names?.[1]}`} />
        </>
      )}
      {made.statistics && <StatisticsTable found={made.statistics} {...(beside?.statistics && names ? { beside: beside.statistics, names } : {})} />}
      {made.histogram && <HistogramPicture found={made.histogram} />}
      {!made.preview && !made.statistics && <p class="quiet">{/^(sequence|map|optional|None|nothing)/.test((made as { dtype?: string | null }).dtype ?? "") ? "no tensor of its own: there is no picture of it" : "not stored in this run"}</p>}
    </>
  );
}
