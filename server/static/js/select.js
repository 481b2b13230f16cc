// One selection for all views: the claim that the address names, `#s03-2`.
//
// Whatever rests on claims carries their names in data-c="s03-2 s03-4", and is marked with the
// class `chosen` while one of them is selected. Views listen to the event "select" of document,
// whose detail is the name, or the empty string.

const NAME = /^#?(s\d+-\w+)$/;

export function selected() {
  return NAME.exec(decodeURIComponent(location.hash))?.[1] ?? "";
}

/** Select a claim: mark it in all views, keep it in the address, tell the views. */
export function select(name, { keep = true } = {}) {
  for (const each of document.querySelectorAll("[data-c].chosen")) each.classList.remove("chosen");
  if (name) {
    for (const each of document.querySelectorAll(`[data-c~="${CSS.escape(name)}"]`))
      each.classList.add("chosen");
  }
  if (keep && name !== selected())
    history.replaceState(null, "", name ? `#${name}` : location.pathname + location.search);
  // It goes along to the other pages, and to the same one in another language.
  for (const link of document.querySelectorAll("header nav a")) link.hash = name;
  document.dispatchEvent(new CustomEvent("select", { detail: name }));
}

addEventListener("hashchange", () => select(selected(), { keep: false }));
document.addEventListener("DOMContentLoaded", () => select(selected(), { keep: false }));
