// The network: arrow keys go through it, what belongs together is lit together, and it is zoomed.
// Without this each thing and each row of the table is a link all the same.
import { select } from "./select.js";

const frame = document.querySelector(".network");
const svg = frame?.querySelector("svg.drawing");
if (svg) {
  const nodes = [...svg.querySelectorAll(".node")];
  const edges = [...svg.querySelectorAll(".edge")];
  const ends = (edge) => edge.dataset.ends.split(" ");
  const of = (node) => edges.filter((edge) => ends(edge).includes(node.dataset.node));
  const row = (edge) => document.getElementById(edge.dataset.row);
  let current = nodes[0];
  let from = nodes[0]; // the thing whose relations are gone through

  function light(mark) {
    for (const each of document.querySelectorAll(".lit")) each.classList.remove("lit");
    for (const each of svg.querySelectorAll(".dim")) each.classList.remove("dim");
    if (!mark) return;
    const shown = mark.matches(".edge") ? [mark] : of(mark);
    // All names of the relations of what is in the middle would lie over each other.
    const few = mark.matches(".edge") || !mark.matches(".focus");
    if (!few) return;
    const near = new Set([mark.dataset.node, ...shown.flatMap(ends)]);
    for (const edge of shown) {
      edge.classList.add("lit");
      row(edge)?.classList.add("lit");
    }
    for (const edge of edges) edge.classList.toggle("dim", !shown.includes(edge));
    for (const node of nodes) node.classList.toggle("dim", !near.has(node.dataset.node));
  }

  function go(mark) {
    current.tabIndex = -1;
    current = mark;
    current.tabIndex = 0;
    current.focus();
  }

  function next(list, mark, step) {
    return list[(list.indexOf(mark) + step + list.length) % list.length];
  }

  svg.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (/Left|Right/.test(event.key)) {
      from = next(nodes, from, step);
      return go(from);
    }
    const own = of(from);
    if (!own.length) return;
    go(current === from ? own.at(step > 0 ? 0 : -1) : next(own, current, step));
  });
  // An svg that listens for the focus would be a stop of the Tab key itself.
  for (const mark of [...nodes, ...edges]) {
    mark.addEventListener("focus", () => {
      if (mark.matches(".node")) from = mark;
      light(mark);
    });
    mark.addEventListener("blur", () => light());
  }
  svg.addEventListener("pointerover", ({ target }) => light(target.closest(".node, .edge")));
  svg.addEventListener("pointerleave", () => light());

  // A row is chosen, and with it its claim in all views; its links lead on as they do.
  for (const edge of edges) {
    const line = row(edge);
    line?.addEventListener("pointerenter", () => light(edge));
    line?.addEventListener("pointerleave", () => light());
    line?.addEventListener("click", ({ target }) => {
      if (line.dataset.c && !target.closest("a")) select(line.dataset.c.split(" ")[0]);
    });
  }
  // Where it stands among other things, as the answer to a query, it has neither keys nor buttons.
  frame.querySelector(".keys")?.removeAttribute("hidden");
  // What is in the middle is seen first, also where the picture is wider than the window.
  const view = svg.parentElement;
  view.scrollLeft = (view.scrollWidth - view.clientWidth) / 2;

  const buttons = frame.querySelector(".zoom");
  if (buttons && "bundle" in document.documentElement.dataset) {
    const { zoomable } = await import("../vendor/zoom.js");
    const zoom = zoomable(svg, svg.querySelector(".moved"), { max: 4 });
    buttons.hidden = false;
    for (const button of buttons.querySelectorAll("button"))
      button.addEventListener("click", () => zoom[button.dataset.zoom]());
  }
}
