"use strict";
(() => {
  const main = document.querySelector("main"), svg = main.querySelector("svg"), field = document.querySelector("input");
  const told = document.querySelector("output"), wide = svg.viewBox.baseVal.width, high = svg.viewBox.baseVal.height;
  const groups = [...svg.querySelectorAll("g")].filter((g) => g.firstElementChild && g.firstElementChild.tagName === "title");
  let scale = 1, x = 0, y = 0, hits = [], at = -1;
  const show = () => { svg.style.transform = `translate(${x}px,${y}px) scale(${scale})`; };
  const all = () => {
    scale = Math.min(main.clientWidth / wide, main.clientHeight / high);
    x = (main.clientWidth - wide * scale) / 2; y = (main.clientHeight - high * scale) / 2; show();
  };
  const start = () => {
    all();
    const least = Math.min(1, main.clientWidth / wide);
    if (scale < least && high > wide) { scale = least; x = (main.clientWidth - wide * scale) / 2; y = 0; show(); }
  };
  const zoom = (by, cx = main.clientWidth / 2, cy = main.clientHeight / 2) => {
    const next = Math.min(8, Math.max(0.02, scale * by));
    x = cx - ((cx - x) * next) / scale; y = cy - ((cy - y) * next) / scale; scale = next; show();
  };
  const step = (dx, dy) => { x += dx; y += dy; show(); };
  const keys = {
    ArrowLeft: () => step(60, 0), ArrowRight: () => step(-60, 0), ArrowUp: () => step(0, 60), ArrowDown: () => step(0, -60),
    "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), "0": all,
  };
  const go = (by) => {
    if (!hits.length) return;
    hits.forEach((g) => g.classList.remove("found"));
    at = (at + by + hits.length) % hits.length;
    const hit = hits[at], box = hit.getBoundingClientRect();
    hit.classList.add("found");
    if (scale < 0.6) zoom(0.9 / scale, box.left + box.width / 2, box.top + box.height / 2);
    const now = hit.getBoundingClientRect();
    step(main.clientWidth / 2 - now.left - now.width / 2, main.clientHeight / 2 - now.top - now.height / 2);
    told.textContent = `${at + 1} of ${hits.length}`;
  };
  const search = () => {
    hits.forEach((g) => g.classList.remove("found"));
    const word = field.value.trim().toLowerCase();
    hits = word ? groups.filter((g) => g.firstElementChild.textContent.toLowerCase().includes(word)) : [];
    at = -1; told.textContent = word && !hits.length ? "none" : "";
    go(1);
  };
  let held = null;
  main.addEventListener("pointerdown", (e) => { held = [e.clientX, e.clientY]; main.setPointerCapture(e.pointerId); });
  main.addEventListener("pointermove", (e) => {
    if (held) { step(e.clientX - held[0], e.clientY - held[1]); held = [e.clientX, e.clientY]; }
  });
  main.addEventListener("pointerup", () => { held = null; });
  main.addEventListener("pointercancel", () => { held = null; });
  main.addEventListener("wheel", (e) => { e.preventDefault(); zoom(Math.exp(-e.deltaY / 500), e.clientX, e.clientY); }, { passive: false });
  main.addEventListener("keydown", (e) => { if (keys[e.key]) { e.preventDefault(); keys[e.key](); } });
  document.addEventListener("keydown", (e) => { if (e.key === "/" && document.activeElement !== field) { e.preventDefault(); field.focus(); } });
  field.addEventListener("input", search);
  field.addEventListener("keydown", (e) => {
    if (e.key === "Enter") go(e.shiftKey ? -1 : 1);
    if (e.key === "Escape") { field.value = ""; search(); main.focus(); }
  });
  document.querySelector("header").addEventListener("click", (e) => {
    const what = e.target.dataset.do;
    if (what === "in") zoom(1.25); else if (what === "out") zoom(0.8); else if (what === "fit") all();
  });
  addEventListener("resize", start);
  start();
})();
