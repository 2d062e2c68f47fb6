import { element, setAttribute, setText, show } from "./dom.js";
import {
  formatAgo,
  formatCount,
  formatLatency,
  formatRate,
  formatShare,
  NONE,
  visibleText,
} from "./format.js";

/** The label and severity of each state. */
const STATES = {
  up: { text: "Up", level: "good" },
  unhealthy: { text: "Unhealthy", level: "bad" },
  ejected: { text: "Ejected", level: "bad" },
  on_trial: { text: "Probing", level: "warn" },
  draining: { text: "Draining", level: "idle" },
};

/** How a state is called. */
export function stateText(state) {
  return STATES[state]?.text ?? String(state);
}

/** The worse a state, the smaller its number: for sorting. */
const ORDER = ["unhealthy", "ejected", "on_trial", "draining", "up"];

/**
 * The columns of the table. `key` is what a column is sorted by, `down` whether the largest comes
 * first; `make` fills a new cell and returns what brings it up to date.
 */
export const COLUMNS = [
  { title: "Server", key: ({ name }) => name.toLowerCase(), className: "server", make: makeName },
  {
    title: "Health",
    key: ({ state }) => ORDER.indexOf(state),
    className: "health",
    make: makeState,
  },
  {
    title: "Weight",
    key: ({ weight }) => weight,
    down: true,
    className: "number",
    make: makeText(({ weight }) => formatCount(weight)),
  },
  { title: "Share", key: ({ share }) => share, down: true, className: "share", make: makeShare },
  {
    title: "Active",
    key: ({ active }) => active,
    down: true,
    className: "number",
    make: makeText(({ active }) => formatCount(active)),
  },
  {
    title: "Requests/s",
    key: (server) => server.requests_per_second,
    down: true,
    className: "number",
    make: makeText((server) => formatRate(server.requests_per_second)),
  },
  {
    title: "Errors/s",
    key: (server) => server.errors_per_second,
    down: true,
    className: "number errors",
    make: makeErrors,
  },
  {
    title: "p50",
    key: ({ p50_ms }) => p50_ms ?? -1,
    down: true,
    className: "number",
    make: makeText(({ p50_ms }) => formatLatency(p50_ms)),
  },
  {
    title: "p99",
    key: ({ p99_ms }) => p99_ms ?? -1,
    down: true,
    className: "number",
    make: makeText(({ p99_ms }) => formatLatency(p99_ms)),
  },
  {
    title: "Last check",
    key: ({ last_check }) => last_check?.at ?? "",
    down: true,
    className: "check",
    make: makeCheck,
  },
];

function makeText(read) {
  return (cell) => (server) => setText(cell, read(server));
}

function makeName(cell) {
  const name = element("bdi", { class: "name" });
  const url = element("bdi", { class: "url" });
  const origin = element("bdi", { class: "url" });
  cell.append(name, url, origin);
  return (server) => {
    setText(name, visibleText(server.name));
    setText(url, server.url);
    const { discovered_by: entry } = server;
    const found = entry === undefined ? "" : `discovered by ${entry}`;
    setText(origin, found);
    show(origin, found !== "");
    setAttribute(cell, "title", `${visibleText(server.name)}\n${server.url}\n${found}`.trim());
  };
}

function makeState(cell) {
  const pill = element("span", { class: "pill" });
  const reason = element("bdi", { class: "reason" });
  cell.append(pill, reason);
  return ({ state, reason: why }) => {
    const { text, level } = STATES[state] ?? { text: String(state), level: "warn" };
    setText(pill, text);
    setAttribute(pill, "data-level", level);
    const shown = visibleText(why ?? "");
    setText(reason, shown);
    setAttribute(reason, "title", shown === "" ? undefined : shown);
    show(reason, shown !== "");
  };
}

function makeShare(cell) {
  const bar = element("span", { "class": "bar", "aria-hidden": "true" }, element("i"));
  const text = element("span", { class: "bar-text" });
  cell.append(bar, text);
  return ({ share }) => {
    setText(text, formatShare(share));
    bar.firstChild.style.setProperty("--share", String(Math.min(1, Math.max(0, share))));
  };
}

function makeErrors(cell) {
  return ({ errors_per_second: rate }) => {
    setText(cell, formatRate(rate));
    setAttribute(cell, "data-level", rate > 0 ? "bad" : undefined);
  };
}

function makeCheck(cell) {
  const when = element("span", {});
  const detail = element("bdi", { class: "reason" });
  cell.append(when, detail);
  return ({ last_check: check, reason }, now) => {
    setText(when, check === null ? NONE : formatAgo(Date.parse(check.at), now));
    // The text beside the state is not repeated.
    const found = check === null || check.detail === reason ? "" : check.detail;
    const by = check?.by ? `by ${check.by}` : "";
    const text = visibleText([found, by].filter((part) => part !== "").join(", "));
    setText(detail, text);
    setAttribute(detail, "title", text === "" ? undefined : text);
    show(detail, text !== "");
  };
}
