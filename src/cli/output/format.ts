import type { ServerState } from "../../model/server_state.ts";

/** Stands for a missing number. */
const NOTHING = "-";

/** A rate, with one decimal if it is small. */
export function formatRate(perSecond: number | null): string {
  if (perSecond === null) return NOTHING;
  return perSecond < 99.95 ? perSecond.toFixed(1) : String(Math.round(perSecond));
}

/** A time with its unit. */
export function formatMilliseconds(milliseconds: number | null): string {
  if (milliseconds === null) return NOTHING;
  if (milliseconds < 9.95) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** A number of bytes with its unit, in powers of 1000. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let unit = 0;
  let number = bytes;
  while (number >= 999.5 && unit < units.length - 1) {
    number /= 1000;
    unit++;
  }
  return `${unit === 0 || number >= 99.95 ? Math.round(number) : number.toFixed(1)} ${units[unit]}`;
}

/** A duration in its two largest units. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return "0 s";
  return parts.slice(first, first + 2).map(([count, unit]) => `${count} ${unit}`).join(" ");
}

/** A time of the admin API (RFC 3339, UTC) to the second. */
export function formatTime(time: string): string {
  return time.replace("T", " ").replace(/\.\d+Z$/, " UTC");
}

/** A server's state. */
export function formatState(state: ServerState): string {
  return state === "on_trial" ? "probing" : state;
}
