// The timeline: one tab stop, arrows between its rows, and two rows to be compared.
import { select } from "./select.js";

const relation = document.getElementById("relation");
const form = relation?.querySelector("form");
let picked = [];

const links = (svg) => [...svg.querySelectorAll(".row > a:first-child")];
const rows = (name) =>
  document.querySelectorAll(`[data-row="${CSS.escape(name)}"], [id="row-${CSS.escape(name)}"]`);

function enter(svg, link) {
  for (const each of svg.querySelectorAll("a")) each.setAttribute("tabindex", "-1");
  link.setAttribute("tabindex", "0");
}

function move(event) {
  const svg = event.currentTarget;
  const link = event.target.closest("a");
  const all = links(svg);
  const row = link?.closest(".row");
  const here = all.indexOf(row?.querySelector("a"));
  const inside = row ? [...row.querySelectorAll("a")] : [];
  const at = inside.indexOf(link);
  const next = {
    ArrowDown: all[here + 1],
    ArrowUp: all[here - 1],
    ArrowRight: inside[at + 1],
    ArrowLeft: inside[at - 1],
    Home: all[0],
    End: all.at(-1),
  }[event.key];
  if (event.key === "Escape") pick([]);
  if (!next) return;
  event.preventDefault();
  enter(svg, next);
  next.focus();
}

function pick(names) {
  for (const each of document.querySelectorAll(".picked")) each.classList.remove("picked");
  picked = names;
  for (const name of names) for (const row of rows(name)) row.classList.add("picked");
  relation?.classList.toggle("timeline-near", names.length > 0);
  if (!names.length) select("");
}

/** Show name, days and words of a row, as the table has them. */
function show(name) {
  const cells = [...document.getElementById(`row-${name}`).cells].slice(0, 3);
  const parts = cells.map((cell) => {
    const part = document.createElement("div");
    part.append(...cell.cloneNode(true).childNodes);
    return part;
  });
  relation.querySelector(".timeline-answer").replaceChildren(...parts);
}

async function compare(a, b) {
  form.elements.a.value = a;
  form.elements.b.value = b;
  const address = `${form.action.split("#")[0]}?${new URLSearchParams(new FormData(form))}`;
  const answer = await fetch(address);
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = page.querySelector("#relation .timeline-answer");
  if (found) relation.querySelector(".timeline-answer").replaceChildren(...found.childNodes);
}

function choose(event) {
  const row = event.target.closest(".row");
  const other = event.ctrlKey || event.metaKey || event.shiftKey || event.button;
  if (!row || !form || other || event.target.closest(".because")) return;
  const name = row.dataset.row;
  if (picked.at(-1) === name) return; // a second time: its page
  event.preventDefault();
  pick([...picked.slice(-1), name]);
  select((row.dataset.c ?? "").split(" ")[0]);
  form.elements.a.value = picked[0];
  if (picked.length > 1) compare(...picked);
  else show(name);
}

for (const svg of document.querySelectorAll(".timeline > svg")) {
  const all = links(svg);
  if (!all.length) continue;
  enter(svg, all[0]);
  svg.addEventListener("keydown", move);
  // An svg that listens for the focus would be a stop of the Tab key itself.
  for (const link of svg.querySelectorAll("a")) link.addEventListener("focus", () => enter(svg, link));
  svg.addEventListener("click", choose);
}
