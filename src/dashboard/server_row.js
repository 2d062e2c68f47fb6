import { COLUMNS } from "./columns.js";
import { element, setAttribute, show } from "./dom.js";
import { visibleText } from "./format.js";

/** A row of the table. It lives as long as its server, so that what has the focus keeps it. */
export class ServerRow {
  /** The row's element. */
  node = element("tr", { role: "row" });
  /** The server that it shows, as `/stats` tells it. */
  server;
  #updates = [];
  #edit = element("button", { type: "button", class: "quiet" }, "Edit");
  #more = element("button", {
    "type": "button",
    "class": "quiet more",
    "aria-haspopup": "menu",
    "aria-expanded": "false",
  }, "⋯");

  /**
   * @param {{ edit(server: object): void, more(row: ServerRow, button: HTMLElement): void }} actions
   * The actions of its buttons.
   */
  constructor(actions) {
    for (const [index, { title, className, make }] of COLUMNS.entries()) {
      // The first cell names the row.
      const cell = index === 0
        ? element("th", { scope: "row", role: "rowheader", class: className })
        : element("td", { "role": "cell", "class": className, "data-title": title });
      const content = element("div", { class: "cell" });
      cell.append(content);
      this.#updates.push(make(content));
      this.node.append(cell);
    }
    this.#edit.addEventListener("click", () => actions.edit(this.server));
    this.#more.addEventListener("click", () => actions.more(this, this.#more));
    this.node.append(
      element(
        "td",
        { role: "cell", class: "actions" },
        element("div", { class: "cell" }, this.#edit, this.#more),
      ),
    );
  }

  /**
   * Shows a server.
   *
   * @param server The server, as `/stats` tells it.
   * @param {number} now The balancer's time in milliseconds.
   */
  update(server, now) {
    this.server = server;
    for (const update of this.#updates) update(server, now);
    // A discovered server can be changed only through its source.
    show(this.#edit, server.discovered_by === undefined);
    const takesNone = server.state === "draining" || server.weight === 0;
    setAttribute(this.node, "data-state", server.state);
    setAttribute(this.node, "data-idle", takesNone);
    const name = visibleText(server.name);
    setAttribute(this.#edit, "aria-label", `Edit ${name}`);
    setAttribute(this.#more, "aria-label", `More for ${name}`);
  }
}
