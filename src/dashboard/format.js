/** How numbers, times and names are written. */

/** The placeholder for a missing value. */
export const NONE = "–";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/** A count: 1,234, and 1.2M from a hundred thousand on. */
export function formatCount(value) {
  return value < 100_000 ? whole.format(value) : compact.format(value);
}

/** A rate: 0, 0.4, 7.5, 120, 1,234, 1.2M; nothing where nothing is counted. */
export function formatRate(value) {
  if (value === null) return NONE;
  if (value > 0 && value < 0.05) return "<0.1";
  return value < 10 ? tenths.format(value) : formatCount(value);
}

/** A latency in milliseconds: 0.4 ms, 12 ms, 1.2 s. */
export function formatLatency(value) {
  if (value === null || value === undefined) return NONE;
  if (value >= 10_000) return `${whole.format(value / 1000)} s`;
  if (value >= 1000) return `${tenths.format(value / 1000)} s`;
  if (value > 0 && value < 0.05) return "<0.1 ms";
  return `${(value < 10 ? tenths : whole).format(value)} ms`;
}

/** A share from 0 to 1 in percent: 0%, 0.4%, 33%. */
export function formatShare(value) {
  const percent = value * 100;
  if (percent > 0 && percent < 0.1) return "<0.1%";
  return `${(percent < 10 ? tenths : whole).format(percent)}%`;
}

/** A period in seconds by its two largest units: 3 d 4 h, 5 min 12 s. */
export function formatPeriod(seconds) {
  const parts = [[86_400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  let rest = Math.max(0, Math.floor(seconds));
  const texts = [];
  for (const [size, unit] of parts) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 || texts.length > 0) texts.push(`${count} ${unit}`);
  }
  return texts.length === 0
    ? "0 s"
    : texts.slice(0, 2).filter((text) => !/^0 /.test(text)).join(" ");
}

/** How long something is ago, by the balancer's clock: now, 5 s ago, 3 min ago. */
export function formatAgo(then, now) {
  const seconds = Math.round((now - then) / 1000);
  if (seconds < 1) return "now";
  return `${formatPeriod(seconds).split(" ").slice(0, 2).join(" ")} ago`;
}

/** The time of day of a date, 24 hours. */
export function formatClock(date) {
  return clock.format(date);
}

/**
 * A name as it can be shown. Characters that would turn the direction of what stands around it, or
 * cannot be seen, are written as their numbers, so that no name can pass for another one.
 */
export function visibleText(text) {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `[U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`,
  );
}

/** One or many: `1 server`, `3 servers`. */
export function plural(count, noun) {
  return `${whole.format(count)} ${noun}${count === 1 ? "" : "s"}`;
}
