import { Unreachable } from "./api.js";
import { arrange, byId, element, setAttribute, setText, show } from "./dom.js";
import { formatCount, formatPeriod, formatRate, NONE, plural, visibleText } from "./format.js";

/** The columns: title, class, and value of a balancer of `/fleet`. */
const COLUMNS = [
  ["Version", "", ({ version }) => visibleText(version)],
  ["Uptime", "", ({ started_at }, now) => formatPeriod((now - Date.parse(started_at)) / 1000)],
  ["Requests/s", "number", ({ status }) => status ? formatRate(status.requests_per_second) : NONE],
  ["Active", "number", ({ status }) => status ? formatCount(status.active) : NONE],
  [
    ...["Healthy servers", "number"],
    ({ status }) =>
      status ? `${formatCount(status.healthy)} of ${formatCount(status.servers)}` : NONE,
  ],
  ["Checks", "number", ({ status }) => status ? formatCount(status.checks) : NONE],
];

/** How many servers are named that etcd has lost. */
const MISSING_MAX = 5;

/** The balancers that share their servers; not there where the balancer is alone. */
export class Balancers {
  #api;
  #rows = new Map();
  #isAsking = false;

  /** @param api The API. */
  constructor(api) {
    this.#api = api;
    for (const [title, className] of [["Balancer", "server"], ["State", "health"], ...COLUMNS]) {
      byId("balancers-head").append(
        element("th", { scope: "col", role: "columnheader", class: className }, title),
      );
    }
  }

  /** Shows them where `/stats` says that there are others. */
  async update({ registry, time }) {
    show(byId("balancers-panel"), registry !== undefined);
    if (registry === undefined || this.#isAsking) return;
    this.#isAsking = true;
    try {
      const { value } = await this.#api.get("fleet");
      this.#show(value, registry, Date.parse(time));
    } catch (error) {
      // An unreachable balancer, or a missing token, is reported elsewhere.
      if (error.status === 404) show(byId("balancers-panel"), false);
      else if (!(error instanceof Unreachable) && error.status !== 401) this.#warn(error.message);
    } finally {
      this.#isAsking = false;
    }
  }

  #show(
    { self, members, disagreements, error },
    { connected, error: why, warnings, held_removals },
    now,
  ) {
    const ids = new Set(members.map(({ id }) => id));
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.#rows.delete(id);
    for (const member of members) {
      if (!this.#rows.has(member.id)) this.#rows.set(member.id, new BalancerRow());
      this.#rows.get(member.id).update(member, { isSelf: member.id === self, now });
    }
    arrange(byId("balancers-body"), members.map(({ id }) => this.#rows.get(id).node));
    const agreement = disagreements.length === 0
      ? ""
      : `, which do not agree on ${plural(disagreements.length, "server")}`;
    setText(byId("balancers-count"), plural(members.length, "balancer") + agreement);
    this.#showDisagreements(members, disagreements);
    const reason = error ?? (connected ? null : why ?? "it cannot be reached");
    const lines = warnings.map(({ message }) => visibleText(message));
    if (reason !== null) {
      lines.unshift(`Last known state; etcd is unreachable: ${visibleText(reason)}`);
    }
    const { urls = [], count = 0 } = held_removals ?? {};
    for (const url of urls.slice(0, MISSING_MAX)) lines.push(`Missing: ${visibleText(url)}`);
    if (count > MISSING_MAX) lines.push(`and ${count - MISSING_MAX} more`);
    this.#warn(lines.join("\n"));
  }

  #showDisagreements(members, disagreements) {
    const names = new Map(members.map(({ id, name }) => [id, visibleText(name)]));
    const list = (those) => those.map((id) => names.get(id) ?? visibleText(id)).join(", ");
    const lines = disagreements.map(({ url, healthy, unhealthy }) =>
      element(
        "li",
        {},
        element("bdi", { class: "event-name" }, visibleText(url)),
        ` is unhealthy for ${list(unhealthy)}, and healthy for ${list(healthy)}`,
      )
    );
    byId("disagreements").replaceChildren(...lines);
    show(byId("disagreements"), lines.length > 0);
  }

  #warn(text) {
    setText(byId("balancers-trouble"), text);
    show(byId("balancers-trouble"), text !== "");
  }
}

/** A row of the table. */
class BalancerRow {
  node = element("tr", { role: "row" });
  #name = element("bdi", { class: "name" });
  #where = element("bdi", { class: "url" });
  #state = element("span", { class: "pill" });
  #cells = [];

  constructor() {
    const name = element("div", { class: "cell" }, this.#name, this.#where);
    this.node.append(
      element("th", { scope: "row", role: "rowheader", class: "server" }, name),
      element(
        "td",
        { "role": "cell", "class": "health", "data-title": "State" },
        element("div", { class: "cell" }, this.#state),
      ),
    );
    for (const [title, className] of COLUMNS) {
      const cell = element("td", { "role": "cell", "class": className, "data-title": title });
      this.#cells.push(cell);
      this.node.append(cell);
    }
  }

  /** Shows a balancer of `/fleet`. */
  update(member, { isSelf, now }) {
    setText(this.#name, visibleText(member.name));
    setText(this.#where, visibleText(member.admin ?? member.id));
    setAttribute(this.#where, "title", member.id);
    const state = member.status === null ? "New" : member.behind ? "Behind" : "Up";
    setText(this.#state, isSelf ? `${state}, shown here` : state);
    const level = { New: "idle", Behind: "warn", Up: "good" }[state];
    setAttribute(this.#state, "data-level", level);
    for (const [i, [, , read]] of COLUMNS.entries()) setText(this.#cells[i], read(member, now));
  }
}
