import { byId, element, setAttribute, setText, show } from "./dom.js";

/** Milliseconds that a notice stays. */
const SHOWN_FOR = 6000;
/** How many lines are kept for screen readers. */
const LINES_MAX = 20;

/** The page's messages: a banner while something is wrong, a notice, a line for screen readers. */
export class Notices {
  #banner = byId("banner");
  #action = byId("banner-action");
  #notice = byId("notice");
  #onAction;
  #timer;

  /** Makes the banner's button ready. */
  constructor() {
    this.#action.addEventListener("click", () => this.#onAction?.());
  }

  /**
   * Shows the banner.
   *
   * @param {string} text What is wrong.
   * @param {{ text: string, run(): void } | undefined} action What its button does.
   */
  warn(text, action) {
    setText(byId("banner-text"), text);
    this.#onAction = action?.run;
    setText(this.#action, action?.text ?? "");
    show(this.#action, action !== undefined);
    show(this.#banner, true);
  }

  /** Removes the banner. */
  clear() {
    if (this.#banner.hidden) return;
    if (this.#banner.contains(document.activeElement)) byId("servers-heading").focus();
    show(this.#banner, false);
  }

  /** Shows a line for a while. */
  tell(text, isBad = false) {
    clearTimeout(this.#timer);
    setAttribute(this.#notice, "data-level", isBad ? "bad" : undefined);
    setText(this.#notice, text);
    this.#timer = setTimeout(() => setText(this.#notice, ""), SHOWN_FOR);
  }

  /** Says a line to those who listen to the page. */
  announce(text) {
    const announcer = byId("announcer");
    announcer.append(element("p", {}, text));
    while (announcer.children.length > LINES_MAX) announcer.firstElementChild.remove();
  }
}
