// Which turn of a Loop is looked at: what stands in its body ran once in each.

import type { Store } from "./store.ts";
import { turns } from "./store.ts";

export function Turns({ store, at, place }: { store: Store; at: number; place: number }) {
  const places = turns(store.doc.nodes[at]);
  if (places.length < 2) return null;
  const now = places.indexOf(place);
  const go = (turn: number): void => {
    if (turn in places) store.select(at, places[turn]);
  };
  return (
    <p class="turns">
      <button type="button" class="icon" aria-label="The turn before" disabled={now === 0} onClick={() => go(now - 1)}>
        ‹
      </button>
      <label>
        turn <input type="number" min={1} max={places.length} value={now + 1} onInput={(event) => go(event.currentTarget.valueAsNumber - 1)} /> of {places.length.toLocaleString("en")}
      </label>
      <button type="button" class="icon" aria-label="The turn after" disabled={now === places.length - 1} onClick={() => go(now + 1)}>
        ›
      </button>
    </p>
  );
}
