import { byId, element, setAttribute, setText, show } from "./dom.js";
import { formatCount, formatLatency, formatPeriod, formatRate } from "./format.js";

/** The numbers at the top: what is called what, and how it is read from `/stats`. */
const TOTALS = [
  ["Requests/s", ({ requests_per_second }) => formatRate(requests_per_second)],
  ["Errors/s", ({ errors_per_second }) => formatRate(errors_per_second)],
  ["p50", ({ p50_ms }) => formatLatency(p50_ms)],
  ["p99", ({ p99_ms }) => formatLatency(p99_ms)],
  ["Active", ({ active }) => formatCount(active)],
  ["Waiting", ({ waiting }) => formatCount(waiting)],
  ["Refused", ({ refused }) => formatCount(refused)],
  ["Requests", ({ requests }) => formatCount(requests)],
];

/** The header and the totals. */
export class Summary {
  #values = new Map();

  /** Makes a place for each number. */
  constructor() {
    for (const [name] of TOTALS) {
      const value = element("dd", {}, "–");
      this.#values.set(name, value);
      byId("totals").append(element("div", { class: "total" }, element("dt", {}, name), value));
    }
  }

  /** Shows what `/stats` says. */
  update({ version, uptime_seconds, workers, metrics, total }) {
    setText(byId("version"), version);
    setText(byId("uptime"), formatPeriod(uptime_seconds));
    setText(byId("workers"), formatCount(workers));
    for (const [name, read] of TOTALS) setText(this.#values.get(name), read(total));
    show(byId("not-counted"), metrics === false);
    const bad = total.errors_per_second > 0;
    setAttribute(this.#values.get("Errors/s"), "data-level", bad ? "bad" : undefined);
    const waits = total.waiting > 0;
    setAttribute(this.#values.get("Waiting"), "data-level", waits ? "warn" : undefined);
  }
}
