// Builds the page into the package, under fixed names. `node build.mjs DIR` builds elsewhere, to compare.
import { build } from "esbuild";

const outdir = process.argv[2] ?? "../src/laminae/see/_web";
await build({
  entryPoints: { page: "src/main.tsx" },
  outdir,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome100", "firefox113", "safari16.4"],
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
  legalComments: "none",
  banner: { js: "// Laminae's page, built from web/ (npm run build). With Preact, MIT licence, (c) Jason Miller." },
  logLevel: "warning",
});
