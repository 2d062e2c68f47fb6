import { byId, element, show } from "./dom.js";
import { formatClock, visibleText } from "./format.js";
import { FIELDS } from "./server_fields.js";

/** How many events are shown. */
const SHOWN_MAX = 200;

const TYPES = {
  added: { text: "added", level: "info" },
  updated: { text: "changed", level: "info" },
  removed: { text: "removed", level: "info" },
  healthy: { text: "healthy", level: "good" },
  unhealthy: { text: "unhealthy", level: "bad" },
  ejected: { text: "ejected", level: "bad" },
  on_trial: { text: "probing", level: "warn" },
  returned: { text: "returned", level: "good" },
};

/** The differences of two servers in words: `weight 1 → 5, draining no → yes`. */
export function differences(before, after) {
  return FIELDS.filter(({ name }) => before[name] !== after[name])
    .map(({ name, label, term = label.toLowerCase() }) =>
      `${term} ${fieldText(before[name])} → ${fieldText(after[name])}`
    )
    .join(", ");
}

function fieldText(value) {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return visibleText(String(value));
}

/** The events of the servers, latest first. */
export class EventList {
  #list = byId("events");

  /**
   * Shows an event.
   *
   * @returns {string} The event in one line.
   */
  add(type, { at, server, previous, detail }) {
    const { text, level } = TYPES[type] ?? { text: String(type), level: "info" };
    const name = visibleText(server.name);
    const why = previous ? differences(previous, server) : visibleText(detail ?? "");
    this.#insert([
      element("time", { datetime: at }, formatClock(new Date(at))),
      element("span", { "class": "pill", "data-level": level }, text),
      element("bdi", { class: "event-name", title: server.url }, name),
      element("bdi", { class: "event-detail" }, why === "" ? server.url : why),
    ]);
    return `${name} ${text}${why === "" ? "" : `: ${why}`}`;
  }

  /** Says that some events are not known. */
  addGap(text) {
    this.#insert([
      element("time", {}, formatClock(new Date())),
      element("span", { "class": "pill", "data-level": "idle" }, "missed"),
      element("span", { class: "event-detail" }, text),
    ]);
  }

  #insert(parts) {
    this.#list.prepend(element("li", {}, ...parts));
    while (this.#list.children.length > SHOWN_MAX) this.#list.lastElementChild.remove();
    show(byId("events-empty"), false);
    show(this.#list, true);
  }
}
