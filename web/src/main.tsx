// Where the page begins: with the document it holds, or with the server it came from.

import { render } from "preact";
import "./page.css";
import { App, NO_CHANGE } from "./app.tsx";
import type { Doc } from "./document.ts";
import { Live } from "./live/live.tsx";
import { Store } from "./store.ts";

const FORMAT = 1;

async function embedded(element: Element): Promise<Doc> {
  const packed = Uint8Array.from(atob(element.textContent ?? ""), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return (await new Response(stream).json()) as Doc;
}

async function begin(): Promise<void> {
  const root = document.getElementById("app")!;
  const held = document.getElementById("document");
  if (!held) return render(<Live />, root);
  const doc = await embedded(held);
  if (doc.format !== FORMAT) throw new Error(`this page shows documents of format ${FORMAT}, not ${doc.format}`);
  root.textContent = "";
  render(<App store={new Store(doc)} live={{ extra: {}, changed: NO_CHANGE }} />, root);
  root.dataset.ready = "1";
}

begin().catch((error: unknown) => {
  const root = document.getElementById("app")!;
  root.textContent = `This page cannot be shown: ${error instanceof Error ? error.message : String(error)}`;
});
