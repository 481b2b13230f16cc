// The reading view: choosing a claim in the text shows its evidence card, without leaving.
import { key } from "./keys.js";
import { select, selected } from "./select.js";

const aside = document.querySelector(".evidence");
const close = aside.querySelector(".close");
const refs = [...document.querySelectorAll(".text .ref")];
const firsts = refs.filter((ref) => ref.id);
const cards = new Map([[aside.querySelector(".card")?.dataset.claim, aside.querySelector(".card")]]);

async function read(address) {
  const page = await (await fetch(address)).text();
  return new DOMParser().parseFromString(page, "text/html").querySelector(".card");
}

function card(name) {
  if (!cards.has(name)) {
    const ref = firsts.find((each) => each.id === name);
    cards.set(name, read(`${ref.href}?part=card`));
  }
  return cards.get(name);
}

document.addEventListener("select", async ({ detail: name }) => {
  if (!firsts.some((each) => each.id === name)) return;
  rove(firsts.find((each) => each.id === name));
  const shown = await card(name);
  if (shown && selected() === name) {
    aside.querySelector(".card").replaceWith(shown);
    aside.classList.add("open");
  }
});

// A click on words goes through the claims that they lie under, the one with fewest words first.
document.querySelector("article").addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const ref = event.target.closest(".ref");
  const segment = event.target.closest(".seg[data-c]");
  if (ref) {
    event.preventDefault();
    select(ref.dataset.c);
  } else if (segment && !String(getSelection())) {
    const names = segment.dataset.c.split(" ");
    select(names[(names.indexOf(selected()) + 1) % names.length]);
  }
});

// What may be chosen next is fetched before it is.
document.querySelector("article").addEventListener("pointerover", ({ target }) => {
  const [name] = target.closest("[data-c]")?.dataset.c.split(" ") ?? [];
  if (name && firsts.some((each) => each.id === name)) card(name);
});

aside.addEventListener("click", (event) => {
  const step = event.target.closest("[data-select]");
  if (step && firsts.some((each) => each.id === step.dataset.select)) {
    event.preventDefault();
    go(firsts.find((each) => each.id === step.dataset.select));
  }
});

// The numbers are one stop of the Tab key; arrows, or j and k, go from one to the next.
function rove(ref) {
  for (const each of refs) each.tabIndex = each === ref ? 0 : -1;
}

function go(ref) {
  rove(ref);
  ref.focus({ preventScroll: true });
  ref.scrollIntoView({ block: "nearest" });
  select(ref.dataset.c);
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && aside.classList.contains("open")) shut();
  const pressed = key(event);
  const at = refs.indexOf(document.activeElement);
  if (at >= 0 && /^Arrow(Left|Right)$/.test(event.key)) {
    event.preventDefault();
    go(refs[bounded(at + (event.key === "ArrowRight" ? 1 : -1), refs)]);
  } else if (pressed === "j" || pressed === "k") {
    const now = firsts.findIndex((each) => each.id === selected());
    go(firsts[bounded(now + (pressed === "j" ? 1 : -1), firsts)]);
  } else if (pressed === "h") {
    const marks = [...document.querySelectorAll(".marks input")];
    marks[(marks.findIndex((each) => each.checked) + 1) % marks.length].click();
  }
});

function bounded(place, list) {
  return Math.max(0, Math.min(list.length - 1, place));
}

function shut() {
  aside.classList.remove("open");
  document.querySelector(`.ref[id="${CSS.escape(selected())}"]`)?.focus();
}

for (const link of document.querySelectorAll('a[href="#marks-uncovered"]'))
  link.addEventListener("click", () => document.querySelector("#marks-uncovered").click());

close.hidden = false;
close.addEventListener("click", shut);
rove(firsts.find((each) => each.id === selected()) ?? firsts[0]);
if (selected()) select(selected(), { keep: false });
