// Keys for readers who know them: the accessibility page lists them, and switches them off.

const OFF = /(?:^|; )keys=off/;

/** Return the key that is pressed for us; nothing while something is typed or they are off. */
export function key(event) {
  const { target } = event;
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.shadowRoot;
  const ours = !(event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented);
  return ours && !typing && !OFF.test(document.cookie) ? event.key : "";
}

document.addEventListener("keydown", (event) => {
  const pressed = key(event);
  if (!pressed) return;
  if (pressed === "/") {
    event.preventDefault();
    document.querySelector("form.search input")?.focus();
  } else if (pressed === "?") {
    document.querySelector("a.keys")?.click();
  } else {
    document.querySelector(`nav.pages a[data-key="${CSS.escape(pressed)}"]`)?.click();
  }
});

const switched = document.querySelector("input.keys");
if (switched) {
  switched.closest("[hidden]")?.removeAttribute("hidden");
  switched.checked = !OFF.test(document.cookie);
  switched.addEventListener("change", () => {
    const year = switched.checked ? 0 : 31_536_000;
    document.cookie = `keys=off; path=/; max-age=${year}; samesite=lax`;
  });
}
