// The query page: runs a query in place, completes its words, marks its mistakes; tables that sort.

import { select, selected } from "./select.js";

const form = document.querySelector("form.query");
const language = document.documentElement.lang;
const MOST = 30; // completions shown at once

let turns = 0;

// Tables: a click on a heading sorts by its column, as numbers where all of it is numbers.

const order = new Intl.Collator(language, { numeric: true, sensitivity: "base" });

function sortable(table) {
  const [head] = table.tHead.rows;
  for (const [at, cell] of [...head.cells].entries()) {
    if (cell.classList.contains("fixed")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...cell.childNodes);
    if (form) button.title = form.dataset.sort;
    cell.append(button);
    button.addEventListener("click", () => {
      const down = cell.getAttribute("aria-sort") === "ascending";
      for (const each of head.cells) each.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      const [body] = table.tBodies;
      const text = (row) => row.cells[at].textContent.trim();
      const rows = [...body.rows].sort((a, b) => order.compare(text(a), text(b)));
      body.append(...(down ? rows.reverse() : rows));
    });
  }
}

// What can be copied has a button for it.

function copyable(pre) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain-button copy";
  button.textContent = form.dataset.copy;
  button.addEventListener("click", () => copy(button, pre.textContent));
  pre.before(button);
}

async function copy(button, text) {
  await navigator.clipboard.writeText(text);
  const before = button.textContent;
  button.textContent = form.dataset.copied;
  setTimeout(() => (button.textContent = before), 2000);
}

/** Make the drawings of a part of the page one tab stop each, by the scripts of their own pages. */
function enliven(part) {
  turns += 1;
  for (const name of ["timeline", "map", "network"]) {
    // Another fragment is another module: it runs again, over what has come since.
    if (part.querySelector(`.${name}`)) import(`./${name}.js#${turns}`);
  }
}

function dress(part) {
  enliven(part);
  for (const table of part.querySelectorAll("table.sortable")) sortable(table);
  if (form && navigator.clipboard) for (const pre of part.querySelectorAll(".reuse pre")) copyable(pre);
}

// The words of the graph, asked for once, when they are first needed.

let asked;
const words = () => (asked ??= fetch(form.dataset.words).then((answer) => answer.json()));
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const inLanguage = (told) => told[language] ?? told.en ?? Object.values(told)[0] ?? "";

/** How well what was typed fits a name: at its beginning, at that of a word, within; else not. */
function fit(name, typed) {
  const at = plain(name).indexOf(typed);
  if (at === 0) return name.length === typed.length ? 0 : 1;
  return at < 0 ? Infinity : /[\s:-]/.test(name[at - 1]) ? 2 : 3;
}

async function complete(prefix) {
  const typed = plain(prefix.replace(/^[^:]*:$/, ""));
  const { terms } = await words();
  const found = [];
  for (const term of terms) {
    if (prefix.endsWith(":") && !term.name.startsWith(prefix)) continue;
    let best = Math.min(fit(term.name, typed), fit(term.name.replace(/^\w*:/, ""), typed));
    let by = "";
    for (const name of [...Object.values(term.labels), ...term.also]) {
      const how = fit(name, typed);
      if (how < best) [best, by] = [how, name];
    }
    if (best < Infinity) found.push({ term, best, by });
  }
  found.sort((a, b) => a.best - b.best || order.compare(inLanguage(a.term.labels), inLanguage(b.term.labels)));
  return found.slice(0, MOST).map(({ term, by }) => {
    const label = inLanguage(term.labels);
    return {
      label,
      detail: [by && by !== label ? by : "", term.name].filter(Boolean).join(" · "),
      apply: term.name.replaceAll("/", "\\/"),
    };
  });
}

async function hover(word) {
  const { terms, prefixes } = await words();
  const prefix = Object.keys(prefixes).find((each) => word.startsWith(`<${prefixes[each]}`));
  const name = prefix ? `${prefix}:${word.slice(prefixes[prefix].length + 1, -1)}` : word;
  const term = terms.find((each) => each.name === name);
  return term ? { label: inLanguage(term.labels), detail: inLanguage(term.about) || term.name } : null;
}

// The field: an editor where there is one, in a shadow tree so that its styles need no exception
// from the policy of the page.

const area = form?.querySelector("textarea");
let editor = null;

async function mount() {
  let made;
  try {
    made = (await import("../vendor/editor.js")).editor;
  } catch {
    return; // the plain field does the same
  }
  const host = document.createElement("div");
  host.className = "editor";
  const shadow = host.attachShadow({ mode: "open" });
  const keys = document.querySelector(".keys");
  const told = document.createElement("p");
  told.id = "keys";
  told.hidden = true;
  told.textContent = keys.textContent;
  const box = document.createElement("div");
  shadow.append(told, box);
  area.after(host);
  editor = made(box, {
    value: area.value,
    label: form.querySelector("label[for=q]").textContent,
    describedBy: "keys",
    phrases: JSON.parse(form.dataset.phrases),
    onRun: run,
    onChange: (text) => (area.value = text),
    complete,
    hover,
  });
  area.hidden = true;
  keys.hidden = false;
  form.querySelector("label[for=q]").addEventListener("click", () => editor.focus());
  mark();
}

function mark() {
  const place = document.querySelector("#error[data-line], .failing[data-line]");
  const line = Number(place?.dataset.line ?? 0);
  const message = (place?.querySelector("strong") ?? place?.previousElementSibling)?.textContent ?? "";
  editor?.mark(line ? [{ line, column: Number(place.dataset.column), message }] : []);
}

function set(text) {
  area.value = text;
  if (editor && editor.value() !== text) editor.set(text);
}

// Answers come in the place of the last one; the address is that of the page that would come.

let waiting = new AbortController();

async function show(address, { keep = true, text = true } = {}) {
  waiting.abort(); // who asks again no longer waits for the last answer
  const { signal } = (waiting = new AbortController());
  const section = document.querySelector("#answer");
  section.setAttribute("aria-busy", "true");
  const body = await fetch(address, { headers: { Accept: "text/html" }, signal })
    .then((answer) => answer.text())
    .catch(() => "");
  if (signal.aborted) return null;
  const page = new DOMParser().parseFromString(body, "text/html");
  const found = page.querySelector("#answer");
  if (!found) return location.assign(address); // let the browser tell what is wrong
  if (keep) history.pushState(null, "", address);
  section.replaceWith(found);
  const languages = page.querySelector("nav.languages");
  if (languages) document.querySelector("nav.languages")?.replaceWith(languages);
  if (text) set(page.querySelector("#q").value);
  const graph = form.elements.graph;
  if (graph) graph.value = page.querySelector("#graph").value;
  dress(found);
  mark();
  select(selected(), { keep: false });
  document.dispatchEvent(new CustomEvent("drawn", { detail: found }));
  form.querySelector(".said").textContent = found.querySelector(".count")?.textContent ?? "";
  return found;
}

function run() {
  const told = new URLSearchParams(new FormData(form));
  if (!told.get("graph")) told.delete("graph");
  show(`${form.action}?${told}`, { text: false });
}

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
  });
  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.(".views a, .examples a, .nearest");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    if (link.ariaCurrent) return; // it is what is seen
    const view = link.dataset.view;
    const found = await show(link.href);
    if (view) found?.querySelector(`.views a[data-view="${view}"]`)?.focus();
  });
  addEventListener("popstate", () => show(location.href, { keep: false }));
  const link = form.querySelector(".copy-link");
  if (navigator.clipboard) {
    link.hidden = false;
    link.addEventListener("click", () => copy(link, location.href));
  }
  if ("bundle" in document.documentElement.dataset) mount();
}
dress(document);
