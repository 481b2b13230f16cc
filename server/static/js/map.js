// A map that is complete without this: one stop for the keyboard, and zoom where there is a part
// for it. Marks are moved, and never grow, so that names keep their size.

const WIDTHS = { w: 640, m: 440, n: 0 }; // pixels from which names stand so, see styles/map.css
const NEAR = 4; // times, from which a name that had no room is tried again

for (const map of document.querySelectorAll(".map")) {
  const marks = [...map.querySelectorAll(".mark")];
  if (!marks.length) continue;
  walk(marks);
  choose(marks);
  const buttons = map.parentElement.querySelector(":scope > .map-buttons");
  if (buttons && "bundle" in document.documentElement.dataset) zoom(map, marks, buttons);
}

/** Make the marks one stop: arrows go from one to the next, Home and End to the ends. */
function walk(marks) {
  const stop = (mark) => {
    for (const each of marks) each.setAttribute("tabindex", each === mark ? 0 : -1);
  };
  stop(marks.find((mark) => mark.classList.contains("focus")) ?? marks[0]);
  for (const [index, mark] of marks.entries()) {
    mark.addEventListener("focus", () => stop(mark));
    mark.addEventListener("keydown", (event) => {
      const ends = { Home: 0, End: marks.length - 1 };
      const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
      const step = steps[event.key];
      const next = step ? (index + step + marks.length) % marks.length : ends[event.key];
      if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      marks[next].focus();
    });
  }
}

/** Mark the place whose row of the list is named by the address. */
function choose(marks) {
  const show = () => {
    for (const mark of marks)
      mark.classList.toggle("focus", mark.getAttribute("href") === decodeURIComponent(location.hash));
  };
  if (location.hash.startsWith("#place-")) show();
  addEventListener("hashchange", show);
}

async function zoom(map, marks, buttons) {
  const { zoomable } = await import("../vendor/zoom.js");
  const base = map.querySelector(".base");
  const { width, height } = base.viewBox.baseVal;
  const share = (node, side) => parseFloat(node.getAttribute(side)) / 100;
  const places = marks.map((mark) => {
    const node = mark.querySelector(".at");
    return { mark, node, shape: mark.querySelector(".shape"), x: share(node, "x"), y: share(node, "y") };
  });
  const drawn = new Map(marks.map((mark) => [mark, mark.getAttribute("class")]));
  const place = ({ k, x, y }) => {
    const wide = Object.keys(WIDTHS).find((each) => map.clientWidth * k >= WIDTHS[each]);
    for (const { mark, node, shape, ...at } of places) {
      node.setAttribute("x", `${((at.x * width * k + x) / width) * 100}%`);
      node.setAttribute("y", `${((at.y * height * k + y) / height) * 100}%`);
      shape?.setAttribute("viewBox", `${-x / k} ${-y / k} ${width / k} ${height / k}`);
      mark.setAttribute("class", sided(drawn.get(mark), mark, wide));
    }
    if (k >= NEAR) reveal(marks);
  };
  const controls = zoomable(base, base.querySelector("g"), { onZoom: place });
  for (const button of buttons.querySelectorAll("button"))
    button.addEventListener("click", () => controls[button.dataset.do]());
  buttons.hidden = false;
}

/** Return the classes of a mark with its name on the side that it has on a map as wide. */
function sided(classes, mark, wide) {
  const side = new RegExp(`\\b${wide}-(.)`).exec(classes)[1];
  const signs = ["focus", "chosen"].filter((sign) => mark.classList.contains(sign));
  const kept = classes.split(" ").filter((each) => !/^(.-.|focus|chosen)$/.test(each));
  return [...kept, ...signs, ...named(side)].join(" ");
}

function named(side) {
  return Object.keys(WIDTHS).map((width) => `${width}-${side}`);
}

/** Show the names that had no room, where there is some now. */
function reveal(marks) {
  const box = (mark) => mark.querySelector("text").getBoundingClientRect();
  const apart = (a, b) => a.right < b.left || b.right < a.left || a.bottom < b.top || b.bottom < a.top;
  for (const mark of marks) {
    if (!mark.classList.contains("n-x")) continue;
    mark.classList.remove(...named("x"));
    mark.classList.add(...named("r"));
    const own = box(mark);
    if (marks.every((other) => other === mark || apart(own, box(other)))) continue;
    mark.classList.remove(...named("r"));
    mark.classList.add(...named("x"));
  }
}
