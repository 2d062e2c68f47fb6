// The theme: the system's, unless another one was chosen in this browser before. A classic script,
// so that it runs before the first paint.

const THEME_KEY = "ballast-theme";

/** The chosen theme; the system's if none was chosen or nothing can be stored. */
function readTheme() {
  try {
    const choice = localStorage.getItem(THEME_KEY);
    return choice === "light" || choice === "dark" ? choice : "system";
  } catch {
    return "system";
  }
}

/** Sets the theme of the page. */
function applyTheme(choice) {
  const root = document.documentElement;
  if (choice === "system") delete root.dataset.theme;
  else root.dataset.theme = choice;
  // Charts are painted, not styled, so they have to be told.
  document.dispatchEvent(new CustomEvent("themechange"));
}

/** Sets the theme, and keeps it for the next time. */
function chooseTheme(choice) {
  try {
    if (choice === "system") localStorage.removeItem(THEME_KEY);
    else localStorage.setItem(THEME_KEY, choice);
  } catch {
    // It then lasts as long as the page.
  }
  applyTheme(choice);
}

applyTheme(readTheme());
matchMedia("(prefers-color-scheme: dark)").addEventListener(
  "change",
  () => applyTheme(readTheme()),
);
document.addEventListener("DOMContentLoaded", () => {
  const select = document.getElementById("theme");
  select.value = readTheme();
  select.addEventListener("change", () => chooseTheme(select.value));
});
