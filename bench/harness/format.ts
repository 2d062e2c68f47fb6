import type { Summary } from "./statistics.ts";

const NOTHING = "–";

/** A rate with three digits: `48.3k`. */
export function rate(value: number): string {
  if (!Number.isFinite(value)) return NOTHING;
  return value < 10_000 ? String(Number(value.toPrecision(3))) : `${(value / 1000).toFixed(1)}k`;
}

/** The smallest and the largest rate. */
export function spread({ min, max }: Summary): string {
  return `${rate(min)}–${rate(max)}`;
}

/** A ratio with two digits behind the point. */
export function ratio(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? NOTHING : value.toFixed(2);
}

/** Microseconds, as milliseconds. */
export function latency(microseconds: number): string {
  return Number.isFinite(microseconds) ? (microseconds / 1000).toFixed(2) : NOTHING;
}

/** A share as a percentage. */
export function percent(share: number): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(0)} %` : NOTHING;
}

/** A number with one digit behind the point. */
export function decimal(value: number): string {
  return Number.isFinite(value) ? value.toFixed(1) : NOTHING;
}
