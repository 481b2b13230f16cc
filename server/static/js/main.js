// What every page has: the theme, the keys, and the selection that all views share.
import "./select.js";
import "./keys.js";

const THEMES = ["system", "light", "dark"];
const root = document.documentElement;
const button = document.querySelector("button.theme");

function show(theme) {
  button.dataset.theme = theme;
  button.setAttribute("aria-label", button.dataset[theme]);
  button.title = button.dataset[theme];
}

if (button) {
  show(root.dataset.theme ?? "system");
  button.hidden = false;
  button.addEventListener("click", () => {
    const theme = THEMES[(THEMES.indexOf(button.dataset.theme) + 1) % THEMES.length];
    const year = theme === "system" ? 0 : 31_536_000;
    document.cookie = `theme=${theme}; path=/; max-age=${year}; samesite=lax`;
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    show(theme);
  });
}

root.dataset.ready = "";
