/* Builds the parts of others that pages can do without into server/static/vendor/.
 *
 * Each `web/<name>.js` becomes one bundle of that name: an ES module, or, where GLOBALS gives it the
 * name of a global, a script that can stand inside a page. Fonts and the engine are copied. The same
 * inputs give the same bytes; `manifest.json`, written last, tells both by their SHA-256, and
 * hatch_build.py runs this only where they differ.
 */

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUT = join(HERE, "../server/static/vendor");
const INPUT = /\.(js|mjs|json)$|^\.npmrc$/; // the same as in hatch_build.py
const GLOBALS = { offline: "Cassibile" };
const FACES = [
  // family, package, file, weight, style
  ["Source Serif 4", "@fontsource-variable/source-serif-4", "source-serif-4-latin-wght-normal", "200 900", "normal"],
  ["Source Serif 4", "@fontsource-variable/source-serif-4", "source-serif-4-latin-wght-italic", "200 900", "italic"],
  ["Source Sans 3", "@fontsource-variable/source-sans-3", "source-sans-3-latin-wght-normal", "200 900", "normal"],
  ["IBM Plex Mono", "@fontsource/ibm-plex-mono", "ibm-plex-mono-latin-400-normal", "400", "normal"],
];

const bytes = (name) => readFileSync(join(HERE, name));
const json = (name) => JSON.parse(bytes(name));
const digest = (content) => createHash("sha256").update(content).digest("hex");
const digests = (files) => Object.fromEntries(files.map(([name, content]) => [name, digest(content)]));

/* Return the bundles of all `web/<name>.js`. */
async function bundles() {
  const names = readdirSync(HERE).filter((name) => name.endsWith(".js")).sort();
  const built = names.map(async (name) => {
    const globalName = GLOBALS[name.replace(/\.js$/, "")];
    const { outputFiles } = await build({
      absWorkingDir: HERE,
      entryPoints: [name],
      bundle: true,
      minify: true,
      write: false,
      charset: "utf8",
      target: "es2022",
      legalComments: "none", // all of them are in LICENCES.txt
      // The engine looks for its file beside itself only if it is not given one.
      ...(globalName ? { format: "iife", globalName, define: { "import.meta.url": '""' } } : { format: "esm" }),
    });
    return [name, outputFiles[0].contents];
  });
  return Promise.all(built);
}

/* Return the fonts and their stylesheet. `optional`: a font that comes late never moves the text, so
 * a page preloads those that it begins with. */
function fonts() {
  const files = FACES.map(([, from, file]) => [`fonts/${file}.woff2`, bytes(`node_modules/${from}/files/${file}.woff2`)]);
  const rules = FACES.map(([family, from, file, weight, style]) => {
    const { latin } = json(`node_modules/${from}/unicode.json`);
    return `@font-face {
  font-family: "${family}"; font-style: ${style}; font-weight: ${weight}; font-display: optional;
  src: url("${file}.woff2") format("woff2");
  unicode-range: ${latin};
}
`;
  });
  return [...files, ["fonts/fonts.css", Buffer.from(rules.join(""))]];
}

/* Return the licence of every package that something shipped is made from. */
function licences() {
  const { packages } = json("package-lock.json");
  const shipped = Object.keys(packages).filter((path) => path && !packages[path].dev).sort();
  const texts = shipped.map((path) => {
    const { name, version, license } = json(`${path}/package.json`);
    return `${"=".repeat(78)}\n${name} ${version}\nLicence: ${license}\n\n${text(path, name, license).trim()}\n`;
  });
  return Buffer.from(`Parts of others in this folder, and their licences.\n\n${texts.join("\n")}`);
}

function text(path, name, license) {
  const files = readdirSync(join(HERE, path)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
  if (files.length) return files.map((file) => bytes(`${path}/${file}`).toString()).join("\n");
  if (/\bApache-2\.0\b/.test(license)) return bytes("../LICENSE").toString(); // the same text
  throw new Error(`${name} carries no text of its licence, ${license}: find it before it is shipped`);
}

const outputs = [
  ...(await bundles()),
  ...fonts(),
  ["oxigraph.wasm", bytes("node_modules/oxigraph/web_bg.wasm")],
  ["LICENCES.txt", licences()],
].sort(([one], [other]) => (one < other ? -1 : 1));
const inputs = readdirSync(HERE).filter((name) => INPUT.test(name)).sort().map((name) => [name, bytes(name)]);
const manifest = { inputs: digests(inputs), outputs: digests(outputs) };

rmSync(OUT, { recursive: true, force: true });
mkdirSync(join(OUT, "fonts"), { recursive: true });
for (const [name, content] of outputs) writeFileSync(join(OUT, name), content);
writeFileSync(join(OUT, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
