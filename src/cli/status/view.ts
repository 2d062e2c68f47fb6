import type { StatsJson } from "../../admin/stats.ts";
import { printable } from "../output/print.ts";
import { fit, textWidth } from "../output/text_width.ts";
import { formatBytes, formatMilliseconds, formatRate, formatSeconds } from "./format.ts";
import { registryLines } from "./registry_lines.ts";
import { serverTable } from "./server_table.ts";

/** The fewest bars that are worth to be shown. */
const BARS_MIN = 8;
const BARS = "▁▂▃▄▅▆▇█";

/** How the view is laid out. */
export interface ViewOptions {
  /** How many columns there are. Infinity for any number. */
  readonly width: number;
  /** How many lines there are. Infinity for any number. */
  readonly height: number;
  /** Whether it may have colours. */
  readonly colors: boolean;
  /** Requests in a second in the past, the latest last. */
  readonly history: readonly number[];
  /** What went wrong since; undefined where nothing did. */
  readonly problem?: string | undefined;
}

/**
 * How a balancer is doing, as lines for a terminal.
 *
 * @param stats What the balancer says.
 * @param options How they are to be laid out.
 * @returns The lines, none wider and not more than there is room for.
 */
export function renderStatus(stats: StatsJson, options: ViewOptions): string[] {
  const { width, height, colors, problem } = options;
  const head = headLines(stats, options).map((line) => fit(printable(line), width));
  const trouble = problem === undefined ? [] : [color(fit(printable(problem), width), colors)];
  const { lines: shared, trouble: isWrong } = registryLines(stats.registry);
  const registry = shared.map((line) => color(fit(printable(line), width), colors && isWrong));
  const table = stats.servers.length === 0
    ? [fit("There are no servers. Add one: ballast add-server --url URL", width)]
    : serverTable(stats.servers, Date.parse(stats.time), { width, colors });
  const room = height - head.length - registry.length - trouble.length - 1;
  const lines = [...head, ...registry, ...trouble, "", ...cutLines(table, room, width)];
  return lines.slice(0, height);
}

function headLines(stats: StatsJson, { width, history }: ViewOptions): string[] {
  const { version, uptime_seconds, workers, window_seconds, total, metrics, time } = stats;
  const threads = workers === 1 ? "1 worker" : `${workers} workers`;
  const lines = [
    `Ballast ${version}, up ${formatSeconds(uptime_seconds)}, ${threads}, ${clockTime(time)}`,
  ];
  const now = `active ${total.active}, waiting ${total.waiting}`;
  if (!metrics) return [...lines, `${now}; requests are not counted (metrics: false)`];
  const rates = `${formatRate(total.requests_per_second)} requests/s, ` +
    `${formatRate(total.errors_per_second)} errors/s`;
  const latency = `p50 ${formatMilliseconds(total.p50_ms)}, p99 ${
    formatMilliseconds(total.p99_ms)
  }`;
  const traffic = `${rates}, ${latency} (over ${formatSeconds(window_seconds)})`;
  const bytes = `sent ${formatBytes(total.bytes_sent)}, received ${
    formatBytes(total.bytes_received)
  }`;
  return [
    ...lines,
    traffic + bars(history, width - textWidth(traffic)),
    `${now}, in all ${total.requests} requests, ${total.refused} refused, ${bytes}`,
  ];
}

/** The past as bars, if there is room for some. */
function bars(history: readonly number[], room: number): string {
  const count = Math.min(history.length, room - 2);
  if (count < Math.min(BARS_MIN, history.length) || count <= 0) return "";
  return `  ${sparkline(history.slice(-count))}`;
}

/** The first lines, and how many servers there is no room for. */
function cutLines(lines: readonly string[], room: number, width: number): string[] {
  if (lines.length <= room) return [...lines];
  const shown = Math.max(0, room - 1);
  const hidden = lines.length - Math.max(1, shown);
  return [...lines.slice(0, shown), fit(`… and ${hidden} more: ballast status --once`, width)];
}

function clockTime(time: string): string {
  return time.replace("T", " ").replace(/\.\d+Z$/, " UTC");
}

function color(text: string, colors: boolean): string {
  return colors ? `\x1b[31m${text}\x1b[0m` : text;
}

/**
 * Numbers as a row of bars, one column each. The highest bar is the largest number.
 *
 * @param numbers The numbers, 0 or more.
 */
export function sparkline(numbers: readonly number[]): string {
  const largest = Math.max(...numbers, 0);
  return numbers.map((number) => {
    const height = largest === 0 ? 0 : number / largest * BARS.length;
    return BARS[Math.min(BARS.length - 1, Math.max(0, Math.ceil(height) - 1))];
  }).join("");
}
