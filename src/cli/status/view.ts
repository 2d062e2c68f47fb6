import type { StatsJson } from "../../admin/stats.ts";
import {
  formatBytes,
  formatMilliseconds,
  formatRate,
  formatSeconds,
  formatTime,
} from "../output/format.ts";
import { count, printable } from "../output/print.ts";
import { fit, textWidth } from "../output/text_width.ts";
import { registryLines } from "./registry_lines.ts";
import { serverTable } from "./server_table.ts";

/** The fewest bars worth showing. */
const BARS_MIN = 8;
const BARS = "▁▂▃▄▅▆▇█";

/** Layout of the view. */
export interface ViewOptions {
  /** The columns of the terminal. Infinity for no limit. */
  readonly width: number;
  /** The lines of the terminal. Infinity for no limit. */
  readonly height: number;
  /** Whether to use colours. */
  readonly colors: boolean;
  /** Requests per second in the past, the latest last. */
  readonly history: readonly number[];
  /** The error since the stats were read, if there was one. */
  readonly problem?: string | undefined;
}

/** Renders the state of a balancer for a terminal. */
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
  const lines = [
    `Ballast ${version}, up ${formatSeconds(uptime_seconds)}, ${count(workers, "worker")}, ${
      formatTime(time)
    }`,
  ];
  const now = `active ${total.active}, waiting ${total.waiting}`;
  if (!metrics) return [...lines, `${now}; no request counts (metrics: false)`];
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
    `${now}; total: ${count(total.requests, "request")}, ${total.refused} refused, ${bytes}`,
  ];
}

/** The history as bars, if there is room. */
function bars(history: readonly number[], room: number): string {
  const count = Math.min(history.length, room - 2);
  if (count < Math.min(BARS_MIN, history.length) || count <= 0) return "";
  return `  ${sparkline(history.slice(-count))}`;
}

/** The lines that fit, and the number of servers that do not. */
function cutLines(lines: readonly string[], room: number, width: number): string[] {
  if (lines.length <= room) return [...lines];
  const shown = Math.max(0, room - 1);
  const hidden = lines.length - Math.max(1, shown);
  return [...lines.slice(0, shown), fit(`… and ${hidden} more: ballast status --once`, width)];
}

function color(text: string, colors: boolean): string {
  return colors ? `\x1b[31m${text}\x1b[0m` : text;
}

/**
 * Numbers as a row of bars, one column each, scaled to the largest number.
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
