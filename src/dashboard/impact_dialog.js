import { byId, element, setText, show } from "./dom.js";
import { formatShare, visibleText } from "./format.js";

/** How many servers are listed. */
const SHOWN_MAX = 12;
/** Shares that differ by less look the same. */
const DIFFERENCE_MIN = 0.0005;

/** The dialog that says what a change would do, and asks whether to go on. */
export class ImpactDialog {
  #dialog = byId("impact-dialog");

  /**
   * Asks.
   *
   * @param {{ title: string, text: string, warning: string, action: string,
   * shares: { url: string, name: string, before: number, after: number }[] }} question What is to
   * be decided; an empty warning is none.
   * @returns {Promise<boolean>} Whether to go on.
   */
  async ask({ title, text, warning, action, shares }) {
    setText(byId("impact-title"), title);
    setText(byId("impact-text"), text);
    setText(byId("impact-warning"), warning);
    show(byId("impact-warning"), warning !== "");
    setText(byId("impact-confirm"), action);
    byId("impact-shares").replaceChildren(...describeShares(shares));
    const closed = new Promise((resolve) =>
      this.#dialog.addEventListener("close", resolve, { once: true })
    );
    // Escape leaves the value of the last time.
    this.#dialog.returnValue = "";
    this.#dialog.showModal();
    await closed;
    return this.#dialog.returnValue === "confirm";
  }
}

function describeShares(shares) {
  const changed = shares.filter(({ before, after }) => Math.abs(after - before) > DIFFERENCE_MIN);
  if (changed.length === 0) return [element("p", { class: "muted" }, "No share changes.")];
  const listed = changed
    .toSorted((one, other) => Math.abs(delta(other)) - Math.abs(delta(one)))
    .slice(0, SHOWN_MAX);
  const heads = ["Server", "Share now", "Share after"].map((title, index) =>
    element("th", { scope: "col", class: index === 0 ? undefined : "number" }, title)
  );
  const rows = listed.map(({ name, before, after }) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, element("bdi", {}, visibleText(name))),
      element("td", { class: "number" }, makeBar(before), formatShare(before)),
      element("td", { class: "number" }, makeBar(after), formatShare(after)),
    )
  );
  const nodes = [
    element(
      "table",
      { class: "shares" },
      element("caption", {}, "The predicted share of requests"),
      element("thead", {}, element("tr", {}, ...heads)),
      element("tbody", {}, ...rows),
    ),
  ];
  const others = changed.length - listed.length;
  if (others > 0) nodes.push(element("p", { class: "muted" }, `And ${others} others.`));
  return nodes;
}

function delta({ before, after }) {
  return after - before;
}

function makeBar(share) {
  const fill = element("i");
  fill.style.setProperty("--share", String(share));
  return element("span", { "class": "bar", "aria-hidden": "true" }, fill);
}
