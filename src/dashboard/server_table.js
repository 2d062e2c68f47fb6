import { COLUMNS, stateText } from "./columns.js";
import { arrange, byId, element, setAttribute, setText, show } from "./dom.js";
import { plural } from "./format.js";
import { ServerRow } from "./server_row.js";

/** The table of the servers, with its filter and its order. */
export class ServerTable {
  #rows = new Map();
  #actions;
  #heads = [];
  #servers = [];
  #now = 0;
  #sort = { column: undefined, down: false };
  #filter = byId("filter");
  #choice = byId("sort");

  /**
   * @param {{ add(): void, edit(server: object): void,
   * more(row: ServerRow, button: HTMLElement): void }} actions What the buttons do.
   */
  constructor(actions) {
    this.#actions = actions;
    this.#choice.append(element("option", { value: "" }, "Order added"));
    for (const [index, column] of COLUMNS.entries()) this.#addHead(column, index);
    byId("servers-head").append(
      element(
        "th",
        { scope: "col", role: "columnheader", class: "actions" },
        element("span", { class: "unseen" }, "Actions"),
      ),
    );
    this.#choice.addEventListener("change", () => this.#sortBy(COLUMNS[this.#choice.value]));
    this.#filter.addEventListener("input", () => this.#render());
    byId("add").addEventListener("click", () => actions.add());
    byId("servers-empty-action").addEventListener("click", () => this.#actOnEmpty());
  }

  /** Shows what `/stats` says. */
  update({ time, servers }) {
    this.#now = Date.parse(time);
    this.#servers = servers;
    const urls = new Set(servers.map(({ url }) => url));
    for (const [url, row] of this.#rows) {
      if (urls.has(url)) continue;
      // Whoever was on this row would be lost.
      if (row.node.contains(document.activeElement)) byId("servers-heading").focus();
      this.#rows.delete(url);
    }
    for (const server of servers) {
      if (!this.#rows.has(server.url)) this.#rows.set(server.url, new ServerRow(this.#actions));
      this.#rows.get(server.url).update(server, this.#now);
    }
    this.#render();
  }

  #addHead(column, index) {
    const button = element("button", { type: "button", class: "sorter" }, column.title);
    const head = element(
      "th",
      { scope: "col", role: "columnheader", class: column.className },
      button,
    );
    button.addEventListener("click", () => this.#toggle(column));
    this.#heads.push({ head, column });
    this.#choice.append(element("option", { value: index }, column.title));
    byId("servers-head").append(head);
  }

  /** Its natural order first, then the other way round, then none. */
  #toggle(column) {
    const { column: current, down } = this.#sort;
    const first = column.down ?? false;
    if (current !== column) this.#sortBy(column);
    else if (down === first) this.#sortBy(column, !first);
    else this.#sortBy(undefined);
  }

  #sortBy(column, down = column?.down ?? false) {
    this.#sort = { column, down };
    for (const { head, column: own } of this.#heads) {
      const order = down ? "descending" : "ascending";
      setAttribute(head, "aria-sort", own === column ? order : undefined);
    }
    this.#choice.value = column === undefined ? "" : String(COLUMNS.indexOf(column));
    this.#render();
  }

  #render() {
    const words = this.#filter.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
    const shown = this.#servers.filter((server) => matches(server, words));
    const { column, down } = this.#sort;
    if (column !== undefined) {
      shown.sort((one, other) => compare(column.key(one), column.key(other)) * (down ? -1 : 1));
    }
    arrange(byId("servers-body"), shown.map(({ url }) => this.#rows.get(url).node));
    this.#count(shown.length);
    this.#showEmpty(shown.length);
  }

  #count(shown) {
    const all = this.#servers.length;
    const up = this.#servers.filter(({ state }) => state === "up").length;
    const down = this.#servers.filter(({ state }) => state === "unhealthy" || state === "ejected");
    const parts = [plural(all, "server"), `${up} up`];
    if (down.length > 0) parts.push(`${down.length} down`);
    if (shown !== all) parts.unshift(`${shown} of`);
    setText(byId("servers-count"), all === 0 ? "" : parts.join(", ").replace(" of,", " of"));
    document.title = down.length > 0 ? `(${down.length} down) Ballast` : "Ballast";
  }

  #showEmpty(shown) {
    const isFiltered = this.#servers.length > 0;
    show(byId("servers"), shown > 0);
    show(byId("servers-empty"), shown === 0);
    const text = isFiltered
      ? "No server matches the filter."
      : "There are no servers yet, so every request is answered with 503.";
    setText(byId("servers-empty-text"), text);
    setText(byId("servers-empty-action"), isFiltered ? "Clear the filter" : "Add the first server");
  }

  #actOnEmpty() {
    if (this.#servers.length === 0) this.#actions.add();
    else {
      this.#filter.value = "";
      this.#render();
      this.#filter.focus();
    }
  }
}

function matches({ name, url, state }, words) {
  const text = `${name} ${url} ${stateText(state)}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function compare(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}
