import { byId, element } from "./dom.js";

/** Pixels between a button and its menu. */
const GAP = 4;

/** The menu of a row, which all rows share (ARIA Authoring Practices, menu button). */
export class RowMenu {
  #menu = byId("row-menu");
  #button;

  /** Makes the menu ready. */
  constructor() {
    this.#menu.addEventListener("keydown", (event) => this.#onKey(event));
    this.#menu.addEventListener("toggle", (event) => {
      this.#button?.setAttribute("aria-expanded", String(event.newState === "open"));
    });
  }

  /**
   * Opens it below a button.
   *
   * @param {HTMLElement} button The button; it gets the focus back.
   * @param {string} label What the menu is for.
   * @param {{ text: string, danger?: boolean, run(): void }[]} items What can be chosen.
   */
  open(button, label, items) {
    this.#button = button;
    this.#menu.setAttribute("aria-label", label);
    this.#menu.replaceChildren(...items.map((item) => this.#makeItem(item)));
    this.#menu.showPopover();
    const { right, bottom, top } = button.getBoundingClientRect();
    const { width, height } = this.#menu.getBoundingClientRect();
    const fitsBelow = bottom + GAP + height <= innerHeight;
    this.#menu.style.left = `${Math.max(GAP, right - width)}px`;
    this.#menu.style.top = `${fitsBelow ? bottom + GAP : Math.max(GAP, top - GAP - height)}px`;
    this.#menu.firstElementChild.focus();
  }

  #makeItem({ text, danger = false, run }) {
    const item = element("button", {
      type: "button",
      role: "menuitem",
      tabindex: -1,
      class: danger ? "danger-text" : undefined,
    }, text);
    item.addEventListener("click", () => {
      this.#close();
      run();
    });
    return item;
  }

  #close() {
    this.#menu.hidePopover();
    this.#button.focus();
  }

  #onKey(event) {
    const items = [...this.#menu.children];
    const at = items.indexOf(document.activeElement);
    const targets = {
      ArrowDown: (at + 1) % items.length,
      ArrowUp: (at - 1 + items.length) % items.length,
      Home: 0,
      End: items.length - 1,
    };
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      this.#close();
    } else if (event.key in targets) {
      event.preventDefault();
      items[targets[event.key]].focus();
    }
  }
}
