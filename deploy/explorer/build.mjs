// Writes what the gateway serves, compressed: services/gateway/explorer/static. With the licences of what is in it.
import { build } from "esbuild";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const target = fileURLToPath(new URL("../../services/gateway/explorer/static/", import.meta.url));
const common = {
  bundle: true, minify: true, write: false, target: "es2022", legalComments: "eof",
  define: { "process.env.NODE_ENV": '"production"' }, loader: { ".ttf": "dataurl" }, logLevel: "warning",
};
const page = await build({
  ...common, format: "esm", entryPoints: { explorer: "main.jsx" }, outdir: "out", jsx: "automatic",
});
const workers = await build({
  ...common, format: "iife", outdir: "out",
  entryPoints: {
    "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
    "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
    "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
  },
});
mkdirSync(target, { recursive: true });
for (const old of readdirSync(target)) rmSync(target + old);
for (const file of [...page.outputFiles, ...workers.outputFiles]) {
  const name = file.path.split("/").at(-1);
  writeFileSync(`${target}${name}.gz`, gzipSync(file.contents, { level: 9 }));
}
