import type { ServerStatsJson } from "../../admin/stats.ts";
import type { ServerState } from "../../model/server_state.ts";
import { formatMilliseconds, formatRate, formatSeconds, formatState } from "../output/format.ts";
import { printable } from "../output/print.ts";
import { fit, pad, textWidth } from "../output/text_width.ts";

const GAP = "  ";

/** Layout of the table. */
export interface TableStyle {
  /** The columns of the terminal. */
  readonly width: number;
  /** Whether to colour states. */
  readonly colors: boolean;
}

interface Column {
  readonly title: string;
  /** Whether the cells are numbers, which are aligned right. */
  readonly numbers?: boolean;
  /** The width to which it can shrink. Default: it does not shrink. */
  readonly min?: number;
  /** Its rank among columns to drop if there is no room; 1 is dropped first. */
  readonly dropped: number;
  cell(server: ServerStatsJson, now: number): string;
}

const COLUMNS: readonly Column[] = [
  { title: "NAME", min: 8, dropped: 11, cell: ({ name }) => name },
  { title: "URL", min: 16, dropped: 2, cell: ({ url }) => url },
  { title: "STATE", min: 19, dropped: 10, cell: stateText },
  { title: "ACTIVE", numbers: true, dropped: 7, cell: ({ active }) => String(active) },
  { title: "WEIGHT", numbers: true, dropped: 4, cell: ({ weight }) => String(weight) },
  { title: "SHARE", numbers: true, dropped: 3, cell: ({ share }) => `${percent(share)} %` },
  {
    ...{ title: "REQ/S", numbers: true, dropped: 9 },
    cell: (server) => formatRate(server.requests_per_second),
  },
  {
    ...{ title: "ERR/S", numbers: true, dropped: 8 },
    cell: (server) => formatRate(server.errors_per_second),
  },
  { title: "P50", numbers: true, dropped: 5, cell: ({ p50_ms }) => formatMilliseconds(p50_ms) },
  { title: "P99", numbers: true, dropped: 6, cell: ({ p99_ms }) => formatMilliseconds(p99_ms) },
  { title: "LAST CHECK", min: 12, dropped: 1, cell: checkText },
];

const GREEN = 32;
const YELLOW = 33;
const RED = 31;
const COLORS: Readonly<Record<ServerState, number>> = {
  up: GREEN,
  on_trial: YELLOW,
  draining: YELLOW,
  ejected: RED,
  unhealthy: RED,
};

/**
 * Renders the servers as a table. If there is no room, columns shrink and the least important ones are
 * dropped.
 *
 * @param now The current time, in milliseconds since 1970.
 */
export function serverTable(
  servers: readonly ServerStatsJson[],
  now: number,
  { width, colors }: TableStyle,
): string[] {
  const all = COLUMNS.map((column) => {
    const cells = servers.map((server) => printable(column.cell(server, now)));
    return { column, cells, width: Math.max(...[column.title, ...cells].map(textWidth)) };
  });
  const columns = shrink(dropColumns(all, width), width);
  const header = columns.map(({ column, width }) => pad(column.title, width, column.numbers));
  const rows = servers.map(({ state }, row) =>
    columns.map(({ column, cells, width }) => {
      const cell = pad(cells[row]!, width, column.numbers);
      return colors && column.title === "STATE"
        ? `\x1b[${COLORS[state] ?? RED}m${cell}\x1b[0m`
        : cell;
    })
  );
  return [header, ...rows].map((cells) => cells.join(GAP).trimEnd());
}

interface LaidOut {
  readonly column: Column;
  readonly cells: readonly string[];
  readonly width: number;
}

function narrowest({ column, width }: LaidOut): number {
  return Math.min(width, column.min ?? width);
}

function sum(widths: readonly number[]): number {
  return widths.reduce((total, width) => total + width, GAP.length * (widths.length - 1));
}

function dropColumns(columns: readonly LaidOut[], width: number): LaidOut[] {
  let left = [...columns];
  while (left.length > 1 && sum(left.map(narrowest)) > width) {
    const next = Math.min(...left.map(({ column }) => column.dropped));
    left = left.filter(({ column }) => column.dropped !== next);
  }
  return left;
}

/** Shrinks the columns, always the widest one first, until they fit. */
function shrink(columns: readonly LaidOut[], width: number): LaidOut[] {
  const widths = columns.map((column) => column.width);
  while (sum(widths) > width) {
    const spare = columns.map((column, i) => widths[i]! > narrowest(column) ? widths[i]! : 0);
    const widest = Math.max(...spare);
    if (widest === 0) return columns.map((column) => ({ ...column, width }));
    widths[spare.indexOf(widest)]! -= 1;
  }
  return columns.map((column, i) => ({ ...column, width: widths[i]! }));
}

function stateText({ state, reason }: ServerStatsJson): string {
  return reason === null ? formatState(state) : `${formatState(state)}: ${reason}`;
}

function checkText({ last_check }: ServerStatsJson, now: number): string {
  if (last_check === null) return "none yet";
  const age = formatSeconds((now - Date.parse(last_check.at)) / 1000);
  const by = last_check.by === undefined ? "" : `, by ${last_check.by}`;
  return `${age} ago: ${last_check.passed ? "" : "FAILED, "}${last_check.detail}${by}`;
}

function percent(share: number): string {
  return fit((share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0), 5);
}
