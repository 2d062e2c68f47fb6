import type { Absentee, Contestant } from "./contestants.ts";
import { decimal, latency, percent, rate, ratio, spread } from "./format.ts";
import type { Mode } from "./modes.ts";
import type { Scenario } from "./scenarios.ts";
import type { Line } from "./summary.ts";

/** The measurements of a mode. */
export interface ModeReport {
  readonly mode: Mode;
  readonly contestants: readonly Contestant[];
  readonly absentees: readonly Absentee[];
  /** In the order in which they ran; it grows while the benchmark runs. */
  readonly scenarios: { readonly scenario: Scenario; readonly lines: readonly Line[] }[];
}

/** Everything that the report says. */
export interface Report {
  /** When it began. */
  readonly date: Date;
  /** The machine, a line each. */
  readonly machine: readonly string[];
  /** The settings, a line each. */
  readonly settings: readonly string[];
  /** The title of the peer that all others are compared with. */
  readonly reference: string;
  /** Titles and versions of all programs. */
  readonly versions: readonly (readonly [title: string, version: string])[];
  /** The results; it grows while the benchmark runs. */
  readonly modes: ModeReport[];
}

/** The report as Markdown. */
export function renderReport(
  { date, machine, settings, reference, versions, modes }: Report,
): string {
  return [
    "# Benchmark results",
    "",
    "Written by `bench/main.ts`; [README.md](README.md) says what is measured and how fair it is.",
    "",
    `- Date: ${date.toISOString().slice(0, 16).replace("T", " ")} UTC`,
    ...machine.map((line) => `- ${line}`),
    ...settings.map((line) => `- ${line}`),
    "",
    ...table(["program", "version"], versions),
    ...modes.flatMap((mode) => renderMode(mode, reference)),
  ].join("\n") + "\n";
}

function renderMode(
  { mode, contestants, absentees, scenarios }: ModeReport,
  reference: string,
): string[] {
  if (scenarios.length === 0) return [];
  return [
    "",
    `## ${mode.title}`,
    "",
    ...absentees.map(({ title, reason }) => `- ${title}: unavailable, ${reason}`),
    ...(absentees.length > 0 ? [""] : []),
    `Median of the per-round ratios to ${reference}; in parentheses the median requests a second. At half`,
    "load, where each peer has a rate of its own, latencies instead. ⚠: there were errors, see below.",
    "",
    ...table(
      ["scenario", ...contestants.map(({ title }) => title)],
      scenarios.map(({ scenario, lines }) => [
        scenario.title,
        ...lines.map((line) => overviewCell(scenario, line)),
      ]),
    ),
    ...scenarios.flatMap(({ scenario, lines }) => [
      "",
      `### ${scenario.title}`,
      "",
      ...table(
        [
          "peer",
          `× ${reference}`,
          "req/s",
          "min–max",
          "MB/s",
          "p50 ms",
          "p99 ms",
          "proxy CPU",
          "CPU µs/request",
          "errors",
        ],
        lines.map(detailRow),
      ),
    ]),
  ];
}

function overviewCell(
  { halfLoad }: Scenario,
  { rate: summary, ratio: toReference, medians, errors }: Line,
): string {
  if (summary === undefined) return "failed";
  const warning = errors === "" ? "" : " ⚠";
  if (halfLoad) return `p50 ${latency(medians.p50)}, p99 ${latency(medians.p99)} ms${warning}`;
  return `${ratio(toReference?.median)} (${rate(summary.median)})${warning}`;
}

function detailRow({ contestant, rate: summary, ratio: toReference, medians, errors }: Line) {
  return [
    contestant.title,
    ratio(toReference?.median),
    rate(summary?.median ?? NaN),
    summary === undefined ? "–" : spread(summary),
    decimal(medians.bytesPerSecond / 1e6),
    latency(medians.p50),
    latency(medians.p99),
    percent(medians.cpuShare),
    decimal(medians.cpuPerRequest),
    errors === "" ? "0" : errors,
  ];
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [
    tableRow(header),
    // Numbers to the right, names to the left.
    tableRow(header.map((_, column) => column === 0 ? "---" : "---:")),
    ...rows.map(tableRow),
  ];
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
